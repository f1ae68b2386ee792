/**
 * What the user asked for and what {@code config.json} says, read once and checked. Imports {@code error} and {@code tensor}.
 */
@NullMarked
package io.pangu.runtime.config;

import org.jspecify.annotations.NullMarked;
