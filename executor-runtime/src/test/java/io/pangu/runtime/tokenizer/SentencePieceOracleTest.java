package io.pangu.runtime.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.sentencepiece.SpTokenizer;
import io.pangu.runtime.tokenizer.SentencePieceModel.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SentencePiece BPE against the library itself; its decoding through Java spoils emoji, so only ids are compared. */
class SentencePieceOracleTest {
    private static final long SEED = 20260315;

    @TempDir
    private Path directory;

    @BeforeAll
    static void stayOffline() {
        HuggingFaceOracleTest.stayOffline();
    }

    private static void compare(Path file, int count) throws IOException {
        SentencePieceBpe ours = new SentencePieceBpe(SentencePieceModelReader.read(file), List.of());
        try (SpTokenizer library = new SpTokenizer(file)) {
            for (String text : new HostileText(SEED).texts(count, 14)) {
                assertThat(ours.encode(text))
                        .as("%s with seed %s", text, SEED)
                        .isEqualTo(library.getProcessor().encode(text));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"moge-tiny/tokenizer.model", "tokenizer-sentencepiece-nfkc.model"})
    void encodesAsTheLibrary(String golden) throws IOException {
        compare(TokenizerVectors.golden(golden), 3_000);
    }

    /** Every combination of what a model may say about spaces and bytes. */
    @ParameterizedTest
    @CsvSource({
        "true,  true,  true,  false, true", "true,  true,  true,  false, false", "true,  false, true,  false, true",
        "false, true,  true,  false, true", "false, false, true,  false, false", "true,  true,  false, false, true",
        "true,  true,  true,  true,  true", "true,  false, true,  true,  false", "false, true,  false, true,  true",
    })
    void encodesAsTheLibraryWhateverItsRules(
            boolean dummyPrefix, boolean removesExtra, boolean escapes, boolean suffix, boolean byteFallback)
            throws IOException {
        ModelBytes model = new ModelBytes().trainer(2, suffix, byteFallback);
        model.piece("<unk>", 0, Kind.UNKNOWN).piece("<s>", 0, Kind.CONTROL).piece("</s>", 0, Kind.CONTROL);
        model.piece("[unused9]", 0, Kind.USER_DEFINED).piece("FOX", 0, Kind.USER_DEFINED);
        for (int b = 0; b < 256 && byteFallback; b++) {
            model.piece("<0x%02X>".formatted(b), 0, Kind.BYTE);
        }
        String space = escapes ? "\u2581" : " ";
        List<String> pieces = List.of(
                space + "t",
                "he",
                space + "the",
                "qu",
                "ick",
                "ic",
                "ab",
                "abab",
                "aa",
                "aaaa",
                space + space,
                "\u4f60\u597d",
                "er",
                "ov",
                space + "over",
                "x" + space,
                "e" + space,
                "\ud83d\ude00\ud83d\ude00",
                "23",
                "..",
                "...");
        for (int i = 0; i < pieces.size(); i++) {
            model.piece(pieces.get(i), -i, Kind.NORMAL);
        }
        for (String character : List.of(
                space, "t", "h", "e", "q", "u", "i", "c", "k", "a", "b", "o", "v", "r", "x", "2", "3", ".", "\u4f60",
                "\u597d")) {
            model.piece(character, -100, Kind.NORMAL);
        }
        Path file = directory.resolve("m.model");
        Files.write(file, model.normalizer(dummyPrefix, removesExtra, escapes).bytes());
        compare(file, 1_000);
    }
}
