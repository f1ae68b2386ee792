/* The combinations of element types and formats for which the kernels of one SoC were built. */
#ifndef CORE_KERNELS_H
#define CORE_KERNELS_H

#include "../cann_types.h"

/* One letter for an element type; '!' for one that no kernel here knows. */
char si_dtype_letter(int32_t dtype);

/*
 * Whether a combination of one of the kernels fits ("mat_mul|mat_mul_v3"): one letter a column, '>' before the outputs,
 * '.' where anything does.
 */
bool si_has_kernel(const char *kernels, const char *types, const char *formats);

struct si_kernel_row {
    const char *kernel;
    /* Combinations separated by blanks: types, and formats after ':' where not all are ND. '-' is an absent input. */
    const char *combinations;
};

extern const struct si_kernel_row si_kernel_rows[];

#endif
