package io.pangu.runtime.engine;

import io.pangu.runtime.backend.cann.StandInCann.Fault;
import io.pangu.runtime.backend.cann.ffi.CannStatus;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Draws faults of the functions that an engine's life calls, each function as often as any other. */
final class FaultDraw {
    /** Called before a thread has a device, so that the stand-in cannot tell whose call it is. */
    private static final Set<String> BEFORE_THE_DEVICE =
            Set.of("aclInit", "aclrtGetDeviceCount", "aclrtGetSocName", "aclrtSetDevice");

    private static final List<Integer> ACL_CODES = codes("ACL");
    private static final List<Integer> HCCL_CODES = codes("HCCL");

    private final Map<String, Integer> calls;
    private final List<String> functions;
    private final List<String> queueing;
    private final List<String> closing;
    private final AtomicInteger turns;

    /**
     * Draws from the calls of a life.
     *
     * @param log the stand-in's, {@code thread function}
     * @param turns counts what is drawn, also by others
     */
    FaultDraw(List<String> log, AtomicInteger turns) {
        this.turns = turns;
        Map<String, Map<String, Integer>> byThread = new HashMap<>();
        for (String line : log) {
            String[] parts = line.split(" ");
            byThread.computeIfAbsent(parts[0], thread -> new HashMap<>()).merge(parts[1], 1, Integer::sum);
        }
        this.calls = new TreeMap<>();
        byThread.values().forEach(thread -> thread.forEach((name, count) -> calls.merge(name, count, Math::max)));
        this.functions = List.copyOf(calls.keySet());
        this.queueing = functions.stream().filter(FaultDraw::putsWorkOnAStream).toList();
        this.closing = functions.stream().filter(PlannedFault::givesBack).toList();
    }

    private static boolean putsWorkOnAStream(String function) {
        return (function.startsWith("aclnn") && !function.endsWith("GetWorkspaceSize"))
                || function.equals("aclrtMemcpyAsync")
                || function.equals("HcclAllReduce");
    }

    /** A fault of a call, in one of five of the work that one has put on a stream. */
    PlannedFault any(Random random, List<String> devices, Fault ofCall, Fault ofTask) {
        return random.nextInt(5) == 0
                ? at(random, pick(random, queueing), devices, ofTask)
                : at(random, next(), devices, ofCall);
    }

    /** One after the other in golden steps, which even few draws spread over all functions. */
    private String next() {
        double place = turns.getAndIncrement() * 0.618_033_988_749_895;
        return functions.get((int) ((place - Math.floor(place)) * functions.size()));
    }

    /** A fault of a call that gives something back. */
    PlannedFault ofClosing(Random random, List<String> devices, Fault kind) {
        return at(random, pick(random, closing), devices, kind);
    }

    private PlannedFault at(Random random, String function, List<String> devices, Fault kind) {
        int device = BEFORE_THE_DEVICE.contains(function) ? -1 : Integer.parseInt(pick(random, devices));
        int nth = 1 + random.nextInt(calls.getOrDefault(function, 1));
        int code = kind == Fault.FAIL && random.nextBoolean()
                ? pick(random, function.startsWith("Hccl") ? HCCL_CODES : ACL_CODES)
                : 0;
        return new PlannedFault(function, nth, device, kind, code, random.nextInt(16));
    }

    private static <T> T pick(Random random, List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    /** Every failure that the binding knows. */
    private static List<Integer> codes(String origin) {
        List<Integer> codes = new ArrayList<>();
        try (InputStream table = CannStatus.class.getResourceAsStream("status.tsv")) {
            for (String line : new String(table.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                String[] columns = line.split("\t", -1);
                if (columns[0].equals(origin) && !columns[1].equals("0")) {
                    codes.add(Integer.valueOf(columns[1]));
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return List.copyOf(codes);
    }
}
