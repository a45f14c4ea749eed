/* Filters: a kernel slid over a matrix or picture, with everything done in the open, one number at a time. It is the
 * arithmetic of Conv2D (kernels/conv.c) for people to follow, in double precision. */
#include "base/memory.h"
#include "data/matrix.h"

#include <limits.h>
#include <string.h>

/* Where the input continues beyond its edge; place is outside 0 ... size - 1. Gives a place inside, or -1: a zero. */
typedef long continuation(long place, long size);

static long zero(long place, long size)
{
    (void)place, (void)size;
    return -1;
}

static long nearest(long place, long size) { return place < 0 ? 0 : size - 1; }

/* The picture and its mirror image in turns, the edge itself not repeated. */
static long reflect(long place, long size)
{
    if (size == 1) return 0;
    long period = 2 * (size - 1), within = place % period;
    if (within < 0) within += period;
    return within < size ? within : period - within;
}

static const struct padding {
    const char *name;
    continuation *outside; /* NULL: the kernel stays inside */
} paddings[] = {{"valid", NULL}, {"zero", zero}, {"nearest", nearest}, {"reflect", reflect}};

/* One axis: how the windows lie on it. */
typedef struct axis {
    long size, kernel, stride, before; /* before: numbers of padding */
    size_t places;
    continuation *outside;
} axis;

typedef struct sliding {
    const cepa_matrix *input, *kernel;
    axis rows, columns;
} sliding;

static cepa_status find_padding(const char *name, const struct padding **found, cepa_error *error)
{
    for (size_t i = 0; i < ARRAY_COUNT(paddings); i++) {
        *found = &paddings[i];
        if (strcmp(paddings[i].name, name ? name : "valid") == 0) return CEPA_OK;
    }
    return fail(error, CEPA_ARGUMENT, "padding must be valid, zero, nearest or reflect, not %s", name);
}

/* Lays the windows out; the padding before is the smaller half, as Keras has it. */
static bool lay_out(axis *a, size_t size, size_t kernel, int stride, const struct padding *padding)
{
    *a = (axis){.size = (long)size, .kernel = (long)kernel, .stride = stride ? stride : 1, .outside = padding->outside};
    if (!padding->outside) {
        if (kernel > size) return false;
        a->places = (size_t)((a->size - a->kernel) / a->stride) + 1;
        return true;
    }
    a->places = (size_t)((a->size + a->stride - 1) / a->stride);
    long padded = ((long)a->places - 1) * a->stride + a->kernel - a->size;
    a->before = padded > 0 ? padded / 2 : 0;
    return true;
}

static cepa_status prepare(const cepa_matrix *input, const cepa_matrix *kernel, const cepa_filter_options *o,
                           sliding *s, cepa_error *error)
{
    const struct padding *padding;
    *s = (sliding){.input = input, .kernel = kernel};
    cepa_status status = find_padding(o->padding, &padding, error);
    if (status) return status;
    if (o->strides[0] < 0 || o->strides[1] < 0)
        return fail(error, CEPA_ARGUMENT, "strides must be at least 1, not %d, %d", o->strides[0], o->strides[1]);
    if (input->height > INT_MAX || input->width > INT_MAX || kernel->height > INT_MAX || kernel->width > INT_MAX)
        return fail(error, CEPA_ARGUMENT, "more than %d numbers on an axis", INT_MAX);
    if (kernel->channels != 1 && kernel->channels != input->channels)
        return fail(error, CEPA_SHAPE, "the kernel has %zu channels, the input has %zu: expected as many, or 1",
                    kernel->channels, input->channels);
    if (!lay_out(&s->rows, input->height, kernel->height, o->strides[0], padding) ||
        !lay_out(&s->columns, input->width, kernel->width, o->strides[1], padding))
        return fail(error, CEPA_SHAPE,
                    "the kernel of %zu x %zu does not fit into the input of %zu x %zu (padding valid)", kernel->height,
                    kernel->width, input->height, input->width);
    return CEPA_OK;
}

/* Where the window's number i for the output place lies in the input; -1: a zero. */
static long inside(const axis *a, size_t place, size_t i)
{
    long at = (long)place * a->stride - a->before + (long)i;
    return at >= 0 && at < a->size ? at : a->outside(at, a->size);
}

/* The input's numbers, one for each channel, under a kernel's number; NULL: zeros. */
static const double *under(const sliding *s, size_t row, size_t column, size_t i, size_t j)
{
    long y = inside(&s->rows, row, i), x = inside(&s->columns, column, j);
    return y < 0 || x < 0 ? NULL : matrix_at(s->input, (size_t)y, (size_t)x);
}

static double sum_of(const sliding *s, size_t row, size_t column)
{
    const cepa_matrix *k = s->kernel;
    size_t channels = s->input->channels, step = k->channels > 1;
    double sum = 0;
    for (size_t i = 0; i < k->height; i++)
        for (size_t j = 0; j < k->width; j++) {
            const double *x = under(s, row, column, i, j), *w = matrix_at(k, i, j);
            for (size_t c = 0; x && c < channels; c++) sum += x[c] * w[c * step];
        }
    return sum;
}

cepa_status cepa_filter_with(const cepa_matrix *input, const cepa_matrix *kernel, const cepa_filter_options *options,
                             cepa_matrix *output, cepa_error *error)
{
    sliding s;
    *output = (cepa_matrix){.values = NULL};
    cepa_status status = prepare(input, kernel, options, &s, error);
    if (!status) status = matrix_allocate(s.rows.places, s.columns.places, 1, output, error);
    for (size_t row = 0; !status && row < output->height; row++)
        for (size_t column = 0; column < output->width; column++)
            *matrix_at(output, row, column) = sum_of(&s, row, column);
    return status;
}

cepa_status cepa_filter_explain(const cepa_matrix *input, const cepa_matrix *kernel, const cepa_filter_options *options,
                                size_t output_row, size_t output_column, cepa_filter_place *place, cepa_error *error)
{
    sliding s;
    *place = (cepa_filter_place){.row = 0};
    cepa_status status = prepare(input, kernel, options, &s, error);
    if (status) return status;
    if (output_row >= s.rows.places || output_column >= s.columns.places)
        return fail(error, CEPA_ARGUMENT, "the output has rows 0 to %zu and columns 0 to %zu, there is no %zu,%zu",
                    s.rows.places - 1, s.columns.places - 1, output_row, output_column);
    cepa_matrix *window = &place->window;
    status = matrix_allocate(kernel->height, kernel->width, input->channels, window, error);
    if (status) return status;
    for (size_t i = 0; i < kernel->height; i++)
        for (size_t j = 0; j < kernel->width; j++) {
            const double *x = under(&s, output_row, output_column, i, j);
            if (x) memcpy(matrix_at(window, i, j), x, input->channels * sizeof *x);
        }
    place->row = (int)((long)output_row * s.rows.stride - s.rows.before);
    place->column = (int)((long)output_column * s.columns.stride - s.columns.before);
    return CEPA_OK;
}

/* Numbers of padding behind the axis' end. */
static long padding_after(const axis *a)
{
    long end = ((long)a->places - 1) * a->stride - a->before + a->kernel - a->size;
    return a->outside && end > 0 ? end : 0;
}

cepa_status cepa_filter_pad(const cepa_matrix *input, const cepa_matrix *kernel, const cepa_filter_options *options,
                            cepa_matrix *padded, cepa_region *inner, cepa_error *error)
{
    sliding s;
    *padded = (cepa_matrix){.values = NULL};
    *inner = (cepa_region){.row = 0};
    cepa_status status = prepare(input, kernel, options, &s, error);
    if (status) return status;
    status = matrix_allocate((size_t)(s.rows.before + s.rows.size + padding_after(&s.rows)),
                             (size_t)(s.columns.before + s.columns.size + padding_after(&s.columns)), input->channels,
                             padded, error);
    if (status) return status;
    for (size_t i = 0; i < padded->height; i++)
        for (size_t j = 0; j < padded->width; j++) {
            const double *x = under(&s, 0, 0, i, j); /* the first window, continued */
            if (x) memcpy(matrix_at(padded, i, j), x, input->channels * sizeof *x);
        }
    *inner = (cepa_region){(int)s.rows.before, (int)s.columns.before, (int)input->height, (int)input->width};
    return CEPA_OK;
}
