/**
 * Configuration keys: names, types, defaults and the words of their documentation. Imports nothing of ours.
 */
@NullMarked
package io.pangu.spark.conf;

import org.jspecify.annotations.NullMarked;
