/**
 * From expressions to our own plan node: extraction, the rules around it and the planner strategy. Imports {@code exec},
 * {@code functions}, {@code request} and {@code conf}.
 */
@NullMarked
package io.pangu.spark.plan;

import org.jspecify.annotations.NullMarked;
