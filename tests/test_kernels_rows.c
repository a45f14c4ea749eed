/* The kernels that bring rows to one size, that learn a slope and that look at pictures through other grids: each
 * instruction set against the reference build, bit for bit; their numbers are compared with Keras' in test_layers.c. */
#include "kernel_test.h"

static const kernel_table *table;

typedef void run_kernels(const kernel_table *t, const guarded in[2], guarded out[], size_t inner);

/* Runs kernels of both builds on the same numbers and compares the sizes[i] reals of each result. */
static void compare(run_kernels *run, size_t count, const size_t *sizes, size_t results, size_t inner)
{
    enum { MOST_RESULTS = 4 };
    guarded in[2] = {guarded_lanes(count), guarded_lanes(count)}, out[2][MOST_RESULTS];
    for (size_t i = 0; i < 2; i++) fill_random(&in[i], count + i);
    for (size_t build = 0; build < 2; build++) {
        for (size_t k = 0; k < results; k++) out[build][k] = guarded_new(sizes[k]);
        run(build ? &table_reference : table, in, out[build], inner);
    }
    for (size_t k = 0; k < results; k++) {
        assert_same_bits(&out[0][k], &out[1][k]);
        guarded_free(&out[0][k]);
        guarded_free(&out[1][k]);
    }
    for (size_t i = 0; i < 2; i++) guarded_free(&in[i]);
}

enum { OUTER = 3, SIZE = 5 };

static void run_normalise(const kernel_table *t, const guarded in[2], guarded out[], size_t inner)
{
    const real gamma[SIZE] = {1, 2, -1, (real)0.5, (real)0.3}, beta[SIZE] = {0, 1, 2, 3, (real)-0.7};
    const normalisation s = {
        .outer = OUTER, .n = SIZE, .inner = inner, .repeat = 1, .centred = inner % 2 == 0, .epsilon = 1e-3};
    t->normalise(&s, in[0].lanes, gamma, beta, out[0].lanes);
    t->normalise_gradient(&s, in[0].lanes, in[1].lanes, gamma, out[1].lanes);
    double *sums = out[2].data;
    t->normalise_weights(&s, in[0].lanes, in[1].lanes, 1 + inner % LANES, sums, sums + SIZE);
}

static void run_prelu(const kernel_table *t, const guarded in[2], guarded out[], size_t inner)
{
    const real alpha[3] = {(real)0.3, (real)-0.1, (real)0.7};
    const size_t count = OUTER * SIZE * inner;
    uint32_t index[OUTER * SIZE * 8];
    for (size_t e = 0; e < count; e++) index[e] = (uint32_t)(e % 3);
    memset(out[2].data, 0, 3 * sizeof(real));
    t->prelu_forward(in[0].lanes, alpha, index, out[0].lanes, count);
    t->prelu_gradient(in[1].lanes, in[0].lanes, alpha, index, out[1].lanes, count);
    t->prelu_weights(in[1].lanes, in[0].lanes, index, 1 + inner % LANES, count, out[2].reals);
}

/* Pictures of OUTER x SIZE pixels, inner channels: each pixel made of two of them. */
static void run_resample(const kernel_table *t, const guarded in[2], guarded out[], size_t inner)
{
    enum { PIXELS = OUTER * SIZE };
    uint32_t first[PIXELS + 1];
    tap taps[2 * PIXELS];
    for (uint32_t i = 0; i <= PIXELS; i++) first[i] = 2 * i;
    for (uint32_t i = 0; i < 2 * PIXELS; i++) taps[i] = (tap){i * 7 % PIXELS, (real)(i % 5) - (real)1.3};
    const resampling r = {PIXELS, PIXELS, first, taps};
    t->resample(&r, in[0].lanes, out[0].lanes, inner);
    t->resample_gradient(&r, in[1].lanes, out[1].lanes, inner);
}

static void run_map(const kernel_table *t, const guarded in[2], guarded out[], size_t inner)
{
    mapping m = {.height = OUTER, .width = SIZE, .channels = inner, .nearest = inner % 3 == 0, .constant = 2};
    m.outside = (outside)(inner % 4);
    linear_map maps[LANES];
    for (size_t r = 0; r < LANES; r++) {
        const real tilt = (real)r / 10 - (real)0.7;
        maps[r] = (linear_map){1, tilt, -3 * tilt, -tilt, (real)1.1, (real)0.4 + tilt};
    }
    t->map_pictures(&m, maps, in[0].lanes, out[0].lanes);
    t->map_pictures_gradient(&m, maps, in[1].lanes, out[1].lanes);
}

static void check_all(const kernel_table *t)
{
    table = t;
    for (size_t inner = 1; inner <= 8; inner++) {
        const size_t count = OUTER * SIZE * inner, block = count * sizeof(lanes);
        compare(run_normalise, count, (const size_t[]){block, block, 2 * SIZE * sizeof(double)}, 3, inner);
        compare(run_prelu, count, (const size_t[]){block, block, 3 * sizeof(real)}, 3, inner);
        compare(run_resample, count, (const size_t[]){block, block}, 2, inner);
        compare(run_map, count, (const size_t[]){block, block}, 2, inner);
    }
}

static void rows_have_the_reference_bits(void **state)
{
    (void)state;
    for_each_exact_isa(check_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_have_the_reference_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
