/* Rows in order. */
#include "operator.h"
#include "ranked.h"

/* integers: dimension, whether the largest come first. Operand of the values, or -1. */
static int32_t sort_rows(struct si_run *run, int values_operand, int indices_operand) {
    const int64_t dim = run->call->integers[0];
    const struct si_view from = dim_last(si_operand(run, 0), dim),
                         indices = dim_last(si_operand(run, indices_operand), dim);
    const int64_t n = from.dims[from.rank - 1], rows = n > 0 ? si_elements(&from) / n : 0;
    float *x = si_floats(run, &from);
    struct ranked *row = si_temporary(run, n * (int64_t)sizeof *row);
    int64_t *where = si_temporary(run, rows * n * (int64_t)sizeof(int64_t));
    for (int64_t r = 0; r < rows; r++) {
        rank_row(x + r * n, n, run->call->integers[1] != 0, row);
        for (int64_t i = 0; i < n; i++) {
            x[r * n + i] = row[i].value;
            where[r * n + i] = row[i].index;
        }
    }
    if (values_operand >= 0) {
        const struct si_view values = dim_last(si_operand(run, values_operand), dim);
        si_put_floats(&values, x);
    }
    si_put_integers(&indices, where);
    return ACL_SUCCESS;
}

static int32_t run_sort(struct si_run *run) {
    return sort_rows(run, 1, 2);
}

static int32_t run_argsort(struct si_run *run) {
    return sort_rows(run, -1, 1);
}

static void check_sort(struct si_call *call, int64_t dim, bool descending, int indices) {
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    si_integer(call, normal_dim(call, 0, dim));
    si_integer(call, descending);
    si_require_same_shape(call, indices, 0);
    si_require_dtype(call, indices, "l");
}

aclnnStatus aclnnSortGetWorkspaceSize(in self, bool stable, int64_t dim, bool descending, aclTensor *values,
                                      aclTensor *indices, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnSort", run_sort);
    (void)stable; /* stable all the same */
    si_in(call, "self", self);
    si_out(call, "valuesOut", values);
    si_out(call, "indicesOut", indices);
    check_sort(call, dim, descending, 2);
    si_require_same_shape(call, 1, 0);
    si_require_kernel(call, "sort", "0>1_");
    END();
}
SI_SECOND_PHASE(aclnnSort)

aclnnStatus aclnnArgsortGetWorkspaceSize(in self, int64_t dim, bool descending, aclTensor *out, uint64_t *workspaceSize,
                                         aclOpExecutor **executor) {
    BEGIN("aclnnArgsort", run_argsort);
    si_in(call, "self", self);
    si_out(call, "out", out);
    check_sort(call, dim, descending, 1);
    si_require_kernel(call, "sort", "0>__");
    END();
}
SI_SECOND_PHASE(aclnnArgsort)
