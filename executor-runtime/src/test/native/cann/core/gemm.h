/* Matrix products: plain loops over blocks, sums in fp32 or int32, a row's result the same however many rows there are. */
#ifndef CORE_GEMM_H
#define CORE_GEMM_H

#include "values.h"

/* A [k, n] matrix of weights as the host sees it: strides in elements, or the blocks of format NZ. */
struct si_weight {
    const char *data;
    int32_t dtype;
    int64_t k, n, k_stride, n_stride;
    bool nz;
};

/* The matrix of the last two dimensions at the position of the leading ones; transposed: dimensions [n, k]. */
struct si_weight si_weight_of(const struct si_view *view, int64_t position, bool transposed);

/* out[m, n] = x[m, k] w[k, n]; x and out dense. */
void si_multiply(struct si_run *run, const float *x, int64_t m, struct si_weight w, float *out);
/* The same of int8 values, exactly. */
void si_multiply_int8(struct si_run *run, const int8_t *x, int64_t m, struct si_weight w, int32_t *out);

/* The elements of an i8 view in row-major order; memory of the run. */
int8_t *si_bytes(struct si_run *run, const struct si_view *view);

/* Where format NZ keeps element [k, n] of a matrix with so many rows: blocks of 16 rows and 32 bytes of columns. */
int64_t si_nz_index(int64_t k, int64_t n, int64_t rows, int64_t dtype_size);
/* Elements that a [k, n] matrix takes in format NZ, padding included. */
int64_t si_nz_elements(int64_t k, int64_t n, int64_t dtype_size);

#endif
