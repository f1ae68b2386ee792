/* Rows in order of their values; equal ones in order of their places. */
#ifndef RANKED_H
#define RANKED_H

#include <stdlib.h>

struct ranked {
    float value;
    int64_t index;
};

static int descending(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->value != y->value) return x->value > y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int ascending(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static inline void rank_row(const float *x, int64_t n, bool largest_first, struct ranked *out) {
    for (int64_t i = 0; i < n; i++) out[i] = (struct ranked){.value = x[i], .index = i};
    qsort(out, (size_t)n, sizeof *out, largest_first ? descending : ascending);
}

#endif
