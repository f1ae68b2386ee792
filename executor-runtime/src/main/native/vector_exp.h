/* e^x on a vector, within 2 units in the last place: 2^n by the exponent, the rest by a polynomial. */
#ifndef VECTOR_EXP_H
#define VECTOR_EXP_H

#include "simd.h"

INLINE vf vf_exp(vf x) {
    /* Beyond these the result is 0 or infinity; the bound comes first so that a NaN stays one. */
    x = vf_min(vf_set(89.0f), vf_max(vf_set(-105.0f), x));
    vf n = vf_round(vf_mul(x, vf_set(1.44269504f)));
    /* ln 2 in two parts: n times the first is exact. */
    vf r = vf_fnma(n, vf_set(0.693359375f), x);
    r = vf_fnma(n, vf_set(-2.12194440e-4f), r);
    vf p = vf_set(1.9875691500e-4f);
    p = vf_fma(p, r, vf_set(1.3981999507e-3f));
    p = vf_fma(p, r, vf_set(8.3334519073e-3f));
    p = vf_fma(p, r, vf_set(4.1665795894e-2f));
    p = vf_fma(p, r, vf_set(1.6666665459e-1f));
    p = vf_fma(p, r, vf_set(5.0000001201e-1f));
    p = vf_add(vf_fma(p, vf_mul(r, r), r), vf_set(1.0f));
    return vf_scale(p, n);
}

#endif
