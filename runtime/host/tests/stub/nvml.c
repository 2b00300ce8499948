/* A libnvidia-ml that tells of the stub machine. Built with OLD_DRIVER it lacks what came with later drivers. */
#include "machine.h"

#include <stdint.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7, GPU_IS_LOST = 15 };

/* A handle is a GPU's number plus one, and a slice's hundreds above that. */
static void *handle(int gpu, int slice) { return (void *)(uintptr_t)(gpu + 1 + 100 * (slice + 1)); }
static int gpu_of(void *device) { return (int)((uintptr_t)device % 100) - 1; }
static int slice_of(void *device) { return (int)((uintptr_t)device / 100) - 1; }

int nvmlInit_v2(void) { return stub_number("STUB_NVML_INIT", 0); }
int nvmlShutdown(void) { return SUCCESS; }

int nvmlSystemGetDriverVersion(char *text, unsigned size) {
    snprintf(text, size, "550.54.15");
    return SUCCESS;
}

int nvmlSystemGetCudaDriverVersion_v2(int *version) {
    *version = 12080;
    return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned *count) {
    *count = (unsigned)stub_gpus();
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if ((int)index >= stub_gpus()) return INVALID_ARGUMENT;
    if (index == 1 && getenv("STUB_LOST")) return GPU_IS_LOST;
    *device = handle((int)index, -1);
    return SUCCESS;
}

int nvmlDeviceGetName(void *device, char *text, unsigned size) {
    if (slice_of(device) >= 0) snprintf(text, size, "Stub GPU %d MIG 1g.4gb", gpu_of(device));
    else snprintf(text, size, "Stub GPU %d", gpu_of(device));
    return SUCCESS;
}

int nvmlDeviceGetUUID(void *device, char *text, unsigned size) {
    if (size < 64) return INSUFFICIENT_SIZE;
    if (slice_of(device) >= 0) stub_slice_uuid(slice_of(device), text);
    else stub_gpu_uuid(gpu_of(device), text);
    return SUCCESS;
}

int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) {
    *major = gpu_of(device) == 0 ? 8 : 9;
    *minor = gpu_of(device) == 0 ? 6 : 0;
    return SUCCESS;
}

#ifndef OLD_DRIVER
struct memory { unsigned version; unsigned long long total, reserved, free, used; };

int nvmlDeviceGetMemoryInfo_v2(void *device, struct memory *memory) {
    int slice = slice_of(device);
    if (memory->version != (sizeof *memory | 2u << 24)) return INVALID_ARGUMENT;
    memory->total = slice >= 0 ? 4 * GIB : stub_memory(gpu_of(device));
    memory->used = slice >= 0 ? (SLICES - slice) * GIB / 4 : GIB / (gpu_of(device) + 1);
    memory->reserved = 0;
    memory->free = memory->total - memory->used;
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(void *device, unsigned rates[2]) {
    if (stub_mig(gpu_of(device))) return NOT_SUPPORTED;
    rates[0] = 40 + (unsigned)gpu_of(device);
    rates[1] = 20;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, void *processes) {
    unsigned running = gpu_of(device) == 0 ? 3 : 0;
    int code = running > *count ? INSUFFICIENT_SIZE : SUCCESS;
    (void)processes;
    *count = running;
    return code;
}

int nvmlDeviceGetMigMode(void *device, unsigned *now, unsigned *later) {
    if (gpu_of(device) != 0) return NOT_SUPPORTED;
    *now = *later = (unsigned)stub_mig(0);
    return SUCCESS;
}

/* Room for seven slices, of which every second place is taken until all are placed. */
int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *count) {
    *count = stub_mig(gpu_of(device)) ? 7 : 0;
    return SUCCESS;
}

int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **slice) {
    if (!stub_mig(gpu_of(device))) return NOT_SUPPORTED;
    if (index % 2 != 0 || (int)index / 2 >= SLICES) return NOT_FOUND;
    *slice = handle(gpu_of(device), (int)index / 2);
    return SUCCESS;
}
#endif
