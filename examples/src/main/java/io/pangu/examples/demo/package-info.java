/**
 * Makes the demo model: a small public dense model carried exactly into the mixture-of-grouped-experts form, as a
 * checkpoint directory like any other. Imports {@code gguf}; uses nothing of the engine, whose oracle it is.
 */
@NullMarked
package io.pangu.examples.demo;

import org.jspecify.annotations.NullMarked;
