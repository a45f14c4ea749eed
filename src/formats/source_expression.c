/* Expressions of Keras source text: values, names, calls, arithmetic, comparisons, choices, functions without a name;
 * Python's grammar without await and := in them. */
#include "base/buffer.h"
#include "formats/source_parser.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static node *parse_logic(parser *p, size_t level);

static node *make_binary(parser *p, node_type type, size_t offset, const char *operator, node * left, node *right)
{
    node *binary = right ? parse_node(p, type, offset) : NULL;
    if (!binary) return NULL;
    binary->text = operator;
    return parse_child(p, binary, left) && parse_child(p, binary, right) ? binary : NULL;
}

static const char *sees_one_of(const parser *p, const char *const *operators)
{
    for (; *operators; operators++)
        if (parse_sees(p, *operators)) return *operators;
    return NULL;
}

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

/* Behind an item: for target in list if condition, as often as it comes. */
static node *parse_each(parser *p, node *item)
{
    node *each = parse_node(p, NODE_EACH, item->offset);
    if (!each || !parse_child(p, each, item)) return NULL;
    while (parse_takes(p, "for")) {
        bool good =
            parse_child(p, each, parse_targets(p)) && parse_needs(p, "in") && parse_child(p, each, parse_logic(p, 0));
        node *condition = NULL;
        while (good && parse_takes(p, "if")) {
            node *next = parse_logic(p, 0);
            condition = condition && next ? make_binary(p, NODE_LOGIC, next->offset, "and", condition, next) : next;
            good = condition != NULL;
        }
        if (!good || !parse_optional_child(p, each, condition)) return NULL;
    }
    return each;
}

/* The items up to close, which is taken; of [x for ...] the EACH alone. */
static bool parse_items(parser *p, node *list, const char *close)
{
    while (!parse_takes(p, close)) {
        node *item = parse_expression(p);
        if (item && !list->count && parse_sees(p, "for")) {
            node *each = parse_each(p, item);
            if (each) *list = *each;
            return each && parse_needs(p, close);
        }
        if (!parse_child(p, list, item)) return false;
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
    if (tuple->type == NODE_EACH) return tuple;
    bool comma = p->token[-2].length == 1 && p->source->text[p->token[-2].offset] == ',';
    return tuple->count == 1 && !comma ? tuple->child[0] : tuple;
}

static node *parse_argument(parser *p, const char *name, size_t offset)
{
    node *argument = parse_node(p, NODE_ARGUMENT, offset), *given = argument ? parse_expression(p) : NULL;
    if (!given) return NULL;
    argument->text = name;
    if (parse_sees(p, "for")) given = parse_each(p, given);
    return parse_child(p, argument, given) ? argument : NULL;
}

/* A text, or an integer, which stands for its digits; NULL for any other key, and without memory the error set. */
static const char *key_of(parser *p, const node *key)
{
    if (key->type != NODE_INT) return key->type == NODE_TEXT ? key->text : NULL;
    const char *digits = arena_format(p->source->memory, "%lld", (long long)key->integer);
    if (!digits) fail_memory(p->source->error);
    return digits;
}

/* One member of what stands in braces; known: it has a key that is one here. */
static bool parse_member(parser *p, node *dict, bool *known)
{
    size_t offset = p->token->offset;
    *known = false;
    if (parse_takes(p, "**")) return parse_expression(p) != NULL;
    node *key = parse_expression(p);
    if (!key) return false;
    if (parse_takes(p, ":")) {
        const char *name = key_of(p, key);
        *known = name != NULL;
        if (!parse_child(p, dict, parse_argument(p, name, offset))) return false;
        *known = *known && dict->child[dict->count - 1]->child[0]->type != NODE_EACH;
        return true;
    }
    return !parse_sees(p, "for") || parse_each(p, key) != NULL;
}

/* A dictionary, or what else stands in braces: a set, keys that are worked out, { ... for ...}. */
static node *parse_dict(parser *p)
{
    node *dict = parse_node(p, NODE_DICT, p->token->offset);
    bool all_known = true, known;
    p->token++;
    while (dict && !parse_takes(p, "}")) {
        if (!parse_member(p, dict, &known)) return NULL;
        all_known = all_known && known;
        if (!parse_sees(p, "}") && !parse_takes(p, ",")) return parse_refuse(p, "',' or '}'");
    }
    if (dict && !all_known) dict->type = NODE_UNKNOWN;
    return dict;
}

static node *parse_dots(parser *p)
{
    p->token++;
    return parse_node(p, NODE_UNKNOWN, p->token[-1].offset);
}

static node *parse_atom(parser *p)
{
    if (p->token->type == TOKEN_NUMBER) return parse_number(p);
    if (p->token->type == TOKEN_TEXT) return parse_text(p);
    if (p->token->type == TOKEN_NAME) return parse_word(p);
    if (parse_sees(p, "(")) return parse_parentheses(p);
    if (parse_sees(p, "[")) return parse_list(p);
    if (parse_sees(p, "{")) return parse_dict(p);
    if (parse_sees(p, "...")) return parse_dots(p);
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
        const char *star = parse_star(p), *name = NULL;
        size_t offset = p->token->offset;
        if (!star && p->token->type == TOKEN_NAME && p->token[1].type == TOKEN_OPERATOR && p->token[1].length == 1 &&
            p->source->text[p->token[1].offset] == '=') {
            name = parse_name(p, "a name");
            if (!name) return NULL;
            p->token++;
        }
        if (!name && !star && named) return parse_refuse(p, "a name and '=', as before it");
        named = named || name;
        if (!parse_child(p, call, parse_argument(p, name, offset))) return NULL;
        call->child[call->count - 1]->name = star;
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

/* One of them, or several with commas. */
static node *parse_subscripts(parser *p)
{
    node *first = parse_subscript(p);
    if (!first || !parse_sees(p, ",")) return first;
    node *tuple = parse_node(p, NODE_TUPLE, first->offset);
    if (!tuple || !parse_child(p, tuple, first)) return NULL;
    while (parse_takes(p, ",") && !parse_sees(p, "]"))
        if (!parse_child(p, tuple, parse_subscript(p))) return NULL;
    return tuple;
}

static node *parse_index(parser *p, node *object)
{
    node *index = parse_node(p, NODE_INDEX, p->token->offset);
    p->token++;
    bool done =
        index && parse_child(p, index, object) && parse_child(p, index, parse_subscripts(p)) && parse_needs(p, "]");
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

static node *parse_factor(parser *p);

static node *parse_power(parser *p)
{
    node *left = parse_postfix(p);
    size_t offset = p->token->offset;
    return left && parse_takes(p, "**") ? make_binary(p, NODE_BINARY, offset, "**", left, parse_factor(p)) : left;
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
    static const char *const signs[] = {"-", "+", "~", NULL};
    const char *sign = sees_one_of(p, signs);
    if (!parse_enter(p)) return NULL;
    node *made = sign ? parse_signed(p, sign) : parse_power(p);
    parse_leave(p);
    return made;
}

/* Operators from those that bind least to those that bind most; each line ends with NULL. */
static const char *const levels[][6] = {{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "//", "/", "%", "@"}};

static node *parse_level(parser *p, size_t level)
{
    if (level == ARRAY_COUNT(levels)) return parse_factor(p);
    const char *operator;
    node *left = parse_level(p, level + 1);
    for (int parts = 0; left && (operator= sees_one_of(p, levels[level])); parts++) {
        if (parts == 1000) return parse_refuse(p, "an end of these operators");
        size_t offset = p->token++->offset;
        left = make_binary(p, NODE_BINARY, offset, operator, left, parse_level(p, level + 1));
    }
    return left;
}

/* ---- Comparisons and what joins them */

static const char *takes_comparison(parser *p)
{
    static const char *const operators[] = {"<", "<=", ">", ">=", "==", "!=", "in", NULL};
    const char *seen = sees_one_of(p, operators);
    p->token += seen != NULL;
    if (!seen && parse_takes(p, "is")) return parse_takes(p, "not") ? "is not" : "is";
    if (!seen && parse_takes(p, "not")) return parse_needs(p, "in") ? "not in" : "";
    return seen;
}

/* a < b < c is a < b and b < c. */
static node *parse_comparison(parser *p)
{
    node *left = parse_level(p, 0), *all = NULL;
    size_t offset = p->token->offset;
    const char *operator;
    for (int parts = 0; left && (operator= takes_comparison(p)); parts++) {
        node *right = *operator&& parts<1000 ? parse_level(p, 0) : NULL;
        if (parts == 1000) return parse_refuse(p, "an end of these comparisons");
        node *compared = make_binary(p, NODE_COMPARE, offset, operator, left, right);
        all = all && compared ? make_binary(p, NODE_LOGIC, offset, "and", all, compared) : compared;
        if (!all) return NULL;
        left = right;
        offset = p->token->offset;
    }
    return all ? all : left;
}

static node *parse_not(parser *p)
{
    node *negated = parse_node(p, NODE_NOT, p->token[-1].offset);
    if (!negated || !parse_enter(p)) return NULL;
    node *operand = parse_takes(p, "not") ? parse_not(p) : parse_comparison(p);
    parse_leave(p);
    return parse_child(p, negated, operand) ? negated : NULL;
}

static node *parse_logic(parser *p, size_t level)
{
    static const char *const words[] = {"or", "and"};
    if (level == ARRAY_COUNT(words)) return parse_takes(p, "not") ? parse_not(p) : parse_comparison(p);
    node *left = parse_logic(p, level + 1);
    for (int parts = 0; left && parse_takes(p, words[level]); parts++) {
        if (parts == 1000) return parse_refuse(p, "an end of these conditions");
        left = make_binary(p, NODE_LOGIC, p->token[-1].offset, words[level], left, parse_logic(p, level + 1));
    }
    return left;
}

/* ---- Choices and functions without a name */

/* value if condition else other: the value is read already. */
static node *parse_choice(parser *p, node *value)
{
    node *choice = parse_node(p, NODE_CHOICE, value->offset);
    bool good = choice && parse_child(p, choice, parse_logic(p, 0)) && parse_child(p, choice, value) &&
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
    else if ((made = parse_logic(p, 0)) && parse_takes(p, "if"))
        made = parse_choice(p, made);
    parse_leave(p);
    return made;
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
