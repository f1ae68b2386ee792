/**
 * Chat templates in Jinja, as Hugging Face's {@code apply_chat_template} renders them: an interpreter of the language without
 * files, network or reflection, whose work is counted and bounded, and whose texts remember which characters are a user's.
 * Imports nothing of ours.
 */
@NullMarked
package io.pangu.runtime.tokenizer.jinja;

import org.jspecify.annotations.NullMarked;
