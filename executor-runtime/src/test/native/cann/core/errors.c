#include "errors.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES 1024
#define KEPT_VIOLATIONS 64

static _Thread_local char last[TEXT_BYTES];
static _Thread_local char taken[TEXT_BYTES];
static _Thread_local bool is_taken;
static _Thread_local int32_t last_code;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic bool of_process;
static char process_last[TEXT_BYTES];
static char violations[KEPT_VIOLATIONS][256];
static int64_t num_violations;

int32_t si_last_code(bool take) {
    const int32_t code = last_code;
    if (take) last_code = 0;
    return code;
}

int32_t si_fail(int32_t code, const char *format, ...) {
    last_code = code;
    const int head = snprintf(last, sizeof last, "EZ%d: ", code);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last + head, sizeof last - (size_t)head, format, arguments);
    va_end(arguments);
    if (of_process) {
        pthread_mutex_lock(&lock);
        memcpy(process_last, last, sizeof last);
        pthread_mutex_unlock(&lock);
        last[0] = 0;
    }
    return code;
}

const char *si_take_error(void) {
    if (of_process) {
        pthread_mutex_lock(&lock);
        memcpy(taken, process_last, sizeof taken);
        process_last[0] = 0;
        pthread_mutex_unlock(&lock);
    } else {
        memcpy(taken, last, sizeof taken);
        last[0] = 0;
    }
    is_taken = taken[0] != 0;
    return is_taken ? taken : NULL;
}

void si_spoil_taken_error(void) {
    if (!is_taken) return;
    is_taken = false;
    memset(taken, '#', sizeof taken - 1);
}

void si_error_of_process(bool process) {
    of_process = process;
}

void si_error_forget_process(void) {
    of_process = false;
    pthread_mutex_lock(&lock);
    process_last[0] = 0;
    pthread_mutex_unlock(&lock);
}

void si_violation(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&lock);
    if (num_violations < KEPT_VIOLATIONS)
        vsnprintf(violations[num_violations], sizeof violations[0], format, arguments);
    num_violations++;
    pthread_mutex_unlock(&lock);
    va_end(arguments);
}

int64_t si_num_violations(void) {
    pthread_mutex_lock(&lock);
    const int64_t number = num_violations;
    pthread_mutex_unlock(&lock);
    return number;
}

int64_t si_read_violations(char *out, int64_t size) {
    pthread_mutex_lock(&lock);
    int64_t at = 0;
    if (out && size > 0) out[0] = 0;
    for (int64_t i = 0; i < num_violations && i < KEPT_VIOLATIONS && out && at < size; i++) {
        at += snprintf(out + at, (size_t)(size - at), "%s\n", violations[i]);
    }
    const int64_t number = num_violations;
    pthread_mutex_unlock(&lock);
    return number;
}

void si_clear_violations(void) {
    pthread_mutex_lock(&lock);
    num_violations = 0;
    pthread_mutex_unlock(&lock);
}
