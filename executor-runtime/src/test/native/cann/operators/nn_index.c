/* Operators that pick rows by number, or write them. */
#include "operator.h"

/* What the kernel makes of a number beyond the rows: garbage; of a negative one: a fault. */
static int32_t copy_row(const struct si_call *call, char *to, const char *from, int64_t row_bytes, int64_t number,
                        int64_t rows) {
    if (number < 0) {
        return si_fail(ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "%s: row %lld was asked for", call->op, (long long)number);
    }
    if (number < rows) {
        memcpy(to, from + number * row_bytes, (size_t)row_bytes);
    } else {
        memset(to, SI_POISON, (size_t)row_bytes);
    }
    return ACL_SUCCESS;
}

/* A copy of the view's elements in row-major order, and the reverse. */
static struct si_view dense_like(struct si_run *run, const struct si_view *v) {
    struct si_view d = *v;
    int64_t stride = 1;
    for (int i = v->rank - 1; i >= 0; i--) {
        d.strides[i] = stride;
        stride *= v->dims[i];
    }
    d.data = si_temporary(run, si_elements(v) * si_dtype_size(v->dtype));
    return d;
}

/* self [outer, rows, inner] and indices: out [outer, indices, inner]. integers[0] is the dimension. */
static int32_t run_gather(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0), *index = si_operand(run, 1), *out = si_operand(run, 2);
    const int dim = (int)run->call->integers[0];
    const int64_t rows = self->dims[dim], outer = si_product(self, 0, dim), count = si_elements(index);
    const int64_t bytes = si_product(self, dim + 1, self->rank) * si_dtype_size(self->dtype);
    struct si_view from = *self;
    if (!si_is_contiguous(self)) {
        from = dense_like(run, self);
        si_copy_elements(&from, self);
    }
    const struct si_view to = dense_like(run, out);
    const int64_t *numbers = si_integers(run, index);
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < count; i++) {
            const int32_t code = copy_row(run->call, to.data + (o * count + i) * bytes, from.data + o * rows * bytes,
                                          bytes, numbers[i], rows);
            if (code) return code;
        }
    }
    si_copy_elements(out, &to);
    return ACL_SUCCESS;
}

/* Kernels for gathering were built by width of element: every type of 1, 2, 4 or 8 bytes. */
static void check_gather(struct si_call *call, int dim) {
    si_require_dtype(call, 0, "hbsfiIlcC?");
    si_require_dtype(call, 1, "il");
    si_require_same_dtype(call, 2, 0);
    if (!si_good(call)) return;
    const struct si_view *self = si_of(call, 0), *index = si_of(call, 1);
    struct si_view wanted = {.dtype = self->dtype, .format = FORMAT_ND};
    si_require(call, self->rank + index->rank - 1 <= SI_MAX_RANK, "more than 8 dimensions");
    if (!si_good(call)) return;
    for (int i = 0; i < dim; i++) wanted.dims[wanted.rank++] = self->dims[i];
    for (int i = 0; i < index->rank; i++) wanted.dims[wanted.rank++] = index->dims[i];
    for (int i = dim + 1; i < self->rank; i++) wanted.dims[wanted.rank++] = self->dims[i];
    si_require(call, si_same_shape(si_of(call, 2), &wanted), "out is %s, and has to be %s", si_describe(si_of(call, 2)),
               si_describe(&wanted));
}

aclnnStatus aclnnEmbeddingGetWorkspaceSize(in weight, in indices, in out, uint64_t *workspaceSize,
                                           aclOpExecutor **executor) {
    BEGIN("aclnnEmbedding", run_gather);
    si_in(call, "weight", weight);
    si_in(call, "indices", indices);
    si_out(call, "out", out);
    si_integer(call, 0);
    si_require_rank(call, 0, 2, 2);
    check_gather(call, 0);
    END();
}
SI_SECOND_PHASE(aclnnEmbedding)

aclnnStatus aclnnIndexSelectGetWorkspaceSize(in self, int64_t dim, in index, aclTensor *out, uint64_t *workspaceSize,
                                             aclOpExecutor **executor) {
    BEGIN("aclnnIndexSelect", run_gather);
    si_in(call, "self", self);
    si_in(call, "index", index);
    si_out(call, "out", out);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    si_require_rank(call, 1, 1, 1);
    const int d = normal_dim(call, 0, dim);
    si_integer(call, d);
    check_gather(call, d);
    END();
}
SI_SECOND_PHASE(aclnnIndexSelect)

aclnnStatus aclnnGatherV2GetWorkspaceSize(in self, int64_t dim, in index, aclTensor *out, uint64_t *workspaceSize,
                                          aclOpExecutor **executor) {
    BEGIN("aclnnGatherV2", run_gather);
    si_in(call, "self", self);
    si_in(call, "index", index);
    si_out(call, "out", out);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    const int d = normal_dim(call, 0, dim);
    si_integer(call, d);
    check_gather(call, d);
    END();
}
SI_SECOND_PHASE(aclnnGatherV2)

/* The first or the last of rows with one number wins: nobody says which. */
static int32_t run_scatter_nd(struct si_run *run) {
    const struct si_view *variable = si_operand(run, 0), *indices = si_operand(run, 1), *updates = si_operand(run, 2);
    const int depth = (int)indices->dims[indices->rank - 1];
    const int64_t count = si_product(indices, 0, indices->rank - 1);
    const int64_t *numbers = si_integers(run, indices);
    const bool backwards = si_random() & 1;
    struct si_view row = *variable, from = *updates;
    row.rank = variable->rank - depth;
    for (int i = 0; i < row.rank; i++) {
        row.dims[i] = variable->dims[depth + i];
        row.strides[i] = variable->strides[depth + i];
        from.dims[i] = row.dims[i];
        from.strides[i] = updates->strides[updates->rank - row.rank + i];
    }
    from.rank = row.rank;
    for (int64_t n = 0; n < count; n++) {
        const int64_t c = backwards ? count - 1 - n : n;
        int64_t element = 0;
        for (int d = 0; d < depth; d++) {
            const int64_t number = numbers[c * depth + d];
            if (number < 0 || number >= variable->dims[d]) {
                return si_fail(ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "%s: index %lld of dimension %d with %lld",
                               run->call->op, (long long)number, d, (long long)variable->dims[d]);
            }
            element += number * variable->strides[d];
        }
        row.data = variable->data + element * si_dtype_size(variable->dtype);
        from.data = si_at(updates, updates->rank - row.rank, c);
        si_copy_elements(&row, &from);
    }
    return ACL_SUCCESS;
}

aclnnStatus aclnnScatterNdUpdateGetWorkspaceSize(aclTensor *variable, in indices, in updates, uint64_t *workspaceSize,
                                                 aclOpExecutor **executor) {
    BEGIN("aclnnScatterNdUpdate", run_scatter_nd);
    si_in_out(call, "varRef", variable);
    si_in(call, "indices", indices);
    si_in(call, "updates", updates);
    si_require_rank(call, 1, 1, SI_MAX_RANK);
    si_require_contiguous(call, 0);
    si_require_kernel(call, "scatter_nd_update", "012>0");
    if (si_good(call)) {
        const struct si_view *v = si_of(call, 0), *i = si_of(call, 1);
        const int64_t depth = i->dims[i->rank - 1];
        si_require(call, depth >= 1 && depth <= v->rank, "%s for %s", si_describe(i), si_describe(v));
        if (si_good(call)) {
            struct si_view wanted = {.dtype = v->dtype, .format = FORMAT_ND};
            for (int d = 0; d + 1 < i->rank; d++) wanted.dims[wanted.rank++] = i->dims[d];
            for (int d = (int)depth; d < v->rank; d++) wanted.dims[wanted.rank++] = v->dims[d];
            si_require(call, si_same_shape(si_of(call, 2), &wanted), "updates is %s, and has to be %s",
                       si_describe(si_of(call, 2)), si_describe(&wanted));
        }
    }
    END();
}
SI_SECOND_PHASE(aclnnScatterNdUpdate)

static int32_t run_index_copy(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0), *index = si_operand(run, 1), *source = si_operand(run, 2);
    const int64_t dim = run->call->integers[0], count = si_elements(index), *numbers = si_integers(run, index);
    for (int64_t i = 0; i < count; i++) {
        if (numbers[i] < 0 || numbers[i] >= self->dims[dim]) {
            return si_fail(ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "%s: row %lld of %lld", run->call->op,
                           (long long)numbers[i], (long long)self->dims[dim]);
        }
        struct si_view to = *self, from = *source;
        to.dims[dim] = from.dims[dim] = 1;
        to.data += numbers[i] * self->strides[dim] * si_dtype_size(self->dtype);
        from.data += i * source->strides[dim] * si_dtype_size(source->dtype);
        si_copy_elements(&to, &from);
    }
    return ACL_SUCCESS;
}

aclnnStatus aclnnInplaceIndexCopyGetWorkspaceSize(aclTensor *self, int64_t dim, in index, in source,
                                                  uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnInplaceIndexCopy", run_index_copy);
    si_in_out(call, "selfRef", self);
    si_in(call, "index", index);
    si_in(call, "source", source);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    si_require_rank(call, 1, 1, 1);
    const int d = normal_dim(call, 0, dim);
    si_integer(call, d);
    si_require_kernel(call, "scatter_update", "012>0");
    if (si_good(call)) {
        struct si_view wanted = *si_of(call, 0);
        wanted.dims[d] = si_of(call, 1)->dims[0];
        si_require(call, si_same_shape(si_of(call, 2), &wanted), "source is %s, and has to be %s",
                   si_describe(si_of(call, 2)), si_describe(&wanted));
    }
    END();
}
SI_SECOND_PHASE(aclnnInplaceIndexCopy)

/* out[..., i, ...] = self[..., index[..., i, ...], ...] along one dimension; shapes of index and out are the same. */
static int32_t run_gather_elements(struct si_run *run) {
    const struct si_view *self = si_operand(run, 0), *index = si_operand(run, 1), *out = si_operand(run, 2);
    const int64_t dim = run->call->integers[0], size = si_dtype_size(self->dtype), *numbers = si_integers(run, index);
    for (int64_t i = si_elements(index) - 1; i >= 0; i--) {
        int64_t position = i, from = 0;
        if (numbers[i] < 0 || numbers[i] >= self->dims[dim]) {
            return si_fail(ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, "%s: element %lld of %lld", run->call->op,
                           (long long)numbers[i], (long long)self->dims[dim]);
        }
        for (int d = index->rank - 1; d >= 0; d--) {
            from += (d == dim ? numbers[i] : position % index->dims[d]) * self->strides[d];
            position /= index->dims[d];
        }
        memcpy(si_at(out, out->rank, i), self->data + from * size, (size_t)size);
    }
    return ACL_SUCCESS;
}

aclnnStatus aclnnGatherGetWorkspaceSize(in self, int64_t dim, in index, aclTensor *out, uint64_t *workspaceSize,
                                        aclOpExecutor **executor) {
    BEGIN("aclnnGather", run_gather_elements);
    si_in(call, "self", self);
    si_in(call, "index", index);
    si_out(call, "out", out);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    const int d = normal_dim(call, 0, dim);
    si_integer(call, d);
    si_require_same_shape(call, 2, 1);
    if (si_good(call)) {
        const struct si_view *v = si_of(call, 0), *i = si_of(call, 1);
        bool good = v->rank == i->rank;
        for (int k = 0; good && k < v->rank; k++) good = k == d || i->dims[k] <= v->dims[k];
        si_require(call, good, "index is %s for %s", si_describe(i), si_describe(v));
    }
    si_require_kernel(call, "gather_elements", "01>2");
    END();
}
SI_SECOND_PHASE(aclnnGather)
