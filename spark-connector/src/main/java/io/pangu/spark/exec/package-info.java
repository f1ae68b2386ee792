/**
 * The physical operator: a bounded window of requests over a partition, rows out in the order they came in. Imports
 * {@code functions}, {@code engine}, {@code metrics}, {@code request} and {@code conf}.
 */
@NullMarked
package io.pangu.spark.exec;

import org.jspecify.annotations.NullMarked;
