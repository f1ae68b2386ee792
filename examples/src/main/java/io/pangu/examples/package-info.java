/** Runnable examples: the demo query over a prompt table and what it shows. */
@NullMarked
package io.pangu.examples;

import org.jspecify.annotations.NullMarked;
