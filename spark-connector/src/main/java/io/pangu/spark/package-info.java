/**
 * What Spark is pointed at: the session extension and the plugin. May import everything; nobody imports it.
 */
@NullMarked
package io.pangu.spark;

import org.jspecify.annotations.NullMarked;
