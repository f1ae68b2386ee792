package io.pangu.runtime.engine;

import java.util.Arrays;

/** Token ids that compare by content. Nobody changes the array. */
record TokenIds(int[] ids) {
    @Override
    public boolean equals(Object other) {
        return other instanceof TokenIds that && Arrays.equals(ids, that.ids);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
        return ids.length + " tokens";
    }
}
