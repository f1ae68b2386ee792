/**
 * CANN's C interface, bound through the foreign function interface: the library chain of a CANN home, its functions symbol by
 * symbol, handles, constants and errors. A method here is one C function with that function's parameters; what must be called
 * when, on which thread, is for {@code backend.cann}. Imports {@code error}.
 */
@NullMarked
package io.pangu.runtime.backend.cann.ffi;

import org.jspecify.annotations.NullMarked;
