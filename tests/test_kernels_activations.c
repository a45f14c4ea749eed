/* The kernels of activation functions and of softmax and its kin: each instruction set against the reference build, bit
 * for bit, with NaN, infinities and huge numbers among the inputs; in double precision derivatives against differences.
 * What the functions are: test_activations.c. */
#include "kernel_test.h"

#include <stdio.h>

enum { MOST = 33 };

typedef void element_forward(const lanes *x, lanes *y, size_t count, const activation_parameters *p);
typedef void element_gradient(const lanes *dy, const lanes *x, const lanes *y, lanes *dx, size_t count,
                              const activation_parameters *p);
typedef void axis_forward(const lanes *x, lanes *y, size_t outer, size_t n, size_t inner);
typedef void axis_gradient(const lanes *dy, const lanes *y, lanes *dx, size_t outer, size_t n, size_t inner);

/* Kernels by name: of each function the forward one, then the gradient. */
typedef struct named_kernel {
    const char *name;
    size_t offset;
} named_kernel;

#define ENTRY(type, name, arguments) {#name, offsetof(kernel_table, name)},
static const named_kernel of_elements[] = {KERNELS_OF_ACTIVATIONS(ENTRY)};
#define AXIS_KERNELS(X, name) X(void, name##_forward, ()) X(void, name##_gradient, ())
static const named_kernel of_axes[] = {AXIS_KERNELS(ENTRY, softmax) AXIS_KERNELS(ENTRY, log_softmax)};

#define KERNEL_OF(type, table, named) (*(type *const *)(const void *)((const char *)(table) + (named)->offset))

/* Numbers that suit all functions: slopes, limits and thresholds. */
static const activation_parameters parameters[] = {{0, INFINITY, 0}, {1, 2, 0}, {(real)0.3, 4, 1}};

static const real extremes[] = {0,           (real)-0.0, INFINITY, -INFINITY, NAN,  (real)1e30, (real)-1e30,
                                (real)1e-30, 88,         -88,      104,       -104, (real)0.5,  1,
                                -1,          3,          -3,       6,         20,   -20};

/* Numbers of all sizes between 1e-4 and 100, some extremes among them if wanted. */
static void fill_inputs(guarded *g, uint64_t seed, bool extreme)
{
    fill_random(g, seed);
    for (size_t i = 0; i < g->size / sizeof(real); i++) {
        size_t kind = random_between(seed + 1, i, 0, extreme ? 5 : 3);
        g->reals[i] *= kind == 0 ? (real)0.01 : kind == 1 ? 1 : kind == 2 ? 8 : 100;
        if (kind > 3) g->reals[i] = extremes[random_between(seed + 2, i, 0, ARRAY_COUNT(extremes) - 1)];
    }
}

static const kernel_table *table;

/* y and dx of one function as the tested build and as the reference build give them; then y in the place of x and dx in
 * the place of dy. */
static void check_elements(const named_kernel *forward, const activation_parameters *p, size_t count)
{
    const named_kernel *gradient = forward + 1;
    guarded x = guarded_lanes(count), dy = guarded_lanes(count), y[2], dx[2];
    fill_inputs(&x, count, true);
    fill_inputs(&dy, count + 100, true);
    for (size_t build = 0; build < 2; build++) {
        const kernel_table *t = build ? &table_reference : table;
        y[build] = guarded_lanes(count);
        dx[build] = guarded_lanes(count);
        KERNEL_OF(element_forward, t, forward)(x.lanes, y[build].lanes, count, p);
        KERNEL_OF(element_gradient, t, gradient)(dy.lanes, x.lanes, y[build].lanes, dx[build].lanes, count, p);
    }
    assert_same_bits(&y[0], &y[1]);
    assert_same_bits(&dx[0], &dx[1]);
    KERNEL_OF(element_gradient, table, gradient)(dy.lanes, x.lanes, y[0].lanes, dy.lanes, count, p);
    KERNEL_OF(element_forward, table, forward)(x.lanes, x.lanes, count, p);
    assert_same_bits(&dy, &dx[0]);
    assert_same_bits(&x, &y[0]);
    guarded *all[] = {&x, &dy, &y[0], &y[1], &dx[0], &dx[1]};
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) guarded_free(all[i]);
}

static void check_functions(const kernel_table *t)
{
    table = t;
    for (size_t f = 0; f < ARRAY_COUNT(of_elements); f += 2)
        for (size_t i = 0; i < ARRAY_COUNT(parameters); i++)
            for (size_t count = 1; count <= MOST; count++) check_elements(&of_elements[f], &parameters[i], count);
}

static void functions_have_the_reference_bits(void **state)
{
    (void)state;
    for_each_exact_isa(check_functions);
}

static void check_axis(const named_kernel *forward, size_t outer, size_t n, size_t inner)
{
    const named_kernel *gradient = forward + 1;
    size_t count = outer * n * inner;
    guarded x = guarded_lanes(count), dy = guarded_lanes(count), y[2], dx[2];
    fill_inputs(&x, count, n % 3 == 0);
    fill_inputs(&dy, count + 100, n % 3 == 0);
    for (size_t build = 0; build < 2; build++) {
        const kernel_table *t = build ? &table_reference : table;
        y[build] = guarded_lanes(count);
        dx[build] = guarded_lanes(count);
        KERNEL_OF(axis_forward, t, forward)(x.lanes, y[build].lanes, outer, n, inner);
        KERNEL_OF(axis_gradient, t, gradient)(dy.lanes, y[build].lanes, dx[build].lanes, outer, n, inner);
    }
    assert_same_bits(&y[0], &y[1]);
    assert_same_bits(&dx[0], &dx[1]);
    KERNEL_OF(axis_forward, table, forward)(x.lanes, x.lanes, outer, n, inner);
    KERNEL_OF(axis_gradient, table, gradient)(dy.lanes, y[0].lanes, dy.lanes, outer, n, inner);
    assert_same_bits(&x, &y[0]);
    assert_same_bits(&dy, &dx[0]);
    guarded *all[] = {&x, &dy, &y[0], &y[1], &dx[0], &dx[1]};
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) guarded_free(all[i]);
}

static void check_axes(const kernel_table *t)
{
    table = t;
    for (size_t f = 0; f < ARRAY_COUNT(of_axes); f += 2)
        for (size_t n = 1; n <= MOST; n++) {
            check_axis(&of_axes[f], 1, n, 1);
            check_axis(&of_axes[f], 2, n, 3);
            check_axis(&of_axes[f], 3, n, 1);
        }
}

static void axes_have_the_reference_bits(void **state)
{
    (void)state;
    for_each_exact_isa(check_axes);
}

/* Softmax by its definition, in double, for every build: rows that cannot overflow. */
static void check_softmax(const kernel_table *t)
{
    for (size_t n = 1; n <= MOST; n++) {
        guarded x = guarded_lanes(n), y = guarded_lanes(n), log_y = guarded_lanes(n);
        fill_inputs(&x, n, false);
        t->softmax_forward(x.lanes, y.lanes, 1, n, 1);
        t->log_softmax_forward(x.lanes, log_y.lanes, 1, n, 1);
        for (size_t r = 0; r < LANES; r++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++) sum += exp((double)x.lanes[i].lane[r]);
            for (size_t i = 0; i < n; i++) {
                double logarithm = (double)x.lanes[i].lane[r] - log(sum);
                assert_close((double)y.lanes[i].lane[r], exp(logarithm),
                             8 * half_ulp() + 1e-13); /* and the definition's error */
                assert_close((double)log_y.lanes[i].lane[r], logarithm, 400 * half_ulp());
            }
        }
        guarded *all[] = {&x, &y, &log_y};
        for (size_t i = 0; i < ARRAY_COUNT(all); i++) guarded_free(all[i]);
    }
}

static void softmax_is_what_it_says(void **state)
{
    (void)state;
    for_each_isa(check_softmax);
}

#ifdef CEPA_DOUBLE
/* Away from kinks, which are at multiples of a half or of a parameter. */
static bool near_kink(double x) { return fabs(2 * x - round(2 * x)) < 0.01 || fabs(10 * x - round(10 * x)) < 0.01; }

static void check_derivative(const named_kernel *forward, const activation_parameters *p)
{
    const double step = 1e-5;
    guarded x = guarded_lanes(1), y = guarded_lanes(1), dy = guarded_lanes(1), dx = guarded_lanes(1);
    guarded moved[2] = {guarded_lanes(1), guarded_lanes(1)};
    element_forward *f = KERNEL_OF(element_forward, &table_reference, forward);
    for (double start = -10; start < 10; start += 0.173 * LANES) {
        for (size_t r = 0; r < LANES; r++) x.reals[r] = start + 0.173 * (double)r, dy.reals[r] = 2;
        f(x.lanes, y.lanes, 1, p);
        KERNEL_OF(element_gradient, &table_reference, forward + 1)(dy.lanes, x.lanes, y.lanes, dx.lanes, 1, p);
        for (size_t side = 0; side < 2; side++) {
            guarded there = guarded_lanes(1);
            for (size_t r = 0; r < LANES; r++) there.reals[r] = x.reals[r] + (side ? step : -step);
            f(there.lanes, moved[side].lanes, 1, p);
            guarded_free(&there);
        }
        for (size_t r = 0; r < LANES; r++) {
            double slope = (moved[1].reals[r] - moved[0].reals[r]) / step;
            if (!near_kink(x.reals[r]) && fabs(dx.reals[r] - slope) > 1e-6 * fmax(1, fabs(slope)))
                fail_msg("%s at %g: %.12g, not %.12g", forward[1].name, x.reals[r], dx.reals[r], slope);
        }
    }
    guarded *all[] = {&x, &y, &dy, &dx, &moved[0], &moved[1]};
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) guarded_free(all[i]);
}

static void derivatives_are_limits_of_differences(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_COUNT(of_elements); f += 2)
        for (size_t i = 1; i < ARRAY_COUNT(parameters); i++) /* celu's alpha is not 0 */
            check_derivative(&of_elements[f], &parameters[i]);
}

/* The gradient of a row with respect to one of its numbers, summed over the row's outputs with weights dy. */
static void check_axis_derivative(const named_kernel *forward, size_t n, size_t inner)
{
    const double step = 1e-5;
    size_t count = n * inner;
    guarded x = guarded_lanes(count), y = guarded_lanes(count), dy = guarded_lanes(count), dx = guarded_lanes(count);
    axis_forward *f = KERNEL_OF(axis_forward, &table_reference, forward);
    fill_random(&x, 5);
    fill_random(&dy, 6);
    f(x.lanes, y.lanes, 1, n, inner);
    KERNEL_OF(axis_gradient, &table_reference, forward + 1)(dy.lanes, y.lanes, dx.lanes, 1, n, inner);
    for (size_t i = 0; i < count; i++) {
        double slope[LANES] = {0};
        lanes old = x.lanes[i];
        for (int side = -1; side <= 1; side += 2) {
            for (size_t r = 0; r < LANES; r++) x.lanes[i].lane[r] = old.lane[r] + side * step;
            f(x.lanes, y.lanes, 1, n, inner);
            for (size_t k = 0; k < count; k++)
                for (size_t r = 0; r < LANES; r++)
                    slope[r] += side * y.lanes[k].lane[r] * dy.lanes[k].lane[r] / (2 * step);
        }
        x.lanes[i] = old;
        for (size_t r = 0; r < LANES; r++) assert_close(dx.lanes[i].lane[r], slope[r], 1e-6);
    }
    guarded *all[] = {&x, &y, &dy, &dx};
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) guarded_free(all[i]);
}

static void axis_derivatives_are_limits_of_differences(void **state)
{
    (void)state;
    for (size_t f = 0; f < ARRAY_COUNT(of_axes); f += 2) {
        check_axis_derivative(&of_axes[f], 7, 1);
        check_axis_derivative(&of_axes[f], 4, 3);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_have_the_reference_bits),
        cmocka_unit_test(axes_have_the_reference_bits),
        cmocka_unit_test(softmax_is_what_it_says),
#ifdef CEPA_DOUBLE
        cmocka_unit_test(derivatives_are_limits_of_differences),
        cmocka_unit_test(axis_derivatives_are_limits_of_differences),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
