/* The machine that both stub libraries speak of. The environment chooses what is wrong with it.
 *
 *   STUB_GPUS          how many GPUs there are (2)
 *   STUB_MIG           GPU 0 is in MIG mode with two slices
 *   STUB_CUDA_INIT     the error that cuInit answers
 *   STUB_NVML_INIT     the error that nvmlInit answers
 *   STUB_HANG          cuInit never returns
 *   STUB_LOST          NVML cannot read GPU 1
 *   STUB_WRONG_SUM     the kernel gets one sum wrong
 *   STUB_LAZY          the kernel does nothing
 *   STUB_CRASH         the kernel ends the process
 */
#ifndef STUB_MACHINE_H
#define STUB_MACHINE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIB (1024ull * 1024 * 1024)
#define SLICES 2

static int stub_number(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

static int stub_gpus(void) { return stub_number("STUB_GPUS", 2); }
static int stub_mig(int gpu) { return gpu == 0 && stub_number("STUB_MIG", 0); }
static unsigned char stub_uuid_byte(int gpu) { return (unsigned char)(0xa0 + gpu); }
static unsigned long long stub_memory(int gpu) { return (gpu + 1) * 8 * GIB; }

static void stub_gpu_uuid(int gpu, char *text) {
    int b = stub_uuid_byte(gpu);
    sprintf(text, "GPU-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
            b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b);
}

static void stub_slice_uuid(int slice, char *text) {
    sprintf(text, "MIG-%08x-0000-0000-0000-000000000000", slice + 1);
}

#endif
