/* The vector vocabulary of the machine that this is compiled for. */
#if defined(__AVX512F__)
#include "simd_avx512.h"
#elif defined(__AVX2__)
#include "simd_avx2.h"
#elif defined(__aarch64__)
#include "simd_neon.h"
#else
#error "there are kernels for AVX-512, AVX2 and aarch64 only"
#endif
