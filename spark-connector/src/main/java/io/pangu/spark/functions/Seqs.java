package io.pangu.spark.functions;

import java.util.List;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Catalyst's immutable sequences from Java lists and back. */
public final class Seqs {
    private Seqs() {}

    /** A copy as Scala's immutable sequence. */
    public static <T> Seq<T> of(List<? extends T> items) {
        scala.collection.mutable.Buffer<T> buffer = CollectionConverters.asScala(new java.util.ArrayList<T>(items));
        return buffer.toSeq();
    }

    /** A view as a Java list. */
    public static <T> List<T> list(scala.collection.Seq<? extends T> items) {
        @SuppressWarnings("unchecked") // a list that is only read
        scala.collection.Seq<T> same = (scala.collection.Seq<T>) items;
        return CollectionConverters.asJava(same);
    }
}
