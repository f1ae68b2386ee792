package io.pangu.benchmarks;

import io.pangu.runtime.parallel.DeviceMesh;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What the threads that drive the stand-in's devices have used. */
final class DeviceThreads {
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final DeviceMesh mesh;
    private final MethodHandle get;
    private final MemorySegment callsOfThread;

    @SuppressWarnings("restricted") // the stand-in's own counters can be asked in no other way
    DeviceThreads(DeviceMesh mesh) {
        this.mesh = mesh;
        SymbolLookup library = SymbolLookup.libraryLookup(StandInProcess.library(), Arena.global());
        this.get = Linker.nativeLinker()
                .downcallHandle(
                        library.findOrThrow("standin_get"),
                        FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
        this.callsOfThread = Arena.global().allocateFrom("calls.thread");
    }

    /**
     * Of one thread and one step, or of all steps so far.
     *
     * @param millis CPU time
     * @param calls of CANN
     * @param kilobytes that Java has allocated
     */
    record Cost(double millis, double calls, double kilobytes) {
        Cost since(Cost earlier, int steps) {
            return new Cost(
                    (millis - earlier.millis) / steps,
                    (calls - earlier.calls) / steps,
                    (kilobytes - earlier.kilobytes) / steps);
        }

        static Cost median(Cost[] costs) {
            return new Cost(median(costs, Cost::millis), median(costs, Cost::calls), median(costs, Cost::kilobytes));
        }

        private static double median(Cost[] costs, ToDoubleFunction<Cost> figure) {
            return ReadLoop.median(Arrays.stream(costs).mapToDouble(figure).toArray());
        }

        String words() {
            return String.format(
                    Locale.ROOT, "%.2f ms of CPU, %.0f calls of CANN, %.0f KB allocated", millis, calls, kilobytes);
        }

        String line() {
            return "cost " + millis + " " + calls + " " + kilobytes;
        }

        static Cost parse(List<String> output) {
            String[] words = output.stream()
                    .filter(line -> line.startsWith("cost "))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("a process said " + output))
                    .split(" ");
            return new Cost(Double.parseDouble(words[1]), Double.parseDouble(words[2]), Double.parseDouble(words[3]));
        }
    }

    /** The mean over the threads, since they began. */
    Cost total() {
        List<Cost> each = mesh.collect("figures", rank -> {
            long id = Thread.currentThread().threadId();
            return new Cost(THREADS.getThreadCpuTime(id) * 1e-6, calls(), THREADS.getThreadAllocatedBytes(id) / 1024.0);
        });
        return new Cost(
                each.stream().mapToDouble(Cost::millis).average().orElseThrow(),
                each.stream().mapToDouble(Cost::calls).average().orElseThrow(),
                each.stream().mapToDouble(Cost::kilobytes).average().orElseThrow());
    }

    private long calls() {
        try {
            return (long) get.invokeExact(callsOfThread);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
