/* The kernels of pooling against their definition, and each instruction set against the reference build, bit for bit.
 */
#include "kernel_test.h"

typedef struct pool_data {
    pool_shape s;
    guarded x, dy;
    guarded maximum, winner, maximum_dx, mean, mean_dx;
} pool_data;

static size_t pool_in(const pool_shape *s) { return s->channels * s->in_height * s->in_width; }
static size_t pool_out(const pool_shape *s) { return s->channels * s->out_height * s->out_width; }

static void run_pool(const kernel_table *table, pool_data *d, size_t part)
{
    const pool_shape *s = &d->s;
    d->maximum = guarded_lanes(pool_out(s));
    d->winner = guarded_new(table->max_pool_winner_size(s));
    d->maximum_dx = guarded_lanes(pool_in(s));
    d->mean = guarded_lanes(pool_out(s));
    d->mean_dx = guarded_lanes(pool_in(s));
    for (size_t first = 0; first < s->channels; first += part) {
        size_t last = first + part < s->channels ? first + part : s->channels;
        table->max_pool_forward(s, d->x.lanes, d->maximum.lanes, d->winner.data, first, last);
        table->max_pool_gradient(s, d->dy.lanes, d->winner.data, d->maximum_dx.lanes, first, last);
        table->average_pool_forward(s, d->x.lanes, d->mean.lanes, first, last);
        table->average_pool_gradient(s, d->dy.lanes, d->mean_dx.lanes, first, last);
    }
}

static void free_pool_results(pool_data *d)
{
    guarded_free(&d->maximum);
    guarded_free(&d->winner);
    guarded_free(&d->maximum_dx);
    guarded_free(&d->mean);
    guarded_free(&d->mean_dx);
}

typedef struct pool_sums {
    exact mean, mean_dx;
    real *maximum_dx;
} pool_sums;

/* One window of one image: its maximum is checked, its gradients are added. */
static void check_window(const pool_data *d, size_t c, size_t i, size_t j, size_t r, pool_sums *sums)
{
    const pool_shape *s = &d->s;
    size_t out = (c * s->out_height + i) * s->out_width + j, cells = 0, cell[400] = {0}, winner = 0;
    for (size_t a = 0; a < s->pool_height; a++)
        for (size_t b = 0; b < s->pool_width; b++) {
            size_t row = i * s->stride_height + a - s->pad_top, column = j * s->stride_width + b - s->pad_left;
            if (row < s->in_height && column < s->in_width)
                cell[cells++] = (c * s->in_height + row) * s->in_width + column;
        }
    for (size_t k = 0; k < cells; k++) {
        real number = d->x.lanes[cell[k]].lane[r], best = d->x.lanes[cell[winner]].lane[r];
        if (number > best || (isnan(number) && !isnan(best))) winner = k;
        exact_add(&sums->mean, out * LANES + r, (double)number / (double)cells);
        exact_add(&sums->mean_dx, cell[k] * LANES + r, (double)d->dy.lanes[out].lane[r] / (double)cells);
    }
    assert_close((double)d->maximum.lanes[out].lane[r], (double)d->x.lanes[cell[winner]].lane[r], 0);
    sums->maximum_dx[cell[winner] * LANES + r] += d->dy.lanes[out].lane[r];
}

static void check_pool(const pool_data *d)
{
    const pool_shape *s = &d->s;
    pool_sums sums = {exact_new(pool_out(s) * LANES), exact_new(pool_in(s) * LANES),
                      calloc(pool_in(s) * LANES, sizeof(real))};
    assert_non_null(sums.maximum_dx);
    for (size_t c = 0; c < s->channels; c++)
        for (size_t i = 0; i < s->out_height; i++)
            for (size_t j = 0; j < s->out_width; j++)
                for (size_t r = 0; r < LANES; r++) check_window(d, c, i, j, r, &sums);
    for (size_t i = 0; i < pool_out(s) * LANES; i++) assert_within(d->mean.reals[i], &sums.mean, i);
    for (size_t i = 0; i < pool_in(s) * LANES; i++) {
        assert_close((double)d->maximum_dx.reals[i], (double)sums.maximum_dx[i], 0);
        assert_within(d->mean_dx.reals[i], &sums.mean_dx, i);
    }
    exact_free(&sums.mean);
    exact_free(&sums.mean_dx);
    free(sums.maximum_dx);
}

static pool_data expected_pool;

static void run_and_compare_pool(const kernel_table *table)
{
    pool_data d = expected_pool;
    run_pool(table, &d, 2);
    assert_same_bits(&d.maximum, &expected_pool.maximum);
    assert_memory_equal(d.winner.data, expected_pool.winner.data, d.winner.size);
    assert_same_bits(&d.maximum_dx, &expected_pool.maximum_dx);
    assert_same_bits(&d.mean, &expected_pool.mean);
    assert_same_bits(&d.mean_dx, &expected_pool.mean_dx);
    free_pool_results(&d);
}

/* Numbers are few, so that ties abound; with_nan adds NaN and infinities. */
static void check_pool_case(const pool_shape *s, uint64_t seed, bool with_nan)
{
    pool_data d = {.s = *s, .x = guarded_lanes(pool_in(s)), .dy = guarded_lanes(pool_out(s))};
    fill_random(&d.x, seed);
    fill_random(&d.dy, seed + 1);
    for (size_t i = 0; i < pool_in(s) * LANES; i++) {
        real coarse = (real)(int)(d.x.reals[i] * 4);
        d.x.reals[i] = !with_nan || coarse < 3 ? coarse : i % 3 ? (real)NAN : (real)INFINITY;
    }
    run_pool(&table_reference, &d, s->channels);
    check_pool(&d);
    expected_pool = d;
    for_each_isa(run_and_compare_pool);
    free_pool_results(&d);
    guarded_free(&d.x);
    guarded_free(&d.dy);
}

static pool_shape random_pool(uint64_t seed, bool same)
{
    size_t place = 0;
#define ANY(low, high) random_between(seed, place++, low, high)
    pool_shape s = {.channels = ANY(1, 5),
                    .pool_height = ANY(1, 4),
                    .pool_width = ANY(1, 4),
                    .stride_height = ANY(1, 4),
                    .stride_width = ANY(1, 4)};
    s.in_height = (same ? 1 : s.pool_height) + ANY(0, 9);
    s.in_width = (same ? 1 : s.pool_width) + ANY(0, 9);
#undef ANY
    set_axis(s.in_height, s.pool_height, s.stride_height, 1, same, &s.out_height, &s.pad_top);
    set_axis(s.in_width, s.pool_width, s.stride_width, 1, same, &s.out_width, &s.pad_left);
    return s;
}

static void pooling_of_any_shape(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        pool_shape s = random_pool(seed, seed % 2);
        check_pool_case(&s, seed, false);
        check_pool_case(&s, seed, true);
    }
}

static void pooling_of_every_size(void **state)
{
    (void)state;
    for (size_t n = 2; n <= 33; n++) {
        pool_shape s = {.channels = 3,
                        .in_height = n,
                        .in_width = 35 - n,
                        .pool_height = 2,
                        .pool_width = 2,
                        .stride_height = 2,
                        .stride_width = 2,
                        .out_height = n / 2,
                        .out_width = (35 - n) / 2};
        check_pool_case(&s, n, true);
    }
}

static void windows_of_more_than_a_byte(void **state)
{
    (void)state;
    pool_shape s = {.channels = 1,
                    .in_height = 20,
                    .in_width = 21,
                    .pool_height = 19,
                    .pool_width = 20,
                    .stride_height = 1,
                    .stride_width = 1,
                    .out_height = 2,
                    .out_width = 2};
    check_pool_case(&s, 1, false);
}

/* ---- Global pooling */

static void check_global_channel(const guarded *x, const guarded *dy, const guarded *y, const guarded *dx, size_t c,
                                 size_t inner, size_t r)
{
    real maximum = (real)-INFINITY;
    size_t ties = 0;
    for (size_t i = 0; i < inner; i++) maximum = (real)fmax((double)maximum, (double)x->lanes[c * inner + i].lane[r]);
    for (size_t i = 0; i < inner; i++) ties += x->lanes[c * inner + i].lane[r] == maximum;
    assert_true(y->lanes[c].lane[r] == maximum);
    for (size_t i = 0; i < inner; i++) {
        bool tie = x->lanes[c * inner + i].lane[r] == maximum;
        assert_close((double)dx->lanes[c * inner + i].lane[r], tie ? (double)(dy->lanes[c].lane[r] / (real)ties) : 0,
                     0);
    }
}

static void check_global_mean(const guarded *x, const guarded *dy, const guarded *y, const guarded *dx, size_t outer,
                              size_t inner)
{
    exact mean = exact_new(outer * LANES);
    for (size_t i = 0; i < outer * inner * LANES; i++) {
        size_t out = i / LANES / inner * LANES + i % LANES;
        exact_add(&mean, out, (double)x->reals[i] / (double)inner);
        assert_close((double)dx->reals[i], (double)(dy->reals[out] / (real)inner), 0);
    }
    for (size_t i = 0; i < outer * LANES; i++) assert_within(y->reals[i], &mean, i);
    exact_free(&mean);
}

static void global_pooling_of(const kernel_table *table)
{
    for (size_t inner = 1; inner <= 33; inner++) {
        size_t outer = inner % 5 + 1;
        guarded x = guarded_lanes(outer * inner), dy = guarded_lanes(outer), y = guarded_lanes(outer);
        guarded dx = guarded_lanes(outer * inner);
        fill_random(&x, inner);
        fill_random(&dy, inner + 1);
        for (size_t i = 0; i < outer * inner * LANES; i++) x.reals[i] = (real)(int)(x.reals[i] * 5);
        table->global_max_forward(x.lanes, y.lanes, outer, inner);
        table->global_max_gradient(dy.lanes, x.lanes, y.lanes, dx.lanes, outer, inner);
        for (size_t c = 0; c < outer; c++)
            for (size_t r = 0; r < LANES; r++) check_global_channel(&x, &dy, &y, &dx, c, inner, r);
        table->global_average_forward(x.lanes, y.lanes, outer, inner);
        table->global_average_gradient(dy.lanes, dx.lanes, outer, inner);
        check_global_mean(&x, &dy, &y, &dx, outer, inner);
        guarded_free(&x);
        guarded_free(&dy);
        guarded_free(&y);
        guarded_free(&dx);
    }
}

static void global_pooling(void **state)
{
    (void)state;
    for_each_isa(global_pooling_of);
}

static void global_maximum_of_nan_is_nan(const kernel_table *table)
{
    guarded x = guarded_lanes(3), y = guarded_lanes(1), dx = guarded_lanes(3), dy = guarded_lanes(1);
    for (size_t i = 0; i < 3 * LANES; i++) x.reals[i] = i / LANES == 1 ? (real)NAN : (real)i;
    for (size_t r = 0; r < LANES; r++) dy.reals[r] = 5;
    table->global_max_forward(x.lanes, y.lanes, 1, 3);
    table->global_max_gradient(dy.lanes, x.lanes, y.lanes, dx.lanes, 1, 3);
    for (size_t r = 0; r < LANES; r++) {
        assert_true(isnan(y.reals[r]));
        assert_true(dx.lanes[0].lane[r] == 0 && dx.lanes[1].lane[r] == 5 && dx.lanes[2].lane[r] == 0);
    }
    guarded_free(&x);
    guarded_free(&y);
    guarded_free(&dx);
    guarded_free(&dy);
}

static void global_maximum_passes_nan(void **state)
{
    (void)state;
    for_each_isa(global_maximum_of_nan_is_nan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pooling_of_any_shape),        cmocka_unit_test(pooling_of_every_size),
        cmocka_unit_test(windows_of_more_than_a_byte), cmocka_unit_test(global_pooling),
        cmocka_unit_test(global_maximum_passes_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
