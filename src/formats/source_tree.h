/* Keras source text as tokens and as a tree; what source_lexer.c, source_parser.c and source_expression.c hand on. */
#ifndef FORMATS_SOURCE_TREE_H
#define FORMATS_SOURCE_TREE_H

#include "base/error.h"
#include "base/memory.h"

#include <stdint.h>

/* A text being read, and where its trees go. A place in it is an offset. */
typedef struct source_text {
    const char *path; /* for messages */
    const char *text; /* ends with a 0 that size does not count */
    size_t size;
    arena *memory;
    cepa_error *error;
} source_text;

/* Fails with "PATH:LINE:COLUMN: message", then the source line, then a caret below the place. */
cepa_status source_fail(const source_text *source, size_t offset, cepa_status status, const char *format, ...)
    CEPA_FORMAT(4, 5);

typedef enum token_type {
    TOKEN_END,
    TOKEN_NEWLINE,
    TOKEN_INDENT,
    TOKEN_DEDENT,
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_TEXT, /* with its prefix and quotes */
    TOKEN_OPERATOR
} token_type;

typedef struct token {
    token_type type;
    size_t offset, length;
} token;

/* Cuts the text from first up to end into tokens, the last one TOKEN_END. in_brackets: lines do not matter. NULL, and
 * the error set, where that cannot be done. */
const token *source_tokens(const source_text *source, size_t first, size_t end, bool in_brackets);

typedef enum node_type {
    /* Expressions */
    NODE_NONE,
    NODE_UNKNOWN,   /* a set, '...' and what else only a running program has a use for */
    NODE_BOOL,      /* integer: 0 or 1 */
    NODE_INT,       /* integer */
    NODE_REAL,      /* real */
    NODE_TEXT,      /* text */
    NODE_FORMAT,    /* an f'' text: TEXTs and FIELDs */
    NODE_FIELD,     /* {expression} in one; with a format behind the colon: text */
    NODE_NAME,      /* text */
    NODE_TUPLE,     /* items */
    NODE_LIST,      /* items */
    NODE_DICT,      /* ARGUMENTs with texts as names */
    NODE_UNARY,     /* text: + - ~; operand */
    NODE_BINARY,    /* text: + - * / // % ** and those of bits; left, right */
    NODE_COMPARE,   /* text: < <= > >= == != in, not in, is, is not; left, right */
    NODE_NOT,       /* operand */
    NODE_LOGIC,     /* text: and, or; left, right */
    NODE_CHOICE,    /* condition, the value if so, the other one */
    NODE_EACH,      /* [item for ...]: the item; target, list and condition or NULL of each for */
    NODE_LAMBDA,    /* PARAMETERs, a BLOCK that returns last */
    NODE_ATTRIBUTE, /* text; object */
    NODE_CALL,      /* callee, ARGUMENTs */
    NODE_ARGUMENT,  /* text: its name or NULL; name: * or ** before it, or NULL; expression */
    NODE_INDEX,     /* object, index: an expression, a SLICE or a TUPLE of them */
    NODE_SLICE,     /* first, last, step: NULL where left out */
    /* Statements */
    NODE_BLOCK,      /* statements */
    NODE_EXPRESSION, /* expression */
    NODE_ASSIGN,     /* targets, the expression last */
    NODE_AUGMENT,    /* text: the operator without =; target, expression */
    NODE_DEF,        /* text; PARAMETERs, the BLOCK last */
    NODE_PARAMETER,  /* text; name: * or ** before it, or NULL; the default or NULL */
    NODE_RETURN,     /* expression or NULL */
    NODE_FOR,        /* target, list, BLOCK */
    NODE_WHILE,      /* condition, BLOCK */
    NODE_IF,         /* condition, BLOCK, BLOCK or IF or NULL */
    NODE_WITH,       /* expression and target or NULL of each, the BLOCK last */
    NODE_CLASS,      /* text */
    NODE_GLOBAL,     /* NAMEs */
    NODE_RAISE,
    NODE_YIELD,
    NODE_BREAK,
    NODE_CONTINUE,
    NODE_IMPORT,   /* IMPORTEDs */
    NODE_IMPORTED, /* text: the dotted path; name: what it is called here, NULL for everything in it */
    NODE_PASS
} node_type;

typedef struct node {
    node_type type;
    size_t offset; /* of what names it best: an attribute's name, a call's callee, an operator */
    const char *text, *name;
    int64_t integer;
    double real;
    struct node **child;
    size_t count, capacity;
} node;

/* The whole text as a BLOCK; NULL, and the error set, where it is outside the language. */
const node *source_parse(const source_text *source);

#endif
