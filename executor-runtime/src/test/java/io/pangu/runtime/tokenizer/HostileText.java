package io.pangu.runtime.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random texts of what breaks tokenizers: scripts, spaces, marks, emoji, contractions, pieces of special tokens. */
final class HostileText {
    private static final List<String> PARTS = List.of(
            "the",
            "quick",
            "Brown",
            "FOX",
            " jumps",
            "  over",
            "\n",
            "\n\n",
            "\t",
            "\r\n",
            " ",
            "   ",
            "\u00a0",
            "\u3000",
            "\u2003",
            "\u2028",
            "\u0085",
            "\u200b",
            "\u200d",
            "\ufeff",
            "'s",
            "'RE",
            "'ll",
            "\u2019t",
            "don't",
            "1",
            "23",
            "456",
            "7890",
            "3.14",
            "\u00bd",
            "\u0663\u0664",
            "\u2167",
            "\uff11",
            ".",
            ",",
            "!?",
            "...",
            "_",
            "__x__",
            "#$%&*()",
            "{}[]",
            "<",
            ">",
            "<|",
            "|>",
            "</",
            "s>",
            "<s>",
            "</s>",
            "<unk>",
            "<0x41>",
            "<|im_start|>",
            "<|im_end|>",
            "<|endoftext|>",
            "[unused9]",
            "[unused",
            "9]",
            "\u4f60\u597d",
            "\u4e16\u754c",
            "\u7cfb\u7edf",
            "\uff1a",
            "\u3002",
            "\u3053\u3093",
            "\uff76\uff9e",
            "\ud55c\uad6d",
            "\u1112\u1161\u11ab",
            "\u0645\u0631\u062d",
            "\u05e9\u05dc",
            "\u041f\u0440\u0438",
            "\u03a9\u03c3\u03c2",
            "e\u0301",
            "\u00e9",
            "\u00df",
            "\u0130",
            "\u0131",
            "\ufb01",
            "\u01c6",
            "\u0e01\u0e33",
            "\u0915\u094d\u0937",
            "\ud83d\ude00",
            "\ud83d\udc68\u200d\ud83d\udc69",
            "\ud83c\uddeb\ud83c\uddf7",
            "\ud83d\udc4d\ud83c\udffd",
            "\ud835\udd38",
            "\ud840\udc00",
            "\u2581",
            "\u2581x",
            "\u0120",
            "\u0001",
            "\u007f",
            "\u001f",
            "\ufffd",
            "\uffff",
            "\ufdd0",
            "aaaaaaaa",
            "abababab",
            "xX",
            "http://a.b/c?d=e",
            "a@b.c",
            "\\n",
            "\"q\"");

    private final Random random;

    HostileText(long seed) {
        random = new Random(seed);
    }

    /** A text of up to so many parts, without lone surrogates and NUL. */
    String next(int maxParts) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(maxParts); i >= 0; i--) {
            switch (random.nextInt(12)) {
                case 0 -> text.appendCodePoint(codePoint());
                case 1 -> text.append((char) (' ' + random.nextInt(95)));
                case 2 -> text.append(PARTS.get(random.nextInt(PARTS.size())).repeat(1 + random.nextInt(6)));
                default -> text.append(PARTS.get(random.nextInt(PARTS.size())));
            }
        }
        return text.toString();
    }

    List<String> texts(int count, int maxParts) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(next(maxParts));
        }
        return texts;
    }

    /** Any characters, lone surrogates and NUL among them. */
    String anything(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            if (random.nextInt(4) == 0) {
                text.append((char) random.nextInt(1 << 16));
            } else {
                text.append(PARTS.get(random.nextInt(PARTS.size())));
            }
        }
        return text.toString();
    }

    private int codePoint() {
        int code = 1 + random.nextInt(random.nextInt(3) == 0 ? Character.MAX_CODE_POINT : 0xFFFF);
        return (code >= 0xD800 && code <= 0xDFFF) || !Character.isDefined(code) ? 'x' : code;
    }
}
