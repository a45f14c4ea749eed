/* Statements of Keras source text: assignments, calls, def, return, loops, choices, imports, and the others of Python.
 */
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

const char *parse_star(parser *p) { return parse_takes(p, "*") ? "*" : parse_takes(p, "**") ? "**" : NULL; }

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
        {"elif", "an if before it"},
        {"else", "an if before it"},
        {"except", "a try before it"},
        {"finally", "a try before it"},
        {"async", "def"},
        {"await", "a call"},
        {"*", "each value by itself"},
        {"**", "each value by itself"},
        {":=", "an assignment on a line of its own"},
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
    static const char *const keywords[] = {
        "False", "None", "True", "and",    "as",     "assert", "break", "class", "continue", "def",
        "del",   "for",  "from", "global", "if",     "import", "in",    "is",    "lambda",   "nonlocal",
        "not",   "or",   "pass", "raise",  "return", "try",    "while", "with",  "yield",
    };
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
    const char *star = parse_star(p);
    const char *name = parse_name(p, "a parameter's name");
    node *parameter = name ? parse_node(p, NODE_PARAMETER, offset) : NULL;
    if (!parameter) return NULL;
    parameter->text = name;
    parameter->name = star;
    if (annotated && parse_takes(p, ":") && !parse_expression(p)) return NULL; /* an annotation says nothing */
    node *preset = NULL;
    if (parse_takes(p, "=") && !(preset = parse_expression(p))) return NULL;
    return parse_optional_child(p, parameter, preset) ? parameter : NULL;
}

/* The * behind which parameters have names alone, or the / before which they have none. */
static bool takes_mark(parser *p)
{
    if (!parse_sees(p, "*") && !parse_sees(p, "/")) return false;
    parser ahead = *p;
    ahead.token++;
    if (!parse_sees(&ahead, ",") && !parse_sees(&ahead, ")") && !parse_sees(&ahead, ":")) return false;
    p->token++;
    parse_takes(p, ",");
    return true;
}

bool parse_parameters(parser *p, node *def, const char *end)
{
    enum { MOST_PARAMETERS = 255 };
    bool names_alone = false;
    while (!parse_takes(p, end)) {
        if (def->count == MOST_PARAMETERS) return parse_refuse(p, "an end of these parameters");
        if (takes_mark(p)) {
            names_alone = true;
            continue;
        }
        node *parameter = parse_parameter(p, strcmp(end, ":") != 0);
        if (!parse_child(p, def, parameter)) return false;
        names_alone = names_alone || parameter->name;
        if (!names_alone && !parameter->child[0] && def->count > 1 && def->child[def->count - 2]->child[0]) {
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

static node *parse_target(parser *p)
{
    size_t offset = p->token->offset;
    if (parse_takes(p, "(")) {
        if (!parse_enter(p)) return NULL;
        node *inner = parse_targets(p);
        parse_leave(p);
        return inner && parse_needs(p, ")") ? inner : NULL;
    }
    const char *name = parse_name(p, "a name");
    node *target = name ? parse_node(p, NODE_NAME, offset) : NULL;
    if (target) target->text = name;
    return target;
}

node *parse_targets(parser *p)
{
    node *tuple = parse_node(p, NODE_TUPLE, p->token->offset);
    bool several = false;
    do {
        if (several && (parse_sees(p, "in") || parse_sees(p, ")"))) break;
        if (!tuple || !parse_child(p, tuple, parse_target(p))) return NULL;
    } while (parse_takes(p, ",") && (several = true));
    return several ? tuple : tuple->child[0];
}

static node *parse_for(parser *p)
{
    node *loop = parse_node(p, NODE_FOR, p->token[-1].offset);
    bool done = loop && parse_child(p, loop, parse_targets(p)) && parse_needs(p, "in") &&
                parse_child(p, loop, parse_expression_list(p)) && parse_needs(p, ":") &&
                parse_child(p, loop, parse_block(p));
    return done ? loop : NULL;
}

static node *parse_while(parser *p)
{
    node *loop = parse_node(p, NODE_WHILE, p->token[-1].offset);
    bool done = loop && parse_child(p, loop, parse_expression(p)) && parse_needs(p, ":") &&
                parse_child(p, loop, parse_block(p));
    return done ? loop : NULL;
}

static node *parse_with(parser *p)
{
    node *with = parse_node(p, NODE_WITH, p->token[-1].offset);
    do {
        node *target = NULL;
        if (!with || !parse_child(p, with, parse_expression(p))) return NULL;
        if (parse_takes(p, "as") && !(target = parse_target(p))) return NULL;
        if (!parse_optional_child(p, with, target)) return NULL;
    } while (parse_takes(p, ","));
    return parse_needs(p, ":") && parse_child(p, with, parse_block(p)) ? with : NULL;
}

/* What stands in a class is a running program's. */
static node *parse_class(parser *p)
{
    node *class = parse_node(p, NODE_CLASS, p->token[-1].offset);
    if (!class || !(class->text = parse_name(p, "the class's name"))) return NULL;
    if (parse_sees(p, "(") && !parse_expression(p)) return NULL;
    return parse_needs(p, ":") && parse_block(p) ? class : NULL;
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
    while (parse_takes(p, ".") || parse_takes(p, "...")) continue; /* a file beside this one */
    if (parse_sees(p, "import")) return "";
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

/* ---- Statements of a word */

static node *parse_pass(parser *p) { return parse_node(p, NODE_PASS, p->token[-1].offset); }
static node *parse_break(parser *p) { return parse_node(p, NODE_BREAK, p->token[-1].offset); }
static node *parse_continue(parser *p) { return parse_node(p, NODE_CONTINUE, p->token[-1].offset); }

static bool at_end(const parser *p) { return p->token->type == TOKEN_NEWLINE || parse_sees(p, ";"); }

/* assert, del: nothing that makes a model. */
static node *parse_forgotten(parser *p)
{
    node *made = parse_pass(p);
    return made && parse_expression_list(p) ? made : NULL;
}

static node *parse_raise(parser *p)
{
    node *made = parse_node(p, NODE_RAISE, p->token[-1].offset);
    if (!made || (!at_end(p) && !parse_expression(p))) return NULL;
    return !parse_takes(p, "from") || parse_expression(p) ? made : NULL;
}

static node *parse_yield(parser *p)
{
    node *made = parse_node(p, NODE_YIELD, p->token[-1].offset);
    parse_takes(p, "from");
    return made && (at_end(p) || parse_expression_list(p)) ? made : NULL;
}

static node *parse_global(parser *p)
{
    node *global = parse_node(p, NODE_GLOBAL, p->token[-1].offset);
    do {
        if (!global || !parse_child(p, global, parse_target(p))) return NULL;
    } while (parse_takes(p, ","));
    return global;
}

/* ---- Assignments and calls */

static const char *takes_augmented(parser *p)
{
    static const char *const operators[][2] = {{"+=", "+"}, {"-=", "-"},   {"*=", "*"},  {"/=", "/"}, {"//=", "//"},
                                               {"%=", "%"}, {"**=", "**"}, {"@=", "@"},  {"&=", "&"}, {"|=", "|"},
                                               {"^=", "^"}, {"<<=", "<<"}, {">>=", ">>"}};
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

/* A word that begins a statement, and what reads behind it. */
typedef struct statement {
    const char *word;
    node *(*parse)(parser *);
} statement;

/* The one whose word stands here, which is taken; NULL: none. */
static const statement *takes_statement(parser *p, const statement *known, size_t count)
{
    for (const statement *s = known; s < known + count; s++)
        if (parse_takes(p, s->word)) return s;
    return NULL;
}

static bool parse_simple(parser *p, node *block)
{
    static const statement simple[] = {
        {"return", parse_return},    {"import", parse_import}, {"from", parse_from},         {"pass", parse_pass},
        {"break", parse_break},      {"raise", parse_raise},   {"continue", parse_continue}, {"yield", parse_yield},
        {"assert", parse_forgotten}, {"del", parse_forgotten}, {"global", parse_global},     {"nonlocal", parse_global},
    };
    const statement *found = takes_statement(p, simple, ARRAY_COUNT(simple));
    return parse_child(p, block, found ? found->parse(p) : parse_assignment(p));
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

/* Behind it, what stands below a colon as a part of the block around it. */
static bool parse_inner(parser *p, node *block)
{
    const node *inner = parse_needs(p, ":") ? parse_block(p) : NULL;
    for (size_t i = 0; inner && i < inner->count; i++)
        if (!parse_child(p, block, inner->child[i])) return false;
    return inner != NULL;
}

/* Behind try: nothing fails where nothing runs. */
static bool parse_try(parser *p, node *block)
{
    if (!parse_inner(p, block)) return false;
    while (parse_takes(p, "except")) {
        if (!parse_sees(p, ":") && !parse_expression_list(p)) return false;
        if (parse_takes(p, "as") && !parse_target(p)) return false;
        if (!parse_needs(p, ":") || !parse_block(p)) return false;
    }
    if (parse_takes(p, "else") && !parse_inner(p, block)) return false;
    return !parse_takes(p, "finally") || parse_inner(p, block);
}

/* Behind @: what it names changes a function for a running program. */
static bool parse_decorator(parser *p)
{
    if (!parse_expression(p)) return false;
    if (p->token->type != TOKEN_NEWLINE) return parse_refuse(p, "the line's end");
    p->token++;
    return true;
}

static bool parse_statement(parser *p, node *block)
{
    static const statement with_blocks[] = {{"def", parse_def},     {"for", parse_for},   {"if", parse_if},
                                            {"while", parse_while}, {"with", parse_with}, {"class", parse_class}};
    if (p->token->type == TOKEN_INDENT) return parse_refuse(p, "a line as far left as the one before it");
    if (sees_main(p)) {
        p->token += 4;
        return parse_inner(p, block);
    }
    if (parse_takes(p, "@")) return parse_decorator(p);
    if (parse_takes(p, "try")) return parse_try(p, block);
    const statement *found = takes_statement(p, with_blocks, ARRAY_COUNT(with_blocks));
    if (found) return parse_child(p, block, found->parse(p));
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
