/*
 * Control of the stand-in: what it pretends to be, what it does wrong on purpose, and what it has seen. These functions are
 * exported by libcann_standin.so, the library behind all others of a variant; a process has one state, whichever variant's
 * libraries it loads. All are thread-safe, block for no longer than a lock, and take effect at once unless said otherwise.
 */
#ifndef STANDIN_H
#define STANDIN_H

#include <stdint.h>

#define STANDIN_API __attribute__((visibility("default")))

/*
 * Back to the state of a fresh process: hung calls and tasks are released, workers stopped, everything destroyed (a handle
 * that a caller still holds is invalid), counters zero, settings as the environment says. Nothing may be in a call.
 */
STANDIN_API void standin_reset(void);

/*
 * Sets a number; 0, or -1 when there is no such setting.
 *
 *   devices            physical devices, 0 to 64 [8]
 *   hbm_mib            memory of each in MiB [65536]
 *   execution          0 tasks run as soon as they can, 1 with random pauses [the default], 2 no task before a caller waits
 *   delay_us           the longest pause in microseconds [100]
 *   seed               of pauses, garbage and workspace sizes [1]
 *   noop               1: operators and collectives do nothing, for measuring what the host pays [0]
 *   workspace_max      operators ask for 1 to this many bytes of workspace; 0 for none [8192]
 *   newer_kernels      0: operators newer than 8.1.RC1 have symbols, but no kernel package [1]
 *   task_groups        0: the driver is too old for task groups: ACL_ERROR_RT_FEATURE_NOT_SUPPORT [1]
 *   capture_collectives 1: collectives may be captured without operation expansion on the vector cores [0]
 *   pageable_async     1: asynchronous copies take pageable host memory, and wait [0: they are refused]
 *   require_opp_path   1: operators fail without ASCEND_OPP_PATH [0]
 *   connect_timeout_ms, exec_timeout_ms   of HCCL [HCCL_CONNECT_TIMEOUT, HCCL_EXEC_TIMEOUT in seconds, else 120 and 1836 s]
 *   op_wait_timeout_s, op_execute_timeout_s   as aclrtSetOpWaitTimeout and aclrtSetOpExecuteTimeOut set them; 0 for none [0]
 *   version_major, version_minor, version_patch   of the ACL interface [1, 13, 0]
 *
 * Devices, memory and visible devices are read when a device is first set after a reset.
 */
STANDIN_API int32_t standin_set(const char *name, int64_t value);

/* Sets a text: soc [Ascend910B1], cann_version [8.1.RC1], visible_devices [ASCEND_RT_VISIBLE_DEVICES]. 0, or -1. */
STANDIN_API int32_t standin_set_text(const char *name, const char *value);

/*
 * A setting, or a counter:
 *
 *   live.KIND      handles not yet destroyed: tensors, scalars, int_arrays, float_arrays, bool_arrays, tensor_lists,
 *                  scalar_lists, executors, contexts, streams, events, graphs, communicators; live.device_allocations,
 *                  live.device_bytes, live.host_allocations, live.host_bytes
 *   calls.thread   calls of the CANN interfaces that this thread has made
 *   launches       operators launched or captured; tasks: tasks that have run on streams
 *   violations     broken rules that could not be told to the caller who broke them
 *   faults.fired   planned faults that came true; faults.hung: calls and tasks that hang now
 *
 * INT64_MIN when there is no such name.
 */
STANDIN_API int64_t standin_get(const char *name);

/* What is not yet destroyed, as lines "count kind"; violations as lines. Both return the number of lines there are. */
STANDIN_API int64_t standin_leaks(char *out, int64_t size);
STANDIN_API int64_t standin_violations(char *out, int64_t size);

/*
 * What a planned fault does. The TASK kinds let the call succeed and strike the work that it put on a stream; a wrong task is
 * an operator or a collective that runs, says nothing and leaves another number in the first element that it wrote. The last
 * kind lets the call succeed and loses the thread's device, as standin_lose_device does.
 */
enum {
    STANDIN_FAIL = 0,
    STANDIN_LATE = 1,
    STANDIN_HANG = 2,
    STANDIN_TASK_FAIL = 3,
    STANDIN_TASK_LATE = 4,
    STANDIN_TASK_HANG = 5,
    STANDIN_TASK_WRONG = 6,
    STANDIN_LOSE = 7,
};

/*
 * Plans a fault: the nth call from now (1 is the next) of a function whose name matches the pattern (* stands for any
 * letters), on a device (-1 for any), fails with the code (0: one that fits the function), answers after so many
 * milliseconds, or hangs until released and then fails. A function that gives something back does so all the same when it
 * was late or hung. Returns 0, or -1 for a bad argument or when too many are planned.
 */
STANDIN_API int32_t standin_fault(const char *pattern, int64_t nth, int32_t device, int32_t kind, int32_t code,
                                  int64_t millis);

/*
 * Every matching call strikes with a probability; what it does is drawn from the kinds (a bit set, 1 << STANDIN_FAIL and so
 * on), how late it is from 0 to max_millis. Functions that give something back never fail in this way. One seed and one
 * order of calls give one sequence of faults.
 */
STANDIN_API void standin_random_faults(const char *pattern, double probability, uint64_t seed, uint32_t kinds,
                                       int64_t max_millis);

STANDIN_API void standin_clear_faults(void);

/* Lets calls and tasks go that hang; returns how many. Later hangs hang again. */
STANDIN_API int64_t standin_release(void);

/* A device fails from now on: its tasks and synchronizations with the code, until it is reset. */
STANDIN_API int32_t standin_lose_device(int32_t device, int32_t code);

/* Keeps the last `capacity` calls, 0 for none; reads them as lines "thread function". Returns the number of lines. */
STANDIN_API void standin_log(int64_t capacity);
STANDIN_API int64_t standin_read_log(char *out, int64_t size);

/*
 * In the environment, for processes that no test controls: PANGU_STANDIN_DEVICES, _HBM_MIB, _SOC, _EXECUTION, _DELAY_US,
 * _NOOP, _SEED; PANGU_STANDIN_FAULTS = pattern:nth:device:kind:code:millis[;...];
 * PANGU_STANDIN_FAULTS_FILE = a file, there at once or later, moved to its place: faults to plan when it is found, which
 * takes milliseconds, and then it is removed;
 * PANGU_STANDIN_LOCKS = a directory: a physical device can then be set by one process at a time.
 */

#endif
