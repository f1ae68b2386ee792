package io.pangu.spark.engine;

import io.pangu.spark.request.ChatTurn;
import io.pangu.spark.request.EngineRequest;
import io.pangu.spark.request.GenerationOptions;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.TreeMap;

/**
 * The seed of a call that names none: a hash of its text and options, the same in every JVM and on every run, so that a
 * retried task draws what the first one drew.
 */
final class RequestSeed {
    private RequestSeed() {}

    /** The seed of this call, 0 or more. */
    static long of(EngineRequest.Generate request) {
        GenerationOptions options = request.options();
        if (options.seed().isPresent()) {
            return options.seed().getAsLong();
        }
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            write(request, new DataOutputStream(bytes));
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray());
            return ByteBuffer.wrap(hash).getLong() & Long.MAX_VALUE;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** What shapes the draws; the time limit, the wish for log-probabilities and that for the reasoning do not. */
    private static void write(EngineRequest.Generate request, DataOutputStream out) throws IOException {
        out.writeInt(request.turns().size());
        for (ChatTurn turn : request.turns()) {
            writeText(turn.role(), out);
            writeText(turn.content(), out);
        }
        GenerationOptions options = request.options();
        writeText(options.systemPrompt().orElse(""), out);
        out.writeBoolean(options.systemPrompt().isPresent());
        out.writeBoolean(options.raw());
        out.writeInt(options.maxTokens());
        out.writeDouble(options.temperature());
        out.writeDouble(options.topP());
        out.writeInt(options.topK());
        out.writeDouble(options.minP());
        out.writeDouble(options.repetitionPenalty());
        out.writeDouble(options.presencePenalty());
        out.writeDouble(options.frequencyPenalty());
        // Sorted: the order of an immutable map differs from JVM to JVM.
        for (Map.Entry<Integer, Double> bias : new TreeMap<>(options.logitBias()).entrySet()) {
            out.writeInt(bias.getKey());
            out.writeDouble(bias.getValue());
        }
        for (String stop : options.stop()) {
            writeText(stop, out);
        }
    }

    private static void writeText(String text, DataOutputStream out) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }
}
