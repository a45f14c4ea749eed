/* Matrices: made, turned, freed, and read from text as people type them. */
#include "data/matrix.h"

#include "base/buffer.h"
#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void cepa_matrix_free(cepa_matrix *matrix)
{
    if (!matrix) return;
    free(matrix->values);
    *matrix = (cepa_matrix){.values = NULL};
}

cepa_status matrix_allocate(size_t height, size_t width, size_t channels, cepa_matrix *matrix, cepa_error *error)
{
    size_t count;
    *matrix = (cepa_matrix){.values = NULL};
    if (!height || !width || !channels)
        return fail(error, CEPA_ARGUMENT, "a matrix of %zu x %zu x %zu has no numbers", height, width, channels);
    if (!multiply_size(height, width, &count) || !multiply_size(count, channels, &count)) return fail_memory(error);
    *matrix = (cepa_matrix){height, width, channels, .values = calloc(count, sizeof *matrix->values)};
    return matrix->values ? CEPA_OK : fail_memory(error);
}

cepa_status cepa_matrix_new(size_t height, size_t width, size_t channels, const double *values, cepa_matrix *matrix,
                            cepa_error *error)
{
    cepa_status status = matrix_allocate(height, width, channels, matrix, error);
    if (!status) memcpy(matrix->values, values, height * width * channels * sizeof *values);
    return status;
}

cepa_status cepa_matrix_turn(const cepa_matrix *matrix, cepa_matrix *turned, cepa_error *error)
{
    cepa_status status = matrix_allocate(matrix->height, matrix->width, matrix->channels, turned, error);
    for (size_t row = 0; !status && row < matrix->height; row++)
        for (size_t column = 0; column < matrix->width; column++)
            memcpy(matrix_at(turned, row, column),
                   matrix_at(matrix, matrix->height - 1 - row, matrix->width - 1 - column),
                   matrix->channels * sizeof *matrix->values);
    return status;
}

/* ---- Reading text ------------------------------------------------------------------------------------------------ */

enum { MOST_DEPTH = 2 };

typedef struct reading {
    const char *at;
    char open[MOST_DEPTH]; /* brackets that are waiting for their end */
    size_t depth;
    double *values;
    size_t count, capacity;
    size_t width, rows; /* numbers in a row; rows that are complete */
    bool divided;       /* a divisor of all numbers was read: nothing may follow */
} reading;

/* What a message shows of the text: the rest of the line, cut short. */
static int word_length(const char *text)
{
    int length = (int)strcspn(text, "\r\n;");
    return length < 20 ? length : 20;
}

/* A number; "1/16" is one too where no blank stands in it. */
static cepa_status read_one(reading *r, cepa_error *error)
{
    const char *end;
    double number = read_number(r->at, &end), divisor = 1;
    const char *over = end + 1;
    if (end != r->at && *end == '/') {
        divisor = read_number(over, &end);
        if (end == over) end = r->at;
    }
    number /= divisor;
    if (end == r->at || !isfinite(number) || (*end && !strchr(" \t\r\n,;])", *end)))
        return fail(error, CEPA_ARGUMENT, "expected a number at '%.*s'", word_length(r->at), r->at);
    if (!grow(&r->values, &r->capacity, r->count + 1, sizeof *r->values)) return fail_memory(error);
    r->values[r->count++] = number;
    r->at = end;
    return CEPA_OK;
}

/* A row's end; where no number has come since the last one, nothing ends. */
static cepa_status end_row(reading *r, cepa_error *error)
{
    size_t numbers = r->count - r->rows * r->width;
    if (!numbers) return CEPA_OK;
    if (r->rows && numbers != r->width)
        return fail(error, CEPA_ARGUMENT, "row %zu has %zu numbers, the rows before it have %zu", r->rows + 1, numbers,
                    r->width);
    r->width = numbers;
    r->rows++;
    return CEPA_OK;
}

static cepa_status read_bracket(reading *r, cepa_error *error)
{
    char bracket = *r->at++;
    if (bracket == '[' || bracket == '(') {
        if (r->depth == MOST_DEPTH)
            return fail(error, CEPA_ARGUMENT,
                        "brackets are %d deep where rows of numbers were expected; a kernel of "
                        "several channels is given a channel at a time, or as a .npy file",
                        MOST_DEPTH + 1);
        r->open[r->depth++] = bracket == '[' ? ']' : ')';
    } else if (!r->depth || r->open[--r->depth] != bracket)
        return fail(error, CEPA_ARGUMENT, "a bracket %c too many", bracket);
    return end_row(r, error);
}

/* "/ 16" behind the last row. */
static cepa_status read_divisor(reading *r, cepa_error *error)
{
    const char *end, *start = ++r->at;
    double divisor = read_number(start, &end);
    cepa_status status = end_row(r, error);
    if (status) return status;
    if (end == start || divisor == 0 || !isfinite(divisor) || !r->count || r->depth)
        return fail(error, CEPA_ARGUMENT, "expected a number other than 0 behind the / at the matrix's end");
    for (size_t i = 0; i < r->count; i++) r->values[i] /= divisor;
    r->at = end;
    r->divided = true;
    return CEPA_OK;
}

static cepa_status read_next(reading *r, cepa_error *error)
{
    if (*r->at == '\n' || *r->at == ';') {
        r->at++;
        return end_row(r, error);
    }
    if (*r->at == ',' || isspace((unsigned char)*r->at)) {
        r->at++;
        return CEPA_OK;
    }
    if (r->divided) return fail(error, CEPA_ARGUMENT, "nothing was expected at '%.*s'", word_length(r->at), r->at);
    if (strchr("[]()", *r->at)) return read_bracket(r, error);
    if (*r->at == '/') return read_divisor(r, error);
    return read_one(r, error);
}

cepa_status cepa_matrix_parse(const char *text, cepa_matrix *matrix, cepa_error *error)
{
    reading r = {.at = text};
    cepa_status status = CEPA_OK;
    *matrix = (cepa_matrix){.values = NULL};
    while (*r.at && !status) status = read_next(&r, error);
    if (!status) status = end_row(&r, error);
    if (!status && r.depth) status = fail(error, CEPA_ARGUMENT, "a bracket is not closed");
    if (!status && !r.count) status = fail(error, CEPA_ARGUMENT, "there are no numbers");
    if (status)
        free(r.values);
    else
        *matrix = (cepa_matrix){r.rows, r.width, 1, r.values};
    return status;
}
