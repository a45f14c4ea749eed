/* Base: values, field tables, text buffers, random numbers. */
#include "base/buffer.h"
#include "base/columns.h"
#include "base/fields.h"
#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Buffers and numbers */

static void numbers_are_shortest(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *text;
    } cases[] = {{0.1, "0.1"},         {1e-7, "1e-07"},
                 {2, "2.0"},           {1.0 / 3, "0.3333333333333333"},
                 {-0.5, "-0.5"},       {1e22, "1e+22"},
                 {123456, "123456.0"}, {INFINITY, "inf"},
                 {100, "100.0"},       {-1.2e15, "-1200000000000000.0"},
                 {1e16, "1e+16"},      {0, "0.0"}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        buffer out = {0};
        buffer_number(&out, cases[i].number, false);
        assert_string_equal((char *)out.bytes, cases[i].text);
        buffer_free(&out);
    }
}

static void buffers_grow(void **state)
{
    (void)state;
    buffer out = {0};
    for (int i = 0; i < 1000; i++) buffer_format(&out, "%03d,", i);
    assert_int_equal(out.size, 4000);
    char *text = buffer_take_text(&out);
    assert_memory_equal(text + 3996, "999,", 5);
    assert_null(out.bytes);
    free(text);
}

/* ---- Random numbers */

/* The known answers that come with Random123, the paper's own code. */
static void philox_has_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4];
        uint64_t key;
        uint32_t words[4];
    } cases[] = {
        {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
         UINT64_MAX,
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         0x299f31d0a4093822,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        uint32_t words[4];
        philox(cases[i].counter, cases[i].key, words);
        assert_memory_equal(words, cases[i].words, sizeof words);
    }
}

static void an_order_is_a_permutation(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    size_t order[COUNT], in_place = 0;
    bool seen[COUNT] = {false};
    random_stream stream = random_stream_of(1, "fit", "shuffle", 0);
    random_order(&stream, order, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(order[i] < COUNT);
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
        in_place += order[i] == i;
    }
    assert_true(in_place < 10);
}

static void normal_numbers_are_normal(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    double sum = 0, squares = 0, beyond = 0;
    random_stream stream = random_stream_of(3, "dense", "kernel", 0);
    for (uint64_t i = 0; i < COUNT; i++) {
        double x = random_normal(&stream, i);
        sum += x;
        squares += x * x;
        beyond += fabs(x) > 1.959964;
    }
    assert_true(fabs(sum / COUNT) < 0.03);
    assert_true(fabs(squares / COUNT - 1) < 0.04);
    assert_true(fabs(beyond / COUNT - 0.05) < 0.006);
}

/* ---- Values */

static void values_print_as_they_parse(void **state)
{
    arena *memory = *state;
    static const char *const same[] = {
        "None",
        "True",
        "3",
        "-7",
        "0.5",
        "1e-07",
        "'same'",
        "(3, 3)",
        "(3,)",
        "()",
        "l2(0.001)",
        "l1_l2(0.0, l2=0.5)",
        "{'a': 1, 'b': (None, False)}",
        "f(g(1), x=h())",
        "'it\\'s'",
    };
    for (size_t i = 0; i < ARRAY_COUNT(same); i++) {
        const value *v = value_parse(memory, same[i], NULL);
        assert_non_null(v);
        assert_string_equal(value_print(memory, v), same[i]);
    }
}

static void values_read_other_spellings(void **state)
{
    arena *memory = *state;
    static const char *const cases[][2] = {
        {" relu ", "'relu'"},
        {"\"valid\"", "'valid'"},
        {"[1, 2,]", "(1, 2)"},
        {"(4)", "4"},
        {"(4 , )", "(4,)"},
        {"+2.50", "2.5"},
        {"f( a = 1 , b=2 )", "f(a=1, b=2)"},
        {"keras.losses.mse", "'keras.losses.mse'"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        assert_string_equal(value_print(memory, value_parse(memory, cases[i][0], NULL)), cases[i][1]);
}

static void bad_values_are_refused(void **state)
{
    arena *memory = *state;
    static const char *const cases[][2] = {
        {"", "'': a value expected at the end"},
        {"l2(0.1", "'l2(0.1': ',' or ')' expected at the end"},
        {"(1 2)", "'(1 2)': ',' or ')' expected before '2)'"},
        {"'abc", "''abc': a closing quote expected at the end"},
        {"relu x", "'relu x': nothing more expected before 'x'"},
        {"f(=1)", "'f(=1)': a value expected before '=1)'"},
        {"{1: 2}", "'{1: 2}': a text as key expected before ': 2}'"},
        {"99999999999999999999", "'99999999999999999999': an integer of at most 64 bits expected before "
                                 "'99999999999999999999'"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        cepa_error error = {0};
        assert_null(value_parse(memory, cases[i][0], &error));
        assert_int_equal(error.status, CEPA_ARGUMENT);
        assert_string_equal(error.message, cases[i][1]);
    }
    char deep[201] = {0};
    memset(deep, '(', 200);
    cepa_error error = {0};
    assert_null(value_parse(memory, deep, &error));
    assert_non_null(strstr(error.message, "less nesting expected"));
}

/* ---- Field tables: a made-up layer with one field of each type */

typedef struct penalty_options {
    double l2;
} penalty_options;

typedef struct sample_options {
    int list_start;
    double rate, limit, scale[4];
    int units;
    int64_t seed;
    int strides[2], target[4], axis[4];
    cepa_flag use_bias;
    bool keepdims;
    const char *label, *padding, *regularizer, *initializer;
} sample_options;

static const field penalty_fields[] = {REAL(penalty_options, l2, .preset = 0.01, .min = 0, .max = INFINITY),
                                       END_OF_FIELDS};
static const kind penalty = {"L2", NULL, penalty_fields, sizeof(penalty_options), false};
static const kind glorot = {"GlorotUniform", NULL, NULL, 0, false};
static const kind crossentropy = {"SparseCategoricalCrossentropy", (const char *const[]){"scce", NULL}, NULL, 0, false};
static const kind *const members[] = {&penalty, &glorot, &crossentropy};
static const family sample_family = {"helper", members, ARRAY_COUNT(members)};

static const char *const paddings[] = {"valid", "same", NULL};
static const char *const data_formats[] = {"channels_last", NULL};
static const field sample_fields[] = {
    INT(sample_options, units, .required = true, .min = 1, .max = INFINITY),
    REAL(sample_options, rate, .preset = 0.5, .min = 0, .max = 1),
    REAL(sample_options, limit, .optional = true, .keras2_name = "max_limit"),
    REALS(sample_options, scale, .preset = 1),
    LONG(sample_options, seed, .optional = true),
    INTS(sample_options, strides, .preset = 1, .min = 1, .max = INFINITY),
    SHAPE(sample_options, target, .min = 1, .max = INFINITY),
    AXES(sample_options, axis, .preset = -1),
    FLAG(sample_options, use_bias, .preset = true),
    BOOL(sample_options, keepdims),
    TEXT(sample_options, label),
    CHOICE(sample_options, padding, .choices = paddings, .preset_text = "valid"),
    MEMBER(sample_options, regularizer, &sample_family),
    MEMBER(sample_options, initializer, &sample_family, .preset_text = "glorot_uniform"),
    DERIVED(FIELD_CHOICE, data_format, .choices = data_formats, .preset_text = "channels_last"),
    DERIVED(FIELD_FLAG, use_ema),
    END_OF_FIELDS,
};
static const kind sample = {"Sample", NULL, sample_fields, sizeof(sample_options), true};

/* Every field as one text: Sample(units=3, ...). */
static const char *written(arena *memory, const void *resolved)
{
    size_t count;
    const named_value *values = fields_write(memory, &sample, resolved, &count);
    return value_print(memory, value_call(memory, "Sample", values, count));
}

static void unset_members_get_defaults(void **state)
{
    arena *memory = *state;
    void *resolved;
    assert_int_equal(fields_resolve(memory, &sample, &(sample_options){.units = 3}, &resolved, NULL), CEPA_OK);
    const sample_options *o = resolved;
    assert_true(o->rate == 0.5 && o->scale[0] == 1 && !real_is_set(o->scale[1]) && !real_is_set(o->limit));
    assert_int_equal(o->strides[1], 1);
    assert_int_equal(o->use_bias, 1);
    assert_ptr_equal(o->padding, paddings[0]);
    assert_null(o->regularizer);
    assert_string_equal(o->initializer, "GlorotUniform");
    assert_string_equal(
        written(memory, o),
        "Sample(units=3, rate=0.5, limit=None, scale=1.0, seed=None, strides=(1, 1), target=(), axis=-1, "
        "use_bias=True, keepdims=False, label=None, padding='valid', regularizer=None, "
        "initializer=GlorotUniform(), data_format='channels_last', use_ema=False)");
}

static void set_members_are_kept(void **state)
{
    arena *memory = *state;
    void *resolved;
    char label[] = "first";
    sample_options given = {.units = 3,
                            .rate = CEPA_ZERO,
                            .limit = CEPA_ZERO,
                            .scale = {2, 0, 4},
                            .seed = 7,
                            .strides = {2},
                            .target = {4, CEPA_UNKNOWN},
                            .axis = {1, 2},
                            .use_bias = CEPA_FALSE,
                            .keepdims = true,
                            .label = label,
                            .padding = "SAME",
                            .regularizer = "l2(0.5)",
                            .initializer = "glorot_uniform"};
    assert_int_equal(fields_resolve(memory, &sample, &given, &resolved, NULL), CEPA_OK);
    label[0] = 'x';
    const sample_options *o = resolved;
    assert_true(o->rate == 0 && !signbit(o->rate));
    assert_true(o->limit == 0 && real_is_set(o->limit));
    assert_int_equal(reals_length(o->scale, 4), 3);
    assert_int_equal(ints_length(o->axis, 4), 2);
    assert_int_equal(o->use_bias, 0);
    assert_string_equal(o->label, "first");
    assert_string_equal(o->regularizer, "L2(l2=0.5)");
    assert_string_equal(written(memory, o),
                        "Sample(units=3, rate=0.0, limit=0.0, scale=(2.0, 0.0, 4.0), seed=7, strides=(2, 2), "
                        "target=(4, -1), axis=(1, 2), use_bias=False, keepdims=True, label='first', padding='same', "
                        "regularizer=L2(l2=0.5), initializer=GlorotUniform(), data_format='channels_last', "
                        "use_ema=False)");
}

static cepa_status read_sample(arena *memory, const char *call, bool tolerant, void **resolved, cepa_error *error)
{
    const value *v = value_parse(memory, call, NULL);
    assert_non_null(v);
    return fields_read(memory, &sample, v->call.members, v->call.count, tolerant, resolved, error);
}

static void what_is_written_reads_back(void **state)
{
    arena *memory = *state;
    static const char *const calls[] = {
        "Sample(1)",
        "Sample(2, 0, None, (0, 0.5), max_limit=3)",
        "Sample(3, rate=0.0, scale=(0.0, 1.0, 0.0), target=(None, 2), axis=3, use_bias=False, padding='SAME')",
        "Sample(units=4, limit=0, seed=-5, strides=(1, 2), regularizer=L2(0.0), initializer=None, label='a')",
        "Sample(5, regularizer='l2', data_format='channels_last', use_ema=False)",
    };
    for (size_t i = 0; i < ARRAY_COUNT(calls); i++) {
        void *resolved, *again;
        cepa_error error = {0};
        cepa_status status = read_sample(memory, calls[i], false, &resolved, &error);
        if (i == 1) { /* limit is given twice: as Keras 3 and as Keras 2 call it */
            assert_string_equal(error.message, "Sample: limit is given twice");
            continue;
        }
        assert_int_equal(status, CEPA_OK);
        const char *text = written(memory, resolved);
        assert_int_equal(read_sample(memory, text, false, &again, NULL), CEPA_OK);
        assert_string_equal(written(memory, again), text);
    }
}

static void wrong_arguments_are_explained(void **state)
{
    arena *memory = *state;
    static const char *const cases[][2] = {
        {"Sample()", "Sample: units is required"},
        {"Sample(0)", "Sample: units must be at least 1, not 0"},
        {"Sample(2.0)", "Sample: units must be an integer, not 2.0"},
        {"Sample(True)", "Sample: units must be an integer, not True"},
        {"Sample(None)", "Sample: units must be an integer, not None"},
        {"Sample(3000000000)", "Sample: units must be below 2147483648, not 3000000000"},
        {"Sample(1, 1.5)", "Sample: rate must be between 0 and 1, not 1.5"},
        {"Sample(1, 'a')", "Sample: rate must be a number, not 'a'"},
        {"Sample(1, limit='a')", "Sample: limit must be a number or None, not 'a'"},
        {"Sample(1, scale=(1, 2, 3, 4, 5))", "Sample: scale must be a number or 1 to 4 numbers, not (1, 2, 3, 4, 5)"},
        {"Sample(1, strides=(1, 2, 3))", "Sample: strides must be an integer or a tuple of 2 integers, not (1, 2, 3)"},
        {"Sample(1, strides=(1, 0))", "Sample: strides must be at least 1, not 0"},
        {"Sample(1, target=(1, 0))", "Sample: target must be without 0, not 0"},
        {"Sample(1, use_bias='yes')", "Sample: use_bias must be True or False, not 'yes'"},
        {"Sample(1, padding='full')", "Sample: padding must be 'valid' or 'same', not 'full'"},
        {"Sample(1, label=3)", "Sample: label must be a text or None, not 3"},
        {"Sample(1, data_format='channels_first')",
         "Sample: data_format must be 'channels_last', not 'channels_first'"},
        {"Sample(1, use_ema=True)", "Sample: use_ema must be False, not True"},
        {"Sample(1, regularizer=3)", "Sample: regularizer must be helper, by name or as a call, not 3"},
        {"Sample(1, regularizer='l3')",
         "Sample: regularizer: unknown helper 'l3'; known are L2, GlorotUniform, SparseCategoricalCrossentropy"},
        {"Sample(1, regularizer=l2(-1))", "Sample: regularizer: L2: l2 must be at least 0, not -1"},
        {"Sample(1, regularizer=glorot_uniform(3))",
         "Sample: regularizer: GlorotUniform takes at most 0 arguments, not 1"},
        {"Sample(1, units=1)", "Sample: units is given twice"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        void *resolved = NULL;
        cepa_error error = {0};
        assert_int_equal(read_sample(memory, cases[i][0], false, &resolved, &error), CEPA_ARGUMENT);
        assert_string_equal(error.message, cases[i][1]);
        assert_null(resolved);
    }
}

static void unknown_arguments_are_named(void **state)
{
    arena *memory = *state;
    void *resolved;
    cepa_error error = {0};
    assert_int_equal(read_sample(memory, "Sample(1, unit=2)", false, &resolved, &error), CEPA_ARGUMENT);
    assert_string_equal(error.message,
                        "Sample: unknown argument 'unit'; it takes units, rate, limit, scale, seed, strides, "
                        "target, axis, use_bias, keepdims, label, padding, regularizer, initializer, "
                        "data_format, use_ema");
    assert_int_equal(read_sample(memory, "Sample(1, unit=2)", true, &resolved, NULL), CEPA_OK);
}

static void columns_of_a_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns, bytes_of_three;
    } cases[] = {{"", 0, 0},
                 {"cat", 3, 3},
                 {"gr\u00f6\u00dfe", 5, 4},
                 {"\u732b\u3068\u72ac", 6, 3},
                 {"a\uac00b", 4, 4},
                 {"e\u0301e\u0301e", 3, 7},
                 {"\U0001f427", 2, 4},
                 {"\xe7\x8cx", 2, 3},
                 {"\xff\xff", 2, 2}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(cepa_text_columns(cases[i].text), cases[i].columns);
        assert_int_equal(text_bytes(cases[i].text, 3), cases[i].bytes_of_three);
    }
}

static void members_are_found_by_their_names(void **state)
{
    arena *memory = *state;
    assert_ptr_equal(family_find(&sample_family, "l2"), &penalty);
    assert_ptr_equal(family_find(&sample_family, "keras.regularizers.L2"), &penalty);
    assert_ptr_equal(family_find(&sample_family, "sparse_categorical_crossentropy"), &crossentropy);
    assert_ptr_equal(family_find(&sample_family, "scce"), &crossentropy);
    assert_null(family_find(&sample_family, "l22"));
    member m;
    assert_int_equal(member_parse(memory, &sample_family, NULL, &m, NULL), CEPA_OK);
    assert_null(m.kind);
    assert_int_equal(member_parse(memory, &sample_family, "'l2(l2=0.25)'", &m, NULL), CEPA_OK);
    assert_true(((const penalty_options *)m.options)->l2 == 0.25);
    assert_string_equal(member_print(memory, &m), "L2(l2=0.25)");
    assert_int_equal(member_parse(memory, &sample_family, "l2", &m, NULL), CEPA_OK);
    assert_string_equal(member_print(memory, &m), "L2");
}

/* As keras/src/utils/naming.py forms them. */
static void class_names_become_snakes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Conv2D", "conv2d"},
        {"MaxPooling2D", "max_pooling2d"},
        {"ReLU", "re_lu"},
        {"LeakyReLU", "leaky_re_lu"},
        {"PReLU", "p_re_lu"},
        {"RMSprop", "rm_sprop"},
        {"ELU", "elu"},
        {"Conv2DTranspose", "conv2d_transpose"},
        {"InputLayer", "input_layer"},
        {"AdamW", "adam_w"},
        {"BatchNormalization", "batch_normalization"},
        {"LSTM", "lstm"},
        {"L1L2", "l1_l2"},
        {"UpSampling2D", "up_sampling2d"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[64];
        snake_case(cases[i][0], text, sizeof text);
        assert_string_equal(text, cases[i][1]);
    }
}

static int make_arena(void **state)
{
    static arena memory;
    *state = &memory;
    return 0;
}

static int free_arena(void **state)
{
    arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_shortest),
        cmocka_unit_test(buffers_grow),
        cmocka_unit_test(columns_of_a_terminal),
        cmocka_unit_test(philox_has_known_answers),
        cmocka_unit_test(an_order_is_a_permutation),
        cmocka_unit_test(normal_numbers_are_normal),
        cmocka_unit_test(values_print_as_they_parse),
        cmocka_unit_test(values_read_other_spellings),
        cmocka_unit_test(bad_values_are_refused),
        cmocka_unit_test(unset_members_get_defaults),
        cmocka_unit_test(set_members_are_kept),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(wrong_arguments_are_explained),
        cmocka_unit_test(unknown_arguments_are_named),
        cmocka_unit_test(members_are_found_by_their_names),
        cmocka_unit_test(class_names_become_snakes),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
