package io.pangu.benchmarks;

import io.pangu.runtime.config.EngineConfig;
import io.pangu.runtime.config.ModelConfig;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.engine.Completion;
import io.pangu.runtime.engine.GenerateRequest;
import io.pangu.runtime.engine.InferenceEngine;
import io.pangu.runtime.engine.InferenceEngines;
import io.pangu.runtime.engine.PendingResult;
import io.pangu.runtime.engine.Prompt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Decoding speed of an engine on this machine's CPU, in two ratios: the rate at which one request's decoding goes over the
 * weights that a token needs, against a plain read loop of as many threads over the same kind of pages; and the tokens a
 * second that a batch decodes against those of one request. Reading, one request and the batch take turns, so that a
 * neighbour on the machine slows all; medians of the rounds. A neighbour on the same cores takes multiply-adds away, which a
 * batch needs and one request does not: what is left of them is measured too. The demo model comes from
 * {@code ./examples/demo.sh}.
 *
 * <pre>
 * benchmarks/run DecodeSpeed .demo/smollm2-moge [bf16|int8] [auto|native|vector] [batch]
 * </pre>
 */
public final class DecodeSpeed {
    private static final int ROUNDS = 9;
    private static final int SINGLE_TOKENS = 96;
    private static final int BATCH_TOKENS = 64;
    private static final long READ_BYTES = 512L << 20;

    private final InferenceEngine engine;
    private final int batch;

    private DecodeSpeed(InferenceEngine engine, int batch) {
        this.engine = engine;
        this.batch = batch;
    }

    public static void main(String[] args) throws InterruptedException {
        String model = args[0];
        WeightPrecision weights =
                args.length > 1 && args[1].equals("int8") ? WeightPrecision.INT8 : WeightPrecision.BFLOAT16;
        String kernels = args.length > 2 ? args[2] : "auto";
        int batch = args.length > 3 ? Integer.parseInt(args[3]) : 32;
        int threads = Runtime.getRuntime().availableProcessors();
        EngineConfig config = EngineConfig.of(model)
                .withBackend("cpu")
                .withCpu(threads, kernels)
                .withWeights(weights)
                .withLimits(2048, 0, batch, 0);
        long bytesPerToken = bytesPerToken(ModelConfigReader.read(ModelDirectory.open(model)), weights);
        try (InferenceEngine engine = InferenceEngines.open(config);
                ReadLoop reading = new ReadLoop(READ_BYTES, threads)) {
            MultiplyAddLoop multiplying = new MultiplyAddLoop(threads);
            System.out.printf(
                    Locale.ROOT,
                    "%s on %s, %s weights, %d threads; a token needs %.0f MB%n",
                    engine.model().name(),
                    engine.model().device(),
                    weights,
                    threads,
                    bytesPerToken / 1e6);
            new DecodeSpeed(engine, batch).measure(reading, multiplying, bytesPerToken);
        }
    }

    private void measure(ReadLoop reading, MultiplyAddLoop multiplying, long bytesPerToken)
            throws InterruptedException {
        double[] read = new double[ROUNDS];
        double[] multiplied = new double[ROUNDS];
        double[] single = new double[ROUNDS];
        double[] many = new double[ROUNDS];
        double[] touched = new double[ROUNDS];
        double[] gain = new double[ROUNDS];
        for (int round = -2; round < ROUNDS; round++) {
            double readRate = reading.read();
            double multiplyRate = multiplying.multiply();
            double one = tokensPerSecond(1, SINGLE_TOKENS, round);
            double all = tokensPerSecond(batch, BATCH_TOKENS, round);
            if (round >= 0) {
                read[round] = readRate;
                multiplied[round] = multiplyRate;
                single[round] = one;
                many[round] = all;
                touched[round] = one * bytesPerToken / readRate;
                gain[round] = all / one;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "plain reading %.1f GB/s; one request %.1f tokens/s = %.1f GB/s of weights: ratio %.2f%n",
                ReadLoop.median(read) / 1e9,
                ReadLoop.median(single),
                ReadLoop.median(single) * bytesPerToken / 1e9,
                ReadLoop.median(touched));
        System.out.printf(
                Locale.ROOT,
                "a batch of %d: %.0f tokens/s, %.1f times one request; plain multiply-adds %.0f billion/s (%.0f to %.0f)%n",
                batch,
                ReadLoop.median(many),
                ReadLoop.median(gain),
                ReadLoop.median(multiplied) / 1e9,
                Arrays.stream(multiplied).min().orElseThrow() / 1e9,
                Arrays.stream(multiplied).max().orElseThrow() / 1e9);
    }

    /**
     * The rate at which so many requests at once decode: what remains of a run when one is taken off that ends with the
     * first tokens, so that the prompts' prefill counts in neither.
     */
    private double tokensPerSecond(int requests, int tokens, int round) {
        Run first = run(requests, 1, "Part " + (round + 2));
        Run whole = run(requests, tokens, "Chapter " + (round + 2));
        return (whole.tokens - first.tokens) / (whole.seconds - first.seconds);
    }

    private record Run(long tokens, double seconds) {}

    private Run run(int requests, int tokens, String opening) {
        List<PendingResult<Completion>> pending = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < requests; i++) {
            String text = opening + "." + (i + 7) + ": Once upon a time, far away,";
            pending.add(engine.generate(GenerateRequest.greedy(new Prompt.Raw(text), tokens)));
        }
        long made = 0;
        for (PendingResult<Completion> each : pending) {
            made += each.future().join().usage().completionTokens();
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        if (made < 0.9 * requests * tokens) {
            throw new IllegalStateException("only " + made + " of " + requests * tokens
                    + " tokens came: completions ended early, so the batch was not full");
        }
        return new Run(made, seconds);
    }

    /** Bytes of the weight matrices that one token multiplies: what decoding cannot but read. */
    private static long bytesPerToken(ModelConfig model, WeightPrecision weights) {
        long hidden = model.hiddenSize();
        long attention = (2L * model.numHeads() + 2L * model.numKvHeads()) * model.headDim() * hidden;
        long router = 0;
        long feedForward = 0;
        if (model.feedForward() instanceof ModelConfig.GroupedExperts experts) {
            router = experts.numExperts() * hidden;
            feedForward = 3
                    * hidden
                    * (experts.sharedIntermediateSize()
                            + (long) experts.numGroups() * experts.expertIntermediateSize());
        } else if (model.feedForward() instanceof ModelConfig.Dense dense) {
            feedForward = 3 * hidden * dense.intermediateSize();
        }
        long body = weights == WeightPrecision.INT8 ? 1 : 2;
        return model.numLayers() * ((attention + feedForward) * body + router * 4) + model.vocabSize() * hidden * body;
    }
}
