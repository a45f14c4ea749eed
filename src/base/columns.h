/* How wide text is on a terminal. */
#ifndef BASE_COLUMNS_H
#define BASE_COLUMNS_H

#include <stddef.h>

/* Columns that UTF-8 text takes: one a character, two for those of East Asia and emoji, none for what is put over the
 * character before. */
size_t text_columns(const char *text, size_t bytes);

/* Bytes of the characters that the first columns of a text hold, at most all of it. */
size_t text_bytes(const char *text, size_t columns);

#endif
