#include "golden.h"

#include "base/buffer.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static const char *root(void)
{
    const char *all = getenv("CEPA_GOLDEN");
    return all && *all ? all : "tests/golden";
}

static char *joined(const char *folder, const char *name, const char *ending)
{
    size_t size = strlen(folder) + strlen(name) + strlen(ending) + 2;
    char *path = malloc(size);
    assert_non_null(path);
    snprintf(path, size, "%s/%s%s", folder, name, ending);
    return path;
}

char *golden_path(const char *name)
{
    char *path = joined(root(), name, "");
    struct stat found;
    if (stat(path, &found) == 0) return path;
    free(path);
    return NULL;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

char **golden_names(const char *folder, const char *ending, size_t *count)
{
    char *path = joined(root(), folder, "");
    DIR *entries = opendir(path);
    char **names = NULL;
    *count = 0;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        size_t length = strlen(entry->d_name), tail = strlen(ending);
        if (entry->d_name[0] == '.' || length < tail || strcmp(entry->d_name + length - tail, ending) != 0) continue;
        entry->d_name[length - tail] = 0;
        names = realloc(names, (*count + 1) * sizeof *names);
        assert_non_null(names);
        names[(*count)++] = joined(folder, entry->d_name, "");
    }
    if (entries) closedir(entries);
    free(path);
    if (*count) qsort(names, *count, sizeof *names, by_name);
    return names;
}

void golden_free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) free(names[i]);
    free(names);
}

static unsigned char *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s cannot be opened", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    bytes[*size] = 0;
    fclose(file);
    return bytes;
}

/* ---- Arrays: a zip of stored .npy files -------------------------------------------------------------------------- */

static uint32_t little(const unsigned char *bytes, int count)
{
    uint32_t number = 0;
    for (int i = count; i--;) number = number << 8 | bytes[i];
    return number;
}

static double element(const unsigned char *bytes, char kind, size_t size, size_t index)
{
    union {
        float f;
        double d;
        int32_t i;
        int64_t l;
        unsigned char bytes[8];
    } number;
    memcpy(number.bytes, bytes + index * size, size);
    if (kind == 'f') return size == 4 ? (double)number.f : number.d;
    if (kind == 'i') return size == 4 ? number.i : (double)number.l;
    return number.bytes[0]; /* bool and uint8 */
}

/* The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (17, 10), }. */
static void read_npy(golden_array *array, const unsigned char *bytes, const char *path)
{
    const char *header = (const char *)bytes + 10;
    const char *type = strstr(header, "'descr': '"), *shape = strstr(header, "'shape': (");
    if (!type || !shape || !strstr(header, "'fortran_order': False")) fail_msg("%s: %s is no array", path, array->name);
    char kind = type[11];
    size_t size = (size_t)(type[12] - '0');
    if (!((kind == 'f' || kind == 'i') && (size == 4 || size == 8)) && size != 1)
        fail_msg("%s: %s has the type %.3s", path, array->name, type + 10);
    array->count = 1;
    for (const char *at = shape + 10; *at >= '0' && *at <= '9';) {
        char *end;
        array->shape[array->rank] = strtoul(at, &end, 10);
        array->count *= array->shape[array->rank++];
        at = end + strspn(end, ", ");
    }
    array->values = malloc((array->count + 1) * sizeof(double));
    assert_non_null(array->values);
    const unsigned char *data = bytes + 10 + little(bytes + 8, 2);
    for (size_t i = 0; i < array->count; i++) array->values[i] = element(data, kind, size, i);
}

static void read_entry(golden_array *array, const unsigned char *zip, const unsigned char *entry, const char *path)
{
    size_t length = little(entry + 28, 2);
    assert_in_range(length, 5, sizeof array->name - 1);
    memcpy(array->name, entry + 46, length - 4); /* without .npy */
    array->name[length - 4] = 0;
    if (little(entry + 10, 2) != 0) fail_msg("%s: %s is compressed", path, array->name);
    const unsigned char *local = zip + little(entry + 42, 4);
    read_npy(array, local + 30 + little(local + 26, 2) + little(local + 28, 2), path);
}

void golden_read_arrays(golden_arrays *arrays, const char *name)
{
    char *path = strchr("/.", name[0]) ? strdup(name) : joined(root(), name, "");
    size_t size;
    unsigned char *zip = read_whole(path, &size);
    size_t end = size >= 22 ? size - 22 : 0;
    while (end && memcmp(zip + end, "PK\5\6", 4) != 0) end--;
    if (size < 22 || memcmp(zip + end, "PK\5\6", 4) != 0) fail_msg("%s is no zip archive", path);
    arrays->count = little(zip + end + 10, 2);
    arrays->items = calloc(arrays->count + 1, sizeof *arrays->items);
    assert_non_null(arrays->items);
    const unsigned char *entry = zip + little(zip + end + 16, 4);
    for (size_t i = 0; i < arrays->count; i++) {
        read_entry(&arrays->items[i], zip, entry, path);
        entry += 46 + little(entry + 28, 2) + little(entry + 30, 2) + little(entry + 32, 2);
    }
    free(zip);
    free(path);
}

void golden_free_arrays(golden_arrays *arrays)
{
    for (size_t i = 0; i < arrays->count; i++) free(arrays->items[i].values);
    free(arrays->items);
    *arrays = (golden_arrays){0};
}

const golden_array *golden_find(const golden_arrays *arrays, const char *name)
{
    for (size_t i = 0; i < arrays->count; i++)
        if (strcmp(arrays->items[i].name, name) == 0) return &arrays->items[i];
    return NULL;
}

const golden_array *golden_need(const golden_arrays *arrays, const char *name)
{
    const golden_array *found = golden_find(arrays, name);
    if (!found) fail_msg("the case has no array %s", name);
    return found;
}

/* ---- Cases ------------------------------------------------------------------------------------------------------- */

void golden_open(golden *g, const char *name)
{
    *g = (golden){0};
    snprintf(g->name, sizeof g->name, "%s", name);
    char *path = joined(root(), name, ".json");
    json_error_t error;
    g->json = json_load_file(path, 0, &error);
    if (!g->json) fail_msg("%s: %s", path, error.text);
    free(path);
    char arrays[sizeof g->name + 4];
    snprintf(arrays, sizeof arrays, "%s.npz", name);
    path = golden_path(arrays);
    if (path) golden_read_arrays(&g->arrays, arrays);
    free(path);
}

void golden_close(golden *g)
{
    json_decref(g->json);
    golden_free_arrays(&g->arrays);
}

const golden_array *golden_reference(const golden *g, const char *name)
{
    char precise[210];
    snprintf(precise, sizeof precise, "%s_f64", name);
    const golden_array *found = golden_find(&g->arrays, precise);
    return found ? found : golden_find(&g->arrays, name);
}

double golden_number(const json_t *object, const char *member, double otherwise)
{
    const json_t *found = json_object_get(object, member);
    return json_is_number(found) ? json_number_value(found) : otherwise;
}

const char *golden_text(const json_t *object, const char *member, const char *otherwise)
{
    const char *found = json_string_value(json_object_get(object, member));
    return found ? found : otherwise;
}

static void write_call(buffer *text, const char *class_name, const json_t *arguments);

/* A serialised object is written as its call. */
static void write_value(buffer *text, const json_t *value)
{
    size_t i;
    json_t *item;
    if (json_is_boolean(value)) buffer_text(text, json_is_true(value) ? "True" : "False");
    if (json_is_null(value)) buffer_text(text, "None");
    if (json_is_string(value)) buffer_format(text, "'%s'", json_string_value(value));
    if (json_is_integer(value)) buffer_format(text, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value)) buffer_number(text, json_real_value(value), false);
    if (json_is_object(value)) write_call(text, golden_text(value, "class_name", ""), json_object_get(value, "config"));
    if (!json_is_array(value)) return;
    buffer_text(text, "(");
    json_array_foreach(value, i, item)
    {
        write_value(text, item);
        buffer_text(text, ", ");
    }
    buffer_text(text, ")");
}

static void write_call(buffer *text, const char *class_name, const json_t *arguments)
{
    const char *name;
    json_t *value;
    buffer_format(text, "%s(", class_name);
    const char *between = "";
    json_object_foreach((json_t *)(uintptr_t)arguments, name, value)
    {
        buffer_format(text, "%s%s=", between, name);
        write_value(text, value);
        between = ", ";
    }
    buffer_text(text, ")");
}

char *golden_call(const char *class_name, const json_t *arguments)
{
    buffer text = {0};
    write_call(&text, class_name, arguments);
    return buffer_take_text(&text);
}

static bool is_exception(const json_t *accuracy, size_t index)
{
    size_t i;
    json_t *exception;
    json_array_foreach(json_object_get(accuracy, "exceptions"), i,
                       exception) if ((size_t)json_integer_value(exception) == index) return true;
    return false;
}

/* Equal numbers that are not finite have no difference; one that is finite and one that is not differ without end. */
static double difference(double a, double b)
{
    if (isfinite(a) && isfinite(b)) return fabs(a - b);
    return a == b || (isnan(a) && isnan(b)) ? 0 : INFINITY;
}

bool golden_matches(const golden *g, const char *result, const double *numbers, size_t count, double fallback)
{
    const golden_array *reference = golden_reference(g, result);
    if (!reference || reference->count != count) {
        print_error("%s: %s has %zu numbers, not %zu\n", g->name, result, reference ? reference->count : 0, count);
        return false;
    }
    const json_t *accuracy = json_object_get(json_object_get(g->json, "accuracy"), result);
    double allowed = golden_number(accuracy, "atol", fallback), worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        double off = difference(numbers[i], reference->values[i]);
        if (off <= worst || is_exception(accuracy, i)) continue;
        worst = off;
        at = i;
    }
    if (worst <= allowed) return true;
    print_error("%s: %s[%zu] is %.9g, Keras has %.9g, allowed %.3g\n", g->name, result, at, numbers[at],
                reference->values[at], allowed);
    return false;
}
