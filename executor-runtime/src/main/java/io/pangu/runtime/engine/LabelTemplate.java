package io.pangu.runtime.engine;

import io.pangu.runtime.engine.ClassifyRequest.Form;
import io.pangu.runtime.tokenizer.ChatMessage;
import java.util.ArrayList;
import java.util.List;

/**
 * How a text and its labels are put to the model. A label follows the prompt, or the begun answer, after a blank, unless
 * that ends in white space or, in a chat, nothing is begun.
 *
 * @param pieces what stands around the text, in order; the text goes between each two
 * @param begunAnswer in a chat, what the assistant has said already
 * @param form raw or chat
 */
record LabelTemplate(List<String> pieces, String begunAnswer, Form form) {
    static final String TEXT = "{text}";

    LabelTemplate {
        pieces = List.copyOf(pieces);
    }

    /** The template of a request, or the default one, which names the labels and asks for one of them. */
    static LabelTemplate of(ClassifyRequest request) {
        if (request.template().isPresent()) {
            ClassifyRequest.Template template = request.template().get();
            return new LabelTemplate(split(template.prompt()), template.begunAnswer(), request.form());
        }
        String labels = String.join(", ", request.labels());
        return switch (request.form()) {
            case RAW -> new LabelTemplate(List.of("Labels: " + labels + "\nText: ", "\nLabel:"), "", Form.RAW);
            case CHAT ->
                new LabelTemplate(
                        List.of("Which of these labels fits the text best: " + labels + "?\n\nText: ", ""),
                        "The label that fits the text best is",
                        Form.CHAT);
        };
    }

    Prompt prompt(String text) {
        String filled = String.join(text, pieces);
        return switch (form) {
            case RAW -> new Prompt.Raw(filled);
            case CHAT -> new Prompt.Chat(List.of(new ChatMessage("user", filled)), begunAnswer);
        };
    }

    List<String> continuations(List<String> labels) {
        String before = form == Form.RAW ? pieces.getLast() : begunAnswer;
        boolean begins = form == Form.CHAT && before.isEmpty();
        boolean followsSpace = !before.isEmpty() && Character.isWhitespace(before.charAt(before.length() - 1));
        String gap = begins || followsSpace ? "" : " ";
        return labels.stream().map(label -> gap + label).toList();
    }

    private static List<String> split(String template) {
        List<String> pieces = new ArrayList<>();
        int from = 0;
        for (int at = template.indexOf(TEXT); at >= 0; at = template.indexOf(TEXT, from)) {
            pieces.add(template.substring(from, at));
            from = at + TEXT.length();
        }
        pieces.add(template.substring(from));
        return pieces;
    }
}
