package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;

import io.pangu.runtime.backend.cann.StandInCann.Layout;
import io.pangu.runtime.backend.cann.ffi.Acl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Arrays of lengths that all layers of a step share. */
class LengthArraysTest {
    @RegisterExtension
    final StandInExtension standIn = new StandInExtension();

    private LengthArrays arrays() {
        return new LengthArrays(standIn.cann().bindings(Layout.WHOLE).tensors());
    }

    @Test
    void areOneForEqualLengths() {
        try (LengthArrays arrays = arrays()) {
            Acl.IntArray first = arrays.of(new long[] {3, 5});
            assertThat(arrays.of(new long[] {3, 5})).isSameAs(first);
            assertThat(arrays.of(new long[] {3, 6})).isNotSameAs(first);
            assertThat(arrays.of(new long[] {3})).isNotSameAs(first);
            assertThat(standIn.cann().get("live.int_arrays")).isEqualTo(3);
        }
        assertThat(standIn.cann().get("live.int_arrays")).isZero();
    }

    @Test
    void areBoundedAndThoseInUseStay() {
        try (LengthArrays arrays = arrays()) {
            Acl.IntArray used = arrays.of(new long[] {0});
            for (int i = 1; i < 3 * LengthArrays.MAX_ARRAYS; i++) {
                arrays.of(new long[] {i});
                assertThat(arrays.of(new long[] {0})).isSameAs(used);
            }
            assertThat(standIn.cann().get("live.int_arrays")).isEqualTo(LengthArrays.MAX_ARRAYS);
        }
    }
}
