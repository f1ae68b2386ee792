/*
 * Memory of devices and pinned memory of the host. A device pointer lies in an address range that nobody may touch; what the
 * device holds lies in a second range of the same shape, which only tasks and copies reach, through si_backing.
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include "../cann_types.h"

#define SI_MAX_DEVICES 64

/* Byte of memory that nobody has written: not a number in every float format, -1 in every integer. */
#define SI_POISON 0xff

struct si_allocation {
    uint64_t id; /* never used twice */
    uint64_t begin;
    uint64_t size; /* as asked for */
    uint64_t end;  /* of what kernels may read: the size rounded up, and the slack */
    int32_t device;
};

/* Reserves the address ranges; false when the system refuses. */
bool si_memory_open(int devices, uint64_t bytes_per_device);
void si_memory_close(void);

/* ACL_SUCCESS or the code, with its text. A communicator's own buffer is not the caller's: it is not counted as live. */
int32_t si_device_malloc(int32_t device, uint64_t size, bool slack, bool callers, void **out);
int32_t si_device_free(int32_t device, void *pointer);
void si_device_memory_info(int32_t device, uint64_t *free_bytes, uint64_t *total_bytes);
void si_device_free_all(int32_t device);

/* The device whose address range holds the pointer, or -1. */
int32_t si_device_of(const void *pointer);

/* The allocation that holds all the bytes; false when there is none. */
bool si_find_device_range(const void *pointer, uint64_t bytes, struct si_allocation *found);

/* Where the device keeps what a device pointer points to. */
void *si_backing(const void *pointer);

int32_t si_host_malloc(uint64_t size, void **out);
int32_t si_host_free(void *pointer);
bool si_find_host_range(const void *pointer, uint64_t bytes, struct si_allocation *found);
void si_host_free_all(void);

struct si_memory_use {
    int64_t device_allocations, device_bytes, host_allocations, host_bytes;
};

struct si_memory_use si_memory_use(void);

#endif
