package io.pangu.runtime.engine;

import io.pangu.runtime.engine.GenerateRequest.TooLong;
import io.pangu.runtime.tokenizer.ChatMessage;
import io.pangu.runtime.tokenizer.PromptEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Turns prompts into ids that fit into the context. A raw text that is too long loses tokens at its beginning, BOS kept. A
 * chat loses whole earlier turns first, oldest first, then text at the beginning of its last turn; its system turn, its
 * template and a begun answer stay whole. Immutable and thread-safe.
 */
final class PromptFitter {
    private final PromptEncoder encoder;
    private final int contextLength;
    private final int vocabSize;
    private final int startId;

    /**
     * A fitter for one model.
     *
     * @param contextLength longest prompt plus completion, in tokens
     * @param vocabSize number of the model's tokens
     * @param startId what an empty text is given to start from where the checkpoint adds no BOS
     */
    PromptFitter(PromptEncoder encoder, int contextLength, int vocabSize, int startId) {
        this.encoder = encoder;
        this.contextLength = contextLength;
        this.vocabSize = vocabSize;
        this.startId = startId;
    }

    /**
     * Ids of a prompt that leaves room for one token at least. One that must be cut is cut so far that all tokens asked for
     * have room, though never below half the context.
     */
    int[] fitForGeneration(Prompt prompt, int maxTokens, TooLong tooLong) {
        int[] ids = encode(prompt);
        if (ids.length < contextLength) {
            return ids;
        }
        if (tooLong == TooLong.ERROR || contextLength == 1) {
            throw EngineErrors.promptTooLong(ids.length, 1, contextLength);
        }
        int limit = contextLength - Math.min(maxTokens, contextLength / 2);
        return switch (prompt) {
            case Prompt.Raw raw -> withoutBeginning(ids, limit);
            case Prompt.Chat chat -> withoutBeginning(chat, limit);
        };
    }

    /** Ids of a prompt that leaves room for so many tokens. */
    int[] fitForScoring(Prompt prompt, int longestContinuation) {
        int[] ids = encode(prompt);
        if (ids.length + longestContinuation > contextLength) {
            throw EngineErrors.promptTooLong(ids.length, longestContinuation, contextLength);
        }
        return ids;
    }

    /** Ids of a text that is to be embedded. */
    int[] fitForEmbedding(String text, TooLong tooLong) {
        int[] ids = encode(new Prompt.Raw(text));
        if (ids.length <= contextLength) {
            return ids;
        }
        if (tooLong == TooLong.ERROR) {
            throw EngineErrors.promptTooLong(ids.length, 0, contextLength);
        }
        return withoutBeginning(ids, contextLength);
    }

    private int[] encode(Prompt prompt) {
        int[] ids = switch (prompt) {
            case Prompt.Raw raw -> encoder.encodeRaw(raw.text());
            case Prompt.Chat chat -> encoder.encodeChat(chat.messages(), chat.begunAnswer());
        };
        return ids.length == 0 ? new int[] {startId} : known(ids);
    }

    /** Ids of a text that continues a prompt; possibly none. */
    int[] encodeContinuation(String text) {
        return known(encoder.tokenizer().encode(text));
    }

    /** The same ids, all of them the model's: a foreign one would spoil the step of every request beside it. */
    private int[] known(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= vocabSize) {
                throw EngineErrors.foreignToken(id, vocabSize);
            }
        }
        return ids;
    }

    private int[] withoutBeginning(int[] ids, int limit) {
        int numBos = encoder.rawBosCount();
        int[] fitted = new int[limit];
        System.arraycopy(ids, 0, fitted, 0, numBos);
        System.arraycopy(ids, ids.length - (limit - numBos), fitted, numBos, limit - numBos);
        return fitted;
    }

    private int[] withoutBeginning(Prompt.Chat chat, int limit) {
        List<ChatMessage> messages = new ArrayList<>(chat.messages());
        int firstTurn = messages.getFirst().role().equals("system") && messages.size() > 1 ? 1 : 0;
        int[] ids = encode(chat);
        while (ids.length > limit && messages.size() > firstTurn + 1) {
            messages.remove(firstTurn);
            // Templates that insist on turns taking turns want a user's first.
            while (messages.size() > firstTurn + 1
                    && !messages.get(firstTurn).role().equals("user")) {
                messages.remove(firstTurn);
            }
            ids = encoder.encodeChat(messages, chat.begunAnswer());
        }
        ChatMessage last = messages.getLast();
        int[] content = encoder.tokenizer().encode(last.content());
        int dropped = 0;
        while (ids.length > limit && dropped < content.length) {
            // The rest may be encoded to a few tokens more than it had as a part, hence a loop.
            dropped = Math.min(content.length, dropped + ids.length - limit);
            String rest = encoder.tokenizer().decode(Arrays.copyOfRange(content, dropped, content.length));
            messages.set(messages.size() - 1, new ChatMessage(last.role(), withoutHalfCharacter(rest)));
            ids = encoder.encodeChat(messages, chat.begunAnswer());
        }
        if (ids.length > limit) {
            throw EngineErrors.cannotTruncate(contextLength);
        }
        return ids;
    }

    /** Without what a cut through the bytes of a character left at the beginning: at most three bytes of it. */
    private static String withoutHalfCharacter(String text) {
        int from = 0;
        while (from < 3 && from < text.length() && text.charAt(from) == '\uFFFD') {
            from++;
        }
        return text.substring(from);
    }
}
