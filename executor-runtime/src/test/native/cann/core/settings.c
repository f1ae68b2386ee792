#include "settings.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct si_settings si_settings;

static char soc[128], cann_version[128], visible[128];
static bool has_visible;
static _Atomic uint64_t draws;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void si_settings_reset(void) {
#define SI_DEFAULT(name, value, variable, factor)                                                                      \
    {                                                                                                                  \
        const char *given = variable ? getenv(variable ? variable : "") : NULL;                                        \
        si_settings.name = given && *given ? atoll(given) * (factor) : (value);                                        \
    }
    SI_SETTINGS(SI_DEFAULT)
#undef SI_DEFAULT
    const char *given = getenv("PANGU_STANDIN_SOC");
    const char *devices = getenv("ASCEND_RT_VISIBLE_DEVICES");
    pthread_mutex_lock(&lock);
    snprintf(soc, sizeof soc, "%s", given && *given ? given : "Ascend910B1");
    snprintf(cann_version, sizeof cann_version, "8.1.RC1");
    has_visible = devices != NULL;
    snprintf(visible, sizeof visible, "%s", devices ? devices : "");
    pthread_mutex_unlock(&lock);
    draws = 0;
}

/* Before any call of the library, so that settings are there whichever function comes first. */
__attribute__((constructor)) static void start(void) {
    si_settings_reset();
}

int32_t si_settings_set(const char *name, int64_t value) {
#define SI_SET(member, initial, variable, factor)                                                                      \
    if (strcmp(name, #member) == 0) {                                                                                  \
        si_settings.member = value;                                                                                    \
        return 0;                                                                                                      \
    }
    SI_SETTINGS(SI_SET)
#undef SI_SET
    return -1;
}

bool si_settings_get(const char *name, int64_t *value) {
#define SI_GET(member, initial, variable, factor)                                                                      \
    if (strcmp(name, #member) == 0) {                                                                                  \
        *value = si_settings.member;                                                                                   \
        return true;                                                                                                   \
    }
    SI_SETTINGS(SI_GET)
#undef SI_GET
    return false;
}

int32_t si_settings_set_text(const char *name, const char *value) {
    char *target = strcmp(name, "soc") == 0               ? soc
                   : strcmp(name, "cann_version") == 0    ? cann_version
                   : strcmp(name, "visible_devices") == 0 ? visible
                                                          : NULL;
    if (!target || (!value && target != visible)) return -1;
    pthread_mutex_lock(&lock);
    if (target == visible) has_visible = value != NULL;
    snprintf(target, sizeof soc, "%s", value ? value : "");
    pthread_mutex_unlock(&lock);
    return 0;
}

const char *si_soc_name(void) {
    return soc;
}

const char *si_cann_version(void) {
    return cann_version;
}

int si_visible_devices(int32_t ids[64]) {
    const int32_t devices = (int32_t)(si_settings.devices < 0    ? 0
                                      : si_settings.devices > 64 ? 64
                                                                 : si_settings.devices);
    if (!has_visible) {
        for (int32_t i = 0; i < devices; i++) ids[i] = i;
        return devices;
    }
    int count = 0;
    const char *p = visible;
    while (*p) {
        char *end;
        const long id = strtol(p, &end, 10);
        const bool digits = end != p && *p >= '0' && *p <= '9';
        if (!digits || id >= devices || (count > 0 && id <= ids[count - 1]) || (*end && *end != ',')) return -1;
        ids[count++] = (int32_t)id;
        p = *end == ',' ? end + 1 : end;
    }
    return count;
}

/* splitmix64 */
uint64_t si_mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t si_random(void) {
    return si_mix((uint64_t)si_settings.seed * 0x2545f4914f6cdd1du + draws++);
}

int64_t si_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
