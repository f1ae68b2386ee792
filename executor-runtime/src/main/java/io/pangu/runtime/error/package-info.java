/**
 * What can go wrong, as values: one unchecked exception and the codes that say who can mend it. Imports nothing of ours.
 */
@NullMarked
package io.pangu.runtime.error;

import org.jspecify.annotations.NullMarked;
