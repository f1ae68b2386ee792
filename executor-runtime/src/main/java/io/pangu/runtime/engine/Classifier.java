package io.pangu.runtime.engine;

import io.pangu.runtime.engine.Classification.LabelScore;
import io.pangu.runtime.engine.ClassifyRequest.Calibration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Labels texts by scoring the labels. A label's score is the sum of its tokens' log-probabilities, as it is: not divided by
 * their number, which would favour labels with predictable endings; calibration takes the prior of long labels away.
 * Thread-safe.
 */
final class Classifier {
    private static final List<String> EMPTY_TEXTS = List.of("N/A", "", "[MASK]");
    private static final int MAX_CALIBRATIONS = 64;

    private final Function<ScoreRequest, PendingResult<Scores>> scorer;
    private final Map<Prior, CompletableFuture<double[]>> priors = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Prior, CompletableFuture<double[]>> eldest) {
            return size() > MAX_CALIBRATIONS;
        }
    };

    private record Prior(LabelTemplate template, List<String> labels) {}

    Classifier(Function<ScoreRequest, PendingResult<Scores>> scorer) {
        this.scorer = scorer;
    }

    /** Scores the labels of a text; what is returned is what the text alone needs, so that cancelling it is no one else's loss. */
    PendingResult<Scores> score(ClassifyRequest request, LabelTemplate template) {
        return scorer.apply(new ScoreRequest(
                template.prompt(request.text()), template.continuations(request.labels()), Optional.empty()));
    }

    /** What is subtracted from the scores: the labels' mean scores after empty texts, or zeros without calibration. */
    CompletableFuture<double[]> prior(ClassifyRequest request, LabelTemplate template) {
        if (request.calibration() == Calibration.OFF) {
            return CompletableFuture.completedFuture(new double[request.labels().size()]);
        }
        Prior key = new Prior(template, request.labels());
        CompletableFuture<double[]> fresh = new CompletableFuture<>();
        synchronized (priors) {
            CompletableFuture<double[]> known = priors.putIfAbsent(key, fresh);
            if (known != null) {
                return known;
            }
        }
        computePrior(key, fresh);
        return fresh;
    }

    static Classification choose(List<String> labels, Scores scores, double[] prior) {
        double[] calibrated = new double[prior.length];
        int best = 0;
        for (int i = 0; i < calibrated.length; i++) {
            calibrated[i] = scores.scores().get(i).logprob() - prior[i];
            best = calibrated[i] > calibrated[best] ? i : best;
        }
        double total = 0;
        for (double value : calibrated) {
            total += Math.exp(value - calibrated[best]);
        }
        List<LabelScore> list = new ArrayList<>();
        for (int i = 0; i < calibrated.length; i++) {
            double probability = Math.exp(calibrated[i] - calibrated[best]) / total;
            list.add(new LabelScore(labels.get(i), scores.scores().get(i).logprob(), probability));
        }
        return new Classification(labels.get(best), list, scores.usage());
    }

    private void computePrior(Prior key, CompletableFuture<double[]> target) {
        List<CompletableFuture<Scores>> parts;
        try {
            parts = EMPTY_TEXTS.stream().map(text -> score(key, text)).toList();
        } catch (RuntimeException e) {
            // Whoever waits for this prior, now or later, would otherwise wait for ever.
            forget(key, target, e);
            return;
        }
        CompletableFuture<Void> _ = CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .whenComplete((ignored, error) -> {
                    if (error != null) {
                        forget(key, target, error);
                        return;
                    }
                    double[] mean = new double[key.labels().size()];
                    for (CompletableFuture<Scores> part : parts) {
                        List<Scores.Score> scores = part.join().scores();
                        for (int i = 0; i < mean.length; i++) {
                            mean[i] += scores.get(i).logprob() / parts.size();
                        }
                    }
                    target.complete(mean);
                });
    }

    private CompletableFuture<Scores> score(Prior key, String text) {
        return scorer.apply(new ScoreRequest(
                        key.template().prompt(text), key.template().continuations(key.labels()), Optional.empty()))
                .future();
    }

    /** A failure is not kept: the next who asks tries again. */
    private void forget(Prior key, CompletableFuture<double[]> target, Throwable error) {
        synchronized (priors) {
            priors.remove(key, target);
        }
        target.completeExceptionally(error);
    }
}
