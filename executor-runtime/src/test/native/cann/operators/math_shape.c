/* Operators that move elements without changing them, and the order of blocks of weights. */
#include "blocks.h"

static int32_t run_cat(struct si_run *run) {
    const struct si_view *out = si_operand(run, 1);
    const int64_t dim = run->call->integers[0];
    int64_t at = 0;
    for (int i = 0; i < si_count(run->call, 0); i++) {
        const struct si_view *part = si_member(run, 0, i);
        struct si_view target = *out;
        target.dims[dim] = part->dims[dim];
        target.data += at * out->strides[dim] * si_dtype_size(out->dtype);
        si_copy_elements(&target, part);
        at += part->dims[dim];
    }
    return ACL_SUCCESS;
}

aclnnStatus aclnnCatGetWorkspaceSize(inList tensors, int64_t dim, aclTensor *out, uint64_t *workspaceSize,
                                     aclOpExecutor **executor) {
    BEGIN("aclnnCat", run_cat);
    si_in_list(call, "tensors", tensors);
    si_out(call, "out", out);
    const int d = normal_dim(call, 1, dim);
    si_integer(call, d);
    int64_t sum = 0;
    for (int i = 0; si_good(call) && i < si_count(call, 0); i++) {
        const struct si_view *part = si_of_list(call, 0, i), *o = si_of(call, 1);
        struct si_view wanted = *o;
        if (part->rank == o->rank) wanted.dims[d] = part->dims[d];
        si_require(call, part->dtype == o->dtype && si_same_shape(part, &wanted), "tensor %d is %s, out is %s", i,
                   si_describe(part), si_describe(o));
        if (si_good(call)) sum += part->dims[d];
    }
    si_require(call, sum == si_of(call, 1)->dims[d], "%lld elements along dimension %d into %s", (long long)sum, d,
               si_describe(si_of(call, 1)));
    END();
}
SI_SECOND_PHASE(aclnnCat)

static struct si_view permuted(const struct si_view *v, const int64_t *order) {
    struct si_view p = *v;
    for (int i = 0; i < v->rank; i++) {
        p.dims[i] = v->dims[order[i]];
        p.strides[i] = v->strides[order[i]];
    }
    return p;
}

static int32_t run_permute(struct si_run *run) {
    const struct si_view from = permuted(si_operand(run, 0), run->call->arrays[0].values);
    si_copy_elements(si_operand(run, 1), &from);
    return ACL_SUCCESS;
}

aclnnStatus aclnnPermuteGetWorkspaceSize(in self, ints dims, aclTensor *out, uint64_t *workspaceSize,
                                         aclOpExecutor **executor) {
    BEGIN("aclnnPermute", run_permute);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_array(call, "dims", dims, false);
    si_require_same_dtype(call, 1, 0);
    if (si_good(call)) {
        const struct si_view *v = si_of(call, 0);
        int64_t *order = call->arrays[0].values;
        unsigned seen = 0;
        si_require(call, call->arrays[0].size == v->rank, "%lld dimensions for %s", (long long)call->arrays[0].size,
                   si_describe(v));
        for (int i = 0; si_good(call) && i < v->rank; i++) {
            if (order[i] < 0) order[i] += v->rank;
            si_require(call, order[i] >= 0 && order[i] < v->rank && !(seen >> order[i] & 1), "dims are no order of %s",
                       si_describe(v));
            if (si_good(call)) seen |= 1u << order[i];
        }
        if (si_good(call)) {
            const struct si_view wanted = permuted(v, order);
            si_require(call, si_same_shape(si_of(call, 1), &wanted), "out is %s, and has to be %s",
                       si_describe(si_of(call, 1)), si_describe(&wanted));
        }
    }
    END();
}
SI_SECOND_PHASE(aclnnPermute)

static struct si_view sliced(const struct si_view *v, int64_t dim, int64_t start, int64_t count, int64_t step) {
    struct si_view s = *v;
    s.dims[dim] = count;
    s.strides[dim] *= step;
    if (s.data) s.data += start * v->strides[dim] * si_dtype_size(v->dtype);
    return s;
}

static int32_t run_slice(struct si_run *run) {
    const int64_t *n = run->call->integers;
    const struct si_view *out = si_operand(run, 1);
    const struct si_view from = sliced(si_operand(run, 0), n[0], n[1], out->dims[n[0]], n[2]);
    si_copy_elements(out, &from);
    return ACL_SUCCESS;
}

aclnnStatus aclnnSliceGetWorkspaceSize(in self, int64_t dim, int64_t start, int64_t end, int64_t step, aclTensor *out,
                                       uint64_t *workspaceSize, aclOpExecutor **executor) {
    BEGIN("aclnnSlice", run_slice);
    si_in(call, "self", self);
    si_out(call, "out", out);
    si_require_same_dtype(call, 1, 0);
    si_require_rank(call, 0, 1, SI_MAX_RANK);
    const int d = normal_dim(call, 0, dim);
    si_require(call, step > 0, "step %lld", (long long)step);
    if (si_good(call)) {
        const int64_t n = si_of(call, 0)->dims[d];
        start = start < 0 ? start + n : start;
        end = end < 0 ? end + n : end > n ? n : end;
        si_require(call, start >= 0 && start <= n && end >= start, "from %lld to %lld of %lld", (long long)start,
                   (long long)end, (long long)n);
        struct si_view wanted = *si_of(call, 0);
        wanted.dims[d] = (end - start + step - 1) / step;
        si_require(call, si_same_shape(si_of(call, 1), &wanted), "out is %s, and has to be %s",
                   si_describe(si_of(call, 1)), si_describe(&wanted));
    }
    si_integer(call, d);
    si_integer(call, start);
    si_integer(call, step);
    END();
}
SI_SECOND_PHASE(aclnnSlice)

/* Elements of a weight in blocks: each of the leading matrices [k, n] padded to 16 rows and 32 bytes of columns. */
aclnnStatus aclnnCalculateMatmulWeightSizeV2(ints shape, int32_t dtype, uint64_t *elements) {
    SI_ENTER();
    if (!si_handle_is(shape, SI_INT_ARRAY) || !elements) {
        return si_fail(ACLNN_ERR_PARAM_NULLPTR, "%s: the shape is %s", __func__, si_handle_describe(shape));
    }
    if (shape->size < 2 || shape->size > 6 || (dtype != DTYPE_F16 && dtype != DTYPE_BF16 && dtype != DTYPE_I8)) {
        return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: %llu dimensions of %s", __func__, (unsigned long long)shape->size,
                       si_dtype_name(dtype));
    }
    int64_t n = 1;
    for (uint64_t i = 0; i + 2 < shape->size; i++) n *= shape->values[i];
    *elements = (uint64_t)(n * si_nz_elements(shape->values[shape->size - 2], shape->values[shape->size - 1],
                                              si_dtype_size(dtype)));
    return ACL_SUCCESS;
}

/* The matrices of a view in blocks, padding zero; memory of the run. */
char *weight_blocks(struct si_run *run, const struct si_view *w, int64_t *bytes) {
    const int64_t size = si_dtype_size(w->dtype), k = w->dims[w->rank - 2], n = w->dims[w->rank - 1];
    const int64_t each = si_nz_elements(k, n, size), batches = si_product(w, 0, w->rank - 2);
    *bytes = batches * each * size;
    char *blocks = si_temporary(run, *bytes);
    memset(blocks, 0, (size_t)*bytes);
    for (int64_t b = 0; b < batches; b++) {
        const struct si_weight from = si_weight_of(w, b, false);
        for (int64_t i = 0; i < k; i++) {
            for (int64_t j = 0; j < n; j++) {
                memcpy(blocks + (b * each + si_nz_index(i, j, k, size)) * size,
                       from.data + (i * from.k_stride + j * from.n_stride) * size, (size_t)size);
            }
        }
    }
    return blocks;
}

static int32_t run_trans_weight(struct si_run *run) {
    const struct si_view *w = si_operand(run, 0);
    int64_t bytes;
    const char *blocks = weight_blocks(run, w, &bytes);
    memcpy(w->data, blocks, (size_t)bytes);
    return ACL_SUCCESS;
}

/* In place: the storage has to have room for the blocks, and is of format NZ from then on. */
aclnnStatus aclnnTransMatmulWeightGetWorkspaceSize(aclTensor *weight, uint64_t *workspaceSize,
                                                   aclOpExecutor **executor) {
    BEGIN("aclnnTransMatmulWeight", run_trans_weight);
    si_in_out(call, "mmWeightRef", weight);
    si_require_rank(call, 0, 2, 6);
    si_require_dtype(call, 0, "hbc");
    si_require_nd(call, 0);
    if (si_good(call)) {
        const struct si_view *w = si_of(call, 0);
        const int64_t size = si_dtype_size(w->dtype), k = w->dims[w->rank - 2], n = w->dims[w->rank - 1];
        const int64_t needed = si_product(w, 0, w->rank - 2) * si_nz_elements(k, n, size);
        si_require(call, w->offset == 0 && si_storage_elements(w) >= needed,
                   "a storage of %lld elements, %lld are needed: ask aclnnCalculateMatmulWeightSizeV2",
                   (long long)si_storage_elements(w), (long long)needed);
    }
    END();
}
SI_SECOND_PHASE(aclnnTransMatmulWeight)
