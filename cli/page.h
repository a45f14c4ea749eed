/* A page of HTML that needs nothing else: its style, and what stands in it. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "classified.h"
#include "csv.h"
#include "estimated.h"

/* From <!doctype> to the beginning of the body, and its end. */
void page_begin(FILE *out, const char *title);
void page_end(FILE *out);

/* Text with what HTML would take for its own replaced. */
void page_text(FILE *out, const char *text);

/* A metric and its validation over the epochs, as SVG that follows the page's colours. */
void page_curves(FILE *out, const csv_table *history, const char *metric);

/* Predictions over the truth, as SVG with the line on which both are the same. */
void page_points(FILE *out, const char *name, const double *truth, const double *predicted, size_t count);

/* The history as a table that opens on demand. */
void page_history(FILE *out, const csv_table *history);

/* Which class was taken for which: a table, or of many classes the pairs that were confused most. */
void page_confusion(FILE *out, const classified *classified);

/* Precision, recall and F1 of each class. */
void page_scores(FILE *out, const classified *classified);

/* Rows with what they are and were taken for: pictures, or a table's rows; others are left out. */
cepa_status page_samples(FILE *out, const classified *classified, const cepa_dataset *data, const answer *answers,
                         size_t count, cepa_error *error);

/* How far predictions are from the truth: in numbers, as points, and the rows furthest off and nearest. */
cepa_status page_numbers(FILE *out, const estimated *estimated, cepa_error *error);

#endif
