/**
 * One row's call to a model and what came of it, as plain data that Java 17 and Spark serialise. Imports {@code conf}.
 */
@NullMarked
package io.pangu.spark.request;

import org.jspecify.annotations.NullMarked;
