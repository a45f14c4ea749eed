/* Confusion, scores and samples of a classification. */
#include "files.h"
#include "page.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_IN_MATRIX = 20, MOST_PAIRS = 20 };

static void print_class(FILE *out, const classified *c, size_t class)
{
    char number[32];
    page_text(out, class_name(c, class, number));
}

/* ---- Confusion ---- */

static void print_matrix(FILE *out, const classified *c)
{
    fputs("<p class=\"note\">Rows: what it is. Columns: what it was taken for. The stronger the colour, the larger the "
          "share "
          "of the row.</p>\n<div class=\"scroll\"><table class=\"matrix\">\n<tr><th></th>",
          out);
    for (size_t i = 0; i < c->classes; i++) {
        fputs("<th scope=\"col\">", out);
        print_class(out, c, i);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    for (size_t truth = 0; truth < c->classes; truth++) {
        size_t support = score_of(c, truth).support;
        fputs("<tr><th scope=\"row\">", out);
        print_class(out, c, truth);
        fputs("</th>", out);
        for (size_t taken = 0; taken < c->classes; taken++) {
            size_t count = c->counts[truth * c->classes + taken];
            fprintf(out, "<td%s style=\"--p:%.3f\">%zu</td>", truth == taken ? " class=\"right\"" : "",
                    support ? (double)count / (double)support : 0, count);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

/* The place of the pair that was confused most, among those confused less often than (or as often, but later than) the
 * one before; the number of pairs where there is none. */
static size_t next_pair(const classified *c, size_t before)
{
    size_t pairs = c->classes * c->classes, best = pairs;
    for (size_t i = 0; i < pairs; i++) {
        size_t limit = before < pairs ? c->counts[before] : SIZE_MAX;
        bool wrong = i / c->classes != i % c->classes && c->counts[i];
        bool after = c->counts[i] < limit || (c->counts[i] == limit && i > before);
        if (wrong && after && (best == pairs || c->counts[i] > c->counts[best])) best = i;
    }
    return best;
}

static void print_pairs(FILE *out, const classified *c)
{
    size_t pairs = c->classes * c->classes, pair = pairs;
    fputs("<p class=\"note\">The pairs confused most.</p>\n<div class=\"scroll\"><table class=\"pairs\">\n<tr><th "
          "scope=\"col\">it "
          "is</th><th scope=\"col\">taken for</th><th scope=\"col\">rows</th></tr>\n",
          out);
    for (size_t shown = 0; shown < MOST_PAIRS && (pair = next_pair(c, pair)) != pairs; shown++) {
        fputs("<tr><td>", out);
        print_class(out, c, pair / c->classes);
        fputs("</td><td>", out);
        print_class(out, c, pair % c->classes);
        fprintf(out, "</td><td>%zu</td></tr>\n", c->counts[pair]);
    }
    fputs("</table></div>\n", out);
}

void page_confusion(FILE *out, const classified *c)
{
    if (c->classes <= MOST_IN_MATRIX)
        print_matrix(out, c);
    else
        print_pairs(out, c);
}

/* ---- Scores ---- */

static void print_share(FILE *out, double share)
{
    if (isnan(share))
        fputs("<td>-</td>", out);
    else
        fprintf(out, "<td>%.3f</td>", share);
}

void page_scores(FILE *out, const classified *c)
{
    double sums[3] = {0};
    size_t counts[3] = {0};
    fputs("<p class=\"note\">Precision: of what was taken for the class, the share that is it. Recall: of what is the "
          "class, the share that was found. F1: their harmonic mean.</p>\n<div class=\"scroll\"><table>\n<tr><th "
          "scope=\"col\">class</th><th scope=\"col\">precision</th><th scope=\"col\">recall</th><th "
          "scope=\"col\">F1</th><th scope=\"col\">rows</th></tr>\n",
          out);
    for (size_t i = 0; i < c->classes; i++) {
        class_score s = score_of(c, i);
        const double shares[3] = {s.precision, s.recall, s.f1};
        fputs("<tr><th scope=\"row\">", out);
        print_class(out, c, i);
        fputs("</th>", out);
        for (size_t k = 0; k < 3; k++) {
            print_share(out, shares[k]);
            if (isnan(shares[k])) continue;
            sums[k] += shares[k];
            counts[k]++;
        }
        fprintf(out, "<td>%zu</td></tr>\n", s.support);
    }
    fputs("<tr><th scope=\"row\">mean</th>", out);
    for (size_t k = 0; k < 3; k++) print_share(out, counts[k] ? sums[k] / (double)counts[k] : NAN);
    fprintf(out, "<td>%zu</td></tr>\n</table></div>\n", c->rows);
}

/* ---- Samples ---- */

static void print_base64(FILE *out, const unsigned char *bytes, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t rest = size - i;
        unsigned group = (unsigned)bytes[i] << 16 | (rest > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                         (rest > 2 ? (unsigned)bytes[i + 2] : 0);
        for (size_t k = 0; k < 4; k++) putc(k <= rest ? letters[group >> (18 - 6 * k) & 63] : '=', out);
    }
}

/* The picture as PNG, through a file that is gone afterwards: the library writes files. */
static cepa_status read_png(const cepa_matrix *picture, char **bytes, size_t *size, cepa_error *error)
{
    char folder[] = "/tmp/cepa-XXXXXX", path[64];
    if (!mkdtemp(folder)) return fails(error, CEPA_FILE, "cannot make a folder in /tmp");
    snprintf(path, sizeof path, "%s/a.png", folder);
    const cepa_panel panel = {.matrix = picture, .tone = CEPA_TONE_PLAIN};
    cepa_status status = cepa_plot_picture(path, &panel, error);
    if (!status) status = read_file(path, bytes, size, error);
    unlink(path);
    rmdir(folder);
    return status;
}

static void print_answer(FILE *out, const classified *c, const answer *a, const char *png, size_t size)
{
    char truth[32], taken[32];
    const char *is = class_name(c, a->truth, truth), *for_ = class_name(c, a->taken_for, taken);
    bool right = a->truth == a->taken_for;
    fputs("<li><img alt=\"row ", out);
    fprintf(out, "%zu: ", a->row);
    page_text(out, is);
    fputs("\" src=\"data:image/png;base64,", out);
    print_base64(out, (const unsigned char *)png, size);
    fprintf(out, "\">");
    page_text(out, is);
    fprintf(out, "<br><span class=\"%s\">%s", right ? "good" : "bad", right ? "found, " : "taken for ");
    if (!right) {
        page_text(out, for_);
        fputs(", ", out);
    }
    fprintf(out, "%.0f&nbsp;%%</span></li>\n", 100 * a->confidence);
}

/* A table's rows, of its first columns. */
static void print_rows(FILE *out, const classified *c, const cepa_dataset *data, const answer *answers, size_t count)
{
    enum { MOST_COLUMNS = 8 };
    char number[32];
    const cepa_array *x = cepa_dataset_describe(data)->inputs;
    size_t columns = (size_t)x->shape[0], shown = columns < MOST_COLUMNS ? columns : MOST_COLUMNS;
    fputs("<div class=\"scroll\"><table class=\"rows\">\n<tr><th scope=\"col\">row</th><th scope=\"col\">is</th><th "
          "scope=\"col\">taken "
          "for</th><th scope=\"col\">sure</th>",
          out);
    for (size_t i = 0; i < shown; i++) {
        fputs("<th scope=\"col\">", out);
        page_text(out, x->columns[i]);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    for (size_t i = 0; i < count; i++) {
        const answer *a = &answers[i];
        fprintf(out, "<tr><td>%zu</td><td>", a->row);
        page_text(out, class_name(c, a->truth, number));
        fprintf(out, "</td><td class=\"%s\">", a->truth == a->taken_for ? "good" : "bad");
        page_text(out, class_name(c, a->taken_for, number));
        fprintf(out, "</td><td>%.0f&nbsp;%%</td>", 100 * a->confidence);
        for (size_t k = 0; k < shown; k++) fprintf(out, "<td>%.6g</td>", cepa_array_number(x, a->row * columns + k));
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

static cepa_status print_pictures(FILE *out, const classified *c, const cepa_dataset *data, const answer *answers,
                                  size_t count, cepa_error *error)
{
    cepa_status status = CEPA_OK;
    fputs("<ul class=\"samples\">\n", out);
    for (size_t i = 0; i < count && !status; i++) {
        cepa_matrix picture;
        char *png = NULL;
        size_t size = 0;
        if ((status = cepa_dataset_picture(data, answers[i].row, &picture, error))) break;
        status = read_png(&picture, &png, &size, error);
        if (!status) print_answer(out, c, &answers[i], png, size);
        free(png);
        cepa_matrix_free(&picture);
    }
    fputs("</ul>\n", out);
    return status == CEPA_UNSUPPORTED ? CEPA_OK : status;
}

cepa_status page_samples(FILE *out, const classified *c, const cepa_dataset *data, const answer *answers, size_t count,
                         cepa_error *error)
{
    const cepa_dataset_info *info = cepa_dataset_describe(data);
    if (!info->table) return print_pictures(out, c, data, answers, count, error);
    print_rows(out, c, data, answers, count);
    return CEPA_OK;
}
