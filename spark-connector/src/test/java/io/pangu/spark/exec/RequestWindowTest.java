package io.pangu.spark.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.TaskKilledException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class RequestWindowTest {
    private final WindowFixture fixture = new WindowFixture();
    private final ManualEngine engine = fixture.engine;

    @Nested
    class Order {
        @Test
        void isThatOfTheInputHoweverRepliesCome() {
            RequestWindow window = fixture.window(4, "a", "b", "c");
            assertThat(window.hasNext()).isTrue();
            engine.calls.get(2).answer();
            engine.calls.get(0).answer();
            engine.calls.get(1).answer();

            assertThat(rest(window)).containsExactly("0,a,<a>", "1,b,<b>", "2,c,<c>");
            assertThatThrownBy(window::next).isInstanceOf(NoSuchElementException.class);
        }

        @Test
        void keepsRowsThatTheInputWroteOver() {
            RequestWindow window = fixture.window(8, "first", "2nd", "the third of them");
            window.hasNext();
            assertThat(fixture.numPulled).hasValue(3);
            engine.calls.forEach(ManualEngine.Call::answer);

            assertThat(rest(window))
                    .containsExactly("0,first,<first>", "1,2nd,<2nd>", "2,the third of them,<the third of them>");
        }

        @Test
        void keepsTheCallsOfARowApart() {
            RequestWindow window = fixture.withCallsPerRow(2).window(4, "a", "b");
            window.hasNext();
            engine.calls.get(3).fail("CANCELLED");
            engine.calls.get(1).answer();
            engine.calls.get(0).answer();

            assertThat(fixture.text(window.next())).isEqualTo("0,a,<a>,<a>");
        }

        @Test
        void letsRowsWithNothingToAskStandBetweenOthers() {
            RequestWindow window = fixture.window(4, null, "b", null);
            window.hasNext();
            engine.calls.get(0).answer();

            assertThat(window.next().isNullAt(2)).isTrue();
            assertThat(fixture.text(window.next())).isEqualTo("1,b,<b>");
            assertThat(window.next().isNullAt(2)).isTrue();
            assertThat(window.hasNext()).isFalse();
        }
    }

    @Nested
    class Bounds {
        @Test
        void pullNothingBeforeARowIsWanted() {
            fixture.window(4, "a", "b");

            assertThat(fixture.numPulled).hasValue(0);
            assertThat(fixture.openings).hasValue(0);
        }

        @Test
        void openNoEngineForAnEmptyPartition() {
            assertThat(fixture.window(4).hasNext()).isFalse();

            assertThat(fixture.openings).hasValue(0);
        }

        @Test
        void openNoEngineForRowsWithNothingToAsk() {
            RequestWindow window = fixture.window(4, null, null);
            assertThat(window.next().isNullAt(2)).isTrue();
            assertThat(window.next().isNullAt(2)).isTrue();
            assertThat(window.hasNext()).isFalse();

            assertThat(fixture.openings).hasValue(0);
        }

        @Test
        void keepNoMoreCallsInFlightThanTheWindow() {
            RequestWindow window = fixture.window(3, prompts(20));
            assertThat(window.hasNext()).isTrue();
            assertThat(engine.calls).hasSize(3);
            assertThat(fixture.numPulled).hasValue(3);

            engine.calls.get(0).answer();
            window.next();

            assertThat(engine.calls).as("one out, one in").hasSize(4);
        }

        @Test
        void goOnBehindASlowRowButNotForEver() throws Exception {
            RequestWindow window = fixture.window(2, prompts(50));
            CompletableFuture<String> first = CompletableFuture.supplyAsync(() -> fixture.text(window.next()));
            for (int call = 1; call < 8; call++) {
                int index = call;
                await().atMost(60, TimeUnit.SECONDS).until(() -> engine.calls.size() > index);
                engine.calls.get(call).answer();
            }

            // Four windows of rows wait for the first; with all others answered, nothing more is asked.
            await().atMost(60, TimeUnit.SECONDS).until(() -> fixture.numPulled.get() == 8);
            assertThat(first).isNotDone();
            engine.calls.get(0).answer();
            assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo("0,p0,<p0>");
            assertThat(fixture.numPulled).hasValue(8);
        }

        @Test
        void countCallsAndNotRows() {
            RequestWindow window = fixture.withCallsPerRow(2).window(4, prompts(20));
            window.hasNext();

            assertThat(engine.prompts()).containsExactly("p0", "p0", "p1", "p1");
        }

        @Test
        void keepRowsWithNothingToAskFewToo() {
            RequestWindow window = fixture.window(2, new String[100]);
            window.hasNext();

            assertThat(fixture.numPulled).hasValue(8);
        }
    }

    @Nested
    class Failures {
        @Test
        void ofARowFailTheQueryAndNameTheRow() {
            RequestWindow window = fixture.window(4, "a", "b");
            window.hasNext();
            engine.calls.get(0).answer();
            engine.calls.get(1).fail("PROMPT_TOO_LONG");
            window.next();

            assertThatThrownBy(window::next)
                    .isInstanceOf(RowFailedException.class)
                    .hasMessage(
                            "[PROMPT_TOO_LONG] generate() failed for row 1 of partition 0: no answer to b. Mend the row,"
                                    + " or SET spark.pangu.on-error=null to get NULL for such rows, or use generate_details() to"
                                    + " get the error as a value.");
        }

        @Test
        void ofACancelledCallAreNoRowsFault() {
            RequestWindow window = fixture.givingNull(1).window(4, "a");
            window.hasNext();
            engine.calls.get(0).fail("CANCELLED");

            assertThatThrownBy(window::next)
                    .hasMessage("[CANCELLED] generate() was cancelled for row 0 of partition 0: no answer to a");
        }

        @Test
        void ofTheEngineAreRaisedWithTheirCause() {
            RequestWindow window = fixture.givingNull(1).window(4, "a");
            window.hasNext();
            engine.calls.get(0).lose();

            assertThatThrownBy(window::next)
                    .hasMessage("generate() lost its engine while waiting for row 0 of partition 0: the device is gone")
                    .hasRootCauseInstanceOf(IllegalStateException.class);
        }

        @Test
        void ofAnEngineThatTakesNoCallAreRaisedAtOnce() {
            engine.throwsAt = 1;
            RequestWindow window = fixture.window(4, "a", "b");

            assertThatThrownBy(window::hasNext)
                    .hasMessage(
                            "generate() lost its engine while waiting for row 1 of partition 0: the engine is closed");
            window.close();
            assertThat(engine.numCancelled()).isEqualTo(1);
        }

        @Test
        void leaveNoCallOfAHalfAskedRowBehind() {
            engine.throwsAt = 3;
            RequestWindow window = fixture.withCallsPerRow(2).window(8, "a", "b");

            assertThatThrownBy(window::hasNext).hasMessageContaining("row 1");
            assertThat(engine.calls.get(2).isCancelled)
                    .as("the row's other call")
                    .isTrue();
            assertThat(engine.calls.get(0).isCancelled).isFalse();
            window.close();
            assertThat(engine.numCancelled()).isEqualTo(3);
        }

        @Test
        void ofRowsGiveNullIfToldTo() {
            RequestWindow window = fixture.givingNull(1).window(4, "a", "b");
            window.hasNext();
            engine.calls.get(0).fail("TIMEOUT");
            engine.calls.get(1).answer();

            assertThat(rest(window)).containsExactly("0,a,null", "1,b,<b>");
        }
    }

    @Nested
    class ErrorRatios {
        @Test
        void beyondTheLimitFailTheTaskAtItsEnd() {
            RequestWindow window = fixture.givingNull(0.5).window(8, "a", "b", "c");
            window.hasNext();
            engine.calls.get(0).fail("TIMEOUT");
            engine.calls.get(1).fail("PROMPT_TOO_LONG");
            engine.calls.get(2).answer();

            List<String> rows = new ArrayList<>();
            assertThatThrownBy(() -> {
                        while (window.hasNext()) {
                            rows.add(fixture.text(window.next()));
                        }
                    })
                    .hasMessage("[PROMPT_TOO_LONG] 2 of 3 calls of this task failed, more than"
                            + " spark.pangu.max-error-ratio=0.5 allows; the latest is generate() for row 1 of partition 0:"
                            + " no answer to b. Mend the rows or the options, or raise spark.pangu.max-error-ratio.");
            assertThat(rows).containsExactly("0,a,null", "1,b,null", "2,c,<c>");
        }

        @Test
        void withinTheLimitPass() {
            RequestWindow window = fixture.givingNull(0.5).window(8, "a", "b");
            window.hasNext();
            engine.calls.get(0).fail("TIMEOUT");
            engine.calls.get(1).answer();

            assertThat(rest(window)).containsExactly("0,a,null", "1,b,<b>");
        }

        @Test
        void beyondTheLimitFailALongTaskEarly() {
            RequestWindow window = fixture.givingNull(0.1).window(400, prompts(300));
            window.hasNext();
            engine.calls.forEach(call -> call.fail("TIMEOUT"));
            for (int row = 0; row < ErrorRatio.FEW_ANSWERS - 1; row++) {
                assertThat(window.next().isNullAt(2)).isTrue();
            }

            assertThatThrownBy(window::next).hasMessageContaining("100 of 100 calls of this task failed");
        }
    }

    @Nested
    class Ends {
        @Test
        void cancelWhatIsInFlight() {
            RequestWindow window = fixture.window(4, prompts(20));
            window.hasNext();
            engine.calls.get(0).answer();
            window.next();

            window.close();

            assertThat(engine.calls).hasSize(5);
            assertThat(engine.numCancelled()).isEqualTo(4);
            assertThat(engine.calls.get(0).isCancelled).isFalse();
            assertThatCode(window::close).doesNotThrowAnyException();
        }

        @Test
        void letNothingBeAskedAfterThem() {
            RequestWindow window = fixture.window(4, prompts(20));
            window.close();

            assertThatThrownBy(window::hasNext).isInstanceOf(TaskKilledException.class);
            assertThat(engine.numCancelled()).as("what was asked in between").isEqualTo(engine.calls.size());
        }

        @Test
        void stopAThreadThatWaits() throws Exception {
            RequestWindow window = fixture.window(2, prompts(20));
            CompletableFuture<Throwable> waiting = inThread(window::next, new CountDownLatch(1));
            await().atMost(60, TimeUnit.SECONDS).until(() -> engine.calls.size() == 2);

            window.close();

            assertThat(waiting.get(60, TimeUnit.SECONDS)).isInstanceOf(TaskKilledException.class);
            assertThat(engine.calls).allMatch(call -> call.future.isDone());
        }

        @Test
        void byAKillAreNoticedWhileWaiting() throws Exception {
            RequestWindow window = fixture.window(2, prompts(20));
            CompletableFuture<Throwable> waiting = inThread(window::next, new CountDownLatch(1));
            await().atMost(60, TimeUnit.SECONDS).until(() -> engine.calls.size() == 2);

            fixture.task.markInterrupted("stage was cancelled");

            assertThat(waiting.get(60, TimeUnit.SECONDS))
                    .isInstanceOf(TaskKilledException.class)
                    .hasMessageContaining("stage was cancelled");
        }

        @Test
        void byAKillAreNoticedBeforeTheNextPull() {
            RequestWindow window = fixture.window(2, prompts(20));
            fixture.task.markInterrupted("gone");

            assertThatThrownBy(window::hasNext).isInstanceOf(TaskKilledException.class);
            assertThat(fixture.numPulled).hasValue(0);
        }

        @Test
        void byAnInterruptAreNoticedWhileWaiting() throws Exception {
            RequestWindow window = fixture.window(2, prompts(20));
            CountDownLatch started = new CountDownLatch(1);
            CompletableFuture<Throwable> waiting = inThread(window::next, started);
            assertThat(started.await(60, TimeUnit.SECONDS)).isTrue();
            await().atMost(60, TimeUnit.SECONDS).until(() -> engine.calls.size() == 2);

            thread.interrupt();

            assertThat(waiting.get(60, TimeUnit.SECONDS)).isInstanceOf(TaskKilledException.class);
        }

        private Thread thread = Thread.currentThread();

        private CompletableFuture<Throwable> inThread(Runnable action, CountDownLatch started) {
            CompletableFuture<Throwable> outcome = new CompletableFuture<>();
            thread = new Thread(() -> {
                started.countDown();
                try {
                    action.run();
                    outcome.complete(null);
                } catch (Throwable e) {
                    outcome.complete(e);
                }
            });
            thread.start();
            return outcome;
        }
    }

    @Nested
    class Nesting {
        @Test
        void answersTheInnerCallsOnTheSameThreadFirst() throws Exception {
            WindowFixture inner = new WindowFixture();
            RequestWindow innerWindow = inner.window(2, "a", "b", "c");
            // The outer operator reads the inner's prompts again, as the outer of two independent calls does.
            RequestWindow outerWindow = fixture.window(2, innerWindow);
            CompletableFuture<List<String>> rows = CompletableFuture.supplyAsync(() -> rest(outerWindow));

            for (int row = 0; row < 3; row++) {
                int index = row;
                await().atMost(60, TimeUnit.SECONDS).until(() -> inner.engine.calls.size() > index);
                inner.engine.calls.get(row).answer();
            }
            for (int row = 0; row < 3; row++) {
                int index = row;
                await().atMost(60, TimeUnit.SECONDS).until(() -> engine.calls.size() > index);
                engine.calls.get(row).answer();
            }

            assertThat(rows.get(60, TimeUnit.SECONDS)).hasSize(3).first().isEqualTo("0,a,<a>");
            assertThat(engine.prompts()).containsExactly("a", "b", "c");
        }
    }

    @Test
    void wakesForEveryReplyOfAnotherThread() {
        int numRows = 100;
        RequestWindow window = fixture.window(8, prompts(numRows));
        try (ExecutorService answers = Executors.newFixedThreadPool(2)) {
            engine.answering = Optional.of(answers);

            assertThat(rest(window)).hasSize(numRows).last().isEqualTo("99,p99,<p99>");
        }
        assertThat(engine.calls).hasSize(numRows);
    }

    private List<String> rest(RequestWindow window) {
        List<String> rows = new ArrayList<>();
        while (window.hasNext()) {
            rows.add(fixture.text(window.next()));
        }
        return rows;
    }

    private static String[] prompts(int number) {
        return IntStream.range(0, number).mapToObj(index -> "p" + index).toArray(String[]::new);
    }
}
