package io.pangu.benchmarks;

import java.util.concurrent.atomic.DoubleAdder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The yardstick of what the processors multiply: some threads multiply and add fp32 in registers and touch no memory. On a
 * machine whose cores are shared with others it moves from minute to minute, and large products move with it.
 */
final class MultiplyAddLoop {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 10;
    private static final long ROUNDS = 20_000_000;
    private static final int WARM_UPS = 6;

    private final int threads;
    private final DoubleAdder sink = new DoubleAdder();

    /** Runs the loop until it is compiled. */
    MultiplyAddLoop(int threads) throws InterruptedException {
        this.threads = threads;
        for (int i = 0; i < WARM_UPS; i++) {
            multiply();
        }
    }

    /** Multiply-adds of fp32 a second of all threads. */
    double multiply() throws InterruptedException {
        double seconds = ReadLoop.timed(threads, thread -> sink.add(chains()));
        return (double) threads * ROUNDS * CHAINS * SPECIES.length() / seconds;
    }

    /** As many chains as keep two pipes of four or five cycles busy, each in a variable of its own: in a register. */
    private static float chains() {
        FloatVector x = FloatVector.broadcast(SPECIES, 0.9999f);
        FloatVector y = FloatVector.broadcast(SPECIES, 1e-3f);
        FloatVector a = y;
        FloatVector b = y;
        FloatVector c = y;
        FloatVector d = y;
        FloatVector e = y;
        FloatVector f = y;
        FloatVector g = y;
        FloatVector h = y;
        FloatVector i = y;
        FloatVector j = y;
        for (long round = 0; round < ROUNDS; round++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
            i = i.fma(x, y);
            j = j.fma(x, y);
        }
        FloatVector left = a.add(b).add(c.add(d)).add(e);
        FloatVector right = f.add(g).add(h.add(i)).add(j);
        return left.add(right).reduceLanes(VectorOperators.ADD);
    }
}
