#include "figures/tone.h"

#include "base/memory.h"
#include "data/matrix.h"

#include <math.h>

brightness brightness_between(double low, double high)
{
    double scale = high > low ? 255 / (high - low) : 0;
    return (brightness){scale, -low * scale};
}

brightness brightness_of_range(double low, double high)
{
    if (low < 0 || high > 255) return brightness_between(low, high);
    return brightness_between(0, high <= 1 ? 1 : 255);
}

/* Smallest and largest of the numbers that are finite. */
static void range_of(const cepa_matrix *m, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < m->height * m->width * m->channels; i++) {
        if (!isfinite(m->values[i])) continue;
        *low = fmin(*low, m->values[i]);
        *high = fmax(*high, m->values[i]);
    }
}

static brightness plain(const cepa_panel *p, double low, double high)
{
    if (p->low < p->high) return brightness_between(p->low, p->high);
    return brightness_between(0, low >= 0 && high <= 1 ? 1 : 255);
}

/* The distance from 0 that all but a few of many numbers keep: a handful of outliers would leave the rest grey. */
static double reach_of(const cepa_matrix *m, double farthest)
{
    enum { BINS = 4096, FEW = 1000 };
    size_t bins[BINS] = {0}, count = m->height * m->width * m->channels, beyond = 0, bin = BINS;
    if (count < FEW || farthest <= 0) return farthest;
    for (size_t i = 0; i < count; i++) {
        double share = fabs(m->values[i]) / farthest;
        if (share <= 1) bins[(size_t)(share * (BINS - 1))]++;
    }
    while (bin > 1 && beyond + bins[bin - 1] <= count / 200) beyond += bins[--bin];
    return farthest * (double)bin / BINS;
}

static brightness from_the_middle(const cepa_panel *p, double low, double high)
{
    double reach = reach_of(p->matrix, fmax(-low, high));
    return (brightness){reach > 0 ? 127 / reach : 0, 128};
}

static brightness stretched(const cepa_panel *p, double low, double high)
{
    (void)p;
    return brightness_between(low, high);
}

static brightness (*const tones[])(const cepa_panel *p, double low, double high) = {
    [CEPA_TONE_PLAIN] = plain,
    [CEPA_TONE_SIGNED] = from_the_middle,
    [CEPA_TONE_STRETCHED] = stretched,
    [CEPA_TONE_NUMBERS] = stretched,
};

brightness panel_brightness(const cepa_panel *panel)
{
    double low, high;
    range_of(panel->matrix, &low, &high);
    return tones[panel->tone](panel, low, high);
}

double tone_byte(const brightness *b, double number) { return fmin(fmax(number * b->scale + b->offset, 0), 255); }

/* Colours of heat from 0 to 1: black, violet, red, orange, pale yellow. */
static const double ramp[][3] = {{0, 0, 4}, {87, 16, 110}, {188, 55, 84}, {249, 142, 9}, {252, 255, 164}};

static double heat_colour(double heat, size_t colour)
{
    double place = fmin(fmax(heat, 0), 1) * (double)(ARRAY_COUNT(ramp) - 1);
    size_t before = (size_t)place;
    if (before >= ARRAY_COUNT(ramp) - 1) return ramp[ARRAY_COUNT(ramp) - 1][colour];
    return ramp[before][colour] + (place - (double)before) * (ramp[before + 1][colour] - ramp[before][colour]);
}

/* The heat at a place of the picture: the map is spread over it (half-pixel centres, bilinear). */
static double heat_at(const cepa_panel *p, size_t row, size_t column)
{
    const cepa_matrix *h = p->heat;
    double y = ((double)row + 0.5) * (double)h->height / (double)p->matrix->height - 0.5;
    double x = ((double)column + 0.5) * (double)h->width / (double)p->matrix->width - 0.5;
    y = fmin(fmax(y, 0), (double)(h->height - 1));
    x = fmin(fmax(x, 0), (double)(h->width - 1));
    size_t top = (size_t)y, left = (size_t)x;
    size_t bottom = top + 1 < h->height ? top + 1 : top, right = left + 1 < h->width ? left + 1 : left;
    double down = y - (double)top, across = x - (double)left;
    double above = (1 - across) * h->values[top * h->width + left] + across * h->values[top * h->width + right];
    double below = (1 - across) * h->values[bottom * h->width + left] + across * h->values[bottom * h->width + right];
    return (1 - down) * above + down * below;
}

uint32_t panel_colour(const cepa_panel *p, const brightness *b, size_t row, size_t column)
{
    const cepa_matrix *m = p->matrix;
    const double *pixel = matrix_at(m, row, column);
    double heat = p->heat ? heat_at(p, row, column) : 0, share = p->heat ? 0.3 + 0.4 * heat : 0;
    uint32_t colour = 0;
    for (size_t i = 0; i < 3; i++) {
        double byte = tone_byte(b, pixel[m->channels >= 3 ? i : 0]);
        if (p->heat) byte += share * (heat_colour(heat, i) - byte);
        colour = colour << 8 | (uint32_t)(byte + 0.5);
    }
    return colour;
}
