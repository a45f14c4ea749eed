#include "report.h"

#include <stdarg.h>

static void say(const char *kind, const char *format, va_list arguments)
{
    char line[1100];
    vsnprintf(line, sizeof line, format, arguments);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ') *at = ' '; /* one line, whatever was typed */
    fflush(stdout);
    fprintf(stderr, "cepa: %s%s\n", kind, line);
}

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

void warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("warning: ", format, arguments);
    va_end(arguments);
}

int misused(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
    return MISUSED;
}

int failed(const cepa_error *error)
{
    complain("%s", error->message);
    return error->status == CEPA_ARGUMENT || error->status == CEPA_SHAPE || error->status == CEPA_SYNTAX ? MISUSED
                                                                                                         : FAILED;
}
