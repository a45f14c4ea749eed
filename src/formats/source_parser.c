/* Statements of Keras source text: assignments, calls, def, return, for, import. */
#include "formats/source_parser.h"

#include "base/buffer.h"

#include <string.h>

/* ---- What both halves use */

node *parse_node(parser *p, node_type type, size_t offset)
{
    node *made = arena_allocate(p->source->memory, sizeof *made);
    if (!made)
        fail_memory(p->source->error);
    else
        *made = (node){.type = type, .offset = offset};
    return made;
}

bool parse_optional_child(parser *p, node *parent, node *child)
{
    if (!arena_grow(p->source->memory, &parent->child, &parent->capacity, parent->count + 1, sizeof *parent->child))
        return !fail_memory(p->source->error);
    parent->child[parent->count++] = child;
    return true;
}

bool parse_child(parser *p, node *parent, node *child) { return child && parse_optional_child(p, parent, child); }

bool parse_sees(const parser *p, const char *text)
{
    bool word = p->token->type == TOKEN_NAME || p->token->type == TOKEN_OPERATOR;
    size_t length = strlen(text);
    return word && p->token->length == length && memcmp(p->source->text + p->token->offset, text, length) == 0;
}

bool parse_takes(parser *p, const char *text)
{
    bool seen = parse_sees(p, text);
    p->token += seen;
    return seen;
}

bool parse_needs(parser *p, const char *text)
{
    char expected[16];
    if (parse_takes(p, text)) return true;
    snprintf(expected, sizeof expected, "'%s'", text);
    return parse_refuse(p, expected);
}

node *parse_refuse(parser *p, const char *expected)
{
    static const char *const names[] = {[TOKEN_END] = "the end",
                                        [TOKEN_NEWLINE] = "the line's end",
                                        [TOKEN_INDENT] = "indentation",
                                        [TOKEN_DEDENT] = "the block's end"};
    const token *t = p->token;
    if (t->type <= TOKEN_DEDENT)
        source_fail(p->source, t->offset, CEPA_SYNTAX, "%s came where %s was expected", names[t->type], expected);
    else
        source_fail(p->source, t->offset, CEPA_SYNTAX, "'%.*s' stands where %s was expected",
                    (int)(t->length < 40 ? t->length : 40), p->source->text + t->offset, expected);
    return NULL;
}

bool parse_refuse_foreign(parser *p)
{
    static const struct {
        const char *word, *instead;
    } foreign[] = {
        {"if", "a value"},
        {"elif", "an if before it"},
        {"else", "an if before it"},
        {"while", "for ... in range(...)"},
        {"class", "functions and keras.Model(...)"},
        {"lambda", "a layer, or a name"},
        {"with", "the block's lines without it"},
        {"try", "the block's lines without it"},
        {"except", "the block's lines without it"},
        {"finally", "the block's lines without it"},
        {"raise", "a model"},
        {"assert", "a model"},
        {"del", "a model"},
        {"global", "a parameter or a return"},
        {"nonlocal", "a parameter or a return"},
        {"yield", "return"},
        {"async", "def"},
        {"await", "a call"},
        {"break", "range(...) with the right end"},
        {"continue", "range(...) with the right end"},
        {"and", "a value"},
        {"or", "a value"},
        {"not", "a value"},
        {"in", "a value"},
        {"is", "a value"},
        {"for", "a list that is written out"},
        {"==", "one comparison"},
        {"!=", "one comparison"},
        {"<", "one comparison"},
        {">", "one comparison"},
        {"<=", "one comparison"},
        {">=", "one comparison"},
        {"<<", "arithmetic with + - * / // % **"},
        {">>", "arithmetic with + - * / // % **"},
        {"&", "arithmetic with + - * / // % **"},
        {"|", "arithmetic with + - * / // % **"},
        {"^", "arithmetic with + - * / // % **"},
        {"~", "arithmetic with + - * / // % **"},
        {"@", "arithmetic with + - * / // % **"},
        {"*", "each argument by itself"},
        {"**", "each argument by itself"},
        {":=", "an assignment on a line of its own"},
        {"...", "a value"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(foreign); i++) {
        if (!parse_sees(p, foreign[i].word)) continue;
        source_fail(p->source, p->token->offset, CEPA_SYNTAX,
                    "'%s' is not part of what a model file may say, %s was expected", foreign[i].word,
                    foreign[i].instead);
        return true;
    }
    return false;
}

const char *parse_name(parser *p, const char *what)
{
    static const char *const keywords[] = {"def", "return", "import", "from", "pass", "as", "None", "True", "False"};
    const char *name = NULL;
    if (parse_refuse_foreign(p)) return NULL;
    bool keyword = p->token->type != TOKEN_NAME;
    for (size_t i = 0; i < ARRAY_COUNT(keywords); i++) keyword = keyword || parse_sees(p, keywords[i]);
    if (keyword) {
        parse_refuse(p, what);
        return NULL;
    }
    name = arena_text_n(p->source->memory, p->source->text + p->token->offset, p->token->length);
    if (!name) fail_memory(p->source->error);
    p->token++;
    return name;
}

bool parse_enter(parser *p)
{
    enum { MOST_NESTED = 100 };
    if (p->depth++ < MOST_NESTED) return true;
    source_fail(p->source, p->token->offset, CEPA_SYNTAX, "this is nested too deeply, at most %d levels are read",
                MOST_NESTED);
    return false;
}

void parse_leave(parser *p) { p->depth--; }

/* ---- Statements */

static bool parse_statement(parser *p, node *block);

static node *parse_block(parser *p)
{
    node *block = parse_node(p, NODE_BLOCK, p->token->offset);
    if (!block || !parse_enter(p)) return NULL;
    if (p->token->type != TOKEN_NEWLINE) {
        if (!parse_statement(p, block)) return NULL;
    } else {
        p->token++;
        if (p->token->type != TOKEN_INDENT) return parse_refuse(p, "an indented block");
        p->token++;
        while (p->token->type != TOKEN_DEDENT)
            if (!parse_statement(p, block)) return NULL;
        p->token++;
    }
    parse_leave(p);
    return block;
}

static node *parse_parameter(parser *p, bool annotated)
{
    size_t offset = p->token->offset;
    const char *name = parse_name(p, "a parameter's name");
    node *parameter = name ? parse_node(p, NODE_PARAMETER, offset) : NULL;
    if (!parameter) return NULL;
    parameter->text = name;
    if (annotated && parse_takes(p, ":") && !parse_expression(p)) return NULL; /* an annotation says nothing */
    node *preset = NULL;
    if (parse_takes(p, "=") && !(preset = parse_expression(p))) return NULL;
    return parse_optional_child(p, parameter, preset) ? parameter : NULL;
}

bool parse_parameters(parser *p, node *def, const char *end)
{
    enum { MOST_PARAMETERS = 255 };
    while (!parse_takes(p, end)) {
        if (def->count == MOST_PARAMETERS) return parse_refuse(p, "an end of these parameters");
        node *parameter = parse_parameter(p, strcmp(end, ":") != 0);
        if (!parse_child(p, def, parameter)) return false;
        if (!parameter->child[0] && def->count > 1 && def->child[def->count - 2]->child[0]) {
            source_fail(p->source, parameter->offset, CEPA_SYNTAX,
                        "this parameter needs a default, as the one before it");
            return false;
        }
        if (!parse_takes(p, ",") && !parse_sees(p, end))
            return parse_refuse(p, strcmp(end, ":") == 0 ? "',' or ':'" : "',' or ')'");
    }
    return true;
}

static node *parse_def(parser *p)
{
    size_t offset = p->token->offset;
    const char *name = parse_name(p, "the function's name");
    node *def = name ? parse_node(p, NODE_DEF, offset) : NULL;
    if (!def || !parse_needs(p, "(")) return NULL;
    def->text = name;
    if (!parse_parameters(p, def, ")")) return NULL;
    if (parse_takes(p, "->") && !parse_expression(p)) return NULL;
    return parse_needs(p, ":") && parse_child(p, def, parse_block(p)) ? def : NULL;
}

static bool check_target(parser *p, const node *target)
{
    bool several = target->type == NODE_TUPLE || target->type == NODE_LIST;
    for (size_t i = 0; several && i < target->count; i++)
        if (!check_target(p, target->child[i])) return false;
    if (several || target->type == NODE_NAME || target->type == NODE_ATTRIBUTE || target->type == NODE_INDEX)
        return true;
    return source_fail(p->source, target->offset, CEPA_SYNTAX,
                       "nothing can be assigned to this, a name was expected") == CEPA_OK;
}

/* The targets of a for: names, not an expression that 'in' would go on. */
static node *parse_for_target(parser *p)
{
    size_t offset = p->token->offset;
    bool bracket = parse_takes(p, "(");
    node *tuple = parse_node(p, NODE_TUPLE, offset);
    do {
        size_t at = p->token->offset;
        const char *name = tuple ? parse_name(p, "a name") : NULL;
        node *target = name ? parse_node(p, NODE_NAME, at) : NULL;
        if (!parse_child(p, tuple, target)) return NULL;
        target->text = name;
    } while (parse_takes(p, ","));
    if (bracket && !parse_needs(p, ")")) return NULL;
    return tuple->count == 1 ? tuple->child[0] : tuple;
}

static node *parse_for(parser *p)
{
    node *loop = parse_node(p, NODE_FOR, p->token[-1].offset);
    bool done = loop && parse_child(p, loop, parse_for_target(p)) && parse_needs(p, "in") &&
                parse_child(p, loop, parse_expression_list(p)) && parse_needs(p, ":") &&
                parse_child(p, loop, parse_block(p));
    return done ? loop : NULL;
}

/* Behind if or elif. */
static node *parse_if(parser *p)
{
    node *branch = parse_node(p, NODE_IF, p->token[-1].offset), *other = NULL;
    bool good = branch && parse_child(p, branch, parse_expression(p)) && parse_needs(p, ":") &&
                parse_child(p, branch, parse_block(p));
    if (!good || !parse_enter(p)) return NULL;
    if (parse_takes(p, "elif"))
        good = (other = parse_if(p)) != NULL;
    else if (parse_takes(p, "else"))
        good = parse_needs(p, ":") && (other = parse_block(p)) != NULL;
    parse_leave(p);
    return good && parse_optional_child(p, branch, other) ? branch : NULL;
}

static node *parse_return(parser *p)
{
    node *result = parse_node(p, NODE_RETURN, p->token[-1].offset);
    if (!result) return NULL;
    if (p->token->type == TOKEN_NEWLINE || parse_sees(p, ";"))
        return parse_optional_child(p, result, NULL) ? result : NULL;
    return parse_child(p, result, parse_expression_list(p)) ? result : NULL;
}

/* ---- Imports */

static const char *parse_path(parser *p)
{
    enum { MOST_PARTS = 50 };
    const char *path = parse_name(p, "a module's name");
    for (int parts = 1; path && parse_takes(p, "."); parts++) {
        if (parts == MOST_PARTS) return parse_refuse(p, "an end of this path"), NULL;
        const char *part = parse_name(p, "a module's name");
        path = part ? arena_format(p->source->memory, "%s.%s", path, part) : NULL;
        if (part && !path) fail_memory(p->source->error);
    }
    return path;
}

static node *parse_imported(parser *p, const char *path, const char *name, size_t offset)
{
    node *imported = path ? parse_node(p, NODE_IMPORTED, offset) : NULL;
    if (!imported) return NULL;
    imported->text = path;
    imported->name = name;
    if (name && parse_takes(p, "as") && !(imported->name = parse_name(p, "a name"))) return NULL;
    return imported;
}

/* import a.b.c makes a known; import a.b as c makes a.b known as c. */
static node *parse_module(parser *p)
{
    size_t offset = p->token->offset;
    const char *path = parse_path(p);
    if (!path) return NULL;
    bool renamed = parse_sees(p, "as");
    const char *first = arena_text_n(p->source->memory, path, strcspn(path, "."));
    if (!first) fail_memory(p->source->error);
    return first ? parse_imported(p, renamed ? path : first, first, offset) : NULL;
}

static node *parse_import(parser *p)
{
    node *import = parse_node(p, NODE_IMPORT, p->token[-1].offset);
    if (!import) return NULL;
    do {
        if (!parse_child(p, import, parse_module(p))) return NULL;
    } while (parse_takes(p, ","));
    return import;
}

static node *parse_from(parser *p)
{
    node *import = parse_node(p, NODE_IMPORT, p->token[-1].offset);
    const char *module = import ? parse_path(p) : NULL;
    if (!module || !parse_needs(p, "import")) return NULL;
    size_t offset = p->token->offset;
    if (parse_takes(p, "*")) return parse_child(p, import, parse_imported(p, module, NULL, offset)) ? import : NULL;
    bool bracket = parse_takes(p, "(");
    do {
        if (bracket && parse_sees(p, ")")) break;
        offset = p->token->offset;
        const char *name = parse_name(p, "a name");
        const char *path = name ? arena_format(p->source->memory, "%s.%s", module, name) : NULL;
        if (name && !path) fail_memory(p->source->error);
        if (!parse_child(p, import, parse_imported(p, path, name, offset))) return NULL;
    } while (parse_takes(p, ","));
    return !bracket || parse_needs(p, ")") ? import : NULL;
}

static node *parse_pass(parser *p) { return parse_node(p, NODE_PASS, p->token[-1].offset); }

/* ---- Assignments and calls */

static const char *takes_augmented(parser *p)
{
    static const char *const operators[][2] = {{"+=", "+"},   {"-=", "-"}, {"*=", "*"},  {"/=", "/"},
                                               {"//=", "//"}, {"%=", "%"}, {"**=", "**"}};
    for (size_t i = 0; i < ARRAY_COUNT(operators); i++)
        if (parse_takes(p, operators[i][0])) return operators[i][1];
    return NULL;
}

static node *parse_augment(parser *p, node *target, const char *operator)
{
    node *augment = parse_node(p, NODE_AUGMENT, target->offset);
    if (!augment || !check_target(p, target)) return NULL;
    augment->text = operator;
    return parse_child(p, augment, target) && parse_child(p, augment, parse_expression_list(p)) ? augment : NULL;
}

static node *parse_assignment(parser *p)
{
    node *first = parse_expression_list(p);
    const char *operator= first ? takes_augmented(p) : NULL;
    if (!first || operator) return first ? parse_augment(p, first, operator) : NULL;
    if (parse_takes(p, ":") && !parse_expression(p)) return NULL; /* an annotation */
    bool assigned = parse_sees(p, "=");
    node *statement = parse_node(p, assigned ? NODE_ASSIGN : NODE_EXPRESSION, first->offset);
    if (!statement || !parse_child(p, statement, first)) return NULL;
    while (parse_takes(p, "=")) {
        if (!check_target(p, statement->child[statement->count - 1])) return NULL;
        if (!parse_child(p, statement, parse_expression_list(p))) return NULL;
    }
    return statement;
}

static bool parse_simple(parser *p, node *block)
{
    static const struct {
        const char *word;
        node *(*parse)(parser *);
    } statements[] = {{"return", parse_return}, {"import", parse_import}, {"from", parse_from}, {"pass", parse_pass}};
    node *(*parse)(parser *) = parse_assignment;
    for (size_t i = 0; i < ARRAY_COUNT(statements) && parse == parse_assignment; i++)
        if (parse_takes(p, statements[i].word)) parse = statements[i].parse;
    return parse_child(p, block, parse(p));
}

/* if __name__ == "__main__": which is so of a text that is read. */
static bool sees_main(const parser *p)
{
    static const char *const words[] = {"if", "__name__", "=="};
    parser ahead = *p;
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (!parse_takes(&ahead, words[i])) return false;
    const token *t = ahead.token;
    return t->type == TOKEN_TEXT && t->length == strlen("'__main__'") &&
           strncmp(p->source->text + t->offset + 1, "__main__", strlen("__main__")) == 0;
}

/* What stands below it is a part of the block around it. */
static bool parse_main(parser *p, node *block)
{
    p->token += 4;
    const node *inner = parse_needs(p, ":") ? parse_block(p) : NULL;
    for (size_t i = 0; inner && i < inner->count; i++)
        if (!parse_child(p, block, inner->child[i])) return false;
    return inner != NULL;
}

static bool parse_statement(parser *p, node *block)
{
    if (p->token->type == TOKEN_INDENT) return parse_refuse(p, "a line as far left as the one before it");
    if (sees_main(p)) return parse_main(p, block);
    if (parse_takes(p, "def")) return parse_child(p, block, parse_def(p));
    if (parse_takes(p, "for")) return parse_child(p, block, parse_for(p));
    if (parse_takes(p, "if")) return parse_child(p, block, parse_if(p));
    do {
        if (p->token->type == TOKEN_NEWLINE) break;
        if (!parse_simple(p, block)) return false;
    } while (parse_takes(p, ";"));
    if (p->token->type != TOKEN_NEWLINE) return !parse_refuse_foreign(p) && parse_refuse(p, "the line's end");
    p->token++;
    return true;
}

const node *source_parse(const source_text *source)
{
    parser p = {.source = source, .token = source_tokens(source, 0, source->size, false)};
    node *block = p.token ? parse_node(&p, NODE_BLOCK, 0) : NULL;
    while (block && p.token->type != TOKEN_END)
        if (!parse_statement(&p, block)) return NULL;
    return block;
}
