/**
 * Text to token ids and back, chat templates included. Imports {@code jinja} and {@code error}.
 */
@NullMarked
package io.pangu.runtime.tokenizer;

import org.jspecify.annotations.NullMarked;
