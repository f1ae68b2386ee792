package io.pangu.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pangu.runtime.backend.cann.StandInCann;
import io.pangu.runtime.backend.cann.StandInCann.Fault;
import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.StandInNpus;
import io.pangu.runtime.engine.FaultyLife.Outcome;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Any call of CANN may fail, answer late or hang: an engine's life goes on with the right tokens or ends in an error that names
 * the call and the device. It never ends with a wrong token, a hang, a crash, or something left behind that could be given back.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(3600)
class RandomFaultsTest {
    /** What a hanging call gets; the others of its life too. */
    private static final int CALL_LIMIT_MILLIS = 50;

    private static final int JOIN_LIMIT_MILLIS = 250;
    /** A list of one tensor, a communicator with its memory, a stream with the events that it has not come to. */
    private static final int HANDLES_OF_ONE_THING = 5;

    private static final Duration LONGEST = Duration.ofSeconds(100);
    private static final List<Integer> SIZES = List.of(1, 2, 1, 2, 4);

    private final Map<String, FaultDraw> draws = new HashMap<>();
    private final Map<Integer, List<Optional<Object>>> expected = new HashMap<>();
    private final Map<Ending, Integer> endings = new EnumMap<>(Ending.class);

    private final List<String> wrong = new ArrayList<>();
    private CapturedErr log;
    private FaultyLife life;
    private StandInCann cann;
    private long streamsOfANpu;

    /** How a life with faults ends. */
    enum Ending {
        NO_EFFECT,
        LATE_BUT_RIGHT,
        TOLERATED,
        CLEAR_ERROR,
        RETRIED_ON_OTHERS,
        GIVEN_UP_ONLY_AT_CLOSE
    }

    @BeforeAll
    void learnWhatIsCalledAndAnswered(@TempDir Path directory) throws IOException {
        cann = StandInCann.fresh();
        log = new CapturedErr();
        SmallCheckpoint.write(directory);
        life = new FaultyLife(directory);
        AtomicInteger turns = new AtomicInteger();
        for (int size : List.of(1, 2, 4)) {
            for (Layout layout : Layout.values()) {
                begin();
                cann.keepLog(100_000);
                Outcome outcome = life.run(npus(layout), addresses(size, 0));
                assertThat(outcome.errors()).isEmpty();
                assertThat(outcome.numGraphs()).as("captured steps").isPositive();
                List<Optional<Object>> same = expected.computeIfAbsent(size, unseen -> outcome.answers());
                assertThat(outcome.answers()).isEqualTo(same);
                streamsOfANpu = Math.max(streamsOfANpu, outcome.numStreams() / size);
                draws.put(size + layout.name(), new FaultDraw(cann.log(), turns));
            }
        }
    }

    @AfterAll
    void report() {
        log.close();
        cann.reset();
        LoggerFactory.getLogger(RandomFaultsTest.class)
                .info("faults, by how the lives of engines that they struck ended: {}", endings);
    }

    private void begin() {
        cann.reset();
        cann.set("delay_us", 20);
        cann.set("capture_collectives", 1);
        log.clear();
    }

    private StandInNpus npus(Layout layout) {
        return new StandInNpus(cann, layout);
    }

    private static List<String> addresses(int size, int from) {
        return IntStream.range(from, from + size).mapToObj(Integer::toString).toList();
    }

    @Test
    void someFaultsEndWellOrInAClearError() {
        lateOnes(150, 1);
        failures(60, 2);
        hangs(60, 3);
        assertThat(wrong).isEmpty();
    }

    @Test
    @Tag("slow")
    void tenThousandFaultsEndWellOrInAClearError() {
        lateOnes(5000, 4);
        failures(2600, 5);
        hangs(2400, 6);
        assertThat(wrong).isEmpty();
    }

    /** The test's own eyes: a number that is wrong without anybody's saying so. */
    @Test
    void aWrongTokenWouldBeSeen() {
        begin();
        new PlannedFault("aclnnEmbedding", 1, 0, Fault.TASK_WRONG, 0, 0).plant(cann);
        Outcome outcome = life.run(npus(Layout.WHOLE), addresses(1, 0));
        assertThat(cann.get("faults.fired")).isEqualTo(1);
        assertThat(outcome.errors()).isEmpty();
        assertThat(outcome.answers()).isNotEqualTo(expected.get(1));
    }

    /** Many in one life, which has to come out right. */
    private void lateOnes(int count, long seed) {
        Random random = new Random(seed);
        for (int done = 0; done < count; ) {
            Setting setting = Setting.draw(random);
            List<PlannedFault> faults = IntStream.range(0, 50)
                    .mapToObj(i -> draw(setting).any(random, setting.devices, Fault.LATE, Fault.TASK_LATE))
                    .toList();
            begin();
            faults.forEach(fault -> fault.plant(cann));
            Outcome outcome = life.run(npus(setting.layout), setting.devices);
            assertThat(outcome.errors()).as("%s", faults).isEmpty();
            assertThat(outcome.answers()).as("%s", faults).isEqualTo(expected.get(setting.devices.size()));
            assertNothingIsLeft(faults);
            int fired = (int) cann.get("faults.fired");
            count(Ending.LATE_BUT_RIGHT, fired);
            done += fired;
        }
    }

    /** One in each life, sometimes followed by another when it closes. */
    private void failures(int count, long seed) {
        Random random = new Random(seed);
        for (int done = 0; done < count; ) {
            Setting setting = Setting.draw(random);
            List<PlannedFault> faults = new ArrayList<>();
            faults.add(draw(setting).any(random, setting.devices, Fault.FAIL, Fault.TASK_FAIL));
            if (random.nextInt(6) == 0) {
                faults.add(draw(setting).ofClosing(random, setting.devices, Fault.FAIL));
            }
            done += run(setting, faults, npus(setting.layout), random.nextInt(8) == 0);
        }
    }

    private void hangs(int count, long seed) {
        Random random = new Random(seed);
        for (int done = 0; done < count; ) {
            Setting setting = Setting.draw(random);
            List<PlannedFault> faults = new ArrayList<>();
            faults.add(draw(setting).any(random, setting.devices, Fault.HANG, Fault.TASK_HANG));
            if (random.nextInt(6) == 0) {
                faults.add(draw(setting).ofClosing(random, setting.devices, Fault.HANG));
            }
            int waitMillis = faults.get(0).kind() == Fault.TASK_HANG ? 150 : 2000;
            StandInNpus npus = npus(setting.layout).withLimits(CALL_LIMIT_MILLIS, JOIN_LIMIT_MILLIS, waitMillis);
            done += run(setting, faults, npus, random.nextInt(8) == 0);
        }
    }

    private FaultDraw draw(Setting setting) {
        return Objects.requireNonNull(draws.get(setting.devices.size() + setting.layout.name()));
    }

    /** Which NPUs of which CANN. */
    private record Setting(Layout layout, List<String> devices) {
        static Setting draw(Random random) {
            int size = SIZES.get(random.nextInt(SIZES.size()));
            Layout layout = random.nextBoolean() ? Layout.SPLIT : Layout.WHOLE;
            return new Setting(layout, addresses(size, random.nextInt(2) * 4));
        }

        List<String> others() {
            int from = Integer.parseInt(devices.get(0)) == 0 ? 4 : 0;
            return addresses(devices.size(), from);
        }
    }

    private int run(Setting setting, List<PlannedFault> faults, StandInNpus npus, boolean isRetried) {
        try {
            return checked(setting, faults, npus, isRetried);
        } catch (AssertionError e) {
            wrong.add(setting + " " + faults + ": " + e.getMessage());
            cann.clearFaults();
            releaseThreads();
            return 1;
        }
    }

    private int checked(Setting setting, List<PlannedFault> faults, StandInNpus npus, boolean isRetried) {
        begin();
        faults.forEach(fault -> fault.plant(cann));
        if (faults.stream().anyMatch(fault -> fault.function().startsWith("HcclComm"))) {
            // the only way out for ranks that wait for one that did not join
            cann.set("connect_timeout_ms", 500);
        }
        long start = System.nanoTime();
        Outcome outcome = life.run(npus, setting.devices);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).as("%s", faults).isLessThan(LONGEST);
        cann.clearFaults();
        int fired = (int) cann.get("faults.fired");
        assertRight(setting, faults, outcome);
        outcome.errors().forEach(error -> assertIsClear(faults, error));
        boolean isGivenUp = log.text().contains("did not come back from npu:");
        assertOnlyTheHungHoldSomething(faults);
        if (isRetried && !outcome.errors().isEmpty()) {
            cann.set("connect_timeout_ms", LONGEST.toMillis());
            Outcome again = life.run(npus(setting.layout), setting.others());
            assertThat(again.errors()).as("after %s", faults).isEmpty();
            assertThat(again.answers()).isEqualTo(expected.get(setting.devices.size()));
            count(Ending.RETRIED_ON_OTHERS, fired);
        } else if (!outcome.errors().isEmpty()) {
            count(Ending.CLEAR_ERROR, fired);
        } else if (isGivenUp) {
            count(Ending.GIVEN_UP_ONLY_AT_CLOSE, fired);
        } else {
            count(fired == 0 ? Ending.NO_EFFECT : Ending.TOLERATED, Math.max(1, fired));
        }
        release(faults);
        return fired;
    }

    /** Whatever was answered is what the undisturbed engine says, and what was not has an error. */
    private void assertRight(Setting setting, List<PlannedFault> faults, Outcome outcome) {
        List<Optional<Object>> right = Objects.requireNonNull(expected.get(setting.devices.size()));
        for (int i = 0; i < outcome.answers().size(); i++) {
            if (outcome.answers().get(i).isPresent()) {
                assertThat(outcome.answers().get(i))
                        .as("answer %d with %s", i, faults)
                        .isEqualTo(right.get(i));
            }
        }
        if (outcome.errors().isEmpty()) {
            assertThat(outcome.answers()).as("%s", faults).isEqualTo(right);
        }
    }

    private void assertIsClear(List<PlannedFault> faults, EngineException error) {
        String message = String.valueOf(error.getMessage());
        assertThat(message).as("%s", faults).containsPattern("npu:\\d");
        boolean isHang = message.contains("did not come back from npu:");
        boolean namesIt = faults.stream()
                .anyMatch(fault -> fault.isOfCall()
                        ? message.contains(fault.function()) && namesDevice(message, fault)
                        : error.code() == ErrorCode.DEVICE_LOST);
        assertThat(namesIt || (isHang && hasHang(faults)))
                .as("%s gave: %s", faults, trace(error))
                .isTrue();
    }

    private static boolean namesDevice(String message, PlannedFault fault) {
        return message.contains(fault.device() < 0 ? "npu:" : "npu:" + fault.device());
    }

    private static boolean hasHang(List<PlannedFault> faults) {
        return faults.stream().anyMatch(fault -> fault.kind() == Fault.HANG || fault.kind() == Fault.TASK_HANG);
    }

    private static String trace(Throwable error) {
        StringWriter text = new StringWriter();
        error.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    /** At most what one rank has, or each of those whose calls hang. */
    private void assertOnlyTheHungHoldSomething(List<PlannedFault> faults) {
        long hung = log.text()
                .lines()
                .filter(line -> line.contains("ERROR") && line.contains("hangs: "))
                .count();
        if (faults.stream().anyMatch(PlannedFault::losesSomething)) {
            return;
        }
        assertThat(cann.get("live.streams")).as("streams with %s", faults).isLessThanOrEqualTo(hung * streamsOfANpu);
        assertThat(cann.get("live.contexts")).as("contexts with %s", faults).isLessThanOrEqualTo(hung);
        assertThat(cann.get("live.communicators"))
                .as("communicators with %s", faults)
                .isLessThanOrEqualTo(hung);
        assertThat(cann.get("live.host_allocations"))
                .as("pinned with %s", faults)
                .isLessThanOrEqualTo(hung);
        if (hung == 0) {
            assertNothingIsLeft(faults);
        }
    }

    /** Lets go what hangs, which gives back what it has. */
    private void release(List<PlannedFault> faults) {
        releaseThreads();
        assertNothingIsLeft(faults);
    }

    private void releaseThreads() {
        cann.release();
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(LONGEST)
                .until(() -> {
                    cann.release();
                    return Thread.getAllStackTraces().keySet().stream()
                            .noneMatch(thread -> thread.getName().startsWith("pangu-rank"));
                });
    }

    private void assertNothingIsLeft(List<PlannedFault> faults) {
        long lost = faults.stream().filter(PlannedFault::losesSomething).count();
        assertThat(cann.violations()).as("%s", faults).isEmpty();
        long left = cann.leaks().stream()
                .filter(leak -> !leak.endsWith("_bytes"))
                .mapToLong(leak -> Long.parseLong(leak.split(" ")[0]))
                .sum();
        assertThat(left).as("%s after %s", cann.leaks(), faults).isLessThanOrEqualTo(lost * HANDLES_OF_ONE_THING);
    }

    private void count(Ending ending, int faults) {
        endings.merge(ending, faults, Integer::sum);
    }
}
