package io.pangu.spark.conf;

import java.util.Optional;

/**
 * A configuration key.
 *
 * @param name full name, {@code spark.pangu.…}
 * @param type what its value may be
 * @param defaultValue what holds when it is not set; empty: nothing does
 * @param scope who reads it
 * @param doc what it does, one or two sentences for the reference
 */
public record ConfKey(String name, ConfType type, Optional<String> defaultValue, Scope scope, String doc) {
    /** Who reads a key. */
    public enum Scope {
        /** The engine when it is opened: equal values share one engine per executor. */
        ENGINE,
        /** Each query when it is planned; may be changed with {@code SET}. */
        QUERY
    }
}
