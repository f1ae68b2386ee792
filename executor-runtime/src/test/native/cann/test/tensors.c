#include "test.h"

static struct owned {
    struct owned *next;
    void *pointer;
    enum { DEVICE, HOST, TENSOR, LIST, INTS, SCALAR } kind;
} *owned;

static void own(void *pointer, int kind) {
    struct owned *entry = malloc(sizeof *entry);
    *entry = (struct owned){.next = owned, .pointer = pointer, .kind = kind};
    owned = entry;
}

static void disown(const void *pointer) {
    struct owned **at = &owned;
    while ((*at)->pointer != pointer) at = &(*at)->next;
    struct owned *entry = *at;
    *at = entry->next;
    free(entry);
}

void free_tensors(void) {
    while (owned) {
        struct owned *entry = owned;
        owned = entry->next;
        switch (entry->kind) {
            case DEVICE: aclrtFree(entry->pointer); break;
            case HOST: free(entry->pointer); break;
            case TENSOR: aclDestroyTensor(entry->pointer); break;
            case LIST: aclDestroyTensorList(entry->pointer); break;
            case INTS: aclDestroyIntArray(entry->pointer); break;
            case SCALAR: aclDestroyScalar(entry->pointer); break;
        }
        free(entry);
    }
}

aclrtStream begin(void) {
    aclrtStream stream;
    OK(aclInit(NULL));
    OK(aclrtSetDevice(0));
    OK(aclrtCreateStream(&stream));
    return stream;
}

void end(aclrtStream stream) {
    OK(aclrtSynchronizeStream(stream));
    free_tensors();
    OK(aclrtDestroyStream(stream));
    OK(aclrtResetDevice(0));
    OK(aclFinalize());
}

double uniform(double low, double high) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return low + (high - low) * ((double)(state >> 11) * 0x1p-53);
}

static int mantissa_bits(int32_t dtype) {
    return dtype == DTYPE_BF16 ? 8 : dtype == DTYPE_F16 ? 11 : 24;
}

double rounded(int32_t dtype, double x) {
    switch (dtype) {
        case DTYPE_F64: return x;
        case DTYPE_F32:
        case DTYPE_F16:
        case DTYPE_BF16: break;
        default: return nearbyint(x);
    }
    if (x == 0 || !isfinite(x)) return x;
    const int bits = mantissa_bits(dtype);
    int exponent;
    frexp(x, &exponent);
    const int lowest = dtype == DTYPE_F16 ? -13 : -125;
    if (exponent < lowest) exponent = lowest;
    return ldexp(nearbyint(ldexp(x, bits - exponent)), exponent - bits);
}

double tolerance(int32_t dtype) {
    return ldexp(1, 1 - mantissa_bits(dtype));
}

/* The element as its bytes. */
static void encode(int32_t dtype, double x, char *to) {
    const float f = (float)x;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    const int64_t whole = isfinite(x) ? (int64_t)x : 0;
    switch (dtype) {
        case DTYPE_F32: memcpy(to, &f, 4); break;
        case DTYPE_F64: memcpy(to, &x, 8); break;
        case DTYPE_BF16: memcpy(to, (char *)&bits + 2, 2); break;
        case DTYPE_F16: {
            const uint16_t half = aclFloatToFloat16(f);
            memcpy(to, &half, 2);
            break;
        }
        default: memcpy(to, &whole, aclDataTypeSize(dtype)); break;
    }
}

static double decode(int32_t dtype, const char *from) {
    float f = 0;
    double d;
    uint16_t half;
    int64_t whole = 0;
    const size_t size = aclDataTypeSize(dtype);
    switch (dtype) {
        case DTYPE_F32: memcpy(&f, from, 4); return f;
        case DTYPE_F64: memcpy(&d, from, 8); return d;
        case DTYPE_BF16: memcpy((char *)&f + 2, from, 2); return f;
        case DTYPE_F16: memcpy(&half, from, 2); return aclFloat16ToFloat(half);
        default: memcpy(&whole, from, size); break;
    }
    const bool is_signed = dtype == DTYPE_I8 || dtype == DTYPE_I16 || dtype == DTYPE_I32 || dtype == DTYPE_I64;
    const int shift = (int)(64 - 8 * size);
    return is_signed ? (double)((int64_t)((uint64_t)whole << shift) >> shift) : (double)(uint64_t)whole;
}

void *device_memory(size_t bytes) {
    void *memory;
    OK(aclrtMalloc(&memory, bytes, 0));
    own(memory, DEVICE);
    return memory;
}

struct tensor empty_tensor(int32_t dtype, const int64_t *dims, int rank) {
    struct tensor t = {.dtype = dtype, .rank = rank, .count = 1};
    for (int i = 0; i < rank; i++) {
        t.dims[i] = dims[i];
        t.count *= dims[i];
    }
    t.memory = device_memory((size_t)(t.count > 0 ? t.count : 1) * aclDataTypeSize(dtype));
    t.values = calloc((size_t)t.count + 1, sizeof(double));
    own(t.values, HOST);
    t.handle = handle_of(dtype, FORMAT_ND, dims, rank, dims, rank, t.memory);
    return t;
}

struct tensor tensor_of(int32_t dtype, const double *values, const int64_t *dims, int rank) {
    struct tensor t = empty_tensor(dtype, dims, rank);
    const size_t size = aclDataTypeSize(dtype);
    char *bytes = malloc((size_t)t.count * size + 1);
    for (int64_t i = 0; i < t.count; i++) {
        t.values[i] = rounded(dtype, values[i]);
        encode(dtype, t.values[i], bytes + (size_t)i * size);
    }
    if (t.count > 0) OK(aclrtMemcpy(t.memory, (size_t)t.count * size, bytes, (size_t)t.count * size, MEMCPY_H2D));
    free(bytes);
    return t;
}

struct tensor random_tensor(int32_t dtype, double low, double high, const int64_t *dims, int rank) {
    int64_t count = 1;
    for (int i = 0; i < rank; i++) count *= dims[i];
    double *values = malloc((size_t)count * sizeof(double) + 1);
    for (int64_t i = 0; i < count; i++) values[i] = uniform(low, high);
    const struct tensor t = tensor_of(dtype, values, dims, rank);
    free(values);
    return t;
}

aclTensor *handle_of(int32_t dtype, int32_t format, const int64_t *dims, int rank, const int64_t *storage,
                     int storage_rank, void *memory) {
    aclTensor *handle =
        aclCreateTensor(dims, (uint64_t)rank, dtype, NULL, 0, format, storage, (uint64_t)storage_rank, memory);
    if (!handle) fail_test(__FILE__, __LINE__, "no tensor: %s", aclGetRecentErrMsg());
    own(handle, TENSOR);
    return handle;
}

aclTensor *view_of(const struct tensor *t, const int64_t *dims, int rank, const int64_t *strides, int64_t offset) {
    aclTensor *handle = aclCreateTensor(dims, (uint64_t)rank, t->dtype, strides, offset, FORMAT_ND, t->dims,
                                        (uint64_t)t->rank, t->memory);
    if (!handle) fail_test(__FILE__, __LINE__, "no view: %s", aclGetRecentErrMsg());
    own(handle, TENSOR);
    return handle;
}

/* The list takes the handles over, as it destroys them. */
aclTensorList *list_of(struct tensor *tensors, int count) {
    const aclTensor *handles[128] = {0};
    for (int i = 0; i < count; i++) handles[i] = tensors[i].handle;
    aclTensorList *list = aclCreateTensorList(handles, (uint64_t)count);
    CHECK(list);
    for (int i = 0; i < count; i++) disown(tensors[i].handle);
    own(list, LIST);
    return list;
}

aclTensorList *list_of_handle(aclTensor *handle) {
    struct tensor one = {.handle = handle};
    return list_of(&one, 1);
}

aclIntArray *ints_of(const int64_t *values, int count) {
    aclIntArray *array = aclCreateIntArray(values, (uint64_t)count);
    CHECK(array);
    own(array, INTS);
    return array;
}

aclScalar *scalar_of(double value) {
    float f = (float)value;
    aclScalar *scalar = aclCreateScalar(&f, DTYPE_F32);
    CHECK(scalar);
    own(scalar, SCALAR);
    return scalar;
}

aclScalar *whole_scalar_of(int64_t value) {
    aclScalar *scalar = aclCreateScalar(&value, DTYPE_I64);
    CHECK(scalar);
    own(scalar, SCALAR);
    return scalar;
}

double *read_tensor(const struct tensor *t) {
    const size_t size = aclDataTypeSize(t->dtype), bytes = (size_t)t->count * size;
    char *raw = malloc(bytes + 1);
    double *values = malloc((size_t)t->count * sizeof(double) + 1);
    own(values, HOST);
    if (bytes > 0) OK(aclrtMemcpy(raw, bytes, t->memory, bytes, MEMCPY_D2H));
    for (int64_t i = 0; i < t->count; i++) values[i] = decode(t->dtype, raw + (size_t)i * size);
    free(raw);
    return values;
}

void check_near(const char *file, int line, const double *actual, const double *expected, int64_t count,
                double absolute, double relative) {
    for (int64_t i = 0; i < count; i++) {
        if (fabs(actual[i] - expected[i]) <= absolute + relative * fabs(expected[i])) continue;
        fail_test(file, line, "element %lld of %lld is %.9g, not %.9g", (long long)i, (long long)count, actual[i],
                  expected[i]);
    }
}

void run_second_phase(const char *file, int line, second_phase phase, uint64_t size, aclOpExecutor *executor,
                      aclrtStream stream) {
    void *workspace = NULL;
    if (size > 0) OK(aclrtMalloc(&workspace, size, 0));
    const int32_t code = phase(workspace, size, executor, stream);
    if (code) fail_test(file, line, "second phase: %d: %s", code, aclGetRecentErrMsg());
    const int32_t later = aclrtSynchronizeStream(stream);
    if (later) fail_test(file, line, "synchronize: %d: %s", later, aclGetRecentErrMsg());
    if (size > 0) OK(aclrtFree(workspace));
}

void on_threads(int count, void *(*body)(void *), void *arguments, size_t each) {
    pthread_t threads[64];
    for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, body, (char *)arguments + (size_t)i * each);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}
