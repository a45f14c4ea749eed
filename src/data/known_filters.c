/* Kernels that have a name. Signs are written for correlation, as Conv2D computes it: sobel-top answers with positive
 * numbers where the top is bright. The Prewitt kernels are from J. M. S. Prewitt, "Object enhancement and extraction",
 * 1970, the Sobel kernels by I. Sobel and G. Feldman, 1968. */
#include "base/memory.h"
#include "cepa.h"

#define KERNEL_3X3(name_, purpose_, ...)                                                                               \
    {                                                                                                                  \
        .name = (name_), .purpose = (purpose_), .height = 3, .width = 3, .values = (const double[]) { __VA_ARGS__ }    \
    }

/* clang-format off */
static const cepa_known_filter known[] = {
    KERNEL_3X3("identity", "leaves the picture as it is",
               0, 0, 0,  0, 1, 0,  0, 0, 0),
    KERNEL_3X3("sharpen", "makes a pixel differ more from its neighbours",
               0, -1, 0,  -1, 5, -1,  0, -1, 0),
    KERNEL_3X3("blur", "a weighted mean of the neighbourhood (Gaussian)",
               1. / 16, 2. / 16, 1. / 16,  2. / 16, 4. / 16, 2. / 16,  1. / 16, 2. / 16, 1. / 16),
    {.name = "blur-5", .purpose = "the same over 5 x 5 pixels", .height = 5, .width = 5, .values = (const double[]){
               1. / 256, 4. / 256, 6. / 256, 4. / 256, 1. / 256,  4. / 256, 16. / 256, 24. / 256, 16. / 256, 4. / 256,
               6. / 256, 24. / 256, 36. / 256, 24. / 256, 6. / 256,  4. / 256, 16. / 256, 24. / 256, 16. / 256, 4. / 256,
               1. / 256, 4. / 256, 6. / 256, 4. / 256, 1. / 256}},
    KERNEL_3X3("mean", "the plain mean of the neighbourhood",
               1. / 9, 1. / 9, 1. / 9,  1. / 9, 1. / 9, 1. / 9,  1. / 9, 1. / 9, 1. / 9),
    KERNEL_3X3("outline", "finds where a pixel differs from its eight neighbours",
               -1, -1, -1,  -1, 8, -1,  -1, -1, -1),
    KERNEL_3X3("laplacian", "finds where a pixel differs from its four neighbours",
               0, 1, 0,  1, -4, 1,  0, 1, 0),
    KERNEL_3X3("emboss", "gives depth, as if lit from the bottom right",
               -2, -1, 0,  -1, 1, 1,  0, 1, 2),
    KERNEL_3X3("sobel-left", "finds vertical edges, bright on the left",
               1, 0, -1,  2, 0, -2,  1, 0, -1),
    KERNEL_3X3("sobel-right", "finds vertical edges, bright on the right",
               -1, 0, 1,  -2, 0, 2,  -1, 0, 1),
    KERNEL_3X3("sobel-top", "finds horizontal edges, bright on top",
               1, 2, 1,  0, 0, 0,  -1, -2, -1),
    KERNEL_3X3("sobel-bottom", "finds horizontal edges, bright at the bottom",
               -1, -2, -1,  0, 0, 0,  1, 2, 1),
    KERNEL_3X3("prewitt-horizontal", "the lesson's: finds horizontal edges, bright at the bottom",
               -1, -1, -1,  0, 0, 0,  1, 1, 1),
    KERNEL_3X3("prewitt-vertical", "finds vertical edges, bright on the right",
               -1, 0, 1,  -1, 0, 1,  -1, 0, 1),
};
/* clang-format on */

const cepa_known_filter *cepa_known_filters(size_t *count)
{
    *count = ARRAY_COUNT(known);
    return known;
}
