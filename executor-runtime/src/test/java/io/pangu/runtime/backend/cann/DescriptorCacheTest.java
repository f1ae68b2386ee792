package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pangu.runtime.backend.cann.ffi.Acl;
import io.pangu.runtime.backend.cann.ffi.AclDataType;
import io.pangu.runtime.backend.cann.ffi.AclTensors;
import io.pangu.runtime.backend.cann.ffi.CannException;
import org.junit.jupiter.api.Test;

class DescriptorCacheTest extends NpuTest {
    private static AclTensors.View view(long... dims) {
        return AclTensors.View.dense(AclDataType.FLOAT16, dims);
    }

    @Test
    void oneViewAtOneAddressIsOneTensor() {
        long address = arena.allocate(4096).address();
        try (DescriptorCache cache = new DescriptorCache(cann.tensors(), 8)) {
            Acl.Tensor tensor = cache.tensor(view(2, 3), address);
            assertThat(cache.tensor(view(2, 3), address)).isEqualTo(tensor);
            assertThat(cache.tensor(view(3, 2), address)).isNotEqualTo(tensor);
            assertThat(cache.tensor(view(2, 3).transposed(), address)).isNotEqualTo(tensor);
            assertThat(cache.tensor(view(2, 3), address + 512)).isNotEqualTo(tensor);
            assertThat(cann.tensors().viewShapeOf(tensor)).containsExactly(2, 3);
            assertThat(cann.tensors().addressOf(tensor)).isEqualTo(address);
            assertThat(standIn.cann().get("live.tensors")).isEqualTo(4);
        }
        assertThat(standIn.cann().get("live.tensors")).isZero();
    }

    @Test
    void theOneThatHasNotBeenAskedForLongestGoesFirst() {
        long address = arena.allocate(4096).address();
        try (DescriptorCache cache = new DescriptorCache(cann.tensors(), 2)) {
            Acl.Tensor first = cache.tensor(view(1), address);
            cache.tensor(view(2), address);
            assertThat(cache.tensor(view(1), address)).isEqualTo(first);
            cache.tensor(view(3), address);
            assertThat(cache.size()).isEqualTo(2);
            assertThat(standIn.cann().get("live.tensors")).isEqualTo(2);
            assertThat(cache.tensor(view(1), address)).isEqualTo(first);
        }
    }

    @Test
    void aTensorThatIsRefusedIsNotKept() {
        long address = arena.allocate(4096).address();
        try (DescriptorCache cache = new DescriptorCache(cann.tensors(), 2)) {
            standIn.cann().fault("aclCreateTensor", 1, StandInCann.Fault.FAIL, 0, 0);
            assertThatThrownBy(() -> cache.tensor(view(1), address)).isInstanceOf(CannException.class);
            assertThat(cache.size()).isZero();
            cache.tensor(view(1), address);
        }
    }

    @Test
    void aCacheHasRoomForSomething() {
        assertThatThrownBy(() -> new DescriptorCache(cann.tensors(), 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
