/* Descriptors, executors, workspaces, and the memory that operators touch. */
#include "test.h"

/* A call of aclnnMuls by two, whose parts a test can leave out or spoil. */
struct doubling {
    struct tensor x, y;
    aclScalar *two;
    uint64_t size;
    aclOpExecutor *executor;
    void *workspace;
};

static struct doubling prepare(void) {
    struct doubling d;
    d.x = random_tensor(DTYPE_F32, -1, 1, DIMS(5, 7));
    d.y = empty_tensor(DTYPE_F32, DIMS(5, 7));
    d.two = scalar_of(2);
    OK(aclnnMulsGetWorkspaceSize(d.x.handle, d.two, d.y.handle, &d.size, &d.executor));
    d.workspace = device_memory(d.size);
    return d;
}

static void check_doubled(const struct doubling *d) {
    const double *y = read_tensor(&d->y);
    for (int64_t i = 0; i < d->x.count; i++) CHECK(y[i] == 2 * d->x.values[i]);
}

TEST(consumes_an_executor) {
    aclrtStream stream = begin();
    const struct doubling d = prepare();
    CHECK(d.size > 0);
    EQUAL(standin_get("live.executors"), 1);
    OK(aclnnMuls(d.workspace, d.size, d.executor, stream));
    EQUAL(standin_get("live.executors"), 0);
    REFUSED(aclnnMuls(d.workspace, d.size, d.executor, stream), ACLNN_ERR_INNER, "a destroyed aclOpExecutor");
    OK(aclrtSynchronizeStream(stream));
    check_doubled(&d);
    REFUSED(aclnnMuls(d.workspace, d.size, NULL, stream), ACLNN_ERR_INNER_NULLPTR, "null pointer");
    end(stream);
}

TEST(leaks_an_executor_that_is_never_run_and_not_repeatable) {
    aclrtStream stream = begin();
    const struct doubling d = prepare();
    REFUSED(aclDestroyAclOpExecutor(d.executor), ACLNN_ERR_INNER, "not made repeatable");
    EQUAL(standin_get("live.executors"), 1);
    OK(aclSetAclOpExecutorRepeatable(d.executor));
    OK(aclDestroyAclOpExecutor(d.executor));
    end(stream);
}

TEST(repeats_an_executor_with_other_addresses) {
    aclrtStream stream = begin();
    const struct doubling d = prepare(), other = prepare();
    OK(aclSetAclOpExecutorRepeatable(other.executor));
    OK(aclDestroyAclOpExecutor(other.executor));
    OK(aclSetAclOpExecutorRepeatable(d.executor));
    standin_set("execution", 2);
    OK(aclnnMuls(d.workspace, d.size, d.executor, stream));
    /* The queued call keeps the addresses it was launched with. */
    OK(aclSetInputTensorAddr(d.executor, 0, d.x.handle, other.x.memory));
    OK(aclSetOutputTensorAddr(d.executor, 0, d.y.handle, other.y.memory));
    OK(aclnnMuls(d.workspace, d.size, d.executor, stream));
    OK(aclrtSynchronizeStream(stream));
    check_doubled(&d);
    check_doubled(&other);
    REFUSED(aclSetInputTensorAddr(d.executor, 1, d.x.handle, d.x.memory), ACLNN_ERR_PARAM_INVALID, "tensor 1");
    REFUSED(aclSetInputTensorAddr(d.executor, 0, d.y.handle, d.x.memory), ACLNN_ERR_PARAM_INVALID, "another one");
    OK(aclSetTensorAddr(d.executor, 1, d.y.handle, d.y.memory));
    OK(aclSetTensorAddr(d.executor, 0, d.x.handle, d.x.memory));
    OK(aclSetRawTensorAddr(d.x.handle, other.x.memory));
    REFUSED(aclnnMuls(d.workspace, d.size, d.executor, stream), ACLNN_ERR_PARAM_INVALID, "changed in the tensor");
    OK(aclSetRawTensorAddr(d.x.handle, d.x.memory));
    OK(aclnnMuls(d.workspace, d.size, d.executor, stream));
    OK(aclrtSynchronizeStream(stream));
    OK(aclDestroyAclOpExecutor(d.executor));
    REFUSED(aclDestroyAclOpExecutor(d.executor), ACLNN_ERR_INNER, "destroyed");
    end(stream);
}

TEST(changes_addresses_within_lists) {
    aclrtStream stream = begin();
    struct tensor parts[2] = {random_tensor(DTYPE_F32, -1, 1, DIMS(2, 8)), random_tensor(DTYPE_F32, -1, 1, DIMS(3, 8))};
    const struct tensor other = random_tensor(DTYPE_F32, -1, 1, DIMS(3, 8)), out = empty_tensor(DTYPE_F32, DIMS(5, 8));
    aclTensorList *list = list_of(parts, 2);
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnCatGetWorkspaceSize(list, 0, out.handle, &size, &executor));
    OK(aclSetAclOpExecutorRepeatable(executor));
    OK(aclSetDynamicInputTensorAddr(executor, 0, 1, list, other.memory));
    REFUSED(aclSetDynamicInputTensorAddr(executor, 0, 2, list, other.memory), ACLNN_ERR_PARAM_INVALID,
            "that many tensors");
    run_second_phase(__FILE__, __LINE__, aclnnCat, size, executor, stream);
    NEAR(read_tensor(&out), parts[0].values, 16, 0, 0);
    NEAR(read_tensor(&out) + 16, other.values, 24, 0, 0);
    OK(aclDestroyAclOpExecutor(executor));
    end(stream);
}

TEST(wants_its_tensors_alive_at_launch_and_not_after) {
    aclrtStream stream = begin();
    struct doubling d = prepare();
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(5, 7));
    aclTensor *short_lived = aclCreateTensor(x.dims, 2, DTYPE_F32, NULL, 0, FORMAT_ND, x.dims, 2, x.memory);
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnMuls(d.workspace, d.size, d.executor, stream));
    OK(aclnnMulsGetWorkspaceSize(short_lived, d.two, d.y.handle, &size, &executor));
    OK(aclDestroyTensor(short_lived));
    REFUSED(aclnnMuls(device_memory(size), size, executor, stream), ACLNN_ERR_PARAM_INVALID,
            "destroyed before the second phase");
    REFUSES(aclnnMuls, ACLNN_ERR_PARAM_INVALID, "self is a destroyed aclTensor", short_lived, d.two, d.y.handle);
    REFUSES(aclnnMuls, ACLNN_ERR_PARAM_INVALID, "self is an aclScalar", (aclTensor *)d.two, d.two, d.y.handle);
    end(stream);
}

TEST(finds_memory_freed_under_a_queued_operator) {
    standin_set("execution", 2);
    aclrtStream stream = begin();
    struct doubling d = prepare();
    void *early;
    OK(aclrtMalloc(&early, d.size, 0));
    OK(aclnnMuls(early, d.size, d.executor, stream));
    OK(aclrtFree(early));
    REFUSED(aclrtSynchronizeStream(stream), ACL_ERROR_RT_DEVICE_MEM_ERROR,
            "workspace was freed before the operator ran");
    OK(aclrtDestroyStream(stream));
    free_tensors();
    OK(aclrtResetDevice(0));
}

static void refuse_workspace(aclrtStream stream, void *workspace, uint64_t too_small_by, const char *words) {
    const struct doubling d = prepare();
    REFUSED(aclnnMuls(workspace, d.size - too_small_by, d.executor, stream), ACLNN_ERR_PARAM_INVALID, words);
    /* A call that was refused has consumed its executor all the same. */
    EQUAL(standin_get("live.executors"), 0);
}

TEST(checks_the_workspace) {
    aclrtStream stream = begin();
    char *space = device_memory(9000), host[64];
    refuse_workspace(stream, space, 1, "were asked for");
    refuse_workspace(stream, NULL, 0, "no live memory");
    refuse_workspace(stream, host, 0, "no live memory");
    refuse_workspace(stream, space + 32, 0, "no multiple of 64");
    refuse_workspace(stream, space + 8960, 0, "no live memory");
    struct doubling d = prepare();
    REFUSED(aclnnMuls(d.x.memory, d.size < 140 ? d.size : 140, d.executor, stream), ACLNN_ERR_PARAM_INVALID,
            d.size <= 140 ? "overlaps" : "were asked for");
    end(stream);
}

TEST(asks_for_no_workspace_when_told_so) {
    standin_set("workspace_max", 0);
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(3, 3));
    uint64_t size = 1;
    aclOpExecutor *executor;
    OK(aclnnInplaceZeroGetWorkspaceSize(x.handle, &size, &executor));
    EQUAL(size, 0);
    OK(aclnnInplaceZero(NULL, 0, executor, stream));
    end(stream);
}

TEST(finds_two_streams_on_one_workspace) {
    aclrtStream stream = begin(), other;
    OK(aclrtCreateStream(&other));
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(600, 600)),
                        y = empty_tensor(DTYPE_F32, DIMS(600, 600));
    const struct tensor z = empty_tensor(DTYPE_F32, DIMS(600, 600));
    void *shared = device_memory(8192);
    uint64_t size;
    aclOpExecutor *executor;
    int32_t code = 0;
    for (int i = 0; i < 50 && !code; i++) {
        OK(aclnnMmGetWorkspaceSize(x.handle, x.handle, y.handle, 0, &size, &executor));
        OK(aclnnMm(shared, 8192, executor, stream));
        OK(aclnnMmGetWorkspaceSize(x.handle, x.handle, z.handle, 0, &size, &executor));
        OK(aclnnMm(shared, 8192, executor, other));
        code = aclrtSynchronizeStream(stream);
        if (!code) code = aclrtSynchronizeStream(other);
    }
    EQUAL(code, ACL_ERROR_RT_DEVICE_MEM_ERROR);
    OK(aclrtResetDeviceForce(0));
    free_tensors();
}

TEST(finds_who_writes_into_a_workspace_in_use) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(600, 600)),
                        y = empty_tensor(DTYPE_F32, DIMS(600, 600));
    void *workspace = device_memory(8192);
    uint64_t size;
    aclOpExecutor *executor;
    int32_t code = 0, status;
    for (int i = 0; i < 20 && !code; i++) {
        OK(aclnnMmGetWorkspaceSize(x.handle, x.handle, y.handle, 0, &size, &executor));
        OK(aclnnMm(workspace, 8192, executor, stream));
        do {
            code = aclrtMemset(workspace, 8192, 0, 8192);
            if (!code) code = aclrtStreamQuery(stream, &status);
        } while (!code && status != 0);
    }
    EQUAL(code, ACL_ERROR_RT_DEVICE_MEM_ERROR);
    CHECK(strstr(aclGetRecentErrMsg(), "wrote into its workspace"));
    OK(aclrtResetDeviceForce(0));
    free_tensors();
}

static void *launches(void *argument) {
    struct doubling *d = argument;
    OK(aclrtSetDevice(0));
    REFUSED(aclnnMuls(d->workspace, d->size, d->executor, NULL), ACLNN_ERR_INNER, "another thread");
    OK(aclrtResetDevice(0));
    return NULL;
}

TEST(keeps_both_phases_on_one_thread) {
    aclrtStream stream = begin();
    struct doubling d = prepare();
    on_threads(1, launches, &d, 0);
    REFUSED(aclnnAdds(d.workspace, d.size, d.executor, stream), ACLNN_ERR_INNER, "one of aclnnMuls");
    OK(aclnnMuls(d.workspace, d.size, d.executor, stream));
    end(stream);
}

static void refuse_address(aclrtStream stream, void *address, const char *words) {
    const struct doubling d = prepare();
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnMuls(d.workspace, d.size, d.executor, stream));
    aclTensor *x = handle_of(DTYPE_F32, FORMAT_ND, DIMS(5, 7), DIMS(5, 7), address);
    OK(aclnnMulsGetWorkspaceSize(x, d.two, d.y.handle, &size, &executor));
    REFUSED(aclnnMuls(device_memory(size), size, executor, stream), ACLNN_ERR_PARAM_INVALID, words);
}

TEST(checks_addresses_at_launch) {
    aclrtStream stream = begin();
    char *memory = device_memory(512), host[32] __attribute__((aligned(32)));
    refuse_address(stream, NULL, "no address");
    refuse_address(stream, memory + 16, "no multiple of 32");
    refuse_address(stream, memory + 384, "not within one live device allocation");
    refuse_address(stream, host, "not within one live device allocation");
    /* An allocation without slack has to leave 32 bytes behind the last tensor. */
    void *tight;
    OK(aclrtMallocAlign32(&tight, 140, 0));
    refuse_address(stream, tight, "32 bytes behind");
    OK(aclrtSynchronizeStream(stream));
    OK(aclrtFree(tight));
    end(stream);
}

TEST(lets_results_share_memory_only_where_it_is_safe) {
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(8, 8)),
                        gamma = random_tensor(DTYPE_F32, -1, 1, DIMS(8));
    const struct tensor rstd = empty_tensor(DTYPE_F32, DIMS(8, 1)), y = empty_tensor(DTYPE_F32, DIMS(8, 8));
    RUN(stream, aclnnMuls, x.handle, scalar_of(2), x.handle);
    uint64_t size;
    aclOpExecutor *executor;
    OK(aclnnAddRmsNormGetWorkspaceSize(x.handle, y.handle, gamma.handle, 1e-5, y.handle, rstd.handle, x.handle, &size,
                                       &executor));
    REFUSED(aclnnAddRmsNorm(device_memory(size), size, executor, stream), ACLNN_ERR_PARAM_INVALID, "share memory");
    aclTensor *overlapping = view_of(&x, DIMS(7, 8), (int64_t[]){8, 1}, 8),
              *first = view_of(&x, DIMS(7, 8), (int64_t[]){8, 1}, 0);
    OK(aclnnMulsGetWorkspaceSize(first, scalar_of(2), overlapping, &size, &executor));
    REFUSED(aclnnMuls(device_memory(size), size, executor, stream), ACLNN_ERR_PARAM_INVALID, "share memory");
    /* Two ranges of columns of one matrix do not. */
    aclTensor *left = view_of(&x, DIMS(8, 4), (int64_t[]){8, 1}, 0),
              *right = view_of(&x, DIMS(8, 4), (int64_t[]){8, 1}, 4);
    RUN(stream, aclnnMuls, left, scalar_of(3), right);
    end(stream);
}

TEST(makes_no_tensor_of_nonsense) {
    aclrtStream stream = begin();
    static const int64_t dims[] = {4, 4}, negative[] = {4, -1}, nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1},
                         strides[] = {4, 1};
    CHECK(!aclCreateTensor(dims, 2, 5, NULL, 0, FORMAT_ND, dims, 2, NULL) &&
          strstr(aclGetRecentErrMsg(), "element type"));
    CHECK(!aclCreateTensor(negative, 2, DTYPE_F32, NULL, 0, FORMAT_ND, dims, 2, NULL) &&
          strstr(aclGetRecentErrMsg(), "negative"));
    CHECK(!aclCreateTensor(nine, 9, DTYPE_F32, NULL, 0, FORMAT_ND, dims, 2, NULL) &&
          strstr(aclGetRecentErrMsg(), "8 dimensions"));
    CHECK(!aclCreateTensor(dims, 2, DTYPE_F32, NULL, 0, 3, dims, 2, NULL) && strstr(aclGetRecentErrMsg(), "format"));
    CHECK(!aclCreateTensor(dims, 2, DTYPE_F32, strides, 1, FORMAT_ND, dims, 2, NULL) &&
          strstr(aclGetRecentErrMsg(), "beyond its storage"));
    REFUSED(aclDestroyTensor(NULL), ACLNN_ERR_PARAM_NULLPTR, "null pointer");
    end(stream);
}

TEST(destroys_members_with_their_list) {
    aclrtStream stream = begin();
    static const int64_t dims[] = {4};
    aclTensor *members[2];
    for (int i = 0; i < 2; i++) members[i] = aclCreateTensor(dims, 1, DTYPE_F32, NULL, 0, FORMAT_ND, dims, 1, NULL);
    aclTensorList *list = aclCreateTensorList((const aclTensor *const *)members, 2);
    uint64_t size;
    OK(aclGetTensorListSize(list, &size));
    EQUAL(size, 2);
    OK(aclDestroyTensorList(list));
    EQUAL(standin_get("live.tensors"), 0);
    REFUSED(aclDestroyTensor(members[0]), ACLNN_ERR_PARAM_INVALID, "a destroyed aclTensor");
    REFUSED(aclDestroyTensorList(list), ACLNN_ERR_PARAM_INVALID, "a destroyed aclTensorList");
    CHECK(!aclCreateTensorList((const aclTensor *const *)members, 2));
    end(stream);
    /* The other way round is a violation, kept where a test looks. */
    members[0] = aclCreateTensor(dims, 1, DTYPE_F32, NULL, 0, FORMAT_ND, dims, 1, NULL);
    list = aclCreateTensorList((const aclTensor *const *)members, 1);
    OK(aclDestroyTensor(members[0]));
    REFUSED(aclDestroyTensorList(list), ACLNN_ERR_PARAM_INVALID, "the list destroys its members");
    EQUAL(standin_get("violations"), 1);
    standin_reset();
}

TEST(tells_what_a_descriptor_holds) {
    aclrtStream stream = begin();
    static const int64_t dims[] = {3, 2}, strides[] = {1, 3}, storage[] = {2, 3};
    aclTensor *t = aclCreateTensor(dims, 2, DTYPE_BF16, strides, 0, FORMAT_ND, storage, 2, NULL);
    int64_t *got, offset;
    uint64_t rank, size;
    int32_t format, dtype;
    void *address;
    OK(aclGetViewShape(t, &got, &rank));
    CHECK(rank == 2 && got[0] == 3 && got[1] == 2);
    free(got);
    OK(aclGetViewStrides(t, &got, &rank));
    CHECK(got[1] == 3);
    free(got);
    OK(aclGetStorageShape(t, &got, &rank));
    CHECK(got[1] == 3);
    free(got);
    OK(aclGetViewOffset(t, &offset));
    OK(aclGetFormat(t, &format));
    OK(aclGetDataType(t, &dtype));
    OK(aclGetRawTensorAddr(t, &address));
    CHECK(offset == 0 && format == FORMAT_ND && dtype == DTYPE_BF16 && !address);
    OK(aclInitTensor(t, storage, 2, DTYPE_F32, NULL, 0, FORMAT_ND, storage, 2, NULL));
    OK(aclGetDataType(t, &dtype));
    EQUAL(dtype, DTYPE_F32);
    OK(aclDestroyTensor(t));
    const float floats[] = {1, 2};
    const bool bools[] = {true, false, true};
    aclFloatArray *f = aclCreateFloatArray(floats, 2);
    aclBoolArray *b = aclCreateBoolArray(bools, 3);
    OK(aclGetFloatArraySize(f, &size));
    EQUAL(size, 2);
    OK(aclGetBoolArraySize(b, &size));
    EQUAL(size, 3);
    EQUAL(standin_get("live.float_arrays") + standin_get("live.bool_arrays"), 2);
    OK(aclDestroyFloatArray(f));
    OK(aclDestroyBoolArray(b));
    double value = 0.1;
    aclScalar *s = aclCreateScalar(&value, DTYPE_F64);
    aclScalarList *list = aclCreateScalarList((const aclScalar *const *)&s, 1);
    OK(aclGetScalarListSize(list, &size));
    EQUAL(size, 1);
    OK(aclDestroyScalarList(list));
    end(stream);
}

TEST(needs_an_installation) {
    standin_set("require_opp_path", 1);
    unsetenv("ASCEND_OPP_PATH");
    aclrtStream stream = begin();
    const struct tensor x = random_tensor(DTYPE_F32, -1, 1, DIMS(3, 3));
    REFUSES(aclnnInplaceZero, ACLNN_ERR_INNER_OPP_PATH_NOT_FOUND, "ASCEND_OPP_PATH", x.handle);
    standin_set("newer_kernels", 0);
    standin_set("require_opp_path", 0);
    REFUSES(aclnnRotaryPositionEmbedding, ACLNN_ERR_INNER_OPP_KERNEL_PKG_NOT_FOUND, "kernels", x.handle, x.handle,
            x.handle, 0, x.handle);
    end(stream);
}

TEST(does_nothing_when_told_so) {
    standin_set("noop", 1);
    aclrtStream stream = begin();
    const struct doubling d = prepare();
    const int64_t tasks = standin_get("tasks");
    OK(aclnnMuls(d.workspace, d.size, d.executor, stream));
    OK(aclrtSynchronizeStream(stream));
    CHECK(isnan(read_tensor(&d.y)[0]));
    EQUAL(standin_get("tasks"), tasks);
    EQUAL(standin_get("launches"), 1);
    end(stream);
}
