#include "tables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DECIMALS = 4, WIDEST_TABLE = 32, HIGHEST_TABLE = 40 };

/* The fewest decimals that lose nothing of the numbers, at most MOST_DECIMALS. */
static int decimals_for(const double *values, size_t count)
{
    int decimals = 0;
    double factor = 1;
    for (size_t i = 0; i < count && decimals < MOST_DECIMALS; i++)
        while (decimals < MOST_DECIMALS && fabs(values[i] * factor - rint(values[i] * factor)) > 1e-9 * factor) {
            decimals++;
            factor *= 10;
        }
    return decimals;
}

const char *styled(const number_style *style, double number, char text[40])
{
    if (style->decimals < 0)
        snprintf(text, 40, "%*.*g", style->width, -style->decimals, number);
    else
        snprintf(text, 40, "%*.*f", style->width, style->decimals, number + 0.0);
    return text;
}

number_style number_style_of(const double *values, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(values[i]));
    bool fixed = largest == 0 || (largest >= 0.01 && largest < 1e7);
    number_style style = {0, fixed ? decimals_for(values, count) : -5};
    int widest = 0;
    for (size_t i = 0; i < count; i++) {
        char text[40];
        int width = (int)strlen(styled(&style, values[i], text));
        if (width > widest) widest = width;
    }
    style.width = widest;
    return style;
}

void print_matrix(const cepa_matrix *m, size_t channel, const char *indent)
{
    number_style style = number_style_of(m->values, m->height * m->width * m->channels);
    char text[40];
    for (size_t row = 0; row < m->height; row++) {
        fputs(indent, stdout);
        for (size_t column = 0; column < m->width; column++)
            printf("%s%s", column ? "  " : "",
                   styled(&style, m->values[(row * m->width + column) * m->channels + channel], text));
        putchar('\n');
    }
}

bool is_readable(const cepa_matrix *m) { return m->height <= HIGHEST_TABLE && m->width <= WIDEST_TABLE; }

bool read_places(const char *text, size_t least, size_t most, size_t *places, size_t *count)
{
    *count = 0;
    for (const char *at = text; *count < most; at++) {
        char *end;
        errno = 0;
        places[*count] = strtoul(at, &end, 10);
        if (!strchr("0123456789", *at) || end == at || errno || (*end && *end != ',')) return false;
        (*count)++;
        at = end;
        if (!*end) return *count >= least;
    }
    return false;
}
