/* What the two halves of the parser of Keras source text share: statements and expressions. */
#ifndef FORMATS_SOURCE_PARSER_H
#define FORMATS_SOURCE_PARSER_H

#include "formats/source_tree.h"

typedef struct parser {
    const source_text *source;
    const token *token; /* the next one */
    int depth;          /* of blocks and expressions in one another */
} parser;

/* Expressions; NULL, and the error set, on failure. A list with commas gives a TUPLE. */
/* Adds PARAMETERs up to the token that ends them, which is taken. */
bool parse_parameters(parser *p, node *def, const char *end);
node *parse_expression(parser *p);
node *parse_expression_list(parser *p);
/* The targets of a for: names, also in brackets, not an expression that 'in' would go on. */
node *parse_targets(parser *p);

/* One or more text tokens in a row, which are one text. */
node *parse_text(parser *p);

/* A new node in the text's memory, named best by the token at offset. NULL, and the error set, without memory. */
node *parse_node(parser *p, node_type type, size_t offset);
/* Adds a child. False where it is NULL (its error is set), or without memory. optional: NULL is a child too. */
bool parse_child(parser *p, node *parent, node *child);
bool parse_optional_child(parser *p, node *parent, node *child);

/* The next token as text, whether it is this name or operator, and the same taking it. */
bool parse_sees(const parser *p, const char *text);
bool parse_takes(parser *p, const char *text);
/* "*" or "**" where one stands, which is taken; NULL: neither. */
const char *parse_star(parser *p);
/* Takes it or refuses the text. */
bool parse_needs(parser *p, const char *text);
/* Takes a name that is no keyword; NULL, and the error set, where there is none. what: "a name". */
const char *parse_name(parser *p, const char *what);

/* Refuses the next token: "'+' was not expected here, a value was". NULL. */
node *parse_refuse(parser *p, const char *expected);
/* Refuses a word or operator of Python that has no place here, with what was expected. True if it is one. */
bool parse_refuse_foreign(parser *p);

/* One block or expression deeper; false, and the error set, where that is too deep. */
bool parse_enter(parser *p);
void parse_leave(parser *p);

#endif
