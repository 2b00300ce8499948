/* A libcuda that computes on the CPU: enough of the driver for an inventory and one kernel. It is as strict as
 * the real one about order (init, context, module) and about addresses, so that misuse shows here already. */
#include "machine.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

enum {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NOT_INITIALIZED = 3,
    NO_DEVICE = 100,
    INVALID_DEVICE = 101,
    INVALID_CONTEXT = 201,
    INVALID_PTX = 218,
    NOT_FOUND = 500,
    ILLEGAL_ADDRESS = 700
};

typedef uint64_t address;

static int initialized;
static int seen[16], seen_count;
static void *current;
static int retained;
static int loaded;
static struct { char *start; size_t size; } blocks[64];

/* CUDA counts the fastest GPU first, and in MIG mode sees one slice only; the environment narrows it down. */
static void look(void) {
    const char *only = getenv("CUDA_VISIBLE_DEVICES");
    char name[64];
    seen_count = 0;
    for (int gpu = stub_gpus() - 1; gpu >= 0; gpu--) {
        int show = only == NULL;
        stub_gpu_uuid(gpu, name);
        if (only && !stub_mig(gpu) && strcmp(only, name) == 0) show = 1;
        for (int slice = 0; only && stub_mig(gpu) && slice < SLICES; slice++) {
            stub_slice_uuid(slice, name);
            if (strcmp(only, name) == 0) show = 1;
        }
        if (only == NULL && stub_mig(0)) show = gpu == 0;
        if (show) seen[seen_count++] = gpu;
    }
}

#ifndef WITHOUT_INIT
int cuInit(unsigned flags) {
    int code = stub_number("STUB_CUDA_INIT", 0);
    while (getenv("STUB_HANG")) pause();
    if (flags != 0) return INVALID_VALUE;
    if (code != 0) return code;
    look();
    if (seen_count == 0) return NO_DEVICE;
    initialized = 1;
    return SUCCESS;
}
#endif

int cuDriverGetVersion(int *version) {
    *version = 12080;
    return SUCCESS;
}

int cuDeviceGetCount(int *count) {
    if (!initialized) return NOT_INITIALIZED;
    *count = seen_count;
    return SUCCESS;
}

int cuDeviceGet(int *device, int ordinal) {
    if (!initialized) return NOT_INITIALIZED;
    if (ordinal < 0 || ordinal >= seen_count) return INVALID_DEVICE;
    *device = ordinal;
    return SUCCESS;
}

int cuDeviceGetName(char *name, int size, int device) {
    snprintf(name, (size_t)size, "Stub GPU %d", seen[device]);
    return SUCCESS;
}

/* As the real one does, it names a slice by its GPU. */
int cuDeviceGetUuid(char uuid[16], int device) {
    memset(uuid, stub_uuid_byte(seen[device]), 16);
    return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
    *bytes = stub_mig(seen[device]) ? 4 * GIB : stub_memory(seen[device]);
    return SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
    switch (attribute) {
    case 75: *value = seen[device] == 0 ? 8 : 9; return SUCCESS;
    case 76: *value = seen[device] == 0 ? 6 : 0; return SUCCESS;
    default: *value = 0; return SUCCESS;
    }
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
    if (device >= seen_count) return INVALID_DEVICE;
    retained++;
    *context = &retained;
    return SUCCESS;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
    (void)device;
    return retained-- > 0 ? SUCCESS : INVALID_CONTEXT;
}

int cuCtxGetCurrent(void **context) {
    *context = current;
    return SUCCESS;
}

int cuCtxSetCurrent(void *context) {
    current = context;
    return SUCCESS;
}

int cuModuleLoadData(void **module, const char *text) {
    if (!current) return INVALID_CONTEXT;
    if (!strstr(text, ".version ") || !strstr(text, ".target ")) return INVALID_PTX;
    loaded = strstr(text, ".visible .entry vector_add(") != NULL;
    *module = &loaded;
    return SUCCESS;
}

int cuModuleUnload(void *module) {
    loaded = 0;
    return module == &loaded ? SUCCESS : INVALID_VALUE;
}

int cuModuleGetFunction(void **function, void *module, const char *name) {
    if (module != &loaded || !loaded || strcmp(name, "vector_add") != 0) return NOT_FOUND;
    *function = &loaded;
    return SUCCESS;
}

static int is_inside(address start, size_t size) {
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        char *first = (char *)(uintptr_t)start;
        if (blocks[i].start && first >= blocks[i].start && first + size <= blocks[i].start + blocks[i].size) return 1;
    }
    return 0;
}

int cuMemAlloc_v2(address *start, size_t size) {
    if (!current) return INVALID_CONTEXT;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (blocks[i].start) continue;
        blocks[i].start = malloc(size);
        blocks[i].size = size;
        *start = (address)(uintptr_t)blocks[i].start;
        return blocks[i].start ? SUCCESS : OUT_OF_MEMORY;
    }
    return OUT_OF_MEMORY;
}

int cuMemFree_v2(address start) {
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (blocks[i].start != (char *)(uintptr_t)start) continue;
        free(blocks[i].start);
        blocks[i].start = NULL;
        return SUCCESS;
    }
    return INVALID_VALUE;
}

int cuMemcpyHtoDAsync_v2(address to, const void *from, size_t size, void *stream) {
    (void)stream;
    if (!is_inside(to, size)) return ILLEGAL_ADDRESS;
    memcpy((void *)(uintptr_t)to, from, size);
    return SUCCESS;
}

int cuMemcpyDtoHAsync_v2(void *to, address from, size_t size, void *stream) {
    (void)stream;
    if (!is_inside(from, size)) return ILLEGAL_ADDRESS;
    memcpy(to, (void *)(uintptr_t)from, size);
    return SUCCESS;
}

int cuMemcpyDtoDAsync_v2(address to, address from, size_t size, void *stream) {
    (void)stream;
    if (!is_inside(to, size) || !is_inside(from, size)) return ILLEGAL_ADDRESS;
    memmove((void *)(uintptr_t)to, (void *)(uintptr_t)from, size);
    return SUCCESS;
}

int cuStreamSynchronize(void *stream) {
    (void)stream;
    return SUCCESS;
}

int cuStreamWaitEvent(void *stream, void *event, unsigned flags) {
    (void)stream, (void)event, (void)flags;
    return SUCCESS;
}

int cuEventCreate(void **event, unsigned flags) {
    (void)flags;
    *event = &retained;
    return SUCCESS;
}

int cuEventRecord(void *event, void *stream) {
    (void)event, (void)stream;
    return SUCCESS;
}

int cuEventDestroy_v2(void *event) {
    (void)event;
    return SUCCESS;
}

int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **parameters, void **extra) {
    (void)shared, (void)stream, (void)extra;
    if (function != &loaded || !loaded || gy * gz * by * bz != 1 || bx > 1024) return INVALID_VALUE;
    address left = *(address *)parameters[0], right = *(address *)parameters[1], sum = *(address *)parameters[2];
    uint32_t count = *(uint32_t *)parameters[3];
    size_t size = (size_t)count * sizeof(float);
    if (!is_inside(left, size) || !is_inside(right, size) || !is_inside(sum, size)) return ILLEGAL_ADDRESS;
    if (getenv("STUB_CRASH")) kill(getpid(), SIGKILL);
    if (getenv("STUB_LAZY")) return SUCCESS;
    const float *a = (const float *)(uintptr_t)left, *b = (const float *)(uintptr_t)right;
    float *c = (float *)(uintptr_t)sum;
    for (unsigned block = 0; block < gx; block++) {
        for (unsigned thread = 0; thread < bx; thread++) {
            uint32_t index = block * bx + thread;
            if (index < count) c[index] = a[index] + b[index];
        }
    }
    if (getenv("STUB_WRONG_SUM")) c[count - 1] += 1;
    return SUCCESS;
}
