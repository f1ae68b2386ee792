package io.pangu.runtime.kvcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BlockPoolTest {
    @Test
    void givesEachBlockOnce() {
        BlockPool pool = new BlockPool(5);
        Set<Integer> given = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            given.add(pool.allocate());
        }
        assertThat(given).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
        assertThat(pool.numFree()).isZero();
        assertThatThrownBy(pool::allocate).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void isFreeOnlyWhenItsLastHolderLetsGo() {
        BlockPool pool = new BlockPool(2);
        int block = pool.allocate();
        pool.retain(block);
        pool.release(block);
        assertThat(pool.numFree()).isEqualTo(1);
        pool.release(block);
        assertThat(pool.numFree()).isEqualTo(2);
        assertThatThrownBy(() -> pool.release(block)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void findsFreeBlocksAgainUntilTheyAreNeeded() {
        BlockPool pool = new BlockPool(2);
        int known = pool.allocate();
        pool.publish(known, new BlockKey(1, 1));
        pool.release(known);
        assertThat(pool.find(new BlockKey(1, 1))).hasValue(known);

        pool.retain(known);
        assertThat(pool.numFree()).isEqualTo(1);
        pool.release(known);

        pool.allocate();
        assertThat(pool.find(new BlockKey(1, 1)))
                .as("an unknown block is taken before a known one")
                .hasValue(known);
        assertThat(pool.allocate()).isEqualTo(known);
        assertThat(pool.find(new BlockKey(1, 1))).isEmpty();
        assertThat(pool.numKnown()).isZero();
    }

    @Test
    void forgetsTheLeastRecentlyReleasedFirst() {
        BlockPool pool = new BlockPool(3);
        int[] blocks = {pool.allocate(), pool.allocate(), pool.allocate()};
        for (int i = 0; i < 3; i++) {
            pool.publish(blocks[i], new BlockKey(0, i + 1));
        }
        pool.release(blocks[1]);
        pool.release(blocks[0]);
        pool.release(blocks[2]);
        pool.retain(blocks[1]);
        pool.release(blocks[1]);
        assertThat(List.of(pool.allocate(), pool.allocate(), pool.allocate()))
                .containsExactly(blocks[0], blocks[2], blocks[1]);
    }

    @Test
    void keepsTheFirstOfTwoBlocksWithEqualContents() {
        BlockPool pool = new BlockPool(2);
        int one = pool.allocate();
        int two = pool.allocate();
        pool.publish(one, new BlockKey(7, 7));
        pool.publish(two, new BlockKey(7, 7));
        assertThat(pool.find(new BlockKey(7, 7))).hasValue(one);
        pool.release(two);
        assertThat(pool.allocate()).as("the second is an ordinary free block").isEqualTo(two);
        assertThat(pool.find(new BlockKey(7, 7))).hasValue(one);
    }

    @Test
    void refusesToHoldAFreeBlockOfUnknownContents() {
        BlockPool pool = new BlockPool(1);
        assertThatThrownBy(() -> pool.retain(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pool.publish(0, BlockKey.ROOT)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void agreesWithAPlainModelUnderRandomUse() {
        Random random = new Random(11);
        BlockPool pool = new BlockPool(17);
        Map<Integer, Integer> held = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    if (pool.numFree() > 0) {
                        assertThat(held.put(pool.allocate(), 1))
                                .as("given while held")
                                .isNull();
                    }
                }
                case 1 -> {
                    if (!held.isEmpty()) {
                        int block = anyOf(held, random);
                        pool.release(block);
                        held.computeIfPresent(block, (id, holders) -> holders == 1 ? null : holders - 1);
                    }
                }
                case 2 -> {
                    if (!held.isEmpty()) {
                        pool.publish(anyOf(held, random), new BlockKey(0, random.nextInt(25)));
                    }
                }
                default -> {
                    OptionalInt found = pool.find(new BlockKey(0, random.nextInt(25)));
                    if (found.isPresent()) {
                        pool.retain(found.getAsInt());
                        held.merge(found.getAsInt(), 1, Integer::sum);
                    }
                }
            }
            assertThat(pool.numFree()).isEqualTo(17 - held.size());
            assertThat(pool.numKnown()).isLessThanOrEqualTo(17);
        }
    }

    @Test
    void keysTellTokensAndWhatStandsBeforeThemApart() {
        BlockHasher hasher = new BlockHasher(4);
        int[] tokens = {1, 2, 3, 4, 1, 2, 3, 4};
        BlockKey first = hasher.key(BlockKey.ROOT, tokens, 0);
        BlockKey second = hasher.key(first, tokens, 4);
        assertThat(second).isNotEqualTo(first);
        assertThat(hasher.key(BlockKey.ROOT, tokens, 4)).isEqualTo(first);
        assertThat(new BlockHasher(4).key(BlockKey.ROOT, tokens.clone(), 0)).isEqualTo(first);
        assertThat(hasher.key(BlockKey.ROOT, new int[] {1, 2, 4, 3}, 0)).isNotEqualTo(first);
    }

    @Test
    void tableGrowsAndShrinksAtItsEnd() {
        BlockTable table = new BlockTable();
        for (int i = 0; i < 20; i++) {
            table.append(100 + i);
        }
        assertThat(table.size()).isEqualTo(20);
        assertThat(table.ids()).startsWith(100, 101, 102);
        assertThat(table.block(19)).isEqualTo(119);
        assertThat(table.removeLast()).isEqualTo(119);
        assertThatThrownBy(() -> table.block(19)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(new BlockTable()::removeLast).isInstanceOf(IllegalStateException.class);
    }

    private static int anyOf(Map<Integer, Integer> held, Random random) {
        return new ArrayList<>(held.keySet()).get(random.nextInt(held.size()));
    }
}
