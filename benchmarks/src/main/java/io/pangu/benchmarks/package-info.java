/** Measurements run by hand; each says in its Javadoc how. May import everything. */
@NullMarked
package io.pangu.benchmarks;

import org.jspecify.annotations.NullMarked;
