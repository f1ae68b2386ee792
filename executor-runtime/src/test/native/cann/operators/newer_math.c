/* Changes of format, newer than 8.1.RC1. */
#include "blocks.h"

#include <stdlib.h>

static int32_t run_format_cast(struct si_run *run) {
    const struct si_view *from = si_operand(run, 0), *to = si_operand(run, 1);
    int64_t bytes;
    const char *blocks = weight_blocks(run, from, &bytes);
    memcpy(to->data, blocks, (size_t)bytes);
    return ACL_SUCCESS;
}

static void check_source(struct si_call *call) {
    si_require_rank(call, 0, 2, 6);
    si_require_dtype(call, 0, "hbc");
    si_require_nd(call, 0);
}

aclnnStatus aclnnNpuFormatCastGetWorkspaceSize(in source, aclTensor *destination, uint64_t *workspaceSize,
                                               aclOpExecutor **executor) {
    BEGIN("aclnnNpuFormatCast", run_format_cast);
    require_newer_kernels(call);
    si_in(call, "srcTensor", source);
    si_out(call, "dstTensor", destination);
    check_source(call);
    si_require_same_shape(call, 1, 0);
    si_require_same_dtype(call, 1, 0);
    if (si_good(call)) {
        const struct si_view *from = si_of(call, 0), *to = si_of(call, 1);
        const int64_t needed = si_product(from, 0, from->rank - 2) * si_nz_elements(from->dims[from->rank - 2],
                                                                                    from->dims[from->rank - 1],
                                                                                    si_dtype_size(from->dtype));
        si_require(call, to->format == FORMAT_NZ, "dstTensor is %s: the stand-in casts to FRACTAL_NZ", si_describe(to));
        si_require(call, si_storage_elements(to) >= needed, "a storage of %lld elements, %lld are needed",
                   (long long)si_storage_elements(to), (long long)needed);
    }
    END();
}
SI_SECOND_PHASE(aclnnNpuFormatCast)

/* The caller gets an array that it cannot give back, as with the real library. */
aclnnStatus aclnnNpuFormatCastCalculateSizeAndFormat(in source, int32_t format, int32_t additionalDtype,
                                                     int64_t **shape, uint64_t *rank, int32_t *actualFormat) {
    SI_ENTER();
    (void)additionalDtype;
    if (!si_handle_is(source, SI_TENSOR) || !shape || !rank || !actualFormat) {
        return si_fail(ACLNN_ERR_PARAM_NULLPTR, "%s: the tensor is %s", __func__, si_handle_describe(source));
    }
    const struct si_view *v = &source->view;
    if (format != FORMAT_NZ || v->rank < 2 || v->rank > 6) {
        return si_fail(ACLNN_ERR_PARAM_INVALID, "%s: %s to format %d", __func__, si_describe(v), format);
    }
    const int64_t width = 32 / si_dtype_size(v->dtype), k = v->dims[v->rank - 2], n = v->dims[v->rank - 1];
    int64_t *out = malloc((size_t)(v->rank + 2) * sizeof *out);
    memcpy(out, v->dims, (size_t)(v->rank - 2) * sizeof *out);
    const int64_t blocks[] = {(n + width - 1) / width, (k + 15) / 16, 16, width};
    memcpy(out + v->rank - 2, blocks, sizeof blocks);
    *shape = out;
    *rank = (uint64_t)v->rank + 2;
    *actualFormat = FORMAT_NZ;
    return ACL_SUCCESS;
}
