#include "options.h"
#include "files.h"
#include "report.h"
#include "terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Values ---- */

bool texts_add(texts *list, const char *text)
{
    const char **grown = realloc(list->items, (list->count + 1) * sizeof *grown);
    if (!grown) return false;
    list->items = grown;
    list->items[list->count++] = text;
    return true;
}

bool texts_add_copy(texts *list, const char *text, size_t length)
{
    char *copy = strndup(text, length);
    if (copy && texts_add(list, copy)) return true;
    free(copy);
    return false;
}

static bool read_text(const option *option, const char *text, void *place)
{
    *(const char **)place = text;
    if (!option->choices) return *text != 0;
    size_t length = strlen(text);
    for (const char *choice = option->choices; choice; choice = strchr(choice, '|')) {
        choice += *choice == '|';
        if (length && strncmp(choice, text, length) == 0 && (choice[length] == '|' || choice[length] == 0)) return true;
    }
    return false;
}

static bool read_texts(const option *option, const char *text, void *place)
{
    (void)option;
    return *text != 0 && texts_add(place, text);
}

static bool read_whole(const char *text, uint64_t *number)
{
    char *end;
    errno = 0;
    unsigned long long read = strtoull(text, &end, 10);
    *number = read;
    return strchr("0123456789", *text) && *text && *end == 0 && errno == 0;
}

static bool read_count(const option *option, const char *text, void *place)
{
    uint64_t number;
    if (!read_whole(text, &number) || number < option->min || number > (option->max ? option->max : INT32_MAX))
        return false;
    *(size_t *)place = (size_t)number;
    return true;
}

static bool read_seed(const option *option, const char *text, void *place)
{
    (void)option;
    return read_whole(text, place);
}

static bool read_fraction(const option *option, const char *text, void *place)
{
    (void)option;
    char *end;
    double ratio = strtod(text, &end);
    if (end == text) return false;
    if (*end == '/') {
        const char *divisor = end + 1;
        ratio /= strtod(divisor, &end);
        if (end == divisor) return false;
    }
    *(double *)place = ratio;
    return *end == 0 && ratio - ratio == 0;
}

static bool read_ratio(const option *option, const char *text, void *place)
{
    return read_fraction(option, text, place) && *(const double *)place != 0;
}

static bool read_time(const option *option, const char *text, void *place)
{
    (void)option;
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}};
    char *end;
    double number = strtod(text, &end);
    if (end == text || !(number > 0) || number - number != 0) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].unit) != 0) continue;
        *(double *)place = number * units[i].seconds;
        return true;
    }
    return false;
}

/* What settings hold, as it would be typed; "" where it was not given. */
static void print_text(const void *place, char *text, size_t size)
{
    const char *given = *(const char *const *)place;
    snprintf(text, size, "%s", given ? given : "");
}

static void print_count(const void *place, char *text, size_t size)
{
    if (*(const size_t *)place) snprintf(text, size, "%zu", *(const size_t *)place);
}

static void print_seed(const void *place, char *text, size_t size)
{
    unsigned long long seed = *(const uint64_t *)place;
    if (seed) snprintf(text, size, "%llu", seed);
}

static void print_number(const void *place, char *text, size_t size)
{
    char number[32];
    cepa_number_text(*(const double *)place, number);
    if (*(const double *)place != 0) snprintf(text, size, "%s", number);
}

static const struct {
    const char *expected;
    bool (*read)(const option *option, const char *text, void *place);
    void (*print)(const void *place, char *text, size_t size); /* NULL: it is no single value */
} kinds[] = {
    [TAKES_NOTHING] = {NULL, NULL, NULL},
    [TAKES_TEXT] = {"a value", read_text, print_text},
    [TAKES_TEXTS] = {"a value", read_texts, NULL},
    [TAKES_COUNT] = {"a whole number", read_count, print_count},
    [TAKES_SEED] = {"a whole number below 2^64", read_seed, print_seed},
    [TAKES_NUMBER] = {"a number such as 0.5 or 1/255", read_fraction, print_number},
    [TAKES_RATIO] = {"a number other than 0, such as 0.5 or 1/255", read_ratio, print_number},
    [TAKES_TIME] = {"a time such as 60s, 2m or 1h", read_time, print_number},
};

/* What an option takes, for messages. */
static void describe_value(const option *option, char *text, size_t size)
{
    if (option->choices)
        snprintf(text, size, "one of %s", option->choices);
    else if (option->kind == TAKES_COUNT && option->max)
        snprintf(text, size, "a whole number from %zu to %zu", option->min, option->max);
    else if (option->kind == TAKES_COUNT)
        snprintf(text, size, "a whole number of %zu or more", option->min);
    else
        snprintf(text, size, "%s", kinds[option->kind].expected);
}

/* ---- Names ---- */

/* Letters to change, add, drop or exchange with the next one to make a of b (Damerau 1964), at most 9. */
static size_t distance(const char *a, const char *b)
{
    enum { MOST = 64 };
    size_t steps[MOST][MOST], long_a = strlen(a), long_b = strlen(b);
    if (long_a >= MOST || long_b >= MOST) return 9;
    for (size_t i = 0; i <= long_a; i++)
        for (size_t j = 0; j <= long_b; j++) {
            size_t least = i && j ? steps[i - 1][j - 1] + (a[i - 1] != b[j - 1]) : i + j;
            if (i && steps[i - 1][j] + 1 < least) least = steps[i - 1][j] + 1;
            if (j && steps[i][j - 1] + 1 < least) least = steps[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && steps[i - 2][j - 2] + 1 < least)
                least = steps[i - 2][j - 2] + 1;
            steps[i][j] = least;
        }
    return steps[long_a][long_b];
}

const char *nearest_name(const char *wrong, const void *names, size_t count, size_t stride)
{
    const char *nearest = NULL;
    size_t length = strlen(wrong), least = length < 9 ? 1 + (length + 2) / 3 : 4; /* what is no nearer is not near */
    for (size_t i = 0; i < count; i++) {
        const char *name = *(const char *const *)((const char *)names + i * stride);
        size_t far = distance(wrong, name);
        if (far < least) {
            least = far;
            nearest = name;
        }
    }
    return nearest;
}

static size_t option_count(const option *options)
{
    size_t count = 0;
    while (options[count].name) count++;
    return count;
}

static const option *find_long(const option *options, const char *name, size_t length)
{
    for (; options->name; options++)
        if (strlen(options->name) == length && strncmp(options->name, name, length) == 0) return options;
    return NULL;
}

static const option *find_letter(const option *options, char letter)
{
    for (; options->name; options++)
        if (options->letter && options->letter == letter) return options;
    return NULL;
}

static bool unknown_option(const command *command, const char *argument, size_t length)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), argument);
    const char *bare = name + strspn(name, "-");
    const char *near = nearest_name(bare, command->options, option_count(command->options), sizeof(option));
    if (near)
        complain("%s has no option %s (did you mean --%s?)", command->name, name, near);
    else
        complain("%s has no option %s (see 'cepa help %s')", command->name, name, command->name);
    return false;
}

/* ---- Reading ---- */

/* Arguments not read yet. */
typedef struct cursor {
    char **next, **end;
} cursor;

static bool take_value(const option *option, const char *attached, cursor *rest, settings *settings)
{
    void *place = (char *)settings + option->offset;
    if (option->kind == TAKES_NOTHING) {
        if (attached)
            complain("--%s takes no value", option->name);
        else
            *(bool *)place = true;
        return !attached;
    }
    char expected[200];
    describe_value(option, expected, sizeof expected);
    const char *text = attached;
    if (!text && rest->next < rest->end && strncmp(*rest->next, "--", 2) != 0) text = *rest->next++;
    if (!text)
        complain("--%s needs a value: %s", option->name, expected);
    else if (kinds[option->kind].read(option, text, place))
        return true;
    else
        complain("--%s: expected %s, not '%s'", option->name, expected, text);
    return false;
}

static bool take_option(const command *command, const char *argument, cursor *rest, settings *settings)
{
    const option *found;
    const char *attached = NULL;
    size_t length = strlen(argument);
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) return settings->help = true;
    if (argument[1] == '-') {
        length = strcspn(argument, "=");
        found = find_long(command->options, argument + 2, length - 2);
        if (argument[length]) attached = argument + length + 1;
    } else {
        found = find_letter(command->options, argument[1]);
        if (argument[2]) attached = argument + 2 + (argument[2] == '=');
    }
    return found ? take_value(found, attached, rest, settings) : unknown_option(command, argument, length);
}

/* -o and --data are options; - and -1.5 are not. */
static bool is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] && !strchr("0123456789.", argument[1]);
}

static bool check_complete(const command *command, const settings *settings)
{
    if (settings->operand_count < command->least)
        complain("%s needs %s (see 'cepa help %s')", command->name, command->operands, command->name);
    else if (command->most && settings->operand_count > command->most)
        complain("%s: '%s' is one argument too many", command->name, settings->operands[command->most]);
    else {
        for (const option *option = command->options; option->name; option++)
            if (option->required && !*(const char *const *)((const char *)settings + option->offset)) {
                complain("%s needs --%s %s", command->name, option->name, option->value);
                return false;
            }
        return true;
    }
    return false;
}

cepa_status option_assign(const option *options, const char *name, const char *value, settings *settings,
                          cepa_error *error)
{
    char hyphens[64], expected[200];
    snprintf(hyphens, sizeof hyphens, "%s", name);
    for (char *c = hyphens; *c; c++)
        if (*c == '_') *c = '-';
    const option *found = find_long(options, hyphens, strlen(hyphens));
    if (!found) return fails(error, CEPA_ARGUMENT, "there is no option --%s", hyphens);
    describe_value(found, expected, sizeof expected);
    if (kinds[found->kind].read(found, value, (char *)settings + found->offset)) return CEPA_OK;
    return fails(error, CEPA_ARGUMENT, "--%s: expected %s, not '%s'", found->name, expected, value);
}

static bool write_argument(texts *arguments, const char *name, const char *value)
{
    char *text;
    if (asprintf(&text, "--%s%s%s", name, value ? "=" : "", value ? value : "") < 0) return false;
    if (texts_add(arguments, text)) return true;
    free(text);
    return false;
}

bool options_write(const option *options, const settings *settings, texts *arguments)
{
    bool written = true;
    for (const option *option = options; option->name && written; option++) {
        const void *place = (const char *)settings + option->offset;
        char value[4096] = "";
        if (kinds[option->kind].print) kinds[option->kind].print(place, value, sizeof value);
        if (option->kind == TAKES_TEXTS)
            for (size_t i = 0; written && i < ((const texts *)place)->count; i++)
                written = write_argument(arguments, option->name, ((const texts *)place)->items[i]);
        else if (option->kind == TAKES_NOTHING && *(const bool *)place)
            written = write_argument(arguments, option->name, NULL);
        else if (*value)
            written = write_argument(arguments, option->name, value);
    }
    return written;
}

bool options_read(const command *command, int count, char **arguments, settings *settings)
{
    *settings = (struct settings){.operands = calloc((size_t)count + 1, sizeof(char *))};
    if (!settings->operands) {
        complain("memory is exhausted");
        return false;
    }
    bool options_end = false;
    for (cursor rest = {arguments, arguments + count}; rest.next < rest.end;) {
        const char *argument = *rest.next++;
        if (!options_end && strcmp(argument, "--") == 0)
            options_end = true;
        else if (options_end || !is_option(argument))
            settings->operands[settings->operand_count++] = argument;
        else if (!take_option(command, argument, &rest, settings))
            return false;
    }
    return settings->help || check_complete(command, settings);
}

void settings_free(settings *settings)
{
    free(settings->operands);
    free(settings->set.items);
    free(settings->callback.items);
    free(settings->vary.items);
    free(settings->kernels.items);
}

/* Its name, and behind all names what it does. */
static void print_option(const option *option)
{
    enum { COLUMN = 31 };
    char left[64], help[600];
    snprintf(left, sizeof left, "  %c%c%s--%s %s", option->letter ? '-' : ' ', option->letter ? option->letter : ' ',
             option->letter ? ", " : "  ", option->name, option->value ? option->value : "");
    snprintf(help, sizeof help, "%s%s%s%s", option->help, option->choices ? " (" : "",
             option->choices ? option->choices : "", option->choices ? ")" : "");
    printf("%-*s ", COLUMN - 1, left);
    print_wrapped_behind(COLUMN, help);
}

void options_help(const command *command)
{
    printf("usage: cepa %s%s%s", command->name, *command->operands ? " " : "", command->operands);
    for (const option *option = command->options; option->name; option++)
        if (option->required) printf(" --%s %s", option->name, option->value);
    printf("%s\n\n%s.\n", command->options->name ? " [options]" : "", command->purpose);
    if (command->options->name) putchar('\n');
    for (const option *option = command->options; option->name; option++) print_option(option);
}
