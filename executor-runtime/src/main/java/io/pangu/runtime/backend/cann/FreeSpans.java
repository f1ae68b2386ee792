package io.pangu.runtime.backend.cann;

import java.util.Map;
import java.util.TreeMap;

/** The free parts of one stretch of addresses: the smallest that fits is taken, and neighbours join when they come back. */
final class FreeSpans {
    /** Sizes by first address; no two touch. */
    private final TreeMap<Long, Long> spans = new TreeMap<>();

    private final long start;
    private final long size;

    /** One free span. */
    FreeSpans(long start, long size) {
        this.start = start;
        this.size = size;
        spans.put(start, size);
    }

    /** Takes so many bytes; their address, or -1 when no span is large enough. */
    long take(long bytes) {
        long best = -1;
        long bestSize = Long.MAX_VALUE;
        for (Map.Entry<Long, Long> span : spans.entrySet()) {
            if (span.getValue() >= bytes && span.getValue() < bestSize) {
                best = span.getKey();
                bestSize = span.getValue();
            }
        }
        if (best >= 0) {
            spans.remove(best);
            if (bestSize > bytes) {
                spans.put(best + bytes, bestSize - bytes);
            }
        }
        return best;
    }

    /** Gives a taken span back. */
    void giveBack(long address, long bytes) {
        long from = address;
        long end = address + bytes;
        Map.Entry<Long, Long> before = spans.lowerEntry(address);
        if (before != null && before.getKey() + before.getValue() == address) {
            from = before.getKey();
            spans.remove(before.getKey());
        }
        Long after = spans.remove(end);
        spans.put(from, (after == null ? end : end + after) - from);
    }

    boolean contains(long address) {
        return address >= start && address < start + size;
    }

    /** Whether nothing is taken. */
    boolean isWhole() {
        return spans.size() == 1 && spans.firstEntry().getValue() == size;
    }

    /** The largest request that would succeed. */
    long largest() {
        return spans.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }
}
