/* Bytes and text that grow; numbers as text, in the C locale whatever the host has set. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. Once memory is exhausted failed stays true and further writes do nothing: check once at the end.
 * bytes always ends with a 0 that size does not count, once anything was written. */
typedef struct buffer {
    unsigned char *bytes;
    size_t size, capacity;
    bool failed;
} buffer;

/* Makes room for so many bytes behind size, to be written there directly; false, and failed set, without memory. */
bool buffer_reserve(buffer *buffer, size_t more);
void buffer_bytes(buffer *buffer, const void *bytes, size_t size);
void buffer_text(buffer *buffer, const char *text);
void buffer_blanks(buffer *buffer, size_t count);
/* Adds an item to a list: "a, b". */
void buffer_item(buffer *list, const char *item);
void buffer_format(buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The shortest decimal form that reads back as the same double: 0.001, 1e-07, 2.0 ("2" where whole is true). */
void buffer_number(buffer *buffer, double number, bool whole);
/* The shortest form that reads back as the same float. */
void buffer_float(buffer *buffer, float number);
/* With so many decimals (0 ... 20): "19.70". */
void buffer_fixed(buffer *buffer, double number, int decimals);
/* Rounded to so many significant digits (1 ... 17): "0.639", "1.5e+07". */
void buffer_digits(buffer *buffer, double number, int digits);
/* The text, to be freed with free(); NULL where memory was exhausted. The buffer is empty afterwards. */
char *buffer_take_text(buffer *buffer);
void buffer_free(buffer *buffer);

/* Reads the number at the start of text; *end (may be NULL) points behind it, at text itself where there is none. */
double read_number(const char *text, const char **end);

/* Writes the shortest form that reads back as the same double into text (at least 32 bytes). */
void format_number(char text[32], double number);

#endif
