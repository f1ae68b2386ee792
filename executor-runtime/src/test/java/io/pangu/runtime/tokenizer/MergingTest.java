package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The parts of byte pair encoding, each against the plainest way to do the same. */
class MergingTest {
    private record Pair(int left, int right) {}

    private record Merge(int rank, int merged) {}

    @Nested
    class Tables {
        @Test
        void findWhatWasPutAndNothingElse() {
            Random random = new Random(1);
            MergeTable table = new MergeTable(4);
            Map<Pair, Merge> expected = new HashMap<>();
            for (int i = 0; i < 5_000; i++) {
                Pair pair = new Pair(random.nextInt(200), random.nextInt(200));
                expected.putIfAbsent(pair, new Merge(i, i * 7));
                table.put(pair.left, pair.right, i, i * 7);
            }
            for (int left = 0; left < 200; left++) {
                for (int right = 0; right < 200; right++) {
                    Merge merge = expected.get(new Pair(left, right));
                    long found = table.find(left, right);
                    if (merge == null) {
                        assertThat(found).isEqualTo(MergeTable.NONE);
                    } else {
                        assertThat(MergeTable.rank(found)).isEqualTo(merge.rank);
                        assertThat(MergeTable.merged(found)).isEqualTo(merge.merged);
                    }
                }
            }
        }

        @Test
        void knowThePairOfZeros() {
            MergeTable table = new MergeTable(0);
            assertThat(table.find(0, 0)).isEqualTo(MergeTable.NONE);
            table.put(0, 0, 3, 5);
            assertThat(MergeTable.rank(table.find(0, 0))).isEqualTo(3);
        }
    }

    @Nested
    class Mergers {
        /** Merges the first of the lowest-ranked neighbours until there are none: the definition. */
        private static List<Integer> byDefinition(List<Integer> word, Map<Pair, Merge> merges) {
            List<Integer> symbols = new ArrayList<>(word);
            while (true) {
                int best = -1;
                int bestRank = Integer.MAX_VALUE;
                for (int i = 0; i + 1 < symbols.size(); i++) {
                    Merge merge = merges.get(new Pair(symbols.get(i), symbols.get(i + 1)));
                    if (merge != null && merge.rank < bestRank) {
                        best = i;
                        bestRank = merge.rank;
                    }
                }
                if (best < 0) {
                    return symbols;
                }
                Merge merge = Objects.requireNonNull(merges.get(new Pair(symbols.get(best), symbols.get(best + 1))));
                symbols.set(best, merge.merged);
                symbols.remove(/* index */ best + 1);
            }
        }

        @Test
        void mergeAsTheDefinitionSays() {
            long seed = 3;
            Random random = new Random(seed);
            for (int round = 0; round < 300; round++) {
                MergeTable table = new MergeTable(32);
                Map<Pair, Merge> merges = new HashMap<>();
                int symbols = 4;
                int numMerges = random.nextInt(40);
                for (int i = 0; i < numMerges; i++) {
                    Pair pair = new Pair(random.nextInt(symbols), random.nextInt(symbols));
                    // Equal ranks, as equal scores in SentencePiece have, go from left to right.
                    Merge merge = new Merge(random.nextInt(12), symbols++);
                    if (merges.putIfAbsent(pair, merge) == null) {
                        table.put(pair.left, pair.right, merge.rank, merge.merged);
                    }
                }
                PairMerger merger = new PairMerger(table);
                for (int word = 0; word < 20; word++) {
                    IntList in = new IntList(4);
                    List<Integer> list = new ArrayList<>();
                    for (int i = random.nextInt(word < 18 ? 30 : 400); i > 0; i--) {
                        int symbol = random.nextInt(4);
                        in.add(symbol);
                        list.add(symbol);
                    }
                    IntList out = new IntList(4);
                    merger.merge(in, out);
                    assertThat(out.toArray())
                            .as("seed %s, round %s", seed, round)
                            .isEqualTo(byDefinition(list, merges).stream()
                                    .mapToInt(id -> id)
                                    .toArray());
                }
            }
        }
    }

    @Nested
    class Caches {
        @Test
        void giveBackWhatWasPutLast() {
            WordCache cache = new WordCache();
            assertThat(cache.find("some word", 0, 4)).isNull();
            cache.put("some word", 0, 4, new int[] {1, 2});
            assertThat(cache.find("some", 0, 4)).containsExactly(1, 2);
            assertThat(cache.find("awesome!", 3, 7)).containsExactly(1, 2);
            assertThat(cache.find("some", 0, 3)).isNull();
            cache.put("some", 0, 4, new int[] {3});
            assertThat(cache.find("some", 0, 4)).containsExactly(3);
        }

        @Test
        void neverGiveTheIdsOfAnotherWordAndForgetWhenFull() {
            WordCache cache = new WordCache();
            int count = 200_000;
            for (int i = 0; i < count; i++) {
                String word = "w" + i;
                cache.put(word, 0, word.length(), new int[] {i});
            }
            int held = 0;
            for (int i = 0; i < count; i++) {
                String word = "w" + i;
                int[] ids = cache.find(word, 0, word.length());
                if (ids != null) {
                    held++;
                    assertThat(ids).containsExactly(i);
                }
            }
            assertThat(held).isBetween(1_000, 1 << 15);
        }

        @Test
        void areNotAskedForLongWords() {
            SentencePieceBpe tokenizer = TokenizerVectors.sentencePiece("moge-tiny/tokenizer.model");
            for (int length : new int[] {WordCache.MAX_WORD - 1, WordCache.MAX_WORD, WordCache.MAX_WORD + 1, 500}) {
                String text = "it".repeat(length);
                assertThat(tokenizer.encode(text)).isEqualTo(tokenizer.encode(text));
                assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
            }
        }
    }

    @Nested
    class Literals {
        @Test
        void theLongestIsFound() {
            LiteralTrie trie = new LiteralTrie(Map.of("a", 0, "ab", 1, "abcd", 2, "x😀", 3));
            assertThat(trie.longestAt("abc", 0)).isEqualTo(new LiteralTrie.Match(2, 1));
            assertThat(trie.longestAt("abcd", 0)).isEqualTo(new LiteralTrie.Match(4, 2));
            assertThat(trie.longestAt("zabcd", 1)).isEqualTo(new LiteralTrie.Match(4, 2));
            assertThat(trie.longestAt("x😀", 0)).isEqualTo(new LiteralTrie.Match(3, 3));
            assertThat(trie.longestAt("b", 0)).isNull();
            assertThat(trie.longestAt("x", 0)).isNull();
        }

        @Test
        void aLimitIsNotCrossed() {
            LiteralTrie trie = new LiteralTrie(Map.of("a", 0, "abcd", 2));
            assertThat(trie.longestAt("abcd", 0, 4)).isEqualTo(new LiteralTrie.Match(4, 2));
            assertThat(trie.longestAt("abcd", 0, 3)).isEqualTo(new LiteralTrie.Match(1, 0));
            assertThat(trie.longestAt("abcd", 0, 0)).isNull();
        }

        @Test
        void anEmptySetFindsNothing() {
            assertThat(new LiteralTrie(Map.of()).isEmpty()).isTrue();
            assertThat(new LiteralTrie(Map.of()).longestAt("a", 0)).isNull();
        }
    }
}
