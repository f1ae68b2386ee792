package io.pangu.spark.engine;

import io.pangu.runtime.engine.Classification;
import io.pangu.runtime.engine.Completion;
import io.pangu.runtime.engine.Embedding;
import io.pangu.runtime.engine.Usage;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.spark.request.EngineReply;
import java.util.Locale;
import java.util.Set;

/** The runtime's results and errors as the connector's replies. */
final class ReplyTranslation {
    /** Codes that the result struct knows; anything else is a fault of ours there. */
    private static final Set<ErrorCode> ROW_CODES = Set.of(
            ErrorCode.PROMPT_TOO_LONG,
            ErrorCode.INVALID_OPTION,
            ErrorCode.INVALID_PROMPT,
            ErrorCode.SCHEMA_UNSATISFIABLE,
            ErrorCode.TIMEOUT,
            ErrorCode.CANCELLED,
            ErrorCode.DEVICE_LOST,
            ErrorCode.OUT_OF_MEMORY);

    private ReplyTranslation() {}

    static EngineReply generated(Completion completion, long seed) {
        return new EngineReply.Generated(
                completion.text(),
                completion.reasoning(),
                completion.finishReason().name().toLowerCase(Locale.ROOT),
                completion.tokenLogprobs().stream()
                        .map(token -> new EngineReply.TokenLogprob(token.token(), token.logprob()))
                        .toList(),
                seed,
                usage(completion.usage()));
    }

    static EngineReply classified(Classification classification) {
        return new EngineReply.Classified(
                classification.label(),
                classification.scores().stream()
                        .map(score -> new EngineReply.LabelScore(score.label(), score.logprob(), score.probability()))
                        .toList(),
                usage(classification.usage()));
    }

    static EngineReply embedded(Embedding embedding) {
        return new EngineReply.Embedded(embedding.vector(), usage(embedding.usage()));
    }

    /** What a row that failed is told. */
    static EngineReply.Failed failed(Throwable cause) {
        if (cause instanceof EngineException known) {
            ErrorCode code = ROW_CODES.contains(known.code()) ? known.code() : ErrorCode.INTERNAL;
            return new EngineReply.Failed(
                    code.name(),
                    String.valueOf(known.getMessage()),
                    known.code().isRetryable());
        }
        return new EngineReply.Failed(ErrorCode.INTERNAL.name(), "unexpected: " + cause, false);
    }

    private static EngineReply.TokenUsage usage(Usage usage) {
        return new EngineReply.TokenUsage(usage.promptTokens(), usage.cachedTokens(), usage.completionTokens());
    }
}
