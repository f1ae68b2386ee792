/* Checks of a call's operands: shapes, element types, formats, alignment. */
#include "calls.h"
#include "kernels.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *name_of(const struct si_call *call, int operand) {
    return call->operands[operand].name;
}

void si_require_rank(struct si_call *call, int operand, int lowest, int highest) {
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand);
    si_require(call, !v || (v->rank >= lowest && v->rank <= highest), "%s is %s, and needs %d to %d dimensions",
               name_of(call, operand), si_describe(v), lowest, highest);
}

void si_require_shape(struct si_call *call, int operand, int rank, ...) {
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand);
    if (!v) return;
    struct si_view wanted = {.dtype = v->dtype, .format = v->format, .rank = rank};
    va_list dims;
    va_start(dims, rank);
    for (int i = 0; i < rank; i++) wanted.dims[i] = va_arg(dims, int64_t);
    va_end(dims);
    si_require(call, si_same_shape(v, &wanted), "%s is %s, and has to be %s", name_of(call, operand), si_describe(v),
               si_describe(&wanted));
}

void si_require_same_shape(struct si_call *call, int operand, int other) {
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand), *w = si_of(call, other);
    si_require(call, !v || !w || si_same_shape(v, w), "%s is %s, and %s is %s: the shapes have to be the same",
               name_of(call, operand), si_describe(v), name_of(call, other), si_describe(w));
}

void si_require_same_dtype(struct si_call *call, int operand, int other) {
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand), *w = si_of(call, other);
    si_require(call, !v || !w || v->dtype == w->dtype, "%s is %s, and %s is %s: the element types have to be the same",
               name_of(call, operand), si_describe(v), name_of(call, other), si_describe(w));
}

void si_require_dtype(struct si_call *call, int operand, const char *letters) {
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand);
    si_require(call, !v || strchr(letters, si_dtype_letter(v->dtype)), "%s is %s: element type not supported",
               name_of(call, operand), si_describe(v));
}

void si_require_aligned(struct si_call *call, int operand) {
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand);
    si_require(call, !v || v->offset * si_dtype_size(v->dtype) % 32 == 0,
               "%s begins %lld bytes into its storage: the kernel wants a multiple of 32", name_of(call, operand),
               (long long)(v->offset * si_dtype_size(v->dtype)));
}

void si_require_contiguous(struct si_call *call, int operand) {
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand);
    si_require(call, !v || si_is_contiguous(v), "%s is not contiguous", name_of(call, operand));
}

void si_require_nd(struct si_call *call, int operand) {
    if (!si_good(call)) return;
    const struct si_view *v = si_of(call, operand);
    si_require(call, !v || v->format == FORMAT_ND, "%s is %s, and has to be of format ND", name_of(call, operand),
               si_describe(v));
}

static int operand_of(char column) {
    return column >= 'a' ? column - 'a' + 10 : column - '0';
}

static void refuse_kernel(struct si_call *call, const char *kernel, const char *columns) {
    char text[400];
    int at = 0;
    text[0] = 0;
    for (const char *c = columns; *c && at < (int)sizeof text; c++) {
        const struct si_view *v = *c == '>' || *c == '_' ? NULL : si_of(call, operand_of(*c));
        const size_t room = sizeof text - (size_t)at;
        if (*c == '>') at += snprintf(text + at, room, " ->");
        if (!v) continue;
        at += snprintf(text + at, room, " %s %s%s", name_of(call, operand_of(*c)), si_dtype_name(v->dtype),
                       v->format == FORMAT_NZ ? " NZ" : "");
    }
    si_refuse(call, "kernel %s has no binary for%s", kernel, text);
}

void si_require_kernel(struct si_call *call, const char *kernel, const char *columns) {
    if (!si_good(call)) return;
    /* What the call has in each column: a letter, or '.' where any kernel will do. */
    char types[SI_MAX_OPERANDS + 1], formats[SI_MAX_OPERANDS + 1];
    int n = 0;
    for (const char *c = columns; *c; c++, n++) {
        const struct si_view *v = *c == '>' || *c == '_' ? NULL : si_of(call, operand_of(*c));
        types[n] = *c == '>' ? '>' : v ? si_dtype_letter(v->dtype) : '.';
        formats[n] = *c == '>' ? '>' : v ? (v->format == FORMAT_NZ ? 'Z' : 'D') : '.';
    }
    types[n] = formats[n] = 0;
    if (!si_has_kernel(kernel, types, formats)) refuse_kernel(call, kernel, columns);
}
