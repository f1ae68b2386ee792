/* Whether this CPU has the instruction sets of the aarch64 kernels: the signed dot product, beyond what all have. */
#include "pangu_cpu.h"

#include <sys/auxv.h>

#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif

int32_t pangu_abi(void) { return PANGU_ABI; }

int32_t pangu_supported(void) { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }

const char *pangu_description(void) {
    return pangu_supported() ? "NEON with dot product" : "the CPU has no dot product instructions (SDOT)";
}
