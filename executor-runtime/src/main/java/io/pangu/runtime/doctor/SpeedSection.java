package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.MallocPolicy;
import io.pangu.runtime.backend.cann.ffi.MemcpyKind;
import io.pangu.runtime.backend.cann.ffi.OpPlan;
import java.lang.foreign.Arena;

/** How fast copies are, and what the host pays for a launch. Figures of this minute on this machine; none is judged. */
final class SpeedSection {
    private static final long COPY_BYTES = 32L << 20;
    private static final int COPIES = 4;
    private static final int WARM_UPS = 20;
    private static final int LAUNCHES = 200;
    private static final byte EXACT = 0;

    private SpeedSection() {}

    static void add(Section section, AclDataType floats, OpenDevice device) {
        if (device.isLost()) {
            section.add(Finding.warn("speed", "not measured: the NPU is lost", "mend the failure above first"));
            return;
        }
        tried(section, device, "copies", (cann, stream) -> {
            addCopies(section, cann, stream, device.waitMillis());
            return true;
        });
        tried(section, device, "launches", (cann, stream) -> {
            addLaunches(section, floats, cann, stream, device.waitMillis());
            return true;
        });
    }

    private static void tried(Section section, OpenDevice device, String what, OpenDevice.Step<Boolean> step) {
        if (device.isLost()) {
            return;
        }
        try {
            device.run("measuring " + what, step);
        } catch (StepFailure e) {
            device.markLost();
            section.add(Finding.fail(
                    what,
                    e.words(),
                    "the engine cannot do without; look at free memory, at ulimit -l and at the driver's log"));
        }
    }

    private static void addCopies(Section section, CannBindings cann, Acl.Stream stream, int waitMillis) {
        try (Undo undo = new Undo()) {
            long host = cann.memory().mallocHost(COPY_BYTES);
            undo.add(() -> cann.memory().freeHost(host));
            cann.memory().hostSegment(host, COPY_BYTES).fill((byte) 1);
            long one = malloc(cann, undo, COPY_BYTES);
            long other = malloc(cann, undo, COPY_BYTES);
            Copies copies = new Copies(cann, stream, waitMillis);
            add(section, "host to device", copies.gigabytes(one, host, MemcpyKind.HOST_TO_DEVICE));
            add(section, "device to host", copies.gigabytes(host, one, MemcpyKind.DEVICE_TO_HOST));
            add(section, "device to device", copies.gigabytes(other, one, MemcpyKind.DEVICE_TO_DEVICE));
        }
    }

    private static void add(Section section, String subject, double gigabytes) {
        section.add(Finding.ok(
                        subject,
                        "%.1f GB/s in pieces of 32 MiB%s"
                                .formatted(gigabytes, subject.contains("host") ? ", pinned" : ""))
                .with("gigabytesPerSecond", gigabytes));
    }

    private static long malloc(CannBindings cann, Undo undo, long bytes) {
        long address = cann.memory().malloc(bytes, MallocPolicy.HUGE_FIRST);
        undo.add(() -> cann.memory().free(address));
        return address;
    }

    /** Copies on a stream. */
    private record Copies(CannBindings cann, Acl.Stream stream, int waitMillis) {
        /** After one copy that does not count. */
        double gigabytes(long to, long from, MemcpyKind kind) {
            copy(to, from, kind, 1);
            long start = System.nanoTime();
            copy(to, from, kind, COPIES);
            return COPIES * (double) COPY_BYTES / (System.nanoTime() - start);
        }

        private void copy(long to, long from, MemcpyKind kind, int times) {
            for (int i = 0; i < times; i++) {
                cann.memory().memcpyAsync(to, COPY_BYTES, from, COPY_BYTES, kind, stream);
            }
            cann.streams().synchronize(stream, waitMillis);
        }
    }

    /** A small product, planned for each launch, then with an executor that is used again. */
    private static void addLaunches(
            Section section, AclDataType floats, CannBindings cann, Acl.Stream stream, int waitMillis) {
        try (Undo undo = new Undo();
                Arena arena = Arena.ofConfined()) {
            Launches launches = Launches.of(cann, stream, waitMillis, floats, undo, new OpPlan(arena));
            launches.planned(WARM_UPS);
            double planned = launches.planned(LAUNCHES);
            section.add(Finding.ok(
                            "launch, planned",
                            "%.1f us of the host for each aclnnMm of 64 x 64 x 64, both phases".formatted(planned))
                    .with("microseconds", planned));
            double repeated = launches.repeated(LAUNCHES);
            section.add(
                    Finding.ok("launch, repeated", "%.1f us with an executor that is used again".formatted(repeated))
                            .with("microseconds", repeated));
        }
    }

    private static final class Launches {
        private static final int SIZE = 64;

        private final CannBindings cann;
        private final Acl.Stream stream;
        private final int waitMillis;
        private final OpPlan plan;
        private final Acl.Tensor x;
        private final Acl.Tensor w;
        private final Acl.Tensor out;
        private final Undo undo;
        private long room;
        private long roomBytes;

        private Launches(
                CannBindings cann, Acl.Stream stream, int waitMillis, OpPlan plan, Acl.Tensor[] tensors, Undo undo) {
            this.cann = cann;
            this.stream = stream;
            this.waitMillis = waitMillis;
            this.plan = plan;
            this.x = tensors[0];
            this.w = tensors[1];
            this.out = tensors[2];
            this.undo = undo;
        }

        static Launches of(
                CannBindings cann, Acl.Stream stream, int waitMillis, AclDataType floats, Undo undo, OpPlan plan) {
            Acl.Tensor[] tensors = new Acl.Tensor[3];
            for (int i = 0; i < tensors.length; i++) {
                long bytes = (long) SIZE * SIZE * floats.bytes();
                long address = malloc(cann, undo, bytes);
                cann.memory().memset(address, bytes, 0, bytes);
                Acl.Tensor tensor = cann.tensors().createTensor(AclTensors.View.dense(floats, SIZE, SIZE), address);
                undo.add(() -> cann.tensors().destroyTensor(tensor));
                tensors[i] = tensor;
            }
            return new Launches(cann, stream, waitMillis, plan, tensors, undo);
        }

        private void plan() {
            cann.ops().linear().mm(plan, x, w, out, EXACT);
            if (plan.workspaceBytes() > roomBytes) {
                try {
                    long bytes = 2 * plan.workspaceBytes() + (1 << 20);
                    room = malloc(cann, undo, bytes);
                    roomBytes = bytes;
                } catch (RuntimeException e) {
                    cann.executors().discard(plan.executor());
                    throw e;
                }
            }
        }

        private long workspace() {
            return plan.workspaceBytes() == 0 ? 0 : room;
        }

        /** Microseconds for each launch. */
        double planned(int times) {
            long start = System.nanoTime();
            for (int i = 0; i < times; i++) {
                plan();
                cann.ops().launch(plan, workspace(), stream);
            }
            return finish(start, times);
        }

        /** Microseconds for each launch. */
        double repeated(int times) {
            plan();
            Acl.Executor executor = plan.executor();
            cann.executors().setRepeatable(executor);
            try {
                long start = System.nanoTime();
                for (int i = 0; i < times; i++) {
                    cann.ops().launch(plan.operator(), workspace(), plan.workspaceBytes(), executor, stream);
                }
                return finish(start, times);
            } finally {
                cann.executors().destroy(executor);
            }
        }

        /** The host's time ends before the wait. */
        private double finish(long start, int times) {
            double micros = (System.nanoTime() - start) / 1e3 / times;
            cann.streams().synchronize(stream, waitMillis);
            return micros;
        }
    }
}
