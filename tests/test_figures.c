/* Figures: ticks as in the lesson's figures, files that carry their text alternative, inputs of every kind. */
#include "base/file.h"
#include "base/memory.h"
#include "cepa.h"
#include "figures/scale.h"

#include <cairo.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/cepa-figures-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails where a test, or a figure that failed, left a file */
}

static const char *in_folder(const char *name)
{
    static char path[2][200];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/* ---- Ticks ------------------------------------------------------------------------------------------------------- */

static const double accuracy[] = {.219, .366, .437, .475, .517, .540, .577, .596, .618, .639};
static const double val_accuracy[] = {.314, .383, .433, .426, .468, .487, .499, .507, .539, .530};
static const double loss[] = {2.064, 1.748, 1.564, 1.474, 1.355, 1.287, 1.221, 1.148, 1.091, 1.018};

/* Extents of the lesson's curves, and the ends and ticks of the figures drawn of them (which have ticks between the
 * twenty epochs too). */
static const struct {
    double low, high, axis_low, axis_high;
    bool whole;
    const char *first, *second, *last;
    size_t ticks;
} drawn[] = {
    {0, 9, -0.45, 9.45, true, "0", "2", "8", 5},
    {0, 29, -1.45, 30.45, true, "0", "5", "30", 7},
    {0, 19, -0.95, 19.95, true, "0", "5", "15", 4},
    {1, 20, 0.05, 20.95, true, "5", "10", "20", 4},
    {.219, .639, .198, .660, false, "0.2", "0.3", "0.6", 5},
    {.200, .454, .1873, .4667, false, "0.20", "0.25", "0.45", 6},
    {1.018, 2.064, .9657, 2.1163, false, "1.0", "1.2", "2.0", 6},
    {.15, .75, .12, .78, false, "0.2", "0.3", "0.7", 6},
    {1.262, 1.395, 1.25535, 1.40165, false, "1.26", "1.28", "1.40", 8},
    /* Beyond the lesson: few epochs, a single number, none, numbers that are all alike, large and small ones. */
    {0, 2, -0.1, 2.1, true, "0", "1", "2", 3},
    {5, 5, 4.5, 5.5, true, "5", NULL, "5", 1},
    {0.5, 0.5, 0.475, 0.525, false, "0.48", "0.49", "0.52", 5},
    {-3e9, 3e9, -3.3e9, 3.3e9, false, "\u22123", "\u22122", "3", 7},
    {0, 4e-7, -2e-8, 4.2e-7, false, "0.0", "0.5", "4.0", 9},
    {-1, 1, -1.1, 1.1, false, "\u22121.00", "\u22120.75", "1.00", 9},
    {0, 1234567, -61728.35, 1296295.35, true, "0.0", "0.2", "1.2", 7},
};

static void check_label(const scale *s, size_t index, const char *expected)
{
    buffer text = {0};
    scale_label(s, index, &text);
    assert_string_equal((const char *)text.bytes, expected);
    buffer_free(&text);
}

static void ticks_are_those_of_the_lesson(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(drawn); i++) {
        extent e = {drawn[i].low, drawn[i].high, true, drawn[i].whole};
        scale s = scale_fit(&e);
        double close = 1e-9 * (drawn[i].axis_high - drawn[i].axis_low);
        assert_true(fabs(s.low - drawn[i].axis_low) < close && fabs(s.high - drawn[i].axis_high) < close);
        assert_int_equal(s.ticks, drawn[i].ticks);
        check_label(&s, 0, drawn[i].first);
        if (drawn[i].second) check_label(&s, 1, drawn[i].second);
        check_label(&s, s.ticks - 1, drawn[i].last);
    }
}

static void every_extent_gets_ticks(void **state)
{
    (void)state;
    const double numbers[] = {-1e300, -1e20, -7.3, -1e-200, -1e-308, 0, 1e-308, 3e-9, 0.1, 0.1 + 1e-15, 12, 1e6, 1e300};
    for (size_t low = 0; low < ARRAY_COUNT(numbers); low++) {
        for (size_t high = low; high < ARRAY_COUNT(numbers); high++) {
            extent e = {0};
            extent_add(&e, numbers[high]);
            extent_add(&e, numbers[low]);
            scale s = scale_fit(&e);
            assert_true(s.ticks >= 1 && s.ticks <= 11);
            assert_true(s.low < numbers[low] && s.high > numbers[high]);
            assert_true(scale_tick(&s, 0) >= s.low && scale_tick(&s, s.ticks - 1) <= s.high);
        }
    }
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static const cepa_series history[] = {{"accuracy", 10, NULL, accuracy, 0}, {"val_accuracy", 10, NULL, val_accuracy, 0}};

/* The bytes of a file, which is removed. */
static buffer take_file(const char *path)
{
    buffer bytes = {0};
    assert_int_equal(file_read(path, 0, &bytes, NULL), CEPA_OK);
    assert_int_equal(remove(path), 0);
    return bytes;
}

static buffer plot(const char *name, const cepa_series *series, size_t count, const cepa_plot_options *options)
{
    cepa_error error = {0};
    const char *path = in_folder(name);
    if (cepa_plot_lines(path, series, count, options, &error) != CEPA_OK) fail_msg("%s", error.message);
    return take_file(path);
}

static void equal_figures_have_equal_bytes(void **state)
{
    (void)state;
    const char *names[] = {"a.png", "a.svg", "a.PDF"}, *starts[] = {"\x89PNG\r\n", "<?xml", "%PDF-"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        buffer first = plot(names[i], history, 2, NULL), second = plot(names[i], history, 2, NULL);
        assert_memory_equal(first.bytes, starts[i], strlen(starts[i]));
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.bytes, second.bytes, first.size);
        buffer_free(&first);
        buffer_free(&second);
    }
}

static void svg_says_what_it_shows(void **state)
{
    (void)state;
    cepa_series s = {"a<b", 10, NULL, loss, 1};
    buffer svg = plot("a.svg", &s, 1, &(cepa_plot_options){.x_label = "epoch"});
    assert_non_null(strstr((char *)svg.bytes, "<title>a&lt;b over epoch</title>"));
    assert_non_null(strstr((char *)svg.bytes,
                           "<desc>Line plot of a&lt;b over epoch. a&lt;b falls: 10 points from 2.064 at 1 to "
                           "1.018 at 10; lowest 1.018 at 10, highest 2.064 at 1.</desc>"));
    buffer_free(&svg);
    svg = plot("a.svg", history, 2, &(cepa_plot_options){.title = "T\xff", .description = "D & E"});
    assert_non_null(strstr((char *)svg.bytes, "<title>T?</title>\n<desc>D &amp; E</desc>"));
    buffer_free(&svg);
}

static uint32_t number_at(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The contents of a PNG's chunk with this start; NULL where there is none. */
static const unsigned char *find_chunk(const buffer *png, const char *start, size_t length, size_t *size)
{
    for (size_t at = 8; at + 12 <= png->size; at += *size + 12) {
        *size = number_at(png->bytes + at);
        if (memcmp(png->bytes + at + 4, start, length) == 0) return png->bytes + at + 4;
    }
    return NULL;
}

static void png_says_what_it_shows(void **state)
{
    (void)state;
    size_t size;
    buffer png = plot("a.png", history, 2, &(cepa_plot_options){.description = "check"});
    const unsigned char *chunk = find_chunk(&png, "tEXtDescription", 16, &size);
    assert_non_null(chunk);
    assert_int_equal(size, 17);
    assert_memory_equal(chunk, "tEXtDescription\0check", 21);
    assert_int_equal(number_at(chunk + 21), 0xcc5f4b81); /* as Python's zlib.crc32 computes it */
    buffer_free(&png);
    png = plot("a.png", history, 2, &(cepa_plot_options){.title = "\u00e9"});
    assert_non_null(find_chunk(&png, "iTXtTitle\0\0\0\0\0\u00e9", 16, &size));
    buffer_free(&png);
}

/* ---- Pictures ---------------------------------------------------------------------------------------------------- */

static cairo_surface_t *picture(const char *name, const cepa_series *series, size_t count,
                                const cepa_plot_options *options)
{
    cepa_error error = {0};
    const char *path = in_folder(name);
    if (cepa_plot_lines(path, series, count, options, &error) != CEPA_OK) fail_msg("%s", error.message);
    cairo_surface_t *surface = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    remove(path);
    return surface;
}

/* Pixels of a colour, and the middle of where they are. */
typedef struct spot {
    size_t count;
    double x, y;
} spot;

static spot find_colour(cairo_surface_t *surface, uint32_t colour)
{
    spot found = {0};
    const unsigned char *bytes = cairo_image_surface_get_data(surface);
    int width = cairo_image_surface_get_width(surface), height = cairo_image_surface_get_height(surface);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint32_t pixel;
            memcpy(&pixel, bytes + y * cairo_image_surface_get_stride(surface) + 4 * x, 4);
            if ((pixel & 0xffffff) != colour) continue;
            found.count++;
            found.x += x;
            found.y += y;
        }
    }
    if (found.count) found.x /= (double)found.count, found.y /= (double)found.count;
    return found;
}

enum { BLUE = 0x1f77b4, ORANGE = 0xff7f0e, LEGEND_BORDER = 0xcccccc };

static void lines_look_like_the_lessons(void **state)
{
    (void)state;
    cairo_surface_t *surface = picture("a.png", history, 2, NULL);
    assert_int_equal(cairo_image_surface_get_width(surface), 960);
    assert_int_equal(cairo_image_surface_get_height(surface), 720);
    spot solid = find_colour(surface, BLUE), dashed = find_colour(surface, ORANGE);
    assert_true(solid.count > 800 && dashed.count > 500);
    assert_true(dashed.count < solid.count * 85 / 100);
    cairo_surface_destroy(surface);
}

static void legend_covers_least(void **state)
{
    (void)state;
    cepa_series losses[] = {{"loss", 10, NULL, loss, 0}, {"val_loss", 10, NULL, loss, 0}};
    cairo_surface_t *rising = picture("a.png", history, 2, NULL), *falling = picture("b.png", losses, 2, NULL);
    spot left = find_colour(rising, LEGEND_BORDER), right = find_colour(falling, LEGEND_BORDER);
    assert_true(left.count > 50 && left.x < 300 && left.y < 150);
    assert_true(right.count > 50 && right.x > 660 && right.y < 150);
    cairo_surface_destroy(rising);
    cairo_surface_destroy(falling);
    cairo_surface_t *single = picture("a.png", history, 1, NULL);
    assert_true(find_colour(single, LEGEND_BORDER).count < 50); /* of letters */
    cairo_surface_destroy(single);
}

static void lone_points_are_dots(void **state)
{
    (void)state;
    const double apart[] = {1, NAN, 2, INFINITY, 3}, one[] = {0.25};
    cepa_series s = {"loss", 5, NULL, apart, 0}, first = {"loss", 1, NULL, one, 0}, none = {"loss", 0, NULL, NULL, 0};
    cairo_surface_t *three = picture("a.png", &s, 1, NULL), *single = picture("a.png", &first, 1, NULL);
    cairo_surface_t *empty = picture("a.png", &none, 1, NULL);
    size_t dot = find_colour(single, BLUE).count;
    assert_true(dot > 30);
    assert_in_range(find_colour(three, BLUE).count, 3 * dot - 20, 3 * dot + 20);
    assert_int_equal(find_colour(empty, BLUE).count, 0);
    cairo_surface_destroy(three);
    cairo_surface_destroy(single);
    cairo_surface_destroy(empty);
}

/* The band is pale, reaches from y - spread to y + spread, and the frame holds it. */
static void spread_is_a_pale_band(void **state)
{
    (void)state;
    static const double flat[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const double wide[] = {.5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5, .5};
    cepa_series s = {.name = "loss", .count = 20, .y = flat, .spread = wide};
    cairo_surface_t *surface = picture("a.png", &s, 1, NULL);
    uint32_t pale;
    memcpy(&pale, cairo_image_surface_get_data(surface) + 400 * cairo_image_surface_get_stride(surface) + 4 * 480, 4);
    pale &= 0xffffff;
    assert_in_range(pale >> 16, 0xc8, 0xe0); /* between the line's blue and white */
    spot band = find_colour(surface, pale), line = find_colour(surface, BLUE);
    assert_in_range(band.count, 300000, 460000); /* most of the frame */
    assert_true(fabs(band.y - line.y) < 2);
    cairo_surface_destroy(surface);
    s.spread = NULL;
    surface = picture("a.png", &s, 1, NULL);
    assert_int_equal(find_colour(surface, pale).count, 0);
    cairo_surface_destroy(surface);
}

static void twenty_series_of_any_name(void **state)
{
    (void)state;
    char long_name[5000];
    memset(long_name, 'w', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    cepa_series many[21];
    for (size_t i = 0; i < ARRAY_COUNT(many); i++)
        many[i] = (cepa_series){i % 2 ? "" : long_name, 10, NULL, loss, (double)i};
    many[3].name = "\xf0\x9f\xc3\n\x80";
    for (size_t count = 1; count <= 20; count++) {
        cairo_surface_t *surface = picture("a.png", many, count, &(cepa_plot_options){long_name, long_name, long_name});
        assert_true(find_colour(surface, BLUE).count > 100);
        cairo_surface_destroy(surface);
    }
    cepa_error error;
    assert_int_equal(cepa_plot_lines(in_folder("a.png"), many, 21, NULL, &error), CEPA_ARGUMENT);
    assert_string_equal(error.message, "a plot takes 1 to 20 series, not 21");
}

/* Whether a line holds a Braille character: U+2800 to U+28FF. */
static bool has_dots(const char *line)
{
    for (const char *at = line; *at && *at != '\n'; at++)
        if (memcmp(at, "\xE2", 1) == 0 && ((unsigned char)at[1] & 0xFC) == 0xA0) return true;
    return false;
}

static void lines_are_dots_of_text(void **state)
{
    (void)state;
    static const double rising[] = {0, 1, 2, 3}, spread[] = {0, 0, 0, 1};
    cepa_series s = {.name = "steps", .count = 4, .y = rising};
    char *text;
    cepa_text_options screen = {.width = 40};
    assert_int_equal(cepa_text_lines(&s, 1, NULL, &screen, &text, NULL), CEPA_OK);
    const char *first = strstr(text, "3.0 ┤"), *last = strstr(text, "0.0 ┤");
    assert_non_null(first);
    assert_true(last > first); /* the y axis rises */
    assert_true(has_dots(first));
    assert_false(has_dots(strchr(last, '\n') + 1)); /* the x axis */
    assert_null(strstr(text, "\x1b["));
    free(text);
    screen.color = true;
    s.spread = spread;
    assert_int_equal(cepa_text_lines(&s, 1, NULL, &screen, &text, NULL), CEPA_OK);
    assert_non_null(strstr(text, "4.0 ┤")); /* the spread's end */
    assert_non_null(strstr(text, "\x1b[38;2;31;119;180m"));
    free(text);
    assert_int_equal(cepa_text_lines(&s, 0, NULL, NULL, &text, NULL), CEPA_ARGUMENT);
}

static void refusals_leave_nothing(void **state)
{
    (void)state;
    cepa_error error;
    assert_int_equal(cepa_plot_lines(in_folder("a.bmp"), history, 2, NULL, &error), CEPA_ARGUMENT);
    assert_non_null(strstr(error.message, "a figure's file name ends in .png, .svg or .pdf"));
    assert_int_equal(cepa_plot_lines(in_folder("a.png"), history, 0, NULL, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_plot_lines(in_folder("a.png"), &(cepa_series){NULL, 1, NULL, loss}, 1, NULL, &error),
                     CEPA_ARGUMENT);
    assert_int_equal(cepa_plot_lines(in_folder("a.png"), &(cepa_series){"loss", 1}, 1, NULL, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_plot_lines("/no/such/folder/a.png", history, 2, NULL, &error), CEPA_NOT_FOUND);
    assert_int_equal(cepa_plot_lines("/no/such/folder/a.png", history, 2, NULL, NULL), CEPA_NOT_FOUND);
}

/* ---- Points, matrices, pairs ------------------------------------------------------------------------------------- */

static buffer take_figure(const char *name, cepa_status status)
{
    assert_int_equal(status, CEPA_OK);
    return take_file(in_folder(name));
}

static void points_lie_about_the_diagonal(void **state)
{
    (void)state;
    static const double x[] = {0, 1, 2, NAN}, y[] = {1, 1, 1, 1};
    cepa_series s = {"sun", 4, x, y, 0};
    buffer svg = take_figure("a.svg", cepa_plot_points(in_folder("a.svg"), &s, 1, true, NULL, NULL));
    assert_non_null(strstr((char *)svg.bytes, "<desc>sun: 3 points, x from 0 to 2, y from 1 to 1; 1 lie above the"));
    buffer_free(&svg);
    buffer png = take_figure("a.png", cepa_plot_points(in_folder("a.png"), history, 2, false, NULL, NULL));
    buffer_free(&png);
    assert_int_equal(cepa_plot_points(in_folder("a.png"), history, 0, false, NULL, NULL), CEPA_ARGUMENT);
}

static void heat_shows_numbers_and_names(void **state)
{
    (void)state;
    double counts[] = {22, 0, 8, 5, 0, 9};
    const char *rows[] = {"Adelie", "Chinstrap"};
    cepa_matrix m = {2, 3, 1, counts};
    cepa_heat_options how = {.row_names = rows, .title = "Confusion"};
    buffer svg = take_figure("a.svg", cepa_plot_heat(in_folder("a.svg"), &m, &how, NULL));
    assert_non_null(strstr((char *)svg.bytes, "Adelie: 0 22, 1 0, 2 8. Chinstrap: 0 5, 1 0, 2 9.</desc>"));
    buffer_free(&svg);
    m.channels = 3;
    assert_int_equal(cepa_plot_heat(in_folder("a.png"), &m, &how, NULL), CEPA_ARGUMENT);
    m = (cepa_matrix){101, 1, 1, counts};
    assert_int_equal(cepa_plot_heat(in_folder("a.png"), &m, NULL, NULL), CEPA_ARGUMENT);
}

static void pairs_are_for_tables(void **state)
{
    (void)state;
    static const float numbers[] = {1, 10, 2, 20, 3, 30, 5, 5};
    static const char *const columns[] = {"bill", "mass"};
    cepa_array x = {.type = CEPA_FLOAT32, .rank = 1, .shape = {2}, .data = numbers, .columns = columns};
    cepa_dataset *data;
    assert_int_equal(cepa_dataset_new(4, &x, 1, NULL, 0, NULL, &data, NULL), CEPA_OK);
    buffer svg = take_figure("a.svg", cepa_plot_pairs(in_folder("a.svg"), data, NULL));
    assert_non_null(
        strstr((char *)svg.bytes, "2 columns over each other one, 4 rows. Mean of bill: 2.75. Mean of mass"));
    buffer_free(&svg);
    cepa_dataset_free(data);
    x.columns = NULL;
    assert_int_equal(cepa_dataset_new(4, &x, 1, NULL, 0, NULL, &data, NULL), CEPA_OK);
    assert_int_equal(cepa_plot_pairs(in_folder("a.svg"), data, NULL), CEPA_ARGUMENT);
    cepa_dataset_free(data);
}

/* ---- Grids ------------------------------------------------------------------------------------------------------- */

enum { SIDE = 8, ROWS = 3 };

/* Pictures of one colour each: red, green, blue. */
static cepa_dataset *colours(cepa_type type, const void *pictures, size_t channels, const cepa_array *labels)
{
    cepa_array x = {"x", type, 3, {SIDE, SIDE, (int)channels}, pictures};
    cepa_dataset *made;
    cepa_error error;
    if (cepa_dataset_new(ROWS, &x, 1, labels, labels ? 1 : 0, NULL, &made, &error)) fail_msg("%s", error.message);
    return made;
}

static void fill_pictures(unsigned char bytes[ROWS][SIDE][SIDE][3], float shares[ROWS][SIDE][SIDE][3])
{
    for (size_t i = 0; i < (size_t)ROWS * SIDE * SIDE * 3; i++) {
        size_t row = i / (SIDE * SIDE * 3), channel = i % 3;
        (&bytes[0][0][0][0])[i] = row == channel ? 255 : 0;
        (&shares[0][0][0][0])[i] = row == channel ? 1 : 0;
    }
}

static buffer draw_grid(const char *name, const cepa_dataset *data, int columns, int rows)
{
    cepa_error error;
    if (cepa_plot_grid(in_folder(name), data, columns, rows, &error)) fail_msg("%s", error.message);
    return take_file(in_folder(name));
}

static void grid_shows_pictures_and_labels(void **state)
{
    (void)state;
    static unsigned char bytes[ROWS][SIDE][SIDE][3];
    static float shares[ROWS][SIDE][SIDE][3];
    const int64_t label[ROWS] = {2, 0, 1};
    const float one_hot[ROWS][3] = {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}};
    fill_pictures(bytes, shares);
    cepa_dataset *first = colours(CEPA_UINT8, bytes, 3, &(cepa_array){"y", CEPA_INT64, 1, {1}, label});
    cepa_dataset *second = colours(CEPA_FLOAT32, shares, 3, &(cepa_array){"y", CEPA_FLOAT32, 1, {3}, one_hot});
    cepa_dataset *third = colours(CEPA_UINT8, bytes, 3, NULL);
    buffer a = draw_grid("a.svg", first, 2, 2), b = draw_grid("b.svg", second, 2, 2),
           again = draw_grid("a.svg", first, 2, 2);
    assert_non_null(
        strstr((char *)a.bytes, "<desc>3 pictures of 8 x 8 pixels in 2 columns. Row 1: 2, 0. Row 2: 1.</desc>"));
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    assert_int_equal(a.size, again.size);
    assert_memory_equal(a.bytes, again.bytes, a.size);
    assert_int_equal(cepa_plot_grid(in_folder("a.png"), third, 3, 1, NULL), CEPA_OK);
    cairo_surface_t *surface = cairo_image_surface_create_from_png(in_folder("a.png"));
    remove(in_folder("a.png"));
    spot red = find_colour(surface, 0xff0000), blue = find_colour(surface, 0x0000ff);
    assert_int_equal(red.count, 160 * 160);
    assert_int_equal(blue.count, 160 * 160);
    assert_true(fabs(blue.x - red.x - 2 * (160 + 27)) < 1e-6 && fabs(blue.y - red.y) < 1e-6);
    cairo_surface_destroy(surface);
    buffer_free(&a);
    buffer_free(&b);
    buffer_free(&again);
    cepa_dataset_free(first);
    cepa_dataset_free(second);
    cepa_dataset_free(third);
}

static void grid_refuses_what_is_no_picture(void **state)
{
    (void)state;
    static unsigned char bytes[ROWS][SIDE][SIDE][3];
    cepa_error error;
    cepa_dataset *two_channels = colours(CEPA_UINT8, bytes, 2, NULL), *good = colours(CEPA_UINT8, bytes, 3, NULL);
    assert_int_equal(cepa_plot_grid(in_folder("a.png"), two_channels, 1, 1, &error), CEPA_DATA);
    assert_non_null(strstr(error.message, "no pictures of (height, width, channels)"));
    assert_int_equal(cepa_plot_grid(in_folder("a.png"), good, 0, 1, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_plot_grid(in_folder("a.png"), good, 1, 33, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_plot_grid(in_folder("a.txt"), good, 1, 1, &error), CEPA_ARGUMENT);
    cepa_dataset_free(two_channels);
    cepa_dataset_free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_those_of_the_lesson),
        cmocka_unit_test(every_extent_gets_ticks),
        cmocka_unit_test(equal_figures_have_equal_bytes),
        cmocka_unit_test(svg_says_what_it_shows),
        cmocka_unit_test(png_says_what_it_shows),
        cmocka_unit_test(lines_look_like_the_lessons),
        cmocka_unit_test(legend_covers_least),
        cmocka_unit_test(lone_points_are_dots),
        cmocka_unit_test(spread_is_a_pale_band),
        cmocka_unit_test(lines_are_dots_of_text),
        cmocka_unit_test(twenty_series_of_any_name),
        cmocka_unit_test(refusals_leave_nothing),
        cmocka_unit_test(points_lie_about_the_diagonal),
        cmocka_unit_test(heat_shows_numbers_and_names),
        cmocka_unit_test(pairs_are_for_tables),
        cmocka_unit_test(grid_shows_pictures_and_labels),
        cmocka_unit_test(grid_refuses_what_is_no_picture),
    };
    return cmocka_run_group_tests_name("figures", tests, make_folder, remove_folder);
}
