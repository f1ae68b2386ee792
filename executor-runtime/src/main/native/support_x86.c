/* Whether this CPU, and its operating system, have the instruction sets of the x86-64 kernels. */
#include "pangu_cpu.h"

int32_t pangu_abi(void) { return PANGU_ABI; }

/* The first that is missing, or null. */
static const char *missing(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("bmi2")) return "the CPU has no BMI2";
    if (!__builtin_cpu_supports("avx512f")) return "the CPU has no AVX-512";
    if (!__builtin_cpu_supports("avx512bw")) return "the CPU has no AVX-512 BW";
    if (!__builtin_cpu_supports("avx512dq")) return "the CPU has no AVX-512 DQ";
    if (!__builtin_cpu_supports("avx512vl")) return "the CPU has no AVX-512 VL";
    if (!__builtin_cpu_supports("avx512vnni")) return "the CPU has no AVX-512 VNNI";
    if (!__builtin_cpu_supports("avx512bf16")) return "the CPU has no AVX-512 BF16";
    return 0;
}

int32_t pangu_supported(void) { return missing() == 0; }

const char *pangu_description(void) {
    const char *what = missing();
    return what ? what : "AVX-512 BF16/VNNI";
}
