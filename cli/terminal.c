#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

cepa_text_options terminal(const settings *settings)
{
    return (cepa_text_options){.width = settings->width ? (int)settings->width : columns(),
                               .color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
}

static void wrap(const char *text, size_t begun, size_t indent)
{
    char *copy = strdup(text), *rest = NULL;
    if (!copy) return;
    size_t most = columns() > 0 ? (size_t)columns() : 100, used = begun;
    for (char *word = strtok_r(copy, " ", &rest), *first = word; word; word = strtok_r(NULL, " ", &rest)) {
        size_t width = cepa_text_columns(word);
        bool fits = word == first || used + 1 + width <= most;
        if (!fits) printf("\n%*s", (int)indent, "");
        if (fits && word != first) putchar(' ');
        used = (fits ? used + (word != first) : indent) + width;
        fputs(word, stdout);
    }
    putchar('\n');
    free(copy);
}

void print_wrapped(const char *text) { wrap(text, 0, 2); }

void print_wrapped_behind(size_t column, const char *text) { wrap(text, column, column); }
