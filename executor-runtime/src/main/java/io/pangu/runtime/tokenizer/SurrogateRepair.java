package io.pangu.runtime.tokenizer;

/** Texts as Unicode wants them: a surrogate without its partner becomes U+FFFD, because it has no UTF-8. */
final class SurrogateRepair {
    private SurrogateRepair() {}

    static String repair(String text) {
        int bad = firstLone(text);
        if (bad < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text);
        for (int i = bad; i < out.length(); i++) {
            if (isLone(out, i)) {
                out.setCharAt(i, '\uFFFD');
            }
        }
        return out.toString();
    }

    private static int firstLone(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i)) && isLone(text, i)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isLone(CharSequence text, int at) {
        char c = text.charAt(at);
        if (Character.isHighSurrogate(c)) {
            return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
        }
        return Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }
}
