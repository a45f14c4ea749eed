/* The kernels of convolution against plain loops in double precision, and each instruction set against the reference
 * build, bit for bit. */
#include "kernel_test.h"

/* ---- Convolution, as its definition says */

typedef struct conv_data {
    conv_shape s;
    guarded x, filters, bias, dy;             /* given */
    guarded y, relu_y, dx, d_filters, d_bias; /* results */
} conv_data;

/* What all passes read. */
static conv_call call_of(const conv_data *d, const guarded *packed, const guarded *scratch)
{
    return (conv_call){.filters = d->filters.reals,
                       .packed = packed->reals,
                       .scratch = scratch->data,
                       .x = d->x.lanes,
                       .dy = d->dy.lanes,
                       .bias = d->bias.reals,
                       .dx = d->dx.lanes,
                       .d_filters = d->d_filters.reals,
                       .d_bias = d->d_bias.reals};
}

static size_t in_count(const conv_shape *s) { return s->in_channels * s->in_height * s->in_width; }
static size_t out_count(const conv_shape *s) { return s->out_channels * s->out_height * s->out_width; }
static size_t filter_count(const conv_shape *s)
{
    return s->kernel_height * s->kernel_width * s->in_channels / s->groups * s->out_channels;
}

/* A product in the three sums: y[out] += x[in] * filters[weight]. */
typedef void product(void *context, size_t out, size_t in, size_t weight);

static void for_each_product_of(const conv_shape *s, size_t f, size_t i, size_t j, product *use, void *context)
{
    size_t channels = s->in_channels / s->groups, group = f / (s->out_channels / s->groups);
    for (size_t c = 0; c < channels; c++)
        for (size_t kh = 0; kh < s->kernel_height; kh++)
            for (size_t kw = 0; kw < s->kernel_width; kw++) {
                size_t row = i * s->stride_height + kh * s->dilation_height - s->pad_top;
                size_t column = j * s->stride_width + kw * s->dilation_width - s->pad_left;
                if (row >= s->in_height || column >= s->in_width) continue; /* negative ones are huge */
                size_t in = ((group * channels + c) * s->in_height + row) * s->in_width + column;
                size_t weight = ((kh * s->kernel_width + kw) * channels + c) * s->out_channels + f;
                use(context, (f * s->out_height + i) * s->out_width + j, in, weight);
            }
}

static void for_each_product(const conv_shape *s, product *use, void *context)
{
    for (size_t f = 0; f < s->out_channels; f++)
        for (size_t i = 0; i < s->out_height; i++)
            for (size_t j = 0; j < s->out_width; j++) for_each_product_of(s, f, i, j, use, context);
}

typedef struct summing {
    const conv_data *d;
    exact y, dx, d_filters;
} summing;

static void add_product(void *context, size_t out, size_t in, size_t weight)
{
    summing *s = context;
    const conv_data *d = s->d;
    double w = (double)d->filters.reals[weight];
    for (size_t r = 0; r < LANES; r++) {
        double x = (double)d->x.lanes[in].lane[r], dy = (double)d->dy.lanes[out].lane[r];
        exact_add(&s->y, out * LANES + r, x * w);
        exact_add(&s->dx, in * LANES + r, dy * w);
        exact_add(&s->d_filters, weight, x * dy);
    }
}

static void check_biases(const conv_data *d)
{
    size_t plane = d->s.out_height * d->s.out_width;
    exact e = exact_new(d->s.out_channels);
    for (size_t i = 0; i < out_count(&d->s) * LANES; i++) exact_add(&e, i / LANES / plane, (double)d->dy.reals[i]);
    for (size_t f = 0; f < d->s.out_channels; f++) assert_within(d->d_bias.reals[f], &e, f);
    exact_free(&e);
}

/* A direct sum is as good as its chain of operations; Winograd's spread their error over a tile, and are held to a part
 * of the largest result (and to what the expected sum may itself be wrong by). */
static void check_results(const guarded *found, const exact *expected, conv_way way)
{
    size_t count = found->size / sizeof(real);
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(expected->sum[i]));
    for (size_t i = 0; i < count; i++)
        if (way == CONV_DIRECT)
            assert_within(found->reals[i], expected, i);
        else
            assert_close((double)found->reals[i], expected->sum[i],
                         16 * half_ulp() * largest + (double)expected->terms[i] * 0x1p-53 * expected->absolute[i]);
}

static void check_conv(const conv_data *d)
{
    size_t plane = d->s.out_height * d->s.out_width * LANES;
    conv_choice choice = conv_choose(&d->s);
    summing s = {.d = d, .y = exact_new(out_count(&d->s) * LANES), .dx = exact_new(in_count(&d->s) * LANES)};
    s.d_filters = exact_new(filter_count(&d->s));
    for (size_t i = 0; i < out_count(&d->s) * LANES; i++) exact_add(&s.y, i, (double)d->bias.reals[i / plane]);
    for_each_product(&d->s, add_product, &s);
    check_results(&d->y, &s.y, choice.forward);
    check_results(&d->dx, &s.dx, choice.gradient_inputs);
    check_results(&d->d_filters, &s.d_filters, choice.gradient_weights);
    for (size_t i = 0; i < out_count(&d->s) * LANES; i++) {
        real y = d->y.reals[i];
        assert_close((double)d->relu_y.reals[i], y < 0 ? 0 : (double)y, 0);
    }
    check_biases(d);
    exact_free(&s.y);
    exact_free(&s.dx);
    exact_free(&s.d_filters);
}

/* ---- Running a case */

static conv_data conv_data_new(const conv_shape *s, uint64_t seed)
{
    conv_data d = {.s = *s,
                   .x = guarded_lanes(in_count(s)),
                   .filters = guarded_reals(filter_count(s)),
                   .bias = guarded_reals(s->out_channels),
                   .dy = guarded_lanes(out_count(s))};
    fill_random(&d.x, seed);
    fill_random(&d.filters, seed + 1);
    fill_random(&d.bias, seed + 2);
    fill_random(&d.dy, seed + 3);
    return d;
}

static void free_results(conv_data *d)
{
    guarded_free(&d->y);
    guarded_free(&d->relu_y);
    guarded_free(&d->dx);
    guarded_free(&d->d_filters);
    guarded_free(&d->d_bias);
}

static void conv_data_free(conv_data *d)
{
    free_results(d);
    guarded_free(&d->x);
    guarded_free(&d->filters);
    guarded_free(&d->bias);
    guarded_free(&d->dy);
}

static guarded pack(const kernel_table *table, const conv_data *d, bool gradient)
{
    guarded packed = guarded_reals(table->conv_packed_size(&d->s, gradient));
    table->conv_pack(&d->s, d->filters.reals, gradient, packed.reals);
    return packed;
}

/* The forward pass, so many pairs of rows at a time. */
static void run_forward(const kernel_table *table, const conv_shape *s, conv_call c, size_t part)
{
    const size_t pairs = conv_row_pairs(s);
    for (c.top = 0; c.top < pairs; c.top = c.bottom) {
        c.bottom = c.top + part < pairs ? c.top + part : pairs;
        table->conv_forward(s, &c);
    }
}

/* Every pass, its outputs in parts of the given number of channels, or of pairs of rows. */
static void run_conv(const kernel_table *table, conv_data *d, size_t part)
{
    const conv_shape *s = &d->s;
    guarded packed = pack(table, d, false), scratch = guarded_new(table->conv_scratch_size(s));
    d->y = guarded_lanes(out_count(s));
    d->relu_y = guarded_lanes(out_count(s));
    d->dx = guarded_lanes(in_count(s));
    d->d_filters = guarded_reals(filter_count(s));
    d->d_bias = guarded_reals(s->out_channels);
    conv_call c = call_of(d, &packed, &scratch);
    for (c.first = 0; c.first < s->out_channels; c.first = c.last) {
        c.last = c.first + part < s->out_channels ? c.first + part : s->out_channels;
        c.relu = false;
        c.y = d->y.lanes;
        run_forward(table, s, c, part);
        c.relu = true;
        c.y = d->relu_y.lanes;
        table->conv_forward(s, &c);
        table->conv_gradient_weights(s, &c);
    }
    guarded_free(&packed);
    packed = pack(table, d, true);
    c.packed = packed.reals;
    for (c.first = 0; c.first < s->in_channels; c.first = c.last) {
        c.last = c.first + part < s->in_channels ? c.first + part : s->in_channels;
        table->conv_gradient_inputs(s, &c);
    }
    guarded_free(&packed);
    guarded_free(&scratch);
}

static void assert_same_results(const conv_data *a, const conv_data *b)
{
    assert_same_bits(&a->y, &b->y);
    assert_same_bits(&a->relu_y, &b->relu_y);
    assert_same_bits(&a->dx, &b->dx);
    assert_same_bits(&a->d_filters, &b->d_filters);
    assert_same_bits(&a->d_bias, &b->d_bias);
}

static conv_data expected; /* of the reference build */

static void run_and_compare(const kernel_table *table)
{
    conv_data d = expected;
    for (size_t part = 1; part <= 7; part += 3) { /* 1, 4, 7 channels at a time; 4 alone where it takes long */
        if (table == &table_reference && part != 4) continue;
        run_conv(table, &d, part);
        assert_same_results(&d, &expected);
        free_results(&d);
    }
}

static void check_case_of(conv_data *d)
{
    run_conv(&table_reference, d, SIZE_MAX / 2);
    check_conv(d);
    expected = *d;
    for_each_exact_isa(run_and_compare);
    free_results(d);
#ifndef CEPA_DOUBLE
    run_conv(kernels_named("portable"), d, SIZE_MAX / 2);
    check_conv(d);
    expected = *d;
    run_and_compare(kernels_named("portable"));
    free_results(d);
#endif
}

static void check_case(const conv_shape *s, uint64_t seed)
{
    conv_data d = conv_data_new(s, seed);
    check_case_of(&d);
    conv_data_free(&d);
}

static conv_shape with_sizes(conv_shape s, bool same)
{
    set_axis(s.in_height, s.kernel_height, s.stride_height, s.dilation_height, same, &s.out_height, &s.pad_top);
    set_axis(s.in_width, s.kernel_width, s.stride_width, s.dilation_width, same, &s.out_width, &s.pad_left);
    return s;
}

static conv_shape square(size_t size, size_t in, size_t out, size_t kernel)
{
    return (conv_shape){.in_height = size,
                        .in_width = size,
                        .in_channels = in,
                        .out_channels = out,
                        .kernel_height = kernel,
                        .kernel_width = kernel,
                        .stride_height = 1,
                        .stride_width = 1,
                        .dilation_height = 1,
                        .dilation_width = 1,
                        .groups = 1};
}

/* ---- Convolution tests */

static void conv_of_every_channel_count(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 33; n++) {
        conv_shape in = with_sizes(square(5, n, 3, 3), false), out = with_sizes(square(5, 2, n, 3), true);
        check_case(&in, n);
        check_case(&out, 100 + n);
    }
}

static void conv_of_every_size(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 33; n++) {
        conv_shape s = square(n, 2, 6, 3);
        s.in_height = n % 4 + 1; /* kernels larger than their input, too */
        s = with_sizes(s, true);
        check_case(&s, n);
    }
}

static void dense_of_every_size(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 33; n++) {
        conv_shape s = square(1, n, 34 - n, 1);
        s.in_width = n % 7 + 1; /* positions */
        s = with_sizes(s, false);
        check_case(&s, n);
    }
    conv_shape wide = with_sizes(square(1, 131, 67, 1), false);
    check_case(&wide, 0);
}

static conv_shape random_shape(uint64_t seed, bool same)
{
    size_t place = 0;
#define ANY(low, high) random_between(seed, place++, low, high)
    size_t groups = ANY(1, 3);
    conv_shape s = {.kernel_height = ANY(1, 5),
                    .kernel_width = ANY(1, 5),
                    .stride_height = ANY(1, 3),
                    .stride_width = ANY(1, 3),
                    .dilation_height = ANY(1, 3),
                    .dilation_width = ANY(1, 3),
                    .in_channels = groups * ANY(1, 7),
                    .out_channels = groups * ANY(1, 9),
                    .groups = groups};
    size_t least_height = same ? 1 : (s.kernel_height - 1) * s.dilation_height + 1;
    size_t least_width = same ? 1 : (s.kernel_width - 1) * s.dilation_width + 1;
    s.in_height = least_height + ANY(0, 8);
    s.in_width = least_width + ANY(0, 12);
#undef ANY
    return with_sizes(s, same);
}

static void conv_of_any_shape(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        conv_shape s = random_shape(seed, seed % 2);
        check_case(&s, seed);
    }
}

static void conv_of_the_lesson(void **state)
{
    (void)state;
    conv_shape s = with_sizes(square(9, 50, 50, 3), false), strips = with_sizes(square(70, 9, 2, 3), false);
    for (int direct = 0; direct < 2; direct++) {
        s.direct = strips.direct = direct;
        check_case(&s, 1);
        check_case(&strips, 2);
    }
}

/* More than are near the processor at once: channels of a strip's tiles, and tiles of a row. */
static void conv_of_many_channels(void **state)
{
    (void)state;
    conv_shape in = with_sizes(square(4, 140, 9, 3), true), out = with_sizes(square(4, 9, 140, 3), true);
    conv_shape wide = square(3, 66, 17, 3);
    wide.in_width = 17;
    wide = with_sizes(wide, true);
    check_case(&in, 1);
    check_case(&out, 2);
    check_case(&wide, 3);
}

/* ---- With the maximum of 2 x 2 windows on the way */

static pool_shape halving(const conv_shape *s)
{
    return (pool_shape){.in_height = s->out_height,
                        .in_width = s->out_width,
                        .channels = s->out_channels,
                        .out_height = s->out_height / 2,
                        .out_width = s->out_width / 2,
                        .pool_height = 2,
                        .pool_width = 2,
                        .stride_height = 2,
                        .stride_width = 2};
}

/* dy where a window's maximum lies and is above 0, else 0: what pool.c and relu make of the pooled gradient. */
static void expand(const kernel_table *table, const conv_data *d, const guarded *pooled_dy)
{
    const activation_parameters none = {0};
    pool_shape p = halving(&d->s);
    guarded winner = guarded_new(table->max_pool_winner_size(&p)), y = guarded_new(pooled_dy->size);
    table->max_pool_forward(&p, d->relu_y.lanes, y.lanes, winner.data, 0, p.channels);
    table->max_pool_gradient(&p, pooled_dy->lanes, winner.data, d->dy.lanes, 0, p.channels);
    table->relu_gradient(d->dy.lanes, d->relu_y.lanes, d->relu_y.lanes, d->dy.lanes, out_count(&d->s), &none);
    guarded_free(&winner);
    guarded_free(&y);
}

static guarded pool(const kernel_table *table, const conv_data *d, size_t count)
{
    pool_shape p = halving(&d->s);
    guarded y = guarded_lanes(count);
    table->max_pool_forward(&p, d->relu_y.lanes, y.lanes, NULL, 0, p.channels);
    return y;
}

static conv_shape pooled_shape;

/* The pooled passes give the bits of the others with relu and pooling beside them. */
static void check_pooled(const kernel_table *table)
{
    const conv_shape *s = &pooled_shape;
    size_t count = s->out_channels * (s->out_height / 2) * (s->out_width / 2);
    conv_data d = conv_data_new(s, 1);
    guarded packed = pack(table, &d, false), turned = pack(table, &d, true);
    guarded scratch = guarded_new(table->conv_scratch_size(s));
    guarded winner = guarded_new(count * LANES), y = guarded_lanes(count), dy = guarded_lanes(count);
    fill_random(&dy, 2);
    run_conv(table, &d, SIZE_MAX / 2);
    guarded expected_y = pool(table, &d, count);
    expand(table, &d, &dy);
    free_results(&d);
    run_conv(table, &d, SIZE_MAX / 2);

    conv_data found = d;
    found.dx = guarded_lanes(in_count(s));
    found.d_filters = guarded_reals(filter_count(s));
    found.d_bias = guarded_reals(s->out_channels);
    conv_call c = call_of(&found, &packed, &scratch);
    c.relu = c.pooled = true;
    c.winner = winner.data;
    c.y = y.lanes;
    c.dy = dy.lanes;
    for (c.first = 0; c.first < s->out_channels; c.first = c.last) {
        c.last = c.first + 5 < s->out_channels ? c.first + 5 : s->out_channels;
        run_forward(table, s, c, 2);
    }
    assert_same_bits(&y, &expected_y);
    c.first = 0;
    table->conv_gradient_weights(s, &c);
    c.last = s->in_channels;
    c.packed = turned.reals;
    table->conv_gradient_inputs(s, &c);
    assert_same_bits(&found.dx, &d.dx);
    assert_same_bits(&found.d_filters, &d.d_filters);
    for (size_t f = 0; f < s->out_channels; f++) /* windows are added up in another order */
        assert_close((double)found.d_bias.reals[f], (double)d.d_bias.reals[f], 1000 * half_ulp());

    guarded *all[] = {&packed, &turned,     &scratch,  &winner,          &y,
                      &dy,     &expected_y, &found.dx, &found.d_filters, &found.d_bias};
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) guarded_free(all[i]);
    conv_data_free(&d);
}

static void pooled_conv(void **state)
{
    (void)state;
    for (size_t size = 8; size < 14; size++)
        for (int same = 0; same < 2; same++)
            for (size_t channels = 3; channels < 12; channels += 5) { /* both ways forward */
                pooled_shape = with_sizes(square(size, channels, 5 + size, 3), same);
                pooled_shape.in_width += size % 3;
                pooled_shape = with_sizes(pooled_shape, same);
                assert_true(conv_pools(&pooled_shape));
                for_each_isa(check_pooled);
            }
}

static void conv_spreads_nan_and_infinity_by_its_taps_alone(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        conv_shape s = random_shape(seed, true);
        s.direct = true;
        conv_data d = conv_data_new(&s, seed);
        d.x.reals[random_between(seed, 100, 0, in_count(&s) * LANES - 1)] = (real)NAN;
        d.x.reals[random_between(seed, 101, 0, in_count(&s) * LANES - 1)] = (real)INFINITY;
        d.dy.reals[random_between(seed, 102, 0, out_count(&s) * LANES - 1)] = (real)-INFINITY;
        d.filters.reals[random_between(seed, 103, 0, filter_count(&s) - 1)] = 0;
        check_case_of(&d);
        conv_data_free(&d);
    }
}

static void relu_in_conv_keeps_nan_and_negative_zero(const kernel_table *table)
{
    conv_shape s = with_sizes(square(1, 1, 3, 1), false);
    conv_data d = conv_data_new(&s, 0);
    for (size_t r = 0; r < LANES; r++) d.x.lanes->lane[r] = 0;
    const real filters[] = {0, -1, -1}, bias[] = {(real)NAN, (real)-0.0, -2};
    memcpy(d.filters.reals, filters, sizeof filters);
    memcpy(d.bias.reals, bias, sizeof bias);
    run_conv(table, &d, 3);
    for (size_t r = 0; r < LANES; r++) {
        assert_true(isnan(d.relu_y.lanes[0].lane[r]));
        assert_true(d.relu_y.lanes[1].lane[r] == 0 && signbit(d.relu_y.lanes[1].lane[r]));
        assert_true(d.relu_y.lanes[2].lane[r] == 0 && !signbit(d.relu_y.lanes[2].lane[r]));
    }
    conv_data_free(&d);
}

static void relu_in_conv(void **state)
{
    (void)state;
    for_each_isa(relu_in_conv_keeps_nan_and_negative_zero);
}

static void no_bias_is_a_bias_of_zero(void **state)
{
    (void)state;
    conv_shape s = with_sizes(square(6, 3, 4, 3), true);
    conv_data d = conv_data_new(&s, 0);
    memset(d.bias.data, 0, d.bias.size);
    run_conv(&table_reference, &d, 4);
    guarded packed = pack(&table_reference, &d, false), y = guarded_lanes(out_count(&s));
    guarded scratch = guarded_new(table_reference.conv_scratch_size(&s));
    conv_call c = call_of(&d, &packed, &scratch);
    c.last = 4;
    c.bias = NULL;
    c.d_bias = NULL;
    c.y = y.lanes;
    table_reference.conv_forward(&s, &c);
    assert_same_bits(&y, &d.y);
    table_reference.conv_gradient_weights(&s, &c);
    guarded_free(&packed);
    guarded_free(&scratch);
    guarded_free(&y);
    conv_data_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_of_every_channel_count),
        cmocka_unit_test(conv_of_every_size),
        cmocka_unit_test(dense_of_every_size),
        cmocka_unit_test(conv_of_any_shape),
        cmocka_unit_test(conv_of_the_lesson),
        cmocka_unit_test(conv_of_many_channels),
        cmocka_unit_test(pooled_conv),
        cmocka_unit_test(conv_spreads_nan_and_infinity_by_its_taps_alone),
        cmocka_unit_test(relu_in_conv),
        cmocka_unit_test(no_bias_is_a_bias_of_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
