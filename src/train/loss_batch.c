/* Formulas: train/loss.c. */
#include "train/loss_batch.h"

#include "base/elementary.h"

#include <math.h>

#define EPSILON 1e-7 /* keras.config.epsilon() */

static double number_of(const loss *l, const loss_batch *batch, size_t row, size_t number)
{
    return batch->numbers[(row / LANES * l->row_numbers + number) * LANES + row % LANES];
}

static double weight_of(const loss_batch *batch, size_t row) { return batch->weights ? batch->weights[row] : 1; }

static double divided(double sum, double divisor) { return divisor != 0 ? sum / divisor : 0; }

/* ---- Overlaps: Dice, Tversky (Salehi et al. 2017) ---------------------------------------------------------------- */

/* Adds an axis, within those before. */
static void add_axis(loss_axes *axes, size_t size, size_t stride)
{
    size_t last = axes->count - 1;
    axes->total *= size;
    if (axes->count && axes->stride[last] == size * stride) {
        axes->size[last] *= size;
        axes->stride[last] = stride;
        return;
    }
    axes->size[axes->count] = size;
    axes->stride[axes->count++] = stride;
}

/* Where one of the places stands that the axes lead to. */
static size_t place_of(const loss_axes *axes, size_t index)
{
    size_t place = 0;
    for (size_t i = axes->count; i-- > 0; index /= axes->size[i]) place += index % axes->size[i] * axes->stride[i];
    return place;
}

/* Which axes of a batch the loss adds up: 0 is the batch itself. False where it has no such axis, or one twice. */
static bool find_axes(const int *axis, size_t rank, bool summed[CEPA_MAX_RANK + 1])
{
    for (size_t i = 0; i <= rank; i++) summed[i] = !axis[0];
    for (size_t i = 0; i <= CEPA_MAX_RANK && axis[i]; i++) {
        int found = axis[i] > 0 ? axis[i] - 1 : axis[i] + (int)rank + 1;
        if (found < 0 || found > (int)rank || summed[found]) return false;
        summed[found] = true;
    }
    return true;
}

static void begin_overlap(loss *l, const shape *prediction)
{
    bool summed[CEPA_MAX_RANK + 1];
    size_t rank = prediction->rank, stride = shape_count(prediction);
    l->kept = l->summed = (loss_axes){.total = 1};
    if (!find_axes(((const overlap_options *)l->options)->axis, rank, summed))
        l->misfit = "is asked for along an axis twice, or along one that the predictions do not have";
    for (size_t i = 0; !l->misfit && i < rank; i++) {
        size_t axis = i ? i - 1 : rank - 1, size = (size_t)prediction->size[axis]; /* the last one stands outermost */
        stride /= size;
        add_axis(summed[axis + 1] ? &l->summed : &l->kept, size, stride);
    }
    l->positions = l->kept.total;
    l->classes = l->summed.total;
    if (l->misfit || !summed[0]) return;
    l->row_numbers = 3 * l->kept.total;
    l->batch_state = 2 * l->kept.total;
}

void dice_begin(loss *l, const shape *prediction)
{
    begin_overlap(l, prediction);
    l->overlap = (overlap){.target = 0.5, .prediction = 0.5, .more = EPSILON / 2};
}

void tversky_begin(loss *l, const shape *prediction)
{
    const overlap_options *o = l->options;
    begin_overlap(l, prediction);
    l->overlap = (overlap){1 - o->alpha - o->beta, o->alpha, o->beta, EPSILON};
}

/* Adds up what one value is made of, in each row: sum y p, sum y, sum p. */
static void add_up(const loss *l, const loss_block *b, size_t value, double sums[3][LANES])
{
    for (size_t lane = 0; lane < LANES; lane++) sums[0][lane] = sums[1][lane] = sums[2][lane] = 0;
    const size_t first = place_of(&l->kept, value);
    for (size_t i = 0; i < l->summed.total; i++) {
        size_t place = first + place_of(&l->summed, i);
        const lanes *prediction = &b->prediction[place], *target = &b->target[place];
        for (size_t lane = 0; lane < LANES; lane++) {
            double p = (double)prediction->lane[lane], y = (double)target->lane[lane];
            sums[0][lane] += y * p;
            sums[1][lane] += y;
            sums[2][lane] += p;
        }
    }
}

/* The gradient for p is y * slope + level. */
typedef struct overlap_gradient {
    double slope, level;
} overlap_gradient;

static double overlap_value(const overlap *o, const double sums[3], overlap_gradient *gradient)
{
    double all = o->both * sums[0] + o->target * sums[1] + o->prediction * sums[2] + o->more, share = sums[0] / all;
    *gradient = (overlap_gradient){(share * o->both - 1) / all, share * o->prediction / all};
    return 1 - share;
}

static void write_gradient(const loss *l, const loss_block *b, size_t value, const overlap_gradient of[LANES])
{
    const size_t first = place_of(&l->kept, value);
    for (size_t i = 0; i < l->summed.total; i++) {
        size_t place = first + place_of(&l->summed, i);
        for (size_t lane = 0; lane < LANES; lane++)
            b->gradient[place].lane[lane] =
                (real)((double)b->target[place].lane[lane] * of[lane].slope + of[lane].level);
    }
}

/* A row without weight counts for nothing, even where its prediction is no number. */
void overlap_rows(const loss *l, const loss_block *b)
{
    for (size_t lane = 0; lane < LANES; lane++) b->sums[lane] = 0;
    for (size_t value = 0; value < l->kept.total; value++) {
        double sums[3][LANES];
        overlap_gradient of[LANES];
        add_up(l, b, value, sums);
        for (size_t lane = 0; lane < LANES; lane++) {
            double weight = (double)b->weight[value * b->weight_step].lane[lane];
            double scale = weight * (double)b->factor;
            double own = overlap_value(&l->overlap, (double[]){sums[0][lane], sums[1][lane], sums[2][lane]}, &of[lane]);
            if (weight != 0) b->sums[lane] += weight * own;
            of[lane].slope = weight != 0 ? of[lane].slope * scale : 0;
            of[lane].level = weight != 0 ? of[lane].level * scale : 0;
        }
        if (b->gradient) write_gradient(l, b, value, of);
    }
}

static void note_overlap(const loss *l, const loss_block *b, double *numbers)
{
    for (size_t value = 0; value < l->kept.total; value++)
        add_up(l, b, value, (double(*)[LANES])(numbers + 3 * value * LANES));
}

/* What each value counts. Keras multiplies a batch's only value by all the rows' weights, and reduces that. */
static double overlap_share(const loss *l, const loss_batch *batch)
{
    double weights = 0;
    if (!batch->weights) return l->reduction == REDUCE_SUM ? 1 : 1 / (double)l->kept.total;
    for (size_t r = batch->first; r < batch->first + batch->rows; r++) weights += batch->weights[r];
    return divided(weights, loss_divisor(l, batch->rows, batch->rows, weights));
}

static double combine_overlap(const loss *l, const loss_batch *batch)
{
    const double share = overlap_share(l, batch);
    double total = 0;
    for (size_t value = 0; value < l->kept.total; value++) {
        overlap_gradient of;
        double sums[3] = {0};
        for (size_t r = batch->first; r < batch->first + batch->rows; r++)
            for (size_t i = 0; i < 3; i++) sums[i] += number_of(l, batch, r, 3 * value + i);
        total += overlap_value(&l->overlap, sums, &of);
        batch->state[2 * value] = of.slope * share * batch->factor;
        batch->state[2 * value + 1] = of.level * share * batch->factor;
    }
    return total * share;
}

static void overlap_gradients(const loss *l, const loss_block *b, const loss_batch *batch, size_t position, size_t rows)
{
    (void)position;
    for (size_t value = 0; value < l->kept.total; value++) {
        overlap_gradient of[LANES] = {{0}};
        for (size_t lane = 0; lane < rows; lane++)
            of[lane] = (overlap_gradient){batch->state[2 * value], batch->state[2 * value + 1]};
        write_gradient(l, b, value, of);
    }
}

const whole_batch overlap_whole = {note_overlap, combine_overlap, overlap_gradients};

/* ---- Circle (Sun et al. 2020) ------------------------------------------------------------------------------------ */

/* A row's numbers are its prediction and its label; its state is that, and the gradient for its prediction. */
typedef struct circle_row {
    double log_sum[2]; /* of the exponentials of what equal rows add, and of what others do */
    double scale;
    double gradient[];
} circle_row;

void circle_begin(loss *l, const shape *prediction)
{
    if (prediction->rank != 1) l->misfit = "takes one row of numbers for each sample";
    l->row_numbers = l->classes + 1;
    l->row_state = sizeof(circle_row) / sizeof(double) + l->classes;
}

static circle_row *row_of(const loss *l, const loss_batch *batch, size_t row)
{
    return (circle_row *)(batch->state + row * l->row_state);
}

static void note_circle(const loss *l, const loss_block *b, double *numbers)
{
    for (size_t n = 0; n < l->row_numbers; n++) {
        const lanes *from = n < l->classes ? &b->prediction[n] : b->target;
        for (size_t lane = 0; lane < LANES; lane++) numbers[n * LANES + lane] = (double)from->lane[lane];
    }
}

/* What a pair of rows adds to the sum of its kind, and the derivative for the product of the two. */
typedef struct circle_pair {
    bool other; /* the rows' labels differ */
    double value, slope;
} circle_pair;

/* No negative number; what is no number stays so. */
static double or_zero(double x) { return x < 0 ? 0 : x; }

/* False of a row and itself, where these do not count. */
static bool measure_pair(const loss *l, const loss_batch *batch, size_t i, size_t j, circle_pair *pair)
{
    const circle_options *o = l->options;
    double product = 0;
    if (i == j && o->remove_diagonal == CEPA_TRUE) return false;
    for (size_t e = 0; e < l->classes; e++) product += number_of(l, batch, i, e) * number_of(l, batch, j, e);
    pair->other = number_of(l, batch, i, l->classes) != number_of(l, batch, j, l->classes);
    const double sign = pair->other ? -1 : 1, distance = or_zero(1 - product);
    const double optimum = o->margin + (pair->other ? 1 : 0), delta = pair->other ? 1 - o->margin : o->margin;
    const double weight = optimum + sign * distance, counted = or_zero(weight);
    pair->value = -sign * o->gamma * counted * (delta - distance);
    const double slope = -sign * o->gamma * ((weight >= 0 ? sign : 0) * (delta - distance) - counted);
    pair->slope = 1 - product >= 0 ? -slope : 0;
    return true;
}

/* log(exp(a) + exp(b)) */
static double log_add(double a, double b)
{
    if (a == -INFINITY || b == -INFINITY) return a == -INFINITY ? b : a;
    return fmax(a, b) + elementary_log(1 + elementary_exp(-fabs(a - b)));
}

/* A row's loss; its scale is then its derivative for the sum of both logarithms. */
static double measure_row(const loss *l, const loss_batch *batch, size_t i)
{
    circle_row *row = row_of(l, batch, i);
    row->log_sum[0] = row->log_sum[1] = -INFINITY;
    for (size_t j = batch->first; j < batch->first + batch->rows; j++) {
        circle_pair pair;
        if (!measure_pair(l, batch, i, j, &pair)) continue;
        row->log_sum[pair.other] = log_add(row->log_sum[pair.other], pair.value);
    }
    double sum = row->log_sum[0] + row->log_sum[1], small = elementary_exp(-fabs(sum));
    row->scale = sum < 0 ? small / (1 + small) : 1 / (1 + small);
    return fmax(sum, 0) + elementary_log(1 + small);
}

/* Keras masks the rows whose loss is 0 as a float32, those without an equal row or without another: they do not count
 * among the rows that the sum is divided by. */
static double combine_circle(const loss *l, const loss_batch *batch)
{
    size_t valid = 0;
    double sum = 0, weights = 0;
    for (size_t r = batch->first; r < batch->first + batch->rows; r++) {
        double weight = weight_of(batch, r), own = measure_row(l, batch, r);
        bool counts = (float)own != 0;
        valid += counts;
        if (counts) weights += weight;
        if (counts) sum += weight * own;
        row_of(l, batch, r)->scale *= counts ? weight : 0;
    }
    double divisor = loss_divisor(l, valid, valid, weights);
    for (size_t r = batch->first; r < batch->first + batch->rows; r++)
        row_of(l, batch, r)->scale *= divided(batch->factor, divisor);
    return divided(sum, divisor);
}

/* The derivative of row i's loss for the product of rows i and j. */
static double pull(const circle_row *row, const circle_pair *pair)
{
    double scale = row->scale;
    return scale != 0 ? scale * pair->slope * elementary_exp(pair->value - row->log_sum[pair->other]) : 0;
}

/* Each product is in the losses of both its rows. */
static void gather_gradient(const loss *l, const loss_batch *batch, size_t i)
{
    circle_row *row = row_of(l, batch, i);
    for (size_t e = 0; e < l->classes; e++) row->gradient[e] = 0;
    for (size_t j = batch->first; j < batch->first + batch->rows; j++) {
        circle_pair pair;
        if (!measure_pair(l, batch, i, j, &pair)) continue;
        double both = pull(row, &pair) + pull(row_of(l, batch, j), &pair);
        for (size_t e = 0; e < l->classes; e++) row->gradient[e] += both * number_of(l, batch, j, e);
    }
}

static void circle_gradients(const loss *l, const loss_block *b, const loss_batch *batch, size_t position, size_t rows)
{
    for (size_t lane = 0; lane < LANES; lane++) {
        if (lane < rows) gather_gradient(l, batch, position + lane);
        for (size_t e = 0; e < l->classes; e++)
            b->gradient[e].lane[lane] = lane < rows ? (real)row_of(l, batch, position + lane)->gradient[e] : 0;
    }
}

const whole_batch circle_whole = {note_circle, combine_circle, circle_gradients};
