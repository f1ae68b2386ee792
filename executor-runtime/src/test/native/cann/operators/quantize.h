/* Rows of reals as int8 with one scale each. */
#ifndef QUANTIZE_H
#define QUANTIZE_H

#include <math.h>
#include <stdint.h>

static inline float quantized_within(float x) {
    return x < -128 ? -128 : x > 127 ? 127 : x;
}

/* The scale that takes the row's largest magnitude to 127; whole numbers, to nearest, ties to even. */
static inline float quantize_row(const float *x, int64_t n, float *out) {
    float most = 0;
    for (int64_t i = 0; i < n; i++) most = fmaxf(most, fabsf(x[i]));
    const float scale = most / 127.0f;
    for (int64_t i = 0; i < n; i++) out[i] = most > 0 ? quantized_within(rintf(x[i] / scale)) : 0;
    return scale;
}

#endif
