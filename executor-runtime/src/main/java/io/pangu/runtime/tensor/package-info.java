/**
 * Names for memory: element types, shapes and views of device buffers. No arithmetic. Imports {@code error}.
 */
@NullMarked
package io.pangu.runtime.tensor;

import org.jspecify.annotations.NullMarked;
