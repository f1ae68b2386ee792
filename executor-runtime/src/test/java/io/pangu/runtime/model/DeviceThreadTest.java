package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.Device;
import io.pangu.runtime.backend.DeviceGroup;
import io.pangu.runtime.backend.Kernels;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.config.ModelConfigReader;
import io.pangu.runtime.config.ModelDirectory;
import io.pangu.runtime.config.WeightPrecision;
import io.pangu.runtime.golden.GoldenCheckpoint;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Drivers keep their context per thread, so a device is opened, driven and closed by one. */
class DeviceThreadTest {
    /** What the contract lets anybody read. */
    private static final Set<String> FREE = Set.of("description", "index", "toString", "hashCode", "equals");

    private final Queue<String> strays = new ConcurrentLinkedQueue<>();
    private final AtomicInteger calls = new AtomicInteger();
    private final ReferenceDevice reference = new ReferenceDevice();

    /** Notes every call that another thread makes than the one that this is called by. */
    private <T> T watched(Class<T> type, T target) {
        Thread owner = Thread.currentThread();
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    calls.incrementAndGet();
                    if (!Thread.currentThread().equals(owner) && !FREE.contains(method.getName())) {
                        strays.add(method.getName() + " on "
                                + Thread.currentThread().getName());
                    }
                    try {
                        Object result = method.invoke(target, arguments);
                        return result instanceof Kernels kernels ? watched(Kernels.class, kernels) : result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    private final class Watched implements DeviceGroup {
        @Override
        public int size() {
            return 1;
        }

        @Override
        public Device open(int rank) {
            return watched(Device.class, reference);
        }

        @Override
        public void abort(Throwable reason) {
            // It is alone.
        }
    }

    @Test
    void everyCallForADeviceIsMadeByTheThreadThatOpenedIt() {
        ModelDirectory directory =
                ModelDirectory.open(GoldenCheckpoint.file("moge-tiny").toString());
        LanguageModel model = ModelLoader.load(
                directory.path(),
                ModelConfigReader.read(directory),
                DeviceMesh.open(new Watched(), MeshLimits.DEFAULT),
                WeightPrecision.FLOAT32,
                GoldenSetup.LIMITS);
        SequenceRunner runner = new SequenceRunner(model, 1);
        int[] tokens = GoldenCheckpoint.load("moge-tiny").cases().get(2).prompt();
        runner.logits(tokens, 5);
        runner.greedy(tokens, 3);
        runner.hidden(tokens);
        runner.score(tokens, new int[] {4, 5});
        model.close();
        assertThat(strays).isEmpty();
        assertThat(calls).hasValueGreaterThan(100);
        assertThat(reference.isClosed()).isTrue();
        assertThat(reference.liveObjects()).isZero();
    }
}
