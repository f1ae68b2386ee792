/**
 * The engine as the connector sees it, and its form inside the executor's JVM: the only package that imports the runtime.
 * Imports {@code request}, {@code resource}, {@code conf} and the runtime.
 */
@NullMarked
package io.pangu.spark.engine;

import org.jspecify.annotations.NullMarked;
