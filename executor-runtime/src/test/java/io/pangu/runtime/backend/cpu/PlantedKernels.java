package io.pangu.runtime.backend.cpu;

import io.pangu.runtime.backend.cpu.math.BlockKernels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;

/** Block kernels with something planted in them. */
final class PlantedKernels {
    private PlantedKernels() {}

    /** Kernels that have a name and are never run. */
    static BlockKernels named(String name) {
        return around(
                VectorCpuDeviceTest.kernels(),
                called -> {
                    throw new AssertionError(called + " of kernels that are only looked for");
                },
                name);
    }

    /** Real kernels that run something first: it may count or throw. */
    static BlockKernels around(BlockKernels real, Consumer<String> before) {
        return around(real, before, real.description());
    }

    private static BlockKernels around(BlockKernels real, Consumer<String> before, String description) {
        return (BlockKernels) Proxy.newProxyInstance(
                PlantedKernels.class.getClassLoader(),
                new Class<?>[] {BlockKernels.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("description")) {
                        return description;
                    }
                    if (method.getDeclaringClass() == BlockKernels.class) {
                        before.accept(method.getName());
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
