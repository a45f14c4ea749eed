#include "text_table.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

text_table text_table_new(size_t columns) { return (text_table){.columns = columns}; }

void text_table_row(text_table *t)
{
    char **grown = realloc(t->cells, (t->rows + 1) * t->columns * sizeof *grown);
    t->failed = t->failed || !grown;
    if (!grown) return;
    t->cells = grown;
    memset(grown + t->rows++ * t->columns, 0, t->columns * sizeof *grown);
}

void text_table_set(text_table *t, size_t column, const char *format, ...)
{
    if (t->failed) return;
    char **cell = &t->cells[(t->rows - 1) * t->columns + column];
    va_list arguments;
    va_start(arguments, format);
    free(*cell);
    if (vasprintf(cell, format, arguments) < 0) {
        *cell = NULL;
        t->failed = true;
    }
    va_end(arguments);
}

void text_table_texts(text_table *t, const char *const *texts)
{
    text_table_row(t);
    for (size_t i = 0; i < t->columns; i++) text_table_set(t, i, "%s", texts[i]);
}

static const char *cell(const text_table *t, size_t row, size_t column)
{
    const char *text = t->cells[row * t->columns + column];
    return text ? text : "";
}

static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end != text;
}

/* A column is one of numbers where its cells below the name are, as far as they are filled. */
static bool holds_numbers(const text_table *t, size_t column)
{
    size_t numbers = 0, texts = 0;
    for (size_t row = 1; row < t->rows; row++) {
        const char *text = cell(t, row, column);
        numbers += is_number(text);
        texts += *text && strcmp(text, "-") != 0 && !is_number(text);
    }
    return numbers && !texts;
}

static size_t column_width(const text_table *t, size_t column)
{
    size_t width = 0;
    for (size_t row = 0; row < t->rows; row++) {
        size_t wide = cepa_text_columns(cell(t, row, column));
        if (wide > width) width = wide;
    }
    return width;
}

void text_table_print(const text_table *t, FILE *out)
{
    for (size_t row = 0; row < t->rows && !t->failed; row++) {
        size_t owed = 0; /* spaces that stand before the next text */
        for (size_t column = 0; column < t->columns; column++) {
            const char *text = cell(t, row, column);
            size_t rest = column_width(t, column) - cepa_text_columns(text);
            bool right = holds_numbers(t, column);
            if (*text) fprintf(out, "%*s%s", (int)(owed + (right ? rest : 0)), "", text);
            owed = *text ? (right ? 0 : rest) : owed + rest;
            owed += 2;
        }
        putc('\n', out);
    }
}

void text_table_free(text_table *t)
{
    for (size_t i = 0; i < t->rows * t->columns; i++) free(t->cells[i]);
    free(t->cells);
    *t = (text_table){.columns = 0};
}

spread spread_of(const float *values, size_t count, size_t step)
{
    spread s = {INFINITY, 0, -INFINITY, 0};
    for (size_t i = 0; i < count; i++) {
        double number = (double)values[i * step];
        s.low = fmin(s.low, number);
        s.high = fmax(s.high, number);
        s.mean += number / (double)count;
        s.zeros += number == 0;
    }
    return s;
}

sample sample_of(const double *values, size_t count)
{
    sample s = {.mean = NAN, .spread = NAN};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i])) continue;
        sum += values[i];
        s.count++;
    }
    if (s.count) s.mean = sum / (double)s.count;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i])) squares += (values[i] - s.mean) * (values[i] - s.mean);
    if (s.count > 1) s.spread = sqrt(squares / (double)(s.count - 1));
    return s;
}

void sample_print(const sample *s, char text[64])
{
    if (!s->count)
        snprintf(text, 64, "-");
    else if (s->count == 1)
        snprintf(text, 64, "%.4f", s->mean);
    else
        snprintf(text, 64, "%.4f ± %.4f", s->mean, s->spread);
}

void count_print(size_t count, char text[32])
{
    char digits[32];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%zu", count), used = 0;
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = 0;
}

void shape_print(const int *sizes, size_t rank, char text[100])
{
    size_t length = (size_t)snprintf(text, 100, "(");
    for (size_t i = 0; i < rank; i++)
        length +=
            (size_t)snprintf(text + length, 100 - length, sizes[i] < 0 ? "%sNone" : "%s%d", i ? ", " : "", sizes[i]);
    snprintf(text + length, 100 - length, rank == 1 ? ",)" : ")");
}
