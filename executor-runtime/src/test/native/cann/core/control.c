/* The functions of standin.h that concern more than one part. */
#include "../standin.h"

#include "calls.h"
#include "copies.h"
#include "entry.h"
#include "events.h"
#include "graphs.h"
#include "rings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum si_kind kind;
} kinds[] = {
    {"tensors", SI_TENSOR},
    {"scalars", SI_SCALAR},
    {"int_arrays", SI_INT_ARRAY},
    {"float_arrays", SI_FLOAT_ARRAY},
    {"bool_arrays", SI_BOOL_ARRAY},
    {"tensor_lists", SI_TENSOR_LIST},
    {"scalar_lists", SI_SCALAR_LIST},
    {"executors", SI_EXECUTOR},
    {"contexts", SI_CONTEXT},
    {"streams", SI_STREAM},
    {"events", SI_EVENT},
    {"graphs", SI_GRAPH},
    {"communicators", SI_COMMUNICATOR},
};

#define NUM_KINDS (sizeof kinds / sizeof kinds[0])

int32_t standin_set(const char *name, int64_t value) {
    return name ? si_settings_set(name, value) : -1;
}

int32_t standin_set_text(const char *name, const char *value) {
    return name ? si_settings_set_text(name, value) : -1;
}

static int64_t live(const char *kind) {
    const struct si_memory_use use = si_memory_use();
    if (strcmp(kind, "device_allocations") == 0) return use.device_allocations;
    if (strcmp(kind, "device_bytes") == 0) return use.device_bytes;
    if (strcmp(kind, "host_allocations") == 0) return use.host_allocations;
    if (strcmp(kind, "host_bytes") == 0) return use.host_bytes;
    for (size_t i = 0; i < NUM_KINDS; i++) {
        if (strcmp(kind, kinds[i].name) == 0) return si_handle_live(kinds[i].kind);
    }
    return INT64_MIN;
}

int64_t standin_get(const char *name) {
    int64_t value;
    if (!name) return INT64_MIN;
    if (si_settings_get(name, &value)) return value;
    if (strncmp(name, "live.", 5) == 0) return live(name + 5);
    if (strcmp(name, "calls.thread") == 0) return si_thread_calls;
    if (strcmp(name, "launches") == 0) return si_num_launches();
    if (strcmp(name, "tasks") == 0) return si_num_tasks_run();
    if (strcmp(name, "violations") == 0) return si_num_violations();
    if (strcmp(name, "faults.fired") == 0) return si_num_fired();
    if (strcmp(name, "faults.hung") == 0) return si_num_hung();
    return INT64_MIN;
}

int64_t standin_leaks(char *out, int64_t size) {
    static const char *const memory[] = {"device_allocations", "device_bytes", "host_allocations", "host_bytes"};
    int64_t lines = 0, at = 0;
    if (out && size > 0) out[0] = 0;
    for (size_t i = 0; i < NUM_KINDS + 4; i++) {
        const char *name = i < NUM_KINDS ? kinds[i].name : memory[i - NUM_KINDS];
        const int64_t number = live(name);
        if (number == 0) continue;
        lines++;
        if (out && at < size) at += snprintf(out + at, (size_t)(size - at), "%lld %s\n", (long long)number, name);
    }
    return lines;
}

int64_t standin_violations(char *out, int64_t size) {
    return si_read_violations(out, size);
}

int64_t standin_release(void) {
    return si_release_hung();
}

static void free_array(void *handle, void *argument) {
    (void)argument;
    /* Arrays and lists keep their values at the same place. */
    free(((aclIntArray *)handle)->values);
    si_handle_free(handle);
}

static void free_executor(void *handle, void *argument) {
    (void)argument;
    aclOpExecutor *executor = handle;
    if (executor->call) si_call_release(executor->call);
    si_handle_free(handle);
}

static void free_plain(void *handle, void *argument) {
    (void)argument;
    si_handle_free(handle);
}

void standin_reset(void) {
    si_release_hung();
    si_entry_reset();
    si_devices_reset();
    si_graphs_reset();
    si_rings_reset();
    si_events_down(-1);
    si_host_free_all();
    static const enum si_kind arrays[] = {SI_INT_ARRAY, SI_FLOAT_ARRAY, SI_BOOL_ARRAY, SI_TENSOR_LIST, SI_SCALAR_LIST};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) si_handle_each(arrays[i], free_array, NULL);
    si_handle_each(SI_EXECUTOR, free_executor, NULL);
    si_handle_each(SI_TENSOR, free_plain, NULL);
    si_handle_each(SI_SCALAR, free_plain, NULL);
    si_peers_reset();
    si_calls_reset();
    si_streams_reset();
    si_clear_violations();
    si_error_forget_process();
    si_settings_reset();
    while (si_take_error()) {
    }
    si_last_code(true);
}
