/* Products of groups of rows with a matrix for each, which several operators share. */
#ifndef GROUPED_MATMUL_H
#define GROUPED_MATMUL_H

#include "operator.h"

enum {
    GMM_X,
    GMM_WEIGHT,
    GMM_BIAS,
    GMM_SCALE,
    GMM_OFFSET,
    GMM_ANTIQUANT_SCALE,
    GMM_ANTIQUANT_OFFSET,
    GMM_ROW_SCALE,
    GMM_GROUPS,
    GMM_OUT
};

/* Adds the operands in that order; the rest of an operator's arguments has to be null. */
struct grouped_matmul {
    inList x, weight, bias, scale, offset, antiquant_scale, antiquant_offset, row_scale, out;
    in groups;
    int64_t split_item, group_type, list_type, activation;
};

void check_grouped_matmul(struct si_call *call, const struct grouped_matmul *g);
int32_t run_grouped_matmul(struct si_run *run);

/* The end of each group's rows; a fault when they decrease or leave the rows. */
int32_t group_ends(struct si_run *run, const struct si_view *groups, bool cumulative, int64_t rows, int64_t *ends);

#endif
