/* An optimizer at work: what Keras' Optimizer.apply does around the rule (keras/src/optimizers/base_optimizer.py). */
#include "base/threads.h"
#include "train/optimizer.h"

#include <math.h>
#include <string.h>

/* A part of one parameter: what a thread takes at a time, and what a norm is summed over before its parts are. */
typedef struct optimizer_chunk {
    size_t parameter, first, count; /* first: within the parameter */
} optimizer_chunk;

enum { CHUNK = 16384 };

static const optimizer_options *common(const optimizer *o) { return o->options; }

/* ---- State in the order of Keras' files -------------------------------------------------------------------------- */

static bool wants_slot(const optimizer *o, size_t slot, const parameter *p)
{
    const optimizer_slot *s = &o->class->slots[slot];
    return s->name && (!s->wanted || s->wanted(o->options, p));
}

static void add_variable(optimizer *o, optimizer_variable v) { o->variables[o->variable_count++] = v; }

/* One number, not an array. */
static void add_number(optimizer *o, const char *name, uint64_t *iterations, double *number)
{
    add_variable(o, (optimizer_variable){.name = name, .iterations = iterations, .number = number, .count = 1});
}

/* A block's numbers of a parameter, of its own shape but for the axis that is left out. */
static void add_array(optimizer *o, const char *name, const parameter *p, real *block, size_t slot)
{
    size_t without = block == o->slots[slot] ? o->class->slots[slot].without : 0;
    optimizer_variable v = {
        .name = without ? p->name : name, .of = p, .values = block + p->place, .slot = slot, .count = 1};
    for (size_t axis = 0; axis < p->rank && !(without && p->rank < 2); axis++) {
        if (without && axis == p->rank - without) continue;
        v.size[v.rank++] = p->size[axis];
        v.count *= (size_t)p->size[axis];
    }
    add_variable(o, v);
}

static void add_block(optimizer *o, const char *name, real *block)
{
    for (size_t i = 0; block && i < o->parameter_count; i++) add_array(o, name, &o->parameters[i], block, 0);
}

/* Slots from first to end, side by side. */
static void add_slots(optimizer *o, size_t first, size_t end)
{
    for (size_t i = 0; i < o->parameter_count; i++)
        for (size_t slot = first; slot < end; slot++)
            if (wants_slot(o, slot, &o->parameters[i]))
                add_array(o, o->class->slots[slot].name, &o->parameters[i], o->slots[slot], slot);
}

static bool list_variables(arena *memory, optimizer *o)
{
    enum { SINGLE = 3, BLOCKS = 2 + MOST_SLOTS };
    size_t together = o->class->interleaved;
    o->variables = arena_array(memory, SINGLE + BLOCKS * o->parameter_count, sizeof *o->variables);
    if (!o->variables) return false;
    add_number(o, "iteration", &o->iterations, NULL);
    if (!o->schedule.kind) add_number(o, "learning_rate", NULL, &o->learning_rate);
    add_block(o, "average", o->averages);
    add_block(o, "gradient_accumulator", o->accumulators);
    add_slots(o, 0, together);
    for (size_t slot = together; slot < MOST_SLOTS; slot++) add_slots(o, slot, slot + 1);
    if (o->class->number) add_number(o, o->class->number, NULL, &o->number);
    return true;
}

/* ---- Making ------------------------------------------------------------------------------------------------------ */

/* The numbers of a chunk of a parameter. */
static size_t chunk_size(const optimizer *o, const parameter *p) { return o->class->whole ? p->count : CHUNK; }

static bool cut_chunks(arena *memory, optimizer *o)
{
    size_t total = 0;
    for (size_t i = 0; i < o->parameter_count; i++) {
        size_t size = chunk_size(o, &o->parameters[i]), count = o->parameters[i].count;
        total += count ? (count + size - 1) / size : 0;
    }
    o->chunks = arena_array(memory, total, sizeof *o->chunks);
    o->parts = arena_array(memory, total, sizeof *o->parts);
    o->factors = arena_array(memory, o->parameter_count, sizeof *o->factors);
    if (!o->chunks || !o->parts || !o->factors) return false;
    for (size_t i = 0; i < o->parameter_count; i++) {
        o->factors[i] = 1;
        size_t size = chunk_size(o, &o->parameters[i]);
        for (size_t first = 0; first < o->parameters[i].count; first += size) {
            size_t rest = o->parameters[i].count - first;
            o->chunks[o->chunk_count++] = (optimizer_chunk){i, first, rest < size ? rest : size};
        }
    }
    return true;
}

/* Cleared numbers, one for each of all parameters; true at once where they are not wanted. */
static bool make_block(arena *memory, const optimizer *o, bool wanted, real **block)
{
    if (wanted) *block = arena_array(memory, o->count, sizeof(real));
    return !wanted || *block;
}

static bool clips_by_norm(const optimizer *o) { return common(o)->clipnorm > 0 || common(o)->global_clipnorm > 0; }

static bool make_slot(arena *memory, optimizer *o, size_t slot)
{
    bool wanted = false;
    for (size_t i = 0; i < o->parameter_count; i++) wanted = wanted || wants_slot(o, slot, &o->parameters[i]);
    if (!make_block(memory, o, wanted, &o->slots[slot])) return false;
    real start = wanted && o->class->slots[slot].start ? (real)o->class->slots[slot].start(o->options) : 0;
    for (size_t i = 0; wanted && i < o->count; i++) o->slots[slot][i] = start;
    return true;
}

static bool make_state(arena *memory, optimizer *o)
{
    const optimizer_options *options = common(o);
    for (size_t i = 0; i < o->parameter_count; i++) o->count += o->parameters[i].count;
    bool made = cut_chunks(memory, o) && make_block(memory, o, options->use_ema, &o->averages) &&
                make_block(memory, o, options->gradient_accumulation_steps, &o->accumulators);
    for (size_t i = 0; made && i < MOST_SLOTS; i++) made = make_slot(memory, o, i);
    for (size_t i = 0; made && i < MOST_SCRATCH; i++)
        made = make_block(memory, o, i < o->class->scratch, &o->scratch[i]);
    return made && list_variables(memory, o);
}

cepa_status optimizer_new(arena *memory, const member *chosen, const parameter *parameters, size_t count,
                          optimizer *made, cepa_error *error)
{
    *made = (optimizer){.class = (const optimizer_class *)chosen->kind,
                        .options = chosen->options,
                        .parameters = parameters,
                        .parameter_count = count,
                        .number = 1};
    const optimizer_options *o = common(made);
    if (real_is_set(o->clipnorm) + real_is_set(o->clipvalue) + real_is_set(o->global_clipnorm) > 1)
        return fail(error, CEPA_ARGUMENT, "%s: only one of clipnorm, clipvalue and global_clipnorm can be set",
                    chosen->kind->name);
    made->learning_rate = (double)(float)o->learning_rate;
    cepa_status status = schedule_parse(memory, o->learning_rate_schedule, &made->schedule, error);
    if (status) return fail_in(error, status, "%s: learning_rate", chosen->kind->name);
    return make_state(memory, made) ? CEPA_OK : fail_memory(error);
}

double optimizer_loss_scale(const optimizer *o)
{
    double scale = common(o)->loss_scale_factor;
    return scale != 0 ? scale : 1;
}

double optimizer_penalty(const optimizer *o, const real *values)
{
    double sum = 0;
    for (size_t i = 0; i < o->parameter_count; i++) {
        const parameter *p = &o->parameters[i];
        if (p->regularizer.kind) sum += regularizer_penalty(&p->regularizer, values + p->value, p->count);
    }
    return sum;
}

/* ---- One batch --------------------------------------------------------------------------------------------------- */

static void prepare_parameter(void *context, size_t index, int thread)
{
    (void)thread;
    const optimizer_batch *b = context;
    const parameter *p = &b->o->parameters[index];
    real *g = b->gradients + p->place;
    double scale = optimizer_loss_scale(b->o);
    if (scale != 1) kernels->scale_into(g, (real)(1 / scale), p->count);
    if (p->regularizer.kind) regularizer_gradient(&p->regularizer, b->values + p->value, p->count, g);
}

/* Adds up gradients where several batches make one update; in the last of them leaves their mean. */
static void accumulate(const optimizer_batch *b, const optimizer_chunk *c)
{
    const size_t place = b->o->parameters[c->parameter].place + c->first, count = c->count;
    real *sum = b->o->accumulators + place, *g = b->gradients + place;
    if (!b->updates_now) {
        kernels->add_into(sum, g, count);
        return;
    }
    kernels->add_into(g, sum, count);
    kernels->scale_into(g, (real)(1.0 / common(b->o)->gradient_accumulation_steps), count);
    memset(sum, 0, count * sizeof *sum);
}

static void measure_chunk(void *context, size_t index, int thread)
{
    (void)thread;
    const optimizer_batch *b = context;
    const optimizer_chunk *c = &b->o->chunks[index];
    if (b->o->accumulators) accumulate(b, c);
    b->o->parts[index] = kernels->square_sum(b->gradients + b->o->parameters[c->parameter].place + c->first, c->count);
}

/* limit / norm where the norm is larger; NaN where it is no number. */
static double clip_factor(double limit, double squares)
{
    double norm = sqrt(squares);
    return limit > 0 && !(norm <= limit) ? limit / norm : 1;
}

/* What clipping by norm multiplies each parameter's gradient by. */
static void find_factors(const optimizer *o)
{
    double each = common(o)->clipnorm, all = common(o)->global_clipnorm, total = 0;
    for (size_t i = 0; i < o->parameter_count; i++) o->factors[i] = 0;
    for (size_t i = 0; i < o->chunk_count; i++) {
        o->factors[o->chunks[i].parameter] += o->parts[i];
        total += o->parts[i];
    }
    for (size_t i = 0; i < o->parameter_count; i++)
        o->factors[i] = each > 0 ? clip_factor(each, o->factors[i]) : clip_factor(all, total);
}

static void update_chunk(const optimizer_batch *b, const optimizer_chunk *c)
{
    const optimizer *o = b->o;
    const optimizer_options *options = common(o);
    const parameter *p = &o->parameters[c->parameter];
    size_t place = p->place + c->first;
    real *g = b->gradients + place, *weights = b->values + p->value + c->first;
    if (o->factors[c->parameter] != 1) kernels->scale_into(g, (real)o->factors[c->parameter], c->count);
    if (options->clipvalue > 0) kernels->clip_into(g, (real)options->clipvalue, c->count);
    double decay = (o->class->decay ? o->class->decay(options, p) : options->weight_decay) * o->learning_rate;
    if (decay > 0) kernels->add_scaled_into(weights, weights, (real)-decay, c->count);
    optimizer_call call = {.options = options,
                           .parameter = p,
                           .rate = o->learning_rate,
                           .step = b->updates + 1,
                           .number = o->number,
                           .w = weights,
                           .g = g,
                           .count = c->count};
    for (size_t i = 0; i < MOST_SLOTS; i++) call.slot[i] = o->slots[i] ? o->slots[i] + place : NULL;
    for (size_t i = 0; i < o->class->scratch; i++) call.scratch[i] = o->scratch[i] + place;
    o->class->update(&call);
}

/* average = m average + (1 - m) w, m = 0 in the first update. */
static void average_chunk(const optimizer_batch *b, const optimizer_chunk *c)
{
    const optimizer_options *options = common(b->o);
    const parameter *p = &b->o->parameters[c->parameter];
    real *average = b->o->averages + p->place + c->first, *weights = b->values + p->value + c->first;
    double momentum = b->updates ? options->ema_momentum : 0;
    kernels->scale_into(average, (real)momentum, c->count);
    kernels->add_scaled_into(average, weights, (real)(1 - momentum), c->count);
    if (options->ema_overwrite_frequency && (b->updates + 1) % (uint64_t)options->ema_overwrite_frequency == 0)
        memcpy(weights, average, c->count * sizeof *weights);
}

static void apply_chunk(const optimizer_batch *b, const optimizer_chunk *c)
{
    if (b->updates_now) update_chunk(b, c);
    if (b->o->averages) average_chunk(b, c);
}

static void apply_measured_chunk(void *context, size_t index, int thread)
{
    (void)thread;
    const optimizer_batch *b = context;
    apply_chunk(b, &b->o->chunks[index]);
}

static void step_chunk(const optimizer_batch *b, const optimizer_chunk *c)
{
    if (b->o->accumulators) accumulate(b, c);
    apply_chunk(b, c);
}

static void step_chunk_at_once(void *context, size_t index, int thread)
{
    (void)thread;
    const optimizer_batch *b = context;
    step_chunk(b, &b->o->chunks[index]);
}

static void constrain_parameter(void *context, size_t index, int thread)
{
    (void)thread;
    const optimizer_batch *b = context;
    const parameter *p = &b->o->parameters[index];
    if (p->constraint.kind) constraint_apply(&p->constraint, p->size, p->rank, b->values + p->value);
}

static bool prepares(const optimizer *o)
{
    bool any = optimizer_loss_scale(o) != 1;
    for (size_t i = 0; i < o->parameter_count; i++) any |= o->parameters[i].regularizer.kind != NULL;
    return any;
}

static bool constrains(const optimizer *o)
{
    bool any = false;
    for (size_t i = 0; i < o->parameter_count; i++) any |= o->parameters[i].constraint.kind != NULL;
    return any;
}

static uint64_t batches_an_update(const optimizer *o)
{
    return o->accumulators ? (uint64_t)common(o)->gradient_accumulation_steps : 1;
}

void optimizer_renew_number(optimizer *o)
{
    o->number = 1;
    if (!o->class->number) return;
    for (uint64_t step = 1; step <= o->iterations / batches_an_update(o) && o->number > 0; step++)
        for (size_t i = 0; i < o->parameter_count; i++) o->number = o->class->next_number(o->options, o->number, step);
}

optimizer_batch optimizer_begin(optimizer *o, real *values, real *gradients)
{
    uint64_t every = batches_an_update(o), iteration = o->iterations++;
    optimizer_batch b = {o, values, gradients, iteration / every, (iteration + 1) % every == 0};
    if (o->schedule.kind) o->learning_rate = schedule_rate(&o->schedule, iteration);
    if (o->class->number && b.updates_now) o->number = o->class->next_number(o->options, o->number, b.updates + 1);
    return b;
}

bool optimizer_goes_piecewise(const optimizer *o)
{
    return !prepares(o) && !clips_by_norm(o) && !o->class->whole && !constrains(o);
}

void optimizer_update(const optimizer_batch *b, size_t parameter, size_t first, size_t count)
{
    step_chunk(b, &(optimizer_chunk){parameter, first, count});
}

void optimizer_step(optimizer_batch *b, team *team)
{
    optimizer *o = b->o;
    if (prepares(o)) team_for(team, o->parameter_count, prepare_parameter, b);
    if (clips_by_norm(o)) {
        team_for(team, o->chunk_count, measure_chunk, b);
        find_factors(o);
        team_for(team, o->chunk_count, apply_measured_chunk, b);
    } else {
        team_for(team, o->chunk_count, step_chunk_at_once, b);
    }
    if (constrains(o)) team_for(team, o->parameter_count, constrain_parameter, b);
}

void optimizer_finish(const optimizer *o, real *values)
{
    for (size_t i = 0; o->averages && i < o->parameter_count; i++) {
        const parameter *p = &o->parameters[i];
        memcpy(values + p->value, o->averages + p->place, p->count * sizeof *values);
    }
}
