/**
 * The CPU as a device: packed weights, worker threads and the transformer's operations over block kernels. Imports
 * {@code backend} and its own subpackages.
 */
@NullMarked
package io.pangu.runtime.backend.cpu;

import org.jspecify.annotations.NullMarked;
