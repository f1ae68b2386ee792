/**
 * NPUs as one of Spark's resources: which of them a process sees and by what ids, and that no two processes use one. Knows no
 * engine and runs on every Java that the connector loads on, because workers ask it too. Imports {@code conf}.
 */
@NullMarked
package io.pangu.spark.resource;

import org.jspecify.annotations.NullMarked;
