/* The order in which rows go to their experts, which several operators share. */
#ifndef ROUTING_H
#define ROUTING_H

#include "operator.h"

/* Choices of tokens [tokens, choices] sorted by expert, stably. */
struct routing {
    int64_t tokens, choices, experts;
    int64_t *position; /* of choice i of all, in the sorted order; -1 when left out */
    int64_t *source;   /* the choice at each place of the sorted order */
    int64_t *counts;   /* rows of each expert */
    int64_t rows;      /* in the sorted order */
};

/* Experts outside [first, last) are left out; one outside [0, experts) is a fault, unless experts is 0. */
int32_t route(struct si_run *run, const struct si_view *expert_ids, int64_t experts, int64_t first, int64_t last,
              struct routing *out);

/* Writes the rows of x, each `choices` times, in the sorted order. */
void permute_rows(const struct routing *r, const struct si_view *x, const struct si_view *out);

#endif
