#include "figures/panels.h"

#include <math.h>
#include <string.h>

static cepa_status check_panel(const cepa_panel *p, size_t index, cepa_error *error)
{
    const cepa_matrix *m = p->matrix;
    if (!m) return CEPA_OK;
    if (!m->values || !m->height || !m->width)
        return fail(error, CEPA_ARGUMENT, "panel %zu of a figure has no matrix", index);
    if ((unsigned)p->tone > CEPA_TONE_NUMBERS)
        return fail(error, CEPA_ARGUMENT, "panel %zu of a figure has no tone of number %d", index, (int)p->tone);
    bool numbers = p->tone == CEPA_TONE_NUMBERS;
    if (m->channels != 1 && (numbers || m->channels != 3))
        return fail(error, CEPA_ARGUMENT, "panel %zu of a figure has %zu channels, expected 1%s", index, m->channels,
                    numbers ? "" : " or 3");
    if (p->heat && (!p->heat->values || p->heat->channels != 1))
        return fail(error, CEPA_ARGUMENT, "panel %zu of a figure: heat has one channel", index);
    return CEPA_OK;
}

cepa_status panels_check(const cepa_panel *panels, size_t count, const cepa_panel_options *options, size_t *columns,
                         cepa_error *error)
{
    if (!count || count > MOST_PANELS)
        return fail(error, CEPA_ARGUMENT, "a figure takes 1 to %d panels, not %zu", MOST_PANELS, count);
    *columns = options->columns > 0 ? (size_t)options->columns : count;
    if (*columns > count) *columns = count;
    if (options->columns < 0 || options->tile < 0 || *columns > MOST_PANEL_COLUMNS)
        return fail(error, CEPA_ARGUMENT, "a figure has 1 to %d columns of panels, not %zu", MOST_PANEL_COLUMNS,
                    *columns);
    for (size_t i = 0; i < count; i++) {
        cepa_status status = check_panel(&panels[i], i, error);
        if (status) return status;
    }
    return CEPA_OK;
}

bool region_holds(const cepa_region *r, size_t row, size_t column)
{
    int y = (int)row, x = (int)column;
    return y >= r->row && y < r->row + r->height && x >= r->column && x < r->column + r->width;
}

/* ---- In words ---------------------------------------------------------------------------------------------------- */

enum { MOST_SPOKEN = 100 }; /* numbers that are read out */

static void describe_numbers(buffer *text, const cepa_matrix *m)
{
    cepa_number_style style = cepa_number_style_of(m->values, m->height * m->width);
    style.width = 0;
    for (size_t i = 0; i < m->height * m->width; i++) {
        char number[40];
        cepa_styled_number(&style, m->values[i], number);
        buffer_text(text, i == 0 ? ": " : i % m->width ? " " : "; ");
        buffer_text(text, number);
    }
}

static void describe_range(buffer *text, const cepa_matrix *m)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < m->height * m->width * m->channels; i++) {
        low = fmin(low, m->values[i]);
        high = fmax(high, m->values[i]);
    }
    buffer_text(text, " from ");
    buffer_digits(text, low, 4);
    buffer_text(text, " to ");
    buffer_digits(text, high, 4);
}

static void describe_panel(buffer *text, const cepa_panel *p)
{
    const cepa_matrix *m = p->matrix;
    if (!m) return;
    bool spoken = m->channels == 1 && m->height * m->width <= MOST_SPOKEN;
    buffer_format(text, " %s%s%zu x %zu %s", p->title && *p->title ? p->title : "", p->title && *p->title ? ": " : "",
                  m->height, m->width, p->tone == CEPA_TONE_NUMBERS ? "numbers" : "pixels");
    if (spoken)
        describe_numbers(text, m);
    else
        describe_range(text, m);
    if (p->mark.height > 0)
        buffer_format(text, "; marked: rows %d to %d, columns %d to %d", p->mark.row, p->mark.row + p->mark.height - 1,
                      p->mark.column, p->mark.column + p->mark.width - 1);
    if (p->heat) buffer_text(text, "; with a map of heat over it");
    buffer_text(text, ".");
}

void panels_describe(buffer *text, const cepa_panel *panels, size_t count)
{
    static const char sign_words[][2][12] = {{"*", "times"}, {"\u2217", "times"}, {"=", "gives"}};
    size_t filled = 0;
    for (size_t i = 0; i < count; i++) filled += panels[i].matrix != NULL;
    buffer_format(text, "%zu panel%s.", filled, filled == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) {
        describe_panel(text, &panels[i]);
        for (size_t k = 0; panels[i].sign && k < sizeof sign_words / sizeof *sign_words; k++)
            if (strcmp(panels[i].sign, sign_words[k][0]) == 0) buffer_format(text, " %s", sign_words[k][1]);
    }
}
