/* The text of the last failure, of one thread or of the process, which a caller may read once. */
#ifndef CORE_ERRORS_H
#define CORE_ERRORS_H

#include "../cann_types.h"

/* Keeps the text for aclGetRecentErrMsg and returns the code. */
int32_t si_fail(int32_t code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The code of the thread's last failure, 0 for none; taking forgets it. */
int32_t si_last_code(bool take);

/* The text since the last call of this, or null; valid until the thread's next call of any CANN function. */
const char *si_take_error(void);

/* What an earlier si_take_error gave out is overwritten: whoever kept the pointer reads nonsense. */
void si_spoil_taken_error(void);

/* Whether texts belong to the process rather than to the thread. */
void si_error_of_process(bool process);
void si_error_forget_process(void);

/* A rule was broken where no call can be made to fail: kept for standin_violations. */
void si_violation(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t si_num_violations(void);
int64_t si_read_violations(char *out, int64_t size);
void si_clear_violations(void);

#endif
