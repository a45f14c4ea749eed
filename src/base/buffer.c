#include "base/buffer.h"

#include "base/memory.h"
#include "cepa.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool buffer_reserve(buffer *buffer, size_t more)
{
    size_t needed;
    if (buffer->failed || !add_size(buffer->size, more, &needed) || !add_size(needed, 1, &needed) ||
        !grow(&buffer->bytes, &buffer->capacity, needed, 1)) {
        buffer->failed = true;
        return false;
    }
    return true;
}

void buffer_bytes(buffer *buffer, const void *bytes, size_t size)
{
    if (!buffer_reserve(buffer, size)) return;
    if (size) memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    buffer->bytes[buffer->size] = 0;
}

void buffer_text(buffer *buffer, const char *text) { buffer_bytes(buffer, text, strlen(text)); }

void buffer_blanks(buffer *buffer, size_t count)
{
    for (; count; count--) buffer_text(buffer, " ");
}

void buffer_item(buffer *list, const char *item)
{
    if (list->size) buffer_text(list, ", ");
    buffer_text(list, item);
}

void buffer_format(buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0 && buffer_reserve(buffer, (size_t)length)) {
        vsnprintf((char *)buffer->bytes + buffer->size, (size_t)length + 1, format, again);
        buffer->size += (size_t)length;
    }
    va_end(again);
}

/* The host may print a comma for the decimal point. */
static void use_decimal_point(char *text)
{
    const char *point = localeconv()->decimal_point;
    char *found = point && *point && strcmp(point, ".") != 0 ? strstr(text, point) : NULL;
    if (!found) return;
    *found = '.';
    memmove(found + 1, found + strlen(point), strlen(found + strlen(point)) + 1);
}

static void shortest(char text[32], double number, int digits, int most, bool single)
{
    for (; digits <= most; digits++) {
        snprintf(text, 32, "%.*g", digits, number);
        use_decimal_point(text);
        double back = read_number(text, NULL);
        if (single ? (float)back == (float)number : back == number) return;
    }
}

void format_number(char text[32], double number)
{
    if (isnan(number))
        strcpy(text, "nan");
    else if (isinf(number))
        strcpy(text, number > 0 ? "inf" : "-inf");
    else
        shortest(text, number, 1, DBL_DECIMAL_DIG, false);
    /* As Python: zeros rather than an exponent below 1e16. */
    const char *exponent = strstr(text, "e+");
    if (exponent && strlen(exponent) == 4 && strcmp(exponent, "e+16") < 0) snprintf(text, 32, "%.0f", number);
}

void cepa_number_text(double number, char text[32])
{
    format_number(text, number);
    if (!strpbrk(text, ".en")) strcat(text, ".0");
}

void buffer_number(buffer *buffer, double number, bool whole)
{
    char text[32];
    if (whole)
        format_number(text, number);
    else
        cepa_number_text(number, text);
    buffer_text(buffer, text);
}

void buffer_float(buffer *buffer, float number)
{
    char text[32];
    if (isfinite(number))
        shortest(text, (double)number, 1, FLT_DECIMAL_DIG, true);
    else
        format_number(text, (double)number);
    buffer_text(buffer, text);
}

/* Rounded as the printf format for a precision and a double says. */
static void rounded(buffer *buffer, const char *format, int precision, double number)
{
    char text[400]; /* the largest double has 309 digits */
    snprintf(text, sizeof text, format, precision, number);
    use_decimal_point(text);
    buffer_text(buffer, text);
}

void buffer_fixed(buffer *buffer, double number, int decimals) { rounded(buffer, "%.*f", decimals, number); }

void buffer_digits(buffer *buffer, double number, int digits) { rounded(buffer, "%.*g", digits, number); }

char *buffer_take_text(buffer *buffer)
{
    if (!buffer->failed && !buffer->bytes) buffer_text(buffer, "");
    char *text = buffer->failed ? NULL : (char *)buffer->bytes;
    if (buffer->failed) free(buffer->bytes);
    memset(buffer, 0, sizeof *buffer);
    return text;
}

void buffer_free(buffer *buffer)
{
    free(buffer->bytes);
    memset(buffer, 0, sizeof *buffer);
}

double read_number(const char *text, const char **end)
{
    const char *point = localeconv()->decimal_point;
    char copy[64];
    char *stop;
    double number;
    const char *dot = strchr(text, '.');
    size_t span = strspn(text, " \t\n0123456789+-.eExXinfatyINFATYpPabcdABCD");
    if (!point || strcmp(point, ".") == 0 || !dot || span + strlen(point) >= sizeof copy ||
        (size_t)(dot - text) >= span) {
        number = strtod(text, &stop);
        if (end) *end = stop;
        return number;
    }
    size_t before = (size_t)(dot - text), extra = strlen(point) - 1;
    memcpy(copy, text, before);
    memcpy(copy + before, point, strlen(point));
    memcpy(copy + before + strlen(point), dot + 1, span - before - 1);
    copy[span + extra] = 0;
    number = strtod(copy, &stop);
    size_t consumed = (size_t)(stop - copy);
    if (end) *end = text + (consumed > before ? consumed - extra : consumed);
    return number;
}
