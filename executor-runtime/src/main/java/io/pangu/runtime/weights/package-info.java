/**
 * Safetensors checkpoints, memory-mapped and checked field by field. Imports {@code tensor} and {@code error}.
 */
@NullMarked
package io.pangu.runtime.weights;

import org.jspecify.annotations.NullMarked;
