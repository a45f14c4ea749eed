/* Measures every size of the register tiles against the multiply-adds that the core can do: the sizes in conv_tile.h
 * and weights_tile.h are those that came out best. They decide which results are made together, never the order of a
 * sum.
 *
 *   tune [--isa NAME] */
#include "kernels/kernels.h"
#include "peak.h"
#include "tiles.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 24, RUNS = 15, TURNS = 400 };

static const struct {
    const char *name;
    peak_run *peak;
    tile_run *conv, *weights;
} isas[] = {
#if defined(CEPA_X86)
    {"avx512", peak_run_avx512, conv_tile_run_avx512, weights_tile_run_avx512},
    {"avx2", peak_run_avx2, conv_tile_run_avx2, weights_tile_run_avx2},
#endif
    {"portable", peak_run_portable, conv_tile_run_portable, weights_tile_run_portable},
};

/* Operations a second at best, as peak_operations has them. */
static double rate_of(tile_run *run, size_t rows, size_t columns)
{
    double best = 0;
    for (int k = 0; k < RUNS; k++) {
        double start = cpu_seconds(), done = run(rows, columns, TURNS), rate = done / (cpu_seconds() - start);
        if (rate > best) best = rate;
    }
    return best;
}

static void print_table(const char *title, tile_run *run, double peak)
{
    printf("\n%s\n     ", title);
    for (size_t column = 1; column <= MOST; column++) printf("%5zu", column);
    printf("\n");
    for (size_t row = 1; row <= MOST; row++) {
        if (run(row, 1, 1) == 0) continue;
        printf("%5zu", row);
        for (size_t column = 1; column <= MOST && run(row, column, 1) > 0; column++)
            printf("%4.0f%%", 100 * rate_of(run, row, column) / peak);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    bool named = argc == 3 && strcmp(argv[1], "--isa") == 0;
    if (argc != 1 && !named) {
        fprintf(stderr, "usage: tune [--isa NAME]\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        if (!kernels_named(isas[i].name) || (named && strcmp(argv[2], isas[i].name) != 0)) continue;
        double peak = peak_operations(isas[i].peak);
        printf("%s: share of %.1f GFLOP/s of multiply-adds\n", isas[i].name, peak / 1e9);
        print_table("outputs and data gradients: pixels (down) x filters", isas[i].conv, peak);
        print_table("weight gradients: taps (down) x filters", isas[i].weights, peak);
        return 0;
    }
    fprintf(stderr, "error: there is no instruction set %s here\n", named ? argv[2] : "");
    return 2;
}
