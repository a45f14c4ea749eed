/* Messages: one line for a person, the first cause kept. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "cepa.h"

/* Writes status and message into error (which may be NULL) and gives the status back: return fail(error, ...). */
cepa_status fail(cepa_error *error, cepa_status status, const char *format, ...) CEPA_FORMAT(3, 4);

/* Puts "prefix: " before the message of a callee that failed with status: it says what, the caller knows where. */
cepa_status fail_in(cepa_error *error, cepa_status status, const char *format, ...) CEPA_FORMAT(3, 4);

struct buffer;

/* Fails with a list of what is known behind the message. Frees the list. */
cepa_status fail_listing(cepa_error *error, cepa_status status, struct buffer *list, const char *format, ...)
    CEPA_FORMAT(4, 5);

cepa_status fail_memory(cepa_error *error);

#ifdef __clang_analyzer__ /* tells static analysis that what fails does not give CEPA_OK */
#define fail(error, status, ...)         (fail((error), (status), __VA_ARGS__), (status))
#define fail_in(error, status, ...)      (fail_in((error), (status), __VA_ARGS__), (status))
#define fail_listing(error, status, ...) (fail_listing((error), (status), __VA_ARGS__), (status))
#define fail_memory(error)               (fail_memory(error), CEPA_MEMORY)
#endif

#endif
