package io.pangu.runtime.doctor.probe;

/** Symmetric quantisation to int8 in double precision. */
final class Quantised {
    private static final double LARGEST = 127;

    private Quantised() {}

    /** One scale per row: the largest magnitude becomes 127. */
    static double[] rowScales(double[] x, int rows) {
        int width = x.length / rows;
        double[] scales = new double[rows];
        for (int i = 0; i < x.length; i++) {
            scales[i / width] = Math.max(scales[i / width], Math.abs(x[i]) / LARGEST);
        }
        return scales;
    }

    /** The rows by their scales, rounded to whole numbers, halves to even. */
    static double[] rows(double[] x, double[] scales) {
        int width = x.length / scales.length;
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = clamp(Math.rint(x[i] / scales[i / width]));
        }
        return out;
    }

    static double clamp(double x) {
        return Math.max(-LARGEST - 1, Math.min(LARGEST, x));
    }
}
