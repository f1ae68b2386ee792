package io.pangu.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pangu.runtime.backend.DeviceBench;
import io.pangu.runtime.backend.ReferenceDevice;
import io.pangu.runtime.tensor.DType;
import io.pangu.runtime.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostReaderTest {
    private final DeviceBench bench = new DeviceBench(new ReferenceDevice());
    private final HostReader reader = new HostReader(bench.device(), 4);

    @AfterEach
    void close() {
        bench.close();
    }

    private float[] read(Tensor tensor) {
        float[] target = {-1, -1, -1, -1, -1};
        reader.floats(tensor, target, 1);
        return target;
    }

    @Test
    void readsEveryFloatTypeToWhereItIsWanted() {
        float[] expected = {-1, 1.5f, -2, 0.25f, -1};
        assertThat(read(bench.upload(DType.F32, MemorySegment.ofArray(new float[] {1.5f, -2, 0.25f}), 3)))
                .containsExactly(expected);
        assertThat(read(bench.upload(DType.F64, MemorySegment.ofArray(new double[] {1.5, -2, 0.25}), 3)))
                .containsExactly(expected);
        short[] bf16 = {0x3FC0, (short) 0xC000, 0x3E80};
        assertThat(read(bench.upload(DType.BF16, MemorySegment.ofArray(bf16), 3)))
                .containsExactly(expected);
        short[] halves = {0x3E00, (short) 0xC000, 0x3400};
        assertThat(read(bench.upload(DType.F16, MemorySegment.ofArray(halves), 3)))
                .containsExactly(expected);
    }

    @Test
    void readsIntegers() {
        int[] target = new int[3];
        reader.ints(bench.ints(new int[] {7, -8}, 2), target, 1);
        assertThat(target).containsExactly(0, 7, -8);
    }

    @Test
    void refusesIntegersAsFloats() {
        Tensor ints = bench.ints(new int[] {1}, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> read(ints)).withMessage("I32 is not a format of floats");
    }
}
