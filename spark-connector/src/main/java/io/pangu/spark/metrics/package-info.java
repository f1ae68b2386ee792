/**
 * SQL metrics of the operator and gauges of executors and driver. Imports {@code engine} and {@code conf}.
 */
@NullMarked
package io.pangu.spark.metrics;

import org.jspecify.annotations.NullMarked;
