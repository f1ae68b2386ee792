package io.pangu.runtime.backend.cann.ffi;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Makes exceptions of statuses, with the text of {@code aclGetRecentErrMsg}. CANN keeps that text for the thread whose call
 * failed, and gives it once: it must be read on that thread before anything else is called.
 */
final class StatusReader {
    private static final MethodHandle TEXT = Signature.of("A:").link();
    private static final MethodHandle TEXT_OF_CODE = Signature.of("A:I").link();

    private final CannLibraries libraries;
    private final CannStatus.Origin origin;

    StatusReader(CannLibraries libraries, CannStatus.Origin origin) {
        this.libraries = libraries;
        this.origin = origin;
    }

    CannException failure(String function, int code) {
        return CannException.failed(
                function, CannStatus.of(origin, code), recentText().or(() -> textOf(code)));
    }

    CannException refusal(String function) {
        return CannException.refused(function, recentText());
    }

    /** What CANN says about the last failure on this thread; taken, so a second call gives nothing. */
    Optional<String> recentText() {
        if (!(libraries.find("aclGetRecentErrMsg") instanceof CannSymbol.Found found)) {
            return Optional.empty();
        }
        CurrentCall.enter("aclGetRecentErrMsg");
        try {
            return NativeText.read((long) TEXT.invokeExact(found.address()));
        } catch (Throwable e) {
            throw unexpected("aclGetRecentErrMsg", e);
        }
    }

    /** The collectives' fixed text for a code. */
    private Optional<String> textOf(int code) {
        if (origin != CannStatus.Origin.HCCL
                || !(libraries.find("HcclGetErrorString")
                        instanceof CannSymbol.Found(String name, MemorySegment address, var library))) {
            return Optional.empty();
        }
        CurrentCall.enter("HcclGetErrorString");
        try {
            return NativeText.read((long) TEXT_OF_CODE.invokeExact(address, code));
        } catch (Throwable e) {
            throw unexpected("HcclGetErrorString", e);
        }
    }

    /** What a handle throws of itself: an error of the JVM, or of ours that the compiler does not see. */
    static RuntimeException unexpected(String function, Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException exception
                ? exception
                : new IllegalStateException("while trying to call " + function, cause);
    }
}
