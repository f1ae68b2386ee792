package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.ffi.CannException;
import java.util.ArrayDeque;
import java.util.Deque;

/** What has to be given back, in the opposite order. Used by one thread. */
final class Undo implements AutoCloseable {
    private final Deque<Runnable> steps = new ArrayDeque<>();

    void add(Runnable step) {
        steps.push(step);
    }

    /** Takes every step, also when one fails. */
    @Override
    public void close() {
        CannException failure = null;
        while (!steps.isEmpty()) {
            try {
                steps.pop().run();
            } catch (CannException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
