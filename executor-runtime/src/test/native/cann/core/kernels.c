#include "kernels.h"

#include <string.h>

char si_dtype_letter(int32_t dtype) {
    switch (dtype) {
        case DTYPE_F16: return 'h';
        case DTYPE_BF16: return 'b';
        case DTYPE_F32: return 'f';
        case DTYPE_F64: return 'd';
        case DTYPE_I8: return 'c';
        case DTYPE_U8: return 'C';
        case DTYPE_I16: return 's';
        case DTYPE_U16: return 'S';
        case DTYPE_I32: return 'i';
        case DTYPE_U32: return 'I';
        case DTYPE_I64: return 'l';
        case DTYPE_U64: return 'L';
        case DTYPE_BOOL: return '?';
        case DTYPE_I4: return 'q';
        default: return '!';
    }
}

static bool fits(const char *have, const char *pattern, size_t length, bool formats_left_out) {
    for (size_t i = 0; i < length; i++) {
        if (have[i] == 0) return false;
        if (have[i] == '.') continue;
        const char wanted = formats_left_out ? (have[i] == '>' ? '>' : 'D') : pattern[i];
        if (have[i] != wanted) return false;
    }
    return have[length] == 0;
}

static bool has_combination(const struct si_kernel_row *row, const char *types, const char *formats) {
    for (const char *c = row->combinations; *c;) {
        const size_t n = strcspn(c, ": ");
        const bool nd = c[n] != ':';
        const char *f = nd ? c : c + n + 1;
        if (fits(types, c, n, false) && fits(formats, f, n, nd)) return true;
        c += n + (nd ? 0 : n + 1);
        while (*c == ' ') c++;
    }
    return false;
}

bool si_has_kernel(const char *kernels, const char *types, const char *formats) {
    for (const char *name = kernels; *name;) {
        const size_t n = strcspn(name, "|");
        for (const struct si_kernel_row *row = si_kernel_rows; row->kernel; row++) {
            const bool same = strncmp(row->kernel, name, n) == 0 && row->kernel[n] == 0;
            if (same && has_combination(row, types, formats)) return true;
        }
        name += n + (name[n] == '|');
    }
    return false;
}
