/**
 * The SQL functions: registration, expressions that are planned and never evaluated, options and result schemas. Imports
 * {@code request} and {@code conf}.
 */
@NullMarked
package io.pangu.spark.functions;

import org.jspecify.annotations.NullMarked;
