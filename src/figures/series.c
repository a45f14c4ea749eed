#include "figures/series.h"

#include "base/memory.h"

#include <string.h>

static const uint32_t colours[] = {0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd,
                                   0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf};

uint32_t series_colour(size_t place) { return colours[place % ARRAY_COUNT(colours)]; }

cepa_status series_check(const cepa_series *series, size_t count, cepa_error *error)
{
    if (!count || count > MOST_SERIES)
        return fail(error, CEPA_ARGUMENT, "a plot takes 1 to %d series, not %zu", MOST_SERIES, count);
    for (size_t i = 0; i < count; i++)
        if (!series[i].name || (series[i].count && !series[i].y))
            return fail(error, CEPA_ARGUMENT, "series %zu of a plot has no %s", i, series[i].name ? "numbers" : "name");
    return CEPA_OK;
}

bool series_point(const cepa_series *s, size_t index, double *x, double *y)
{
    *x = s->x ? s->x[index] : s->first_x + (double)index;
    *y = s->y[index];
    return can_draw(*x) && can_draw(*y);
}

cepa_plot_options series_options(const cepa_plot_options *options, const cepa_series *series, size_t count)
{
    cepa_plot_options o = {0};
    if (options) o = *options;
    if (!o.x_label) o.x_label = "epochs";
    if (!o.y_label) o.y_label = count == 1 ? series->name : "metric";
    return o;
}

bool series_need_names(const cepa_series *series, size_t count, const char *y_label)
{
    return count > 1 || strcmp(y_label, series->name) != 0;
}

double series_spread(const cepa_series *s, size_t index)
{
    return s->spread && can_draw(s->spread[index]) ? s->spread[index] : 0;
}

void series_extents(const cepa_series *series, size_t count, extent *x, extent *y)
{
    *x = *y = (extent){0};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < series[i].count; k++) {
            double px, py, spread = series_spread(&series[i], k);
            if (!series_point(&series[i], k, &px, &py)) continue;
            extent_add(x, px);
            extent_add(y, py - spread);
            extent_add(y, py + spread);
        }
    y->whole = false;
}
