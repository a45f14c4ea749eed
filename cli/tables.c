#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST_TABLE = 32, HIGHEST_TABLE = 40 };

void print_matrix(const cepa_matrix *m, size_t channel, const char *indent)
{
    cepa_number_style style = cepa_number_style_of(m->values, m->height * m->width * m->channels);
    for (size_t row = 0; row < m->height; row++) {
        fputs(indent, stdout);
        for (size_t column = 0; column < m->width; column++) {
            char text[40];
            cepa_styled_number(&style, m->values[(row * m->width + column) * m->channels + channel], text);
            printf("%s%s", column ? "  " : "", text);
        }
        putchar('\n');
    }
}

void json_matrix(json *j, const char *name, const cepa_matrix *m)
{
    json_open(j, name, '[');
    for (size_t row = 0; row < m->height; row++) {
        const double *numbers = m->values + row * m->width * m->channels;
        if (m->channels == 1) {
            json_numbers(j, NULL, numbers, m->width);
            continue;
        }
        json_open(j, NULL, '[');
        for (size_t i = 0; i < m->width; i++) json_numbers(j, NULL, numbers + i * m->channels, m->channels);
        json_close(j, ']');
    }
    json_close(j, ']');
}

cepa_status matrix_channel(const cepa_matrix *m, size_t channel, cepa_matrix *made, cepa_error *error)
{
    cepa_status status = cepa_matrix_new(m->height, m->width, 1, m->values, made, error);
    for (size_t i = 0; i < m->height * m->width && !status; i++) made->values[i] = m->values[i * m->channels + channel];
    return status;
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
