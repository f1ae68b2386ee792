/**
 * Every operator that the bindings name, run once on tiny inputs whose result plain double-precision loops give. Imports
 * {@code backend.cann.ffi}.
 */
@NullMarked
package io.pangu.runtime.doctor.probe;

import org.jspecify.annotations.NullMarked;
