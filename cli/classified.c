#include "classified.h"
#include "files.h"

#include <math.h>
#include <stdlib.h>

/* One output beyond a threshold says the second of two classes: a probability, or a logit where any is no share of 1.
 */
static double threshold_of(const outputs *o)
{
    for (size_t row = 0; row < o->rows; row++)
        if (!(o->values[0][row] >= 0 && o->values[0][row] <= 1)) return 0;
    return 0.5;
}

static answer answer_of_two(const outputs *o, size_t row, double threshold)
{
    double value = (double)o->values[0][row];
    double probability = threshold > 0 ? value : 1 / (1 + exp(-value));
    bool second = value > threshold;
    return (answer){.row = row, .taken_for = second, .confidence = second ? probability : 1 - probability};
}

static cepa_status take_answers(classified *c, const outputs *o, const cepa_dataset *data, cepa_error *error)
{
    size_t size = o->arrays[0].size;
    double threshold = threshold_of(o);
    ranked_class *ranked = calloc(size + 1, sizeof *ranked);
    cepa_status status = ranked ? CEPA_OK : fails_memory(error);
    for (size_t row = 0; row < o->rows && !status; row++) {
        int truth = cepa_dataset_class(data, row);
        answer *a = &c->answers[row];
        *a = answer_of_two(o, row, threshold);
        if (size > 1) {
            rank_classes(o->values[0] + row * size, size, ranked);
            *a = (answer){.row = row, .taken_for = ranked[0].class, .confidence = ranked[0].probability};
        }
        if (truth < 0 || (size_t)truth >= c->classes)
            status = fails(error, CEPA_DATA, "the data's targets are no classes of the model");
        if (status) break;
        a->truth = (size_t)truth;
        c->counts[a->truth * c->classes + a->taken_for]++;
        c->right += a->truth == a->taken_for;
    }
    free(ranked);
    return status;
}

cepa_status classify(classified *c, const cepa_model *model, const cepa_dataset *data, int threads, cepa_error *error)
{
    outputs o = {.rows = 0};
    *c = (classified){.classes = 0};
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    if (cepa_model_output_count(model) != 1 || info->target_count != 1)
        return fails(error, CEPA_DATA, "it takes a model of one output and data of one target");
    cepa_status status = outputs_predict(&o, model, data, threads, error);
    if (!status && o.arrays[0].rank > 1) status = fails(error, CEPA_DATA, "the model's output has no classes");
    if (!status) {
        c->classes = o.arrays[0].size > 1 ? o.arrays[0].size : 2;
        c->rows = o.rows;
        c->names = info->class_count == c->classes ? info->class_names : NULL;
        c->counts = calloc(c->classes * c->classes, sizeof *c->counts);
        c->answers = calloc(c->rows + 1, sizeof *c->answers);
        status = c->counts && c->answers ? take_answers(c, &o, data, error) : fails_memory(error);
    }
    outputs_free(&o);
    return status;
}

void classified_free(classified *c)
{
    free(c->counts);
    free(c->answers);
    *c = (classified){.classes = 0};
}

int surest_first(const void *a, const void *b)
{
    const answer *first = a, *second = b;
    if (first->confidence != second->confidence) return first->confidence < second->confidence ? 1 : -1;
    return first->row < second->row ? -1 : 1;
}

const char *class_name(const classified *c, size_t class, char number[32])
{
    return class_label(c->names, c->classes, class, number);
}

class_score score_of(const classified *c, size_t class)
{
    size_t hits = c->counts[class * c->classes + class], taken = 0, support = 0;
    for (size_t i = 0; i < c->classes; i++) {
        taken += c->counts[i * c->classes + class];
        support += c->counts[class * c->classes + i];
    }
    class_score s = {.support = support, .precision = NAN, .recall = NAN, .f1 = NAN};
    if (taken) s.precision = (double)hits / (double)taken;
    if (support) s.recall = (double)hits / (double)support;
    if (taken + support) s.f1 = 2 * (double)hits / (double)(taken + support);
    return s;
}
