/**
 * Block kernels of the C library, bound through the foreign function interface. Imports {@code backend.cpu.math} and
 * {@code error}.
 */
@NullMarked
package io.pangu.runtime.backend.cpu.ffi;

import org.jspecify.annotations.NullMarked;
