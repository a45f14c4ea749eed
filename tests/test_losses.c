/* Losses against Keras' numbers, and their gradients against differences. */
#include "golden.h"
#include "train/loss.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A case's arrays cut into blocks: lanes beyond the rows repeat the last one. */
typedef struct measured {
    loss l;
    size_t rows, row_size, channels, target_size;
    double *sums, *gradient; /* of rows, of rows x row_size in Keras' order */
} measured;

static shape row_shape(const golden_array *a)
{
    shape s = {a->rank - 1, {0}};
    for (size_t i = 0; i < s.rank; i++) s.size[i] = (int)a->shape[i + 1];
    return s;
}

/* The last axis stands outermost in the engine's order. */
static size_t place(const measured *m, size_t e)
{
    size_t others = m->row_size / m->channels;
    return e % others * m->channels + e / others;
}

static size_t target_place(const measured *m, size_t e) { return m->l.class->labels ? e : place(m, e); }

typedef struct block {
    lanes *prediction, *target, *gradient;
    size_t rows;
} block;

/* The rows from first on. */
static block load_block(const measured *m, size_t first, const golden_array *pred, const golden_array *true_)
{
    block b = {.prediction = aligned_alloc(64, m->row_size * sizeof(lanes)),
               .target = aligned_alloc(64, m->target_size * sizeof(lanes)),
               .gradient = aligned_alloc(64, m->row_size * sizeof(lanes)),
               .rows = m->rows - first < LANES ? m->rows - first : LANES};
    for (size_t lane = 0; lane < LANES; lane++) {
        size_t row = first + (lane < b.rows ? lane : b.rows - 1);
        for (size_t e = 0; e < m->row_size; e++)
            b.prediction[e].lane[lane] = (real)pred->values[row * m->row_size + place(m, e)];
        for (size_t e = 0; e < m->target_size; e++)
            b.target[e].lane[lane] = (real)true_->values[row * m->target_size + target_place(m, e)];
    }
    return b;
}

static void free_block(const block *b)
{
    free(b->prediction);
    free(b->target);
    free(b->gradient);
}

static void take_gradient(measured *m, size_t first, const block *b)
{
    for (size_t lane = 0; lane < b->rows; lane++)
        for (size_t e = 0; e < m->row_size; e++)
            m->gradient[(first + lane) * m->row_size + place(m, e)] = (double)b->gradient[e].lane[lane];
}

static void run_block(measured *m, size_t first, const golden_array *pred, const golden_array *true_, const double *w,
                      double factor)
{
    block b = load_block(m, first, pred, true_);
    lanes *weights = aligned_alloc(64, m->l.positions * sizeof(lanes));
    double sums[LANES];
    for (size_t lane = 0; lane < LANES; lane++)
        for (size_t e = 0; e < m->l.positions; e++)
            weights[e].lane[lane] = lane < b.rows ? (real)w[(first + lane) * m->l.positions + e] : 0;
    loss_run(&m->l, b.prediction, b.target, weights, 1, (real)factor, sums, b.gradient);
    memcpy(m->sums + first, sums, b.rows * sizeof *sums);
    take_gradient(m, first, &b);
    free_block(&b);
    free(weights);
}

static double run_rows(measured *m, const golden_array *pred, const golden_array *true_, const double *w, double factor)
{
    double total = 0;
    for (size_t first = 0; first < m->rows; first += LANES) run_block(m, first, pred, true_, w, factor);
    for (size_t row = 0; row < m->rows; row++) total += m->sums[row];
    return total * factor;
}

/* The value of a loss that needs the whole batch; its gradient too. */
static double run_whole(measured *m, const golden_array *pred, const golden_array *true_, const double *weights)
{
    const loss *l = &m->l;
    size_t blocks = (m->rows + LANES - 1) / LANES;
    double *numbers = calloc(blocks * LANES * l->row_numbers, sizeof(double));
    loss_batch batch = {.rows = m->rows,
                        .numbers = numbers,
                        .weights = weights,
                        .factor = 1,
                        .state = calloc(m->rows * l->row_state + l->batch_state, sizeof(double))};
    block *loaded = calloc(blocks, sizeof(block));
    for (size_t i = 0; i < blocks; i++) {
        loaded[i] = load_block(m, i * LANES, pred, true_);
        loss_block b = {.prediction = loaded[i].prediction, .target = loaded[i].target};
        l->class->whole->note(l, &b, numbers + i * LANES * l->row_numbers);
    }
    double value = l->class->whole->combine(l, &batch);
    for (size_t i = 0; i < blocks; i++) {
        loss_block b = {.prediction = loaded[i].prediction, .target = loaded[i].target, .gradient = loaded[i].gradient};
        l->class->whole->gradients(l, &b, &batch, i * LANES, loaded[i].rows);
        for (size_t lane = loaded[i].rows; lane < LANES; lane++)
            for (size_t e = 0; e < m->row_size; e++) assert_true(b.gradient[e].lane[lane] == 0);
        take_gradient(m, i * LANES, &loaded[i]);
        free_block(&loaded[i]);
    }
    free(loaded);
    free(numbers);
    free(batch.state);
    return value;
}

/* One reduction, with or without the case's weights: value and gradient. */
static bool reduction_matches(const golden *g, measured *m, const char *name, reduction how, const double *weights,
                              const char *ending)
{
    const golden_array *pred = golden_need(&g->arrays, "y_pred"), *true_ = golden_need(&g->arrays, "y_true");
    char value[100], gradient[100];
    snprintf(value, sizeof value, "loss_%s%s", name, ending);
    snprintf(gradient, sizeof gradient, "d_%s%s", name, ending);
    if (!golden_find(&g->arrays, value)) return true;
    size_t samples = m->rows * m->l.positions, valid = samples;
    double sum = 0;
    for (size_t i = 0; m->l.ignores && i < samples; i++) valid -= true_->values[i] == (double)m->l.parameter;
    for (size_t i = 0; i < samples; i++)
        if (!m->l.ignores || true_->values[i] != (double)m->l.parameter) sum += weights[i];
    m->l.reduction = how;
    double total = m->l.row_numbers ? run_whole(m, pred, true_, *ending ? weights : NULL)
                                    : run_rows(m, pred, true_, weights, 1 / loss_divisor(&m->l, samples, valid, sum));
    bool same = golden_matches(g, value, &total, 1, 1e-6);
    if (golden_find(&g->arrays, gradient))
        same &= golden_matches(g, gradient, m->gradient, m->rows * m->row_size, 1e-6);
    return same;
}

static member case_member(arena *memory, const golden *g)
{
    member found = {0};
    cepa_error error = {0};
    char *text = golden_call(golden_text(g->json, "class", ""), json_object_get(g->json, "arguments"));
    if (member_parse(memory, &loss_family, text, &found, &error)) print_error("%s: %s\n", text, error.message);
    free(text);
    return found;
}

static bool case_matches(const golden *g, const member *chosen)
{
    static const struct {
        const char *name;
        reduction how;
    } reductions[] = {{"sum_over_batch_size", REDUCE_MEAN},
                      {"mean", REDUCE_MEAN},
                      {"sum", REDUCE_SUM},
                      {"mean_with_sample_weight", REDUCE_WEIGHTED_MEAN}};
    const golden_array *pred = golden_need(&g->arrays, "y_pred"), *true_ = golden_need(&g->arrays, "y_true");
    const golden_array *weight = golden_find(&g->arrays, "sample_weight");
    measured m = {.rows = pred->shape[0], .row_size = pred->count / pred->shape[0]};
    shape p = row_shape(pred), t = row_shape(true_);
    cepa_error error = {0};
    loss_new(chosen, &p, loss_from_logits(chosen), &m.l);
    assert_int_equal(target_check_shape("loss", m.l.class->labels, &p, &t, &error), CEPA_OK);
    target_range range = target_range_new();
    for (size_t i = 0; i < true_->count; i++) target_range_add(&range, &m.l, true_->values[i]);
    assert_int_equal(loss_meet_targets(&m.l, &range, &error), CEPA_OK);
    m.channels = shape_channels(&p);
    m.target_size = loss_target_count(&m.l);
    assert_int_equal(m.target_size * m.rows, true_->count);
    m.sums = calloc(m.rows, sizeof(double));
    m.gradient = calloc(pred->count, sizeof(double));
    double *ones = calloc(pred->count, sizeof(double));
    for (size_t i = 0; i < pred->count; i++) ones[i] = 1;
    bool same = true;
    for (size_t i = 0; i < ARRAY_COUNT(reductions); i++) {
        same &= reduction_matches(g, &m, reductions[i].name, reductions[i].how, ones, "");
        if (weight)
            same &= reduction_matches(g, &m, reductions[i].name, reductions[i].how, weight->values, "_weighted");
    }
    free(m.sums);
    free(m.gradient);
    free(ones);
    return same;
}

static void golden_cases(void **state)
{
    (void)state;
    size_t count, compared = 0, wrong = 0;
    char **names = golden_names("losses", ".json", &count);
    if (!count) skip();
    for (size_t i = 0; i < count; i++) {
        arena memory = {0};
        golden g;
        golden_open(&g, names[i]);
        if (!family_find(&loss_family, golden_text(g.json, "class", ""))) {
            print_message("%s: %s is not built yet\n", names[i], golden_text(g.json, "class", ""));
        } else {
            member chosen = case_member(&memory, &g);
            assert_non_null(chosen.kind);
            wrong += !case_matches(&g, &chosen);
            compared++;
        }
        golden_close(&g);
        arena_free(&memory);
    }
    golden_free_names(names, count);
    print_message("%zu of %zu cases compared\n", compared, count);
    assert_int_equal(wrong, 0);
}

/* ---- Gradients by central differences ---------------------------------------------------------------------------- */

/* Multiples of 1/64 below 1, so that a small step from each of them is exact. */
static double some_number(size_t i) { return (double)(i * 37 % 61 + 1) / 64; }

static double value_of(measured *m, const golden_array *pred, const golden_array *true_, const double *ones)
{
    return m->l.row_numbers ? run_whole(m, pred, true_, NULL) : run_rows(m, pred, true_, ones, 1);
}

/* Of a loss on 19 rows of 3 numbers, or 3 x 2 ones. */
static void check_gradient(const char *text, const shape *row)
{
    enum { ROWS = 19, MOST = ROWS * 6 };
    const double step = 1.0 / 4096;
    double numbers[MOST], targets[MOST], ones[MOST], gradient[MOST];
    arena memory = {0};
    cepa_error error = {0};
    member chosen;
    if (member_parse(&memory, &loss_family, text, &chosen, &error)) fail_msg("%s: %s", text, error.message);
    measured m = {.rows = ROWS, .row_size = shape_count(row), .channels = shape_channels(row)};
    loss_new(&chosen, row, false, &m.l);
    m.target_size = loss_target_count(&m.l);
    m.sums = (double[ROWS]){0};
    m.gradient = (double[MOST]){0};
    for (size_t i = 0; i < MOST; i++) {
        numbers[i] = some_number(i);
        targets[i] = (double)(i * i % 7 % 3);
        ones[i] = 1;
    }
    golden_array pred = {.values = numbers}, true_ = {.values = targets};
    value_of(&m, &pred, &true_, ones);
    memcpy(gradient, m.gradient, sizeof gradient);
    for (size_t i = 0; i < ROWS * m.row_size; i++) {
        numbers[i] += step;
        double above = value_of(&m, &pred, &true_, ones);
        numbers[i] -= 2 * step;
        double slope = (above - value_of(&m, &pred, &true_, ones)) / (2 * step);
        numbers[i] += step;
        if (fabs(slope - gradient[i]) > 1e-6 + 1e-5 * fabs(slope))
            fail_msg("%s: the derivative for number %zu is %.9g, the difference says %.9g", text, i, gradient[i],
                     slope);
    }
    arena_free(&memory);
}

static void gradients(void **state)
{
    (void)state;
    const shape vector = {1, {3}}, map = {2, {3, 2}};
    check_gradient("Dice", &vector);
    check_gradient("Dice(axis=0)", &map);
    check_gradient("Dice(axis=[1, -1])", &map);
    check_gradient("Tversky(0.2, 0.9)", &map);
    check_gradient("Tversky(0.2, 0.9, axis=[0, 1])", &map);
    check_gradient("Tversky(0.2, 0.9, axis=2)", &map);
    check_gradient("Circle(2, 0.3)", &vector);
    check_gradient("Circle(2, 0.3, remove_diagonal=False)", &vector);
}

/* ---- What fits no predictions ------------------------------------------------------------------------------------ */

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } refused[] = {{"Dice(axis=3)", "along an axis twice"},
                   {"Dice(axis=[1, -2])", "along an axis twice"},
                   {"Circle", "one row of numbers"},
                   {"CosineSimilarity(axis=3)", "along an axis"}};
    const shape map = {2, {3, 2}};
    const target_range none = target_range_new();
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        arena memory = {0};
        cepa_error error = {0};
        member chosen;
        loss made;
        assert_int_equal(member_parse(&memory, &loss_family, refused[i].text, &chosen, &error), CEPA_OK);
        loss_new(&chosen, &map, false, &made);
        assert_int_equal(loss_meet_targets(&made, &none, &error), CEPA_ARGUMENT);
        assert_non_null(strstr(error.message, refused[i].part));
        arena_free(&memory);
    }
}

int main(void)
{
    cepa_error error = {0};
    if (kernels_choose(&error)) return cepa_die(&error);
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_cases), cmocka_unit_test(gradients),
                                       cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
