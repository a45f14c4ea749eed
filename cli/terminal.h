/* The terminal that results go to. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include "cepa.h"
#include "options.h"

#define WIDTH_OPTION                                                                                                   \
    OPTION("width", width, TAKES_COUNT, .value = "N", .min = 40, .max = 1000,                                          \
           .help = "columns; default: the terminal's, else 80")
#define TEXT_OPTION OPTION("text", text, TAKES_NOTHING, .help = "draw on the terminal")

/* Columns and colours: --width, else what the terminal has; 0 columns and no colour where there is none. */
cepa_text_options terminal(const settings *settings);

/* Prints a text and ends the line, in lines as wide as the terminal (100 columns where there is none), broken at
 * spaces; those after the first are indented. */
void print_wrapped(const char *text);
/* The same behind so many columns of a line that is begun, and below them. */
void print_wrapped_behind(size_t column, const char *text);

#endif
