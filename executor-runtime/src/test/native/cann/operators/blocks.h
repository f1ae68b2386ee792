/* Weights in blocks, format NZ, which several operators make. */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "operator.h"

/* The matrices of a view in blocks, padding zero; memory of the run. */
char *weight_blocks(struct si_run *run, const struct si_view *w, int64_t *bytes);

#endif
