/* The operations that the benchmarks' shares of the peak count, and the times that they are divided by. */
#include "../bench/layer_times.h"
#include "../bench/work.h"
#include "model/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_network(const char *path, double forward, double training)
{
    cepa_model *model;
    assert_int_equal(cepa_load(path, NULL, &model, NULL), CEPA_OK);
    assert_true(network_forward_work(model->network) == forward);
    assert_true(network_training_work(model->network) == training);
    cepa_graph_free(cepa_model_graph(model));
}

/* 27 x 50 taps at 30 x 30 places, 450 x 50 at 13 x 13, 1,800 x 50, 50 x 10; the first layer's input needs no gradient.
 */
static void the_lessons_network_has_its_multiplications(void **state)
{
    (void)state;
    double first = 2.0 * 30 * 30 * 27 * 50, rest = 2.0 * (13 * 13 * 450 * 50 + 1800 * 50 + 50 * 10);
    assert_network("lesson/cifar_model.py", first + rest, 2 * first + 3 * rest);
}

static layer_times times_of(const char *shape, const char *layers)
{
    layer_times times;
    cepa_error error = {0};
    assert_int_equal(time_layers(shape, layers, &times, &error), CEPA_OK);
    assert_true(times.forward > 0 && times.together > times.forward);
    return times;
}

/* Along an axis of 4 a window of 3 meets the picture 2 + 3 + 3 + 2 times; in steps of 2, with the padding last, 3 + 2.
 */
static void taps_in_the_padding_do_not_count(void **state)
{
    (void)state;
    assert_true(times_of("(4, 4, 2)", "Conv2D(6, 3, padding='same')").work == 2.0 * 10 * 10 * 2 * 6);
    assert_true(times_of("(4, 4, 2)", "Conv2D(6, 3, strides=2, padding='same')").work == 2.0 * 5 * 5 * 2 * 6);
    assert_true(times_of("(4, 4, 6)", "Conv2D(6, 3, padding='same', groups=6)").work == 2.0 * 10 * 10 * 6);
    assert_true(times_of("(7, 5)", "Dense(3), ReLU()").work == 2.0 * 7 * 5 * 3);
}

static void what_cannot_be_read_is_refused(void **state)
{
    (void)state;
    layer_times times;
    assert_int_equal(time_layers("(4, 4, 2)", "Conv2D(6, 5)", &times, NULL), CEPA_SHAPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lessons_network_has_its_multiplications),
        cmocka_unit_test(taps_in_the_padding_do_not_count),
        cmocka_unit_test(what_cannot_be_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
