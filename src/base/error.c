#include "base/error.h"

#include "base/buffer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

cepa_status(fail)(cepa_error *error, cepa_status status, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

cepa_status(fail_in)(cepa_error *error, cepa_status status, const char *format, ...)
{
    if (!error) return status;
    cepa_error inner = *error;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    size_t used = length < 0 ? 0 : (size_t)length, last = sizeof error->message - 3;
    if (used < last) snprintf(error->message + used, last + 3 - used, ": %.*s", (int)(last - used), inner.message);
    return status;
}

cepa_status(fail_listing)(cepa_error *error, cepa_status status, buffer *list, const char *format, ...)
{
    char *text = buffer_take_text(list);
    if (!text) return fail_memory(error);
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        size_t used = length < 0 ? 0 : (size_t)length;
        error->status = status;
        if (used < sizeof error->message) snprintf(error->message + used, sizeof error->message - used, "%s", text);
    }
    free(text);
    return status;
}

cepa_status(fail_memory)(cepa_error *error) { return fail(error, CEPA_MEMORY, "memory is exhausted"); }

const char *cepa_status_text(cepa_status status)
{
    static const char *const texts[] = {
#define TEXT(name, text) text,
        CEPA_STATUSES(TEXT)
#undef TEXT
    };
    return (size_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown status";
}
