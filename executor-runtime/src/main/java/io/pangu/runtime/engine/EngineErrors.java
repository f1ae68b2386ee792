package io.pangu.runtime.engine;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What an engine tells a user: problem, cause, remedy. */
final class EngineErrors {
    private EngineErrors() {}

    static EngineException invalidOption(String option, Object value, String rule) {
        return new EngineException(
                ErrorCode.INVALID_OPTION,
                "option '" + option + "' is " + value + "; " + rule,
                Map.of("option", option, "value", String.valueOf(value)),
                null);
    }

    static EngineException invalidPrompt(String message) {
        return new EngineException(ErrorCode.INVALID_PROMPT, message);
    }

    static EngineException foreignToken(int id, int vocabSize) {
        return new EngineException(
                ErrorCode.INVALID_CHECKPOINT,
                "the tokenizer gives token " + id + ", the model has tokens 0 to " + (vocabSize - 1)
                        + "; take the tokenizer that belongs to the weights",
                Map.of("token", "" + id, "vocabSize", "" + vocabSize),
                null);
    }

    static EngineException promptTooLong(int promptTokens, int further, int contextLength) {
        return new EngineException(
                ErrorCode.PROMPT_TOO_LONG,
                "the prompt has " + promptTokens + " tokens and needs room for " + further + " more, the context is "
                        + contextLength + " tokens; shorten the prompt, or where it is a completion or an embedding set"
                        + " prompt_too_long to 'truncate'",
                Map.of("promptTokens", "" + promptTokens, "contextLength", "" + contextLength),
                null);
    }

    static EngineException cannotTruncate(int contextLength) {
        return new EngineException(
                ErrorCode.PROMPT_TOO_LONG,
                "the chat does not fit into the context of " + contextLength
                        + " tokens even without its earlier turns and without the text of its last user turn; shorten the"
                        + " system prompt");
    }

    static EngineException timeout(Duration limit) {
        return new EngineException(
                ErrorCode.TIMEOUT,
                "the request was not done " + limit.toMillis()
                        + " ms after it was submitted; allow more time or ask for" + " fewer tokens");
    }

    static EngineException cancelled() {
        return new EngineException(ErrorCode.CANCELLED, "the request was cancelled by its owner");
    }

    static EngineException closed() {
        return new EngineException(
                ErrorCode.CANCELLED, "the engine was closed before the request was done; open another and try again");
    }

    /** The engine's end by a fault, as each request that it takes along or turns away is told. */
    static EngineException ended(Throwable cause) {
        if (cause instanceof EngineException known) {
            return known.asEndOfEngine("the engine has ended: " + known.getMessage());
        }
        String words = "the engine has ended by a fault of its own: " + cause + "; see the executor's log";
        return new EngineException(ErrorCode.INTERNAL, words, cause).asEndOfEngine(words);
    }

    /** The same error for another request: each has a stack trace and suppressed errors of its own. */
    static EngineException again(EngineException error) {
        return new EngineException(error.code(), String.valueOf(error.getMessage()), error.context(), error.getCause());
    }

    /** A fault in a step or in making a result, as the requests that it concerns are told. */
    static EngineException failed(@Nullable Throwable cause) {
        if (cause instanceof EngineException known) {
            return known;
        }
        if (cause instanceof CompletionException && cause.getCause() != null) {
            return failed(cause.getCause());
        }
        return new EngineException(
                ErrorCode.INTERNAL, "the request failed by a fault of the engine: " + cause + "; see the log", cause);
    }
}
