/* The files of both variants: names, what each has and lacks, one state for all. */
#include "test.h"

#include <dlfcn.h>

/* A library of a variant, found beside the one that this program is linked with. */
static void *library(const char *variant, const char *name) {
    Dl_info info;
    CHECK(dladdr((void *)aclrtSetDevice, &info));
    char path[1024];
    snprintf(path, sizeof path, "%s", info.dli_fname);
    char *split = strstr(path, "/split/lib64/");
    CHECK(split);
    snprintf(split, sizeof path - (size_t)(split - path), "/%s/%s", variant, name);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) fail_test(__FILE__, __LINE__, "%s", dlerror());
    return handle;
}

static bool has(void *library, const char *symbol) {
    return dlsym(library, symbol) != NULL;
}

TEST(has_the_libraries_of_8_1_with_what_8_1_had) {
    void *acl = library("8.1", "lib64/libascendcl.so"), *base = library("8.1", "lib64/libnnopbase.so");
    void *operators = library("8.1", "lib64/libopapi.so"), *hccl = library("8.1", "lib64/libhccl.so");
    CHECK(has(acl, "aclInit") && has(acl, "aclmdlRICaptureTaskGrpBegin") && !has(acl, "aclmdlRIExecute"));
    CHECK(has(base, "aclCreateTensor") && has(hccl, "HcclCommInitAll") && has(hccl, "HcclAllReduce"));
    CHECK(has(operators, "aclnnMm") && has(operators, "aclnnMmGetWorkspaceSize") &&
          has(operators, "aclnnGroupedMatmulV4"));
    CHECK(!has(operators, "aclnnGroupedMatmulV5") && !has(operators, "aclnnFusedInferAttentionScoreV4"));
    CHECK(!has(operators, "run_attention"));
}

TEST(has_the_split_libraries_with_what_is_newer) {
    void *runtime = library("split", "lib64/libacl_rt.so"), *acl = library("split", "lib64/libascendcl.so");
    void *math = library("split", "lib64/libopapi_math.so"), *nn = library("split", "lib64/libopapi_nn.so");
    void *transformer = library("split", "lib64/libopapi_transformer.so"),
         *comm = library("split", "lib64/libhcomm.so");
    void *hccl = library("split", "lib64/libhccl.so");
    CHECK(has(runtime, "aclInit") && has(runtime, "aclmdlRIExecute") && !has(acl, "aclInit"));
    CHECK(has(math, "aclnnCast") && !has(math, "aclnnMm") && has(nn, "aclnnMm") && has(nn, "aclnnQuantMatmulV5"));
    CHECK(has(transformer, "aclnnGroupedMatmulV5") && !has(transformer, "aclnnCast"));
    CHECK(has(comm, "HcclCommInitRootInfo") && !has(comm, "HcclAllReduce") && has(hccl, "HcclAllReduce") &&
          !has(hccl, "HcclCommDestroy"));
}

TEST(keeps_one_state_for_all_libraries_of_a_process) {
    aclError (*init)(const char *) =
        (aclError (*)(const char *))dlsym(library("8.1", "lib64/libascendcl.so"), "aclInit");
    aclTensor *(*create)(const int64_t *, uint64_t, int32_t, const int64_t *, int64_t, int32_t, const int64_t *,
                         uint64_t, void *);
    *(void **)&create = dlsym(library("8.1", "lib64/libnnopbase.so"), "aclCreateTensor");
    OK(init(NULL));
    REFUSED(aclInit(NULL), ACL_ERROR_REPEAT_INITIALIZE, "before");
    static const int64_t dims[] = {4};
    aclTensor *tensor = create(dims, 1, DTYPE_F32, NULL, 0, FORMAT_ND, dims, 1, NULL);
    EQUAL(standin_get("live.tensors"), 1);
    OK(aclDestroyTensor(tensor));
}

TEST(answers_every_call_of_a_link_stub_with_an_error) {
    static const char *const stubs[] = {"devlib/libascendcl.so", "lib64/stub/libascendcl.so"};
    for (int i = 0; i < 2; i++) {
        int32_t (*init)(void) = (int32_t (*)(void))dlsym(library("8.1", stubs[i]), "aclInit");
        EQUAL(init(), 100039);
    }
}
