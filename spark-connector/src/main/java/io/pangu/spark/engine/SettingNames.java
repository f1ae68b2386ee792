package io.pangu.spark.engine;

import io.pangu.spark.conf.ConfKey;
import io.pangu.spark.conf.PanguKeys;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The runtime names its settings by the fields of its configuration; a user of Spark knows them by their keys. */
final class SettingNames {
    private static final Map<String, ConfKey> KEYS = Map.of(
            "numDevices", PanguKeys.DEVICES,
            "maxContextLength", PanguKeys.MAX_CONTEXT_LENGTH,
            "maxBatchTokens", PanguKeys.MAX_BATCH_TOKENS,
            "maxSequences", PanguKeys.MAX_SEQUENCES,
            "kvCacheBytes", PanguKeys.KV_CACHE_BYTES,
            "stepLimit", PanguKeys.STEP_LIMIT_SECONDS);

    private static final Pattern FIELD = Pattern.compile("\\b(" + String.join("|", KEYS.keySet()) + ")\\b");

    private SettingNames() {}

    /** The runtime's message in the words of the configuration. */
    static String inMessage(String message) {
        return FIELD.matcher(message)
                .replaceAll(field -> Optional.ofNullable(KEYS.get(field.group()))
                        .orElseThrow()
                        .name());
    }
}
