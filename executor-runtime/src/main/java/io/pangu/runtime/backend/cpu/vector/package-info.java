/**
 * Block kernels on the Vector API, over the same packed layout as the C library's. Imports {@code backend.cpu.math} and
 * {@code error}.
 */
@NullMarked
package io.pangu.runtime.backend.cpu.vector;

import org.jspecify.annotations.NullMarked;
