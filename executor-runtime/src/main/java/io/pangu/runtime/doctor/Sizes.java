package io.pangu.runtime.doctor;

/** Bytes in words. */
final class Sizes {
    private static final double GIB = 1L << 30;
    private static final double MIB = 1L << 20;

    private Sizes() {}

    /** For instance {@code 61.0 GiB} or {@code 24 MiB}. */
    static String words(long bytes) {
        return bytes >= GIB ? "%.1f GiB".formatted(bytes / GIB) : "%.0f MiB".formatted(bytes / MIB);
    }
}
