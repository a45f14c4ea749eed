/* Tokens of Keras source text: names, numbers, texts, operators, lines and their indentation, as in Python. */
#include "formats/source_tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NESTED = 100 };

typedef struct lexer {
    const source_text *source;
    size_t at, end;
    bool in_brackets; /* the whole text stands in brackets */
    token *tokens;
    size_t count, capacity;
    size_t indent[MOST_NESTED + 1], indents;
    size_t bracket[MOST_NESTED], brackets; /* places of those that are open */
} lexer;

static bool refuse(const lexer *l, size_t offset, const char *what)
{
    source_fail(l->source, offset, CEPA_SYNTAX, "%s", what);
    return false;
}

static char peek(const lexer *l, size_t ahead) { return l->at + ahead < l->end ? l->source->text[l->at + ahead] : 0; }

static bool add(lexer *l, token_type type, size_t length)
{
    if (!grow(&l->tokens, &l->capacity, l->count + 1, sizeof *l->tokens)) return !fail_memory(l->source->error);
    l->tokens[l->count++] = (token){type, l->at, length};
    l->at += length;
    return true;
}

/* ---- Lines */

/* The column that a line's first character stands in: a tab goes to the next multiple of 8. */
static size_t read_indentation(lexer *l)
{
    for (size_t column = 0;; l->at++) {
        if (peek(l, 0) == ' ')
            column++;
        else if (peek(l, 0) == '\t')
            column = column / 8 * 8 + 8;
        else
            return column;
    }
}

static bool begin_line(lexer *l)
{
    size_t column = read_indentation(l);
    if (l->at >= l->end || strchr("#\n\r\f", peek(l, 0))) return true;
    if (column > l->indent[l->indents]) {
        if (l->indents == MOST_NESTED) return refuse(l, l->at, "too many blocks in one another");
        l->indent[++l->indents] = column;
        return add(l, TOKEN_INDENT, 0);
    }
    for (; column < l->indent[l->indents]; l->indents--)
        if (!add(l, TOKEN_DEDENT, 0)) return false;
    return column == l->indent[l->indents] || refuse(l, l->at, "this indentation fits no line above");
}

/* A statement ends with its line unless a bracket is open; an empty line ends nothing. */
static bool end_line(lexer *l)
{
    bool ends = !l->in_brackets && !l->brackets && l->count && l->tokens[l->count - 1].type > TOKEN_DEDENT;
    if (ends && !add(l, TOKEN_NEWLINE, 0)) return false;
    if (l->at >= l->end) return true;
    l->at++;
    return l->in_brackets || l->brackets || begin_line(l);
}

/* ---- Tokens within a line */

static bool read_numeral(lexer *l)
{
    size_t length = 0;
    bool hexadecimal = peek(l, 0) == '0' && tolower((unsigned char)peek(l, 1)) == 'x';
    for (;; length++) {
        char c = peek(l, length), before = length ? peek(l, length - 1) : 0;
        bool sign = (c == '+' || c == '-') && !hexadecimal && (before == 'e' || before == 'E');
        if (!isalnum((unsigned char)c) && c != '_' && c != '.' && !sign) break;
    }
    return add(l, TOKEN_NUMBER, length);
}

/* prefix: letters before the quote. */
static bool read_text(lexer *l, size_t prefix)
{
    char quote = peek(l, prefix);
    bool triple = peek(l, prefix + 1) == quote && peek(l, prefix + 2) == quote;
    size_t quotes = triple ? 3 : 1, length = prefix + quotes;
    for (;; length++) {
        char c = peek(l, length);
        if (l->at + length >= l->end || (c == '\n' && !triple))
            return refuse(l, l->at, "this text has no closing quote");
        if (c == '\\')
            length++;
        else if (c == quote && (!triple || (peek(l, length + 1) == quote && peek(l, length + 2) == quote)))
            break;
    }
    return add(l, TOKEN_TEXT, length + quotes);
}

static bool read_name(lexer *l)
{
    size_t length = 0;
    while (isalnum((unsigned char)peek(l, length)) || peek(l, length) == '_' || (unsigned char)peek(l, length) >= 0x80)
        length++;
    bool quoted = peek(l, length) == '\'' || peek(l, length) == '"';
    if (quoted && length <= 2 && strspn(l->source->text + l->at, "rRbBfFuU") >= length) return read_text(l, length);
    return add(l, TOKEN_NAME, length);
}

static bool read_bracket(lexer *l)
{
    static const char open[] = "([{", close[] = ")]}";
    char c = peek(l, 0);
    if (strchr(open, c)) {
        if (l->brackets == MOST_NESTED) return refuse(l, l->at, "too many brackets in one another");
        l->bracket[l->brackets++] = l->at;
    } else if (!l->brackets) {
        return refuse(l, l->at, "this bracket was never opened");
    } else {
        char opened = l->source->text[l->bracket[l->brackets - 1]];
        if (strchr(open, opened) - open != strchr(close, c) - close)
            return refuse(l, l->at, "this bracket does not fit the one that is open");
        l->brackets--;
    }
    return add(l, TOKEN_OPERATOR, 1);
}

static bool read_operator(lexer *l)
{
    static const char *const operators[] = {
        "**=", "//=", "...", "<<=", ">>=", "->", ":=", "**", "//", "==", "!=", "<=", ">=", "<<",
        ">>",  "+=",  "-=",  "*=",  "/=",  "%=", "@=", "&=", "|=", "^=", ",",  ":",  ";",  ".",
        "+",   "-",   "*",   "/",   "%",   "=",  "<",  ">",  "@",  "&",  "|",  "^",  "~",
    };
    for (size_t i = 0; i < ARRAY_COUNT(operators); i++) {
        size_t length = strlen(operators[i]);
        if (l->end - l->at >= length && memcmp(l->source->text + l->at, operators[i], length) == 0)
            return add(l, TOKEN_OPERATOR, length);
    }
    return refuse(l, l->at, "this character has no meaning here");
}

static bool read_token(lexer *l)
{
    char c = peek(l, 0);
    if (c == '\n') return end_line(l);
    if (c == '\\' && peek(l, 1) == '\n')
        l->at += 2;
    else if (c == '\\' && peek(l, 1) == '\r' && peek(l, 2) == '\n')
        l->at += 3;
    else if (c && strchr(" \t\r\f", c))
        l->at++;
    else if (c == '#')
        l->at += strcspn(l->source->text + l->at, "\n");
    else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)peek(l, 1))))
        return read_numeral(l);
    else if (isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80)
        return read_name(l);
    else if (c == '\'' || c == '"')
        return read_text(l, 0);
    else if (c && strchr("()[]{}", c))
        return read_bracket(l);
    else
        return read_operator(l);
    return true;
}

static bool read_all(lexer *l)
{
    if (!l->in_brackets && !begin_line(l)) return false;
    while (l->at < l->end)
        if (!read_token(l)) return false;
    l->at = l->end;
    if (l->brackets) return refuse(l, l->bracket[l->brackets - 1], "this bracket is never closed");
    if (!end_line(l)) return false;
    for (; l->indents; l->indents--)
        if (!add(l, TOKEN_DEDENT, 0)) return false;
    return add(l, TOKEN_END, 0);
}

const token *source_tokens(const source_text *source, size_t first, size_t end, bool in_brackets)
{
    lexer l = {.source = source, .at = first, .end = end, .in_brackets = in_brackets};
    token *tokens = NULL;
    if (read_all(&l)) {
        tokens = arena_array(source->memory, l.count, sizeof *tokens);
        if (tokens)
            memcpy(tokens, l.tokens, l.count * sizeof *tokens);
        else
            fail_memory(source->error);
    }
    free(l.tokens);
    return tokens;
}
