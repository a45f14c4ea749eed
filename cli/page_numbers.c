/* Predicted numbers beside the true ones. */
#include "files.h"
#include "page.h"

#include <math.h>
#include <stdlib.h>

typedef struct miss {
    size_t row;
    double size; /* NaN counts as the largest */
} miss;

static int larger_first(const void *a, const void *b)
{
    const miss *first = a, *second = b;
    double one = isnan(first->size) ? INFINITY : first->size, other = isnan(second->size) ? INFINITY : second->size;
    if (one != other) return one < other ? 1 : -1;
    return first->row < second->row ? -1 : 1;
}

static void print_rows(FILE *out, const estimated *e, const char *head, const miss *misses, size_t count)
{
    fprintf(out,
            "<div><h3>%s</h3>\n<div class=\"scroll\"><table>\n<tr><th scope=\"col\">row</th><th scope=\"col\">true</th>"
            "<th scope=\"col\">predicted</th><th scope=\"col\">off by</th></tr>\n",
            head);
    for (size_t i = 0; i < count; i++) {
        double truth = e->truth[misses[i].row], predicted = e->predicted[misses[i].row];
        fprintf(out, "<tr><td>%zu</td><td>%.4g</td><td>%.4g</td><td>%+.4g</td></tr>\n", misses[i].row, truth, predicted,
                predicted - truth);
    }
    fputs("</table></div></div>\n", out);
}

cepa_status page_numbers(FILE *out, const estimated *e, cepa_error *error)
{
    enum { MOST = 8 };
    miss *misses = calloc(e->rows + 1, sizeof *misses);
    if (!misses) return fails_memory(error);
    for (size_t i = 0; i < e->rows; i++) misses[i] = (miss){i, fabs(e->predicted[i] - e->truth[i])};
    qsort(misses, e->rows, sizeof *misses, larger_first);
    size_t shown = e->rows < MOST ? e->rows : MOST;
    fputs("<div class=\"curves\">\n", out);
    page_points(out, e->name, e->truth, e->predicted, e->rows);
    fprintf(
        out,
        "<div class=\"scroll\"><table class=\"facts\">\n<tr><th scope=\"row\">root of the mean squared error</th><td>"
        "%.4g</td></tr>\n<tr><th scope=\"row\">of always guessing the mean</th><td>%.4g</td></tr>\n<tr><th "
        "scope=\"row\">mean absolute error</th><td>%.4g</td></tr>\n</table></div>\n",
        sqrt(e->squared), sqrt(e->squared_of_mean), e->absolute);
    print_rows(out, e, "Furthest off", misses, shown);
    for (size_t i = 0; i < e->rows / 2; i++) { /* nearest first */
        miss moved = misses[i];
        misses[i] = misses[e->rows - 1 - i];
        misses[e->rows - 1 - i] = moved;
    }
    print_rows(out, e, "Nearest", misses, shown);
    fputs("</div>\n", out);
    free(misses);
    return CEPA_OK;
}
