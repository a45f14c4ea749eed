/* Texts in Keras source text: quotes, escapes, rows of texts, and formatted ones with their fields. */
#include "base/buffer.h"
#include "formats/source_parser.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A text token's contents: prefix and quotes behind and before it. */
typedef struct quoted {
    size_t first, end;
    bool raw, formatted;
} quoted;

static quoted open_text(const parser *p)
{
    const char *text = p->source->text;
    size_t first = p->token->offset, end = first + p->token->length;
    quoted q = {0};
    for (; text[first] != '\'' && text[first] != '"'; first++) {
        q.raw = q.raw || tolower((unsigned char)text[first]) == 'r';
        q.formatted = q.formatted || tolower((unsigned char)text[first]) == 'f';
    }
    size_t quotes = p->token->length - (first - p->token->offset) >= 6 && text[first + 1] == text[first] &&
                            text[first + 2] == text[first]
                        ? 3
                        : 1;
    q.first = first + quotes;
    q.end = end - quotes;
    return q;
}

/* Appends the character that an escape stands for (\x and \u are kept as written). Gives its length. */
static size_t append_escape(buffer *out, const char *at)
{
    static const char names[] = "nt\\'\"0r", meanings[] = "\n\t\\'\"\0\r";
    const char *name = strchr(names, at[1]);
    if (at[1] == '\n') return 2;
    if (name && at[1])
        buffer_bytes(out, &meanings[name - names], 1);
    else
        buffer_bytes(out, at, 2);
    return 2;
}

/* Appends a text's characters up to end or, in a formatted one, to a field's brace. Gives the place reached. */
static size_t append_characters(const parser *p, const quoted *q, size_t at, buffer *out)
{
    const char *text = p->source->text;
    while (at < q->end) {
        bool brace = q->formatted && (text[at] == '{' || text[at] == '}');
        if (brace && text[at + 1] != text[at]) break;
        if (text[at] == '\\' && !q->raw) {
            at += append_escape(out, text + at);
        } else {
            buffer_bytes(out, text + at, 1);
            at += brace ? 2 : 1;
        }
    }
    return at < q->end ? at : q->end;
}

static node *text_node(parser *p, size_t offset, buffer *characters)
{
    char *text = buffer_take_text(characters);
    node *made = parse_node(p, NODE_TEXT, offset);
    if (made) made->text = arena_text(p->source->memory, text);
    if (made && !made->text) fail_memory(p->source->error);
    free(text);
    return made && made->text ? made : NULL;
}

/* The end of the expression in a field that starts at first: at its }, or at the : or ! of a format. */
static size_t field_end(const parser *p, size_t first, size_t end)
{
    int depth = 0;
    size_t at = first;
    for (; at < end; at++) {
        char c = p->source->text[at];
        if (depth == 0 && strchr("}:!", c)) break;
        depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
    }
    return at;
}

static node *parse_field(parser *p, size_t brace, const quoted *q, size_t *after)
{
    const char *text = p->source->text;
    size_t end = field_end(p, brace + 1, q->end), close = end;
    while (close < q->end && text[close] != '}') close++;
    if (close == q->end) {
        source_fail(p->source, brace, CEPA_SYNTAX, "this field has no closing brace");
        return NULL;
    }
    const token *tokens = source_tokens(p->source, brace + 1, end, true);
    node *field = tokens ? parse_node(p, NODE_FIELD, brace + 1) : NULL;
    if (!field) return NULL;
    if (end < close) field->text = "";
    parser inner = {p->source, tokens, p->depth};
    if (!parse_child(p, field, parse_expression_list(&inner))) return NULL;
    if (inner.token->type != TOKEN_END) return parse_refuse(&inner, "'}'");
    *after = close + 1;
    return field;
}

/* Adds a text's characters and fields. */
static bool add_parts(parser *p, const quoted *q, node *made)
{
    for (size_t at = q->first; at < q->end;) {
        buffer characters = {0};
        at = append_characters(p, q, at, &characters);
        if (!parse_child(p, made, text_node(p, p->token->offset, &characters))) return false;
        if (at == q->end) break;
        if (p->source->text[at] == '}')
            return source_fail(p->source, at, CEPA_SYNTAX, "this brace closes no field, write }} for a brace") ==
                   CEPA_OK;
        if (!parse_child(p, made, parse_field(p, at, q, &at))) return false;
    }
    return true;
}

node *parse_text(parser *p)
{
    size_t offset = p->token->offset;
    buffer characters = {0};
    bool formatted = false;
    for (parser ahead = *p; ahead.token->type == TOKEN_TEXT; ahead.token++) formatted |= open_text(&ahead).formatted;
    node *made = formatted ? parse_node(p, NODE_FORMAT, offset) : NULL;
    if (formatted && !made) return NULL;
    for (; p->token->type == TOKEN_TEXT; p->token++) {
        quoted q = open_text(p);
        if (formatted && !add_parts(p, &q, made)) return NULL;
        if (!formatted) append_characters(p, &q, q.first, &characters);
    }
    return formatted ? made : text_node(p, offset, &characters);
}
