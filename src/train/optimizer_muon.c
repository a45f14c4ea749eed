/* Muon: a matrix goes along its momentum with all singular values made alike; other weights go as with Adam. */
#include "train/optimizer_table.h"

#include <string.h>

static const field fields[] = {RATE(0.001),
                               REAL(cepa_muon_options, adam_beta_1, .preset = 0.9, BELOW_ONE),
                               REAL(cepa_muon_options, adam_beta_2, .preset = 0.999, BELOW_ONE),
                               REAL(cepa_muon_options, adam_weight_decay, .optional = true, .preset = 0.004, POSITIVE),
                               EPSILON(cepa_muon_options),
                               REAL(optimizer_options, weight_decay, .optional = true, .preset = 0.004, POSITIVE),
                               COMMON("muon"),
                               TEXTS(cepa_muon_options, exclude_layers),
                               FLAG(cepa_muon_options, exclude_embeddings, .preset = true),
                               REAL(cepa_muon_options, muon_a, .preset = 3.4445, ANY_NUMBER),
                               REAL(cepa_muon_options, muon_b, .preset = -4.775, ANY_NUMBER),
                               REAL(cepa_muon_options, muon_c, .preset = 2.0315, ANY_NUMBER),
                               REAL(cepa_muon_options, adam_lr_ratio, .preset = 1, POSITIVE),
                               REAL(cepa_muon_options, momentum, .preset = 0.95, FRACTION),
                               INT(cepa_muon_options, ns_steps, .preset = 5, .min = 0, .max = 1000),
                               FLAG(cepa_muon_options, nesterov, .preset = true),
                               REAL(cepa_muon_options, rms_rate, .optional = true, .preset = 0.2, POSITIVE),
                               END_OF_FIELDS};

/* A path is LAYER/WEIGHT. */
static bool goes_as_adam(const void *options, const parameter *p)
{
    const cepa_muon_options *o = options;
    char path[400];
    if (p->rank != 2) return true;
    snprintf(path, sizeof path, "%s/%s", p->layer, p->name);
    for (const char *const *part = o->exclude_layers; part && *part; part++)
        if (strstr(path, *part)) return true;
    return o->exclude_embeddings && strcasestr(path, "embedding");
}

static double decay(const void *options, const parameter *p)
{
    const cepa_muon_options *o = options;
    return goes_as_adam(o, p) ? o->adam_weight_decay : o->weight_decay;
}

static void adam_update(const optimizer_call *c)
{
    const cepa_muon_options *o = c->options;
    double rate = c->rate * o->adam_lr_ratio * sqrt(1 - float_power(o->adam_beta_2, c->step));
    kernels->adam_step(c->w, c->g, c->slot[0], c->slot[1], NULL, c->count,
                       (real)(rate / (1 - float_power(o->adam_beta_1, c->step))), (real)(1 - o->adam_beta_1),
                       (real)(1 - o->adam_beta_2), (real)o->epsilon);
}

static void transpose(const real *from, real *to, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
}

/* to = from * matrix, or with from of size^2 numbers any product of two such. All have rows of size numbers. */
static void multiply(const real *from, const real *matrix, real *to, size_t rows, size_t size)
{
    memset(to, 0, rows * size * sizeof *to);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < size; j++)
            kernels->add_scaled_into(to + i * size, matrix + j * size, from[i * size + j], size);
}

/* Newton and Schulz: x = a x + x (b A + c A A), A = x' x, for x with rows of size numbers, not fewer rows than that. A
 * and the sum are symmetric. */
static void even_out(const cepa_muon_options *o, real *x, size_t rows, size_t size, real *const scratch[MOST_SCRATCH])
{
    real *a = scratch[0], *sum = scratch[1], *product = scratch[2];
    size_t count = rows * size;
    kernels->scale_into(x, (real)(1 / (sqrt(kernels->square_sum(x, count)) + 1e-7)), count);
    for (int step = 0; step < o->ns_steps; step++) {
        memset(a, 0, size * size * sizeof *a);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < size; j++)
                kernels->add_scaled_into(a + j * size, x + i * size, x[i * size + j], size);
        multiply(a, a, sum, size, size);
        kernels->scale_into(sum, (real)o->muon_c, size * size);
        kernels->add_scaled_into(sum, a, (real)o->muon_b, size * size);
        multiply(x, sum, product, rows, size);
        kernels->scale_into(x, (real)o->muon_a, count);
        kernels->add_into(x, product, count);
    }
}

static void update(const optimizer_call *c)
{
    const cepa_muon_options *o = c->options;
    if (goes_as_adam(o, c->parameter)) {
        adam_update(c);
        return;
    }
    size_t rows = (size_t)c->parameter->size[0], columns = (size_t)c->parameter->size[1];
    bool wide = columns >= rows;
    real *m = c->slot[0], *x = wide ? c->scratch[3] : c->g;
    kernels->scale_into(m, (real)o->momentum, c->count);
    kernels->add_into(m, c->g, c->count);
    if (o->nesterov)
        kernels->add_scaled_into(c->g, m, (real)o->momentum, c->count);
    else
        memcpy(c->g, m, c->count * sizeof *m);
    if (wide) transpose(c->g, x, rows, columns);
    even_out(o, x, wide ? columns : rows, wide ? rows : columns, c->scratch);
    if (wide) transpose(x, c->g, columns, rows);
    double scale = real_is_set(o->rms_rate) ? o->rms_rate * sqrt((double)(wide ? columns : rows)) : 1;
    kernels->add_scaled_into(c->w, c->g, (real)(-scale * c->rate), c->count);
}

const optimizer_class muon = {
    .kind = {.name = "Muon", .fields = fields, .options_size = sizeof(cepa_muon_options)},
    .slots = {{.name = "momentum"}, {.name = "velocity", .wanted = goes_as_adam}},
    .interleaved = 2,
    .whole = true,
    .scratch = 4,
    .decay = decay,
    .update = update,
};
