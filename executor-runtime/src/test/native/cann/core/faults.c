/* Planned faults and the log of calls. */
#include "../standin.h"
#include "entry.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_PLANNED 64

struct plan {
    char pattern[64];
    int64_t left; /* matching calls until it strikes; 0: spent */
    int32_t device, kind, code;
    int64_t millis;
};

_Atomic int si_watched;
_Thread_local int64_t si_thread_calls;
static _Thread_local struct si_task_fault task_fault = {.kind = -1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static struct plan plans[MAX_PLANNED];
static int num_plans;
static struct {
    char pattern[64];
    double probability;
    uint64_t seed, draws;
    uint32_t kinds;
    int64_t max_millis;
} chance;
static int64_t hung, fired;
static uint64_t release_round;

static char (*logged)[96];
static int64_t log_capacity, log_count;

/* Current device of the thread or -1: devices.c. */
int32_t si_current_device_or_none(void);

static bool matches(const char *pattern, const char *name) {
    if (*pattern == 0) return *name == 0;
    if (*pattern == '*') return matches(pattern + 1, name) || (*name && matches(pattern, name + 1));
    return *pattern == *name && matches(pattern + 1, name + 1);
}

/* Functions that give something back do so even when a fault strikes, or tests of faults could never end without leaks. */
static bool gives_back(const char *function) {
    return strstr(function, "Destroy") || strstr(function, "Free") || strstr(function, "ResetDevice") ||
           strstr(function, "Finalize");
}

/* A code that the function's documentation gives for a failure that is nobody's fault. */
static int32_t fitting_code(const char *function, bool task) {
    if (task) return ACL_ERROR_RT_AICORE_EXCEPTION;
    if (strncmp(function, "Hccl", 4) == 0) return HCCL_E_INTERNAL;
    if (strstr(function, "GetWorkspaceSize")) return ACLNN_ERR_INNER;
    if (strncmp(function, "aclnn", 5) == 0) return ACLNN_ERR_RUNTIME_ERROR;
    if (strstr(function, "Malloc")) return ACL_ERROR_RT_MEMORY_ALLOCATION;
    if (strncmp(function, "acl", 3) == 0 && strncmp(function, "aclrt", 5) != 0) return ACLNN_ERR_INNER;
    return ACL_ERROR_RT_DRV_INTERNAL_ERROR;
}

static void rewatch(void) {
    si_watched = num_plans > 0 || chance.probability > 0 || log_capacity > 0;
}

int32_t standin_fault(const char *pattern, int64_t nth, int32_t device, int32_t kind, int32_t code, int64_t millis) {
    if (!pattern || strlen(pattern) >= sizeof plans[0].pattern || nth < 1 || kind < 0 || kind > STANDIN_LOSE)
        return -1;
    int32_t result = -1;
    pthread_mutex_lock(&lock);
    int at = 0;
    while (at < num_plans && plans[at].left > 0) at++;
    if (at < MAX_PLANNED) {
        plans[at] = (struct plan){.left = nth, .device = device, .kind = kind, .code = code, .millis = millis};
        strcpy(plans[at].pattern, pattern);
        if (at == num_plans) num_plans++;
        rewatch();
        result = 0;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

void standin_random_faults(const char *pattern, double probability, uint64_t seed, uint32_t kinds, int64_t max_millis) {
    pthread_mutex_lock(&lock);
    snprintf(chance.pattern, sizeof chance.pattern, "%s", pattern ? pattern : "*");
    chance.probability = kinds ? probability : 0;
    chance.seed = seed;
    chance.draws = 0;
    chance.kinds = kinds;
    chance.max_millis = max_millis;
    rewatch();
    pthread_mutex_unlock(&lock);
}

void standin_clear_faults(void) {
    pthread_mutex_lock(&lock);
    num_plans = 0;
    chance.probability = 0;
    rewatch();
    pthread_mutex_unlock(&lock);
}

/* The fault that strikes this call, if any; the lock is held. */
static bool strikes(const char *function, int32_t device, struct plan *out) {
    for (int i = 0; i < num_plans; i++) {
        struct plan *p = &plans[i];
        if (p->left < 1 || (p->device >= 0 && p->device != device) || !matches(p->pattern, function)) continue;
        if (--p->left > 0) continue;
        *out = *p;
        return true;
    }
    if (chance.probability <= 0 || !matches(chance.pattern, function)) return false;
    const uint64_t drawn = si_mix(chance.seed ^ si_mix(chance.draws++));
    if ((double)(drawn >> 11) * 0x1p-53 >= chance.probability) return false;
    uint32_t kinds = chance.kinds & 63;
    if (gives_back(function)) kinds &= ~(1u << STANDIN_FAIL);
    if (!kinds) return false;
    int nth = (int)(si_mix(drawn) % (uint64_t)__builtin_popcount(kinds));
    int kind = 0;
    while (!(kinds >> kind & 1) || nth-- > 0) kind++;
    const int64_t millis = chance.max_millis > 0 ? (int64_t)(si_mix(drawn + 1) % (uint64_t)(chance.max_millis + 1)) : 0;
    *out = (struct plan){.kind = kind, .millis = millis};
    return true;
}

static void log_call(const char *function) {
    if (log_capacity == 0) return;
    snprintf(logged[log_count++ % log_capacity], sizeof logged[0], "%lx %s", (unsigned long)pthread_self(), function);
}

int32_t si_enter_watched(const char *function) {
    task_fault.kind = -1;
    const int32_t device = si_current_device_or_none();
    struct plan plan;
    pthread_mutex_lock(&lock);
    log_call(function);
    const bool struck = strikes(function, device, &plan);
    if (struck) fired++;
    pthread_mutex_unlock(&lock);
    if (!struck) return 0;
    const int32_t code = plan.code ? plan.code : fitting_code(function, plan.kind >= STANDIN_TASK_FAIL);
    switch (plan.kind) {
        case STANDIN_FAIL: return si_fail(code, "%s: failed as planned", function);
        case STANDIN_LATE: si_sleep_ms(plan.millis); return 0;
        case STANDIN_HANG:
            si_hang(NULL, 0);
            return gives_back(function) ? 0 : si_fail(code, "%s: hung as planned, until it was released", function);
        case STANDIN_LOSE: standin_lose_device(device, code); return 0;
        default: task_fault = (struct si_task_fault){.kind = plan.kind, .code = code, .millis = plan.millis}; return 0;
    }
}

struct si_task_fault si_take_task_fault(void) {
    const struct si_task_fault fault = task_fault;
    task_fault.kind = -1;
    return fault;
}

void si_sleep_ms(int64_t millis) {
    struct timespec time = {.tv_sec = millis / 1000, .tv_nsec = millis % 1000 * 1000000};
    nanosleep(&time, NULL);
}

bool si_hang(const _Atomic bool *given_up, int64_t seconds) {
    const int64_t end = si_now_ns() + seconds * 1000000000;
    bool late = false;
    pthread_mutex_lock(&lock);
    const uint64_t round = release_round;
    hung++;
    while (round == release_round && !(given_up && *given_up) && !late) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 5000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&released, &lock, &until);
        late = seconds > 0 && si_now_ns() >= end;
    }
    hung--;
    pthread_mutex_unlock(&lock);
    return late;
}

int64_t si_release_hung(void) {
    pthread_mutex_lock(&lock);
    const int64_t number = hung;
    release_round++;
    pthread_cond_broadcast(&released);
    pthread_mutex_unlock(&lock);
    return number;
}

int64_t si_num_hung(void) {
    pthread_mutex_lock(&lock);
    const int64_t number = hung;
    pthread_mutex_unlock(&lock);
    return number;
}

int64_t si_num_fired(void) {
    pthread_mutex_lock(&lock);
    const int64_t number = fired;
    pthread_mutex_unlock(&lock);
    return number;
}

void standin_log(int64_t capacity) {
    pthread_mutex_lock(&lock);
    free(logged);
    logged = capacity > 0 ? calloc((size_t)capacity, sizeof logged[0]) : NULL;
    log_capacity = logged ? capacity : 0;
    log_count = 0;
    rewatch();
    pthread_mutex_unlock(&lock);
}

int64_t standin_read_log(char *out, int64_t size) {
    pthread_mutex_lock(&lock);
    const int64_t first = log_count > log_capacity ? log_count - log_capacity : 0;
    const int64_t lines = log_count - first;
    int64_t at = 0;
    if (out && size > 0) out[0] = 0;
    for (int64_t i = first; i < log_count && out && at < size; i++) {
        at += snprintf(out + at, (size_t)(size - at), "%s\n", logged[i % log_capacity]);
    }
    pthread_mutex_unlock(&lock);
    return lines;
}

/* pattern:nth:device:kind:code:millis[;...] */
static void plan_all(const char *given) {
    while (given && *given) {
        char pattern[64];
        long long nth, millis;
        int device, kind, code, length = 0;
        if (sscanf(given, "%63[^:]:%lld:%d:%d:%d:%lld%n", pattern, &nth, &device, &kind, &code, &millis, &length) ==
            6) {
            standin_fault(pattern, nth, device, kind, code, millis);
        } else {
            fprintf(stderr, "PANGU_STANDIN_FAULTS: '%s' is not pattern:nth:device:kind:code:millis\n", given);
        }
        const char *next = strchr(given, ';');
        given = next ? next + 1 : NULL;
    }
}

/* Waits for the file with faults, and removes it, so that whoever wrote it knows and no other process takes it. */
static void *watch(void *argument) {
    char *path = argument, text[1024];
    FILE *file;
    while (!(file = fopen(path, "r"))) si_sleep_ms(5);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    plan_all(text);
    unlink(path);
    free(path);
    return NULL;
}

static void plan_from_environment(void) {
    plan_all(getenv("PANGU_STANDIN_FAULTS"));
    const char *path = getenv("PANGU_STANDIN_FAULTS_FILE");
    pthread_t thread;
    if (path && *path && pthread_create(&thread, NULL, watch, strdup(path)) == 0) pthread_detach(thread);
}

__attribute__((constructor)) static void start(void) {
    plan_from_environment();
}

void si_entry_reset(void) {
    standin_clear_faults();
    standin_log(0);
    pthread_mutex_lock(&lock);
    fired = 0;
    pthread_mutex_unlock(&lock);
    task_fault.kind = -1;
    plan_from_environment();
}
