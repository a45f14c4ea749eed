/* Models of Keras 1: its layers had other names, and their arguments too. */
#include "formats/keras1.h"

#include <string.h>

/* A translation under way. What cannot be translated is NULL: error says why, unless memory is exhausted. */
typedef struct translation {
    arena *memory;
    const value *ordering; /* of channels, as the layers so far said: those that do not say it have the same */
    cepa_error *error;
} translation;

/* How an argument's value is to be written today. */
typedef const value *rewriting(translation *t, const value *v);

static const value *data_format_of(translation *t, const value *v)
{
    const char *ordering = value_text_of(v);
    return value_text(t->memory, ordering && strcmp(ordering, "th") == 0 ? "channels_first" : "channels_last");
}

/* {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.001}, a constraint likewise, as an object. */
static const value *object_of(translation *t, const value *v)
{
    const char *class = value_text_of(value_member(v, "name"));
    if (v->kind != VALUE_DICT || !class) return v;
    if (strstr(class, "Regularizer") && strcmp(class, "EigenvalueRegularizer") != 0) class = "L1L2";
    named_value *config = arena_array(t->memory, v->call.count, sizeof *config);
    size_t count = 0;
    for (size_t i = 0; config && i < v->call.count; i++) {
        const named_value *m = &v->call.members[i];
        if (strcmp(m->name, "name") == 0) continue;
        config[count++] = (named_value){strcmp(m->name, "m") == 0 ? "max_value" : m->name, m->value};
    }
    const named_value object[] = {{"class_name", value_text(t->memory, class)},
                                  {"config", config ? value_dict(t->memory, config, count) : NULL}};
    return value_dict(t->memory, object, ARRAY_COUNT(object));
}

/* Four margins in a row as two pairs. */
static const value *margins_of(translation *t, const value *v)
{
    if (v->kind != VALUE_LIST || v->list.count != 4) return v;
    const value *pairs[] = {value_list(t->memory, v->list.items, 2), value_list(t->memory, v->list.items + 2, 2)};
    return value_list(t->memory, pairs, ARRAY_COUNT(pairs));
}

static const value *only_mode_0(translation *t, const value *v)
{
    double mode;
    if (value_number(v, &mode) && mode == 0) return v;
    return fail(t->error, CEPA_UNSUPPORTED, "BatchNormalization: of its modes only 0 is built in"), NULL;
}

static const struct {
    const char *class;       /* today's; NULL: any */
    const char *old, *today; /* NULL: it says nothing */
    rewriting *rewrite;
} arguments[] = {
    {"BatchNormalization", "mode", NULL, only_mode_0},
    {"Dense", "output_dim", "units", NULL},
    {"PReLU", "init", "alpha_initializer", NULL},
    {"UpSampling1D", "length", "size", NULL},
    {"ZeroPadding2D", "padding", "padding", margins_of},
    {NULL, "W_constraint", "kernel_constraint", object_of},
    {NULL, "W_regularizer", "kernel_regularizer", object_of},
    {NULL, "activity_regularizer", "activity_regularizer", object_of},
    {NULL, "atrous_rate", "dilation_rate", NULL},
    {NULL, "b_constraint", "bias_constraint", object_of},
    {NULL, "b_regularizer", "bias_regularizer", object_of},
    {NULL, "beta_regularizer", "beta_regularizer", object_of},
    {NULL, "bias", "use_bias", NULL},
    {NULL, "border_mode", "padding", NULL},
    {NULL, "depthwise_constraint", "depthwise_constraint", object_of},
    {NULL, "depthwise_regularizer", "depthwise_regularizer", object_of},
    {NULL, "dim_ordering", "data_format", data_format_of},
    {NULL, "filter_length", "kernel_size", NULL},
    {NULL, "gamma_regularizer", "gamma_regularizer", object_of},
    {NULL, "init", "kernel_initializer", NULL},
    {NULL, "input_dim", NULL, NULL},
    {NULL, "input_dtype", NULL, NULL},
    {NULL, "input_length", NULL, NULL},
    {NULL, "nb_col", NULL, NULL}, /* with nb_row */
    {NULL, "nb_filter", "filters", NULL},
    {NULL, "output_shape", NULL, NULL}, /* it follows from the input's */
    {NULL, "p", "rate", NULL},
    {NULL, "pointwise_constraint", "pointwise_constraint", object_of},
    {NULL, "pointwise_regularizer", "pointwise_regularizer", object_of},
    {NULL, "pool_length", "pool_size", NULL},
    {NULL, "sigma", "stddev", NULL},
    {NULL, "stride", "strides", NULL},
    {NULL, "subsample", "strides", NULL},
    {NULL, "subsample_length", "strides", NULL},
};

static const struct {
    const char *old, *today;
} classes[] = {
    {"AtrousConvolution1D", "Conv1D"},
    {"AtrousConvolution2D", "Conv2D"},
    {"Convolution1D", "Conv1D"},
    {"Convolution2D", "Conv2D"},
    {"Deconvolution2D", "Conv2DTranspose"},
    {"SeparableConvolution2D", "SeparableConv2D"},
};

/* Layers that have an ordering of the channels and do not write it down. */
static const char *const silent[] = {"Cropping2D", "UpSampling2D", "ZeroPadding2D"};

/* What Merge does in each of its modes. */
static const struct {
    const char *mode, *class;
} merges[] = {
    {"sum", "Add"}, {"mul", "Multiply"}, {"concat", "Concatenate"}, {"ave", "Average"}, {"max", "Maximum"},
};

bool is_keras1(const char *version) { return version && version[0] == '1' && version[1] == '.'; }

/* A dictionary with one of its members exchanged, as far as they are there. */
static const value *with_member(translation *t, const value *dict, const char *name, const value *by)
{
    named_value *members = dict ? arena_array(t->memory, dict->call.count, sizeof *members) : NULL;
    if (!members || !by) return NULL;
    for (size_t i = 0; i < dict->call.count; i++) {
        members[i] = dict->call.members[i];
        if (strcmp(members[i].name, name) == 0) members[i].value = by;
    }
    return value_dict(t->memory, members, dict->call.count);
}

/* ---- Layers ---- */

/* Its name is NULL where it says nothing. */
static named_value translate_argument(translation *t, const char *class, const named_value *old)
{
    for (size_t i = 0; i < ARRAY_COUNT(arguments); i++) {
        if (strcmp(arguments[i].old, old->name) != 0) continue;
        if (arguments[i].class && strcmp(arguments[i].class, class) != 0) continue;
        rewriting *rewrite = arguments[i].rewrite;
        return (named_value){arguments[i].today, rewrite ? rewrite(t, old->value) : old->value};
    }
    return *old;
}

/* The rows and columns of a filter in one argument. */
static const value *kernel_size_of(translation *t, const value *config)
{
    const value *sizes[] = {value_member(config, "nb_row"), value_member(config, "nb_col")};
    return sizes[0] && sizes[1] ? value_list(t->memory, sizes, ARRAY_COUNT(sizes)) : NULL;
}

/* The ordering of a layer that is silent about it. */
static const value *ordering_of(const translation *t, const char *class, const value *config)
{
    for (size_t i = 0; i < ARRAY_COUNT(silent); i++)
        if (strcmp(silent[i], class) == 0 && !value_member(config, "dim_ordering")) return t->ordering;
    return NULL;
}

static const value *translate_config(translation *t, const char *class, const value *config)
{
    if (!config || config->kind != VALUE_DICT) return config;
    if (value_member(config, "dim_ordering")) t->ordering = value_member(config, "dim_ordering");
    const value *kernel_size = kernel_size_of(t, config), *ordering = ordering_of(t, class, config);
    named_value *members = arena_array(t->memory, config->call.count + 2, sizeof *members);
    size_t count = 0;
    for (size_t i = 0; members && i < config->call.count; i++) {
        const named_value *old = &config->call.members[i];
        bool rows = kernel_size && strcmp(old->name, "nb_row") == 0;
        const named_value today = rows ? (named_value){"kernel_size", kernel_size} : translate_argument(t, class, old);
        if (!today.value) return NULL;
        if (today.name) members[count++] = today;
    }
    if (members && ordering) members[count++] = (named_value){"data_format", data_format_of(t, ordering)};
    return members ? value_dict(t->memory, members, count) : NULL;
}

/* Merge's config as that of the layer that merges so. */
static const value *translate_merge(translation *t, const value *config, const char **class)
{
    const char *mode = value_text_of(value_member(config, "mode"));
    named_value members[] = {{"name", value_member(config, "name")}, {"axis", value_member(config, "concat_axis")}};
    *class = NULL;
    for (size_t i = 0; mode && i < ARRAY_COUNT(merges); i++)
        if (strcmp(merges[i].mode, mode) == 0) *class = merges[i].class;
    if (value_member(config, "layers"))
        return fail(t->error, CEPA_UNSUPPORTED, "Merge: that it joins whole models of its own is not built in"), NULL;
    if (!*class || !members[0].value)
        return fail(t->error, CEPA_UNSUPPORTED, "Merge: its mode %.50s is not built in", mode ? mode : "(none)"), NULL;
    bool joins = members[1].value && strcmp(*class, "Concatenate") == 0;
    return value_dict(t->memory, members, joins ? 2 : 1);
}

static const value *translate_plain_layer(translation *t, const value *object, const char *class)
{
    const value *config = value_member(object, "config");
    for (size_t i = 0; i < ARRAY_COUNT(classes); i++)
        if (strcmp(classes[i].old, class) == 0) class = classes[i].today;
    config = strcmp(class, "Merge") == 0 ? translate_merge(t, config, &class) : translate_config(t, class, config);
    object = with_member(t, object, "class_name", value_text(t->memory, class));
    return with_member(t, object, "config", config);
}

/* ---- Models ---- */

static const value *translate_object(translation *t, const value *object);

static const value *translate_layers(translation *t, const value *layers)
{
    const value **made = arena_array(t->memory, layers->list.count, sizeof *made);
    for (size_t i = 0; made && i < layers->list.count; i++)
        if (!(made[i] = translate_object(t, layers->list.items[i]))) return NULL;
    return value_list(t->memory, made, layers->list.count);
}

/* A model or a layer; what is neither stays as it is. */
static const value *translate_object(translation *t, const value *object)
{
    const char *class = value_text_of(value_member(object, "class_name"));
    const value *config = value_member(object, "config"), *layers = value_member(config, "layers");
    if (!class || !config) return object;
    if (config->kind == VALUE_LIST) return with_member(t, object, "config", translate_layers(t, config));
    if (layers && layers->kind == VALUE_LIST && strcmp(class, "Merge") != 0)
        return with_member(t, object, "config", with_member(t, config, "layers", translate_layers(t, layers)));
    const value *made = translate_plain_layer(t, object, class);
    const char *name = value_text_of(value_member(config, "name"));
    if (!made && name && t->error->status) fail_in(t->error, t->error->status, "layer %s", name);
    return made;
}

const value *keras1_translate(arena *memory, const value *object, cepa_error *error)
{
    cepa_error inner = {0};
    translation t = {.memory = memory, .error = &inner};
    const value *made = translate_object(&t, object);
    if (!made && !inner.status) fail_memory(&inner);
    if (!made) fail(error, inner.status, "%s", inner.message);
    return made;
}
