#include "report.h"

#include <stdarg.h>
#include <string.h>

/* Where a message ends with a line of source text and a caret below it, their beginning; else the message's end. */
static char *shown_source(char *message)
{
    char *end = message + strlen(message), *caret = strrchr(message, '\n'), *line = caret;
    if (!caret || strcmp(caret + 1 + strspn(caret + 1, " \t"), "^") != 0) return end;
    while (line > message && *--line != '\n') {}
    return *line == '\n' ? line : end;
}

static void say(const char *kind, const char *format, va_list arguments)
{
    char message[1100];
    vsnprintf(message, sizeof message, format, arguments);
    for (char *at = message, *end = shown_source(message); at < end; at++)
        if ((unsigned char)*at < ' ') *at = ' '; /* one line, whatever was typed */
    fflush(stdout);
    fprintf(stderr, "cepa: %s%s\n", kind, message);
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
