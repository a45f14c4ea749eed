/* Numbers that stand together in a table. */
#include "base/buffer.h"
#include "cepa.h"

#include <math.h>
#include <string.h>

enum { MOST_DECIMALS = 4, SIGNIFICANT = 5 };

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

/* The number without anything before it; no zero has a sign. */
static int put(char text[40], int decimals, double number)
{
    buffer b = {0};
    if (decimals < 0)
        buffer_digits(&b, number + 0.0, -decimals);
    else
        buffer_fixed(&b, number + 0.0, decimals);
    int length = snprintf(text, 40, "%s", b.failed ? "?" : (const char *)b.bytes);
    buffer_free(&b);
    if (text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1)) memmove(text, text + 1, (size_t)length--);
    return length;
}

cepa_number_style cepa_number_style_of(const double *values, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(values[i]));
    bool fixed = largest == 0 || (largest >= 0.01 && largest < 1e7);
    cepa_number_style style = {0, fixed ? decimals_for(values, count) : -SIGNIFICANT};
    for (size_t i = 0; i < count; i++) {
        char text[40];
        int width = put(text, style.decimals, values[i]);
        if (width > style.width) style.width = width;
    }
    return style;
}

void cepa_styled_number(const cepa_number_style *style, double number, char text[40])
{
    char bare[40];
    put(bare, style->decimals, number);
    snprintf(text, 40, "%*s", style->width < 39 ? style->width : 39, bare);
}
