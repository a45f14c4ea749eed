/* What may not change a bit: fusing, threads, unused lanes, the batch around an image, the instruction set. */
#include "layer_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A network with everything that could depend on how it is run: padding, strides, batch-wide stages, dropout, a branch.
 */
static int build(cepa_graph *g, int x)
{
    static const char *const layers[] = {
        "Conv2D(7, 3, padding='same', activation='relu')",
        "BatchNormalization()",
        "MaxPooling2D(2)",
        "Conv2D(7, 3, strides=2, padding='same', activation='relu')",
        "Dropout(0.3)",
    };
    cepa_error error;
    int branch = 0;
    for (size_t i = 0; i < ARRAY_COUNT(layers); i++) {
        const value *v = value_parse(&g->memory, layers[i], &error);
        if (!v) fail_msg("%s", error.message);
        x = run_layer(g, v->call.name, v->call.members, v->call.count, &x, 1, true);
        if (i == 2) {
            const value *side = value_parse(&g->memory, "Conv2D(7, 1, strides=2)", &error);
            branch = run_layer(g, side->call.name, side->call.members, side->call.count, &x, 1, true);
        }
    }
    int both[2] = {x, branch};
    x = run_layer(g, "Add", NULL, 0, both, 2, true);
    x = run_layer(g, "Flatten", NULL, 0, &x, 1, true);
    named_value units[2] = {{"units", value_int(&g->memory, 9)}, {"activation", value_text(&g->memory, "relu")}};
    x = run_layer(g, "Dense", units, 2, &x, 1, true);
    return run_layer(g, "Dense", units, 1, &x, 1, true);
}

static void prepare(layer_run *run, size_t rows, bool training, bool plain, int threads)
{
    shape image = {3, {8, 8, 3}};
    int x;
    cepa_graph *g = run_graph(&image, 1, &x);
    int y = build(g, x);
    run_prepare(run, g, &x, 1, &y, 1, rows, training, plain, threads);
    random_stream stream = random_stream_of(3, "images", "test", 0);
    for (size_t i = 0; i < rows * run->input_count[0]; i++) run->x[0][i] = (double)(float)random_uniform53(&stream, i);
    for (size_t i = 0; i < rows * run->output_count[0]; i++)
        run->dy[0][i] = (double)(float)(random_uniform53(&stream, 1000000 + i) - 0.5);
}

/* All that a run leaves: outputs, input gradients, weights' gradients, weights (moving averages). */
typedef struct trace {
    size_t count;
    double *numbers;
} trace;

static void append(trace *t, const double *doubles, const real *reals, size_t count)
{
    t->numbers = realloc(t->numbers, (t->count + count) * sizeof *t->numbers);
    for (size_t i = 0; i < count; i++) t->numbers[t->count + i] = doubles ? doubles[i] : (double)reals[i];
    t->count += count;
}

static trace trace_run(size_t rows, bool training, bool plain, int threads, double unused)
{
    layer_run run;
    trace t = {0};
    prepare(&run, rows, training, plain, threads);
    run.unused = unused;
    run_once(&run);
    append(&t, run.y[0], NULL, rows * run.output_count[0]);
    append(&t, run.dx[0], NULL, rows * run.input_count[0]);
    append(&t, NULL, session_gradients(run.session), run.plan->gradient_count);
    append(&t, NULL, run.graph->values, run.graph->value_count);
    run_free(&run);
    return t;
}

static void assert_same(trace a, trace b, const char *what)
{
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++)
        if (memcmp(&a.numbers[i], &b.numbers[i], sizeof(double)) != 0)
            fail_msg("%s: number %zu of %zu is %.9g, not %.9g", what, i, a.count, b.numbers[i], a.numbers[i]);
    free(b.numbers);
}

static const size_t row_counts[] = {1, 5, 16, 17, 40, 150};

static void fusing_changes_no_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(row_counts); i++) {
        trace fused = trace_run(row_counts[i], true, false, 1, 0);
        assert_same(fused, trace_run(row_counts[i], true, true, 1, 0), "plain");
        free(fused.numbers);
    }
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    static const int threads[] = {2, 3, 8, 20};
    for (size_t i = 0; i < ARRAY_COUNT(row_counts); i++)
        for (int training = 0; training < 2; training++) {
            trace one = trace_run(row_counts[i], training, false, 1, 0);
            for (size_t k = 0; k < ARRAY_COUNT(threads); k++)
                assert_same(one, trace_run(row_counts[i], training, false, threads[k], 0), "more threads");
            free(one.numbers);
        }
}

static void unused_lanes_change_no_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(row_counts); i++) {
        trace repeated = trace_run(row_counts[i], true, false, 1, 0);
        assert_same(repeated, trace_run(row_counts[i], true, false, 1, 12345.5), "other numbers in unused lanes");
        free(repeated.numbers);
    }
}

static void an_image_alone_gives_the_bits_of_its_batch(void **state)
{
    (void)state;
    layer_run batch, alone;
    prepare(&batch, 37, false, false, 1);
    prepare(&alone, 1, false, false, 1);
    run_once(&batch);
    size_t in = batch.input_count[0], out = batch.output_count[0];
    for (size_t row = 0; row < 37; row++) {
        memcpy(alone.x[0], batch.x[0] + row * in, in * sizeof(double));
        run_once(&alone);
        assert_memory_equal(alone.y[0], batch.y[0] + row * out, out * sizeof(double));
    }
    run_free(&batch);
    run_free(&alone);
}

static void instruction_sets_give_the_same_bits(void **state)
{
    (void)state;
    cepa_error error;
    assert_int_equal(kernels_choose(&error), CEPA_OK);
    const kernel_table *chosen = kernels, *avx2 = kernels_named("avx2"), *avx512 = kernels_named("avx512");
    if (!avx2 || !avx512) {
        printf("skipped: this machine has not both AVX2 and AVX-512\n");
        skip();
    }
    kernels = avx2;
    trace narrow = trace_run(40, true, false, 1, 0);
    kernels = avx512;
    assert_same(narrow, trace_run(40, true, false, 1, 0), "avx512");
    kernels = chosen;
    free(narrow.numbers);
}

static void the_numbers_depend_on_the_data(void **state)
{
    (void)state;
    layer_run run;
    prepare(&run, 20, true, false, 1);
    run_once(&run);
    double before = run.y[0][0];
    run.x[0][0] += 0.25;
    run_once(&run);
    assert_true(run.y[0][0] != before);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fusing_changes_no_bit),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(unused_lanes_change_no_bit),
        cmocka_unit_test(an_image_alone_gives_the_bits_of_its_batch),
        cmocka_unit_test(instruction_sets_give_the_same_bits),
        cmocka_unit_test(the_numbers_depend_on_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
