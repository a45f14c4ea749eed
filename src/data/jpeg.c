/* JPEG pictures through libjpeg-turbo. */
#include "data/picture.h"

#if defined(CEPA_HAVE_IMAGES)

#include <setjmp.h>
#include <stdlib.h>
/* jpeglib.h needs stdio.h before it */
#include <jerror.h>
#include <jpeglib.h>

/* libjpeg calls error_exit and never wants it to return. */
typedef struct decoder {
    struct jpeg_decompress_struct library;
    struct jpeg_error_mgr errors;
    jmp_buf failed;
    char message[JMSG_LENGTH_MAX];
    unsigned char *row; /* of a CMYK picture */
} decoder;

static void stop(j_common_ptr common)
{
    decoder *d = common->client_data;
    common->err->format_message(common, d->message);
    longjmp(d->failed, 1);
}

/* Damage that libjpeg would paint over in grey. */
static void warn(j_common_ptr common, int level)
{
    int code = common->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE)) stop(common);
}

static void say_nothing(j_common_ptr common) { (void)common; }

/* Ink to light. Adobe writes CMYK inverted. */
static void convert_cmyk(const unsigned char *from, unsigned char *to, size_t width, size_t channels, bool inverted)
{
    for (size_t i = 0; i < width; i++, from += 4, to += channels) {
        int rgb[3], black = inverted ? from[3] : 255 - from[3];
        for (int c = 0; c < 3; c++) rgb[c] = (inverted ? from[c] : 255 - from[c]) * black / 255;
        if (channels == 1)
            to[0] = (unsigned char)((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
        else
            for (int c = 0; c < 3; c++) to[c] = (unsigned char)rgb[c];
        if (channels == 4) to[3] = 255;
    }
}

static bool begin(decoder *d, const unsigned char *bytes, size_t size, picture *picture)
{
    struct jpeg_decompress_struct *l = &d->library;
    jpeg_mem_src(l, bytes, (unsigned long)size);
    jpeg_read_header(l, TRUE);
    bool cmyk = l->num_components == 4;
    l->out_color_space = cmyk                     ? JCS_CMYK
                         : picture->channels == 1 ? JCS_GRAYSCALE
                         : picture->channels == 3 ? JCS_RGB
                                                  : JCS_EXT_RGBA;
    picture->height = l->image_height;
    picture->width = l->image_width;
    if (cmyk && !(d->row = malloc(picture->width * 4))) return false;
    return picture_allocate(picture);
}

/* false: there is no room for it. Damage ends in a jump. */
static bool decode(decoder *d, const unsigned char *bytes, size_t size, picture *picture)
{
    struct jpeg_decompress_struct *l = &d->library;
    if (!begin(d, bytes, size, picture)) return false;
    jpeg_start_decompress(l);
    while (l->output_scanline < l->output_height) {
        unsigned char *to = picture->bytes + l->output_scanline * picture->width * picture->channels;
        JSAMPROW row = d->row ? d->row : to;
        jpeg_read_scanlines(l, &row, 1);
        if (d->row) convert_cmyk(d->row, to, picture->width, picture->channels, l->saw_Adobe_marker);
    }
    jpeg_finish_decompress(l);
    return true;
}

static cepa_status run(decoder *d, const unsigned char *bytes, size_t size, picture *picture, cepa_error *error)
{
    if (setjmp(d->failed)) return fail(error, CEPA_FORMAT, "%s", d->message);
    jpeg_create_decompress(&d->library);
    if (decode(d, bytes, size, picture)) return CEPA_OK;
    return fail(error, CEPA_MEMORY, "there is no room for %zu x %zu pixels", picture->height, picture->width);
}

cepa_status jpeg_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error)
{
    decoder *d = calloc(1, sizeof *d);
    if (!d) return fail_memory(error);
    d->library.err = jpeg_std_error(&d->errors);
    d->library.client_data = d;
    d->errors.error_exit = stop;
    d->errors.emit_message = warn;
    d->errors.output_message = say_nothing;
    cepa_status status = run(d, bytes, size, picture, error);
    jpeg_destroy_decompress(&d->library);
    free(d->row);
    free(d);
    return status;
}

#else

cepa_status jpeg_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error)
{
    (void)bytes, (void)size, (void)picture;
    return fail(error, CEPA_UNSUPPORTED, "it needs libjpeg, which this build leaves out (-Dimages=disabled)");
}

#endif
