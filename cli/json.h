/* JSON on its way out: members one after the other, two spaces a level. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct json {
    FILE *out;
    int depth;
    bool filled; /* the innermost object or list has a member */
} json;

/* name is the member's in an object, NULL in a list and at the top. bracket is '{' or '['. */
void json_open(json *json, const char *name, char bracket);
/* bracket is '}' or ']'. The outermost one ends the line. */
void json_close(json *json, char bracket);

void json_text(json *json, const char *name, const char *text); /* NULL: null */
void json_number(json *json, const char *name, double number);  /* not finite: null, as JSON has no word for it */
void json_whole(json *json, const char *name, uint64_t number);
void json_flag(json *json, const char *name, bool flag);
void json_numbers(json *json, const char *name, const double *numbers, size_t count); /* a list in one line */
void json_shape(json *json, const char *name, const int *sizes, size_t rank);         /* sizes below 0: null */

#endif
