/* Filters: the lesson's example, paddings as they are taught, the same numbers as the engine's Conv2D, and matrices as
 * people write them. */
#include "base/memory.h"
#include "cepa.h"
#include "figures/tone.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static cepa_matrix parse(const char *text)
{
    cepa_matrix m;
    cepa_error error = {CEPA_OK, ""};
    cepa_status status = cepa_matrix_parse(text, &m, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(status, CEPA_OK);
    return m;
}

static void assert_matrix(const cepa_matrix *m, const char *expected)
{
    cepa_matrix e = parse(expected);
    assert_int_equal(m->height, e.height);
    assert_int_equal(m->width, e.width);
    assert_int_equal(m->channels, 1);
    for (size_t i = 0; i < e.height * e.width; i++) assert_true(m->values[i] == e.values[i]);
    cepa_matrix_free(&e);
}

static const char lesson_kernel[] = "[[-1, -1, -1],\n[0, 0, 0]\n[1, 1, 1]]";
static const char lesson_input[] = "100 100 100 100 100; 100 100 100 100 100; 100 100 100 100 100;"
                                   "0 0 0 0 0; 0 0 0 0 0; 0 0 0 0 0";

static void the_lesson_example(void **state)
{
    (void)state;
    cepa_matrix input = parse(lesson_input), kernel = parse(lesson_kernel), output;
    cepa_filter_place place;
    assert_int_equal(cepa_filter(&input, &kernel, &output, NULL), CEPA_OK);
    assert_matrix(&output, "0 0 0; -300 -300 -300; -300 -300 -300; 0 0 0");
    cepa_filter_options how = {0};
    assert_int_equal(cepa_filter_explain(&input, &kernel, &how, 1, 1, &place, NULL), CEPA_OK);
    assert_int_equal(place.row, 1);
    assert_int_equal(place.column, 1);
    assert_matrix(&place.window, "100 100 100; 100 100 100; 0 0 0");
    cepa_matrix_free(&place.window);
    cepa_matrix_free(&output);
    cepa_matrix_free(&kernel);
    cepa_matrix_free(&input);
}

/* The corner of the image-processing lesson, seen through a window that reaches three numbers beyond it. */
static const struct {
    const char *padding, *window;
} corners[] = {
    {"zero", "0 0 0 0 0 0 0; 0 0 0 0 0 0 0; 0 0 0 0 0 0 0; 0 0 0 4 5 9 2; 0 0 0 5 3 6 7; 0 0 0 6 5 7 8; 0 0 0 5 4 5 3"},
    {"nearest",
     "4 4 4 4 5 9 2; 4 4 4 4 5 9 2; 4 4 4 4 5 9 2; 4 4 4 4 5 9 2; 5 5 5 5 3 6 7; 6 6 6 6 5 7 8; 5 5 5 5 4 5 3"},
    {"reflect",
     "3 5 4 5 4 5 3; 8 7 5 6 5 7 8; 7 6 3 5 3 6 7; 2 9 5 4 5 9 2; 7 6 3 5 3 6 7; 8 7 5 6 5 7 8; 3 5 4 5 4 5 3"},
};

static void borders_are_filled_as_taught(void **state)
{
    (void)state;
    double ones[49] = {0};
    cepa_matrix input = parse("4 5 9 2; 5 3 6 7; 6 5 7 8; 5 4 5 3"), kernel;
    assert_int_equal(cepa_matrix_new(7, 7, 1, ones, &kernel, NULL), CEPA_OK);
    for (size_t i = 0; i < ARRAY_COUNT(corners); i++) {
        cepa_filter_options how = {.padding = corners[i].padding};
        cepa_filter_place place;
        assert_int_equal(cepa_filter_explain(&input, &kernel, &how, 0, 0, &place, NULL), CEPA_OK);
        assert_int_equal(place.row, -3);
        assert_matrix(&place.window, corners[i].window);
        cepa_matrix_free(&place.window);
    }
    cepa_matrix_free(&kernel);
    cepa_matrix_free(&input);
}

static void a_single_number_is_its_own_mirror_image(void **state)
{
    (void)state;
    cepa_matrix input = parse("3"), kernel = parse("1 1 1; 1 1 1; 1 1 1"), output;
    assert_int_equal(cepa_filter(&input, &kernel, &output, NULL, .padding = "reflect"), CEPA_OK);
    assert_matrix(&output, "27");
    cepa_matrix_free(&output);
    cepa_matrix_free(&kernel);
    cepa_matrix_free(&input);
}

static void turning_makes_it_a_convolution(void **state)
{
    (void)state;
    cepa_matrix kernel = parse("1 2 3; 4 5 6"), turned;
    assert_int_equal(cepa_matrix_turn(&kernel, &turned, NULL), CEPA_OK);
    assert_matrix(&turned, "6 5 4; 3 2 1");
    cepa_matrix_free(&turned);
    cepa_matrix_free(&kernel);
}

/* ---- Beside the engine ------------------------------------------------------------------------------------------- */

enum { HEIGHT = 9, WIDTH = 11, CHANNELS = 3 };

static double number(size_t i) { return (double)((i * 7919 + 13) % 101) / 8 - 6; }

/* What a Conv2D layer with this kernel gives for the input. */
static float *conv2d(const cepa_matrix *input, const cepa_matrix *kernel, const int strides[2], const char *padding,
                     size_t size)
{
    cepa_graph *g = cepa_graph_new();
    cepa_tensor in = cepa_input(g, .shape = {HEIGHT, WIDTH, CHANNELS});
    cepa_tensor out = cepa_conv2d(in, .filters = 1, .kernel_size = {(int)kernel->height, (int)kernel->width},
                                  .strides = {strides[0], strides[1]}, .padding = padding, .use_bias = CEPA_FALSE);
    cepa_model *model = cepa_model_new(.inputs = {in}, .outputs = {out});
    cepa_weight_info weight;
    assert_int_equal(cepa_model_weight(model, 0, &weight), CEPA_OK);
    for (size_t i = 0; i < weight.count; i++) weight.values[i] = (float)kernel->values[i];
    cepa_model_weights_changed(model);
    cepa_array array = {.type = CEPA_FLOAT64, .rank = 3, .shape = {HEIGHT, WIDTH, CHANNELS}, .data = input->values};
    cepa_dataset *data;
    assert_int_equal(cepa_dataset_new(1, &array, 1, NULL, 0, NULL, &data, NULL), CEPA_OK);
    float *values = calloc(size, sizeof *values);
    assert_int_equal(cepa_predict(model, data, &values, 1, 1, NULL), CEPA_OK);
    cepa_dataset_free(data);
    cepa_graph_free(g);
    return values;
}

static void check_beside_conv2d(size_t kernel_height, size_t kernel_width, int down, int across, bool padded)
{
    double x[HEIGHT * WIDTH * CHANNELS], w[7 * 7 * CHANNELS];
    int strides[2] = {down, across};
    cepa_matrix input, kernel, output;
    for (size_t i = 0; i < ARRAY_COUNT(x); i++) x[i] = number(i);
    for (size_t i = 0; i < ARRAY_COUNT(w); i++) w[i] = number(i + 1000);
    assert_int_equal(cepa_matrix_new(HEIGHT, WIDTH, CHANNELS, x, &input, NULL), CEPA_OK);
    assert_int_equal(cepa_matrix_new(kernel_height, kernel_width, CHANNELS, w, &kernel, NULL), CEPA_OK);
    assert_int_equal(
        cepa_filter(&input, &kernel, &output, NULL, .strides = {down, across}, .padding = padded ? "zero" : "valid"),
        CEPA_OK);
    size_t size = output.height * output.width;
    float *expected = conv2d(&input, &kernel, strides, padded ? "same" : "valid", size);
    for (size_t i = 0; i < size; i++) assert_true(output.values[i] == (double)expected[i]); /* eighths are exact */
    free(expected);
    cepa_matrix_free(&output);
    cepa_matrix_free(&kernel);
    cepa_matrix_free(&input);
}

static void the_same_as_conv2d(void **state)
{
    (void)state;
    for (size_t height = 1; height <= 5; height++)
        for (size_t width = 2; width <= 4; width++)
            for (int stride = 1; stride <= 3; stride++) {
                check_beside_conv2d(height, width, stride, 1, true);
                check_beside_conv2d(height, width, 1, stride, false);
            }
}

/* ---- Matrices as text -------------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *same;
} spellings[] = {
    {"[[1, 2], [3, 4]]", "1 2; 3 4"},
    {"1 2\n3 4\n", "1 2; 3 4"},
    {"1,2;3,4", "1 2; 3 4"},
    {"[[1 2] [3 4]]", "1 2; 3 4"},
    {"(1 2; 3 4)/2", "0.5 1; 1.5 2"},
    {"1/2 1/4", "0.5 0.25"},
    {"[-1e0, +.5]", "-1 0.5"},
    {"[1 2; 2 1] / 4 ", "0.25 0.5; 0.5 0.25"},
    {"\t7\r\n", "7"},
};

static const char *const nonsense[] = {
    "",      "[]",      "1 2; 3",       "[1 2",       "1 2]",  "(1 2]",        "[[[1]]]", "1 a",
    "1 nan", "1 1e999", "1 2; 3 4 / 0", "1 2 / 2; 3", "1/0 2", "1 2; 3 4 / x", "1 -- 2",
};

static void matrices_are_read_as_people_write_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(spellings); i++) {
        cepa_matrix m = parse(spellings[i].text);
        assert_matrix(&m, spellings[i].same);
        cepa_matrix_free(&m);
    }
    for (size_t i = 0; i < ARRAY_COUNT(nonsense); i++) {
        cepa_matrix m;
        cepa_error error;
        assert_int_equal(cepa_matrix_parse(nonsense[i], &m, &error), CEPA_ARGUMENT);
        assert_null(m.values);
    }
}

static void matrices_survive_a_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/cepa-filter-XXXXXX", path[60];
    static const char *const names[] = {"m.npy", "m.csv"};
    cepa_matrix m = parse("1 -2.5 1/3; 4e10 5 -0.001"), read;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(cepa_matrix_write(path, &m, NULL), CEPA_OK);
        assert_int_equal(cepa_matrix_read(path, NULL, &read, NULL), CEPA_OK);
        assert_matrix(&read, "1 -2.5 1/3; 4e10 5 -0.001");
        cepa_matrix_free(&read);
        unlink(path);
    }
    rmdir(folder);
    cepa_matrix_free(&m);
}

/* ---- Refusals ---------------------------------------------------------------------------------------------------- */

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    double colours[12] = {0};
    cepa_matrix input = parse("1 2; 3 4"), kernel = parse("1 1 1"), rgb, output;
    cepa_error error;
    assert_int_equal(cepa_filter(&input, &kernel, &output, &error), CEPA_SHAPE);
    assert_string_equal(error.message, "the kernel of 1 x 3 does not fit into the input of 2 x 2 (padding valid)");
    assert_int_equal(cepa_filter(&input, &kernel, &output, &error, .padding = "same"), CEPA_ARGUMENT);
    assert_int_equal(cepa_filter(&input, &kernel, &output, &error, .strides = {-1}), CEPA_ARGUMENT);
    assert_int_equal(cepa_matrix_new(2, 2, 3, colours, &rgb, NULL), CEPA_OK);
    assert_int_equal(cepa_filter(&input, &rgb, &output, &error), CEPA_SHAPE);
    assert_null(output.values);
    cepa_matrix_free(&rgb);
    cepa_matrix_free(&kernel);
    cepa_matrix_free(&input);
}

static void known_filters_have_names_of_their_own(void **state)
{
    (void)state;
    size_t count;
    const cepa_known_filter *known = cepa_known_filters(&count);
    assert_in_range(count, 12, 100);
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        for (size_t k = 0; k < known[i].height * known[i].width; k++) sum += known[i].values[k];
        assert_true(fabs(sum) < 1e-12 || fabs(sum - 1) < 1e-12); /* edges, or pictures of the same brightness */
        for (size_t k = 0; k < i; k++) assert_string_not_equal(known[i].name, known[k].name);
    }
}

/* ---- How they look ----------------------------------------------------------------------------------------------- */

static void zero_is_mid_grey(void **state)
{
    (void)state;
    cepa_matrix m = parse("0 -300 150 300"), bytes = parse("0 128 255"), shares = parse("0 0.5 1");
    cepa_panel p = {.matrix = &m, .tone = CEPA_TONE_SIGNED};
    brightness b = panel_brightness(&p);
    assert_int_equal(panel_colour(&p, &b, 0, 0), 0x808080);
    assert_int_equal(panel_colour(&p, &b, 0, 1), 0x010101);
    assert_int_equal(panel_colour(&p, &b, 0, 2), 0xc0c0c0);
    assert_int_equal(panel_colour(&p, &b, 0, 3), 0xffffff);
    p.tone = CEPA_TONE_PLAIN;
    p.matrix = &bytes;
    b = panel_brightness(&p);
    assert_int_equal(panel_colour(&p, &b, 0, 1), 0x808080);
    p.matrix = &shares;
    b = panel_brightness(&p);
    assert_int_equal(panel_colour(&p, &b, 0, 1), 0x808080);
    assert_int_equal(panel_colour(&p, &b, 0, 2), 0xffffff);
    p.tone = CEPA_TONE_STRETCHED;
    p.matrix = &m;
    b = panel_brightness(&p);
    assert_int_equal(panel_colour(&p, &b, 0, 1), 0x000000);
    assert_int_equal(panel_colour(&p, &b, 0, 2), 0xbfbfbf);
    cepa_matrix_free(&m);
    cepa_matrix_free(&bytes);
    cepa_matrix_free(&shares);
}

static void figures_refuse_what_they_cannot_show(void **state)
{
    (void)state;
    double colours[12] = {0};
    cepa_matrix rgb;
    char *text;
    cepa_error error;
    assert_int_equal(cepa_matrix_new(2, 2, 3, colours, &rgb, NULL), CEPA_OK);
    cepa_panel p = {.matrix = &rgb, .tone = CEPA_TONE_NUMBERS};
    assert_int_equal(cepa_text_panels(&p, 1, NULL, NULL, &text, &error), CEPA_ARGUMENT);
    assert_null(text);
    assert_int_equal(cepa_text_panels(&p, 0, NULL, NULL, &text, &error), CEPA_ARGUMENT);
    p.tone = CEPA_TONE_SIGNED;
    assert_int_equal(cepa_text_panels(&p, 1, NULL, NULL, &text, &error), CEPA_OK);
    free(text);
    cepa_matrix_free(&rgb);
}

static const struct {
    double values[3];
    const char *text[3];
} styles[] = {
    {{1, -20, 300}, {"  1", "-20", "300"}},
    {{0.5, 0.25, -0.0}, {"0.50", "0.25", "0.00"}},
    {{1.0 / 3, 2, -1e-9}, {"0.3333", "2.0000", "0.0000"}},
    {{1e-7, 2e-6, 0}, {"1e-07", "2e-06", "    0"}},
    {{1e9, 0, 1}, {"1e+09", "    0", "    1"}},
    {{1234567890, 0, 1}, {"1.2346e+09", "         0", "         1"}},
};

static void numbers_that_stand_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(styles); i++) {
        cepa_number_style style = cepa_number_style_of(styles[i].values, 3);
        for (size_t k = 0; k < 3; k++) {
            char text[40];
            cepa_styled_number(&style, styles[i].values[k], text);
            assert_string_equal(text, styles[i].text[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lesson_example),
        cmocka_unit_test(borders_are_filled_as_taught),
        cmocka_unit_test(a_single_number_is_its_own_mirror_image),
        cmocka_unit_test(turning_makes_it_a_convolution),
        cmocka_unit_test(the_same_as_conv2d),
        cmocka_unit_test(matrices_are_read_as_people_write_them),
        cmocka_unit_test(matrices_survive_a_file),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(known_filters_have_names_of_their_own),
        cmocka_unit_test(zero_is_mid_grey),
        cmocka_unit_test(figures_refuse_what_they_cannot_show),
        cmocka_unit_test(numbers_that_stand_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
