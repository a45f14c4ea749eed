/* Pictures: decoding, resizing. */
#ifndef DATA_PICTURE_H
#define DATA_PICTURE_H

#include "base/error.h"

/* Bytes in rows, channels last: 1 grey, 3 RGB, 4 RGB and alpha. */
typedef struct picture {
    size_t height, width, channels;
    unsigned char *bytes; /* to be freed */
} picture;

/* Decodes a whole JPEG, PNG, BMP or GIF file, told by its first bytes, to picture->channels as wanted: palettes, 16
 * bits, grey, CMYK and alpha are converted; alpha is dropped (not blended) or made opaque; grey is 0.299 R + 0.587 G +
 * 0.114 B. where names the file in messages. */
cepa_status picture_decode(const char *where, const unsigned char *bytes, size_t size, picture *picture,
                           cepa_error *error);

/* The decoders behind it: they allocate through picture_allocate and fail with a message, which picture_decode puts
 * behind the file's name. */
cepa_status bmp_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error);
cepa_status gif_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error);
cepa_status jpeg_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error);
cepa_status png_decode(const unsigned char *bytes, size_t size, picture *picture, cepa_error *error);

/* A number of so many bytes, the lowest first. */
uint32_t picture_number(const unsigned char *bytes, size_t width);

/* Makes room for height x width x channels bytes; false where it is absurd or memory is exhausted. */
bool picture_allocate(picture *picture);

/* Makes a color the pixel number place, as the picture's channels want it. */
void picture_set(picture *picture, size_t place, const unsigned char rgba[4]);

typedef struct resizing {
    size_t height, width;
    bool nearest;              /* else bilinear */
    bool crop_to_aspect_ratio; /* cut the middle of the right proportions first */
} resizing;

/* What data set options say about pictures, checked: the size (0: 256 x 256) and the channels of the mode. */
cepa_status picture_options(const cepa_dataset_options *options, resizing *resizing, size_t *channels,
                            cepa_error *error);

/* Resizes as Keras' Resizing layer does, half-pixel centres, no antialiasing: height x width x channels numbers. */
void picture_resize(const picture *picture, const resizing *resizing, float *numbers);

#endif
