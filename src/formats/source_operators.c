/* Arithmetic, comparisons, indices and slices of source text, with Python's rules. */
#include "base/elementary.h"
#include "formats/source_eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Integers */

/* Floor division: rounds down, and the rest has the divisor's sign. */
static bool floor_divide(int64_t a, int64_t b, int64_t *quotient, int64_t *rest)
{
    if (b == -1) {
        *rest = 0;
        return !__builtin_sub_overflow((int64_t)0, a, quotient);
    }
    *quotient = a / b;
    *rest = a % b;
    if (*rest && (*rest < 0) != (b < 0)) {
        *quotient -= 1;
        *rest += b;
    }
    return true;
}

static bool power(int64_t base, int64_t exponent, int64_t *result)
{
    *result = 1;
    if (base == 1 || exponent == 0) return true;
    if (base == 0 || base == -1)
        *result = base == 0 ? 0 : exponent % 2 ? -1 : 1;
    else
        for (; exponent > 0; exponent--)
            if (__builtin_mul_overflow(*result, base, result)) return false;
    return true;
}

static const thing *operate_integers(eval *e, size_t offset, char operator, int64_t a, int64_t b)
{
    int64_t result = 0, other;
    bool fits = true;
    switch (operator) {
    case '+':
        fits = !__builtin_add_overflow(a, b, &result);
        break;
    case '-':
        fits = !__builtin_sub_overflow(a, b, &result);
        break;
    case '*':
        fits = !__builtin_mul_overflow(a, b, &result);
        break;
    case '%':
        fits = floor_divide(a, b, &other, &result);
        break;
    case 'd':
        fits = floor_divide(a, b, &result, &other);
        break;
    case '^':
        fits = power(a, b, &result);
        break;
    }
    return fits ? thing_int(e, result) : eval_refuse(e, offset, "the result does not fit into 64 bits");
}

/* ---- Real numbers */

static double whole_power(double base, int64_t exponent)
{
    double result = 1;
    for (int64_t n = exponent < 0 ? -exponent : exponent; n; n >>= 1) {
        if (n & 1) result *= base;
        base *= base;
    }
    return exponent < 0 ? 1 / result : result;
}

static double real_power(double base, double exponent)
{
    if (exponent == floor(exponent) && fabs(exponent) < 1e6) return whole_power(base, (int64_t)exponent);
    return exponent == 0.5 ? sqrt(base) : elementary_power(base, exponent);
}

static const thing *operate_reals(eval *e, size_t offset, char operator, double a, double b)
{
    double rest = b != 0 ? fmod(a, b) : 0, result = 0;
    if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
    switch (operator) {
    case '+':
        result = a + b;
        break;
    case '-':
        result = a - b;
        break;
    case '*':
        result = a * b;
        break;
    case '/':
        result = a / b;
        break;
    case '%':
        result = rest;
        break;
    case 'd':
        result = round((a - rest) / b);
        break;
    case '^':
        if (a < 0 && b != floor(b)) return eval_refuse(e, offset, "a negative number has no such power");
        result = real_power(a, b);
        break;
    }
    return isfinite(result) ? thing_real(e, result) : eval_refuse(e, offset, "the result is too large for a number");
}

static const thing *operate_numbers(eval *e, size_t offset, const char *operator, const thing * left,
                                    const thing *right)
{
    char code = strcmp(operator, "//") == 0 ? 'd' : strcmp(operator, "**") == 0 ? '^' : *operator;
    bool whole = left->type == THING_INT && right->type == THING_INT;
    double a, b;
    thing_number(left, &a);
    thing_number(right, &b);
    if (b == 0 && strchr("/%d", code)) return eval_refuse(e, offset, "this divides by zero");
    if (code == '^' && a == 0 && b < 0) return eval_refuse(e, offset, "this divides by zero");
    if (!whole || code == '/' || (code == '^' && b < 0)) return operate_reals(e, offset, code, a, b);
    return operate_integers(e, offset, code, left->integer, right->integer);
}

/* ---- Texts, lists and data */

static const thing *join_texts(eval *e, size_t offset, const thing *left, const thing *right)
{
    size_t length = strlen(left->text) + strlen(right->text);
    if (!eval_spend(e, offset, length)) return NULL;
    thing *made = thing_new(e, THING_TEXT);
    if (made && !(made->text = arena_format(e->source.memory, "%s%s", left->text, right->text)))
        return eval_no_memory(e);
    return made;
}

static const thing *join_lists(eval *e, size_t offset, const thing *left, const thing *right)
{
    if (!eval_spend(e, offset, left->list->count + right->list->count)) return NULL;
    const thing *made = thing_sequence(e, left->type, left->list->items, left->list->count);
    for (size_t i = 0; made && i < right->list->count; i++)
        if (!sequence_add(e, made->list, right->list->items[i])) return NULL;
    return made;
}

static const thing *repeat_list(eval *e, size_t offset, const thing *list, int64_t times)
{
    size_t count = list->list->count, total, repeats = times > 0 ? (size_t)times : 0;
    if (!multiply_size(count, repeats, &total)) total = SIZE_MAX;
    const thing *made = eval_spend(e, offset, total) ? thing_sequence(e, list->type, NULL, 0) : NULL;
    for (size_t i = 0; made && i < total; i++)
        if (!sequence_add(e, made->list, list->list->items[i % count])) return NULL;
    return made;
}

/* What '/ 255.0', '/ 127.5 - 1' and the like do to numbers: times factor, plus offset. False for what else is done. */
static bool read_scaling(const char *operator, double number, bool data_first, double *factor, double *offset)
{
    *factor = 1;
    *offset = 0;
    if (strcmp(operator, "*") == 0)
        *factor = number;
    else if (strcmp(operator, "/") == 0 && data_first)
        *factor = 1 / number;
    else if (strcmp(operator, "+") == 0)
        *offset = number;
    else if (strcmp(operator, "-") == 0 && data_first)
        *offset = -number;
    else
        return false;
    return true;
}

/* Images that are scaled declare it. */
static const thing *scale_data(eval *e, size_t offset, const char *operator, const thing * left, const thing *right)
{
    const thing *data = left->type == THING_DATA ? left : right, *number = data == left ? right : left;
    double by, factor, added;
    source_data scaled = *data->data;
    if (thing_truth(number) == OPEN) {
        scaled.changed = offset;
        return thing_data(e, &scaled);
    }
    if (!thing_number(number, &by) || by == 0 || !read_scaling(operator, by, data == left, &factor, &added))
        return eval_refuse(e, offset, "data can only be scaled by numbers here, '/ 255.0' was expected");
    if (scaled.scale != 0 && scaled.offset == 0 && factor != 1)
        return eval_refuse(e, offset, "these data are scaled already");
    scaled.scale = (scaled.scale != 0 ? scaled.scale : 1) * factor;
    scaled.offset = scaled.offset * factor + added;
    return thing_data(e, &scaled);
}

/* What Keras' tensors make of an operator. */
static const thing *operate_tensors(eval *e, size_t offset, const char *operator, const thing * left,
                                    const thing *right)
{
    static const char *const operations[][2] = {
        {"+", "Add"}, {"-", "Subtract"}, {"*", "Multiply"}, {"/", "TrueDivide"}, {"**", "Power"}};
    const thing *const both[] = {left, right};
    for (size_t i = 0; i < ARRAY_COUNT(operations); i++)
        if (strcmp(operations[i][0], operator) == 0) return call_operation(e, offset, operations[i][1], both, 2, NULL);
    return eval_refuse(e, offset, "'%s' of tensors is not built in", operator);
}

/* True and False count as 1 and 0. */
static const thing *as_number(eval *e, const thing *t) { return t->type == THING_BOOL ? thing_int(e, t->boolean) : t; }

const thing *eval_operate(eval *e, size_t offset, const char *operator, const thing * left, const thing *right)
{
    bool table = left->type == THING_TABLE || right->type == THING_TABLE;
    if (left->type == THING_TEXT && strchr("%*", *operator)) return thing_unknown(); /* a text that is printed */
    if (thing_is_unknown(left) || thing_is_unknown(right) || table) {
        bool data = left->type == THING_DATA || right->type == THING_DATA;
        return data ? scale_data(e, offset, operator, left, right) : thing_unknown();
    }
    if (!(left = as_number(e, left)) || !(right = as_number(e, right))) return NULL;
    bool bits = strchr("|^&<>@", *operator) != NULL; /* nothing that a model's sizes are worked out with */
    double number;
    if (!bits && thing_number(left, &number) && thing_number(right, &number))
        return operate_numbers(e, offset, operator, left, right);
    if (left->type == THING_DATA || right->type == THING_DATA) return scale_data(e, offset, operator, left, right);
    bool plus = strcmp(operator, "+") == 0, times = strcmp(operator, "*") == 0;
    if (plus && left->type == THING_TEXT && right->type == THING_TEXT) return join_texts(e, offset, left, right);
    if (plus && thing_is_list(left) && left->type == right->type) return join_lists(e, offset, left, right);
    if (times && thing_is_list(left) && right->type == THING_INT) return repeat_list(e, offset, left, right->integer);
    if (times && thing_is_list(right) && left->type == THING_INT) return repeat_list(e, offset, right, left->integer);
    if (left->type == THING_TENSOR || right->type == THING_TENSOR)
        return operate_tensors(e, offset, operator, left, right);
    return eval_refuse(e, offset, "'%s' cannot be done with %s and %s", operator, thing_name(left), thing_name(right));
}

const thing *eval_binary(eval *e, const node *n)
{
    const thing *left = eval_expression(e, n->child[0]), *right = left ? eval_expression(e, n->child[1]) : NULL;
    return right ? eval_operate(e, n->offset, n->text, left, right) : NULL;
}

const thing *eval_unary(eval *e, const node *n)
{
    const thing *operand = eval_expression(e, n->child[0]);
    if (!operand || thing_is_unknown(operand)) return operand;
    if (operand->type == THING_TENSOR && *n->text == '-')
        return call_operation(e, n->offset, "Negative", &operand, 1, NULL);
    if (operand->type == THING_DATA || *n->text == '~') return thing_unknown();
    operand = as_number(e, operand);
    double number;
    if (!operand || !thing_number(operand, &number))
        return operand ? eval_refuse(e, n->offset, "%s has no sign, a number was expected", thing_name(operand)) : NULL;
    if (*n->text == '+') return operand;
    if (operand->type == THING_REAL) return thing_real(e, -number);
    return operate_integers(e, n->offset, '-', 0, operand->integer);
}

/* ---- Indices */

bool eval_place(eval *e, size_t offset, const sequence *list, const thing *index, size_t *place)
{
    int64_t count = (int64_t)list->count;
    if (index->type != THING_INT) return eval_misplaced(e, offset, index, "an integer index");
    int64_t at = index->integer < 0 ? index->integer + count : index->integer;
    if (index->integer < -count || at >= count)
        return eval_refuse(e, offset, "index %lld is beyond a list of %lld", (long long)index->integer,
                           (long long)count);
    *place = (size_t)at;
    return true;
}

/* An end of a slice: NULL (left out) or None gives preset. Cut to low ... high as Python does. */
static bool slice_end(eval *e, const node *n, int64_t count, int64_t preset, int64_t low, int64_t high, int64_t *end)
{
    const thing *t = n ? eval_expression(e, n) : thing_none();
    if (!t) return false;
    *end = preset;
    if (t->type == THING_NONE) return true;
    if (t->type != THING_INT) return eval_misplaced(e, n->offset, t, "an integer");
    *end = t->integer < 0 ? (t->integer < -count ? -1 : t->integer + count) : t->integer;
    if (*end < low) *end = low;
    if (*end > high) *end = high;
    return true;
}

typedef struct slice_range {
    int64_t first, last, step;
} slice_range;

static bool read_slice(eval *e, const node *slice, size_t count, slice_range *r)
{
    int64_t n = (int64_t)count;
    const thing *step = slice->child[2] ? eval_expression(e, slice->child[2]) : thing_none();
    if (!step) return false;
    r->step = step->type == THING_INT ? step->integer : 1;
    if ((step->type != THING_INT && step->type != THING_NONE) || r->step == 0 || r->step == INT64_MIN)
        return eval_refuse(e, slice->child[2]->offset, "a slice's step must be an integer other than 0");
    bool down = r->step < 0;
    int64_t low = down ? -1 : 0, high = down ? n - 1 : n;
    return slice_end(e, slice->child[0], n, down ? n - 1 : 0, low, high, &r->first) &&
           slice_end(e, slice->child[1], n, down ? -1 : n, low, high, &r->last);
}

static const thing *slice_list(eval *e, const node *slice, const thing *list)
{
    slice_range r;
    const thing *made = read_slice(e, slice, list->list->count, &r) ? thing_sequence(e, list->type, NULL, 0) : NULL;
    int64_t span = !made ? 0 : r.step > 0 ? r.last - r.first : r.first - r.last, step = made ? llabs(r.step) : 1;
    int64_t items = span > 0 ? (span - 1) / step + 1 : 0;
    if (!made || !eval_spend(e, slice->offset, (size_t)items)) return NULL;
    for (int64_t i = 0; i < items; i++)
        if (!sequence_add(e, made->list, list->list->items[r.first + i * r.step])) return NULL;
    return made;
}

/* The first rows keep what was declared of the data; of other parts nothing is known. */
static const thing *slice_data(eval *e, const node *slice, const thing *data)
{
    slice_range r;
    if (!read_slice(e, slice, data->data->rows, &r)) return NULL;
    if (r.first != 0 || r.step != 1 || r.last == 0) return thing_unknown();
    source_data part = *data->data;
    part.rows = (size_t)r.last;
    return thing_data(e, &part);
}

static const thing *index_dict(eval *e, size_t offset, const thing *dict, const thing *key)
{
    const char *name = key->type == THING_TEXT  ? key->text
                       : key->type == THING_INT ? arena_format(e->source.memory, "%lld", (long long)key->integer)
                                                : NULL;
    if (!name) return eval_misplaced(e, offset, key, "a text or an integer as key");
    if (!eval_spend(e, offset, dict->dict.count / 32)) return NULL;
    for (size_t i = 0; i < dict->dict.count; i++)
        if (strcmp(dict->dict.items[i].name, name) == 0) return dict->dict.items[i].thing;
    return eval_refuse(e, offset, "the dictionary has no key '%.100s'", name);
}

static bool is_whole(const node *n)
{
    return n->type == NODE_UNKNOWN || (n->type == NODE_SLICE && !n->child[0] && !n->child[1] && !n->child[2]);
}

/* data[..., None] has a new axis at its end, labels[:, 0] none; of other parts nothing is known. */
static const thing *part_of_data(eval *e, const node *parts, const thing *data)
{
    const node *last = parts->child[parts->count - 1];
    bool whole = true;
    source_data part = *data->data;
    for (size_t i = 0; i + 1 < parts->count; i++) whole = whole && is_whole(parts->child[i]);
    const thing *index = whole && !is_whole(last) && last->type != NODE_SLICE ? eval_expression(e, last) : NULL;
    bool axis = index && (index->type == THING_NONE ||
                          (index->type == THING_SYMBOL && strcmp(path_end(index->text), "newaxis") == 0));
    bool first = index && index->type == THING_INT && index->integer == 0 && part.labels && part.shape.rank == 1;
    bool fits = parts->child[0]->type == NODE_UNKNOWN || parts->count == part.shape.rank + 2;
    if (axis && fits && part.shape.rank < CEPA_MAX_RANK)
        part.shape.size[part.shape.rank++] = 1;
    else if (first && parts->count == 2 && part.shape.size[0] == 1)
        part.shape.rank = 0;
    else
        return e->source.error->status ? NULL : thing_unknown();
    return thing_data(e, &part);
}

const thing *eval_index(eval *e, const node *n)
{
    const thing *object = eval_expression(e, n->child[0]);
    bool slice = n->child[1]->type == NODE_SLICE;
    if (!object || thing_is_unknown(object)) return object ? thing_unknown() : NULL;
    if (object->type == THING_DATA && n->child[1]->type == NODE_TUPLE) return part_of_data(e, n->child[1], object);
    if (slice && thing_is_list(object)) return slice_list(e, n->child[1], object);
    if (slice && object->type == THING_DATA) return slice_data(e, n->child[1], object);
    if (object->type == THING_TABLE) return table_index(e, n->child[1], object);
    const thing *index = slice ? NULL : eval_expression(e, n->child[1]);
    size_t place = 0;
    if (!slice && !index) return NULL;
    if (index && (object->type == THING_DATA || thing_is_unknown(index))) return thing_unknown();
    if (index && object->type == THING_DICT) return index_dict(e, n->offset, object, index);
    if (!index || !thing_is_list(object))
        return eval_refuse(e, n->offset, "%s has no parts to take, a list was expected", thing_name(object));
    return eval_place(e, n->offset, object->list, index, &place) ? object->list->items[place] : NULL;
}

/* ---- Comparisons */

/* Below 0, 0 or above 0 as a is less, equal or more; false where they have no order. */
static bool compare_things(eval *e, const thing *a, const thing *b, int *order)
{
    double first, second;
    if (a->type == THING_TEXT && b->type == THING_TEXT) {
        *order = strcmp(a->text, b->text);
        return true;
    }
    a = as_number(e, a);
    b = as_number(e, b);
    if (!a || !b || !thing_number(a, &first) || !thing_number(b, &second)) return false;
    *order = (first > second) - (first < second);
    return true;
}

/* Whether they are equal, as far as that is known. */
static truth equal_things(eval *e, const thing *a, const thing *b)
{
    int order;
    if (thing_truth(a) == OPEN || thing_truth(b) == OPEN) return OPEN;
    if (compare_things(e, a, b, &order)) return order == 0;
    if (a->type == THING_NONE || b->type == THING_NONE) return a->type == b->type;
    if (!thing_is_list(a) || a->type != b->type) return OPEN;
    bool all = a->list->count == b->list->count;
    for (size_t i = 0; all && i < a->list->count; i++) {
        truth same = equal_things(e, a->list->items[i], b->list->items[i]);
        if (same == OPEN) return OPEN;
        all = same == YES;
    }
    return all;
}

/* Whether a list, a dictionary or a text has it. */
static truth holds_thing(eval *e, const thing *whole, const thing *part)
{
    truth found = NO;
    if (whole->type == THING_TEXT && part->type == THING_TEXT) return strstr(whole->text, part->text) != NULL;
    if (whole->type == THING_DICT && part->type == THING_TEXT) {
        for (size_t i = 0; i < whole->dict.count; i++)
            if (strcmp(whole->dict.items[i].name, part->text) == 0) return YES;
        return NO;
    }
    if (!thing_is_list(whole)) return OPEN;
    for (size_t i = 0; i < whole->list->count && found != YES; i++) {
        truth same = equal_things(e, whole->list->items[i], part);
        if (same != NO) found = same;
    }
    return found;
}

static const thing *truth_thing(eval *e, truth so, bool wanted)
{
    return so == OPEN ? thing_unknown() : thing_bool(e, (so == YES) == wanted);
}

const thing *eval_not(eval *e, const node *n)
{
    truth so;
    return eval_condition(e, n->child[0], &so) ? truth_thing(e, so, false) : NULL;
}

/* and, or: the left value where it decides, else the right one. */
const thing *eval_logic(eval *e, const node *n)
{
    const thing *left = eval_expression(e, n->child[0]);
    truth so = left ? thing_truth(left) : OPEN;
    if (!left || so == OPEN) return left ? thing_unknown() : NULL;
    return (so == YES) == (*n->text == 'o') ? left : eval_expression(e, n->child[1]);
}

const thing *eval_compare(eval *e, const node *n)
{
    const thing *left = eval_expression(e, n->child[0]), *right = left ? eval_expression(e, n->child[1]) : NULL;
    int order;
    if (!right) return NULL;
    if (thing_truth(left) == OPEN || thing_truth(right) == OPEN) return thing_unknown();
    bool wanted = *n->text != '!' && !strstr(n->text, "not"), in = strstr(n->text, "in") != NULL;
    if (in) return truth_thing(e, holds_thing(e, right, left), wanted);
    if (*n->text == 'i' || strchr("=!", *n->text)) return truth_thing(e, equal_things(e, left, right), wanted);
    if (!compare_things(e, left, right, &order))
        return eval_refuse(e, n->offset, "%s and %s cannot be compared, two numbers or texts were expected",
                           thing_name(left), thing_name(right));
    return thing_bool(e, (*n->text == '<' ? order < 0 : order > 0) || (n->text[1] == '=' && order == 0));
}

/* ---- [item for target in list if condition] */

/* Adds the items from the for whose target is child from on; true in *open: a program knows how many there are. */
static bool add_each(eval *e, const node *n, size_t from, const thing *made, bool *open)
{
    const sequence *list;
    if (from == n->count) return sequence_add(e, made->list, eval_expression(e, n->child[0]));
    if (!eval_items_of(e, n->child[from + 1], &list)) return false;
    if (!list) return *open = true;
    for (size_t i = 0; i < list->count && !*open; i++) {
        truth so = YES;
        bool good = eval_spend(e, n->offset, 1) && eval_assign(e, n->child[from], list->items[i], false) &&
                    (!n->child[from + 2] || eval_condition(e, n->child[from + 2], &so));
        if (!good) return false;
        if (so == OPEN) return *open = true;
        if (so == YES && !add_each(e, n, from + 3, made, open)) return false;
    }
    return true;
}

const thing *eval_each(eval *e, const node *n)
{
    scope *inner = arena_allocate(e->source.memory, sizeof *inner), *outer = e->scope;
    const thing *made = thing_sequence(e, THING_LIST, NULL, 0);
    bool open = false;
    if (!inner || !made) return eval_no_memory(e);
    *inner = (scope){.outer = outer};
    e->scope = inner;
    bool good = add_each(e, n, 1, made, &open);
    e->scope = outer;
    return !good ? NULL : open ? thing_unknown() : made;
}
