package io.pangu.spark.engine;

import io.pangu.runtime.engine.ClassifyRequest;
import io.pangu.runtime.engine.EmbedRequest;
import io.pangu.runtime.engine.GenerateRequest;
import io.pangu.runtime.engine.Prompt;
import io.pangu.runtime.error.EngineException;
import io.pangu.runtime.error.ErrorCode;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.tokenizer.ChatMessage;
import io.pangu.spark.request.ChatTurn;
import io.pangu.spark.request.ClassifyOptions;
import io.pangu.spark.request.EmbedOptions;
import io.pangu.spark.request.EngineRequest;
import io.pangu.spark.request.GenerationOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The connector's calls as the runtime takes them. */
final class RequestTranslation {
    private RequestTranslation() {}

    /** A call for a completion, drawn with this seed. */
    static GenerateRequest generate(EngineRequest.Generate request, long seed) {
        GenerationOptions options = request.options();
        return new GenerateRequest(
                prompt(request),
                new SamplingParams(
                        options.temperature(),
                        options.topK(),
                        options.topP(),
                        options.minP(),
                        options.repetitionPenalty(),
                        options.presencePenalty(),
                        options.frequencyPenalty(),
                        options.logitBias(),
                        seed),
                options.maxTokens(),
                options.stop(),
                options.logprobs() > 0 ? GenerateRequest.LogProbs.CHOSEN : GenerateRequest.LogProbs.NONE,
                options.returnsThinking() ? GenerateRequest.Thinking.RETURN : GenerateRequest.Thinking.CUT,
                options.truncatesPrompt() ? GenerateRequest.TooLong.TRUNCATE : GenerateRequest.TooLong.ERROR,
                timeout(options.timeoutMillis()));
    }

    /** A call for a label. */
    static ClassifyRequest classify(EngineRequest.Classify request) {
        ClassifyOptions options = request.options();
        return new ClassifyRequest(
                request.text(),
                request.labels(),
                options.template().map(text -> new ClassifyRequest.Template(text, options.begunAnswer())),
                options.raw() ? ClassifyRequest.Form.RAW : ClassifyRequest.Form.CHAT,
                options.calibrates() ? ClassifyRequest.Calibration.EMPTY_TEXTS : ClassifyRequest.Calibration.OFF,
                timeout(options.timeoutMillis()));
    }

    /** A call for a vector. */
    static EmbedRequest embed(EngineRequest.Embed request) {
        EmbedOptions options = request.options();
        return new EmbedRequest(
                request.text(),
                options.lastToken() ? EmbedRequest.Pooling.LAST : EmbedRequest.Pooling.MEAN,
                options.normalizes() ? EmbedRequest.Normalization.L2 : EmbedRequest.Normalization.NONE,
                options.truncatesPrompt() ? GenerateRequest.TooLong.TRUNCATE : GenerateRequest.TooLong.ERROR,
                timeout(options.timeoutMillis()));
    }

    private static Prompt prompt(EngineRequest.Generate request) {
        List<ChatTurn> turns = request.turns();
        Optional<String> systemPrompt = request.options().systemPrompt();
        if (request.options().raw()) {
            if (turns.size() != 1) {
                throw new EngineException(
                        ErrorCode.INVALID_PROMPT,
                        "a chat of " + turns.size()
                                + " turns cannot be completed raw; leave 'raw' out or give one text");
            }
            if (systemPrompt.isPresent()) {
                throw new EngineException(
                        ErrorCode.INVALID_OPTION,
                        "option 'system_prompt' has no place in a raw text; put it into the text or leave 'raw' out");
            }
            return new Prompt.Raw(turns.get(0).content());
        }
        List<ChatMessage> messages = new ArrayList<>(turns.size() + 1);
        // A chat that brings its own system turn keeps it: it is the row's, the option is the query's.
        boolean bringsSystem = !turns.isEmpty() && turns.get(0).role().equals("system");
        if (!bringsSystem) {
            systemPrompt.ifPresent(text -> messages.add(new ChatMessage("system", text)));
        }
        turns.forEach(turn -> messages.add(new ChatMessage(turn.role(), turn.content())));
        return new Prompt.Chat(messages, "");
    }

    private static Optional<Duration> timeout(OptionalLong millis) {
        return millis.isPresent() ? Optional.of(Duration.ofMillis(millis.getAsLong())) : Optional.empty();
    }
}
