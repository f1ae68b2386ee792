/* Runs the tests, all or those whose name holds the first argument. */
#include "test.h"

#include <setjmp.h>
#include <stdarg.h>

static struct test *tests, **last = &tests;
static jmp_buf out;
static pthread_t main_thread;

void add_test(struct test *test) {
    *last = test;
    last = &test->next;
}

void fail_test(const char *file, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    if (!pthread_equal(pthread_self(), main_thread)) exit(1);
    longjmp(out, 1);
}

static int check_left(const char *name) {
    char text[2048];
    int bad = 0;
    if (standin_leaks(text, sizeof text) > 0) {
        fprintf(stderr, "%s: not destroyed:\n%s", name, text);
        bad = 1;
    }
    if (standin_violations(text, sizeof text) > 0) {
        fprintf(stderr, "%s: violations:\n%s", name, text);
        bad = 1;
    }
    return bad;
}

static int run_test(const struct test *test) {
    standin_reset();
    if (setjmp(out) != 0) return 1;
    test->run();
    return check_left(test->name);
}

int main(int count, char **arguments) {
    main_thread = pthread_self();
    int run = 0, failed = 0;
    for (const struct test *test = tests; test; test = test->next) {
        if (count > 1 && !strstr(test->name, arguments[1])) continue;
        const int bad = run_test(test);
        free_tensors();
        run++;
        failed += bad;
        if (bad) fprintf(stderr, "FAILED %s\n", test->name);
    }
    standin_reset();
    fprintf(stderr, "stand-in: %d tests, %d failed\n", run, failed);
    return failed > 0 || run == 0;
}
