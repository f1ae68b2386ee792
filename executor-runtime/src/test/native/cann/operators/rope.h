/* Rotary position embedding, which several operators share. */
#ifndef ROPE_H
#define ROPE_H

#include "operator.h"

enum rope_mode { ROPE_HALF, ROPE_INTERLEAVE, ROPE_QUARTER };

/* Rotates the rows of x [a, b, n, d] by cos and sin [a, b or 1, n or 1, d] into out. */
void rotate_heads(struct si_run *run, const struct si_view *x, const struct si_view *cos, const struct si_view *sin,
                  enum rope_mode mode, const struct si_view *out);

/* Operands 0 to 3 are query, key, cos and sin in layout BSND. */
void check_apply_rope(struct si_call *call, int64_t layout);
int32_t run_apply_rope(struct si_run *run, enum rope_mode mode);

#endif
