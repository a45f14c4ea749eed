/* The kernels of losses: each instruction set against the reference build, bit for bit, and, in double precision,
 * gradients against central differences. */
#include "kernel_test.h"

typedef void loss_run(const loss_block *b);

#define NAME_OF(type, name, arguments) #name,
static const char *const names[] = {LOSS_KERNELS(NAME_OF)};

static loss_run *loss_of(const kernel_table *table, size_t index)
{
#define FUNCTION_OF(type, name, arguments) table->name,
    loss_run *const all[] = {LOSS_KERNELS(FUNCTION_OF)};
    return all[index];
}

typedef struct loss_data {
    size_t loss;
    bool labels;
    loss_block block;
    guarded prediction, target, weight, gradient;
    double sums[LANES];
} loss_data;

/* Within 2e-3 of where a loss has a kink: equal numbers, delta apart, a margin of 0, a clipped probability. */
static bool is_near_kink(double p, double y, double delta)
{
    double d = fabs(p - y);
    return d < 2e-3 || fabs(d - delta) < 2e-3 || fabs(1 - y * p) < 2e-3;
}

/* Predictions between 0.05 and 0.95, targets between 0 and 3 or labels, lanes from rows on without weight. */
static loss_data new_data(size_t loss, size_t classes, size_t positions, size_t rows, uint64_t seed)
{
    loss_data d = {.loss = loss, .labels = strncmp(names[loss], "sparse", 6) == 0};
    size_t targets = d.labels ? positions : classes * positions;
    d.prediction = guarded_lanes(classes * positions);
    d.gradient = guarded_lanes(classes * positions);
    d.target = guarded_lanes(targets);
    d.weight = guarded_lanes(positions);
    fill_random(&d.prediction, seed);
    fill_random(&d.target, seed + 1);
    fill_random(&d.weight, seed + 2);
    for (size_t i = 0; i < targets * LANES; i++)
        d.target.reals[i] =
            d.labels ? (real)random_between(seed, i, 0, classes - 1) : (d.target.reals[i] + 1) * (real)1.5;
    for (size_t i = 0; i < classes * positions * LANES; i++) {
        real *p = &d.prediction.reals[i];
        *p = *p * (real)0.45 + (real)0.5;
        while (!d.labels && is_near_kink((double)*p, (double)d.target.reals[i], 0.3)) *p += (real)0.003;
    }
    for (size_t i = 0; i < positions * LANES; i++) d.weight.reals[i] = i % LANES < rows ? d.weight.reals[i] + 1 : 0;
    d.block = (loss_block){.prediction = d.prediction.lanes,
                           .target = d.target.lanes,
                           .weight = d.weight.lanes,
                           .weight_step = 1,
                           .classes = classes,
                           .positions = positions,
                           .target_scale = (real)0.75,
                           .target_offset = (real)0.125,
                           .parameter = d.labels ? 1 : (real)0.3,
                           .factor = (real)0.7};
    return d;
}

static void run(loss_data *d, const kernel_table *table, bool gradient)
{
    d->block.sums = d->sums;
    d->block.gradient = gradient ? d->gradient.lanes : NULL;
    loss_of(table, d->loss)(&d->block);
}

static void free_data(loss_data *d)
{
    guarded_free(&d->prediction);
    guarded_free(&d->target);
    guarded_free(&d->weight);
    guarded_free(&d->gradient);
}

static loss_data expected;

static void run_and_compare(const kernel_table *table)
{
    loss_data d = expected;
    d.gradient = guarded_lanes(d.block.classes * d.block.positions);
    run(&d, table, true);
    assert_same_bits(&d.gradient, &expected.gradient);
    assert_memory_equal(d.sums, expected.sums, sizeof d.sums);
    run(&d, table, false);
    assert_memory_equal(d.sums, expected.sums, sizeof d.sums);
    guarded_free(&d.gradient);
}

static void same_bits_everywhere(void **state)
{
    (void)state;
    for (size_t loss = 0; loss < ARRAY_COUNT(names); loss++)
        for (uint64_t seed = 0; seed < 12; seed++) {
            expected = new_data(loss, 1 + seed, 13 - seed, 1 + seed, seed * 10);
            run(&expected, &table_reference, true);
            for_each_exact_isa(run_and_compare);
            free_data(&expected);
        }
}

/* A lane without weight adds nothing and has a gradient of +0, whatever stands in it. */
static void lanes_without_weight(const kernel_table *table)
{
    for (size_t loss = 0; loss < ARRAY_COUNT(names); loss++) {
        loss_data d = new_data(loss, 4, 3, 15, 1);
        for (size_t e = 0; e < 12; e++) d.prediction.lanes[e].lane[15] = (real)NAN;
        run(&d, table, true);
        assert_true(d.sums[15] == 0);
        for (size_t e = 0; e < 12; e++)
            assert_true(d.gradient.lanes[e].lane[15] == 0 && !signbit(d.gradient.lanes[e].lane[15]));
        free_data(&d);
    }
}

static void lanes_without_weight_everywhere(void **state)
{
    (void)state;
    for_each_isa(lanes_without_weight);
}

#ifdef CEPA_DOUBLE
/* Targets that add up to 1, as Keras (TensorFlow) takes for granted in the gradient of categorical crossentropy. */
static void make_distribution(loss_data *d)
{
    loss_block *b = &d->block;
    b->target_scale = 1;
    b->target_offset = 0;
    for (size_t i = 0; i < b->positions * LANES; i++) {
        real sum = 0;
        for (size_t c = 0; c < b->classes; c++) sum += d->target.reals[c * b->positions * LANES + i];
        for (size_t c = 0; c < b->classes; c++) d->target.reals[c * b->positions * LANES + i] /= sum;
    }
}

static void check_gradient(loss_data *d, size_t element)
{
    const double step = 1e-5;
    double above[LANES], below[LANES], found[LANES];
    lanes *p = &d->prediction.lanes[element];
    run(d, &table_reference, true);
    for (size_t r = 0; r < LANES; r++) found[r] = d->gradient.lanes[element].lane[r];
    for (size_t r = 0; r < LANES; r++) p->lane[r] += step;
    run(d, &table_reference, false);
    memcpy(above, d->sums, sizeof above);
    for (size_t r = 0; r < LANES; r++) p->lane[r] -= 2 * step;
    run(d, &table_reference, false);
    memcpy(below, d->sums, sizeof below);
    for (size_t r = 0; r < LANES; r++) p->lane[r] += step;
    for (size_t r = 0; r < LANES; r++) {
        double slope = d->block.factor * (above[r] - below[r]) / (2 * step);
        if (fabs(found[r] - slope) > 1e-6 * fmax(1, fabs(slope)))
            fail_msg("%s: gradient %.9g, difference %.9g", names[d->loss], found[r], slope);
    }
}

static void gradients_are_differences(void **state)
{
    (void)state;
    for (size_t loss = 0; loss < ARRAY_COUNT(names); loss++)
        for (size_t classes = 1; classes <= 5; classes++) {
            loss_data d = new_data(loss, classes, 3, LANES, loss);
            if (strncmp(names[loss], "categorical_crossentropy", 24) == 0) make_distribution(&d);
            for (size_t element = 0; element < classes * 3; element++) check_gradient(&d, element);
            free_data(&d);
        }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_everywhere),
        cmocka_unit_test(lanes_without_weight_everywhere),
#ifdef CEPA_DOUBLE
        cmocka_unit_test(gradients_are_differences),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
