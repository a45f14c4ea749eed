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

void print_wrapped(const char *text)
{
    char *copy = strdup(text), *rest = NULL;
    if (!copy) return;
    size_t most = columns() > 0 ? (size_t)columns() : 100, used = 0;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        size_t width = cepa_text_columns(word);
        bool fits = used + 1 + width <= most;
        printf("%s%s", !used ? "" : fits ? " " : "\n  ", word);
        used = !used ? width : fits ? used + 1 + width : 2 + width;
    }
    putchar('\n');
    free(copy);
}
