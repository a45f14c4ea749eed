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

/* A case's arrays cut into blocks: lanes beyond the rows repeat the last one and have no weight. */
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

static void run_block(measured *m, size_t first, const golden_array *pred, const golden_array *true_, const double *w,
                      double factor)
{
    lanes *p = aligned_alloc(64, m->row_size * sizeof(lanes)), *g = aligned_alloc(64, m->row_size * sizeof(lanes));
    lanes *t = aligned_alloc(64, m->target_size * sizeof(lanes)),
          *weights = aligned_alloc(64, m->l.positions * sizeof(lanes));
    double sums[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
        size_t row = first + lane < m->rows ? first + lane : m->rows - 1;
        for (size_t e = 0; e < m->row_size; e++) p[e].lane[lane] = (real)pred->values[row * m->row_size + place(m, e)];
        for (size_t e = 0; e < m->target_size; e++)
            t[e].lane[lane] = (real)true_->values[row * m->target_size + target_place(m, e)];
        for (size_t e = 0; e < m->l.positions; e++)
            weights[e].lane[lane] = first + lane < m->rows ? (real)w[row * m->l.positions + e] : 0;
    }
    loss_run(&m->l, p, t, weights, 1, (real)factor, sums, g);
    for (size_t lane = 0; lane < LANES && first + lane < m->rows; lane++) {
        m->sums[first + lane] = sums[lane];
        for (size_t e = 0; e < m->row_size; e++)
            m->gradient[(first + lane) * m->row_size + place(m, e)] = (double)g[e].lane[lane];
    }
    free(p);
    free(g);
    free(t);
    free(weights);
}

static double run_rows(measured *m, const golden_array *pred, const golden_array *true_, const double *w, double factor)
{
    double total = 0;
    for (size_t first = 0; first < m->rows; first += LANES) run_block(m, first, pred, true_, w, factor);
    for (size_t row = 0; row < m->rows; row++) total += m->sums[row];
    return total * factor;
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
    double total = run_rows(m, pred, true_, weights, 1 / loss_divisor(&m->l, samples, valid, sum));
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

int main(void)
{
    cepa_error error = {0};
    if (kernels_choose(&error)) return cepa_die(&error);
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
