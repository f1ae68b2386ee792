#include "gemm.h"

/* Columns of weights that are brought to one type at a time. */
#define BLOCK 32

/* On x86-64 the compiler makes a second version for processors with AVX2; elsewhere vectors are part of the base. */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define VECTORIZED __attribute__((target_clones("default", "arch=haswell")))
#else
#define VECTORIZED
#endif

typedef float lanes __attribute__((vector_size(64), aligned(4)));

int64_t si_nz_index(int64_t k, int64_t n, int64_t rows, int64_t dtype_size) {
    const int64_t width = 32 / dtype_size, padded = (rows + 15) / 16 * 16;
    return (n / width * padded + k) * width + n % width;
}

int64_t si_nz_elements(int64_t k, int64_t n, int64_t dtype_size) {
    const int64_t width = 32 / dtype_size;
    return (k + 15) / 16 * 16 * ((n + width - 1) / width * width);
}

struct si_weight si_weight_of(const struct si_view *v, int64_t position, bool transposed) {
    const int a = v->rank - 2, b = v->rank - 1;
    struct si_weight w = {.dtype = v->dtype, .nz = v->format == FORMAT_NZ};
    w.k = v->dims[transposed ? b : a];
    w.n = v->dims[transposed ? a : b];
    w.k_stride = v->strides[transposed ? b : a];
    w.n_stride = v->strides[transposed ? a : b];
    if (w.nz) {
        const int64_t each = si_nz_elements(v->dims[a], v->dims[b], si_dtype_size(v->dtype));
        w.data = v->data + position * each * si_dtype_size(v->dtype);
        /* Of a transposed one, element [k, n] is element [n, k] of the stored matrix: marked by a negative stride. */
        w.k_stride = transposed ? -1 : 1;
    } else {
        w.data = si_at(v, a, position);
    }
    return w;
}

static const char *weight_at(const struct si_weight *w, int64_t k, int64_t n) {
    const int64_t size = si_dtype_size(w->dtype);
    if (!w->nz) return w->data + (k * w->k_stride + n * w->n_stride) * size;
    return w->data + (w->k_stride < 0 ? si_nz_index(n, k, w->n, size) : si_nz_index(k, n, w->k, size)) * size;
}

/* Columns first to first + count as rows of `padded` floats, zeros behind k. */
static void gather_floats(const struct si_weight *w, int64_t first, int64_t count, float *panel, int64_t padded) {
    memset(panel, 0, (size_t)(BLOCK * padded) * sizeof(float));
    if (w->nz) {
        for (int64_t n = 0; n < count; n++) {
            for (int64_t k = 0; k < w->k; k++)
                si_load(w->dtype, weight_at(w, k, first + n), 1, panel + n * padded + k, 1);
        }
    } else if (w->k_stride == 1 || w->n_stride != 1) {
        for (int64_t n = 0; n < count; n++) {
            si_load(w->dtype, weight_at(w, 0, first + n), w->k_stride, panel + n * padded, w->k);
        }
    } else {
        float row[BLOCK];
        for (int64_t k = 0; k < w->k; k++) {
            si_load(w->dtype, weight_at(w, k, first), 1, row, count);
            for (int64_t n = 0; n < count; n++) panel[n * padded + k] = row[n];
        }
    }
}

static float sum_of(const lanes *v) {
    float s[8], result = 0;
    for (int i = 0; i < 8; i++) s[i] = (*v)[i] + (*v)[i + 8];
    for (int i = 0; i < 8; i++) result += s[i];
    return result;
}

/* Products of one row with four columns at a time. */
VECTORIZED static void dot_columns(const float *x, const float *panel, int64_t padded, int64_t count, float *out) {
    for (int64_t n = 0; n < count; n += 4) {
        const float *p = panel + n * padded;
        lanes a = {0}, b = {0}, c = {0}, d = {0};
        for (int64_t k = 0; k < padded; k += 16) {
            const lanes v = *(const lanes *)(x + k);
            a += v * *(const lanes *)(p + k);
            b += v * *(const lanes *)(p + padded + k);
            c += v * *(const lanes *)(p + 2 * padded + k);
            d += v * *(const lanes *)(p + 3 * padded + k);
        }
        const float sums[4] = {sum_of(&a), sum_of(&b), sum_of(&c), sum_of(&d)};
        for (int64_t i = 0; i < 4 && n + i < count; i++) out[n + i] = sums[i];
    }
}

void si_multiply(struct si_run *run, const float *x, int64_t m, struct si_weight w, float *out) {
    const int64_t padded = (w.k + 15) / 16 * 16;
    float *panel = si_temporary(run, BLOCK * padded * (int64_t)sizeof(float));
    float *rows = si_temporary(run, m * padded * (int64_t)sizeof(float));
    memset(rows, 0, (size_t)(m * padded) * sizeof(float));
    for (int64_t i = 0; i < m; i++) memcpy(rows + i * padded, x + i * w.k, (size_t)w.k * sizeof(float));
    for (int64_t first = 0; first < w.n; first += BLOCK) {
        const int64_t count = w.n - first < BLOCK ? w.n - first : BLOCK;
        gather_floats(&w, first, count, panel, padded);
        for (int64_t i = 0; i < m; i++) dot_columns(rows + i * padded, panel, padded, count, out + i * w.n + first);
    }
}

VECTORIZED static int32_t dot_int16(const int16_t *x, const int16_t *y, int64_t count) {
    int32_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (int32_t)x[i] * y[i];
    return sum;
}

void si_multiply_int8(struct si_run *run, const int8_t *x, int64_t m, struct si_weight w, int32_t *out) {
    int16_t *column = si_temporary(run, w.k * (int64_t)sizeof(int16_t));
    int16_t *rows = si_temporary(run, m * w.k * (int64_t)sizeof(int16_t));
    for (int64_t i = 0; i < m * w.k; i++) rows[i] = x[i];
    for (int64_t n = 0; n < w.n; n++) {
        for (int64_t k = 0; k < w.k; k++) column[k] = *(const int8_t *)weight_at(&w, k, n);
        for (int64_t i = 0; i < m; i++) out[i * w.n + n] = dot_int16(rows + i * w.k, column, w.k);
    }
}

int8_t *si_bytes(struct si_run *run, const struct si_view *view) {
    int8_t *out = si_temporary(run, si_elements(view));
    struct si_view dense = *view;
    int64_t stride = 1;
    for (int i = view->rank - 1; i >= 0; i--) {
        dense.strides[i] = stride;
        stride *= view->dims[i];
    }
    dense.data = (char *)out;
    si_copy_elements(&dense, view);
    return out;
}
