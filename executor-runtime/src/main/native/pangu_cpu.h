/*
 * Arithmetic of the CPU device: single-threaded kernels over plain memory, without allocation or state. What they compute,
 * and the layout of packed weights and of the key-value cache, is the contract of the Java interface BlockKernels, whose
 * methods they are one by one. A row's bits depend on nothing but that row and the weights: every sum runs over k in one
 * order whatever the number of rows.
 *
 * Sizes are trusted: the caller has checked them.
 */
#ifndef PANGU_CPU_H
#define PANGU_CPU_H

#include <stdint.h>

#define PANGU_API __attribute__((visibility("default")))

/* Outputs of one column block of packed weights. */
#define BLOCK_COLUMNS 64

/* Changes whenever a signature or a layout changes; the binding refuses another number. */
#define PANGU_ABI 3

PANGU_API int32_t pangu_abi(void);

/*
 * The library holds its kernels once for each kind of processor, as sets with names, the fastest first; a kernel's symbol is
 * pangu_<set>_<kernel>. Null beyond the last.
 */
PANGU_API const char *pangu_set(int32_t index);

/* The first thing that this machine lacks to run a set; null when it runs. */
PANGU_API const char *pangu_missing(int32_t index);

/* The instruction sets that a set uses. All three strings live as long as the library. */
PANGU_API const char *pangu_description(int32_t index);

/* Kernel sources are compiled with the name of their set. */
#ifdef PANGU_SET
#define PANGU_JOIN(set, name) pangu_##set##_##name
#define PANGU_NAME(set, name) PANGU_JOIN(set, name)
#define KERNEL(name) PANGU_NAME(PANGU_SET, name)

PANGU_API void KERNEL(gemm_f32)(const float *x, const float *w, float *y, int32_t m, int32_t n, int32_t k_padded,
                                int32_t y_stride, int32_t first_block, int32_t end_block);

PANGU_API void KERNEL(gemm_bf16)(const uint16_t *x, const uint16_t *w, float *y, int32_t m, int32_t n, int32_t k_padded,
                                 int32_t y_stride, int32_t first_block, int32_t end_block);

PANGU_API void KERNEL(gemm_int8)(const int8_t *x, const int8_t *w, const float *x_scale, const float *w_scale,
                                 const int32_t *w_sum, const int32_t *bias, float *y, int32_t m, int32_t n,
                                 int32_t k_padded, int32_t y_stride, int32_t first_block, int32_t end_block);

PANGU_API void KERNEL(round_to_bf16)(const float *x, uint16_t *out, int64_t count);

PANGU_API void KERNEL(quantize_rows)(const float *x, int32_t m, int32_t k, int8_t *out, int32_t k_padded, float *scale);

PANGU_API void KERNEL(quantize_rows_by)(const float *x, int32_t m, int32_t k, float step, float offset, int8_t *out,
                                        int32_t k_padded, float *scale);

PANGU_API void KERNEL(attend_heads)(const float *queries, int32_t num_queries, const float *keys, const float *values,
                                    const int32_t *block_table, int32_t head, int32_t num_kv_heads, int32_t block_size,
                                    int32_t head_dim, int32_t context_length, float scale, float *out);

PANGU_API void KERNEL(swi_glu)(const float *gate, const float *up, float *out, int32_t count);

PANGU_API void KERNEL(rms_norm_row)(const float *x, const float *weight, float epsilon, float *out, int32_t count);

PANGU_API void KERNEL(add_scaled)(const float *x, float factor, float *target, int32_t count);

PANGU_API void KERNEL(rotate_heads)(float *heads, int32_t num_heads, int32_t head_dim, const float *cos,
                                    const float *sin);

PANGU_API int32_t KERNEL(argmax_row)(const float *x, int32_t count);

/* sum_i exp(x[i] - shift) */
PANGU_API float KERNEL(sum_exp_row)(const float *x, int32_t count, float shift);

#endif
#endif
