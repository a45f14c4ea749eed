#include "diagnosis.h"
#include "sorting.h"

#include <math.h>
#include <stdlib.h>

/* The metric about a row without its jumps from epoch to epoch: the mean of a tenth of the epochs, without the largest
 * and the smallest; at the ends the same number of epochs. */
static double smoothed(const record *r, const char *metric, size_t row)
{
    enum { MOST = 101 };
    double values[MOST], sum = 0;
    size_t epochs = r->history.epochs, half = epochs / 20 < MOST / 2 ? epochs / 20 : MOST / 2, count = 2 * half + 1;
    size_t first = row < half ? 0 : row - half;
    if (first + count > epochs) first = epochs - count;
    for (size_t i = 0; i < count; i++) values[i] = record_value(r, metric, first + i);
    if (count == 1) return values[0];
    qsort(values, count, sizeof *values, smaller_first);
    for (size_t i = 1; i + 1 < count; i++) sum += values[i];
    return sum / (double)(count - 2);
}

/* Whether val_loss rose in the end while loss fell, as they do where it overfits, and not by a jump alone. */
static bool turns(const record *r)
{
    size_t last = r->history.epochs - 1, best = 0;
    double lowest = smoothed(r, "val_loss", 0), end = lowest;
    for (size_t i = 1; i <= last; i++) {
        end = smoothed(r, "val_loss", i);
        if (!(end < lowest)) continue;
        lowest = end;
        best = i;
    }
    return end > lowest + 0.05 * fabs(lowest) && smoothed(r, "loss", last) < smoothed(r, "loss", best);
}

diagnosis diagnose(const record *r)
{
    size_t last = r->history.epochs ? r->history.epochs - 1 : 0;
    diagnosis d = {.epochs = r->history.epochs, .validated = csv_column(&r->history, "val_loss")};
    d.validated = d.validated && !isnan(record_value(r, "val_loss", last));
    const char *loss = d.validated ? "val_loss" : "loss";
    d.best = record_best_row(r, loss);
    d.lowest = record_value(r, loss, d.best);
    d.end = record_value(r, loss, last);
    d.higher = d.validated && d.end > d.lowest + 0.05 * fabs(d.lowest);
    d.turned = d.higher && last - d.best > d.epochs / 20 && turns(r); /* a jump at the very end is no turn */
    d.falling = d.best == last;
    d.gap = record_value(r, "accuracy", last) - record_value(r, "val_accuracy", last);
    return d;
}

static int number_of(const record *r, size_t row) { return r->history.first_epoch + (int)row + 1; }

static void print_turn(const diagnosis *d, const record *r, FILE *out)
{
    size_t last = d->epochs - 1;
    if (d->falling)
        fprintf(out,
                "val_loss was lowest in the last epoch, %d (%.4f): it may not have learned all it can; more epochs "
                "would tell.",
                number_of(r, last), d->lowest);
    else if (d->turned)
        fprintf(
            out,
            "It overfits: val_loss turned after epoch %d (%.4f) and rose to %.4f by epoch %d, while loss went from "
            "%.4f to %.4f. More data, dropout, a smaller network or EarlyStopping keep what it had learned by epoch "
            "%d.",
            number_of(r, d->best), d->lowest, d->end, number_of(r, last), record_value(r, "loss", d->best),
            record_value(r, "loss", last), number_of(r, d->best));
    else if (d->higher)
        fprintf(
            out,
            "val_loss was lowest in epoch %d (%.4f) and is %.4f in epoch %d, but it jumps from epoch to epoch or rises "
            "together with loss: that is not overfitting. Scaled inputs or a smaller learning rate would steady it.",
            number_of(r, d->best), d->lowest, d->end, number_of(r, last));
    else
        fprintf(out, "val_loss was lowest in epoch %d (%.4f) and has hardly moved since (%.4f in epoch %d).",
                number_of(r, d->best), d->lowest, d->end, number_of(r, last));
}

static void print_gap(const diagnosis *d, const record *r, FILE *out)
{
    size_t last = d->epochs - 1;
    double seen = record_value(r, "accuracy", last), unseen = record_value(r, "val_accuracy", last);
    if (isnan(d->gap)) return;
    fprintf(out, " In epoch %d it was right in %.1f %% of what it learned from and %.1f %% of what it had not seen: ",
            number_of(r, last), 100 * seen, 100 * unseen);
    if (d->gap > 0.1)
        fprintf(out, "a gap of %.1f points, so it has learned a good part by heart.", 100 * d->gap);
    else if (d->gap > 0.03)
        fprintf(out, "a gap of %.1f points.", 100 * d->gap);
    else
        fprintf(out, "no gap to speak of (what it learned from is measured while it still learns).");
}

void diagnosis_print(const diagnosis *d, const record *r, FILE *out)
{
    if (!d->epochs) {
        fprintf(out, "No epoch came to its end.\n");
        return;
    }
    if (isnan(d->end)) {
        fprintf(out,
                "The loss is no number any more: the learning rate may be too high, or the inputs are not scaled.\n");
        return;
    }
    if (d->validated) {
        print_turn(d, r, out);
        print_gap(d, r, out);
    } else
        fprintf(out,
                "Nothing was held back to validate with, so nobody can say whether it overfits; loss was lowest in "
                "epoch %d (%.4f).",
                number_of(r, d->best), d->lowest);
    fputc('\n', out);
}
