/* The command: finds the sub-command and hands over. */
#include "cepa.h"

#include <string.h>

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "--version") == 0) {
        puts("cepa " CEPA_VERSION);
        return 0;
    }
    fputs("usage: cepa COMMAND\n", stderr);
    return 2;
}
