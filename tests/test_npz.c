/* NumPy's files: every kind of number both ways, the names that arrays have, damage. */
#include "base/file.h"
#include "data/npy.h"
#include "data_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A .npy file of version 1 with that header. */
static void write_npy(const char *path, const char *header, const void *numbers, size_t size)
{
    buffer file = {0};
    buffer_bytes(&file, "\x93NUMPY\1\0", 8);
    buffer_bytes(&file, (unsigned char[]){(unsigned char)strlen(header), 0}, 2);
    buffer_text(&file, header);
    buffer_bytes(&file, numbers, size);
    write_file(path, file.bytes, file.size);
    buffer_free(&file);
}

/* ---- One array ---- */

static void every_kind_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *descr, *bytes;
        size_t size;
        cepa_type type;
        double numbers[2];
    } cases[] = {{"|u1", "\x01\xff", 1, CEPA_UINT8, {1, 255}},
                 {"|b1", "\x00\x02", 1, CEPA_UINT8, {0, 1}},
                 {"|i1", "\x01\xff", 1, CEPA_INT32, {1, -1}},
                 {"<u2", "\x01\x00\xff\xff", 2, CEPA_INT32, {1, 65535}},
                 {">i2", "\x00\x01\xff\xfe", 2, CEPA_INT32, {1, -2}},
                 {"<i4", "\x01\0\0\0\xff\xff\xff\xff", 4, CEPA_INT32, {1, -1}},
                 {">u4", "\0\0\0\x01\xff\xff\xff\xff", 4, CEPA_INT64, {1, 4294967295}},
                 {">i8", "\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xfe", 8, CEPA_INT64, {1, -2}},
                 {"<u8", "\x01\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0", 8, CEPA_INT64, {1, 4294967296}},
                 {"<f2", "\x00\x3c\x01\x80", 2, CEPA_FLOAT32, {1, -0x1p-24}},
                 {">f2", "\x7c\x00\x7b\xff", 2, CEPA_FLOAT32, {INFINITY, 65504}},
                 {"<f4", "\0\0\x80\x3f\0\0\0\xc0", 4, CEPA_FLOAT32, {1, -2}},
                 {">f8", "\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", 8, CEPA_FLOAT64, {1, -2}}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char header[100];
        cepa_dataset *data, *none;
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2,)}\n", cases[i].descr);
        write_npy(in_folder("a.npy"), header, cases[i].bytes, 2 * cases[i].size);
        open_data(in_folder("a.npy"), NULL, &data, &none);
        const cepa_array *x = cepa_dataset_describe(data)->inputs;
        assert_int_equal(x->type, cases[i].type);
        assert_int_equal(x->rank, 0);
        for (size_t k = 0; k < 2; k++) assert_true(number_type_of(x->type)->read(x->data, k) == cases[i].numbers[k]);
        cepa_dataset_free(data);
    }
}

static void orders_and_versions_are_read(void **state)
{
    (void)state;
    static const uint8_t by_columns[] = {0, 3, 1, 4, 2, 5}, expected[] = {0, 1, 2, 3, 4, 5};
    cepa_dataset *data, *none;
    write_npy(in_folder("a.npy"), "{ 'shape':(2, 3), 'fortran_order':True,'descr' :'|u1', }   ", by_columns, 6);
    open_data(in_folder("a.npy"), NULL, &data, &none);
    assert_int_equal(cepa_dataset_describe(data)->rows, 2);
    assert_memory_equal(cepa_dataset_describe(data)->inputs[0].data, expected, 6);
    cepa_dataset_free(data);
    static const char third[] =
        "\x93NUMPY\3\0\x36\0\0\0{'descr':'<i4','fortran_order':False,'shape':(1,1,)} \n\7\0\0\0";
    write_file(in_folder("a.npy"), third, sizeof third - 1);
    open_data(in_folder("a.npy"), NULL, &data, &none);
    assert_int_equal(*(const int32_t *)cepa_dataset_describe(data)->inputs[0].data, 7);
    cepa_dataset_free(data);
}

static void damaged_arrays_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header, *message;
        size_t size;
        cepa_status status;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "cut off", 7, CEPA_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "1 bytes follow", 9, CEPA_FORMAT},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "unreadable", 8, CEPA_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False}", "unreadable", 8, CEPA_FORMAT},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "unreadable", 8, CEPA_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2", "unreadable", 8, CEPA_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "unreadable", 8, CEPA_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,2)}", "unreadable", 8, CEPA_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "unreadable", 8, CEPA_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296,2)}", "cut off", 8, CEPA_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "single number", 4, CEPA_DATA},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}", "axis 0", 0, CEPA_DATA},
        {"{'descr': '<u8', 'fortran_order': False, 'shape': (1,)}", "too large", 8, CEPA_DATA}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        write_npy(in_folder("a.npy"), cases[i].header, "\xff\xff\xff\xff\xff\xff\xff\xff\xff", cases[i].size);
        REFUSE(in_folder("a.npy"), NULL, cases[i].status, "a.npy", cases[i].message);
    }
    write_text(in_folder("a.npy"), "\x93NUMPY");
    REFUSE(in_folder("a.npy"), NULL, CEPA_FORMAT, "not a whole .npy");
}

/* ---- Several ---- */

/* Writes an .npz of arrays with those names: x... has rows of two floats, the others one int32 a row. */
static void write_npz(const char *path, const char *const names[], const size_t *rows)
{
    static const float x[] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const int32_t y[] = {1, 0, 3, 2};
    cepa_array arrays[8];
    size_t count = 0;
    cepa_error error;
    for (; names[count]; count++) {
        bool input = names[count][0] == 'x';
        arrays[count] = (cepa_array){.name = names[count],
                                     .type = input ? CEPA_FLOAT32 : CEPA_INT32,
                                     .rank = input,
                                     .shape = {2},
                                     .data = input ? (const void *)x : y};
    }
    if (cepa_write_arrays(path, arrays, rows, count, &error)) fail_msg("%s", error.message);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROWS(...)  ((const size_t[]){__VA_ARGS__})

static void names_decide_what_an_array_is(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    const char *path = in_folder("a.npz");
    write_npz(path, NAMES("x", "y"), ROWS(3, 3));
    open_data(path, NULL, &train, &test);
    const cepa_dataset_info *info = cepa_dataset_describe(train);
    assert_int_equal(info->rows, 3);
    assert_int_equal(info->class_count, 4);
    assert_string_equal(info->inputs[0].name, "x");
    assert_int_equal(info->inputs[0].rank, 1);
    assert_true(((const float *)info->inputs[0].data)[5] == 6);
    assert_int_equal(((const int32_t *)info->targets[0].data)[2], 3);
    assert_null(test);
    cepa_dataset_free(train);
    write_npz(path, NAMES("x_test", "y_test", "x_train", "y_train", "sample_weight"), ROWS(2, 2, 4, 4, 4));
    open_data(path, NULL, &train, &test);
    assert_int_equal(cepa_dataset_describe(train)->rows, 4);
    assert_non_null(cepa_dataset_describe(train)->sample_weight);
    assert_int_equal(cepa_dataset_describe(test)->rows, 2);
    assert_int_equal(cepa_dataset_describe(test)->class_count, 4); /* as in the training rows */
    cepa_dataset_free(train);
    cepa_dataset_free(test);
    write_npz(path, NAMES("x_left", "x_right", "y_sum", "x_left_val", "x_right_val", "y_sum_val"),
              ROWS(3, 3, 3, 1, 1, 1));
    open_data(path, NULL, &train, &test);
    info = cepa_dataset_describe(test);
    assert_int_equal(info->rows, 1);
    assert_int_equal(info->input_count, 2);
    assert_string_equal(info->inputs[1].name, "right");
    assert_string_equal(info->targets[0].name, "sum");
    cepa_dataset_free(train);
    cepa_dataset_free(test);
    write_npz(path, NAMES("x0", "x1", "y0", "x1_test"), ROWS(3, 3, 3, 1)); /* by their places */
    open_data(path, NULL, &train, &test);
    assert_int_equal(cepa_dataset_describe(train)->input_count, 2);
    assert_int_equal(cepa_dataset_describe(train)->target_count, 1);
    assert_string_equal(cepa_dataset_describe(test)->inputs[0].name, "1");
    cepa_dataset_free(train);
    cepa_dataset_free(test);
    write_npz(path, NAMES("xyz", "other"), ROWS(3, 3)); /* inputs by their own names */
    open_data(path, NULL, &train, &test);
    assert_int_equal(cepa_dataset_describe(train)->input_count, 2);
    assert_string_equal(cepa_dataset_describe(train)->inputs[1].name, "other");
    cepa_dataset_free(train);
}

static void senseless_collections_are_refused(void **state)
{
    (void)state;
    const char *path = in_folder("a.npz");
    write_npz(path, NAMES("x", "y"), ROWS(3, 2));
    REFUSE(path, NULL, CEPA_DATA, "y.npy", "2 rows", "3");
    write_npz(path, NAMES("x", "y", "z"), ROWS(3, 3, 3));
    REFUSE(path, NULL, CEPA_DATA, "z.npy", "neither");
    write_npz(path, NAMES("y"), ROWS(3));
    REFUSE(path, NULL, CEPA_DATA, "no array named x");
    write_npz(path, NAMES("x_test", "y_test"), ROWS(3, 3));
    REFUSE(path, NULL, CEPA_DATA, "no array named x or x_train");
}

static void equal_arrays_give_equal_bytes(void **state)
{
    (void)state;
    write_npz(in_folder("a.npz"), NAMES("x", "y"), ROWS(4, 4));
    write_npz(in_folder("b.npz"), NAMES("x", "y"), ROWS(4, 4));
    assert_true(same_files(in_folder("a.npz"), in_folder("b.npz")));
    write_npz(in_folder("b.npz"), NAMES("x", "y"), ROWS(4, 3));
    assert_false(same_files(in_folder("a.npz"), in_folder("b.npz")));
    write_npz(in_folder("c.npy"), NAMES("x"), ROWS(4));
    buffer file = {0};
    assert_int_equal(file_read(in_folder("c.npy"), 0, &file, NULL), CEPA_OK);
    assert_int_equal(file.size, 128 + 32);
    assert_memory_equal(file.bytes + 10, "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }  ", 60);
    buffer_free(&file);
}

static void senseless_writing_is_refused(void **state)
{
    (void)state;
    static const float x[2] = {0};
    cepa_array two[] = {{.name = "x", .data = x}, {.name = "x", .data = x}};
    const size_t rows[] = {2, 2};
    cepa_error error;
    assert_int_equal(cepa_write_arrays(in_folder("a.npz"), two, rows, 2, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_write_arrays(in_folder("a.npy"), two, rows, 2, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_write_arrays(in_folder("a.txt"), two, rows, 1, &error), CEPA_ARGUMENT);
    two[0].name = NULL;
    assert_int_equal(cepa_write_arrays(in_folder("a.npz"), two, rows, 1, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_write_arrays(in_folder("no/folder/a.npy"), two, rows, 1, &error), CEPA_NOT_FOUND);
    assert_false(file_exists(in_folder("a.npz")) || file_exists(in_folder("a.npy")));
}

/* Cut off anywhere and with any byte changed: never more than a message. */
static void damage_is_survived(void **state)
{
    (void)state;
    buffer whole = {0};
    cepa_dataset *train, *test;
    cepa_error error;
    write_npz(in_folder("a.npz"), NAMES("x", "y"), ROWS(4, 4));
    assert_int_equal(file_read(in_folder("a.npz"), 0, &whole, NULL), CEPA_OK);
    for (size_t i = 0; i < whole.size; i++) {
        write_file(in_folder("b.npz"), whole.bytes, i);
        if (!cepa_dataset_open(in_folder("b.npz"), NULL, &train, &test, &error)) cepa_dataset_free(train);
        for (int change = 1; change < 256; change *= 5) {
            whole.bytes[i] = (unsigned char)(whole.bytes[i] ^ change);
            write_file(in_folder("b.npz"), whole.bytes, whole.size);
            whole.bytes[i] = (unsigned char)(whole.bytes[i] ^ change);
            if (cepa_dataset_open(in_folder("b.npz"), NULL, &train, &test, &error)) continue;
            cepa_dataset_free(train);
            cepa_dataset_free(test);
        }
    }
    buffer_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(every_kind_is_read),
        IN_FOLDER(orders_and_versions_are_read),
        IN_FOLDER(damaged_arrays_are_refused),
        IN_FOLDER(names_decide_what_an_array_is),
        IN_FOLDER(senseless_collections_are_refused),
        IN_FOLDER(equal_arrays_give_equal_bytes),
        IN_FOLDER(senseless_writing_is_refused),
        IN_FOLDER(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
