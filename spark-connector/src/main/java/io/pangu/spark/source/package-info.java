/**
 * {@code format("pangu")}: prompt tables read by rewriting to {@code generate} over Spark's own Parquet source. Imports
 * {@code functions} and {@code conf}.
 */
@NullMarked
package io.pangu.spark.source;

import org.jspecify.annotations.NullMarked;
