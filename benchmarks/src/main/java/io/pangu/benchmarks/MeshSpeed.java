package io.pangu.benchmarks;

import io.pangu.runtime.backend.DeviceOptions;
import io.pangu.runtime.backend.Devices;
import io.pangu.runtime.parallel.DeviceMesh;
import io.pangu.runtime.parallel.MeshLimits;
import io.pangu.runtime.parallel.Rank;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Shape;
import io.pangu.runtime.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * What it costs to hand work over to the threads that drive devices and to sum over devices, on virtual devices of one thread
 * each: a task that does nothing, one after the other and after a millisecond in which the threads went to sleep, and sums of
 * one row and of 64 rows of the 72B model's width. Medians in microseconds.
 *
 * <pre>
 * benchmarks/run MeshSpeed
 * </pre>
 */
public final class MeshSpeed {
    private static final int ROUNDS = 15;
    private static final int TASKS = 10_000;
    private static final int SLEEPS = 300;
    private static final int SUMS = 200;
    private static final int HIDDEN_SIZE = 5120;

    private MeshSpeed() {}

    public static void main(String[] args) {
        for (int devices : new int[] {1, 2, 4, 8}) {
            DeviceOptions options = new DeviceOptions(List.of(), devices, devices, "auto");
            try (DeviceMesh mesh = DeviceMesh.open(Devices.choose("cpu", options), MeshLimits.DEFAULT)) {
                System.out.printf(
                        Locale.ROOT,
                        "%d devices: an empty task %.1f us, after a sleep %.1f us",
                        devices,
                        emptyTask(mesh),
                        afterSleep(mesh));
                if (devices > 1) {
                    System.out.printf(
                            Locale.ROOT, "; a sum of 1 row %.0f us, of 64 rows %.0f us", sum(mesh, 1), sum(mesh, 64));
                }
                System.out.println();
            }
        }
    }

    private static double emptyTask(DeviceMesh mesh) {
        double[] micros = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < TASKS; i++) {
                mesh.run("nothing", rank -> {});
            }
            micros[round] = (System.nanoTime() - start) * 1e-3 / TASKS;
        }
        return ReadLoop.median(micros);
    }

    private static double afterSleep(DeviceMesh mesh) {
        double[] micros = new double[SLEEPS];
        for (int i = 0; i < SLEEPS; i++) {
            LockSupport.parkNanos(1_000_000);
            long start = System.nanoTime();
            mesh.run("nothing", rank -> {});
            micros[i] = (System.nanoTime() - start) * 1e-3;
        }
        return ReadLoop.median(micros);
    }

    private static double sum(DeviceMesh mesh, int rows) {
        List<Tensor> tensors = mesh.collect("an allocation", rank -> tensor(rank, rows));
        double[] micros = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            mesh.run("sums", rank -> {
                for (int i = 0; i < SUMS; i++) {
                    rank.device().communicator().allReduce(tensors.get(rank.index()));
                }
            });
            micros[round] = (System.nanoTime() - start) * 1e-3 / SUMS;
        }
        return ReadLoop.median(micros);
    }

    private static Tensor tensor(Rank rank, int rows) {
        Tensor tensor = rank.device().allocate(DType.F32, Shape.of(rows, HIDDEN_SIZE));
        rank.own(tensor.buffer());
        return tensor;
    }
}
