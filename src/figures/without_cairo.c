/* The figures of a build without cairo: there are none, and the caller is told. */
#include "base/error.h"

static cepa_status refuse(const char *path, cepa_error *error)
{
    return fail(error, CEPA_UNSUPPORTED, "%s: this build draws no figures (it was made without cairo)", path);
}

cepa_status cepa_plot_lines(const char *path, const cepa_series *series, size_t count, const cepa_plot_options *options,
                            cepa_error *error)
{
    (void)series, (void)count, (void)options;
    return refuse(path, error);
}

cepa_status cepa_plot_points(const char *path, const cepa_series *series, size_t count, bool diagonal,
                             const cepa_plot_options *options, cepa_error *error)
{
    (void)series, (void)count, (void)diagonal, (void)options;
    return refuse(path, error);
}

cepa_status cepa_plot_heat(const char *path, const cepa_matrix *matrix, const cepa_heat_options *options,
                           cepa_error *error)
{
    (void)matrix, (void)options;
    return refuse(path, error);
}

cepa_status cepa_plot_pairs(const char *path, const cepa_dataset *data, cepa_error *error)
{
    (void)data;
    return refuse(path, error);
}

cepa_status cepa_plot_grid(const char *path, const cepa_dataset *data, int columns, int rows, cepa_error *error)
{
    (void)data, (void)columns, (void)rows;
    return refuse(path, error);
}

cepa_status cepa_plot_panels(const char *path, const cepa_panel *panels, size_t count,
                             const cepa_panel_options *options, cepa_error *error)
{
    (void)panels, (void)count, (void)options;
    return refuse(path, error);
}

cepa_status cepa_plot_picture(const char *path, const cepa_panel *panel, cepa_error *error)
{
    (void)panel;
    return refuse(path, error);
}

cepa_status cepa_plot_dropout(const char *path, const cepa_sketch_layer *layers, size_t count, cepa_error *error)
{
    (void)layers, (void)count;
    return refuse(path, error);
}
