/* PNG pictures through libpng. */
#include "data/picture.h"

#if defined(CEPA_HAVE_IMAGES)

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* libpng calls the error function and never wants it to return. */
typedef struct decoder {
    png_structp library;
    png_infop info;
    const unsigned char *bytes;
    size_t size;
    png_bytep *rows;
    jmp_buf failed;
    char message[200];
} decoder;

static void stop(png_structp library, png_const_charp message)
{
    decoder *d = png_get_error_ptr(library);
    snprintf(d->message, sizeof d->message, "%s", message);
    longjmp(d->failed, 1);
}

static void say_nothing(png_structp library, png_const_charp message) { (void)library, (void)message; }

static void give_bytes(png_structp library, png_bytep to, size_t size)
{
    decoder *d = png_get_io_ptr(library);
    if (size > d->size) png_error(library, "the file is cut off");
    memcpy(to, d->bytes, size);
    d->bytes += size;
    d->size -= size;
}

/* Asks for 8 bits and the wanted channels, whatever the file has. */
static void convert_to(decoder *d, size_t channels)
{
    png_structp l = d->library;
    int type = png_get_color_type(l, d->info);
    bool transparent = png_get_valid(l, d->info, PNG_INFO_tRNS), alpha = transparent || (type & PNG_COLOR_MASK_ALPHA);
    png_set_expand(l);
    png_set_strip_16(l);
    if (channels == 1 && (type & PNG_COLOR_MASK_COLOR)) png_set_rgb_to_gray_fixed(l, 1, 29900, 58700);
    if (channels > 1 && !(type & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(l);
    if (channels < 4 && alpha) png_set_strip_alpha(l);
    if (channels == 4 && !alpha) png_set_add_alpha(l, 255, PNG_FILLER_AFTER);
    png_set_interlace_handling(l);
    png_read_update_info(l, d->info);
}

/* false: there is no room for it. Damage ends in a jump. */
static bool decode(decoder *d, picture *picture)
{
    /* Colour spaces are not heeded: with them libpng would make grey in another light than Keras and JPEG do. */
    static const png_byte passed_over[] = "gAMA\0sRGB\0iCCP\0cHRM";
    png_set_keep_unknown_chunks(d->library, PNG_HANDLE_CHUNK_NEVER, passed_over, sizeof passed_over / 5);
    png_set_read_fn(d->library, d, give_bytes);
    png_read_info(d->library, d->info);
    picture->height = png_get_image_height(d->library, d->info);
    picture->width = png_get_image_width(d->library, d->info);
    convert_to(d, picture->channels);
    size_t row_bytes = picture->width * picture->channels;
    if (png_get_rowbytes(d->library, d->info) != row_bytes) png_error(d->library, "its kind of color is not known");
    d->rows = malloc(picture->height * sizeof *d->rows);
    if (!d->rows || !picture_allocate(picture)) return false;
    for (size_t i = 0; i < picture->height; i++) d->rows[i] = picture->bytes + i * row_bytes;
    png_read_image(d->library, d->rows);
    png_read_end(d->library, NULL);
    return true;
}

static cepa_status run(decoder *d, picture *picture, cepa_error *error)
{
    if (setjmp(d->failed)) return fail(error, CEPA_FORMAT, "%s", d->message);
    d->library = png_create_read_struct(PNG_LIBPNG_VER_STRING, d, stop, say_nothing);
    d->info = d->library ? png_create_info_struct(d->library) : NULL;
    if (!d->info) return fail_memory(error);
    if (!decode(d, picture))
        return fail(error, CEPA_MEMORY, "there is no room for %zu x %zu pixels", picture->height, picture->width);
    return CEPA_OK;
}

cepa_status png_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error)
{
    decoder *d = calloc(1, sizeof *d);
    if (!d) return fail_memory(error);
    d->bytes = bytes;
    d->size = size;
    cepa_status status = run(d, picture, error);
    png_destroy_read_struct(&d->library, &d->info, NULL);
    free(d->rows);
    free(d);
    return status;
}

#else

cepa_status png_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error)
{
    (void)bytes, (void)size, (void)picture;
    return fail(error, CEPA_UNSUPPORTED, "it needs libpng, which this build leaves out (-Dimages=disabled)");
}

#endif
