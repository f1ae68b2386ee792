package io.pangu.runtime.doctor;

import io.pangu.runtime.doctor.probe.Use;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.weights.SafetensorsCheckpoint;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What is asked of operators.
 *
 * @param isInt8 whether a checkpoint with int8 weights is to run
 */
record Demand(boolean isInt8) {
    /** What a checkpoint asks for; what is wrong with one that cannot be read, its own section tells. */
    static Demand of(Optional<Path> model) {
        if (model.isEmpty()) {
            return new Demand(false);
        }
        try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(model.get())) {
            return new Demand(checkpoint.quantization().isQuantized());
        } catch (EngineException | NoClassDefFoundError e) {
            return new Demand(false);
        }
    }

    /** Whether the engine cannot run without what is for this. */
    boolean includes(Use use) {
        return use == Use.DECODER || (use == Use.INT8 && isInt8);
    }
}
