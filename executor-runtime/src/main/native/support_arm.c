/* Whether this CPU has the instruction sets of the aarch64 kernels: the signed dot product, beyond what all have. */
#include "pangu_cpu.h"

#include <sys/auxv.h>

#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif

int32_t pangu_abi(void) { return PANGU_ABI; }

const char *pangu_set(int32_t index) { return index == 0 ? "neon" : 0; }

const char *pangu_missing(int32_t index) {
    (void)index;
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) ? 0 : "the CPU has no dot product instructions (SDOT)";
}

const char *pangu_description(int32_t index) {
    (void)index;
    return "NEON with dot product";
}
