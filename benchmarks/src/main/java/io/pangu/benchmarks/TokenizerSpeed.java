package io.pangu.benchmarks;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.sentencepiece.SpTokenizer;
import io.pangu.runtime.tokenizer.PromptEncoders;
import io.pangu.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToIntFunction;

/**
 * How many megabytes of text a core tokenizes in a second, ours beside the official library in one run: best of several
 * rounds by the thread's own time.
 *
 * <pre>
 * benchmarks/run TokenizerSpeed CHECKPOINT [TEXT_FILE]
 * </pre>
 *
 * <p>CHECKPOINT is a directory with a {@code tokenizer.model} or {@code tokenizer.json}; without TEXT_FILE a mixture of English,
 * Chinese, code, numbers and emoji is made, in which a tenth of the words are new.
 */
public final class TokenizerSpeed {
    private static final int ROUNDS = 7;
    private static final int TEXTS = 500;
    private static final int WORDS_PER_TEXT = 300;

    private TokenizerSpeed() {}

    public static void main(String[] args) throws IOException {
        if (args.length < 1) {
            throw new IllegalArgumentException("name a checkpoint's directory, and optionally a text file");
        }
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("RUST_FLAVOR", "cpu");
        Path checkpoint = Path.of(args[0]);
        List<String> texts = args.length > 1 ? paragraphs(Path.of(args[1])) : mixture();
        Tokenizer ours = PromptEncoders.load(checkpoint).tokenizer();
        Path pieces = checkpoint.resolve("tokenizer.model");
        print("ours", texts, text -> ours.encode(text).length);
        if (Files.exists(pieces)) {
            try (SpTokenizer library = new SpTokenizer(pieces)) {
                print("sentencepiece", texts, text -> library.getProcessor().encode(text).length);
            }
        } else {
            try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(
                    checkpoint.resolve("tokenizer.json"), Map.of("truncation", "false", "padding", "false"))) {
                print(
                        "tokenizers",
                        texts,
                        text -> library.encode(text, false, false).getIds().length);
            }
        }
    }

    private static List<String> paragraphs(Path file) throws IOException {
        return List.of(Files.readString(file).split("(?<=\n\n)"));
    }

    /** Words as often as in a language: the n-th most frequent one n times rarer than the first. */
    private static List<String> mixture() {
        Random random = new Random(1);
        String[] words = new String[20_000];
        for (int i = 0; i < words.length; i++) {
            words[i] = word(random);
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < TEXTS; i++) {
            StringBuilder text = new StringBuilder();
            for (int w = 0; w < WORDS_PER_TEXT; w++) {
                int rank = (int) Math.pow(words.length, random.nextDouble()) - 1;
                text.append(random.nextInt(10) == 0 ? word(random) : words[rank])
                        .append(random.nextInt(12) == 0 ? ".\n" : " ");
            }
            texts.add(text.toString());
        }
        return texts;
    }

    private static String word(Random random) {
        StringBuilder word = new StringBuilder();
        switch (random.nextInt(10)) {
            case 0 -> word.append(random.nextInt(100_000));
            case 1 -> word.append("x_").append(random.nextInt(100)).append("[i+1]();");
            case 2 -> word.appendCodePoint(0x1F600 + random.nextInt(60));
            case 3, 4 -> {
                for (int i = 1 + random.nextInt(6); i > 0; i--) {
                    word.append((char) (0x4E00 + random.nextInt(3_000)));
                }
            }
            default -> {
                for (int i = 1 + random.nextInt(4); i > 0; i--) {
                    word.append("bcdfglmnprst".charAt(random.nextInt(12))).append("aeiou".charAt(random.nextInt(5)));
                }
            }
        }
        return word.toString();
    }

    /** Time that this thread ran, whoever else uses the machine. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static void print(String name, List<String> texts, ToIntFunction<String> tokenizer) {
        long bytes = 0;
        for (String text : texts) {
            bytes += text.getBytes(StandardCharsets.UTF_8).length;
        }
        double best = 0;
        long tokens = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = cpuNanos();
            tokens = 0;
            for (String text : texts) {
                tokens += tokenizer.applyAsInt(text);
            }
            best = Math.max(best, bytes / 1e6 / ((cpuNanos() - start) / 1e9));
        }
        System.out.printf("%-14s %6.2f MB/s, %.2f bytes a token%n", name, best, (double) bytes / tokens);
    }
}
