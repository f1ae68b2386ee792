package io.pangu.benchmarks;

import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.Devices;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.model.ForwardBatch.Output;
import io.pangu.runtime.model.LanguageModel;
import io.pangu.runtime.model.ModelLimits;
import io.pangu.runtime.model.ModelLoader;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a decode step of the 72B model's 48 layers costs the thread that drives an NPU, on the tests' stand-in for CANN whose
 * operators and collectives do nothing: CPU time, calls of CANN and bytes that Java allocates, for each device thread and step,
 * operator by operator and with captured graphs. The stand-in checks its arguments, and those checks are in the figures; CANN's
 * own work for a call is not. Processes of both kinds take turns; medians.
 *
 * <pre>
 * benchmarks/run NpuHostCost [BATCH] [DEVICES] [LAYERS]      64, 8 and 48 unless given
 * </pre>
 */
public final class NpuHostCost {
    private static final int TURNS = 3;
    private static final int BLOCK = 128;
    private static final int CONTEXT = 1024;
    private static final int WARM_UP_STEPS = 3000;
    private static final int ROUNDS = 9;
    private static final int STEPS = 20;

    private NpuHostCost() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        int batch = args.length > 0 ? Integer.parseInt(args[0]) : 64;
        int devices = args.length > 1 ? Integer.parseInt(args[1]) : 8;
        int layers = args.length > 2 ? Integer.parseInt(args[2]) : 48;
        if (StandInProcess.isOne()) {
            measure(batch, devices, layers);
            return;
        }
        StandInProcess standIn = StandInProcess.build();
        DeviceThreads.Cost[] direct = new DeviceThreads.Cost[TURNS];
        DeviceThreads.Cost[] graphs = new DeviceThreads.Cost[TURNS];
        for (int turn = 0; turn < TURNS; turn++) {
            direct[turn] = DeviceThreads.Cost.parse(standIn.run(NpuHostCost.class, false, args));
            graphs[turn] = DeviceThreads.Cost.parse(standIn.run(NpuHostCost.class, true, args));
        }
        System.out.printf(
                Locale.ROOT,
                "a decode step of %d layers, batch %d, for each of %d device threads:%n",
                layers,
                batch,
                devices);
        DeviceThreads.Cost one = DeviceThreads.Cost.median(direct);
        DeviceThreads.Cost other = DeviceThreads.Cost.median(graphs);
        System.out.println("  operator by operator  " + one.words());
        System.out.println("  with graphs           " + other.words());
        System.out.printf(
                Locale.ROOT,
                "  ratio                 %.1f times less CPU, %.1f times fewer calls%n",
                one.millis() / other.millis(),
                one.calls() / other.calls());
    }

    private static void measure(int batch, int devices, int layers) {
        DeviceOptions options = new DeviceOptions(List.of(), devices, 0, "auto");
        DeviceMesh mesh = DeviceMesh.open(Devices.choose("cann", options), MeshLimits.DEFAULT);
        int blocks = batch * (CONTEXT / BLOCK + 1);
        try (NarrowPangu weights = new NarrowPangu(layers)) {
            long bytesOfABlock = 2L * layers * 8 * 128 * BLOCK * 2;
            ModelLimits limits = new ModelLimits(CONTEXT + BLOCK, Math.max(512, batch), batch, blocks * bytesOfABlock);
            try (LanguageModel model = ModelLoader.load(
                    weights, "the narrow 72B", weights.config(), mesh, WeightPrecision.BFLOAT16, limits)) {
                DeviceThreads threads = new DeviceThreads(mesh);
                Steps steps = new Steps(model, batch);
                steps.run(WARM_UP_STEPS);
                DeviceThreads.Cost[] costs = new DeviceThreads.Cost[ROUNDS];
                for (int round = 0; round < ROUNDS; round++) {
                    DeviceThreads.Cost before = threads.total();
                    steps.run(STEPS);
                    costs[round] = threads.total().since(before, STEPS);
                }
                System.out.println(DeviceThreads.Cost.median(costs).line());
            }
        }
    }

    /** One token more of each sequence, again and again, within the context. */
    private static final class Steps {
        private final LanguageModel model;
        private final ForwardBatch batch;
        private int length = CONTEXT / 2;

        Steps(LanguageModel model, int numSeqs) {
            this.model = model;
            int[][] tables = new int[numSeqs][CONTEXT / BLOCK];
            for (int seq = 0; seq < numSeqs; seq++) {
                Arrays.setAll(tables[seq], new BlocksOf(seq)::block);
            }
            int[] starts = new int[numSeqs + 1];
            Arrays.setAll(starts, i -> i);
            int[] rows = new int[numSeqs];
            Arrays.setAll(rows, i -> i);
            Output[] outputs = new Output[numSeqs];
            Arrays.fill(outputs, Output.LOGITS);
            batch = new ForwardBatch(
                    new int[numSeqs],
                    new int[numSeqs],
                    new int[numSeqs],
                    starts,
                    new int[numSeqs],
                    tables,
                    rows,
                    outputs);
        }

        private record BlocksOf(int seq) {
            int block(int index) {
                return seq * (CONTEXT / BLOCK) + index;
            }
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                length = length + 1 < CONTEXT ? length + 1 : CONTEXT / 2;
                for (int seq = 0; seq < batch.numSeqs(); seq++) {
                    int position = length - 1;
                    batch.tokenIds()[seq] = seq;
                    batch.positions()[seq] = position;
                    batch.slots()[seq] = batch.blockTables()[seq][position / BLOCK] * BLOCK + position % BLOCK;
                    batch.contextLengths()[seq] = length;
                }
                model.forward(batch).argmax();
            }
        }
    }
}
