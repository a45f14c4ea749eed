/* Tables: CSV as spreadsheets write it, columns of numbers and of text, missing values, parts dealt out by chance. */
#include "base/random.h"
#include "data/csv.h"
#include "data_files.h"

#include <stdlib.h>
#include <string.h>

static cepa_dataset *open_table(const char *text, cepa_table table)
{
    cepa_dataset *data, *none;
    write_text(in_folder("t.csv"), text);
    open_data(in_folder("t.csv"), &(cepa_dataset_options){.table = table}, &data, &none);
    assert_null(none);
    return data;
}

static void assert_numbers(const cepa_array *array, const float *expected, size_t count)
{
    assert_int_equal(array->type, CEPA_FLOAT32);
    for (size_t i = 0; i < count; i++) assert_true(((const float *)array->data)[i] == expected[i]);
}

static const char animals[] = "kind,island,bill,mass,sex\n"
                              "Gentoo,Dream,1.5,3,m\n"
                              "Adelie,Biscoe,NA,4,f\n"
                              "Adelie,Dream,-2e1,5,NA\n"
                              "Chinstrap,Biscoe,4,6,m\n";

static void text_becomes_classes_in_order(void **state)
{
    (void)state;
    cepa_dataset *data = open_table(animals, (cepa_table){.target = "kind"});
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    assert_int_equal(info->rows, 3);
    assert_int_equal(info->incomplete, 1);
    assert_int_equal(info->class_count, 3);
    assert_string_equal(info->class_names[0], "Adelie");
    assert_string_equal(info->class_names[2], "Gentoo");
    assert_int_equal(info->inputs[0].shape[0], 2);
    assert_string_equal(info->inputs[0].columns[1], "mass");
    assert_string_equal(info->targets[0].name, "kind");
    assert_numbers(info->inputs, (float[]){1.5F, 3, -20, 5, 4, 6}, 6);
    assert_numbers(info->targets, (float[]){0, 0, 1, 1, 0, 0, 0, 1, 0}, 9);
    cepa_dataset_free(data);
}

static void inputs_are_chosen_by_name(void **state)
{
    (void)state;
    cepa_dataset *data = open_table(animals, (cepa_table){.inputs = "island,mass,sex=f", .target = "bill"});
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    assert_int_equal(info->rows, 2);
    assert_string_equal(info->table->inputs, "island=Biscoe,island=Dream,mass,sex=f");
    assert_numbers(info->inputs, (float[]){0, 1, 3, 0, 1, 0, 6, 0}, 8);
    assert_int_equal(info->targets[0].rank, 0);
    assert_numbers(info->targets, (float[]){1.5F, 4}, 2);
    cepa_table again = {.inputs = info->table->inputs, .target = "kind=Gentoo,kind=Chinstrap,kind=Adelie"};
    cepa_dataset *other = open_table(animals, again);
    assert_int_equal(cepa_dataset_describe(other)->inputs[0].shape[0], 4);
    assert_string_equal(cepa_dataset_describe(other)->class_names[0], "Gentoo");
    cepa_dataset_free(data);
    cepa_dataset_free(other);
    data = open_table("a_1,b,a_x,a_2,c\n1,2,x,3,4\n", (cepa_table){.inputs = "a_*,b", .target = "c"});
    assert_string_equal(cepa_dataset_describe(data)->table->inputs, "a_1,a_2,b");
    cepa_dataset_free(data);
}

static void the_target_of_a_later_row(void **state)
{
    (void)state;
    cepa_table table = {.target = "sun", .ahead = 1, .drop = "DATE", .first = 3};
    cepa_dataset *data = open_table("DATE,sun,rain\n1,10,0\n2,20,NA\n3,30,2\n4,40,3\n5,50,4\n", table);
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    assert_int_equal(info->rows, 2);
    assert_numbers(info->inputs, (float[]){10, 0, 30, 2}, 4);
    assert_numbers(info->targets, (float[]){20, 40}, 2);
    cepa_dataset_free(data);
}

static void spreadsheets_write_many_ways(void **state)
{
    (void)state;
    static const char *const same[] = {
        "a,b c\n1,x\n2,y\n",
        "\xEF\xBB\xBF"
        "a;\"b c\"\r\n1;x\r\n\r\n 2 ; y \r\n",
        "a\tb c\r1\tx\r2\ty",
        "\na,b c\n\"1\",\"x\" \n2,y",
    };
    for (size_t i = 0; i < ARRAY_COUNT(same); i++) {
        cepa_dataset *data = open_table(same[i], (cepa_table){.target = "b c"});
        assert_int_equal(cepa_dataset_describe(data)->rows, 2);
        assert_numbers(cepa_dataset_describe(data)->inputs, (float[]){1, 2}, 2);
        assert_string_equal(cepa_dataset_describe(data)->class_names[1], "y");
        cepa_dataset_free(data);
    }
    csv_fields list = {0};
    buffer written = {0};
    assert_int_equal(csv_read_list("list", "a,\"b, \"\"c\"\"\n\", d ,\"\",\" e\",\"f\t\"", &list, NULL), CEPA_OK);
    assert_int_equal(list.count, 6);
    assert_string_equal(list.fields[1], "b, \"c\"\n");
    assert_string_equal(list.fields[2], "d");
    for (size_t i = 0; i < list.count; i++) csv_write_field(&written, ',', list.fields[i]);
    assert_string_equal(written.bytes, "a,\"b, \"\"c\"\"\n\",d,\"\",\" e\",\"f\t\"");
    csv_fields_free(&list);
    buffer_free(&written);
}

/* A comma where none separates fields. In a column with points, or where fields are apart by commas, it is none. */
static void decimal_commas_are_read(void **state)
{
    (void)state;
    static const char *const same[] = {"a;b;c;d\n1,5;x;0.5;1,5\n-2,25e1;y;NA;2.5\n;z;3;3\n",
                                       "a\tb\tc\td\n1,5\tx\t0.5\tk\n-2,25e1\ty\tNA\tl\n\tz\t3\tm\n",
                                       "a,b,c,d\n1.5,x,0.5,\"1,5\"\n-22.5,y,NA,2\n,z,3,3\n"};
    for (size_t i = 0; i < ARRAY_COUNT(same); i++) {
        cepa_dataset *data = open_table(same[i], (cepa_table){.target = "a"});
        assert_numbers(cepa_dataset_describe(data)->targets, (float[]){1.5F}, 1);
        assert_string_equal(cepa_dataset_describe(data)->table->inputs, "c");
        cepa_dataset_free(data);
        data = open_table(same[i], (cepa_table){.inputs = "a"});
        assert_numbers(cepa_dataset_describe(data)->inputs, (float[]){1.5F, -22.5F}, 2);
        cepa_dataset_free(data);
    }
}

static void compressed_tables_are_read(void **state)
{
    (void)state;
    cepa_dataset *data, *none;
    write_gzip(in_folder("t.csv.gz"), animals, sizeof animals - 1);
    open_data(in_folder("t.csv.gz"), &(cepa_dataset_options){.table.target = "mass"}, &data, &none);
    assert_int_equal(cepa_dataset_describe(data)->rows, 3);
    cepa_dataset_free(data);
}

static void blank_lines_are_passed_over(void **state)
{
    (void)state;
    cepa_dataset *data, *none;
    write_text(in_folder("t.csv"), "\na,b\n  \n1,2\n\n3,4\r\n   ");
    open_data(in_folder("t.csv"), NULL, &data, &none);
    assert_int_equal(cepa_dataset_describe(data)->rows, 2);
    cepa_dataset_free(data);
}

static void bad_tables_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *target, *says;
    } cases[] = {
        {"", NULL, "is empty"},
        {"a,b\n", NULL, "no rows below"},
        {"1,2\n3,4\n", NULL, "columns' names"},
        {"a,a\n1,2\n", NULL, "two columns are called a"},
        {"a,b\n1,2\n3\n", NULL, ":3: 1 field, 2 were expected"},
        {"a,b\n1,\"2\n3,4\n", NULL, ":2: a quotation mark is not closed"},
        {"a,b\n1,\"2\"x\n", NULL, ":2: text behind"},
        {"a,b\n\"1\n\",2\n3\n", NULL, ":4: 1 field, 2 were expected"},
        {"a,b\n1,NA\nNA,2\n", NULL, "in every row something is missing"},
        {"a,b\nx,y\n", NULL, "no column is left"},
        {"a,b\n1,y\n", "b*", "has no column b*"},
        {"a,b\n1,y\n", "c", "has no column c, its columns are a,b"},
        {"a,b\n1,NA\n2,NA\n", "b", "the column b is empty"},
        {"a,b\n1,x\n2,y\n3,z\n", "b=x,b=y", "row 3: b is z, which is none of the 2 classes"},
        {"a,b\n1e300,x\n2,y\n", "b", "no column is left"}, /* too large for a float: text */
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        cepa_dataset *train = NULL, *test = NULL;
        cepa_error error = {CEPA_OK, ""};
        write_text(in_folder("t.csv"), cases[i].text);
        cepa_dataset_options how = {.table.target = cases[i].target};
        assert_int_not_equal(cepa_dataset_open(in_folder("t.csv"), &how, &train, &test, &error), CEPA_OK);
        if (!strstr(error.message, cases[i].says)) fail_msg("'%s' in: %s", cases[i].says, error.message);
        assert_null(train);
    }
    buffer wide = {0};
    for (size_t i = 0; i < 10001; i++) buffer_format(&wide, "%sc%zu", i ? "," : "", i);
    write_file(in_folder("t.csv"), wide.bytes, wide.size);
    REFUSE(in_folder("t.csv"), NULL, CEPA_FORMAT, "10001 columns, at most 10000");
    buffer_free(&wide);
    write_file(in_folder("t.csv"), "a,b\n1\0,2\n", 9);
    REFUSE(in_folder("t.csv"), NULL, CEPA_FORMAT, "byte 0");
}

/* Any damage is read or refused; the sanitizers watch. */
static void damage_does_no_harm(void **state)
{
    (void)state;
    static const char bytes[] = ",;\t\"\n\r =NAx1.-e\0";
    random_stream stream = random_stream_of(7, "tables", "damage", 0);
    for (uint32_t i = 0; i < 3000; i++) {
        char text[sizeof animals];
        memcpy(text, animals, sizeof animals);
        for (uint32_t k = 0; k < 1 + i % 4; k++)
            text[random_word(&stream, i, 2 * k) % (sizeof text - 1)] =
                bytes[random_word(&stream, i, 2 * k + 1) % sizeof bytes];
        csv_fields fields = {0};
        if (!csv_read_table("t", (const unsigned char *)text, sizeof text - 1 - i % 7, &fields, NULL))
            assert_int_equal(fields.count, fields.columns * fields.rows);
        csv_fields_free(&fields);
        write_file(in_folder("t.csv"), text, sizeof text - 1);
        cepa_dataset *train = NULL, *test = NULL;
        cepa_dataset_options how = {.table = {.target = i % 2 ? "kind" : "mass"}};
        cepa_dataset_open(in_folder("t.csv"), &how, &train, &test, NULL);
        cepa_dataset_free(train);
    }
}

/* ---- Parts ---- */

/* A table of count[c] rows of each class c, in turns; the input is the row's number. */
static void write_classes(const size_t count[3])
{
    buffer text = {0};
    buffer_text(&text, "number,kind\n");
    for (size_t c = 0, row = 0; c < 3; c++)
        for (size_t i = 0; i < count[c]; i++) buffer_format(&text, "%zu,%c\n", row++, (int)('a' + c));
    write_file(in_folder("t.csv"), text.bytes, text.size);
    buffer_free(&text);
}

static void assert_classes(const cepa_dataset *part, const size_t expected[3])
{
    size_t count[3] = {0}, rows = cepa_dataset_describe(part)->rows;
    for (size_t row = 0; row < rows; row++) count[cepa_dataset_class(part, row)]++;
    for (size_t c = 0; c < 3; c++) assert_int_equal(count[c], expected[c]);
}

/* The penguins' classes of the lesson: 151, 68 and 123 rows, of which train_test_split(test_size=0.2, stratify=...)
 * holds 30, 14 and 25 back. */
static void classes_have_their_share(void **state)
{
    (void)state;
    cepa_parts parts, again, other;
    cepa_dataset_options how = {.table = {.target = "kind", .split = "80/20"}};
    write_classes((size_t[]){151, 68, 123});
    assert_int_equal(cepa_dataset_open_parts(in_folder("t.csv"), &how, &parts, NULL), CEPA_OK);
    assert_int_equal(cepa_dataset_open_parts(in_folder("t.csv"), &how, &again, NULL), CEPA_OK);
    how.table.split_seed = 1;
    assert_int_equal(cepa_dataset_open_parts(in_folder("t.csv"), &how, &other, NULL), CEPA_OK);
    assert_null(parts.validation);
    assert_classes(parts.train, (size_t[]){121, 54, 98});
    assert_classes(parts.test, (size_t[]){30, 14, 25});
    assert_classes(other.test, (size_t[]){30, 14, 25});
    const float *a = cepa_dataset_describe(parts.test)->inputs->data;
    assert_memory_equal(a, cepa_dataset_describe(again.test)->inputs->data, 69 * sizeof *a);
    assert_memory_not_equal(a, cepa_dataset_describe(other.test)->inputs->data, 69 * sizeof *a);
    bool seen[342] = {false};
    for (size_t i = 0; i < 69; i++) seen[(size_t)a[i]] = true;
    a = cepa_dataset_describe(parts.train)->inputs->data;
    for (size_t i = 0; i < 273; i++) {
        assert_false(seen[(size_t)a[i]]);
        seen[(size_t)a[i]] = true;
    }
    for (size_t i = 0; i < 342; i++) assert_true(seen[i]);
    cepa_parts_free(&parts);
    cepa_parts_free(&again);
    cepa_parts_free(&other);
}

/* The weather's rows of the lesson: 1096, of which 0.3 are held back and halved. */
static void three_parts(void **state)
{
    (void)state;
    cepa_parts parts;
    cepa_dataset_options how = {.table = {.target = "number", .inputs = "kind", .split = "70/15/15"}};
    write_classes((size_t[]){500, 400, 196});
    assert_int_equal(cepa_dataset_open_parts(in_folder("t.csv"), &how, &parts, NULL), CEPA_OK);
    assert_int_equal(cepa_dataset_describe(parts.train)->rows, 767);
    assert_int_equal(cepa_dataset_describe(parts.validation)->rows, 164);
    assert_int_equal(cepa_dataset_describe(parts.test)->rows, 165);
    assert_string_equal(cepa_dataset_describe(parts.validation)->table->split, "70/15/15");
    cepa_parts_free(&parts);
    static const char *const wrong[] = {"",    "80",      "80/",    "80/20/", "0/1",
                                        "a/b", "1/2/3/4", "80/-20", "nan/1",  "1/1e300"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        how.table.split = wrong[i];
        assert_int_equal(cepa_dataset_open_parts(in_folder("t.csv"), &how, &parts, NULL), CEPA_ARGUMENT);
    }
    how.table = (cepa_table){.split = "80/20"};
    assert_int_equal(cepa_dataset_open_parts("shapes10", &how, &parts, NULL), CEPA_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(text_becomes_classes_in_order),
        IN_FOLDER(inputs_are_chosen_by_name),
        IN_FOLDER(the_target_of_a_later_row),
        IN_FOLDER(spreadsheets_write_many_ways),
        IN_FOLDER(decimal_commas_are_read),
        IN_FOLDER(compressed_tables_are_read),
        IN_FOLDER(blank_lines_are_passed_over),
        IN_FOLDER(bad_tables_are_refused),
        IN_FOLDER(damage_does_no_harm),
        IN_FOLDER(classes_have_their_share),
        IN_FOLDER(three_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
