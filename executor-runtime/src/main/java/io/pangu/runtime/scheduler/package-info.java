/**
 * Which sequences run in the next step, and which of their tokens: continuous batching over a paged cache. Imports
 * {@code kvcache}, {@code sampling} and {@code error}.
 */
@NullMarked
package io.pangu.runtime.scheduler;

import org.jspecify.annotations.NullMarked;
