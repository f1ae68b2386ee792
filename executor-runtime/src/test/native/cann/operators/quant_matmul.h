/* Products of int8 matrices, which several operators share: x1 [m, k], x2 [k, n], and what is made of the int32 sums. */
#ifndef QUANT_MATMUL_H
#define QUANT_MATMUL_H

#include "operator.h"

/* Operands of a call, by number. */
struct quant_operands {
    int x1, x2, scale, offset, row_scale, bias, out;
};

void check_quant_matmul(struct si_call *call, struct quant_operands o, bool transpose_x1, bool transpose_x2,
                        bool newer);
int32_t run_quant_matmul(struct si_run *run, struct quant_operands o, bool transpose_x2);

#endif
