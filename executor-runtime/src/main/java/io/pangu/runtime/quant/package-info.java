/**
 * How a weight matrix is stored for multiplication, and quantisation on load. Imports {@code weights}, {@code tensor} and {@code error}.
 */
@NullMarked
package io.pangu.runtime.quant;

import org.jspecify.annotations.NullMarked;
