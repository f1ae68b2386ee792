package io.pangu.spark.conf;

import io.pangu.spark.conf.ConfKey.Scope;
import io.pangu.spark.conf.ConfType.Bytes;
import io.pangu.spark.conf.ConfType.Choice;
import io.pangu.spark.conf.ConfType.Name;
import io.pangu.spark.conf.ConfType.Share;
import io.pangu.spark.conf.ConfType.Text;
import io.pangu.spark.conf.ConfType.WholeNumber;
import java.util.List;
import java.util.Optional;

/** All configuration keys, in the order of the reference. */
public final class PanguKeys {
    /** What every key starts with. */
    public static final String PREFIX = "spark.pangu.";

    public static final ConfKey MODEL = engine(
            "model",
            new Text(),
            "",
            "The checkpoint directory: `config.json`, safetensors files and a tokenizer. It must be readable under this"
                    + " path on every executor. Required by every query that calls the model.");
    public static final ConfKey BACKEND = engine(
            "backend",
            new Choice(List.of("auto", "cpu", "cann")),
            "auto",
            "What the model runs on: `cann` is Ascend NPUs. `auto` takes them where they and CANN are found, else the CPU,"
                    + " and logs which and why.");
    public static final ConfKey DEVICES = engine(
            "devices",
            new WholeNumber(1, List.of()),
            "1",
            "Devices that one engine spans. Where Spark assigns NPUs it is all of those: leave this out, or set it to their"
                    + " number. It must divide the model's kv heads and expert groups; on a CPU more than 1 are virtual"
                    + " devices, of use only to try such a spread out.");
    public static final ConfKey RESOURCE = engine(
            "resource",
            new Name(),
            "npu",
            "Spark's resource that is NPUs, as in `spark.executor.resource.npu.amount`. Where this is not set, `Ascend910` and"
                    + " `ascend-1980` are understood as well, if Spark assigned one of the three.");
    public static final ConfKey WEIGHTS = engine(
            "weights",
            new Choice(List.of("bf16", "int8", "f32")),
            "bf16",
            "How a float checkpoint's weights are held. `f32` multiplies them exactly and slowly. `int8` quantises a float"
                    + " checkpoint while it is loaded: half the memory, nearly twice the speed, slightly different results."
                    + " What a checkpoint of Ascend's quantiser (W8A8, W8A8_DYNAMIC) holds in int8 stays so, whatever is set"
                    + " here; the few floats in it are held as this says.");
    public static final ConfKey THREADS = engine(
            "threads",
            new WholeNumber(0, List.of()),
            "0",
            "Worker threads of a CPU device; 0 is one for each of the executor's cores (`spark.executor.cores`), or for each"
                    + " processor where Spark names none.");
    public static final ConfKey CPU_KERNELS = engine(
            "cpu.kernels",
            new Choice(List.of("auto", "native", "vector")),
            "auto",
            "`native` is the C library, `vector` Java's Vector API; `auto` takes the library where it runs.");
    public static final ConfKey MAX_CONTEXT_LENGTH = engine(
            "max-context-length",
            new WholeNumber(0, List.of()),
            "0",
            "Longest prompt plus completion in tokens; 0 is the model's own limit.");
    public static final ConfKey MAX_BATCH_TOKENS = engine(
            "max-batch-tokens",
            new WholeNumber(0, List.of()),
            "0",
            "Tokens computed in one step; 0 leaves it to the engine.");
    public static final ConfKey MAX_SEQUENCES = engine(
            "max-sequences",
            new WholeNumber(0, List.of()),
            "0",
            "Prompts computed at once; 0 leaves it to the engine.");
    public static final ConfKey KV_CACHE_BYTES = engine(
            "kv-cache-bytes",
            new Bytes(),
            "0",
            "Memory of the key and value cache of one engine; 0 takes a share of what is free.");
    public static final ConfKey STEP_LIMIT_SECONDS = engine(
            "step-limit-seconds",
            new WholeNumber(1, List.of()),
            "1800",
            "How long one step of an engine may take. A device that has not come back by then is given up, and the engine's"
                    + " calls fail so that Spark tries them again.");
    public static final ConfKey ON_ERROR = query(
            "on-error",
            new Choice(List.of("fail", "null")),
            "fail",
            "What a row that cannot be answered does in `generate`, `classify` and `embed`: `fail` the query or give"
                    + " `null`. The `_details` functions never fail for a row.");
    public static final ConfKey MAX_ERROR_RATIO = query(
            "max-error-ratio",
            new Share(),
            "1",
            "With `on-error` set to `null`: the share of a task's calls that may fail before the query fails after all, so"
                    + " that a wrong setting does not quietly fill a table with NULL. It is looked at from the 100th answer"
                    + " on and at the task's end; 1 lets every call fail.");
    public static final ConfKey WINDOW = query(
            "window",
            new WholeNumber(1, List.of("auto")),
            "auto",
            "Calls that one task keeps in flight. `auto` is 256, which keeps an engine's batch full with one task.");
    public static final ConfKey PARTITIONS = query(
            "partitions",
            new WholeNumber(1, List.of("auto", "keep")),
            "auto",
            "Partitions of the rows that reach the model. A number repartitions to it, `keep` never does, `auto` does"
                    + " where there may be fewer partitions than executors, so that each engine gets its share.");

    private PanguKeys() {}

    /** Every key, in the order of the reference. */
    public static List<ConfKey> all() {
        return List.of(
                MODEL,
                BACKEND,
                DEVICES,
                RESOURCE,
                WEIGHTS,
                THREADS,
                CPU_KERNELS,
                MAX_CONTEXT_LENGTH,
                MAX_BATCH_TOKENS,
                MAX_SEQUENCES,
                KV_CACHE_BYTES,
                STEP_LIMIT_SECONDS,
                ON_ERROR,
                MAX_ERROR_RATIO,
                WINDOW,
                PARTITIONS);
    }

    private static ConfKey engine(String name, ConfType type, String defaultValue, String doc) {
        return new ConfKey(PREFIX + name, type, present(defaultValue), Scope.ENGINE, doc);
    }

    private static ConfKey query(String name, ConfType type, String defaultValue, String doc) {
        return new ConfKey(PREFIX + name, type, present(defaultValue), Scope.QUERY, doc);
    }

    private static Optional<String> present(String value) {
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }
}
