package io.pangu.runtime.backend.cann;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FreeSpansTest {
    @Test
    void theSmallestSpanThatFitsIsTaken() {
        FreeSpans spans = new FreeSpans(0, 100);
        long small = spans.take(10);
        long between = spans.take(5);
        long large = spans.take(20);
        spans.take(65);
        spans.giveBack(large, 20);
        spans.giveBack(small, 10);
        assertThat(spans.take(8)).isEqualTo(small);
        assertThat(between).isEqualTo(10);
        assertThat(spans.largest()).isEqualTo(20);
    }

    @Test
    void neighboursJoinOnBothSides() {
        FreeSpans spans = new FreeSpans(1000, 30);
        long first = spans.take(10);
        long second = spans.take(10);
        long third = spans.take(10);
        assertThat(spans.take(1)).isEqualTo(-1);
        spans.giveBack(first, 10);
        spans.giveBack(third, 10);
        assertThat(spans.largest()).isEqualTo(10);
        assertThat(spans.isWhole()).isFalse();
        spans.giveBack(second, 10);
        assertThat(spans.isWhole()).isTrue();
        assertThat(spans.take(30)).isEqualTo(1000);
    }

    @Test
    void containsItsAddressesAndNoOthers() {
        FreeSpans spans = new FreeSpans(1000, 30);
        assertThat(spans.contains(999)).isFalse();
        assertThat(spans.contains(1000)).isTrue();
        assertThat(spans.contains(1029)).isTrue();
        assertThat(spans.contains(1030)).isFalse();
    }

    @Test
    void noByteIsHandedOutTwiceAndNoneIsLost() {
        Random random = new Random(7);
        int size = 4096;
        FreeSpans spans = new FreeSpans(0, size);
        boolean[] isTaken = new boolean[size];
        List<long[]> taken = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            if (random.nextBoolean()) {
                int bytes = 1 + random.nextInt(200);
                long address = spans.take(bytes);
                if (address < 0) {
                    assertThat(spans.largest()).isLessThan(bytes);
                    continue;
                }
                for (int i = 0; i < bytes; i++) {
                    assertThat(isTaken[(int) address + i]).isFalse();
                    isTaken[(int) address + i] = true;
                }
                taken.add(new long[] {address, bytes});
            } else if (!taken.isEmpty()) {
                long[] span = taken.remove(random.nextInt(taken.size()));
                for (int i = 0; i < span[1]; i++) {
                    isTaken[(int) span[0] + i] = false;
                }
                spans.giveBack(span[0], span[1]);
            }
        }
        taken.forEach(span -> spans.giveBack(span[0], span[1]));
        assertThat(spans.isWhole()).isTrue();
    }
}
