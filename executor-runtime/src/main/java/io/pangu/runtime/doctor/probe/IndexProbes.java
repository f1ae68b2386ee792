package io.pangu.runtime.doctor.probe;

import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclnnOperator;
import java.util.List;

/** Gathering, scattering and moving elements. */
final class IndexProbes {
    private static final int ROWS = 5;
    private static final int WIDTH = 16;
    private static final int[] PICKED = {4, 0, 2};

    private IndexProbes() {}

    static List<OperatorProbe> probes() {
        return List.of(
                new OperatorProbe(AclnnOperator.EMBEDDING, IndexProbes::embedding),
                new OperatorProbe(AclnnOperator.INDEX_SELECT, IndexProbes::indexSelect),
                new OperatorProbe(AclnnOperator.GATHER_V2, IndexProbes::gatherRows),
                new OperatorProbe(AclnnOperator.GATHER, IndexProbes::gatherElements),
                new OperatorProbe(AclnnOperator.SCATTER_ND_UPDATE, IndexProbes::scatter),
                new OperatorProbe(AclnnOperator.INPLACE_INDEX_COPY, IndexProbes::indexCopy),
                new OperatorProbe(AclnnOperator.CAT, IndexProbes::join),
                new OperatorProbe(AclnnOperator.PERMUTE, IndexProbes::permute),
                new OperatorProbe(AclnnOperator.SLICE, IndexProbes::slice));
    }

    private static Operand ids(ProbeDevice device, long... dims) {
        return device.of(AclDataType.INT32, new double[] {PICKED[0], PICKED[1], PICKED[2]}, dims);
    }

    private static double[] pickedRows(Operand table) {
        double[] out = new double[PICKED.length * WIDTH];
        for (int i = 0; i < PICKED.length; i++) {
            System.arraycopy(table.values(), PICKED[i] * WIDTH, out, i * WIDTH, WIDTH);
        }
        return out;
    }

    private static void embedding(ProbeDevice device) {
        Operand table = device.random(10, ROWS, WIDTH);
        Operand out = device.empty(PICKED.length, WIDTH);
        device.ops()
                .index()
                .embedding(
                        device.plan(),
                        table.tensor(),
                        ids(device, PICKED.length).tensor(),
                        out.tensor());
        device.run();
        device.expect("out", out, pickedRows(table));
    }

    private static void indexSelect(ProbeDevice device) {
        Operand table = device.random(11, ROWS, WIDTH);
        Operand out = device.empty(PICKED.length, WIDTH);
        device.ops()
                .index()
                .indexSelect(
                        device.plan(),
                        table.tensor(),
                        0,
                        ids(device, PICKED.length).tensor(),
                        out.tensor());
        device.run();
        device.expect("out", out, pickedRows(table));
    }

    private static void gatherRows(ProbeDevice device) {
        Operand table = device.random(12, ROWS, WIDTH);
        Operand out = device.empty(PICKED.length, WIDTH);
        device.ops()
                .index()
                .gatherV2(
                        device.plan(),
                        table.tensor(),
                        0,
                        ids(device, PICKED.length).tensor(),
                        out.tensor());
        device.run();
        device.expect("out", out, pickedRows(table));
    }

    private static void gatherElements(ProbeDevice device) {
        Operand table = device.floats(new double[] {0, 1, 10, 11, 20, 21}, 3, 2);
        Operand index = device.of(AclDataType.INT64, new double[] {2, 1, 0, 2}, 2, 2);
        Operand out = device.empty(2, 2);
        device.ops().index().gather(device.plan(), table.tensor(), 0, index.tensor(), out.tensor());
        device.run();
        device.expect("out", out, 20, 11, 0, 21);
    }

    private static double[] withPickedRows(Operand table, Operand rows) {
        double[] out = table.values().clone();
        int width = rows.elements() / PICKED.length;
        for (int i = 0; i < PICKED.length; i++) {
            System.arraycopy(rows.values(), i * width, out, PICKED[i] * width, width);
        }
        return out;
    }

    /** Rows of a cache, and rows of two numbers in fp32, which the engine sorts by expert so. */
    private static void scatter(ProbeDevice device) {
        scatter(device, device.random(13, ROWS, WIDTH), device.random(14, PICKED.length, WIDTH));
        scatter(device, pairs(device, 17, ROWS), pairs(device, 18, PICKED.length));
    }

    private static Operand pairs(ProbeDevice device, long seed, int count) {
        return device.of(AclDataType.FLOAT32, ProbeDevice.numbers(seed, 2 * count), count, 2);
    }

    private static void scatter(ProbeDevice device, Operand target, Operand rows) {
        device.ops()
                .index()
                .scatterNdUpdate(
                        device.plan(),
                        target.tensor(),
                        ids(device, PICKED.length, 1).tensor(),
                        rows.tensor());
        device.run();
        device.expect("varRef", target, withPickedRows(target, rows));
    }

    private static void indexCopy(ProbeDevice device) {
        Operand cache = device.random(15, ROWS, WIDTH);
        Operand rows = device.random(16, PICKED.length, WIDTH);
        Operand index = device.of(AclDataType.INT64, new double[] {PICKED[0], PICKED[1], PICKED[2]}, PICKED.length);
        device.ops().index().inplaceIndexCopy(device.plan(), cache.tensor(), 0, index.tensor(), rows.tensor());
        device.run();
        device.expect("selfRef", cache, withPickedRows(cache, rows));
    }

    /** Along the last axis: how the two halves of a rotated head come together. */
    private static void join(ProbeDevice device) {
        Operand a = device.floats(new double[] {1, 2, 3, 4}, 2, 2);
        Operand b = device.floats(new double[] {5, 6, 7, 8}, 2, 2);
        Operand out = device.empty(2, 4);
        device.ops().index().cat(device.plan(), device.list(a, b), -1, out.tensor());
        device.run();
        device.expect("out", out, 1, 2, 5, 6, 3, 4, 7, 8);
    }

    private static void permute(ProbeDevice device) {
        Operand x = device.floats(new double[] {1, 2, 3, 4, 5, 6}, 1, 2, 3);
        Operand out = device.empty(3, 1, 2);
        device.ops().index().permute(device.plan(), x.tensor(), device.ints(2, 0, 1), out.tensor());
        device.run();
        device.expect("out", out, 1, 4, 2, 5, 3, 6);
    }

    private static void slice(ProbeDevice device) {
        Operand x = device.floats(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 4);
        Operand out = device.empty(2, 2);
        device.ops().index().slice(device.plan(), x.tensor(), 1, 1, 4, 2, out.tensor());
        device.run();
        device.expect("out", out, 2, 4, 6, 8);
    }
}
