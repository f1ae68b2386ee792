/**
 * From logits to the next token. Imports {@code error}.
 */
@NullMarked
package io.pangu.runtime.sampling;

import org.jspecify.annotations.NullMarked;
