/* The kernels that add, copy, convert, drop out and sum: against their definitions, exactly; each instruction set,
 * buffers between guard bands. */
#include "kernel_test.h"

enum { MOST = 33 };

static const kernel_table *table;

/* Of definitions that are exact in every build: the same number, NaN as NaN. */
static void assert_equal(real found, real expected)
{
    if (found != expected && !(isnan(found) && isnan(expected)))
        fail_msg("%.9g, not %.9g", (double)found, (double)expected);
}

static guarded random_lanes(size_t count, uint64_t seed)
{
    guarded g = guarded_lanes(count);
    fill_random(&g, seed);
    static const real extremes[] = {INFINITY, -INFINITY, NAN, (real)-0.0};
    for (size_t i = 7; i < count * LANES; i += 29) g.reals[i] = extremes[i % ARRAY_COUNT(extremes)];
    return g;
}

static void free_all(guarded *const *all, size_t count)
{
    for (size_t i = 0; i < count; i++) guarded_free(all[i]);
}
#define FREE_ALL(...)                                                                                                  \
    free_all((guarded *const[]){__VA_ARGS__}, sizeof((guarded *const[]){__VA_ARGS__}) / sizeof(guarded *))

/* 0 ... count - 1 in another order: that of a shape (count / channels, channels), or a shuffled one. */
static void order_of(uint32_t *index, size_t count, size_t channels)
{
    if (channels) {
        for (size_t e = 0; e < count; e++)
            index[e] = (uint32_t)(e % (count / channels) * channels + e / (count / channels));
        return;
    }
    size_t order[MOST];
    random_order(&(random_stream){.key = count}, order, count);
    for (size_t e = 0; e < count; e++) index[e] = (uint32_t)order[e];
}

/* ---- Element by element */

static void check_sums(size_t count)
{
    guarded a = random_lanes(count, count), b = random_lanes(count, count + 1);
    guarded filled = guarded_lanes(count), sum = guarded_lanes(count), product = guarded_lanes(count),
            scaled = guarded_lanes(count), difference = guarded_lanes(count), larger = guarded_lanes(count),
            smaller = guarded_lanes(count);
    table->fill(filled.lanes, count, (real)2.5);
    table->add(a.lanes, b.lanes, sum.lanes, count);
    table->multiply(a.lanes, b.lanes, product.lanes, count);
    table->subtract(a.lanes, b.lanes, difference.lanes, count);
    table->maximum(a.lanes, b.lanes, larger.lanes, count);
    table->minimum(a.lanes, b.lanes, smaller.lanes, count);
    table->scale_offset(a.lanes, scaled.lanes, count, (real)0.3, (real)-0.7);
    for (size_t i = 0; i < count * LANES; i++) {
        assert_equal(filled.reals[i], (real)2.5);
        assert_equal(sum.reals[i], a.reals[i] + b.reals[i]);
        assert_equal(product.reals[i], a.reals[i] * b.reals[i]);
        assert_equal(difference.reals[i], a.reals[i] - b.reals[i]);
        bool unordered = isnan(a.reals[i]) || isnan(b.reals[i]);
        assert_equal(larger.reals[i], unordered ? (real)NAN : a.reals[i] > b.reals[i] ? a.reals[i] : b.reals[i]);
        assert_equal(smaller.reals[i], unordered ? (real)NAN : a.reals[i] < b.reals[i] ? a.reals[i] : b.reals[i]);
        assert_equal(scaled.reals[i], a.reals[i] * (real)0.3 + (real)-0.7);
    }
    table->add(a.lanes, b.lanes, a.lanes, count);
    assert_same_bits(&a, &sum);
    FREE_ALL(&a, &b, &filled, &sum, &product, &scaled, &difference, &larger, &smaller);
}

/* What is taken where two are equal, and what stays. */
static void check_taking(size_t count)
{
    guarded x = guarded_lanes(count), y = guarded_lanes(count), all = random_lanes(count, count),
            left = random_lanes(count, count), taken = guarded_lanes(count);
    for (size_t i = 0; i < count * LANES; i++) {
        x.reals[i] = (real)(i % 3);
        y.reals[i] = (real)(i % 2);
    }
    table->take_where_equal(x.lanes, y.lanes, left.lanes, taken.lanes, count);
    for (size_t i = 0; i < count * LANES; i++) {
        assert_equal(taken.reals[i], i % 3 == i % 2 ? all.reals[i] : 0);
        assert_equal(left.reals[i], i % 3 == i % 2 ? 0 : all.reals[i]);
    }
    FREE_ALL(&x, &y, &all, &left, &taken);
}

/* Sums over an index that holds places several times. */
static void check_scattering(size_t count)
{
    uint32_t index[MOST];
    for (size_t e = 0; e < count; e++) index[e] = (uint32_t)(e * 5 % (count / 2 + 1));
    guarded x = guarded_lanes(count), y = guarded_lanes(count);
    fill_random(&x, count);
    table->fill(y.lanes, count, 0);
    table->scatter_add(x.lanes, index, y.lanes, count);
    for (size_t place = 0; place < count; place++)
        for (size_t r = 0; r < LANES; r++) {
            real sum = 0;
            for (size_t e = 0; e < count; e++)
                if (index[e] == place) sum += x.lanes[e].lane[r];
            assert_equal(y.lanes[place].lane[r], sum);
        }
    FREE_ALL(&x, &y);
}

static void check_copies(size_t count)
{
    uint32_t index[MOST];
    order_of(index, count, 0);
    guarded x = random_lanes(count, count), gathered = guarded_lanes(count), back = guarded_lanes(count);
    table->gather(x.lanes, index, gathered.lanes, count);
    table->scatter(gathered.lanes, index, back.lanes, count);
    for (size_t e = 0; e < count; e++)
        for (size_t r = 0; r < LANES; r++) assert_equal(gathered.lanes[e].lane[r], x.lanes[index[e]].lane[r]);
    assert_same_bits(&back, &x);
    FREE_ALL(&x, &gathered, &back);
}

static void check_elementwise(const kernel_table *t)
{
    table = t;
    for (size_t count = 1; count <= MOST; count++) {
        check_sums(count);
        check_copies(count);
        check_taking(count);
        check_scattering(count);
    }
}

static void elements_are_summed_and_copied(void **state)
{
    (void)state;
    for_each_isa(check_elementwise);
}

/* ---- Rows and lanes */

static void check_rows(size_t count)
{
    uint8_t bytes[LANES][MOST];
    float floats[LANES][MOST], stored[LANES][MOST];
    const uint8_t *byte_rows[LANES];
    const float *float_rows[LANES];
    float *stored_rows[LANES];
    uint32_t index[MOST];
    real values[256];
    order_of(index, count, 0);
    for (size_t i = 0; i < 256; i++) values[i] = (real)i / 255;
    for (size_t r = 0; r < LANES; r++) {
        byte_rows[r] = bytes[r];
        float_rows[r] = floats[r];
        stored_rows[r] = stored[r];
        for (size_t i = 0; i < MOST; i++) {
            bytes[r][i] = (uint8_t)random_between(r, i, 0, 255);
            floats[r][i] = (float)bytes[r][i] - 100.5f;
            stored[r][i] = -1;
        }
    }
    guarded from_bytes = guarded_lanes(count), from_floats = guarded_lanes(count);
    table->load_bytes(byte_rows, index, values, from_bytes.lanes, count);
    table->load_floats(float_rows, index, (real)0.25, from_floats.lanes, count);
    const size_t rows = 1 + count % LANES;
    table->store_floats(from_floats.lanes, index, stored_rows, rows, count);
    for (size_t r = 0; r < LANES; r++)
        for (size_t e = 0; e < MOST; e++) {
            if (e < count) {
                assert_equal(from_bytes.lanes[e].lane[r], values[bytes[r][index[e]]]);
                assert_equal(from_floats.lanes[e].lane[r], (real)floats[r][index[e]] * (real)0.25);
            }
            assert_true(stored[r][e] == (r < rows && e < count ? floats[r][e] * 0.25f : -1));
        }
    FREE_ALL(&from_bytes, &from_floats);
}

static void check_conversions(const kernel_table *t)
{
    table = t;
    for (size_t count = 1; count <= MOST; count++) check_rows(count);
}

static void rows_become_lanes_and_back(void **state)
{
    (void)state;
    for_each_isa(check_conversions);
}

/* ---- Dropout */

static void check_mask(const uint32_t *index, size_t count, uint64_t limit)
{
    const random_stream stream = {.key = 0x123456789abcdef, .hash = 77, .epoch = 3};
    uint32_t rows[LANES];
    for (size_t r = 0; r < LANES; r++) rows[r] = (uint32_t)(1000 * r + count);
    guarded mask = guarded_lanes(count);
    table->dropout_mask(stream.key, stream.hash, stream.epoch, rows, index, limit, (real)1.25, mask.lanes, count);
    for (size_t e = 0; e < count; e++)
        for (size_t r = 0; r < LANES; r++)
            assert_equal(mask.lanes[e].lane[r], random_word(&stream, rows[r], index[e]) >= limit ? (real)1.25 : 0);
    guarded_free(&mask);
}

static void check_dropout(const kernel_table *t)
{
    enum { LARGE = 24 * 7 };
    table = t;
    uint32_t index[LARGE];
    for (size_t count = 1; count <= MOST; count++) {
        order_of(index, count, 0);
        check_mask(index, count, 0x80000000u);
        order_of(index, count, 1);
        check_mask(index, count, 0x33333333u);
    }
    static const size_t channels[] = {1, 2, 3, 4, 6, 8, 12, 24};
    for (size_t i = 0; i < ARRAY_COUNT(channels); i++) {
        order_of(index, LARGE, channels[i]);
        check_mask(index, LARGE, 0x33333333u);
        for (size_t e = 0; e < LARGE; e++) index[e] -= index[e] % (uint32_t)channels[i]; /* draws shared */
        check_mask(index, LARGE, 0x33333333u);
    }
    check_mask(index, LARGE, 0);
    check_mask(index, LARGE, 0x100000000u);
}

static void masks_are_drawn_by_place(void **state)
{
    (void)state;
    for_each_isa(check_dropout);
}

/* ---- Channels */

enum { CHANNELS = 3 };

/* The sums as normalise.c orders them: positions in each lane, then the lanes. */
static double sum_of(const lanes *a, const lanes *b, size_t outer, size_t inner, size_t rows, size_t c)
{
    double all = 0;
    for (size_t r = 0; r < rows; r++) {
        double sum = 0;
        for (size_t o = 0; o < outer; o++)
            for (size_t i = 0; i < inner; i++) {
                size_t e = (o * CHANNELS + c) * inner + i;
                double factor = (double)b[e].lane[r];
                sum += a ? (double)a[e].lane[r] * factor : factor;
            }
        all += sum;
    }
    return all;
}

static void check_statistics(size_t outer, size_t inner, size_t rows)
{
    double sums[CHANNELS], pairs[2 * CHANNELS];
    guarded a = guarded_lanes(outer * CHANNELS * inner), b = guarded_lanes(outer * CHANNELS * inner);
    fill_random(&a, inner);
    fill_random(&b, inner + 1);
    table->channel_sums(a.lanes, outer, CHANNELS, inner, rows, sums);
    table->channel_pair_sums(a.lanes, b.lanes, outer, CHANNELS, inner, rows, pairs);
    for (size_t c = 0; c < CHANNELS; c++) {
        assert_true(sums[c] == sum_of(NULL, a.lanes, outer, inner, rows, c));
        assert_true(pairs[c] == sums[c]);
        assert_true(pairs[CHANNELS + c] == sum_of(a.lanes, b.lanes, outer, inner, rows, c));
    }
    FREE_ALL(&a, &b);
}

static void check_scaling(size_t outer, size_t inner)
{
    const real p[CHANNELS] = {(real)0.3, -2, 1}, q[CHANNELS] = {1, (real)0.7, -1}, r[CHANNELS] = {0, (real)0.1, -5};
    size_t count = outer * CHANNELS * inner;
    guarded a = random_lanes(count, inner), b = random_lanes(count, inner + 1);
    guarded affine[2], combined[2];
    for (size_t build = 0; build < 2; build++) {
        const kernel_table *t = build ? &table_reference : table;
        affine[build] = guarded_lanes(count);
        combined[build] = guarded_lanes(count);
        t->channel_affine(a.lanes, affine[build].lanes, outer, CHANNELS, inner, p, r);
        t->channel_combine(a.lanes, b.lanes, combined[build].lanes, outer, CHANNELS, inner, p, q, r);
    }
    assert_same_bits(&affine[0], &affine[1]);
    assert_same_bits(&combined[0], &combined[1]);
    for (size_t i = 0; i < count * LANES; i++) {
        size_t c = i / LANES / inner % CHANNELS;
        double x = (double)a.reals[i], y = (double)b.reals[i];
        assert_close((double)affine[0].reals[i], x * (double)p[c] + (double)r[c], 10 * half_ulp());
        assert_close((double)combined[0].reals[i], x * (double)p[c] + y * (double)q[c] + (double)r[c], 20 * half_ulp());
    }
    FREE_ALL(&a, &b, &affine[0], &affine[1], &combined[0], &combined[1]);
}

static void check_channels(const kernel_table *t)
{
    table = t;
    for (size_t inner = 1; inner <= MOST; inner++) {
        check_statistics(1, inner, LANES);
        check_statistics(2, inner, 1 + inner % LANES);
    }
}

static void check_channel_scaling(const kernel_table *t)
{
    table = t;
    for (size_t inner = 1; inner <= MOST; inner++) check_scaling(2, inner);
}

static void channels_are_summed_and_scaled(void **state)
{
    (void)state;
    for_each_isa(check_channels);
    for_each_exact_isa(check_channel_scaling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_summed_and_copied),
        cmocka_unit_test(rows_become_lanes_and_back),
        cmocka_unit_test(masks_are_drawn_by_place),
        cmocka_unit_test(channels_are_summed_and_scaled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
