/* JSON text to and from values. */
#ifndef FORMATS_JSON_H
#define FORMATS_JSON_H

#include "base/buffer.h"
#include "base/value.h"

/* Reads one JSON text: objects become DICTs with their members in order. Python's NaN is read as None, its Infinity as
 * the largest numbers. Refused with line and column: anything else that is not JSON, a text of more than 16 MiB,
 * nesting deeper than 200, a name twice in one object. NULL on failure; the value lives in the arena. */
const value *json_read(arena *arena, const char *text, size_t size, cepa_error *error);

/* Writes a value on one line, members in their order, numbers in their shortest form: equal values give equal bytes. A
 * CALL is written as an object of its members. Memory trouble shows in the buffer. */
void json_write(buffer *text, const value *v);

#endif
