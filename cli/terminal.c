#include "terminal.h"

#include <stdlib.h>
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
