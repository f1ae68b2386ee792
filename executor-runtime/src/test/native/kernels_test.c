/*
 * The kernel library against plain loops in double precision, without a JVM: so that the aarch64 kernels can be tested
 * under qemu-user. Prints the first difference and fails, or prints what it was compiled for.
 */
#include "pangu_cpu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INPUTS 160
#define MAX_OUTPUTS 130
#define MAX_ROWS 13
#define UNTOUCHED (-12345.5f)

static uint32_t state = 1;

static float uniform(void) {
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 8388608.0f - 1.0f;
}

static void expect(int holds, const char *what, int a, int b, double got, double wanted) {
    if (holds) return;
    printf("%s (%d, %d): %.9g instead of %.9g\n", what, a, b, got, wanted);
    exit(1);
}

static uint16_t bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static float widened(uint16_t x) {
    const uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static size_t packed_at(int j, int i, int k, int group) {
    return (size_t)(j / 64) * 64 * k + (size_t)(i / group) * 64 * group + (size_t)(j % 64) * group + i % group;
}

static float x[MAX_ROWS * MAX_INPUTS], w[MAX_OUTPUTS * MAX_INPUTS], y[MAX_ROWS * (MAX_OUTPUTS + 3)];
static float packed_f32[192 * MAX_INPUTS] __attribute__((aligned(64)));
static uint16_t x_bf16[MAX_ROWS * MAX_INPUTS], packed_bf16[192 * MAX_INPUTS] __attribute__((aligned(64)));
static int8_t x_int8[MAX_ROWS * MAX_INPUTS], packed_int8[192 * MAX_INPUTS] __attribute__((aligned(64)));
static float x_scale[MAX_ROWS], w_scale[192], first_row[MAX_OUTPUTS];
static int32_t w_sum[192], bias[192];

static void fill(int m, int n, int k, int kind) {
    memset(packed_f32, 0, sizeof packed_f32);
    memset(packed_bf16, 0, sizeof packed_bf16);
    memset(packed_int8, 0, sizeof packed_int8);
    memset(w_sum, 0, sizeof w_sum);
    memset(bias, 0, sizeof bias);
    state = 7u;
    for (int j = 0; j < n; j++) {
        w_scale[j] = 0.01f + 0.001f * (float)j;
        bias[j] = kind == 2 ? (j % 3 - 1) * 1000000 + j : 0;
        for (int i = 0; i < k; i++) {
            float value = kind == 2 ? floorf(uniform() * 128) : widened(bf16(uniform()));
            w[j * k + i] = value;
            packed_f32[packed_at(j, i, k, 1)] = value;
            packed_bf16[packed_at(j, i, k, 2)] = bf16(value);
            packed_int8[packed_at(j, i, k, 4)] = (int8_t)value;
            w_sum[j] += (int)value;
        }
    }
    for (int r = 0; r < m; r++) {
        x_scale[r] = 0.02f + 0.001f * (float)r;
        for (int i = 0; i < k; i++) {
            const int at = r * k + i;
            x[at] = kind == 2 ? floorf(uniform() * 128) : widened(bf16(uniform()));
            x_bf16[at] = bf16(x[at]);
            x_int8[at] = (int8_t)x[at];
        }
    }
    for (int i = 0; i < MAX_ROWS * (MAX_OUTPUTS + 3); i++) y[i] = UNTOUCHED;
}

static void check_product(int m, int n, int k, int kind) {
    static const char *const names[] = {"fp32 product", "bf16 product", "int8 product"};
    const int stride = n + 3, blocks = (n + 63) / 64;
    fill(m, n, k, kind);
    if (kind == 0) KERNEL(gemm_f32)(x, packed_f32, y, m, n, k, stride, 0, blocks);
    if (kind == 1) KERNEL(gemm_bf16)(x_bf16, packed_bf16, y, m, n, k, stride, 0, blocks);
    if (kind == 2) {
        KERNEL(gemm_int8)(x_int8, packed_int8, x_scale, w_scale, w_sum, bias, y, m, n, k, stride, 0, blocks);
    }
    for (int r = 0; r < m; r++) {
        for (int j = 0; j < stride; j++) {
            double sum = j < n ? bias[j] : 0;
            for (int i = 0; j < n && i < k; i++) sum += (double)x[r * k + i] * w[j * k + i];
            const double wanted = j >= n ? UNTOUCHED : kind == 2 ? (double)((float)sum * x_scale[r] * w_scale[j]) : sum;
            const double got = y[r * stride + j];
            expect(fabs(got - wanted) <= (kind == 2 || j >= n ? 0 : 2e-5), names[kind], r * 1000 + j, m, got, wanted);
        }
    }
    /* The first row is the same in every batch: the bits of m = 1 are those of every m. */
    if (m == 1) memcpy(first_row, y, (size_t)n * 4);
    expect(memcmp(first_row, y, (size_t)n * 4) == 0, names[kind], m, n, y[0], first_row[0]);
}

static void check_products(void) {
    static const int outputs[] = {1, 15, 17, 63, 64, 65, 127, 130}, inputs[] = {32, 64, 160};
    for (int kind = 0; kind < 3; kind++)
        for (int n = 0; n < 8; n++)
            for (int k = 0; k < 3; k++)
                for (int m = 1; m <= MAX_ROWS; m++) check_product(m, outputs[n], inputs[k], kind);
}

static void check_attention(int length, int block_size, int head_dim, int queries) {
    static float keys[16 * 64 * 80], values[16 * 64 * 80], query[7 * 80], out[7 * 80];
    int32_t table[16];
    const int blocks = (length + block_size - 1) / block_size;
    for (int i = 0; i < 16 * 64 * 80; i++) keys[i] = values[i] = NAN;
    for (int b = 0; b < blocks; b++) table[b] = blocks - b;
    for (int i = 0; i < queries * head_dim; i++) query[i] = uniform() * 3;
    for (int t = 0; t < length; t++) {
        const size_t head = ((size_t)table[t / block_size] * 2 + 1) * block_size * head_dim;
        for (int d = 0; d < head_dim; d++) {
            keys[head + (size_t)d * block_size + t % block_size] = uniform();
            values[head + (size_t)(t % block_size) * head_dim + d] = uniform();
        }
    }
    KERNEL(attend_heads)(query, queries, keys, values, table, 1, 2, block_size, head_dim, length, 0.3f, out);
    for (int q = 0; q < queries; q++) {
        double weights[200], largest = -INFINITY, sum = 0;
        for (int t = 0; t < length; t++) {
            const size_t head = ((size_t)table[t / block_size] * 2 + 1) * block_size * head_dim;
            weights[t] = 0;
            for (int d = 0; d < head_dim; d++)
                weights[t] += 0.3f * (double)query[q * head_dim + d] * keys[head + (size_t)d * block_size + t % block_size];
            largest = fmax(largest, weights[t]);
        }
        for (int t = 0; t < length; t++) sum += weights[t] = exp(weights[t] - largest);
        for (int d = 0; d < head_dim; d++) {
            double wanted = 0;
            for (int t = 0; t < length; t++) {
                const size_t head = ((size_t)table[t / block_size] * 2 + 1) * block_size * head_dim;
                wanted += weights[t] / sum * values[head + (size_t)(t % block_size) * head_dim + d];
            }
            const double got = out[q * head_dim + d];
            expect(fabs(got - wanted) < 3e-6, "attention", length * 100 + d, q, got, wanted);
        }
    }
}

static void check_rows(int n) {
    float a[200], b[200], out[200], scale;
    uint16_t halves[200];
    int8_t bytes[224];
    double squares = 0, sum = 0, largest = 0;
    for (int i = 0; i < n; i++) {
        a[i] = uniform() * 8;
        b[i] = uniform();
        squares += (double)a[i] * a[i];
        sum += exp((double)a[i] - 8);
        largest = fmax(largest, fabs(a[i]));
    }
    KERNEL(swi_glu)(a, b, out, n);
    for (int i = 0; i < n; i++) {
        const double wanted = a[i] / (1 + exp(-a[i])) * b[i];
        expect(fabs(out[i] - wanted) <= fabs(wanted) * 1e-6, "swiGlu", i, n, out[i], wanted);
    }
    KERNEL(rms_norm_row)(a, b, 1e-5f, out, n);
    for (int i = 0; i < n; i++) {
        const double wanted = a[i] / sqrt(squares / n + 1e-5) * b[i];
        expect(fabs(out[i] - wanted) <= fabs(wanted) * 1e-6, "rmsNorm", i, n, out[i], wanted);
    }
    KERNEL(round_to_bf16)(a, halves, n);
    KERNEL(quantize_rows)(a, 1, n, bytes, 224, &scale);
    for (int i = 0; i < n; i++) {
        expect(halves[i] == bf16(a[i]), "bf16", i, n, halves[i], bf16(a[i]));
        expect(bytes[i] == (int8_t)nearbyintf(a[i] / scale), "int8", i, n, bytes[i], a[i] / scale);
    }
    expect(scale == (float)largest / 127, "scale", n, 0, scale, largest / 127);
    KERNEL(quantize_rows_by)(a, 1, n, 0.05f, -9.0f, bytes, 224, &scale);
    for (int i = 0; i < 224; i++) {
        const double wanted = i < n ? fmin(127, fmax(-128, nearbyintf(a[i] / 0.05f + -9.0f))) : 0;
        expect(bytes[i] == wanted, "int8 by fixed steps", i, n, bytes[i], wanted);
    }
    expect(scale == 1, "scale of fixed steps", n, 0, scale, 1);
    const float got = KERNEL(sum_exp_row)(a, n, 8);
    expect(fabs(got - sum) <= sum * 1e-6, "sum of exponentials", n, 0, got, sum);
    a[n / 2] = a[n - 1] = 100;
    expect(KERNEL(argmax_row)(a, n) == n / 2, "argmax", n, 0, KERNEL(argmax_row)(a, n), n / 2);
}

static void check_rotation(int head_dim) {
    float heads[2 * 80], before[2 * 80], cosines[40], sines[40];
    for (int i = 0; i < 2 * head_dim; i++) before[i] = heads[i] = uniform();
    for (int i = 0; i < head_dim / 2; i++) {
        cosines[i] = cosf((float)i);
        sines[i] = sinf((float)i);
    }
    KERNEL(rotate_heads)(heads, 2, head_dim, cosines, sines);
    for (int i = 0; i < 2 * head_dim; i++) {
        const int half = head_dim / 2, t = i % head_dim % half, first = i % head_dim < half;
        const double wanted = before[i] * cosines[t] + (first ? -before[i + half] : before[i - half]) * sines[t];
        expect(fabs(heads[i] - wanted) < 1e-6, "rotation", i, head_dim, heads[i], wanted);
    }
}

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

int main(void) {
    int set = 0;
    while (pangu_set(set) && strcmp(pangu_set(set), TEXT(PANGU_SET)) != 0) set++;
    expect(pangu_set(set) != 0, "the library names no set " TEXT(PANGU_SET), set, 0, 0, 0);
    if (pangu_missing(set)) {
        printf("unsupported: %s\n", pangu_missing(set));
        return 77;
    }
    check_products();
    for (int length = 1; length <= 130; length += length % 16 == 1 ? 14 : 1)
        for (int queries = 1; queries <= 7; queries++) check_attention(length, length % 2 ? 16 : 32, 80, queries);
    for (int head_dim = 2; head_dim <= 80; head_dim += 2) {
        check_attention(33, 16, head_dim, 3);
        check_rotation(head_dim);
    }
    for (int n = 1; n <= 200; n++) check_rows(n);
    printf("right: %s\n", pangu_description(set));
    return 0;
}
