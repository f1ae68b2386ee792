/** Reads GGUF files, memory-mapped and checked field by field, and widens the few block formats that the demo needs. Imports nothing of ours. */
@NullMarked
package io.pangu.examples.gguf;

import org.jspecify.annotations.NullMarked;
