/* Resizing with the arithmetic of Keras' Resizing layer: float32, half-pixel centres, no antialiasing. */
#include "data/picture.h"

#include <math.h>
#include <stdbool.h>

/* The part of one axis that is resized. */
typedef struct axis {
    size_t start, size, wanted;
} axis;

/* A place between two pixels: share of the way from low to high. */
typedef struct between {
    size_t low, high;
    float share;
} between;

static between bilinear_place(const axis *a, size_t i)
{
    float scale = (float)a->size / (float)a->wanted, place = ((float)i + 0.5f) * scale - 0.5f, below = floorf(place);
    float last = (float)(a->size - 1), above = ceilf(place);
    return (between){.low = a->start + (size_t)(below > 0 ? below : 0),
                     .high = a->start + (size_t)(above < last ? above : last),
                     .share = place - below};
}

static between nearest_place(const axis *a, size_t i)
{
    float scale = (float)a->size / (float)a->wanted, place = floorf(((float)i + 0.5f) * scale);
    float last = (float)(a->size - 1);
    size_t pixel = a->start + (size_t)(place < last ? place : last);
    return (between){.low = pixel, .high = pixel};
}

/* The middle of this axis that has the wanted proportions to the other. */
static axis crop(size_t size, size_t wanted, size_t other_size, size_t other_wanted)
{
    size_t kept = (size_t)((double)(other_size * wanted) / (double)other_wanted);
    if (kept > size) kept = size;
    if (kept < 1) kept = 1;
    return (axis){.start = (size - kept) / 2, .size = kept, .wanted = wanted};
}

void picture_resize(const picture *picture, const resizing *resizing, float *numbers)
{
    size_t height = picture->height, width = picture->width, channels = picture->channels;
    axis rows = {0, height, resizing->height}, columns = {0, width, resizing->width};
    if (resizing->crop_to_aspect_ratio) {
        rows = crop(height, resizing->height, width, resizing->width);
        columns = crop(width, resizing->width, height, resizing->height);
    }
    between (*place)(const axis *, size_t) = resizing->nearest ? nearest_place : bilinear_place;
    for (size_t i = 0; i < resizing->height; i++) {
        between row = place(&rows, i);
        const unsigned char *top = picture->bytes + row.low * width * channels;
        const unsigned char *bottom = picture->bytes + row.high * width * channels;
        for (size_t j = 0; j < resizing->width; j++) {
            between column = place(&columns, j);
            size_t left = column.low * channels, right = column.high * channels;
            for (size_t c = 0; c < channels; c++) {
                float above = (float)top[left + c] + (float)(top[right + c] - top[left + c]) * column.share;
                float below = (float)bottom[left + c] + (float)(bottom[right + c] - bottom[left + c]) * column.share;
                *numbers++ = above + (below - above) * row.share;
            }
        }
    }
}
