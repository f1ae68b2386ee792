/**
 * Ascend NPUs as devices, over the bindings of {@code backend.cann.ffi}: what must hold before anything is loaded, device and
 * pinned memory, workspaces, descriptors and executors that are used again. Everything of a device is called by the one platform
 * thread that drives it. Imports {@code backend}, {@code backend.cann.ffi}, {@code tensor}, {@code quant} and {@code error}.
 */
@NullMarked
package io.pangu.runtime.backend.cann;

import org.jspecify.annotations.NullMarked;
