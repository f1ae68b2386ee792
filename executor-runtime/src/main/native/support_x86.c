/* Which kernel sets this CPU, and its operating system, have the instruction sets for. */
#include "pangu_cpu.h"

int32_t pangu_abi(void) { return PANGU_ABI; }

const char *pangu_set(int32_t index) { return index == 0 ? "avx512" : index == 1 ? "avx2" : 0; }

const char *pangu_description(int32_t index) { return index == 0 ? "AVX-512 BF16/VNNI" : "AVX2"; }

static const char *missing_for_avx512(void) {
    if (!__builtin_cpu_supports("avx512f")) return "the CPU has no AVX-512";
    if (!__builtin_cpu_supports("avx512bw")) return "the CPU has no AVX-512 BW";
    if (!__builtin_cpu_supports("avx512dq")) return "the CPU has no AVX-512 DQ";
    if (!__builtin_cpu_supports("avx512vl")) return "the CPU has no AVX-512 VL";
    if (!__builtin_cpu_supports("avx512vnni")) return "the CPU has no AVX-512 VNNI";
    if (!__builtin_cpu_supports("avx512bf16")) return "the CPU has no AVX-512 BF16";
    return 0;
}

const char *pangu_missing(int32_t index) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2")) return "the CPU has no AVX2";
    if (!__builtin_cpu_supports("fma")) return "the CPU has no FMA";
    if (!__builtin_cpu_supports("bmi2")) return "the CPU has no BMI2";
    return index == 0 ? missing_for_avx512() : 0;
}
