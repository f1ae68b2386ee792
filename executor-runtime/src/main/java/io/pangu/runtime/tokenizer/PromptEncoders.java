package io.pangu.runtime.tokenizer;

import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.tokenizer.AddedToken.Trait;
import io.pangu.runtime.tokenizer.CheckpointPromptEncoder.ChatBos;
import io.pangu.runtime.tokenizer.CheckpointPromptEncoder.Rules;
import io.pangu.runtime.tokenizer.PromptEncoder.ThinkingTokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads the tokenizer, the chat template and the BOS rule of a checkpoint directory. */
public final class PromptEncoders {
    private static final String SENTENCE_PIECE = "tokenizer.model";
    private static final String HUGGING_FACE = "tokenizer.json";

    /** Pangu's control words; whatever a vocabulary calls them, text never gives them. */
    private static final Pattern PANGU_CONTROL = Pattern.compile("\\[unused\\d+]");

    private static final ThinkWords PANGU_THINK =
            new ThinkWords(PanguChatTemplate.THINK_BEGIN, PanguChatTemplate.THINK_END);
    private static final ThinkWords COMMON_THINK = new ThinkWords("<think>", "</think>");

    private record ThinkWords(String begin, String end) {}

    private final Path directory;
    private final TokenizerConfig config;

    private PromptEncoders(Path directory) {
        this.directory = directory;
        this.config = TokenizerConfig.read(directory);
    }

    /**
     * The prompt encoder of a checkpoint. {@code tokenizer.model} goes before {@code tokenizer.json}; the latter is taken
     * when the former cannot be used.
     *
     * @throws EngineException {@code INVALID_CHECKPOINT} when the files are missing or damaged, {@code UNSUPPORTED_MODEL}
     *     when they need what this engine does not have; both name the file
     */
    public static PromptEncoder load(Path modelDirectory) {
        return new PromptEncoders(modelDirectory).load();
    }

    private PromptEncoder load() {
        Path pieces = directory.resolve(SENTENCE_PIECE);
        Path json = directory.resolve(HUGGING_FACE);
        if (!Files.exists(pieces) && !Files.exists(json)) {
            throw new EngineException(
                    ErrorCode.INVALID_CHECKPOINT,
                    directory + " has neither " + SENTENCE_PIECE + " nor " + HUGGING_FACE
                            + "; copy the tokenizer's files beside config.json",
                    Map.of("directory", directory.toString()),
                    null);
        }
        if (!Files.exists(pieces)) {
            return byteLevel(json);
        }
        try {
            return sentencePiece(pieces);
        } catch (EngineException e) {
            return Files.exists(json) ? insteadOf(e, json) : rethrow(e);
        }
    }

    private static PromptEncoder rethrow(EngineException e) {
        throw e;
    }

    private PromptEncoder insteadOf(EngineException first, Path json) {
        try {
            return byteLevel(json);
        } catch (EngineException second) {
            second.addSuppressed(first);
            throw new EngineException(
                    second.code(),
                    "neither tokenizer file can be used: " + first.getMessage() + "; and " + second.getMessage(),
                    Map.of("directory", directory.toString()),
                    second);
        }
    }

    private PromptEncoder sentencePiece(Path file) {
        SentencePieceModel model = SentencePieceModelReader.read(file);
        Map<String, Integer> ids = new TreeMap<>();
        Set<String> never = new TreeSet<>();
        for (int id = 0; id < model.pieces().size(); id++) {
            SentencePieceModel.Piece piece = model.pieces().get(id);
            ids.putIfAbsent(piece.text(), id);
            // Characters without a piece or bytes give the unknown piece, so text does produce it.
            if (piece.kind() == SentencePieceModel.Kind.UNKNOWN && !model.byteFallback()) {
                never.add(piece.text());
            }
        }
        BpeTokenizer tokenizer = new SentencePieceBpe(model, declared(List.of(), ids, never));
        return encoder(
                tokenizer, config.addsBos().orElse(true), config.namedTokens().getOrDefault("bos_token", "<s>"));
    }

    private PromptEncoder byteLevel(Path file) {
        TokenizerJson json = TokenizerJsonReader.read(file);
        BpeTokenizer tokenizer = new ByteLevelBpe(json, declared(json.addedTokens(), json.vocabulary(), Set.of()));
        String bos = json.bosToken()
                .or(() -> Optional.ofNullable(config.namedTokens().get("bos_token")))
                .orElse("");
        return encoder(tokenizer, config.addsBos().orElse(json.bosToken().isPresent()), bos);
    }

    /** The added tokens of all files; one that any of them calls special is. */
    private Collection<AddedToken> declared(List<AddedToken> own, Map<String, Integer> vocabulary, Set<String> never) {
        Map<Integer, AddedToken> tokens = new TreeMap<>();
        Stream.concat(own.stream(), config.addedTokens().stream())
                .forEach(token -> tokens.merge(
                        token.id(), token, (first, second) -> second.isSpecial() ? special(first) : first));
        Map<String, Integer> ids = new TreeMap<>(vocabulary);
        tokens.values().forEach(token -> ids.put(token.content(), token.id()));
        Set<String> specials = new TreeSet<>(config.namedTokens().values());
        specials.addAll(config.moreSpecialTokens());
        specials.addAll(thinkWords(tokens.values()));
        ids.keySet().stream()
                .filter(text -> PANGU_CONTROL.matcher(text).matches())
                .forEach(specials::add);
        specials.removeAll(never);
        for (String text : specials) {
            Integer id = ids.get(text);
            if (id != null) {
                tokens.put(id, special(tokens.getOrDefault(id, new AddedToken(text, id, Set.of()))));
            }
        }
        return tokens.values();
    }

    private static AddedToken special(AddedToken token) {
        Set<Trait> traits = new TreeSet<>(token.traits());
        traits.add(Trait.SPECIAL);
        return new AddedToken(token.content(), token.id(), traits);
    }

    /** The words around a reasoning part when they are added tokens; files often do not call them special. */
    private static List<String> thinkWords(Collection<AddedToken> tokens) {
        List<String> words = List.of(COMMON_THINK.begin, COMMON_THINK.end);
        List<String> contents = tokens.stream().map(AddedToken::content).toList();
        return contents.containsAll(words) ? words : List.of();
    }

    private PromptEncoder encoder(BpeTokenizer tokenizer, boolean addsBos, String bos) {
        boolean isPangu = special(tokenizer, PanguChatTemplate.TURN_BEGIN).isPresent()
                && special(tokenizer, PanguChatTemplate.TURN_END).isPresent();
        OptionalInt bosId = bos.isEmpty() ? OptionalInt.empty() : tokenizer.idOf(bos);
        boolean needsBos = isPangu || addsBos;
        if (needsBos && bosId.isEmpty()) {
            throw TokenizerErrors.invalid(
                    directory.resolve("tokenizer_config.json"),
                    "texts begin with a BOS token, but '" + bos + "' is not in the vocabulary");
        }
        Set<Integer> ends = new TreeSet<>();
        Stream.of(config.namedTokens().getOrDefault("eos_token", ""), PanguChatTemplate.TURN_END)
                .map(tokenizer::idOf)
                .forEach(id -> id.ifPresent(ends::add));
        Rules rules = new Rules(
                bosId,
                needsBos ? 1 : 0,
                isPangu ? ChatBos.ENSURED : ChatBos.TEMPLATE_ALONE,
                think(tokenizer, PANGU_THINK).or(() -> think(tokenizer, COMMON_THINK)),
                new ArrayList<>(ends));
        return new CheckpointPromptEncoder(tokenizer, template(isPangu), rules);
    }

    private ChatTemplate template(boolean isPangu) {
        if (config.template().isPresent()) {
            Map<String, Object> tokens = new TreeMap<>(config.namedTokens());
            tokens.put("additional_special_tokens", config.moreSpecialTokens());
            return new JinjaChatTemplate(config.template().get(), tokens, Clock.system(ZoneId.systemDefault()));
        }
        return isPangu ? new PanguChatTemplate() : new MissingChatTemplate(directory);
    }

    private static Optional<ThinkingTokens> think(BpeTokenizer tokenizer, ThinkWords words) {
        OptionalInt begin = special(tokenizer, words.begin);
        OptionalInt end = special(tokenizer, words.end);
        return begin.isPresent() && end.isPresent()
                ? Optional.of(new ThinkingTokens(begin.getAsInt(), end.getAsInt()))
                : Optional.empty();
    }

    private static OptionalInt special(BpeTokenizer tokenizer, String literal) {
        OptionalInt id = tokenizer.idOf(literal);
        return id.isPresent() && tokenizer.isSpecial(id.getAsInt()) ? id : OptionalInt.empty();
    }
}
