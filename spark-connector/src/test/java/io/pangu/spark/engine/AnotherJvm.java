package io.pangu.spark.engine;

import io.pangu.spark.exec.FakeEngines;
import java.util.List;
import java.util.Map;

/** A JVM's whole life: opens an engine, says the seed of a call, and ends without closing anything. */
final class AnotherJvm {
    private AnotherJvm() {}

    public static void main(String[] arguments) {
        EngineClients.client(new EngineSettings(FakeEngines.NOTING, Map.of(), List.of()));
        FakeEngines.note("opened");
        FakeEngines.note("seed " + RequestSeed.of(Calls.user("Hi", Calls.biased(bias()))));
    }

    /** So many entries that a map of them has another order in almost every JVM. */
    static Map<Integer, Double> bias() {
        return Map.of(1, 1.0, 22, 2.0, 333, 3.0, 4444, 4.0, 55_555, 5.0, 666_666, 6.0, 7, 7.0, 88, 8.0);
    }
}
