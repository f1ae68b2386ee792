/**
 * Which cache blocks belong to which sequence: ids and counts only, never memory. Imports {@code error}.
 */
@NullMarked
package io.pangu.runtime.kvcache;

import org.jspecify.annotations.NullMarked;
