#include "memory.h"

#include "errors.h"
#include "settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Device addresses begin where the first NPU's do, if that range is free. */
#define PREFERRED_BASE ((void *)0x12c000000000)
#define PAGE 4096u
/* From this size on, poison is a file mapped again and again: it costs no memory before something is written. */
#define LARGE (4u << 20)
#define POISON_FILE (16u << 20)

struct block {
    struct si_allocation allocation;
    uint64_t span_begin, span_end; /* offsets in the device's range, a guard included */
    bool callers;
};

static struct device_memory {
    struct block *blocks; /* in the order of their addresses */
    int count, capacity;
    uint64_t used;
} memories[SI_MAX_DEVICES];

static char *base, *backing;
static uint64_t stride, capacity_bytes;
static int num_devices;
static uint64_t next_id = 1;
static int poison_file = -1;
static struct si_memory_use use;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static uint64_t round_up(uint64_t n, uint64_t to) {
    return (n + to - 1) / to * to;
}

bool si_memory_open(int devices, uint64_t bytes_per_device) {
    num_devices = devices;
    capacity_bytes = bytes_per_device;
    /* Twice the capacity: addresses are not what runs out. */
    stride = round_up(bytes_per_device * 2 + PAGE, 1u << 21);
    const size_t bytes = (size_t)stride * (size_t)(devices > 0 ? devices : 1);
    base = mmap(PREFERRED_BASE, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    backing = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base != MAP_FAILED && backing != MAP_FAILED) return true;
    if (base != MAP_FAILED) munmap(base, bytes);
    if (backing != MAP_FAILED) munmap(backing, bytes);
    base = backing = NULL;
    num_devices = 0;
    return false;
}

void si_memory_close(void) {
    for (int d = 0; d < num_devices; d++) si_device_free_all(d);
    pthread_rwlock_wrlock(&lock);
    if (base) {
        const size_t bytes = (size_t)stride * (size_t)(num_devices > 0 ? num_devices : 1);
        munmap(base, bytes);
        munmap(backing, bytes);
    }
    base = backing = NULL;
    num_devices = 0;
    pthread_rwlock_unlock(&lock);
}

static bool open_poison_file(void) {
    if (poison_file >= 0) return true;
    const int file = memfd_create("standin-poison", MFD_CLOEXEC);
    if (file < 0) return false;
    char *filled = malloc(1 << 20);
    bool good = filled != NULL;
    if (good) memset(filled, SI_POISON, 1 << 20);
    for (uint32_t at = 0; good && at < POISON_FILE; at += 1 << 20) good = write(file, filled, 1 << 20) == 1 << 20;
    free(filled);
    if (good) {
        poison_file = file;
    } else {
        close(file);
    }
    return good;
}

/* Fills memory with poison, from a page's beginning to a page's end; what it held is given back to the system. */
static bool poison_large(char *from, uint64_t bytes) {
    if (!open_poison_file()) return false;
    for (uint64_t at = 0; at < bytes; at += POISON_FILE) {
        const uint64_t n = bytes - at < POISON_FILE ? bytes - at : POISON_FILE;
        const int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
        if (mmap(from + at, n, PROT_READ | PROT_WRITE, flags, poison_file, 0) == MAP_FAILED) return false;
    }
    return true;
}

/* The offset of a gap of so many bytes; the lock is held. */
static bool find_gap(const struct device_memory *m, uint64_t bytes, uint64_t align, uint64_t *offset, int *index) {
    uint64_t from = 0;
    for (int i = 0; i <= m->count; i++) {
        const uint64_t to = i < m->count ? m->blocks[i].span_begin : stride;
        const uint64_t at = round_up(from, align);
        if (at + bytes <= to) {
            *offset = at;
            *index = i;
            return true;
        }
        if (i < m->count) from = m->blocks[i].span_end;
    }
    return false;
}

static int32_t refuse(int32_t device, uint64_t size, const struct device_memory *m) {
    return si_fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "device %d has no %llu bytes left: %llu of %llu are in use", device,
                   (unsigned long long)size, (unsigned long long)m->used, (unsigned long long)capacity_bytes);
}

int32_t si_device_malloc(int32_t device, uint64_t size, bool slack, bool callers, void **out) {
    struct device_memory *m = &memories[device];
    const uint64_t readable = round_up(size, 32) + (slack ? 32 : 0);
    const bool large = readable >= LARGE;
    pthread_rwlock_wrlock(&lock);
    if (readable > capacity_bytes || m->used + readable > capacity_bytes) {
        const int32_t code = refuse(device, size, m);
        pthread_rwlock_unlock(&lock);
        return code;
    }
    /* A multiple of 64 and of no more: who needs 512 must see to it. The rest is a guard that belongs to nobody. */
    uint64_t offset;
    int index;
    const uint64_t span = large ? round_up(readable + 128, PAGE) : round_up(readable, 64) + 128;
    if (!find_gap(m, span, large ? PAGE : 128, &offset, &index)) {
        const int32_t code = refuse(device, size, m);
        pthread_rwlock_unlock(&lock);
        return code;
    }
    if (m->count == m->capacity) {
        m->capacity = m->capacity ? 2 * m->capacity : 64;
        m->blocks = realloc(m->blocks, (size_t)m->capacity * sizeof *m->blocks);
    }
    memmove(m->blocks + index + 1, m->blocks + index, (size_t)(m->count - index) * sizeof *m->blocks);
    m->count++;
    char *pointer = base + (uint64_t)device * stride + offset + 64;
    m->blocks[index] = (struct block){
        .allocation = {.id = next_id++,
                       .begin = (uint64_t)pointer,
                       .size = size,
                       .end = (uint64_t)pointer + readable,
                       .device = device},
        .span_begin = offset,
        .span_end = offset + span,
        .callers = callers,
    };
    m->used += readable;
    if (callers) {
        use.device_allocations++;
        use.device_bytes += (int64_t)size;
    }
    char *content = backing + (pointer - base);
    if (!large || !poison_large(content - 64, span)) memset(content, SI_POISON, large ? LARGE : readable);
    pthread_rwlock_unlock(&lock);
    *out = pointer;
    return ACL_SUCCESS;
}

static void give_back(struct device_memory *m, int index) {
    struct block *b = &m->blocks[index];
    const uint64_t readable = b->allocation.end - b->allocation.begin;
    char *content = backing + (b->allocation.begin - (uint64_t)base);
    if (readable >= LARGE) {
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
        mmap(content - 64, b->span_end - b->span_begin, PROT_READ | PROT_WRITE, flags, -1, 0);
    } else {
        memset(content, SI_POISON, readable);
    }
    m->used -= readable;
    if (b->callers) {
        use.device_allocations--;
        use.device_bytes -= (int64_t)b->allocation.size;
    }
    memmove(b, b + 1, (size_t)(m->count - index - 1) * sizeof *b);
    m->count--;
}

/* The index of the block that holds the address, or -1; the lock is held. */
static int block_at(const struct device_memory *m, uint64_t address) {
    int low = 0, high = m->count;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (m->blocks[middle].allocation.begin <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && address < m->blocks[low - 1].allocation.end ? low - 1 : -1;
}

int32_t si_device_free(int32_t device, void *pointer) {
    const int32_t home = si_device_of(pointer);
    if (home < 0) return si_fail(ACL_ERROR_INVALID_PARAM, "%p is no device memory", pointer);
    if (home != device) {
        return si_fail(ACL_ERROR_INVALID_PARAM, "%p belongs to device %d, the current context is of device %d", pointer,
                       home, device);
    }
    struct device_memory *m = &memories[device];
    pthread_rwlock_wrlock(&lock);
    const int index = block_at(m, (uint64_t)pointer);
    const bool good = index >= 0 && m->blocks[index].allocation.begin == (uint64_t)pointer;
    if (good) give_back(m, index);
    pthread_rwlock_unlock(&lock);
    return good ? ACL_SUCCESS
                : si_fail(ACL_ERROR_INVALID_PARAM, "%p is not the beginning of a live allocation: freed twice?",
                          pointer);
}

void si_device_free_all(int32_t device) {
    pthread_rwlock_wrlock(&lock);
    struct device_memory *m = &memories[device];
    while (m->count > 0) give_back(m, m->count - 1);
    free(m->blocks);
    *m = (struct device_memory){0};
    pthread_rwlock_unlock(&lock);
}

void si_device_memory_info(int32_t device, uint64_t *free_bytes, uint64_t *total_bytes) {
    pthread_rwlock_rdlock(&lock);
    *total_bytes = capacity_bytes;
    *free_bytes = capacity_bytes - memories[device].used;
    pthread_rwlock_unlock(&lock);
}

int32_t si_device_of(const void *pointer) {
    const char *p = pointer;
    if (!base || p < base) return -1;
    const uint64_t device = (uint64_t)(p - base) / stride;
    return device < (uint64_t)num_devices ? (int32_t)device : -1;
}

bool si_find_device_range(const void *pointer, uint64_t bytes, struct si_allocation *found) {
    const int32_t device = si_device_of(pointer);
    if (device < 0) return false;
    const struct device_memory *m = &memories[device];
    pthread_rwlock_rdlock(&lock);
    const int index = block_at(m, (uint64_t)pointer);
    const bool good = index >= 0 &&
                      (uint64_t)pointer + bytes <= m->blocks[index].allocation.begin + m->blocks[index].allocation.size;
    if (good) *found = m->blocks[index].allocation;
    pthread_rwlock_unlock(&lock);
    return good;
}

void *si_backing(const void *pointer) {
    return backing + ((const char *)pointer - base);
}

struct si_memory_use si_memory_use(void) {
    pthread_rwlock_rdlock(&lock);
    const struct si_memory_use now = use;
    pthread_rwlock_unlock(&lock);
    return now;
}

/* Pinned host memory. Freed memory rests, poisoned, before it is unmapped: a late read finds nonsense, not a signal. */

#define RESTING_BYTES (64u << 20)

struct pinned {
    struct pinned *next;
    struct si_allocation allocation;
    uint64_t mapped;
};

static struct pinned *pinned, *rested_first, **rested_last = &rested_first;
static uint64_t rested_bytes;

int32_t si_host_malloc(uint64_t size, void **out) {
    const uint64_t mapped = round_up(size, PAGE);
    void *p = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return si_fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "the host has no %llu bytes", (unsigned long long)size);
    if (mapped < LARGE || !poison_large(p, mapped)) memset(p, SI_POISON, mapped);
    struct pinned *entry = calloc(1, sizeof *entry);
    pthread_rwlock_wrlock(&lock);
    entry->allocation = (struct si_allocation){
        .id = next_id++, .begin = (uint64_t)p, .size = size, .end = (uint64_t)p + size, .device = -1};
    entry->mapped = mapped;
    entry->next = pinned;
    pinned = entry;
    use.host_allocations++;
    use.host_bytes += (int64_t)size;
    pthread_rwlock_unlock(&lock);
    *out = p;
    return ACL_SUCCESS;
}

static void rest(struct pinned *entry) {
    char *begin = (char *)entry->allocation.begin;
    if (entry->mapped < LARGE || !poison_large(begin, entry->mapped)) memset(begin, SI_POISON, entry->mapped);
    use.host_allocations--;
    use.host_bytes -= (int64_t)entry->allocation.size;
    entry->next = NULL;
    *rested_last = entry;
    rested_last = &entry->next;
    rested_bytes += entry->mapped;
    while (rested_bytes > RESTING_BYTES && rested_first != entry) {
        struct pinned *oldest = rested_first;
        rested_first = oldest->next;
        rested_bytes -= oldest->mapped;
        munmap((void *)oldest->allocation.begin, oldest->mapped);
        free(oldest);
    }
}

int32_t si_host_free(void *pointer) {
    pthread_rwlock_wrlock(&lock);
    struct pinned **at = &pinned;
    while (*at && (*at)->allocation.begin != (uint64_t)pointer) at = &(*at)->next;
    struct pinned *entry = *at;
    if (entry) {
        *at = entry->next;
        rest(entry);
    }
    pthread_rwlock_unlock(&lock);
    return entry ? ACL_SUCCESS
                 : si_fail(ACL_ERROR_INVALID_PARAM, "%p is no live pinned host memory: freed twice?", pointer);
}

bool si_find_host_range(const void *pointer, uint64_t bytes, struct si_allocation *found) {
    pthread_rwlock_rdlock(&lock);
    const struct pinned *entry = pinned;
    const uint64_t p = (uint64_t)pointer;
    while (entry && !(p >= entry->allocation.begin && p + bytes <= entry->allocation.end)) entry = entry->next;
    if (entry) *found = entry->allocation;
    pthread_rwlock_unlock(&lock);
    return entry != NULL;
}

void si_host_free_all(void) {
    pthread_rwlock_wrlock(&lock);
    while (pinned) {
        struct pinned *entry = pinned;
        pinned = entry->next;
        rest(entry);
    }
    pthread_rwlock_unlock(&lock);
}
