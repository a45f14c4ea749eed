/* Pictures: decoding, conversion, resizing with Keras' numbers, folders of classes. */
#include "base/file.h"
#include "data/picture.h"
#include "data_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

/* ---- Files ---- */

static void write_png(const char *path, png_uint_32 format, unsigned height, unsigned width, const void *pixels,
                      const void *palette, unsigned colors)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = format, .colormap_entries = colors};
    unsigned char bytes[20000];
    png_alloc_size_t size = sizeof bytes;
    assert_true(png_image_write_to_memory(&image, bytes, &size, 0, pixels, 0, palette));
    write_file(path, bytes, size);
}

/* An RGB picture of one colour. */
static void write_plain(const char *path, unsigned height, unsigned width, unsigned char level)
{
    unsigned char pixels[64 * 64 * 3];
    memset(pixels, level, sizeof pixels);
    write_png(path, PNG_FORMAT_RGB, height, width, pixels, NULL, 0);
}

static void write_jpeg(const char *path, J_COLOR_SPACE space, int components, unsigned height, unsigned width,
                       unsigned char *pixels)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &bytes, &size);
    c.image_height = height;
    c.image_width = width;
    c.input_components = components;
    c.in_color_space = space;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 100, TRUE);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < height)
        jpeg_write_scanlines(&c, &(JSAMPROW){pixels + c.next_scanline * width * (unsigned)components}, 1);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    write_file(path, bytes, size);
    free(bytes);
}

/* Decodes a file; the caller frees. */
static picture decode(const char *path, size_t channels)
{
    buffer file = {0};
    picture decoded = {.channels = channels};
    cepa_error error;
    assert_int_equal(file_read(path, 0, &file, NULL), CEPA_OK);
    if (picture_decode(path, file.bytes, file.size, &decoded, &error)) fail_msg("%s", error.message);
    buffer_free(&file);
    return decoded;
}

/* ---- Decoding ---- */

/* The first pixel of a picture as grey, RGB and RGB with alpha. */
static void check_pixel(const char *path, int tolerance, const int grey[1], const int rgb[3], const int rgba[4])
{
    const int *const expected[] = {[1] = grey, [3] = rgb, [4] = rgba};
    for (size_t channels = 1; channels <= 4; channels++) {
        if (channels == 2) continue;
        picture p = decode(path, channels);
        for (size_t c = 0; c < channels; c++)
            if (abs(p.bytes[c] - expected[channels][c]) > tolerance)
                fail_msg("%s, channel %zu of %zu: %d, expected %d", path, c, channels, p.bytes[c],
                         expected[channels][c]);
        free(p.bytes);
    }
}

static void every_png_is_converted(void **state)
{
    (void)state;
    const char *path = in_folder("a.png");
    /* libpng cuts grey off: 152.99 */
    write_png(path, PNG_FORMAT_RGB, 1, 1, "\x64\xc8\x32", NULL, 0);
    check_pixel(path, 0, (int[]){152}, (int[]){100, 200, 50}, (int[]){100, 200, 50, 255});
    write_png(path, PNG_FORMAT_RGBA, 1, 1, "\x64\xc8\x32\x07", NULL, 0);
    check_pixel(path, 0, (int[]){152}, (int[]){100, 200, 50}, (int[]){100, 200, 50, 7});
    write_png(path, PNG_FORMAT_GRAY, 1, 1, "\x64", NULL, 0);
    check_pixel(path, 0, (int[]){100}, (int[]){100, 100, 100}, (int[]){100, 100, 100, 255});
    write_png(path, PNG_FORMAT_GA, 1, 1, "\x64\x09", NULL, 0);
    check_pixel(path, 0, (int[]){100}, (int[]){100, 100, 100}, (int[]){100, 100, 100, 9});
    write_png(path, PNG_FORMAT_RGB_COLORMAP, 1, 2, "\1\0", "\1\2\3\x64\xc8\x32", 2);
    check_pixel(path, 0, (int[]){152}, (int[]){100, 200, 50}, (int[]){100, 200, 50, 255});
    write_png(path, PNG_FORMAT_RGBA_COLORMAP, 1, 2, "\1\0", "\1\2\3\4\x64\xc8\x32\x05", 2);
    check_pixel(path, 0, (int[]){152}, (int[]){100, 200, 50}, (int[]){100, 200, 50, 5});
}

static void sixteen_bits_become_eight(void **state)
{
    (void)state;
    /* 1 x 1 pixels of grey 0x1234, written by hand: libpng's short way converts the numbers. */
    static const unsigned char file[] = {
        0x89, 'P',  'N',  'G',  13,   10,  26,  10,   0,    0,    0,    13,   'I',  'H',  'D',  'R',  0,
        0,    0,    1,    0,    0,    0,   1,   16,   0,    0,    0,    0,    0x6a, 0xee, 0x47, 0x16, 0,
        0,    0,    11,   'I',  'D',  'A', 'T', 0x78, 0x9c, 0x63, 0x10, 0x32, 0x01, 0x00, 0x00, 0x5b, 0x00,
        0x47, 0x96, 0xfb, 0x1b, 0x65, 0,   0,   0,    0,    'I',  'E',  'N',  'D',  0xae, 0x42, 0x60, 0x82};
    write_file(in_folder("a.png"), file, sizeof file);
    check_pixel(in_folder("a.png"), 0, (int[]){0x12}, (int[]){0x12, 0x12, 0x12}, (int[]){0x12, 0x12, 0x12, 255});
}

/* Pixel (x, y) of the files below. */
static void color_of_bmp(size_t x, size_t y, unsigned char rgb[3])
{
    size_t k = 5 * y + x;
    rgb[0] = (unsigned char)(10 * k);
    rgb[1] = (unsigned char)(200 - k);
    rgb[2] = (unsigned char)(3 * k);
}

static void color_of_gif(size_t x, size_t y, unsigned char rgb[3])
{
    rgb[0] = (unsigned char)((x * x + 31 * y * y) % 251);
    rgb[1] = (unsigned char)(255 - rgb[0]);
    rgb[2] = rgb[0] ^ 85;
}

static void bmp_and_gif_have_their_pixels(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t width, height;
        void (*color)(size_t x, size_t y, unsigned char rgb[3]);
    } files[] = {{"tests/files/plain.bmp", 5, 3, color_of_bmp},   /* 24 bits, from the bottom */
                 {"tests/files/palette.bmp", 5, 3, color_of_bmp}, /* 4 bits */
                 {"tests/files/masks.bmp", 5, 3, color_of_bmp},   /* 32 bits, from the top */
                 {"tests/files/interlaced.gif", 40, 30, color_of_gif}};
    for (size_t f = 0; f < ARRAY_COUNT(files); f++) {
        picture p = decode(files[f].path, 4);
        assert_int_equal(p.width, files[f].width);
        assert_int_equal(p.height, files[f].height);
        for (size_t i = 0; i < p.width * p.height; i++) {
            unsigned char rgba[4] = {0, 0, 0, 255};
            files[f].color(i % p.width, i / p.width, rgba);
            if (memcmp(p.bytes + 4 * i, rgba, 4) != 0) fail_msg("%s: pixel %zu", files[f].path, i);
        }
        free(p.bytes);
    }
    picture grey = decode("tests/files/plain.bmp", 1);
    assert_int_equal(grey.bytes[14], 156); /* 0.299 * 140 + 0.587 * 186 + 0.114 * 42 */
    free(grey.bytes);
}

/* One pixel of white, the color that is not seen; and one of 16 bits without masks: 5 for each color. */
static void transparent_gif_and_narrow_bmp(void **state)
{
    (void)state;
    static const char gif[] = "GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0\x21\xf9\4\1\0\0\0\0"
                              "\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0\x3b";
    static const char bmp[] = "BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\1\0\0\0\1\0\x10\0"
                              "\0\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\x7e\0\0";
    write_file(in_folder("a.gif"), gif, sizeof gif - 1);
    check_pixel(in_folder("a.gif"), 0, (int[]){255}, (int[]){255, 255, 255}, (int[]){255, 255, 255, 0});
    write_file(in_folder("a.bmp"), bmp, sizeof bmp - 1);
    check_pixel(in_folder("a.bmp"), 0, (int[]){161}, (int[]){255, 131, 65}, (int[]){255, 131, 65, 255});
}

static void damaged_bmp_and_gif_are_refused(void **state)
{
    (void)state;
    static const char *const files[] = {"plain.bmp", "palette.bmp", "masks.bmp", "interlaced.gif"};
    for (size_t f = 0; f < ARRAY_COUNT(files); f++) {
        char *path = path_join("tests/files", files[f]);
        buffer file = {0};
        assert_int_equal(file_read(path, 0, &file, NULL), CEPA_OK);
        size_t first = f == 3 ? file.size / 2 : file.size; /* a second picture follows, which is not looked at */
        for (size_t size = 4; size < first; size++) {
            unsigned char *cut = malloc(size); /* of this size, so that a sanitizer sees what is read behind it */
            picture p = {.channels = 3};
            memcpy(cut, file.bytes, size);
            assert_int_not_equal(picture_decode("cut", cut, size, &p, NULL), CEPA_OK);
            free(cut);
        }
        for (size_t i = 2; i < file.size; i++) { /* nothing but an error or a picture */
            picture p = {.channels = 3};
            unsigned char was = file.bytes[i];
            file.bytes[i] = (unsigned char)(was * 7 + 85);
            picture_decode("damaged", file.bytes, file.size, &p, NULL);
            free(p.bytes);
            file.bytes[i] = was;
        }
        buffer_free(&file);
        free(path);
    }
}

static void every_jpeg_is_converted(void **state)
{
    (void)state;
    const char *path = in_folder("a.jpg");
    unsigned char rgb[64 * 3], grey[64], cmyk[64 * 4];
    for (size_t i = 0; i < 64; i++) {
        memcpy(rgb + 3 * i, "\x64\xc8\x32", 3);
        memcpy(cmyk + 4 * i, "\x64\xc8\x32\x80", 4);
        grey[i] = 100;
    }
    write_jpeg(path, JCS_RGB, 3, 8, 8, rgb);
    check_pixel(path, 2, (int[]){152}, (int[]){100, 200, 50}, (int[]){100, 200, 50, 255});
    write_jpeg(path, JCS_GRAYSCALE, 1, 8, 8, grey);
    check_pixel(path, 2, (int[]){100}, (int[]){100, 100, 100}, (int[]){100, 100, 100, 255});
    write_jpeg(path, JCS_CMYK, 4, 8, 8, cmyk); /* with Adobe's mark: inverted */
    check_pixel(path, 2, (int[]){76}, (int[]){50, 100, 25}, (int[]){50, 100, 25, 255});
}

static void damage_is_survived(void **state)
{
    (void)state;
    unsigned char pixels[24 * 24 * 3];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (unsigned char)(i * i / 7);
    write_png(in_folder("a"), PNG_FORMAT_RGB, 24, 24, pixels, NULL, 0);
    write_jpeg(in_folder("b"), JCS_RGB, 3, 24, 24, pixels);
    for (int f = 'a'; f <= 'b'; f++) {
        buffer file = {0};
        picture p = {.channels = 3};
        cepa_error error;
        assert_int_equal(file_read(in_folder("%c", f), 0, &file, NULL), CEPA_OK);
        for (size_t i = 0; i < file.size; i++) {
            /* a copy of its own size, so that reading beyond it is seen */
            unsigned char *part = malloc(i + 1);
            memcpy(part, file.bytes, i);
            error.message[0] = 0;
            cepa_status status = picture_decode("picture", part, i, &p, &error);
            if (i + 4 < file.size) assert_int_not_equal(status, CEPA_OK);
            if (status) assert_non_null(strstr(error.message, "picture"));
            free(p.bytes);
            free(part);
            for (int change = 1; change < 256; change *= 4) {
                file.bytes[i] = (unsigned char)(file.bytes[i] ^ change);
                picture_decode("picture", file.bytes, file.size, &p, &error);
                file.bytes[i] = (unsigned char)(file.bytes[i] ^ change);
                free(p.bytes);
            }
        }
        buffer_free(&file);
    }
}

/* ---- Resizing ---- */

/* What keras.layers.Resizing gives for the first channel of this picture. */
static void resizing_has_keras_numbers(void **state)
{
    (void)state;
    static const struct {
        resizing resizing;
        float numbers[12];
    } cases[] = {{{2, 2, false, false}, {17.5f, 45, 73, 100.5f}},
                 {{2, 2, false, true}, {23, 39.5f, 78.5f, 95}},
                 {{4, 3, false, false},
                  {3.6666665f, 22, 40.333332f, 26.791666f, 45.125f, 63.458328f, 54.541664f, 72.875f, 91.208328f,
                   77.666664f, 96, 114.33333f}},
                 {{4, 3, true, false}, {0, 22, 44, 37, 59, 81, 37, 59, 81, 74, 96, 118}},
                 {{4, 3, true, true}, {11, 22, 22, 48, 59, 59, 48, 59, 59, 85, 96, 96}}};
    unsigned char bytes[3 * 5 * 3];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 5; j++)
            for (int c = 0; c < 3; c++) bytes[(i * 5 + j) * 3 + c] = (unsigned char)(i * 37 + j * 11 + c * 50);
    const picture p = {.height = 3, .width = 5, .channels = 3, .bytes = bytes};
    for (size_t k = 0; k < ARRAY_COUNT(cases); k++) {
        float numbers[36];
        size_t count = cases[k].resizing.height * cases[k].resizing.width;
        picture_resize(&p, &cases[k].resizing, numbers);
        for (size_t i = 0; i < count; i++) {
            assert_true(fabsf(numbers[3 * i] - cases[k].numbers[i]) < 1e-4f);
            assert_true(fabsf(numbers[3 * i + 2] - cases[k].numbers[i] - 100) < 1e-4f);
        }
    }
}

/* ---- Folders ---- */

static const cepa_dataset_options four = {.image_size = {4, 4}};

/* Each picture's level names its place in the order. */
static void check_levels(const cepa_dataset *data, const int *labels, size_t rows)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    const unsigned char *x = info->inputs[0].data;
    const int32_t *y = info->targets[0].data;
    assert_int_equal(info->rows, rows);
    assert_int_equal(info->inputs[0].type, CEPA_UINT8);
    for (size_t i = 0; i < rows; i++) {
        assert_int_equal(x[i * 48], i);
        assert_int_equal(y[i], labels[i]);
    }
}

static void folders_are_read_in_keras_order(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    write_plain(in_folder("d/banana/b.PNG"), 4, 4, 2);
    write_plain(in_folder("d/Apple/2.png"), 4, 4, 1);
    write_plain(in_folder("d/Apple/10.jpeg"), 4, 4, 0); /* a PNG whatever its name */
    write_plain(in_folder("d/banana/a/z.png"), 4, 4, 4);
    write_plain(in_folder("d/banana/c.png"), 4, 4, 3);
    write_plain(in_folder("d/zebra/x.png"), 4, 4, 5);
    write_plain(in_folder("d/.hidden/x.png"), 4, 4, 9);
    write_plain(in_folder("d/top.png"), 4, 4, 9);
    write_text(in_folder("d/mango/readme.txt"), "a class without pictures");
    open_data(in_folder("d"), &four, &train, &test);
    check_levels(train, (const int[]){0, 0, 1, 1, 1, 3}, 6);
    const cepa_dataset_info *info = cepa_dataset_describe(train);
    assert_int_equal(info->class_count, 4);
    assert_string_equal(info->class_names[0], "Apple");
    assert_string_equal(info->class_names[2], "mango");
    assert_null(test);
    cepa_dataset_free(train);
}

/* Every picture is there once, with its label, and neither class fills an end. */
static void folders_can_be_shuffled(void **state)
{
    (void)state;
    enum { EACH = 20 };
    cepa_dataset *train, *test;
    for (unsigned char i = 0; i < 2 * EACH; i++)
        write_plain(in_folder("d/%c/%02d.png", i < EACH ? 'a' : 'b', i), 4, 4, i);
    open_data(in_folder("d"), &(cepa_dataset_options){.image_size = {4, 4}, .shuffle = true, .seed = 1}, &train, &test);
    const unsigned char *x = cepa_dataset_describe(train)->inputs[0].data;
    const int32_t *y = cepa_dataset_describe(train)->targets[0].data;
    bool seen[2 * EACH] = {false};
    int first_half = 0;
    for (size_t i = 0; i < 2 * EACH; i++) {
        assert_int_equal(y[i], x[i * 48] >= EACH);
        assert_false(seen[x[i * 48]]);
        seen[x[i * 48]] = true;
        if (i < EACH) first_half += y[i];
    }
    assert_in_range(first_half, 5, 15);
    cepa_dataset_free(train);
}

static void parts_have_their_folders(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    write_plain(in_folder("d/train/b/1.png"), 4, 4, 1);
    write_plain(in_folder("d/train/a/1.png"), 4, 4, 0);
    write_plain(in_folder("d/val/b/1.png"), 4, 4, 0);
    open_data(in_folder("d"), &four, &train, &test);
    check_levels(train, (const int[]){0, 1}, 2);
    check_levels(test, (const int[]){1}, 1); /* the training pictures' classes count */
    cepa_dataset_free(train);
    cepa_dataset_free(test);
    write_plain(in_folder("d/val/c/1.png"), 4, 4, 0);
    REFUSE(in_folder("d"), &four, CEPA_DATA, "val/c/1.png", "not among the 2");
}

static void archives_of_folders_are_read(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    buffer a = {0}, b = {0};
    write_plain(in_folder("a.png"), 4, 4, 0);
    write_plain(in_folder("b.png"), 4, 4, 1);
    assert_int_equal(file_read(in_folder("a.png"), 0, &a, NULL), CEPA_OK);
    assert_int_equal(file_read(in_folder("b.png"), 0, &b, NULL), CEPA_OK);
    write_archive(in_folder("d.tgz"), (packed_file[]){{.name = "flowers/rose/1.png", .bytes = b.bytes, .size = b.size},
                                                      {.name = "flowers/daisy/1.png", .bytes = a.bytes, .size = a.size},
                                                      {.name = "flowers/rose/._1.png", .bytes = "x", .size = 1},
                                                      {.name = "__MACOSX/rose/2.png", .bytes = "x", .size = 1},
                                                      {.name = NULL}});
    open_data(in_folder("d.tgz"), &four, &train, &test); /* without what is hidden, and what macOS adds */
    check_levels(train, (const int[]){0, 1}, 2);
    assert_string_equal(cepa_dataset_describe(train)->class_names[1], "rose");
    cepa_dataset_free(train);
    buffer_free(&a);
    buffer_free(&b);
}

static void other_sizes_make_floats(void **state)
{
    (void)state;
    cepa_dataset *train, *test;
    write_plain(in_folder("d/a/1.png"), 4, 4, 7);
    write_plain(in_folder("d/a/2.png"), 9, 5, 8);
    open_data(in_folder("d"), &four, &train, &test);
    const cepa_array *x = cepa_dataset_describe(train)->inputs;
    assert_int_equal(x->type, CEPA_FLOAT32);
    assert_true(((const float *)x->data)[0] == 7 && ((const float *)x->data)[48] == 8);
    cepa_dataset_free(train);
    open_data(in_folder("d"), NULL, &train, &test);
    assert_memory_equal(cepa_dataset_describe(train)->inputs[0].shape, ((int[]){256, 256, 3}), 3 * sizeof(int));
    cepa_dataset_free(train);
    open_data(in_folder("d"), &(cepa_dataset_options){.image_size = {2, 3}, .color_mode = "grayscale"}, &train, &test);
    assert_memory_equal(cepa_dataset_describe(train)->inputs[0].shape, ((int[]){2, 3, 1}), 3 * sizeof(int));
    cepa_dataset_free(train);
}

static void wrong_pictures_are_named(void **state)
{
    (void)state;
    write_plain(in_folder("d/a/1.png"), 4, 4, 7);
    write_text(in_folder("d/a/2.png"), "no picture");
    write_text(in_folder("d/a/3.png"), "nor this");
    REFUSE(in_folder("d"), &four, CEPA_FORMAT, "d/a/2.png", "JPEG, PNG, BMP or GIF");
    write_text(in_folder("d/a/2.png"), "\x89PNG\r\n\x1a\n and nothing more");
    REFUSE(in_folder("d"), &four, CEPA_FORMAT, "d/a/2.png", "unreadable PNG");
    write_text(in_folder("d/a/2.png"), "\xff\xd8\xff and nothing more");
    REFUSE(in_folder("d"), &four, CEPA_FORMAT, "d/a/2.png", "unreadable JPEG");
    REFUSE(in_folder("d"), &((cepa_dataset_options){.color_mode = "cmyk"}), CEPA_ARGUMENT, "color_mode 'cmyk'");
    REFUSE(in_folder("d"), &((cepa_dataset_options){.interpolation = "cubic"}), CEPA_ARGUMENT, "interpolation 'cubic'");
    REFUSE(in_folder("d"), &((cepa_dataset_options){.image_size = {4, 0}}), CEPA_ARGUMENT, "image_size (4, 0)");
    REFUSE(in_folder("d"), &((cepa_dataset_options){.image_size = {1 << 24, 1 << 24}}), CEPA_MEMORY, "image_size");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(every_png_is_converted),
        IN_FOLDER(sixteen_bits_become_eight),
        IN_FOLDER(every_jpeg_is_converted),
        cmocka_unit_test(bmp_and_gif_have_their_pixels),
        IN_FOLDER(transparent_gif_and_narrow_bmp),
        cmocka_unit_test(damaged_bmp_and_gif_are_refused),
        IN_FOLDER(damage_is_survived),
        cmocka_unit_test(resizing_has_keras_numbers),
        IN_FOLDER(folders_are_read_in_keras_order),
        IN_FOLDER(folders_can_be_shuffled),
        IN_FOLDER(parts_have_their_folders),
        IN_FOLDER(archives_of_folders_are_read),
        IN_FOLDER(other_sizes_make_floats),
        IN_FOLDER(wrong_pictures_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
