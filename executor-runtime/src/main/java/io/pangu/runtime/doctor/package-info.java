/**
 * The command {@code pangu-doctor}: what a machine has, what is missing and how to mend it, and whether NPU operators,
 * collectives, graphs and copies do what the engine wants of them. An entry point: nobody imports it. Imports
 * {@code doctor.probe}, {@code backend.cann}, {@code backend.cann.ffi}, {@code backend.cpu.ffi}, {@code backend.cpu.math},
 * {@code backend.cpu.vector}, {@code config}, {@code weights}, {@code parallel}, {@code tensor} and {@code error}.
 */
@NullMarked
package io.pangu.runtime.doctor;

import org.jspecify.annotations.NullMarked;
