/**
 * One model on several devices: what each rank holds, and the threads that run the same program on all. Imports
 * {@code backend}, {@code config} and {@code error}.
 */
@NullMarked
package io.pangu.runtime.parallel;

import org.jspecify.annotations.NullMarked;
