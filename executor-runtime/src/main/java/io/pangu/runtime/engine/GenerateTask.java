package io.pangu.runtime.engine;

import io.pangu.runtime.engine.Completion.FinishReason;
import io.pangu.runtime.engine.Completion.TokenLogprob;
import io.pangu.runtime.engine.GenerateRequest.LogProbs;
import io.pangu.runtime.engine.GenerateRequest.Thinking;
import io.pangu.runtime.model.ForwardBatch;
import io.pangu.runtime.sampling.Sampler;
import io.pangu.runtime.sampling.SamplingParams;
import io.pangu.runtime.sampling.TokenHistory;
import io.pangu.runtime.scheduler.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Generates a completion token by token. */
final class GenerateTask extends Task<Completion> {
    private final SamplingParams sampling;
    private final int maxTokens;
    private final LogProbs logprobs;
    private final Thinking thinking;
    private final CompletionReader reader;
    private final StopScanner scanner;
    private final TokenHistory history;
    private final Set<Integer> endIds;
    private final List<Integer> generated = new ArrayList<>();
    private final List<Float> tokenLogprobs = new ArrayList<>();
    private FinishReason finishReason = FinishReason.LENGTH;
    private int chosen = -1;

    private record Identity(
            TokenIds prompt,
            SamplingParams sampling,
            int maxTokens,
            List<String> stop,
            LogProbs logprobs,
            Thinking thinking) {}

    /**
     * A completion that has not begun.
     *
     * @param prompt the prompt's ids
     * @param maxTokens most tokens to generate, those that fit into the context
     * @param reader reads the text of this completion
     * @param endIds tokens that end it
     */
    GenerateTask(int[] prompt, GenerateRequest request, int maxTokens, CompletionReader reader, Set<Integer> endIds) {
        // The last token is never computed: nothing comes after it.
        super(
                new Sequence(prompt, prompt.length + maxTokens - 1, prompt.length - 1),
                new Identity(
                        new TokenIds(prompt),
                        request.sampling(),
                        maxTokens,
                        request.stop(),
                        request.logprobs(),
                        request.thinking()));
        this.sampling = request.sampling();
        this.maxTokens = maxTokens;
        this.logprobs = request.logprobs();
        this.thinking = request.thinking();
        this.reader = reader;
        this.scanner = reader.scanner();
        this.history = Sampler.hasPenalties(sampling) ? TokenHistory.ofPrompt(prompt) : TokenHistory.unused();
        this.endIds = endIds;
    }

    @Override
    ForwardBatch.Output outputKind() {
        return ForwardBatch.Output.LOGITS;
    }

    @Override
    void read(StepOutputs outputs, int firstRow, int firstToken, int count) {
        chosen = Sampler.isPlainArgmax(sampling)
                ? outputs.argmax(firstRow)
                : outputs.sample(firstRow, sampling, history, generated.size());
        if (logprobs == LogProbs.CHOSEN) {
            outputs.askLogprob(firstRow, chosen, tokenLogprobs::add);
        }
    }

    @Override
    boolean advance() {
        generated.add(chosen);
        if (endIds.contains(chosen)) {
            finishReason = FinishReason.STOP;
            return true;
        }
        if (scanner.stopsAfter(chosen)) {
            finishReason = FinishReason.STOP;
            return true;
        }
        if (generated.size() == maxTokens) {
            return true;
        }
        if (Sampler.hasPenalties(sampling)) {
            history.append(chosen);
        }
        sequence().append(chosen);
        return false;
    }

    /** Tokens generated so far. */
    int numGenerated() {
        return generated.size();
    }

    @Override
    Completion result() {
        boolean endedByToken = endIds.contains(generated.getLast());
        CompletionReader.Parts parts =
                reader.read(endedByToken ? generated.subList(0, generated.size() - 1) : generated);
        List<TokenLogprob> tokens = new ArrayList<>(tokenLogprobs.size());
        for (int i = 0; i < tokenLogprobs.size(); i++) {
            tokens.add(new TokenLogprob(reader.tokenText(generated.get(i)), tokenLogprobs.get(i)));
        }
        return new Completion(
                parts.text(),
                thinking == Thinking.RETURN ? parts.reasoning() : Optional.empty(),
                parts.reasoningEnds() == CompletionReader.ReasoningEnds.YES ? finishReason : FinishReason.LENGTH,
                generated,
                tokens,
                new Usage(sequence().numPromptTokens(), sequence().numCached(), generated.size()));
    }
}
