/* Attention over fresh or paged keys and values, in the shapes that the fused operators take. */
#ifndef ATTENTION_H
#define ATTENTION_H

#include "operator.h"

/* The arguments that the stand-in serves; the rest has to be null. */
struct attention {
    const char *op;
    in query;
    inList key, value;
    in one_key, one_value; /* in place of the lists */
    in mask, block_table;
    ints lengths, kv_lengths;
    int64_t num_heads, num_kv_heads;
    double scale;
    const char *layout;
    int64_t sparse_mode, pre_tokens, next_tokens, inner_precise, block_size;
    bool lse;
    in out, softmax_lse;
    const char *kernel, *columns;
    bool incremental; /* the operator for one query a sequence */
};

/* Operands of the call. */
enum { ATTENTION_QUERY, ATTENTION_KEY, ATTENTION_VALUE, ATTENTION_MASK, ATTENTION_TABLE, ATTENTION_OUT, ATTENTION_LSE };

int32_t run_attention(struct si_run *run);
void check_attention(struct si_call *call, const struct attention *a);

#endif
