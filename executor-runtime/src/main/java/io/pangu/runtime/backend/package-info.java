/**
 * The seam between the model and the hardware: one call is one transformer operation on a whole ragged batch. Imports
 * {@code tensor}, {@code quant} and {@code error}.
 */
@NullMarked
package io.pangu.runtime.backend;

import org.jspecify.annotations.NullMarked;
