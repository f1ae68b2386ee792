/* Elements of views on the device as numbers of the host, and back with the rounding of the device: to nearest, ties to even. */
#ifndef CORE_VALUES_H
#define CORE_VALUES_H

#include "calls.h"

#include <string.h>

static inline float si_from_bf16(uint16_t bits) {
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

static inline uint16_t si_to_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float si_from_f16(uint16_t bits);
uint16_t si_to_f16(float value);

/* The value as the type would hold it. */
float si_round_to(int32_t dtype, float value);

/* All elements in row-major order; memory of the run. Floats of any float type or integers, integers of any integer type. */
float *si_floats(struct si_run *run, const struct si_view *view);
int64_t *si_integers(struct si_run *run, const struct si_view *view);

/* So many elements from the host address on, a stride apart. */
void si_load(int32_t dtype, const char *from, int64_t stride, float *to, int64_t count);
void si_store(int32_t dtype, char *to, int64_t stride, const float *from, int64_t count);

/* The reverse: every element is written. */
void si_put_floats(const struct si_view *view, const float *values);
void si_put_integers(const struct si_view *view, const int64_t *values);

/* Copies elements of one type, whatever the strides; shapes are the same. */
void si_copy_elements(const struct si_view *to, const struct si_view *from);

/* The host address of the element at the row-major position of the leading dimensions, trailing ones at 0. */
char *si_at(const struct si_view *view, int leading, int64_t position);

/* The product of dims[from] to dims[to - 1]. */
int64_t si_product(const struct si_view *view, int from, int to);

/* Calls visit with the host address of each row (last dimension) and its number. */
#define SI_EACH_ROW(view, address, number)                                                                             \
    for (int64_t number = 0, si_rows = si_product(view, 0, (view)->rank - 1); number < si_rows; number++)              \
        for (char *address = si_at(view, (view)->rank - 1, number); address; address = NULL)

#endif
