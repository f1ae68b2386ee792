package io.pangu.runtime.tokenizer;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is said about the files of a tokenizer: problem, cause, remedy. */
final class TokenizerErrors {
    private static final String RENEW = "; fetch the file again";

    private TokenizerErrors() {}

    /** A file whose bytes are not what its format says. */
    static EngineException damaged(Path file, long offset, String problem) {
        return new EngineException(
                ErrorCode.INVALID_CHECKPOINT,
                file.getFileName() + ": " + problem + " at byte " + offset + RENEW,
                Map.of("file", file.toString(), "offset", Long.toString(offset)),
                null);
    }

    /** A file whose content is well-formed but contradicts itself. */
    static EngineException invalid(Path file, String problem) {
        return invalid(file, problem, null);
    }

    static EngineException invalid(Path file, String problem, @Nullable Throwable cause) {
        return new EngineException(
                ErrorCode.INVALID_CHECKPOINT,
                file.getFileName() + ": " + problem + RENEW,
                Map.of("file", file.toString()),
                cause);
    }

    /** A part of a tokenizer that this engine does not have. */
    static EngineException unsupported(Path file, String component) {
        return new EngineException(
                ErrorCode.UNSUPPORTED_MODEL,
                file.getFileName() + ": this engine has no " + component
                        + "; it reads SentencePiece BPE models and Hugging Face byte-level BPE",
                Map.of("file", file.toString(), "component", component),
                null);
    }

    /** A file that cannot be read at all. */
    static EngineException unreadable(Path file, Throwable cause) {
        return new EngineException(
                ErrorCode.INVALID_CHECKPOINT,
                file + " cannot be read: " + cause.getMessage() + "; check that it exists and may be read",
                Map.of("file", file.toString()),
                cause);
    }
}
