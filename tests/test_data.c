/* Data sets: the handle, rows into lanes, the search by name, shapes10. */
#include "data/batch.h"
#include "data/cifar.h"
#include "data_files.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- The handle ---- */

static cepa_dataset *numbers(size_t rows)
{
    static float x[400];
    static int32_t y[100];
    static double weight[100];
    cepa_dataset *data;
    for (size_t i = 0; i < 400; i++) x[i] = (float)i / 8;
    for (size_t i = 0; i < 100; i++) y[i] = (int32_t)(i % 7), weight[i] = (double)i / 2;
    cepa_array input = {.name = "x", .type = CEPA_FLOAT32, .rank = 2, .shape = {2, 2}, .data = x};
    cepa_array target = {.name = "y", .type = CEPA_INT32, .data = y}, weights = {.type = CEPA_FLOAT64, .data = weight};
    assert_int_equal(cepa_dataset_new(rows, &input, 1, &target, 1, &weights, &data, NULL), CEPA_OK);
    return data;
}

static void parts_share_rows(void **state)
{
    (void)state;
    cepa_dataset *data = numbers(10), *tail;
    cepa_error error;
    assert_int_equal(cepa_dataset_describe(data)->class_count, 7);
    assert_int_equal(cepa_dataset_take(data, 11, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_dataset_take(data, 0, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_dataset_describe(data)->rows, 10);
    cepa_dataset_scale(data, 3);
    cepa_dataset_offset(data, -1);
    /* Keras: the first 7 train, the last 3 validate. */
    assert_int_equal(cepa_dataset_split(data, 0.25, &tail, &error), CEPA_OK);
    assert_int_equal(cepa_dataset_describe(data)->rows, 7);
    assert_int_equal(cepa_dataset_describe(tail)->rows, 3);
    assert_true(cepa_dataset_describe(tail)->scale == 3);
    assert_true(cepa_dataset_describe(tail)->offset == -1);
    const float *x = cepa_dataset_describe(tail)->inputs[0].data;
    cepa_dataset_free(data); /* the tail keeps the rows */
    assert_true(x[0] == 28.0f / 8 && x[11] == 39.0f / 8);
    double low, high;
    cepa_dataset_range(tail, &cepa_dataset_describe(tail)->inputs[0], &low, &high);
    assert_true(low == 3.5 && high == 39.0 / 8);
    assert_true(batch_target(tail, 0, 2, 0) == 9 % 7 && batch_weight(tail, 1) == 4);
    assert_int_equal(cepa_dataset_split(tail, 0.1, &data, &error), CEPA_OK);
    cepa_dataset_free(data);
    assert_int_equal(cepa_dataset_split(tail, 0.9, &data, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_dataset_split(tail, 1, &data, &error), CEPA_ARGUMENT);
    assert_null(data);
    cepa_dataset_free(tail);
}

static void senseless_arrays_are_refused(void **state)
{
    (void)state;
    cepa_dataset *data;
    cepa_error error;
    float x[4] = {0};
    cepa_array flat = {.name = "x", .rank = 1, .shape = {0}, .data = x};
    assert_int_equal(cepa_dataset_new(2, &flat, 1, NULL, 0, NULL, &data, &error), CEPA_DATA);
    flat.shape[0] = 2;
    assert_int_equal(cepa_dataset_new(0, &flat, 1, NULL, 0, NULL, &data, &error), CEPA_DATA);
    assert_int_equal(cepa_dataset_new(SIZE_MAX / 2, &flat, 1, NULL, 0, NULL, &data, &error), CEPA_DATA);
    assert_int_equal(cepa_dataset_new(2, NULL, 0, NULL, 0, NULL, &data, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_dataset_new(2, &flat, 1, NULL, 0, &flat, &data, &error), CEPA_DATA);
    flat.type = (cepa_type)99;
    assert_int_equal(cepa_dataset_new(2, &flat, 1, NULL, 0, NULL, &data, &error), CEPA_ARGUMENT);
    assert_null(data);
}

static void hashes_are_of_the_rows(void **state)
{
    (void)state;
    cepa_dataset *data;
    cepa_array input = {.name = "x", .type = CEPA_UINT8, .data = "abcd"};
    assert_int_equal(cepa_dataset_new(4, &input, 1, NULL, 0, NULL, &data, NULL), CEPA_OK);
    assert_int_equal(cepa_dataset_take(data, 3, NULL), CEPA_OK);
    assert_string_equal(cepa_dataset_describe(data)->sha256, "");
    assert_int_equal(cepa_dataset_hash(data, NULL), CEPA_OK);
    assert_string_equal(cepa_dataset_describe(data)->sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cepa_dataset_free(data);
}

/* Every type of number reaches the lanes as (float)(number * scale + offset), at the place that order names. */
static void rows_fill_lanes(void **state)
{
    (void)state;
    assert_int_equal(kernels_choose(NULL), CEPA_OK);
    static const uint8_t bytes[] = {0, 1, 2, 3, 254, 255};
    static const float floats[] = {0.1f, -2, 3e8f, 1, 0, 1e-3f};
    static const int32_t ints[] = {1, -2, 1 << 30, 5, 6, 7};
    static const int64_t longs[] = {1, -2, (int64_t)1 << 40, 5, 6, 7};
    static const double doubles[] = {0.1, -0.2, 1e300, 4, 5, 6};
    const cepa_array inputs[] = {{.name = "a", .type = CEPA_UINT8, .rank = 1, .shape = {3}, .data = bytes},
                                 {.name = "b", .type = CEPA_FLOAT32, .rank = 1, .shape = {3}, .data = floats},
                                 {.name = "c", .type = CEPA_INT32, .rank = 1, .shape = {3}, .data = ints},
                                 {.name = "d", .type = CEPA_INT64, .rank = 1, .shape = {3}, .data = longs},
                                 {.name = "e", .type = CEPA_FLOAT64, .rank = 1, .shape = {3}, .data = doubles}};
    static const double scales[] = {1, 1.0 / 255, 0.3, 1, 1 / 127.5}, offsets[] = {0, 0, 0, 0.5, -1};
    const uint32_t order[] = {2, 0, 1};
    size_t rows[LANES];
    for (size_t r = 0; r < LANES; r++) rows[r] = r % 3 == 0;
    cepa_dataset *data;
    assert_int_equal(cepa_dataset_new(2, inputs, ARRAY_COUNT(inputs), NULL, 0, NULL, &data, NULL), CEPA_OK);
    for (size_t s = 0; s < ARRAY_COUNT(scales); s++)
        for (size_t i = 0; i < ARRAY_COUNT(inputs); i++) {
            lanes x[3];
            cepa_dataset_scale(data, scales[s]);
            cepa_dataset_offset(data, offsets[s]);
            batch_load(data, i, rows, order, x);
            for (size_t e = 0; e < 3; e++)
                for (size_t r = 0; r < LANES; r++) {
                    double number = number_type_of(inputs[i].type)->read(inputs[i].data, rows[r] * 3 + order[e]);
                    assert_true(x[e].lane[r] == (float)(number * scales[s] + offsets[s]));
                }
        }
    cepa_dataset_free(data);
}

/* ---- By name ---- */

static void names_are_searched_in_order(void **state)
{
    (void)state;
    static const char *const variables[] = {"CEPA_DATA", "XDG_CACHE_HOME", "HOME"};
    char *before[3], path[300];
    for (size_t i = 0; i < 3; i++) {
        before[i] = getenv(variables[i]) ? strdup(getenv(variables[i])) : NULL;
        setenv(variables[i], in_folder("%s", variables[i]), 1);
    }
    const cepa_dataset_options local = {.local_only = true}, many = {.local_only = true, .rows = 3};
    cepa_dataset *train, *test;
    REFUSE("cifar10", &local, CEPA_NOT_FOUND, "cifar10", "not found");
    assert_int_equal(cepa_dataset_locate("cifar10", path, sizeof path, NULL), CEPA_OK);
    assert_string_equal(path, "");
    write_records(in_folder("HOME/.keras/datasets/cifar-10-batches-bin/data_batch_1.bin"), 6, 4, 1);
    open_data("cifar10", &local, &train, &test);
    check_pictures(train, 6, 4);
    assert_string_equal(cepa_dataset_describe(train)->name, "cifar10");
    assert_string_equal(cepa_dataset_describe(train)->class_names[9], "truck");
    cepa_dataset_free(train);
    write_records(in_folder("XDG_CACHE_HOME/cepa/cifar-10-batches-bin/data_batch_1.bin"), 3, 2, 1);
    write_records(in_folder("CEPA_DATA/cifar-10-jpeg-batches-bin/data_batch_1.bin"), 1, 1, 1);
    open_data("cifar10", &local, &train, &test);
    check_pictures(train, 1, 1);
    cepa_dataset_free(train);
    open_data("cifar10", &many, &train, &test); /* the first place with three rows */
    check_pictures(train, 6, 4);
    cepa_dataset_free(train);
    assert_int_equal(cepa_dataset_locate("cifar10", path, sizeof path, NULL), CEPA_OK);
    assert_string_equal(path, in_folder("CEPA_DATA/cifar-10-jpeg-batches-bin"));
    write_records(in_folder("CEPA_DATA/cifar-10-batches-py-target/cifar-10-batches-py/data_batch_1.bin"), 2, 2, 1);
    open_data("cifar10", &local, &train, &test); /* the larger copy of two in the first place */
    check_pictures(train, 2, 2);
    cepa_dataset_free(train);
    assert_int_equal(cepa_dataset_locate("cifar10", path, sizeof path, NULL), CEPA_OK);
    assert_string_equal(path, in_folder("CEPA_DATA/cifar-10-batches-py-target/cifar-10-batches-py"));
    REFUSE("cifar10", &((cepa_dataset_options){.local_only = true, .rows = 5}), CEPA_ARGUMENT, "5 training rows");
    REFUSE("cifar10", &((cepa_dataset_options){.rows = 50001}), CEPA_ARGUMENT, "50001", "it has 50000");
    unsetenv("XDG_CACHE_HOME");
    write_records(in_folder("HOME/.cache/cepa/cifar-10-batches-bin/data_batch_1.bin"), 5, 3, 1);
    open_data("cifar10", &many, &train, &test);
    check_pictures(train, 5, 3);
    cepa_dataset_free(train);
    for (size_t i = 0; i < 3; i++) {
        if (before[i])
            setenv(variables[i], before[i], 1);
        else
            unsetenv(variables[i]);
        free(before[i]);
    }
}

static void the_table_is_whole(void **state)
{
    (void)state;
    size_t count;
    const cepa_known_dataset *known = cepa_known_datasets(&count);
    assert_int_equal(count, 7);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(known[i].title);
        assert_non_null(known[i].citation);
        assert_int_equal(known[i].generated + !!known[i].obtain + !!known[i].url, 1);
    }
}

/* Fixed for good too: the lesson's sizes, and every number. */
static void the_weather_is_fixed(void **state)
{
    (void)state;
    cepa_parts parts;
    assert_int_equal(cepa_dataset_open_parts("weather", NULL, &parts, NULL), CEPA_OK);
    const cepa_dataset_info *train = cepa_dataset_describe(parts.train);
    assert_int_equal(train->rows, 767);
    assert_int_equal(cepa_dataset_describe(parts.validation)->rows, 164);
    assert_int_equal(cepa_dataset_describe(parts.test)->rows, 165);
    assert_int_equal(train->inputs[0].shape[0], 89);
    assert_string_equal(train->inputs[0].columns[88], "TOURS_temp_max");
    assert_string_equal(train->source, "generated");
    assert_int_equal(cepa_dataset_hash(parts.train, NULL), CEPA_OK);
    assert_string_equal(train->sha256, "7a64c2ebc73fcd14124266c3c5a24252921d12590985c296e76fc7ff443a1ccb");
    cepa_parts_free(&parts);
    cepa_dataset_options all = {.table = {.inputs = "DATE,MONTH,BASEL_sunshine,OSLO_temp_min", .first = 9999}};
    cepa_dataset *whole, *none;
    all.table.split = "1/1"; /* the whole table has 3,654 days, the last of which has no tomorrow */
    open_data("weather", &all, &whole, &none);
    assert_int_equal(cepa_dataset_describe(whole)->rows + cepa_dataset_describe(none)->rows, 3653);
    double low, high;
    cepa_dataset_range(whole, &cepa_dataset_describe(whole)->inputs[0], &low, &high);
    assert_true(high > 20090000 && high < 20100102);
    cepa_dataset_free(whole);
    cepa_dataset_free(none);
}

/* ---- shapes10 ---- */

/* The same bytes on every machine: these are fixed for good. */
static void shapes10_is_fixed(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    open_data("shapes10", &(cepa_dataset_options){.rows = 200}, &train, &test);
    const cepa_dataset_info *info = cepa_dataset_describe(train);
    assert_int_equal(info->rows, 200);
    assert_int_equal(info->class_count, 10);
    assert_string_equal(info->class_names[8], "heart");
    assert_string_equal(info->source, "generated");
    assert_int_equal(cepa_dataset_describe(test)->rows, 1000);
    assert_int_equal(cepa_dataset_hash(train, NULL), CEPA_OK);
    assert_int_equal(cepa_dataset_hash(test, NULL), CEPA_OK);
    assert_string_equal(info->sha256, "65b51e781d67005ee0f3128d6ce598eae71e8c2a89bec8f6679ee84b2b9a4582");
    assert_string_equal(cepa_dataset_describe(test)->sha256,
                        "aa947eda933ef8eb12b245a1356219ff573597d3bcd729b424a66a78a9e915c6");
    cepa_dataset *more, *more_test;
    open_data("shapes10", &(cepa_dataset_options){.rows = 5010}, &more, &more_test);
    assert_int_equal(cepa_dataset_describe(more_test)->rows, 1002);
    assert_memory_equal(cepa_dataset_describe(more)->inputs[0].data, info->inputs[0].data, 200 * CIFAR_PICTURE);
    size_t counts[10] = {0};
    for (size_t i = 0; i < 5010; i++) counts[(size_t)batch_target(more, 0, i, 0)]++;
    for (size_t k = 0; k < 10; k++) assert_in_range(counts[k], 430, 570);
    cepa_dataset_free(more);
    cepa_dataset_free(more_test);
    cepa_dataset_free(train);
    cepa_dataset_free(test);
    REFUSE("shapes10", &((cepa_dataset_options){.rows = 50001}), CEPA_ARGUMENT, "50001");
}

/* Shares that leave a part without rows are refused, whatever number they are. */
static void shares_lie_between_0_and_1(void **state)
{
    (void)state;
    static const double wrong[] = {0, 1, -0.5, 1.5, -1e300, 1e300, 0.95, NAN, INFINITY};
    cepa_dataset *train, *test, *kept, *held;
    open_data("shapes10", &(cepa_dataset_options){.rows = 10}, &train, &test);
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        assert_int_equal(cepa_train_test_split(train, wrong[i], 0, &kept, &held, NULL), CEPA_ARGUMENT);
        assert_null(kept);
        assert_null(held);
    }
    assert_int_equal(cepa_train_test_split(train, 0.25, 0, &kept, &held, NULL), CEPA_OK);
    assert_int_equal(cepa_dataset_describe(held)->rows, 3);
    cepa_parts parts = {.train = kept, .test = held};
    cepa_parts_free(&parts);
    assert_null(parts.train);
    cepa_parts_free(NULL);
    cepa_dataset_free(train);
    cepa_dataset_free(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_share_rows),       cmocka_unit_test(senseless_arrays_are_refused),
        cmocka_unit_test(hashes_are_of_the_rows), cmocka_unit_test(rows_fill_lanes),
        IN_FOLDER(names_are_searched_in_order),   cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(the_weather_is_fixed),   cmocka_unit_test(shares_lie_between_0_and_1),
        cmocka_unit_test(shapes10_is_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
