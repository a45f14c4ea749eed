/* The containers of Keras' files: JSON text, zip archives, HDF5 files; whole, damaged and hostile ones. */
#include "base/file.h"
#include "formats/archive.h"
#include "formats/h5.h"
#include "formats/h5_check.h"
#include "formats/json.h"
#include "golden.h"

#include <hdf5.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- JSON ---- */

static void json_becomes(const char *text, const char *expected)
{
    arena memory = {0};
    cepa_error error = {0};
    const value *v = json_read(&memory, text, strlen(text), &error);
    if (!v) fail_msg("%s: %s", text, error.message);
    buffer out = {0};
    json_write(&out, v);
    char *written = buffer_take_text(&out);
    assert_string_equal(written, expected);
    free(written);
    arena_free(&memory);
}

static void test_json_values(void **state)
{
    (void)state;
    json_becomes("{\"b\":[1, 2.50,-3e-7],\n\"a\":{}}", "{\"b\": [1, 2.5, -3e-07], \"a\": {}}");
    json_becomes("[true,false,null,\"\",1.0]", "[true, false, null, \"\", 1.0]");
    json_becomes("\"\\u00e9\\\"\\\\/\\n\\u0001\"", "\"\303\251\\\"\\\\/\\u000a\\u0001\"");
    json_becomes("9007199254740993", "9007199254740993");
}

static void test_json_of_python(void **state)
{
    (void)state;
    json_becomes("[NaN, Infinity, -Infinity]", "[null, 1.7976931348623157e+308, -1.7976931348623157e+308]");
    json_becomes("{\"a NaN\": \"-Infinity \\\" NaN\"}", "{\"a NaN\": \"-Infinity \\\" NaN\"}");
}

static void json_is_refused(const char *text, size_t size, const char *because)
{
    arena memory = {0};
    cepa_error error = {0};
    assert_null(json_read(&memory, text, size, &error));
    assert_int_equal(error.status, CEPA_FORMAT);
    if (!strstr(error.message, because)) fail_msg("'%s' lacks '%s'", error.message, because);
    arena_free(&memory);
}

static void test_json_refusals(void **state)
{
    (void)state;
    json_is_refused("", 0, "line 1");
    json_is_refused("{\"a\": 1,\n \"a\": 2}", 17, "line 2");
    json_is_refused("[1,]", 4, "column 4");
    json_is_refused("[Nan]", 5, "line 1");
    json_is_refused("\"\\", 2, "line 1");
    json_is_refused("[1] 2", 5, "line 1");
    char deep[500];
    memset(deep, '[', 250);
    memset(deep + 250, ']', 250);
    json_is_refused(deep, sizeof deep, "deeper than 200");
}

/* ---- Archives ---- */

static void test_archive_round_trip(void **state)
{
    (void)state;
    archive_member members[] = {{"metadata.json", "{}", 2}, {"empty", "", 0}, {"\303\251", "abc", 3}};
    buffer first = {0}, second = {0}, read = {0};
    assert_int_equal(archive_write(members, 3, &first, NULL), CEPA_OK);
    assert_int_equal(archive_write(members, 3, &second, NULL), CEPA_OK);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    assert_memory_equal(first.bytes + 8, "\0\0\0\0\x21\0", 6); /* stored, 1980-01-01 */
    archive_reader *archive;
    assert_int_equal(archive_open(first.bytes, first.size, &archive, NULL), CEPA_OK);
    assert_true(archive_has(archive, "empty"));
    assert_false(archive_has(archive, "absent"));
    assert_int_equal(archive_read(archive, "\303\251", 3, &read, NULL), CEPA_OK);
    assert_int_equal(read.size, 3);
    assert_memory_equal(read.bytes, "abc", 3);
    cepa_error error;
    assert_int_equal(archive_read(archive, "\303\251", 2, &read, &error), CEPA_FORMAT);
    assert_non_null(strstr(error.message, "limit of 2"));
    assert_int_equal(archive_read(archive, "absent", 9, &read, &error), CEPA_FORMAT);
    archive_close(archive);
    buffer_free(&first);
    buffer_free(&second);
    buffer_free(&read);
}

static void test_archive_checksum(void **state)
{
    (void)state;
    buffer bytes = {0}, read = {0};
    cepa_error error;
    assert_int_equal(archive_write(&(archive_member){"m", "contents", 8}, 1, &bytes, NULL), CEPA_OK);
    unsigned char *place = memmem(bytes.bytes, bytes.size, "contents", 8);
    place[3] ^= 1;
    archive_reader *archive;
    assert_int_equal(archive_open(bytes.bytes, bytes.size, &archive, NULL), CEPA_OK);
    assert_int_equal(archive_read(archive, "m", 100, &read, &error), CEPA_FORMAT);
    assert_non_null(strstr(error.message, "cannot be read"));
    archive_close(archive);
    assert_int_equal(archive_open("PK\3\4garbage", 11, &archive, &error), CEPA_FORMAT);
    assert_null(archive);
    buffer_free(&bytes);
    buffer_free(&read);
}

/* ---- HDF5 ---- */

static void write_example(buffer *bytes)
{
    static const float values[6] = {1, -2, 0.5f, 1e-30f, INFINITY, 6};
    h5_file *file;
    assert_int_equal(h5_create(&file, NULL), CEPA_OK);
    assert_int_equal(h5_write_group(file, "vars", NULL), CEPA_OK);
    for (int i = 0; i < 40; i++) {
        char path[40];
        snprintf(path, sizeof path, "layers/dense_%d/vars/0", i);
        h5_shape shape = {2, {2, 3}, 6};
        assert_int_equal(h5_write_floats(file, path, &shape, values, NULL), CEPA_OK);
    }
    assert_int_equal(h5_write_text(file, "layers/dense_1/vars", "name", "d\303\251", NULL), CEPA_OK);
    assert_int_equal(h5_write_integer(file, "optimizer/vars/0", 9007199254740993, NULL), CEPA_OK);
    h5_shape scalar = {.count = 1};
    assert_int_equal(h5_write_floats(file, "optimizer/vars/1", &scalar, values + 2, NULL), CEPA_OK);
    assert_int_equal(h5_finish(file, bytes, NULL), CEPA_OK);
}

static void test_h5_round_trip(void **state)
{
    (void)state;
    buffer first = {0}, second = {0};
    write_example(&first);
    write_example(&second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    h5_file *file;
    cepa_error error;
    assert_int_equal(h5_open(first.bytes, first.size, &file, &error), CEPA_OK);
    h5_shape shape;
    assert_int_equal(h5_describe(file, "layers/dense_39/vars/0", &shape, NULL), CEPA_OK);
    assert_true(shape.rank == 2 && shape.size[0] == 2 && shape.size[1] == 3 && shape.count == 6);
    float values[6];
    assert_int_equal(h5_read_floats(file, "layers/dense_39/vars/0", values, 6, NULL), CEPA_OK);
    assert_true(values[1] == -2 && values[3] == 1e-30f && isinf(values[4]));
    assert_int_equal(h5_read_floats(file, "layers/dense_39/vars/0", values, 5, &error), CEPA_FORMAT);
    assert_int_equal(h5_read_floats(file, "layers/dense_40/vars/0", values, 5, &error), CEPA_FORMAT);
    assert_non_null(strstr(error.message, "no dataset 'layers/dense_40/vars/0'"));
    double number;
    assert_int_equal(h5_read_number(file, "optimizer/vars/0", &number, NULL), CEPA_OK);
    assert_true(number == 9007199254740992.0);
    assert_true(h5_exists(file, "layers/dense_7"));
    assert_false(h5_exists(file, "layers/dense_7/cell/vars"));
    h5_close(file);
    buffer_free(&first);
    buffer_free(&second);
}

static void test_h5_texts(void **state)
{
    (void)state;
    buffer bytes = {0};
    write_example(&bytes);
    h5_file *file;
    arena memory = {0};
    const char *const *texts;
    size_t count;
    assert_int_equal(h5_open(bytes.bytes, bytes.size, &file, NULL), CEPA_OK);
    assert_int_equal(h5_read_texts(file, "layers/dense_1/vars", "name", &memory, &texts, &count, NULL), CEPA_OK);
    assert_int_equal(count, 1);
    assert_string_equal(texts[0], "d\303\251");
    assert_int_equal(h5_read_texts(file, "layers/dense_2/vars", "name", &memory, &texts, &count, NULL), CEPA_OK);
    assert_int_equal(count, 0);
    h5_close(file);
    arena_free(&memory);
    buffer_free(&bytes);
}

static void read_one(h5_file *file, const char *path)
{
    static const char *const attributes[] = {"name", "layer_names", "weight_names", "model_config", "keras_version"};
    arena memory = {0};
    const char *const *texts;
    size_t count;
    h5_shape shape;
    for (size_t i = 0; i < ARRAY_COUNT(attributes); i++)
        h5_read_texts(file, path, attributes[i], &memory, &texts, &count, NULL);
    if (!h5_describe(file, path, &shape, NULL) && shape.count < 1 << 20) {
        float *values = malloc((shape.count + 1) * sizeof *values);
        h5_read_floats(file, path, values, shape.count, NULL);
        free(values);
    }
    arena_free(&memory);
}

static herr_t visit(hid_t root, const char *path, const H5L_info_t *info, void *file)
{
    (void)root, (void)info;
    read_one(file, path);
    return 0;
}

/* Reads everything there is in the only open file, whose names libhdf5 lists; false where it cannot. */
static bool read_all(h5_file *file)
{
    hid_t id;
    read_one(file, "/");
    return H5Fget_obj_ids(H5F_OBJ_ALL, H5F_OBJ_FILE, 1, &id) == 1 &&
           H5Lvisit(id, H5_INDEX_NAME, H5_ITER_INC, visit, file) >= 0;
}

static bool is_h5(const buffer *bytes) { return bytes->size > 8 && memcmp(bytes->bytes, "\x89HDF", 4) == 0; }

/* The HDF5 file in a golden file, or the file itself; false where there is none. */
static bool h5_of(const char *name, buffer *bytes)
{
    char *path = golden_path(name);
    buffer file = {0};
    assert_non_null(path);
    assert_int_equal(file_read(path, 0, &file, NULL), CEPA_OK);
    free(path);
    if (!is_h5(&file)) {
        archive_reader *archive;
        assert_int_equal(archive_open(file.bytes, file.size, &archive, NULL), CEPA_OK);
        assert_int_equal(archive_read(archive, "model.weights.h5", SIZE_MAX, bytes, NULL), CEPA_OK);
        archive_close(archive);
        buffer_free(&file);
    } else {
        *bytes = file;
    }
    return is_h5(bytes);
}

static void check_golden(const char *folder, const char *ending)
{
    size_t count;
    char **names = golden_names(folder, ending, &count);
    for (size_t i = 0; i < count; i++) {
        char name[200];
        buffer bytes = {0};
        cepa_error error = {0};
        h5_file *file;
        snprintf(name, sizeof name, "%s%s", names[i], ending);
        assert_true(h5_of(name, &bytes));
        if (h5_open(bytes.bytes, bytes.size, &file, &error)) fail_msg("%s: %s", name, error.message);
        assert_true(read_all(file));
        h5_close(file);
        buffer_free(&bytes);
    }
    golden_free_names(names, count);
}

static void test_h5_of_keras(void **state)
{
    (void)state;
    check_golden("models", ".h5");
    check_golden("models", ".keras");
    check_golden("models/handmade", ".keras");
}

static void read_whole(const char *name, buffer *bytes)
{
    char *path = path_join("tests/files", name);
    assert_int_equal(file_read(path, 0, bytes, NULL), CEPA_OK);
    free(path);
}

static void test_chunked_h5(void **state)
{
    (void)state;
    buffer bytes = {0};
    arena memory = {0};
    h5_file *file;
    float values[60];
    const char *const *texts;
    size_t count;
    read_whole("chunked.h5", &bytes);
    assert_int_equal(h5_open(bytes.bytes, bytes.size, &file, NULL), CEPA_OK);
    for (int d = 0; d < 2; d++) {
        assert_int_equal(h5_read_floats(file, d ? "vars/1" : "vars/0", values, 60, NULL), CEPA_OK);
        for (int i = 0; i < 60; i++) assert_true(values[i] == (float)i);
    }
    assert_int_equal(h5_read_texts(file, "/", "layer_names", &memory, &texts, &count, NULL), CEPA_OK);
    assert_true(count == 3 && strcmp(texts[0], "a") == 0 && !*texts[1] && strcmp(texts[2], "bcd") == 0);
    assert_int_equal(h5_read_texts(file, "/", "weight_names", &memory, &texts, &count, NULL), CEPA_OK);
    assert_true(count == 2 && strcmp(texts[0], "abc") == 0 && strcmp(texts[1], "de") == 0);
    assert_int_equal(h5_read_texts(file, "/", "name", &memory, &texts, &count, NULL), CEPA_OK);
    assert_int_equal(count, 0);
    h5_close(file);
    arena_free(&memory);
    buffer_free(&bytes);
}

/* Which HDF5 has no type for. */
static void test_bfloat16_h5(void **state)
{
    (void)state;
    static const float kernel[] = {1.5f, -2.25f, 0.0078125f, 0x1.c4p127f};
    buffer bytes = {0};
    h5_file *file;
    float values[4];
    read_whole("bfloat16.weights.h5", &bytes);
    assert_int_equal(h5_open(bytes.bytes, bytes.size, &file, NULL), CEPA_OK);
    assert_int_equal(h5_read_floats(file, "layers/dense/vars/0", values, 4, NULL), CEPA_OK);
    assert_memory_equal(values, kernel, sizeof kernel);
    assert_int_equal(h5_read_floats(file, "layers/dense/vars/1", values, 4, NULL), CEPA_FORMAT);
    h5_close(file);
    buffer_free(&bytes);
}

static void test_refused_h5(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"soft_link.h5", "soft links"}, {"external_link.h5", "external links"}, {"external_data.h5", "external files"}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        buffer bytes = {0};
        cepa_error error;
        read_whole(cases[i][0], &bytes);
        assert_int_equal(h5_check(bytes.bytes, bytes.size, &error), CEPA_UNSUPPORTED);
        if (!strstr(error.message, cases[i][1])) fail_msg("%s: %s", cases[i][0], error.message);
        buffer_free(&bytes);
    }
}

/* ---- Damage ---- */

static uint64_t draw(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 33;
}

/* Damages a copy: a cut, some bytes replaced, or a number of 8 bytes made extreme or a place in the file. */
static void damage(buffer *copy, uint64_t *random)
{
    static const uint64_t extremes[] = {0, 1, 0xFF, 0x7FFF, 0xFFFFFFFF, UINT64_MAX, UINT64_MAX - 7, INT64_MAX};
    uint64_t kind = draw(random) % 8;
    if (kind == 0) copy->size = (size_t)(draw(random) % copy->size);
    for (uint64_t i = 0, changes = 1 + draw(random) % 4; i < changes && copy->size > 16; i++) {
        /* Structures stand in the first kilobytes and in the last. */
        size_t reach = draw(random) % 2 ? copy->size : copy->size < 4000 ? copy->size : 4000;
        size_t at = (size_t)(draw(random) % (reach - 8));
        uint64_t number = kind == 1 ? extremes[draw(random) % ARRAY_COUNT(extremes)] : draw(random) % copy->size;
        if (kind < 3)
            memcpy(copy->bytes + at / 8 * 8, &number, 8);
        else
            copy->bytes[at] =
                (unsigned char)(draw(random) % 2 ? draw(random) : copy->bytes[at] ^ 1u << draw(random) % 8);
    }
}

/* Opens damaged copies of an HDF5 file. Nothing may crash, hang or leak; whether it is refused does not matter. */
static void survive(const char *name, const buffer *whole, int rounds)
{
    int opened = 0;
    uint64_t random = 1;
    for (int i = 0; i < rounds; i++) {
        buffer copy = {0};
        cepa_error error = {0};
        h5_file *file;
        buffer_bytes(&copy, whole->bytes, whole->size);
        damage(&copy, &random);
        if (!h5_open(copy.bytes, copy.size, &file, &error)) {
            read_all(file);
            opened++;
        } else {
            assert_true(error.status != CEPA_OK && error.message[0]);
        }
        h5_close(file);
        buffer_free(&copy);
    }
    print_message("%s: %d of %d damaged copies could be opened\n", name, opened, rounds);
    assert_true(opened < rounds);
}

static void test_damaged_h5(void **state)
{
    (void)state;
    const char *more = getenv("CEPA_FUZZ");
    int rounds = more ? atoi(more) : 400;
    size_t count;
    char **names = golden_names("models", ".keras", &count);
    for (size_t i = 0; i < count; i += more ? 1 : count / 3 + 1) {
        char name[200];
        buffer bytes = {0};
        snprintf(name, sizeof name, "%s.keras", names[i]);
        assert_true(h5_of(name, &bytes));
        survive(name, &bytes, rounds);
        buffer_free(&bytes);
    }
    golden_free_names(names, count);
    static const char *const others[] = {"chunked.h5", "latest.h5", "bfloat16.weights.h5"};
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        buffer bytes = {0};
        read_whole(others[i], &bytes);
        survive(others[i], &bytes, 4 * rounds);
        buffer_free(&bytes);
    }
}

static void test_not_h5(void **state)
{
    (void)state;
    cepa_error error;
    assert_int_equal(h5_check("", 0, &error), CEPA_FORMAT);
    assert_int_equal(h5_check("PK\3\4", 4, &error), CEPA_FORMAT);
    assert_non_null(strstr(error.message, "not an HDF5 file"));
    assert_int_equal(h5_check("\x89HDF\r\n\x1a\n\0\0\0", 11, &error), CEPA_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_values),      cmocka_unit_test(test_json_of_python),
        cmocka_unit_test(test_json_refusals),    cmocka_unit_test(test_archive_round_trip),
        cmocka_unit_test(test_archive_checksum), cmocka_unit_test(test_h5_round_trip),
        cmocka_unit_test(test_h5_texts),         cmocka_unit_test(test_h5_of_keras),
        cmocka_unit_test(test_not_h5),           cmocka_unit_test(test_chunked_h5),
        cmocka_unit_test(test_bfloat16_h5),      cmocka_unit_test(test_refused_h5),
        cmocka_unit_test(test_damaged_h5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
