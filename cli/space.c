#include "space.h"
#include "files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_VALUES = 1000 };

/* ---- Lists ---- */

/* The next comma outside of brackets and quotation marks, or the end. */
static const char *value_end(const char *c)
{
    int depth = 0;
    char quote = 0;
    for (; *c; c++) {
        if (quote)
            quote = *c == quote ? 0 : quote;
        else if (*c == '"' || *c == '\'')
            quote = *c;
        else if (strchr("([{", *c))
            depth++;
        else if (strchr(")]}", *c))
            depth--;
        else if (*c == ',' && depth <= 0)
            break;
    }
    return c;
}

static cepa_status read_list(space *s, const char *text, cepa_error *error)
{
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = value_end(text);
        if (end == text || (*end && !end[1]))
            return fails(error, CEPA_ARGUMENT, "--vary %s: a value is missing between commas", s->name);
        if (!texts_add_copy(&s->values, text, (size_t)(end - text))) return fails_memory(error);
        if (s->values.count > MOST_VALUES)
            return fails(error, CEPA_ARGUMENT, "--vary %s: at most %d values", s->name, MOST_VALUES);
    }
    return CEPA_OK;
}

/* ---- Ranges ---- */

/* As a person writes it: the step's rounding errors are not shown. */
static void print_number(const space *s, double number, const char *real_format, char text[40])
{
    snprintf(text, 40, s->whole ? "%.0f" : real_format, number);
}

/* The list of LOW, LOW + step, ... (or LOW, LOW * step, ...) up to HIGH; the range stays a range where that is long. */
static cepa_status list_steps(space *s, double step, cepa_error *error)
{
    double most = s->logarithmic ? log(s->high / s->low) / log(step) : (s->high - s->low) / step;
    size_t count = most < MOST_VALUES ? (size_t)floor(most + 1e-9) + 1 : 0;
    for (size_t i = 0; i < count; i++) {
        char text[40];
        print_number(s, s->logarithmic ? s->low * pow(step, (double)i) : s->low + step * (double)i, "%.10g", text);
        if (!texts_add_copy(&s->values, text, strlen(text))) return fails_memory(error);
    }
    return CEPA_OK;
}

static bool is_whole(const char *text, size_t length)
{
    size_t digits = strspn(text + (*text == '-'), "0123456789") + (*text == '-');
    return digits == length && length;
}

/* LOW..HIGH with what may stand behind; *step 0: none. False where text is no range. */
static bool read_range(const char *text, space *s, double *step)
{
    char *end;
    const char *dots = strstr(text, "..");
    if (!dots) return false;
    s->low = strtod(text, &end);
    if (end != dots && end != dots + 1) return false; /* "1." was read of 1..5 */
    s->high = strtod(dots + 2, &end);
    if (end == dots + 2) return false;
    s->whole = is_whole(text, (size_t)(dots - text)) && is_whole(dots + 2, (size_t)(end - dots - 2));
    *step = s->whole ? 1 : 0;
    if (*end == ':') {
        const char *how = end + 1;
        bool logarithmic = strcmp(how, "log") == 0;
        s->logarithmic = logarithmic || *how == 'x';
        *step = logarithmic ? 0 : strtod(how + (*how == 'x'), &end);
        if (logarithmic) end += 1 + strlen(how);
        s->whole = s->whole && (logarithmic || *step == floor(*step));
        if (!logarithmic && !(*step > (s->logarithmic ? 1 : 0))) return false;
    }
    return *end == 0 && s->low <= s->high && s->high - s->low < INFINITY && !(s->logarithmic && s->low <= 0);
}

/* ---- Both ---- */

cepa_status space_read(const char *text, space *s, cepa_error *error)
{
    const char *equals = strchr(text, '=');
    double step = 0;
    *s = (space){.name = NULL};
    if (!equals || equals == text || !equals[1])
        return fails(error, CEPA_ARGUMENT, "--vary: expected NAME=VALUE,VALUE,... or NAME=LOW..HIGH, not '%s'", text);
    s->name = strndup(text, (size_t)(equals - text));
    if (!s->name) return fails_memory(error);
    if (read_range(equals + 1, s, &step)) return step > 0 ? list_steps(s, step, error) : CEPA_OK;
    if (strstr(equals + 1, ".."))
        return fails(error, CEPA_ARGUMENT,
                     "--vary %s: expected a range that goes up, LOW..HIGH, with :STEP, :xFACTOR or :log behind it, "
                     "not '%s'",
                     s->name, equals + 1);
    return read_list(s, equals + 1, error);
}

cepa_status space_declared(const cepa_hyperparameter *h, space *s, cepa_error *error)
{
    *s = (space){
        .name = strdup(h->name), .whole = h->whole, .logarithmic = h->logarithmic, .low = h->low, .high = h->high};
    bool made = s->name;
    for (size_t i = 0; made && i < h->value_count; i++)
        made = texts_add_copy(&s->values, h->values[i], strlen(h->values[i]));
    if (!made) return fails_memory(error);
    return !h->value_count && h->step > 0 ? list_steps(s, h->step, error) : CEPA_OK;
}

void space_free(space *s)
{
    for (size_t i = 0; i < s->values.count; i++) free((char *)s->values.items[i]);
    free(s->values.items);
    free(s->name);
    *s = (space){.name = NULL};
}

/* ---- Drawing ---- */

static uint64_t roll(dice *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

char *space_draw(const space *s, dice *d)
{
    char text[40];
    uint64_t number = roll(d);
    if (s->values.count) return strdup(s->values.items[number % s->values.count]);
    double share = (double)(number >> 11) * 0x1p-53;
    double low = s->logarithmic ? log(s->low) : s->low, high = s->logarithmic ? log(s->high) : s->high;
    double drawn = low + share * (high - low + (s->whole && !s->logarithmic));
    if (s->logarithmic) drawn = exp(drawn);
    print_number(s, s->whole && !s->logarithmic ? floor(drawn) : drawn, "%.4g", text);
    return strdup(text);
}
