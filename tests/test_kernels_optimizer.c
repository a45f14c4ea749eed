/* The kernels over gradients and weights: each rule against its formula, exactly; any place in memory, between guard
 * bands. */
#include "kernel_test.h"

enum { MOST = 33, SLOTS = 4 };

static const kernel_table *table;

/* Weights, gradients and slots as a step finds them, and as it leaves them. */
typedef struct numbers {
    guarded w, g, slot[SLOTS];
} numbers;

static numbers numbers_new(size_t count)
{
    numbers n = {guarded_reals(count), guarded_reals(count), {{0}}};
    fill_random(&n.w, 1);
    for (size_t i = 0; i < count; i++) n.w.reals[i] /= 1024; /* a step's last bits shall be seen in them */
    fill_random(&n.g, 2);
    for (size_t s = 0; s < SLOTS; s++) {
        n.slot[s] = guarded_reals(count);
        fill_random(&n.slot[s], 3 + s);
        for (size_t i = 0; i < count; i++)
            n.slot[s].reals[i] = (real)fabs((double)n.slot[s].reals[i]) / (s == 2 ? 10 : 1);
    }
    return n;
}

static void numbers_free(numbers *n)
{
    guarded_free(&n->w);
    guarded_free(&n->g);
    for (size_t s = 0; s < SLOTS; s++) guarded_free(&n->slot[s]);
}

/* One number with its slots, moved by a rule as Keras writes it. */
typedef struct one {
    real w, g, m, v, a, v_hat;
} one;

typedef void rule(one *n);

static real root(real x) { return (real)sqrt((double)x); }

static const real rate = (real)0.01, momentum = (real)0.9, epsilon = (real)1e-7;

static void sgd(one *n) { n->w -= n->g * rate; }
static void plain_momentum(one *n)
{
    n->m = n->m * momentum - n->g * rate;
    n->w += n->m;
}
static void nesterov(one *n)
{
    n->m = n->m * momentum - n->g * rate;
    n->w += n->m * momentum - n->g * rate;
}
static void adam(one *n)
{
    n->m += (n->g - n->m) * (real)0.1;
    n->v += (n->g * n->g - n->v) * (real)0.001;
    n->w -= n->m * rate / (root(n->v) + epsilon);
}
static void amsgrad(one *n)
{
    n->m += (n->g - n->m) * (real)0.1;
    n->v += (n->g * n->g - n->v) * (real)0.001;
    n->v_hat = n->v_hat > n->v ? n->v_hat : n->v;
    n->w -= n->m * rate / (root(n->v_hat) + epsilon);
}
static real rmsprop_increment(one *n, real less) { return rate * n->g / root(n->v - less + epsilon); }
static void rmsprop(one *n)
{
    n->v = (real)0.9 * n->v + (real)(1 - 0.9) * (n->g * n->g);
    n->w -= rmsprop_increment(n, 0);
}
static void rmsprop_whole(one *n)
{
    n->v = (real)0.9 * n->v + (real)(1 - 0.9) * (n->g * n->g);
    n->a = (real)0.9 * n->a + (real)(1 - 0.9) * n->g;
    n->m = momentum * n->m + rmsprop_increment(n, n->a * n->a);
    n->w -= n->m;
}

static void run_sgd(numbers *n, size_t count) { table->sgd_step(n->w.reals, n->g.reals, count, rate); }
static void run_momentum(numbers *n, size_t count)
{
    table->momentum_step(n->w.reals, n->g.reals, n->slot[0].reals, count, rate, momentum, false);
}
static void run_nesterov(numbers *n, size_t count)
{
    table->momentum_step(n->w.reals, n->g.reals, n->slot[0].reals, count, rate, momentum, true);
}
static void run_adam(numbers *n, size_t count)
{
    table->adam_step(n->w.reals, n->g.reals, n->slot[0].reals, n->slot[1].reals, NULL, count, rate, (real)0.1,
                     (real)0.001, epsilon);
}
static void run_amsgrad(numbers *n, size_t count)
{
    table->adam_step(n->w.reals, n->g.reals, n->slot[0].reals, n->slot[1].reals, n->slot[3].reals, count, rate,
                     (real)0.1, (real)0.001, epsilon);
}
static void run_rmsprop(numbers *n, size_t count)
{
    table->rmsprop_step(n->w.reals, n->g.reals, n->slot[1].reals, NULL, NULL, count, rate, 0.9, momentum, epsilon);
}
static void run_rmsprop_whole(numbers *n, size_t count)
{
    table->rmsprop_step(n->w.reals, n->g.reals, n->slot[1].reals, n->slot[0].reals, n->slot[2].reals, count, rate, 0.9,
                        momentum, epsilon);
}

static const struct {
    rule *rule;
    void (*run)(numbers *n, size_t count);
} rules[] = {
    {sgd, run_sgd},         {plain_momentum, run_momentum}, {nesterov, run_nesterov},           {adam, run_adam},
    {amsgrad, run_amsgrad}, {rmsprop, run_rmsprop},         {rmsprop_whole, run_rmsprop_whole},
};

static void check_rule(size_t which, size_t count)
{
    numbers n = numbers_new(count), before = numbers_new(count);
    rules[which].run(&n, count);
    for (size_t i = 0; i < count; i++) {
        one o = {before.w.reals[i],       before.g.reals[i],       before.slot[0].reals[i],
                 before.slot[1].reals[i], before.slot[2].reals[i], before.slot[3].reals[i]};
        rules[which].rule(&o);
        const real found[] = {n.w.reals[i], n.slot[0].reals[i], n.slot[1].reals[i], n.slot[2].reals[i],
                              n.slot[3].reals[i]};
        const real expected[] = {o.w, o.m, o.v, o.a, o.v_hat};
        for (size_t k = 0; k < ARRAY_COUNT(found); k++)
            if (found[k] != expected[k] && !(isnan(found[k]) && isnan(expected[k])))
                fail_msg("rule %zu, number %zu of %zu: %.9g, not %.9g", which, i, count, (double)found[k],
                         (double)expected[k]);
    }
    assert_same_bits(&n.g, &before.g);
    numbers_free(&n);
    numbers_free(&before);
}

static void check_rules(const kernel_table *t)
{
    table = t;
    for (size_t which = 0; which < ARRAY_COUNT(rules); which++)
        for (size_t count = 1; count <= MOST; count++) check_rule(which, count);
}

static void rules_are_those_of_keras(void **state)
{
    (void)state;
    for_each_isa(check_rules);
}

static real sign_of(real x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

/* Started at an odd place, as a weight in the model's block is. */
static void check_sums_into(size_t count)
{
    guarded w = guarded_reals(count + 1), g[6];
    fill_random(&w, 9);
    w.reals[count / 2 + 1] = 0;
    for (size_t k = 0; k < ARRAY_COUNT(g); k++) {
        g[k] = guarded_reals(count + 1);
        fill_random(&g[k], 10);
    }
    table->add_into(g[1].reals + 1, w.reals + 1, count);
    table->scale_into(g[2].reals + 1, (real)0.3, count);
    table->clip_into(g[3].reals + 1, (real)0.5, count);
    table->add_scaled_into(g[4].reals + 1, w.reals + 1, (real)0.3, count);
    table->add_sign_into(g[5].reals + 1, w.reals + 1, (real)0.3, count);
    for (size_t i = 1; i <= count; i++) {
        real old = g[0].reals[i], x = w.reals[i];
        assert_true(g[1].reals[i] == old + x);
        assert_true(g[2].reals[i] == old * (real)0.3);
        assert_true(g[3].reals[i] == (old > (real)0.5 ? (real)0.5 : old < (real)-0.5 ? (real)-0.5 : old));
        assert_true(g[4].reals[i] == old + (real)0.3 * x);
        assert_true(g[5].reals[i] == old + (real)0.3 * sign_of(x));
    }
    for (size_t k = 0; k < ARRAY_COUNT(g); k++) assert_true(g[k].reals[0] == g[0].reals[0]);
    for (size_t k = 0; k < ARRAY_COUNT(g); k++) guarded_free(&g[k]);
    guarded_free(&w);
}

static void check_totals(size_t count)
{
    guarded g = guarded_reals(count + 1);
    fill_random(&g, count);
    double square = 0, absolute = 0;
    for (size_t i = 1; i <= count; i++) {
        square += (double)g.reals[i] * (double)g.reals[i];
        absolute += fabs((double)g.reals[i]);
    }
    assert_close(table->square_sum(g.reals + 1, count), square, 1e-13 * square);
    assert_close(table->absolute_sum(g.reals + 1, count), absolute, 1e-13 * absolute);
    assert_true(table->square_sum(g.reals + 1, count) == table_reference.square_sum(g.reals + 1, count));
    assert_true(table->absolute_sum(g.reals + 1, count) == table_reference.absolute_sum(g.reals + 1, count));
    guarded_free(&g);
}

static void check_gradients(const kernel_table *t)
{
    table = t;
    for (size_t count = 1; count <= MOST; count++) {
        check_sums_into(count);
        check_totals(count);
    }
    check_totals(1001);
    guarded nan = guarded_reals(1); /* holds NaN from the start */
    table->clip_into(nan.reals, 1, 1);
    assert_true(isnan(nan.reals[0]));
    guarded_free(&nan);
}

static void gradients_are_changed_and_summed(void **state)
{
    (void)state;
    for_each_isa(check_gradients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_those_of_keras),
        cmocka_unit_test(gradients_are_changed_and_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
