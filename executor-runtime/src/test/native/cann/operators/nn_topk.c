/* The first of each row in order. */
#include "operator.h"
#include "ranked.h"

static int32_t run_topk(struct si_run *run) {
    const int64_t *numbers = run->call->integers;
    const struct si_view from = dim_last(si_operand(run, 0), numbers[1]);
    const struct si_view values = dim_last(si_operand(run, 1), numbers[1]),
                         indices = dim_last(si_operand(run, 2), numbers[1]);
    const int64_t k = numbers[0], n = from.dims[from.rank - 1], rows = n > 0 ? si_elements(&from) / n : 0;
    const float *x = si_floats(run, &from);
    struct ranked *row = si_temporary(run, n * (int64_t)sizeof *row);
    float *best = si_temporary(run, rows * k * (int64_t)sizeof(float));
    int64_t *where = si_temporary(run, rows * k * (int64_t)sizeof(int64_t));
    for (int64_t r = 0; r < rows; r++) {
        rank_row(x + r * n, n, numbers[2] != 0, row);
        for (int64_t i = 0; i < k; i++) {
            best[r * k + i] = row[i].value;
            where[r * k + i] = row[i].index;
        }
    }
    si_put_floats(&values, best);
    si_put_integers(&indices, where);
    return ACL_SUCCESS;
}

/* The documentation of 8.1.RC1 has no bf16 here, though kernels exist. */
aclnnStatus aclnnTopkGetWorkspaceSize(in self, int64_t k, int64_t dim, bool largest, bool sorted, aclTensor *values,
                                      aclTensor *indices, uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnTopk", run_topk);
    (void)sorted; /* sorted all the same */
    si_in(call, "self", self);
    si_out(call, "valuesOut", values);
    si_out(call, "indicesOut", indices);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    const int d = normal_dim(call, 0, dim);
    si_integer(call, k);
    si_integer(call, d);
    si_integer(call, largest);
    si_require_dtype(call, 0, "hf");
    si_require_same_dtype(call, 1, 0);
    si_require_dtype(call, 2, "l");
    if (si_good(call)) {
        struct si_view wanted = *si_of(call, 0);
        si_require(call, k >= 0 && k <= wanted.dims[d], "the first %lld of %lld", (long long)k,
                   (long long)wanted.dims[d]);
        wanted.dims[d] = k;
        for (int i = 1; i <= 2; i++) {
            si_require(call, si_same_shape(si_of(call, i), &wanted), "%s is %s, and has to be like %s",
                       call->operands[i].name, si_describe(si_of(call, i)), si_describe(&wanted));
        }
    }
    END();
}
SI_SECOND_PHASE(aclnnTopk)
