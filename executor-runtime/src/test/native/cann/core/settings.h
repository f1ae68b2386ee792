/* What the stand-in pretends to be: see standin_set for each setting. */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include "../cann_types.h"

/* X(name, default, variable of the environment or null, factor on the variable's value) */
#define SI_SETTINGS(X)                                                                                                 \
    X(devices, 8, "PANGU_STANDIN_DEVICES", 1)                                                                          \
    X(hbm_mib, 65536, "PANGU_STANDIN_HBM_MIB", 1)                                                                      \
    X(execution, 1, "PANGU_STANDIN_EXECUTION", 1)                                                                      \
    X(delay_us, 100, "PANGU_STANDIN_DELAY_US", 1)                                                                      \
    X(seed, 1, "PANGU_STANDIN_SEED", 1)                                                                                \
    X(noop, 0, "PANGU_STANDIN_NOOP", 1)                                                                                \
    X(workspace_max, 8192, NULL, 1)                                                                                    \
    X(newer_kernels, 1, NULL, 1)                                                                                       \
    X(task_groups, 1, NULL, 1)                                                                                         \
    X(capture_collectives, 0, NULL, 1)                                                                                 \
    X(pageable_async, 0, NULL, 1)                                                                                      \
    X(require_opp_path, 0, NULL, 1)                                                                                    \
    X(connect_timeout_ms, 120000, "HCCL_CONNECT_TIMEOUT", 1000)                                                        \
    X(exec_timeout_ms, 1836000, "HCCL_EXEC_TIMEOUT", 1000)                                                             \
    X(op_wait_timeout_s, 0, NULL, 1)                                                                                   \
    X(op_execute_timeout_s, 0, NULL, 1)                                                                                \
    X(version_major, 1, NULL, 1)                                                                                       \
    X(version_minor, 13, NULL, 1)                                                                                      \
    X(version_patch, 0, NULL, 1)

struct si_settings {
#define SI_MEMBER(name, value, variable, factor) _Atomic int64_t name;
    SI_SETTINGS(SI_MEMBER)
#undef SI_MEMBER
};

extern struct si_settings si_settings;

enum { SI_EXECUTE_AT_ONCE = 0, SI_EXECUTE_WITH_PAUSES = 1, SI_EXECUTE_ON_WAIT = 2 };

/* Defaults, then the environment. */
void si_settings_reset(void);
int32_t si_settings_set(const char *name, int64_t value);
bool si_settings_get(const char *name, int64_t *value);

/* Texts of at most 127 characters: soc, cann_version, visible_devices (null when not set). */
int32_t si_settings_set_text(const char *name, const char *value);
const char *si_soc_name(void);
const char *si_cann_version(void);

/* The physical devices that this process sees, ascending, into ids; -1 when the list is not one of devices. */
int si_visible_devices(int32_t ids[64]);

/* A number of a sequence that the seed fixes. */
uint64_t si_random(void);
uint64_t si_mix(uint64_t x);

int64_t si_now_ns(void);

#endif
