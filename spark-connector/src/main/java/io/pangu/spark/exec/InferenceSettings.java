package io.pangu.spark.exec;

import io.pangu.spark.conf.PanguConf;
import io.pangu.spark.conf.PanguKeys;
import io.pangu.spark.engine.EngineSettings;
import java.io.Serializable;
import java.util.List;

/**
 * What the operator needs to know of the configuration: part of the physical plan.
 *
 * @param engine which engine to use
 * @param failure what a row without a result does in the functions that have no place for an error
 * @param maxErrorRatio with {@code GIVES_NULL}: the share of a task's calls that may fail, 1 = all
 * @param window calls that one task keeps in flight
 */
public record InferenceSettings(EngineSettings engine, Failure failure, double maxErrorRatio, int window)
        implements Serializable {
    /** Enough for one task to fill an engine's batch and its queue. */
    static final int AUTO_WINDOW = 256;

    /** What a failed row does. */
    public enum Failure {
        FAILS_QUERY,
        GIVES_NULL
    }

    /** Reads the configuration; throws when no model is configured or a value is wrong. */
    public static InferenceSettings from(PanguConf conf) {
        Failure failure = conf.text(PanguKeys.ON_ERROR).equals("null") ? Failure.GIVES_NULL : Failure.FAILS_QUERY;
        // Which devices an executor has is known there only.
        EngineSettings engine = new EngineSettings(conf.model(), conf.engineOptions(), List.of());
        return new InferenceSettings(
                engine,
                failure,
                conf.share(PanguKeys.MAX_ERROR_RATIO),
                conf.number(PanguKeys.WINDOW).orElse(AUTO_WINDOW));
    }
}
