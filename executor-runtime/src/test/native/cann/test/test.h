/* Tests of the stand-in: what a test is, and tensors on a device for it. */
#ifndef TEST_H
#define TEST_H

#include "../cann_hccl.h"
#include "../cann_operators.h"
#include "../cann_runtime.h"
#include "../cann_tensors.h"
#include "../standin.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test {
    struct test *next;
    const char *name;
    void (*run)(void);
};

void add_test(struct test *test);

/* A test begins with the stand-in as fresh; leaks and violations it leaves fail it. */
#define TEST(sentence)                                                                                                 \
    static void sentence(void);                                                                                        \
    __attribute__((constructor)) static void add_##sentence(void) {                                                    \
        static struct test test = {NULL, #sentence, sentence};                                                         \
        add_test(&test);                                                                                               \
    }                                                                                                                  \
    static void sentence(void)

/* The rest of the test is not run after a failure. */
void fail_test(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4), noreturn));

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) fail_test(__FILE__, __LINE__, "%s", #condition);                                             \
    } while (0)

/* A call that has to succeed. */
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        const int32_t ok_code = (call);                                                                                \
        if (ok_code) fail_test(__FILE__, __LINE__, "%s: %d: %s", #call, ok_code, aclGetRecentErrMsg());                \
    } while (0)

#define EQUAL(actual, expected)                                                                                        \
    do {                                                                                                               \
        const long long equal_a = (long long)(actual), equal_e = (long long)(expected);                                \
        if (equal_a != equal_e) {                                                                                      \
            fail_test(__FILE__, __LINE__, "%s is %lld, not %lld (%s)", #actual, equal_a, equal_e,                      \
                      aclGetRecentErrMsg());                                                                           \
        }                                                                                                              \
    } while (0)

/* A call that has to fail with the code, and with a text that holds the words. */
#define REFUSED(call, code, words)                                                                                     \
    do {                                                                                                               \
        const int32_t refused_code = (call);                                                                           \
        const char *refused_text = aclGetRecentErrMsg();                                                               \
        if (refused_code != (code) || !refused_text || !strstr(refused_text, words)) {                                 \
            fail_test(__FILE__, __LINE__, "%s: %d, not %d with '%s': %s", #call, refused_code, (int)(code), words,     \
                      refused_text);                                                                                   \
        }                                                                                                              \
    } while (0)

/* aclInit, device 0, and a stream. */
aclrtStream begin(void);
void end(aclrtStream stream);

/* Tensors whose values the host knows as doubles. */
#define RANK(...) ((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))
#define DIMS(...) ((int64_t[]){__VA_ARGS__}), RANK(__VA_ARGS__)

struct tensor {
    int32_t dtype;
    int64_t dims[8];
    int rank;
    int64_t count;
    double *values; /* as the element type holds them */
    void *memory;   /* on the device */
    aclTensor *handle;
};

/* Device memory with so many bytes; freed with the test's tensors. */
void *device_memory(size_t bytes);

/* Values drawn from the range; whole numbers for integer types. */
struct tensor random_tensor(int32_t dtype, double low, double high, const int64_t *dims, int rank);
struct tensor tensor_of(int32_t dtype, const double *values, const int64_t *dims, int rank);
/* Not written yet: garbage. */
struct tensor empty_tensor(int32_t dtype, const int64_t *dims, int rank);

/* Another view of a tensor's memory, as a handle; freed with the test's tensors. */
aclTensor *view_of(const struct tensor *tensor, const int64_t *dims, int rank, const int64_t *strides, int64_t offset);
aclTensor *handle_of(int32_t dtype, int32_t format, const int64_t *dims, int rank, const int64_t *storage,
                     int storage_rank, void *memory);

/* A list of tensors that belong to a test already: its own destruction leaves them alone. */
aclTensorList *list_of(struct tensor *tensors, int count);
aclTensorList *list_of_handle(aclTensor *handle);
aclIntArray *ints_of(const int64_t *values, int count);
aclScalar *scalar_of(double value);
aclScalar *whole_scalar_of(int64_t value);

/* What the device holds now, as doubles in row-major order; freed with the test's tensors. */
double *read_tensor(const struct tensor *tensor);

/* Frees everything that the functions above made in this test. */
void free_tensors(void);

double uniform(double low, double high);
/* The value nearest to x that the element type holds. */
double rounded(int32_t dtype, double x);

/* Compares so many numbers: |actual - expected| <= absolute + relative * |expected|. */
void check_near(const char *file, int line, const double *actual, const double *expected, int64_t count,
                double absolute, double relative);
#define NEAR(actual, expected, count, absolute, relative)                                                              \
    check_near(__FILE__, __LINE__, actual, expected, count, absolute, relative)

/* The relative error that rounding to a type may add, twice. */
double tolerance(int32_t dtype);

/* Runs both phases of an operator on a stream and waits: RUN(stream, aclnnMm, self, mat2, out, 0). */
typedef aclnnStatus (*second_phase)(void *, uint64_t, aclOpExecutor *, aclrtStream);
void run_second_phase(const char *file, int line, second_phase phase, uint64_t size, aclOpExecutor *executor,
                      aclrtStream stream);
#define RUN(stream, op, ...)                                                                                           \
    do {                                                                                                               \
        uint64_t run_size;                                                                                             \
        aclOpExecutor *run_executor;                                                                                   \
        OK(op##GetWorkspaceSize(__VA_ARGS__, &run_size, &run_executor));                                               \
        run_second_phase(__FILE__, __LINE__, op, run_size, run_executor, stream);                                      \
    } while (0)

/* The first phase of an operator has to refuse. */
#define REFUSES(op, code, words, ...)                                                                                  \
    do {                                                                                                               \
        uint64_t refuses_size;                                                                                         \
        aclOpExecutor *refuses_executor;                                                                               \
        REFUSED(op##GetWorkspaceSize(__VA_ARGS__, &refuses_size, &refuses_executor), code, words);                     \
    } while (0)

/* Runs a function on a thread of its own for each rank, and waits for all. */
void on_threads(int count, void *(*body)(void *argument), void *arguments, size_t each);

#endif
