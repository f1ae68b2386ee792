package io.pangu.runtime.doctor;

import io.pangu.runtime.backend.cann.CannMachine;
import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.CannBindings;
import io.pangu.runtime.backend.cann.ffi.CaptureMode;
import io.pangu.runtime.backend.cann.ffi.MallocPolicy;
import io.pangu.runtime.backend.cann.ffi.MemcpyKind;
import io.pangu.runtime.backend.cann.ffi.OpPlan;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Whether operators can be captured as a graph, run again as a whole, and have their arguments replaced between runs. */
final class GraphSection {
    private static final int COUNT = 8;
    private static final long ROOM = 1 << 20;

    private GraphSection() {}

    static void add(Section section, CannBindings cann, OpenDevice device) {
        if (device.isLost()) {
            section.add(Finding.warn("graphs", "not tried: the NPU is lost", "mend the failure above first"));
            return;
        }
        if (!cann.graphs().isPresent()) {
            section.add(slower("graphs", "this CANN has none").with("isAvailable", false));
            return;
        }
        tried(section, device, "graphs", "captured, run twice, right", GraphSection::capture);
        if (!cann.graphs().hasTaskGroups()) {
            section.add(slower("task groups", "this CANN has none").with("isAvailable", false));
            return;
        }
        tried(section, device, "task groups", "arguments replaced between two runs, right", GraphSection::update);
    }

    /** Whether HCCL is told to do collectives in a way that graphs can hold. */
    static void addCollectives(Section section, CannMachine machine) {
        String mode = machine.variable("HCCL_OP_EXPANSION_MODE");
        section.add(
                mode.equals("AIV")
                        ? Finding.ok("graphs over HCCL", "HCCL_OP_EXPANSION_MODE is AIV")
                        : Finding.warn(
                                "graphs over HCCL",
                                "HCCL_OP_EXPANSION_MODE is " + (mode.isEmpty() ? "not set" : mode)
                                        + ": steps of several NPUs are launched operator by operator",
                                "export HCCL_OP_EXPANSION_MODE=AIV before java starts; nothing but speed is lost"));
    }

    private static Finding slower(String subject, String found) {
        return Finding.warn(
                subject,
                found + ": the engine launches each operator by itself",
                "CANN 8.1.RC1 with driver 25.0.RC1 or newer has them; nothing but speed is lost");
    }

    /** A program of one graph on a device. */
    private interface Program {
        void run(Bench bench);
    }

    private static void tried(Section section, OpenDevice device, String subject, String good, Program program) {
        if (device.isLost()) {
            return;
        }
        try {
            device.run("capturing " + subject, (cann, stream) -> {
                try (Bench bench = new Bench(cann, stream, device.waitMillis())) {
                    program.run(bench);
                }
                return true;
            });
            section.add(Finding.ok(subject, good).with("isAvailable", true));
        } catch (StepFailure e) {
            if (e.isTimeout()) {
                device.markLost();
            }
            section.add(
                    e.getCause() instanceof WrongAnswer
                            ? Finding.fail(
                                    subject,
                                    e.words(),
                                    "install another version of CANN and of the driver, and report this")
                            : slower(subject, e.words()).with("isAvailable", false));
        }
    }

    /** A graph ran and its result is wrong: worse than none, for the engine would believe it. */
    private static final class WrongAnswer extends RuntimeException {
        private static final long serialVersionUID = 1L;

        WrongAnswer(float is, float wanted) {
            super("a graph gave " + is + " and should have given " + wanted);
        }
    }

    private static void capture(Bench bench) {
        Acl.Graph graph = bench.captured(() -> bench.negate(bench.x, bench.stream));
        for (int run = 0; run < 2; run++) {
            bench.write(bench.x, run + 1);
            bench.run(graph);
            bench.expect(-(run + 1));
        }
    }

    private static void update(Bench bench) {
        Acl.TaskGroup[] group = new Acl.TaskGroup[1];
        Acl.Graph graph = bench.captured(() -> {
            bench.cann.graphs().taskGroupBegin(bench.stream);
            bench.negate(bench.x, bench.stream);
            group[0] = bench.cann.graphs().taskGroupEnd(bench.stream);
        });
        bench.write(bench.x, 3);
        bench.write(bench.y, 5);
        bench.run(graph);
        bench.expect(-3);
        Acl.Stream other = bench.cann.streams().createStream();
        bench.undo.add(() -> bench.cann.streams().destroyStream(other));
        bench.cann.graphs().taskUpdateBegin(other, group[0]);
        bench.negate(bench.y, other);
        bench.cann.graphs().taskUpdateEnd(other);
        bench.cann.streams().synchronize(other, bench.waitMillis);
        bench.run(graph);
        bench.expect(-5);
    }

    /** Two vectors, a result and room to work in. */
    private static final class Bench implements AutoCloseable {
        final CannBindings cann;
        final Acl.Stream stream;
        final int waitMillis;
        final Undo undo = new Undo();
        final long x;
        final long y;
        final long out;
        private final long room;
        private final Arena arena = Arena.ofConfined();
        private final OpPlan plan = new OpPlan(arena);

        Bench(CannBindings cann, Acl.Stream stream, int waitMillis) {
            this.cann = cann;
            this.stream = stream;
            this.waitMillis = waitMillis;
            try {
                x = malloc(ROOM);
                y = malloc(ROOM);
                out = malloc(ROOM);
                room = malloc(ROOM);
            } catch (RuntimeException e) {
                close();
                throw e;
            }
        }

        private long malloc(long bytes) {
            long address = cann.memory().malloc(bytes, MallocPolicy.HUGE_FIRST);
            undo.add(() -> cann.memory().free(address));
            return address;
        }

        private Acl.Tensor tensor(long address) {
            Acl.Tensor tensor = cann.tensors().createTensor(AclTensors.View.dense(AclDataType.FLOAT32, COUNT), address);
            undo.add(() -> cann.tensors().destroyTensor(tensor));
            return tensor;
        }

        void negate(long from, Acl.Stream on) {
            cann.ops().elementwise().neg(plan, tensor(from), tensor(out));
            if (plan.workspaceBytes() > ROOM) {
                cann.executors().discard(plan.executor());
                throw new IllegalStateException("aclnnNeg wants " + plan.workspaceBytes() + " bytes to work in");
            }
            cann.ops().launch(plan, plan.workspaceBytes() == 0 ? 0 : room, on);
        }

        /** What the calls put on the stream, as a graph; a capture that fails is ended. */
        Acl.Graph captured(Runnable calls) {
            cann.graphs().captureBegin(stream, CaptureMode.RELAXED);
            Acl.Graph graph;
            try {
                calls.run();
                graph = cann.graphs().captureEnd(stream);
            } catch (RuntimeException e) {
                endBroken(e);
                throw e;
            }
            undo.add(() -> cann.graphs().destroy(graph));
            return graph;
        }

        private void endBroken(RuntimeException cause) {
            try {
                cann.graphs().destroy(cann.graphs().captureEnd(stream));
            } catch (RuntimeException e) {
                cause.addSuppressed(e);
            }
        }

        void run(Acl.Graph graph) {
            cann.graphs().executeAsync(graph, stream);
            cann.streams().synchronize(stream, waitMillis);
        }

        void write(long to, float value) {
            MemorySegment host = arena.allocate(ValueLayout.JAVA_FLOAT, COUNT);
            for (int i = 0; i < COUNT; i++) {
                host.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            }
            cann.memory().memcpy(to, ROOM, host.address(), host.byteSize(), MemcpyKind.HOST_TO_DEVICE);
        }

        void expect(float value) {
            MemorySegment host = arena.allocate(ValueLayout.JAVA_FLOAT, COUNT);
            cann.memory().memcpy(host.address(), host.byteSize(), out, host.byteSize(), MemcpyKind.DEVICE_TO_HOST);
            for (int i = 0; i < COUNT; i++) {
                float is = host.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                if (is != value) {
                    throw new WrongAnswer(is, value);
                }
            }
        }

        @Override
        public void close() {
            try {
                undo.close();
            } finally {
                arena.close();
            }
        }
    }
}
