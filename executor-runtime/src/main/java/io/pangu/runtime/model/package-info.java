/**
 * The decoder: checkpoint layout, layers and the forward pass over a ragged batch. Imports {@code config},
 * {@code weights}, {@code quant}, {@code backend}, {@code parallel}, {@code tensor} and {@code error}.
 */
@NullMarked
package io.pangu.runtime.model;

import org.jspecify.annotations.NullMarked;
