#include "handles.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_HANDLES (1 << 20)
/* Slots that rest between destruction and new use. */
#define RESTING 8192

static char *arena;
static _Atomic int64_t used;
static int32_t *resting;
static int64_t resting_head, resting_tail;
static _Atomic int64_t live[SI_NUM_KINDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *const names[SI_NUM_KINDS] = {
    "freed handle", "aclTensor",     "aclScalar",     "aclIntArray",   "aclFloatArray",
    "aclBoolArray", "aclTensorList", "aclScalarList", "aclOpExecutor", "aclrtContext",
    "aclrtStream",  "aclrtEvent",    "aclmdlRI",      "aclrtTaskGrp",  "HcclComm",
};

/* What each slot held last, for the message about a use after destruction. */
static uint8_t *last_kind;

static void *reserve(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void prepare(void) {
    arena = reserve((size_t)MAX_HANDLES * SI_HANDLE_BYTES);
    resting = reserve((size_t)MAX_HANDLES * sizeof(int32_t));
    last_kind = reserve(MAX_HANDLES);
}

static struct si_handle *slot(int64_t index) {
    return (struct si_handle *)(arena + index * SI_HANDLE_BYTES);
}

void *si_handle_new(enum si_kind kind) {
    pthread_once(&once, prepare);
    if (!arena || !resting || !last_kind) return NULL;
    pthread_mutex_lock(&lock);
    int64_t index;
    if (resting_tail - resting_head > RESTING || (used == MAX_HANDLES && resting_tail > resting_head)) {
        index = resting[resting_head++ % MAX_HANDLES];
    } else if (used < MAX_HANDLES) {
        index = used++;
    } else {
        pthread_mutex_unlock(&lock);
        return NULL;
    }
    pthread_mutex_unlock(&lock);
    struct si_handle *handle = slot(index);
    memset((char *)handle + sizeof *handle, 0, SI_HANDLE_BYTES - sizeof *handle);
    atomic_store_explicit(&handle->kind, kind, memory_order_release);
    last_kind[index] = (uint8_t)kind;
    live[kind]++;
    return handle;
}

/* The index of the slot that begins at the pointer, or -1. */
static int64_t index_of(const void *pointer) {
    const char *p = pointer;
    if (!arena || p < arena) return -1;
    const int64_t distance = p - arena;
    if (distance % SI_HANDLE_BYTES != 0 || distance / SI_HANDLE_BYTES >= used) return -1;
    return distance / SI_HANDLE_BYTES;
}

void si_handle_free(void *pointer) {
    struct si_handle *handle = pointer;
    const uint32_t kind = atomic_exchange(&handle->kind, SI_FREE);
    if (kind == SI_FREE) return;
    handle->generation++;
    live[kind]--;
    pthread_mutex_lock(&lock);
    resting[resting_tail++ % MAX_HANDLES] = (int32_t)index_of(pointer);
    pthread_mutex_unlock(&lock);
}

bool si_handle_is(const void *pointer, enum si_kind kind) {
    if (index_of(pointer) < 0) return false;
    const struct si_handle *handle = pointer;
    return atomic_load_explicit(&handle->kind, memory_order_acquire) == kind;
}

uint32_t si_generation(const void *pointer) {
    const struct si_handle *handle = pointer;
    return handle->generation;
}

const char *si_handle_describe(const void *pointer) {
    static _Thread_local char text[48];
    if (!pointer) return "a null pointer";
    const int64_t index = index_of(pointer);
    if (index < 0) return "no handle of this library";
    const uint32_t kind = ((const struct si_handle *)pointer)->kind;
    const char *name = names[kind == SI_FREE ? last_kind[index] : kind];
    const bool vowel = name[0] == 'a';
    char *end = stpcpy(text, kind == SI_FREE ? "a destroyed " : vowel ? "an " : "a ");
    strcpy(end, name);
    return text;
}

const char *si_kind_name(enum si_kind kind) {
    return names[kind];
}

int64_t si_handle_live(enum si_kind kind) {
    return live[kind];
}

void si_handle_uncount(enum si_kind kind, int by) {
    live[kind] -= by;
}

void si_handle_each(enum si_kind kind, void (*visit)(void *, void *), void *context) {
    const int64_t end = used;
    for (int64_t i = 0; i < end; i++) {
        if (slot(i)->kind == kind) visit(slot(i), context);
    }
}
