package io.pangu.spark.exec;

import io.pangu.spark.engine.EngineAccess;
import io.pangu.spark.engine.EngineClient;
import io.pangu.spark.engine.EngineSettings;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The engine as a task sees it, got when it is first needed: a partition without rows, or with nothing to ask in them, must
 * not make an executor load a model. Used by one thread at a time.
 */
final class EngineOfTask implements Supplier<EngineClient> {
    private final EngineAccess access;
    private final EngineSettings settings;
    private @Nullable EngineClient client;

    EngineOfTask(EngineAccess access, EngineSettings settings) {
        this.access = access;
        this.settings = settings;
    }

    @Override
    public EngineClient get() {
        if (client == null) {
            client = access.client(settings);
        }
        return client;
    }
}
