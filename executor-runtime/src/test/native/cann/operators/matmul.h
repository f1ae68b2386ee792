/* Products of two matrices, which several operators share: operands self, mat2, out. */
#ifndef MATMUL_H
#define MATMUL_H

#include "operator.h"

/* Element types are those of a matrix kernel: inputs alike, the result of their type or fp32. */
#define MATRIX_KERNELS "mat_mul|mat_mul_v3"

void check_cube(struct si_call *call, int8_t cube);
void check_product(struct si_call *call, int x, int w, int out);
int32_t run_mm(struct si_run *run);

#endif
