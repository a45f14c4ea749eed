/* roofline: this core's peak of multiply-adds and the share of it that each convolution pass reaches, for the layers of
 * the lesson and of common networks; pooling beside the bandwidth of a copy. One thread, CPU time, the least disturbed
 * of many runs: pin it (taskset -c 0 roofline). roofline [--isa NAME] [--layers TEXT]: one instruction set, the layers
 * whose name contains TEXT; --peak: the peak alone, as JSON.
 *
 * Shares count the multiply-adds of the direct convolution whose taps lie inside the picture. */
#include "base/memory.h"
#include "kernels/kernels.h"
#include "peak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct bench_layer {
    const char *name;
    size_t size, in, out, kernel, stride;
    bool same;
    size_t groups; /* 0: 1 */
} bench_layer;

static const bench_layer layers[] = {
    {"lesson conv 1    3-> 50 3x3 32x32", 32, 3, 50, 3, 1, false},
    {"lesson conv 2   50-> 50 3x3 15x15", 15, 50, 50, 3, 1, false},
    {"lesson conv 3   50-> 50 3x3   6x6", 6, 50, 50, 3, 1, false},
    {"lesson dense  1800-> 50", 1, 1800, 50, 1, 1, false},
    {"lesson dense    50-> 10", 1, 50, 10, 1, 1, false},
    {"lesson dense  3072-> 50", 1, 3072, 50, 1, 1, false},
    {"ResNet-20       16-> 16 3x3 32x32 same", 32, 16, 16, 3, 1, true},
    {"ResNet-20       16-> 32 3x3 32x32 same /2", 32, 16, 32, 3, 2, true},
    {"ResNet-20       32-> 32 3x3 16x16 same", 16, 32, 32, 3, 1, true},
    {"ResNet-20       64-> 64 3x3   8x8 same", 8, 64, 64, 3, 1, true},
    {"VGG-11          64->128 3x3 16x16 same", 16, 64, 128, 3, 1, true},
    {"VGG-11         256->256 3x3   8x8 same", 8, 256, 256, 3, 1, true},
    {"VGG-11         512->512 3x3   2x2 same", 2, 512, 512, 3, 1, true},
    {"MobileNet       64->128 1x1 56x56", 56, 64, 128, 1, 1, false},
    {"MobileNet      512->512 1x1 14x14", 14, 512, 512, 1, 1, false},
    {"MobileNet      128 depthwise 3x3 56x56 same", 56, 128, 128, 3, 1, true, 128},
};

static conv_shape conv_shape_of(const bench_layer *l)
{
    size_t before = 0, out = (l->size - l->kernel) / l->stride + 1;
    if (l->same) {
        out = (l->size + l->stride - 1) / l->stride;
        size_t covered = (out - 1) * l->stride + l->kernel;
        before = covered > l->size ? (covered - l->size) / 2 : 0;
    }
    return (conv_shape){.in_height = l->size,
                        .in_width = l->size,
                        .in_channels = l->in,
                        .out_height = out,
                        .out_width = out,
                        .out_channels = l->out,
                        .kernel_height = l->kernel,
                        .kernel_width = l->kernel,
                        .stride_height = l->stride,
                        .stride_width = l->stride,
                        .dilation_height = 1,
                        .dilation_width = 1,
                        .pad_top = before,
                        .pad_left = before,
                        .groups = l->groups ? l->groups : 1};
}

/* Pairs of an output row and a kernel row that meet inside the picture. */
static size_t meetings(const conv_shape *s)
{
    size_t count = 0;
    for (size_t o = 0; o < s->out_height; o++)
        for (size_t k = 0; k < s->kernel_height; k++)
            count += o * s->stride_height + k - s->pad_top < s->in_height; /* negative ones are huge */
    return count;
}

static double operations(const conv_shape *s)
{
    double squares = (double)meetings(s) * (double)meetings(s);
    return 2 * squares * (double)(s->in_channels / s->groups * s->out_channels) * LANES;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A layer with the memory of several blocks, so that no pass finds everything in its cache. */
typedef struct workload {
    const kernel_table *table;
    conv_shape s;
    size_t blocks, in, out, filters;
    lanes *x, *y;
    real *weights, *packed, *bias;
} workload;

static void fill(void *numbers, size_t bytes)
{
    real *to = numbers;
    for (size_t i = 0; i < bytes / sizeof(real); i++) to[i] = (real)(i % 17) / 16 - (real)0.5;
}

static void *filled(size_t bytes)
{
    void *memory = allocate_aligned(bytes);
    if (!memory) exit(1);
    fill(memory, bytes);
    return memory;
}

static workload workload_new(const kernel_table *table, const conv_shape *s)
{
    workload w = {.table = table, .s = *s};
    w.in = s->in_channels * s->in_height * s->in_width;
    w.out = s->out_channels * s->out_height * s->out_width;
    w.filters = s->kernel_height * s->kernel_width * s->in_channels / s->groups * s->out_channels;
    w.blocks = 1 + (4 << 20) / ((w.in + w.out) * sizeof(lanes));
    w.x = filled(w.blocks * w.in * sizeof(lanes));
    w.y = filled(w.blocks * w.out * sizeof(lanes));
    w.weights = filled(w.filters * sizeof(real));
    w.bias = filled(s->out_channels * sizeof(real));
    size_t pooled = w.out * sizeof(lanes), packed = table->conv_packed_size(s) * sizeof(real);
    w.packed = filled(packed > pooled ? packed : pooled); /* or a winner for each output */
    return w;
}

static void workload_free(workload *w)
{
    free(w->x);
    free(w->y);
    free(w->weights);
    free(w->bias);
    free(w->packed);
}

static void pack(const workload *w, size_t block)
{
    (void)block;
    w->table->conv_pack(&w->s, w->weights, w->packed);
}

static void forward(const workload *w, size_t block)
{
    w->table->conv_forward(&w->s, w->x + block * w->in, w->packed, w->bias, true, w->y + block * w->out, 0,
                           w->s.out_channels);
}

static void gradient_inputs(const workload *w, size_t block)
{
    w->table->conv_gradient_inputs(&w->s, w->y + block * w->out, w->packed, w->x + block * w->in, 0, w->s.in_channels);
}

static void gradient_weights(const workload *w, size_t block)
{
    w->table->conv_gradient_weights(&w->s, w->x + block * w->in, w->y + block * w->out, w->weights, w->bias, 0,
                                    w->s.out_channels);
}

/* Seconds of one pass over one block: the least disturbed of several runs. */
static double time_of(const workload *w, void (*pass)(const workload *w, size_t block))
{
    enum { REPEATS = 100 };
    double best = 1e9;
    size_t turns = 1;
    for (double spent = 0; spent < 0.001; turns *= 2) {
        double start = cpu_seconds();
        for (size_t i = 0; i < turns; i++) pass(w, i % w->blocks);
        spent = cpu_seconds() - start;
    }
    for (size_t k = 0; k < REPEATS; k++) {
        double start = cpu_seconds();
        for (size_t i = 0; i < turns; i++) pass(w, i % w->blocks);
        double each = (cpu_seconds() - start) / (double)turns;
        if (each < best) best = each;
    }
    return best;
}

static double peak_of(double (*run)(size_t turns))
{
    double best = 0;
    for (int k = 0; k < 20; k++) {
        double start = cpu_seconds(), done = run(2000000), rate = done / (cpu_seconds() - start);
        if (rate > best) best = rate;
    }
    return best;
}

static void report_convolutions(const kernel_table *table, double peak, const char *wanted)
{
    printf("%-46s %8s %8s %8s %9s\n", "share of peak", "forward", "inputs", "weights", "pack, us");
    for (size_t i = 0; i < ARRAY_COUNT(layers); i++) {
        if (!strstr(layers[i].name, wanted)) continue;
        conv_shape s = conv_shape_of(&layers[i]);
        workload w = workload_new(table, &s);
        double work = operations(&s) / peak, packing = time_of(&w, pack);
        double forwards = work / time_of(&w, forward), inputs = work / time_of(&w, gradient_inputs);
        printf("%-46s %7.1f%% %7.1f%% %7.1f%% %9.1f\n", layers[i].name, 100 * forwards, 100 * inputs,
               100 * work / time_of(&w, gradient_weights), 1e6 * packing);
        fflush(stdout);
        workload_free(&w);
    }
}

static void copy(const workload *w, size_t block)
{
    memcpy(w->y + block * w->out, w->x + block * w->in, w->out * sizeof(lanes));
}

static pool_shape pool_of(const workload *w)
{
    const conv_shape *s = &w->s;
    return (pool_shape){.in_height = s->in_height,
                        .in_width = s->in_width,
                        .channels = s->in_channels,
                        .out_height = s->out_height,
                        .out_width = s->out_width,
                        .pool_height = s->kernel_height,
                        .pool_width = s->kernel_width,
                        .stride_height = s->stride_height,
                        .stride_width = s->stride_width};
}

static void max_forward(const workload *w, size_t block)
{
    pool_shape s = pool_of(w);
    w->table->max_pool_forward(&s, w->x + block * w->in, w->y + block * w->out, w->packed, 0, s.channels);
}

static void max_gradient(const workload *w, size_t block)
{
    pool_shape s = pool_of(w);
    w->table->max_pool_gradient(&s, w->y + block * w->out, w->packed, w->x + block * w->in, 0, s.channels);
}

static void average_forward(const workload *w, size_t block)
{
    pool_shape s = pool_of(w);
    w->table->average_pool_forward(&s, w->x + block * w->in, w->y + block * w->out, 0, s.channels);
}

static void average_gradient(const workload *w, size_t block)
{
    pool_shape s = pool_of(w);
    w->table->average_pool_gradient(&s, w->y + block * w->out, w->x + block * w->in, 0, s.channels);
}

/* A pooling layer is the shape of a convolution with one group a channel. */
static const bench_layer pools[] = {
    {"lesson pool 1    50 2x2 30x30", 30, 50, 50, 2, 2, false, 50},
    {"lesson pool 2    50 2x2 13x13", 13, 50, 50, 2, 2, false, 50},
    {"ResNet-50 pool   64 3x3 112x112 same /2", 112, 64, 64, 3, 2, true, 64},
};

static void report_pools(const kernel_table *table, const char *wanted)
{
    for (size_t i = 0; i < ARRAY_COUNT(pools); i++) {
        if (!strstr(pools[i].name, wanted)) continue;
        conv_shape s = conv_shape_of(&pools[i]);
        workload w = workload_new(table, &s);
        double moved = (double)((w.in + w.out) * sizeof(lanes)) / 1e9;
        double copied = 2 * (double)(w.out * sizeof(lanes)) / 1e9 / time_of(&w, copy);
        printf("%-46s %8.1f %8.1f %8.1f %8.1f %8.1f\n", pools[i].name, copied, moved / time_of(&w, max_forward),
               moved / time_of(&w, max_gradient), moved / time_of(&w, average_forward),
               moved / time_of(&w, average_gradient));
        workload_free(&w);
    }
}

static const struct {
    const char *name;
    double (*peak)(size_t turns);
} isas[] = {
#if defined(CEPA_X86)
    {"avx512", peak_run_avx512},
    {"avx2", peak_run_avx2},
#endif
    {"portable", peak_run_portable},
};

static int print_peak(void)
{
    for (size_t i = 0; i < ARRAY_COUNT(isas); i++)
        if (kernels_named(isas[i].name))
            return printf("{\"isa\": \"%s\", \"gflops\": %.2f}\n", isas[i].name, peak_of(isas[i].peak) / 1e9) < 0;
    return 1;
}

int main(int argc, char **argv)
{
    const char *isa = "", *wanted = "";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--peak") == 0) return print_peak();
        if (strcmp(argv[i], "--isa") == 0 && i + 1 < argc)
            isa = argv[++i];
        else if (strcmp(argv[i], "--layers") == 0 && i + 1 < argc)
            wanted = argv[++i];
        else {
            fprintf(stderr, "usage: roofline [--peak] [--isa NAME] [--layers TEXT]\n");
            return 2;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(isas); i++) {
        const kernel_table *table = kernels_named(isas[i].name);
        if (!table || (*isa && strcmp(isa, isas[i].name) != 0)) continue;
        double peak = peak_of(isas[i].peak);
        printf("%s: peak %.1f GFLOP/s\n", isas[i].name, peak / 1e9);
        report_convolutions(table, peak, wanted);
        printf("%-46s %8s %8s %8s %8s %8s\n", "GB/s, read and written", "copy", "maximum", "gradient", "average",
               "gradient");
        report_pools(table, wanted);
        printf("\n");
    }
    return 0;
}
