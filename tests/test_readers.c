/* Readers of data sets: CIFAR's binary and Python files, archives, MNIST's IDX files. */
#include "base/file.h"
#include "data/cifar.h"
#include "data_files.h"

#include <stdlib.h>
#include <string.h>

/* ---- CIFAR ---- */

static void cifar_folders_are_read(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    write_records(in_folder("c10/data_batch_1.bin"), 0, 3, 1);
    write_records(in_folder("c10/data_batch_2.bin"), 3, 2, 1);
    write_records(in_folder("c10/test_batch.bin"), 5, 4, 1);
    write_text(in_folder("c10/batches.meta.txt"), "plane\ncar\n\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
    open_data(in_folder("c10"), NULL, &train, &test);
    check_pictures(train, 0, 5);
    check_pictures(test, 5, 4);
    const cepa_dataset_info *info = cepa_dataset_describe(train);
    assert_string_equal(info->name, "c10");
    assert_int_equal(info->class_count, 10);
    assert_string_equal(info->class_names[1], "car");
    assert_non_null(strstr(info->citation, "Krizhevsky"));
    cepa_dataset_free(train);
    cepa_dataset_free(test);
}

static void cifar100_uses_the_fine_label(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    write_records(in_folder("c100/train.bin"), 7, 3, 2);
    open_data(in_folder("c100/"), NULL, &train, &test);
    check_pictures(train, 7, 3);
    assert_null(test);
    cepa_dataset_free(train);
}

static void few_rows_need_few_files(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    write_records(in_folder("data_batch_1.bin"), 0, 3, 1);
    write_text(in_folder("data_batch_2.bin"), "damaged");
    open_data(in_folder("."), &(cepa_dataset_options){.rows = 3}, &train, &test);
    check_pictures(train, 0, 3);
    cepa_dataset_free(train);
    REFUSE(in_folder("."), NULL, CEPA_FORMAT, "data_batch_2.bin");
    open_data(in_folder("data_batch_1.bin"), NULL, &train, &test);
    check_pictures(train, 0, 3);
    cepa_dataset_free(train);
    REFUSE(in_folder("data_batch_1.bin"), &(cepa_dataset_options){.rows = 4}, CEPA_ARGUMENT, "4 training rows",
           "it has 3");
}

static void cifar_archives_are_read(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    buffer one = {0}, two = {0};
    write_records(in_folder("one"), 0, 3, 1);
    write_records(in_folder("two"), 3, 2, 1);
    assert_int_equal(file_read(in_folder("one"), 0, &one, NULL), CEPA_OK);
    assert_int_equal(file_read(in_folder("two"), 0, &two, NULL), CEPA_OK);
    write_archive(in_folder("a.tar.gz"),
                  (packed_file[]){{.name = "cifar/test_batch.bin", .bytes = two.bytes, .size = two.size},
                                  {.name = "cifar/data_batch_1.bin", .bytes = one.bytes, .size = one.size},
                                  {.name = NULL}});
    open_data(in_folder("a.tar.gz"), NULL, &train, &test);
    check_pictures(train, 0, 3);
    check_pictures(test, 3, 2);
    cepa_dataset_free(train);
    cepa_dataset_free(test);
    buffer_free(&one);
    buffer_free(&two);
}

static void damaged_cifar_is_refused(void **state)
{
    (void)state;
    write_records(in_folder("a/data_batch_1.bin"), 0, 3, 1);
    write_records(in_folder("a/data_batch_3.bin"), 0, 3, 1);
    REFUSE(in_folder("a"), NULL, CEPA_NOT_FOUND, "data_batch_3.bin is there, but not data_batch_2.bin");
    write_file(in_folder("b/data_batch_1.bin"), (char[3073 * 2 - 1]){0}, 3073 * 2 - 1);
    REFUSE(in_folder("b"), NULL, CEPA_FORMAT, "data_batch_1.bin", "record 1", "3073", "6145");
    unsigned char records[3073 * 2] = {0};
    records[3073] = 10;
    write_file(in_folder("c/data_batch_1.bin"), records, sizeof records);
    REFUSE(in_folder("c"), NULL, CEPA_DATA, "data_batch_1.bin", "record 1", "label 10", "0 to 9");
    write_text(in_folder("d/data_batch_1.bin"), "");
    REFUSE(in_folder("d"), NULL, CEPA_FORMAT, "data_batch_1.bin");
    write_records(in_folder("e/data_batch_1.bin"), 0, 1, 1);
    write_text(in_folder("e/batches.meta.txt"), "\n");
    REFUSE(in_folder("e"), NULL, CEPA_FORMAT, "batches.meta.txt", "no class names");
    REFUSE(in_folder("nowhere"), NULL, CEPA_NOT_FOUND, "nowhere");
    write_text(in_folder("f/readme"), "nothing");
    REFUSE(in_folder("f"), NULL, CEPA_FORMAT, "no data set", "CIFAR", ".npz", "IDX");
}

/* The first 25 labels of CIFAR-10 and how often each class occurs in the first 10,000, from the project's requirements.
 */
static void real_cifar_has_its_labels(void **state)
{
    (void)state;
    static const unsigned char first[] = {6, 9, 9, 4, 1, 1, 2, 7, 8, 3, 4, 7, 7, 2, 9, 9, 9, 3, 2, 6, 4, 3, 6, 6, 2};
    static const size_t counts[] = {1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981};
    if (!getenv("CEPA_DATA")) skip();
    cepa_dataset *train, *test;
    open_data("cifar10", &(cepa_dataset_options){.rows = 10000, .local_only = true}, &train, &test);
    assert_int_equal(cepa_dataset_take(train, 10000, NULL), CEPA_OK);
    const cepa_dataset_info *info = cepa_dataset_describe(train);
    const unsigned char *y = info->targets[0].data;
    assert_string_equal(info->name, "cifar10");
    assert_memory_equal(y, first, sizeof first);
    size_t found[10] = {0};
    for (size_t i = 0; i < info->rows; i++) found[y[i]]++;
    assert_memory_equal(found, counts, sizeof counts);
    cepa_dataset_free(train);
    cepa_dataset_free(test);
}

/* ---- IDX ---- */

static const unsigned char idx_pictures[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                                             0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const unsigned char idx_labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 3};

static void idx_files_are_read(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    write_file(in_folder("m/train-images-idx3-ubyte"), idx_pictures, sizeof idx_pictures);
    write_file(in_folder("m/train-labels-idx1-ubyte"), idx_labels, sizeof idx_labels);
    write_gzip(in_folder("m/t10k-images-idx3-ubyte.gz"), idx_pictures, sizeof idx_pictures);
    write_gzip(in_folder("m/t10k-labels-idx1-ubyte.gz"), idx_labels, sizeof idx_labels);
    open_data(in_folder("m"), NULL, &train, &test);
    for (int part = 0; part < 2; part++) {
        const cepa_dataset_info *info = cepa_dataset_describe(part ? test : train);
        assert_int_equal(info->rows, 2);
        assert_int_equal(info->inputs[0].rank, 2);
        assert_memory_equal(info->inputs[0].shape, ((int[]){2, 3}), 2 * sizeof(int));
        assert_memory_equal(info->inputs[0].data, idx_pictures + 16, 12);
        assert_int_equal(info->targets[0].rank, 0);
        assert_memory_equal(info->targets[0].data, "\7\3", 2);
        assert_int_equal(info->class_count, 8);
    }
    cepa_dataset_free(train);
    cepa_dataset_free(test);
}

static void damaged_idx_is_refused(void **state)
{
    (void)state;
    write_file(in_folder("train-images-idx3-ubyte"), idx_pictures, sizeof idx_pictures - 1);
    REFUSE(in_folder("."), NULL, CEPA_NOT_FOUND, "train-labels-idx1-ubyte");
    write_file(in_folder("train-labels-idx1-ubyte"), idx_labels, sizeof idx_labels);
    REFUSE(in_folder("."), NULL, CEPA_FORMAT, "train-images-idx3-ubyte", "record 1", "2 records");
    write_file(in_folder("train-images-idx3-ubyte"), idx_pictures, sizeof idx_pictures);
    write_file(in_folder("train-labels-idx1-ubyte"), "\0\0\10\1\0\0\0\3\1\2\3", 11);
    REFUSE(in_folder("."), NULL, CEPA_DATA, "3 labels for 2 pictures");
    write_file(in_folder("train-labels-idx1-ubyte"), "\0\0\15\1\0\0\0\2\1\2", 10);
    REFUSE(in_folder("."), NULL, CEPA_FORMAT, "train-labels-idx1-ubyte", "not an IDX file");
}

/* ---- Pickles ---- */

/* What Python 2 writes for {'labels': [...], 'data': array of count x 3072 bytes}, with one thing to break. */
typedef struct pickle_case {
    size_t count;
    const char *module; /* of the function that makes the array */
    const char *type;   /* of its numbers */
    size_t missing;     /* bytes of the array */
    const char *end;
} pickle_case;

#define PUT(literal) buffer_bytes(&out, literal, sizeof(literal) - 1)

static void write_pickle(const char *path, const pickle_case *c)
{
    buffer out = {0};
    size_t size = c->count * CIFAR_PICTURE - c->missing;
    PUT("\x80\x02}q\x00(U\x06labelsq\x01]q\x02(");
    for (size_t i = 0; i < c->count; i++) buffer_bytes(&out, (unsigned char[]){'K', (unsigned char)(i % 10)}, 2);
    PUT("eU\x04"
        "dataq\x03"
        "c");
    buffer_text(&out, c->module);
    PUT("\n_reconstruct\nq\x04"
        "cnumpy\nndarray\nq\x05K\x00\x85q\x06U\x01"
        "bq\x07\x87Rq\x08(K\x01K");
    buffer_bytes(&out, &(unsigned char){(unsigned char)c->count}, 1);
    PUT("M\x00\x0c\x86"
        "cnumpy\ndtype\nU\x02");
    buffer_text(&out, c->type);
    PUT("K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T");
    for (int i = 0; i < 4; i++) buffer_bytes(&out, &(unsigned char){(unsigned char)(size >> 8 * i)}, 1);
    for (size_t i = 0; i < size; i++)
        buffer_bytes(&out, &(unsigned char){pixel(i / CIFAR_PICTURE, i % CIFAR_PICTURE / CIFAR_PLANE, i % CIFAR_PLANE)},
                     1);
    PUT("tbU\x0b"
        "batch_labelq\x09U\x03oneu");
    buffer_text(&out, c->end);
    write_file(path, out.bytes, out.size);
    buffer_free(&out);
}

static void pickles_are_read(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    write_pickle(in_folder("data_batch_1"), &(pickle_case){5, "numpy.core.multiarray", "u1", 0, "."});
    write_pickle(in_folder("test_batch"), &(pickle_case){2, "numpy._core.multiarray", "u1", 0, "."});
    open_data(in_folder("."), NULL, &train, &test);
    check_pictures(train, 0, 5);
    check_pictures(test, 0, 2);
    assert_string_equal(cepa_dataset_describe(train)->class_names[0], "airplane");
    cepa_dataset_free(train);
    cepa_dataset_free(test);
    write_text(in_folder("batches.meta"), "\x80\x02}U\x0blabel_names](U\x03oneU\x03twoes.");
    REFUSE(in_folder("."), NULL, CEPA_DATA, "data_batch_1", "record 2", "label 2", "0 to 1");
}

static void programs_in_pickles_are_refused(void **state)
{
    (void)state;
    static const struct {
        pickle_case pickle;
        const char *message;
    } cases[] = {{{2, "os.multiarray", "u1", 0, "."}, "calls a function that is not allowed"},
                 {{2, "numpy.core.multiarray", "O8", 0, "."}, "array of bytes"},
                 {{2, "numpy.core.multiarray", "u1", 1, "."}, "shape does not fit"},
                 {{2, "numpy.core.multiarray", "u1", 0, ""}, "cut off"},
                 {{2, "numpy.core.multiarray", "u1", 0, "0."}, "not allowed"},
                 {{2, "numpy.core.multiarray", "u1", 0, "N."}, "dictionary was expected"},
                 {{2, "numpy.core.multiarray", "u1", 0, "e."}, "mark is missing"}};
    static const char system[] = "\x80\x02"
                                 "cos\nsystem\nU\x04true\x85R.";
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        write_pickle(in_folder("data_batch_1"), &cases[i].pickle);
        REFUSE(in_folder("."), NULL, CEPA_FORMAT, "data_batch_1", cases[i].message);
    }
    write_file(in_folder("data_batch_1"), system, sizeof system - 1);
    REFUSE(in_folder("."), NULL, CEPA_FORMAT, "calls a function that is not allowed");
    write_text(in_folder("data_batch_1"), "(dp0\n.");
    REFUSE(in_folder("."), NULL, CEPA_FORMAT, "does not begin");
}

/* ---- Archives ---- */

static void harmful_archives_are_refused(void **state)
{
    (void)state;
    static const packed_file cases[][2] = {{{.name = "../data_batch_1.bin", .bytes = "x", .size = 1}},
                                           {{.name = "a/../../b", .bytes = "x", .size = 1}},
                                           {{.name = "/etc/cepa", .bytes = "x", .size = 1}},
                                           {{.name = "data_batch_1.bin", .link = "/etc/passwd"}}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        write_archive(in_folder("a.tar.gz"), cases[i]);
        REFUSE(in_folder("a.tar.gz"), NULL, CEPA_FORMAT, "a.tar.gz", cases[i][0].link ? "neither" : "leads out");
    }
}

/* Each file cut off anywhere and with any byte changed: a message, or what is still whole; never more. */
static void damage_is_survived(void **state)
{
    (void)state;
    static const char *const names[] = {"train-images-idx3-ubyte", "data_batch_1", "whole.tar.gz"};
    write_pickle(in_folder("whole/data_batch_1"), &(pickle_case){2, "numpy.core.multiarray", "u1", 0, "."});
    write_file(in_folder("whole/train-images-idx3-ubyte"), idx_pictures, sizeof idx_pictures);
    write_archive(in_folder("whole/whole.tar.gz"),
                  (packed_file[]){{.name = names[0], .bytes = idx_pictures, .size = sizeof idx_pictures},
                                  {.name = "train-labels-idx1-ubyte", .bytes = idx_labels, .size = sizeof idx_labels},
                                  {.name = NULL}});
    for (size_t n = 0; n < ARRAY_COUNT(names); n++) {
        buffer whole = {0};
        assert_int_equal(file_read(in_folder("whole/%s", names[n]), 0, &whole, NULL), CEPA_OK);
        const char *path = in_folder("%s", names[n]);
        for (size_t i = 0; i < whole.size && i < 400; i++) {
            cepa_dataset *train, *test;
            cepa_error error = {0};
            write_file(path, whole.bytes, i);
            assert_int_not_equal(cepa_dataset_open(path, NULL, &train, &test, &error), CEPA_OK);
            assert_string_not_equal(error.message, "");
            for (int change = 1; change < 256; change *= 3) {
                whole.bytes[i] = (unsigned char)(whole.bytes[i] ^ change);
                write_file(path, whole.bytes, whole.size);
                whole.bytes[i] = (unsigned char)(whole.bytes[i] ^ change);
                if (cepa_dataset_open(path, NULL, &train, &test, &error)) continue;
                cepa_dataset_free(train);
                cepa_dataset_free(test);
            }
        }
        buffer_free(&whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(cifar_folders_are_read),
        IN_FOLDER(cifar100_uses_the_fine_label),
        IN_FOLDER(few_rows_need_few_files),
        IN_FOLDER(cifar_archives_are_read),
        IN_FOLDER(damaged_cifar_is_refused),
        cmocka_unit_test(real_cifar_has_its_labels),
        IN_FOLDER(idx_files_are_read),
        IN_FOLDER(damaged_idx_is_refused),
        IN_FOLDER(pickles_are_read),
        IN_FOLDER(programs_in_pickles_are_refused),
        IN_FOLDER(harmful_archives_are_refused),
        IN_FOLDER(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
