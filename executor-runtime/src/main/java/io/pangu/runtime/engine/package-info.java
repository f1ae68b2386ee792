/**
 * The inference engine: requests in, completions out, one scheduler thread between. Imports everything but the
 * backends' own packages. Its public types name only what Java 17 has.
 */
@NullMarked
package io.pangu.runtime.engine;

import org.jspecify.annotations.NullMarked;
