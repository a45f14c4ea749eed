/* cepa inspect cam: where in a picture a model finds its class. */
#include "commands.h"
#include "files.h"
#include "inspect.h"
#include "report.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const option options[] = {
    OPTION("class", class_name, TAKES_TEXT, .value = "NAME|N", .help = "which class; default: the likeliest"),
    LAYER_OPTION(.help = "whose maps are looked at; default: the last with height and width"),
    ROW_OPTIONS,
    FIGURE_OUTPUT_OPTION,
    TEXT_OPTION,
    WIDTH_OPTION,
    WEIGHTS_OPTIONS,
    SET_OPTION,
    END_OF_OPTIONS,
};

/* A class by name or number. */
static cepa_status read_class(const inspection *in, const char *text, size_t classes, size_t *class, cepa_error *error)
{
    for (*class = 0; *class < in->class_count; ++*class)
        if (strcmp(in->classes[*class], text) == 0) return CEPA_OK;
    size_t count;
    if (read_places(text, 1, 1, class, &count) && *class < classes) return CEPA_OK;
    const char *near = in->class_count ? nearest_name(text, in->classes, in->class_count, sizeof *in->classes) : NULL;
    if (near) return fails(error, CEPA_ARGUMENT, "--class: there is no class %s (did you mean %s?)", text, near);
    return fails(error, CEPA_ARGUMENT, "--class: expected a class' name, or its number from 0 to %zu, not '%s'",
                 classes - 1, text);
}

typedef struct seen {
    size_t class;
    double probability;
    cepa_matrix map;
} seen;

/* The class that is asked for, and how likely the model takes it to be. */
static cepa_status choose_class(const settings *settings, const inspection *in, seen *s, cepa_error *error)
{
    outputs o;
    cepa_status status = outputs_predict(&o, in->model, in->row, 0, error);
    size_t classes = status ? 0 : o.arrays[0].size;
    ranked_class *ranked = calloc(classes + 1, sizeof *ranked);
    if (!status && !ranked) status = fails_memory(error);
    if (!status && (o.arrays[0].rank != 1 || classes < 2))
        status = fails(error, CEPA_ARGUMENT, "the model gives no class probabilities");
    if (!status) {
        rank_classes(o.values[0], classes, ranked);
        s->class = ranked[0].class;
        if (settings->class_name) status = read_class(in, settings->class_name, classes, &s->class, error);
        for (size_t i = 0; i < classes; i++)
            if (ranked[i].class == s->class) s->probability = ranked[i].probability;
    }
    free(ranked);
    outputs_free(&o);
    return status;
}

static cepa_status draw(const settings *settings, const inspection *in, const seen *s, cepa_error *error)
{
    drawing d = {.count = 0};
    cepa_matrix picture, again;
    char title[200], number[32];
    cepa_status status = cepa_dataset_picture(in->row, 0, &picture, error);
    if (!status) status = cepa_dataset_picture(in->row, 0, &again, error);
    if (!status && !drawing_add(&d, in->title, &picture, CEPA_TONE_PLAIN, error)) status = error->status;
    if (!status) {
        snprintf(title, sizeof title, "%s %.2f", inspect_class(in, s->class, number), s->probability);
        cepa_panel *p = drawing_add(&d, title, &again, CEPA_TONE_PLAIN, error);
        if (p)
            p->heat = &s->map;
        else
            status = error->status;
    }
    cepa_panel_options how = {.tile = 320};
    if (!status) status = inspect_draw(&d, settings, &how, error);
    drawing_free(&d);
    return status;
}

static void print(const inspection *in, const seen *s)
{
    char number[32];
    printf("%s: %s, probability %.4f\n", in->title, inspect_class(in, s->class, number), s->probability);
    printf("where the maps speak for it, %zu x %zu, the most is 1 (Grad-CAM):\n", s->map.height, s->map.width);
    if (is_readable(&s->map)) print_matrix(&s->map, 0, "  ");
}

static int cam_main(const settings *settings)
{
    cepa_error error = {CEPA_OK, ""};
    inspection in;
    cepa_layer_info layer;
    seen s = {.class = 0};
    cepa_status status = inspect_row(settings, &in, &error);
    if (!status && settings->layer) status = inspect_layer(&in, settings->layer, &layer, &error);
    if (!status) status = choose_class(settings, &in, &s, &error);
    if (!status) status = cepa_class_activation(in.model, settings->layer, in.row, s.class, &s.map, &error);
    if (!status && (settings->text || settings->output))
        status = draw(settings, &in, &s, &error);
    else if (!status)
        print(&in, &s);
    cepa_matrix_free(&s.map);
    return inspect_end(&in, status, &error);
}

const command inspect_cam_command = {
    .name = "inspect cam",
    .operands = "MODEL",
    .purpose = "Shows where in a picture the model finds a class (Grad-CAM)",
    .options = options,
    .least = 1,
    .most = 1,
    .run = cam_main,
};
