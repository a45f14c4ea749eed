/* Expressions of Keras source text: values, names, calls, arithmetic, comparisons, choices, functions without a name;
 * Python's grammar without and, or, not and comprehensions. */
#include "base/buffer.h"
#include "formats/source_parser.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Numbers and names */

static node *refuse_number(parser *p, const char *digits)
{
    source_fail(p->source, p->token->offset, CEPA_SYNTAX, "%.60s is no number of 64 bits", digits);
    return NULL;
}

static node *parse_number(parser *p)
{
    char digits[64];
    size_t used = 0;
    const char *text = p->source->text + p->token->offset;
    for (size_t i = 0; i < p->token->length && used + 1 < sizeof digits; i++)
        if (text[i] != '_') digits[used++] = text[i];
    digits[used] = 0;
    bool prefixed = digits[0] == '0' && isalpha((unsigned char)digits[1]) && digits[1] != 'e' && digits[1] != 'E';
    bool whole = prefixed || !strpbrk(digits, ".eE");
    int base = !prefixed ? 10 : strchr("xX", digits[1]) ? 16 : strchr("oO", digits[1]) ? 8 : 2;
    node *made = parse_node(p, whole ? NODE_INT : NODE_REAL, p->token->offset);
    if (!made) return NULL;
    const char *end = digits;
    char *whole_end = digits;
    errno = 0;
    if (whole)
        made->integer = strtoll(digits + (prefixed ? 2 : 0), &whole_end, base);
    else
        made->real = read_number(digits, &end);
    if (*(whole ? whole_end : end) || errno == ERANGE || p->token->length >= sizeof digits)
        return refuse_number(p, digits);
    p->token++;
    return made;
}

static node *parse_word(parser *p)
{
    static const struct {
        const char *word;
        node_type type;
        int integer;
    } constants[] = {{"None", NODE_NONE, 0}, {"True", NODE_BOOL, 1}, {"False", NODE_BOOL, 0}};
    size_t offset = p->token->offset;
    for (size_t i = 0; i < ARRAY_COUNT(constants); i++) {
        if (!parse_takes(p, constants[i].word)) continue;
        node *made = parse_node(p, constants[i].type, offset);
        if (made) made->integer = constants[i].integer;
        return made;
    }
    const char *name = parse_name(p, "a value");
    node *made = name ? parse_node(p, NODE_NAME, offset) : NULL;
    if (made) made->text = name;
    return made;
}

/* ---- Brackets */

static bool parse_items(parser *p, node *list, const char *close)
{
    while (!parse_takes(p, close)) {
        if (!parse_child(p, list, parse_expression(p))) return false;
        if (parse_takes(p, close)) return true;
        if (parse_refuse_foreign(p)) return false;
        if (!parse_takes(p, ",")) return parse_refuse(p, strcmp(close, ")") == 0 ? "',' or ')'" : "',' or ']'");
    }
    return true;
}

static node *parse_list(parser *p)
{
    node *list = parse_node(p, NODE_LIST, p->token->offset);
    p->token++;
    return list && parse_items(p, list, "]") ? list : NULL;
}

/* A value in parentheses, or a tuple. */
static node *parse_parentheses(parser *p)
{
    node *tuple = parse_node(p, NODE_TUPLE, p->token->offset);
    p->token++;
    if (!tuple || !parse_items(p, tuple, ")")) return NULL;
    bool comma = p->token[-2].length == 1 && p->source->text[p->token[-2].offset] == ',';
    return tuple->count == 1 && !comma ? tuple->child[0] : tuple;
}

static node *parse_argument(parser *p, const char *name, size_t offset)
{
    node *argument = parse_node(p, NODE_ARGUMENT, offset);
    if (!argument) return NULL;
    argument->text = name;
    return parse_child(p, argument, parse_expression(p)) ? argument : NULL;
}

/* A text, or an integer, which stands for its digits; NULL, and the error set, for anything else. */
static const char *parse_key(parser *p)
{
    bool number = p->token->type == TOKEN_NUMBER;
    if (!number && p->token->type != TOKEN_TEXT) return parse_refuse(p, "a text or an integer as key"), NULL;
    node *key = number ? parse_number(p) : parse_text(p);
    if (!key || key->type == NODE_TEXT) return key ? key->text : NULL;
    if (key->type != NODE_INT) return parse_refuse(p, "a text or an integer as key"), NULL;
    const char *digits = arena_format(p->source->memory, "%lld", (long long)key->integer);
    if (!digits) fail_memory(p->source->error);
    return digits;
}

static node *parse_dict(parser *p)
{
    node *dict = parse_node(p, NODE_DICT, p->token->offset);
    p->token++;
    while (dict && !parse_takes(p, "}")) {
        size_t offset = p->token->offset;
        const char *key = parse_key(p);
        if (!key) return NULL;
        if (!parse_takes(p, ":")) return parse_refuse(p, "':' behind the key");
        if (!parse_child(p, dict, parse_argument(p, key, offset))) return NULL;
        if (!parse_sees(p, "}") && !parse_takes(p, ",")) return parse_refuse(p, "',' or '}'");
    }
    return dict;
}

static node *parse_atom(parser *p)
{
    if (p->token->type == TOKEN_NUMBER) return parse_number(p);
    if (p->token->type == TOKEN_TEXT) return parse_text(p);
    if (p->token->type == TOKEN_NAME) return parse_word(p);
    if (parse_sees(p, "(")) return parse_parentheses(p);
    if (parse_sees(p, "[")) return parse_list(p);
    if (parse_sees(p, "{")) return parse_dict(p);
    return parse_refuse_foreign(p) ? NULL : parse_refuse(p, "a value");
}

/* ---- What follows a value: .name (arguments) [index] */

static node *parse_call(parser *p, node *callee)
{
    node *call = parse_node(p, NODE_CALL, callee->offset);
    bool named = false;
    if (!call || !parse_child(p, call, callee)) return NULL;
    p->token++;
    while (!parse_takes(p, ")")) {
        size_t offset = p->token->offset;
        const char *name = NULL;
        if (p->token->type == TOKEN_NAME && p->token[1].type == TOKEN_OPERATOR && p->token[1].length == 1 &&
            p->source->text[p->token[1].offset] == '=') {
            name = parse_name(p, "a name");
            if (!name) return NULL;
            p->token++;
        }
        if (!name && named) return parse_refuse(p, "a name and '=', as before it");
        named = named || name;
        if (!parse_child(p, call, parse_argument(p, name, offset))) return NULL;
        if (parse_takes(p, ",") || parse_sees(p, ")")) continue;
        return parse_refuse_foreign(p) ? NULL : parse_refuse(p, "',' or ')'");
    }
    return call;
}

static bool parse_slice_part(parser *p, node *slice)
{
    bool absent = parse_sees(p, ":") || parse_sees(p, "]") || parse_sees(p, ",");
    return absent ? parse_optional_child(p, slice, NULL) : parse_child(p, slice, parse_expression(p));
}

/* What stands between [ and ]: an index, or first:last:step. */
static node *parse_subscript(parser *p)
{
    node *slice = parse_node(p, NODE_SLICE, p->token->offset);
    if (!slice || !parse_slice_part(p, slice)) return NULL;
    if (!parse_sees(p, ":")) return slice->child[0] ? slice->child[0] : parse_refuse(p, "an index");
    while (slice->count < 3 && parse_takes(p, ":"))
        if (!parse_slice_part(p, slice)) return NULL;
    return slice->count == 2 && !parse_optional_child(p, slice, NULL) ? NULL : slice;
}

static node *parse_index(parser *p, node *object)
{
    node *index = parse_node(p, NODE_INDEX, p->token->offset);
    p->token++;
    bool done =
        index && parse_child(p, index, object) && parse_child(p, index, parse_subscript(p)) && parse_needs(p, "]");
    return done ? index : NULL;
}

static node *parse_attribute(parser *p, node *object)
{
    p->token++;
    size_t offset = p->token->offset;
    const char *name = parse_name(p, "a name");
    node *attribute = name ? parse_node(p, NODE_ATTRIBUTE, offset) : NULL;
    if (!attribute || !parse_child(p, attribute, object)) return NULL;
    attribute->text = name;
    return attribute;
}

static node *parse_postfix(parser *p)
{
    node *left = parse_atom(p);
    for (int parts = 0; left; parts++) {
        if (parts == 1000) return parse_refuse(p, "an end of this chain");
        if (parse_sees(p, "("))
            left = parse_call(p, left);
        else if (parse_sees(p, "["))
            left = parse_index(p, left);
        else if (parse_sees(p, "."))
            left = parse_attribute(p, left);
        else
            break;
    }
    return left;
}

/* ---- Arithmetic */

static node *parse_binary(parser *p, const char *operator, node * left, node *(*parse_right)(parser *))
{
    node *binary = parse_node(p, NODE_BINARY, p->token->offset);
    if (!binary) return NULL;
    binary->text = operator;
    p->token++;
    return parse_child(p, binary, left) && parse_child(p, binary, parse_right(p)) ? binary : NULL;
}

static const char *sees_one_of(const parser *p, const char *const *operators)
{
    for (; *operators; operators++)
        if (parse_sees(p, *operators)) return *operators;
    return NULL;
}

static node *parse_factor(parser *p);

static node *parse_power(parser *p)
{
    node *left = parse_postfix(p);
    return left && parse_sees(p, "**") ? parse_binary(p, "**", left, parse_factor) : left;
}

static node *parse_signed(parser *p, const char *sign)
{
    node *unary = parse_node(p, NODE_UNARY, p->token->offset);
    if (!unary) return NULL;
    unary->text = sign;
    p->token++;
    return parse_child(p, unary, parse_factor(p)) ? unary : NULL;
}

static node *parse_factor(parser *p)
{
    static const char *const signs[] = {"-", "+", NULL};
    const char *sign = sees_one_of(p, signs);
    if (!parse_enter(p)) return NULL;
    node *made = sign ? parse_signed(p, sign) : parse_power(p);
    parse_leave(p);
    return made;
}

/* Parts with operators of one rank between them, from left to right. end: what was expected behind too many. */
static node *parse_chain(parser *p, const char *const *operators, node *(*parse_part)(parser *), const char *end)
{
    enum { MOST_PARTS = 1000 };
    const char *operator;
    node *left = parse_part(p);
    for (int parts = 0; left && (operator= sees_one_of(p, operators)); parts++)
        left = parts < MOST_PARTS ? parse_binary(p, operator, left, parse_part) : parse_refuse(p, end);
    return left;
}

static node *parse_term(parser *p)
{
    static const char *const operators[] = {"*", "//", "/", "%", NULL};
    return parse_chain(p, operators, parse_factor, "an end of this product");
}

static node *parse_sum(parser *p)
{
    static const char *const operators[] = {"+", "-", NULL};
    return parse_chain(p, operators, parse_term, "an end of this sum");
}

/* ---- Choices and functions without a name */

static node *parse_comparison(parser *p)
{
    static const char *const operators[] = {"<", "<=", ">", ">=", "==", "!=", NULL};
    node *left = parse_sum(p);
    const char *operator= left ? sees_one_of(p, operators) : NULL;
    node *compared = operator? parse_binary(p, operator, left, parse_sum) : left;
    if (operator&& compared) compared->type = NODE_COMPARE;
    return compared;
}

/* value if condition else other: the value is read already. */
static node *parse_choice(parser *p, node *value)
{
    node *choice = parse_node(p, NODE_CHOICE, value->offset);
    bool good = choice && parse_child(p, choice, parse_comparison(p)) && parse_child(p, choice, value) &&
                parse_needs(p, "else") && parse_child(p, choice, parse_expression(p));
    return good ? choice : NULL;
}

static node *parse_lambda(parser *p)
{
    node *lambda = parse_node(p, NODE_LAMBDA, p->token[-1].offset),
         *block = parse_node(p, NODE_BLOCK, p->token->offset);
    if (!lambda || !block || !parse_parameters(p, lambda, ":")) return NULL;
    node *result = parse_node(p, NODE_RETURN, p->token->offset);
    bool good = result && parse_child(p, result, parse_expression(p)) && parse_child(p, block, result) &&
                parse_child(p, lambda, block);
    return good ? lambda : NULL;
}

node *parse_expression(parser *p)
{
    node *made = NULL;
    if (!parse_enter(p)) return NULL;
    if (parse_takes(p, "lambda"))
        made = parse_lambda(p);
    else if ((made = parse_comparison(p)) && parse_takes(p, "if"))
        made = parse_choice(p, made);
    parse_leave(p);
    return made && parse_refuse_foreign(p) ? NULL : made;
}

static bool ends_list(const parser *p)
{
    return p->token->type == TOKEN_NEWLINE || p->token->type == TOKEN_END || parse_sees(p, "=") || parse_sees(p, ":") ||
           parse_sees(p, ";");
}

node *parse_expression_list(parser *p)
{
    node *first = parse_expression(p);
    if (!first || !parse_sees(p, ",")) return first;
    node *tuple = parse_node(p, NODE_TUPLE, first->offset);
    if (!tuple || !parse_child(p, tuple, first)) return NULL;
    while (parse_takes(p, ",") && !ends_list(p))
        if (!parse_child(p, tuple, parse_expression(p))) return NULL;
    return tuple;
}
