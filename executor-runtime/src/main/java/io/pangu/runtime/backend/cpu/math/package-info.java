/**
 * The block kernels that the CPU device is made of, as an interface, and the packed weight layout that all their
 * implementations share. Imports {@code error}.
 */
@NullMarked
package io.pangu.runtime.backend.cpu.math;

import org.jspecify.annotations.NullMarked;
