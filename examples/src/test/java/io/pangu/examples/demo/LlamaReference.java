package io.pangu.examples.demo;

import io.pangu.runtime.quant.FloatFormat;

/**
 * The dense model computed in double precision straight from the rows of its GGUF file, with the interleaved rotary
 * positions of that format: the oracle for everything that the conversion moves.
 */
final class LlamaReference {
    private static final double EPSILON = 1e-5f;
    private static final double THETA = 10_000;

    private final TinyLlama llama;

    LlamaReference(TinyLlama llama) {
        this.llama = llama;
    }

    /** Logits after every token: [tokens][vocabulary]. */
    double[][] logits(int[] tokens) {
        double[][] hidden = new double[tokens.length][];
        for (int t = 0; t < tokens.length; t++) {
            hidden[t] = weights("token_embd")[tokens[t]].clone();
        }
        for (int layer = 0; layer < TinyLlama.LAYERS; layer++) {
            String blk = "blk." + layer + ".";
            double[][] normed = norm(hidden, blk + "attn_norm");
            double[][] mixed = multiply(attention(blk, normed), blk + "attn_output");
            hidden = sum(hidden, mixed);
            hidden = sum(hidden, feedForward(blk, norm(hidden, blk + "ffn_norm")));
        }
        return multiply(norm(hidden, "output_norm"), "token_embd");
    }

    private double[][] attention(String blk, double[][] x) {
        double[][] q = multiply(x, blk + "attn_q");
        double[][] k = multiply(x, blk + "attn_k");
        double[][] v = multiply(x, blk + "attn_v");
        int size = TinyLlama.HEAD_DIM;
        double[][] out = new double[x.length][TinyLlama.HIDDEN];
        for (int t = 0; t < x.length; t++) {
            rotate(q[t], t);
            rotate(k[t], t);
            for (int head = 0; head < TinyLlama.HEADS; head++) {
                int qAt = head * size;
                int kvAt = head / (TinyLlama.HEADS / TinyLlama.KV_HEADS) * size;
                double[] probabilities = new double[t + 1];
                double total = 0;
                for (int s = 0; s <= t; s++) {
                    double score = 0;
                    for (int i = 0; i < size; i++) {
                        score += q[t][qAt + i] * k[s][kvAt + i];
                    }
                    probabilities[s] = Math.exp(score / Math.sqrt(size));
                    total += probabilities[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < size; i++) {
                        out[t][qAt + i] += probabilities[s] / total * v[s][kvAt + i];
                    }
                }
            }
        }
        return out;
    }

    /** Turns neighbours (2 i, 2 i + 1) of every head. */
    private static void rotate(double[] row, int position) {
        for (int head = 0; head < row.length; head += TinyLlama.HEAD_DIM) {
            for (int i = 0; i < TinyLlama.HEAD_DIM; i += 2) {
                double angle = position * Math.pow(THETA, -(double) i / TinyLlama.HEAD_DIM);
                double a = row[head + i];
                double b = row[head + i + 1];
                row[head + i] = a * Math.cos(angle) - b * Math.sin(angle);
                row[head + i + 1] = b * Math.cos(angle) + a * Math.sin(angle);
            }
        }
    }

    private double[][] feedForward(String blk, double[][] x) {
        double[][] gate = multiply(x, blk + "ffn_gate");
        double[][] up = multiply(x, blk + "ffn_up");
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < gate[t].length; i++) {
                gate[t][i] = gate[t][i] / (1 + Math.exp(-gate[t][i])) * up[t][i];
            }
        }
        return multiply(gate, blk + "ffn_down");
    }

    private double[][] norm(double[][] x, String name) {
        double[] weight = weights(name)[0];
        double[][] out = new double[x.length][weight.length];
        for (int t = 0; t < x.length; t++) {
            double squares = 0;
            for (double value : x[t]) {
                squares += value * value;
            }
            double scale = 1 / Math.sqrt(squares / weight.length + EPSILON);
            for (int i = 0; i < weight.length; i++) {
                out[t][i] = x[t][i] * scale * weight[i];
            }
        }
        return out;
    }

    private double[][] multiply(double[][] x, String name) {
        double[][] weight = weights(name);
        double[][] out = new double[x.length][weight.length];
        for (int t = 0; t < x.length; t++) {
            for (int r = 0; r < weight.length; r++) {
                for (int c = 0; c < x[t].length; c++) {
                    out[t][r] += x[t][c] * weight[r][c];
                }
            }
        }
        return out;
    }

    private static double[][] sum(double[][] a, double[][] b) {
        double[][] out = new double[a.length][a[0].length];
        for (int t = 0; t < a.length; t++) {
            for (int i = 0; i < out[t].length; i++) {
                out[t][i] = a[t][i] + b[t][i];
            }
        }
        return out;
    }

    /** A tensor's values rounded to bf16, as a checkpoint stores them. */
    private double[][] weights(String name) {
        float[][] values = llama.values(name);
        double[][] rounded = new double[values.length][values[0].length];
        for (int r = 0; r < values.length; r++) {
            for (int c = 0; c < values[r].length; c++) {
                rounded[r][c] = FloatFormat.bf16ToFloat(FloatFormat.floatToBf16(values[r][c]));
            }
        }
        return rounded;
    }
}
