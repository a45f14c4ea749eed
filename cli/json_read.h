/* JSON on its way in: members of a text by their path, read where they stand. */
#ifndef CLI_JSON_READ_H
#define CLI_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

/* Where the value of a member begins ("data.name" is the member name of the object data); NULL where there is none, or
 * the text is no JSON. */
const char *json_find(const char *text, const char *path);

/* The number, or otherwise where there is none. */
double json_find_number(const char *text, const char *path, double otherwise);

/* The text without its escapes, to be freed; NULL where there is none. */
char *json_find_text(const char *text, const char *path);

/* The texts of a list, each to be freed, and the list too; NULL where there is none or one is no text. */
char **json_find_texts(const char *text, const char *path, size_t *count);

#endif
