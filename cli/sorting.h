/* For qsort. */
#ifndef CLI_SORTING_H
#define CLI_SORTING_H

/* Of doubles the smaller one first. */
static inline int smaller_first(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

#endif
