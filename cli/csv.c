#include "csv.h"
#include "files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Writing ---- */

static bool add_name(csv_text *h, const char *prefix, const char *name)
{
    char **grown = realloc(h->names, (h->columns + 1) * sizeof *grown);
    if (!grown) return false;
    h->names = grown;
    if (asprintf(&grown[h->columns], "%s%s", prefix, name) < 0) return false;
    fprintf(h->stream, ",%s", grown[h->columns++]);
    return true;
}

static bool begin(csv_text *h, const cepa_log *logs, size_t count)
{
    h->stream = open_memstream(&h->text, &h->size);
    if (!h->stream) return false;
    bool named = true, validated = false;
    fputs("epoch", h->stream);
    for (size_t i = 0; i < count; i++) {
        named = named && add_name(h, "", logs[i].name);
        validated = validated || strncmp(logs[i].name, "val_", 4) == 0;
    }
    for (size_t i = 0; !validated && i < count; i++) named = named && add_name(h, "val_", logs[i].name);
    fputs("\r\n", h->stream);
    return named;
}

static const cepa_log *find(const cepa_log *logs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(logs[i].name, name) == 0) return &logs[i];
    return NULL;
}

cepa_status csv_add(csv_text *h, int epoch, const cepa_log *logs, size_t count, cepa_error *error)
{
    if (!h->stream && !begin(h, logs, count)) return fails_memory(error);
    fprintf(h->stream, "%d", epoch);
    for (size_t i = 0; i < h->columns; i++) {
        const cepa_log *log = find(logs, count, h->names[i]);
        char text[32] = "NA";
        if (log) cepa_number_text(log->value, text);
        fprintf(h->stream, ",%s", text);
    }
    fputs("\r\n", h->stream);
    return fflush(h->stream) == 0 ? CEPA_OK : fails_memory(error);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) free(names[i]);
    free(names);
}

void csv_free(csv_text *h)
{
    if (h->stream) fclose(h->stream);
    free(h->text);
    free_names(h->names, h->columns);
}

/* ---- Reading ---- */

/* The next line without its end, or NULL; *text moves on. */
static char *next_line(char **text)
{
    char *line = *text;
    if (!line || !*line) return NULL;
    char *end = strchr(line, '\n');
    *text = end ? end + 1 : NULL;
    if (end) *end = 0;
    line[strcspn(line, "\r")] = 0;
    return line;
}

static size_t count_of(const char *text, char wanted)
{
    size_t count = 0;
    for (; *text; text++) count += *text == wanted;
    return count;
}

/* The next field of a line, or NULL behind the last. */
static char *next_field(char **line) { return strsep(line, ","); }

static bool read_header(csv_table *h, char *line)
{
    h->names = calloc(count_of(line, ',') + 1, sizeof *h->names);
    char *first = next_field(&line);
    if (!h->names || !first || strcmp(first, "epoch") != 0) return false;
    for (char *name; (name = next_field(&line));) {
        h->names[h->columns] = strdup(name);
        if (!h->names[h->columns++]) return false;
    }
    return h->columns > 0;
}

static bool read_value(const char *field, double *value)
{
    char *end;
    *value = strtod(field, &end);
    if (strcmp(field, "NA") == 0 || !*field)
        *value = NAN;
    else
        return *end == 0;
    return true;
}

static bool read_row(csv_table *h, char *line)
{
    char *end, *field = next_field(&line);
    long number = strtol(field, &end, 10);
    if (end == field || *end || h->epochs == h->stride) return false;
    if (h->epochs == 0) h->first_epoch = (int)number;
    for (size_t i = 0; i < h->columns; i++) {
        field = next_field(&line);
        if (!field || !read_value(field, &h->values[i * h->stride + h->epochs])) return false;
    }
    h->epochs++;
    return line == NULL;
}

cepa_status csv_read(const char *path, csv_table *h, cepa_error *error)
{
    *h = (csv_table){.columns = 0};
    char *text, *rest;
    cepa_status status = read_file(path, &text, NULL, error);
    if (status) return status;
    rest = text;
    size_t line = 1;
    h->stride = count_of(text, '\n');
    char *header = next_line(&rest);
    bool read = header && read_header(h, header);
    if (read) h->values = calloc(h->stride * h->columns + 1, sizeof *h->values);
    for (char *row; read && h->values && (row = next_line(&rest)); line++)
        if (*row) read = read_row(h, row);
    free(text);
    if (read && h->values && h->epochs) return CEPA_OK;
    csv_table_free(h);
    return fails(error, CEPA_FORMAT,
                 "%s:%zu: expected a history as fit writes it: epoch,NAME,... and a line of numbers an epoch", path,
                 line);
}

const double *csv_column(const csv_table *h, const char *name)
{
    for (size_t i = 0; i < h->columns; i++)
        if (strcmp(h->names[i], name) == 0) return h->values + i * h->stride;
    return NULL;
}

void csv_names(const csv_table *h, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "none");
    for (size_t i = 0; i < h->columns && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", h->names[i]);
}

void csv_table_free(csv_table *h)
{
    free_names(h->names, h->columns);
    free(h->values);
    *h = (csv_table){.columns = 0};
}
