/* Reading Keras' serialised objects: what they are, and what is in them. */
#include "formats/keras_object.h"

#include "formats/keras_activation.h"
#include "layers/activations.h"

#include <string.h>

/* ---- Objects ---- */

bool keras_is_object(const value *v)
{
    return v && v->kind == VALUE_DICT && value_text_of(value_member(v, "class_name"));
}

static bool is_below(const char *module, const char *package)
{
    size_t length = strlen(package);
    return strncmp(module, package, length) == 0 && (module[length] == 0 || module[length] == '.');
}

static bool is_module_of_keras(const char *module)
{
    static const char *const packages[] = {"keras", "tf_keras", "tensorflow", "builtins"};
    for (size_t i = 0; i < ARRAY_COUNT(packages); i++)
        if (is_below(module, packages[i])) return true;
    return false;
}

/* Classes that no table can ever hold. */
static const struct {
    const char *class_name, *why;
} refused_classes[] = {
    {"Lambda", "it runs Python code of the file, which is never done"},
    {"__lambda__", "it is Python code, which is never run"},
    {"TFOpLambda", "it is an operation of TensorFlow, only layers can be read"},
    {"SlicingOpLambda", "it is an operation of TensorFlow, only layers can be read"},
    {"TensorFlowOpLayer", "it is an operation of TensorFlow, only layers can be read"},
};

static cepa_status check_origin(const value *v, const keras_object *o, cepa_error *error)
{
    const value *module = value_member(v, "module"), *registered = value_member(v, "registered_name");
    const char *name = value_text_of(registered);
    for (size_t i = 0; i < ARRAY_COUNT(refused_classes); i++)
        if (strcmp(o->class_name, refused_classes[i].class_name) == 0)
            return fail(error, CEPA_UNSUPPORTED, "class %s: %s", o->class_name, refused_classes[i].why);
    bool own = (module && (!o->module || !is_module_of_keras(o->module))) ||
               (name && strcmp(name, o->class_name) != 0) || strchr(o->class_name, '>');
    if (own && strcmp(o->class_name, "function") != 0)
        return fail(error, CEPA_UNSUPPORTED, "class %s is the author's own Python code, which a file does not hold",
                    name ? name : o->class_name);
    return CEPA_OK;
}

cepa_status keras_object_read(const value *v, keras_object *o, cepa_error *error)
{
    if (!keras_is_object(v)) return fail(error, CEPA_FORMAT, "an object with class_name was expected");
    *o = (keras_object){.class_name = value_text_of(value_member(v, "class_name")),
                        .module = value_text_of(value_member(v, "module")),
                        .config = value_member(v, "config")};
    o->operation = o->module && is_below(o->module, "keras.src.ops");
    /* Keras 2.12 ... 2.15 mark their new optimizers so. */
    if (strncmp(o->class_name, "Custom>", 7) == 0 && o->module == NULL && !value_member(v, "registered_name"))
        o->class_name += 7;
    return check_origin(v, o, error);
}

/* The number in one of numpy's: {"type": "ndarray", "value": 6.0} in Keras 2.2, {"class_name": "__numpy__", "config":
 * {"value": 6.0, "dtype": "float32"}} today. */
static const value *number_of_numpy(const value *v)
{
    const value *config = value_member(v, "config");
    const value *number = value_member(v, "type")         ? value_member(v, "value")
                          : value_member(config, "dtype") ? value_member(config, "value")
                                                          : NULL;
    return number ? number : v;
}

/* ---- Members of families ---- */

static const value *made(const value *v, cepa_error *error)
{
    if (!v) fail_memory(error);
    return v;
}

/* A layer in the place of an activation, as its function; the layer's default of a missing argument is spelled out. */
static const value *activation_of_layer(arena *arena, const activation_spelling *s, const keras_object *o,
                                        cepa_error *error)
{
    const kind *kind = family_find(&activation_family, s->function);
    const value *old = s->argument ? value_member(o->config, s->keras2_argument) : NULL;
    named_value *arguments;
    size_t count;
    if (old) return made(value_call(arena, s->function, &(named_value){s->argument, old}, 1), error);
    if (keras_arguments(arena, kind, o->config, &arguments, &count, error)) return NULL;
    return made(value_call(arena, s->function, arguments, count), error);
}

static const value *member_of_object(arena *arena, const family *family, const value *v, cepa_error *error)
{
    keras_object o;
    if (keras_object_read(v, &o, error)) return NULL;
    if (strcmp(o.class_name, "function") == 0) {
        if (value_text_of(o.config)) return o.config;
        return fail(error, CEPA_UNSUPPORTED, "a Python function stands where the %s was expected", family->what), NULL;
    }
    if (family == &activation_family && strcmp(o.class_name, "Activation") == 0 && value_member(o.config, "activation"))
        return keras_member(arena, family, value_member(o.config, "activation"), error);
    const activation_spelling *layer = family == &activation_family ? activation_spelling_of(o.class_name) : NULL;
    if (layer) return activation_of_layer(arena, layer, &o, error);
    const kind *kind = family_find(family, o.class_name);
    if (!kind) return fail(error, CEPA_UNSUPPORTED, "the %s %.100s is not known", family->what, o.class_name), NULL;
    named_value *arguments;
    size_t count;
    if (keras_arguments(arena, kind, o.config, &arguments, &count, error)) return NULL;
    return made(value_call(arena, kind->name, arguments, count), error);
}

const value *keras_member(arena *arena, const family *family, const value *v, cepa_error *error)
{
    if (v->kind == VALUE_NONE || v->kind == VALUE_TEXT) return v;
    if (keras_is_object(v)) return member_of_object(arena, family, v, error);
    return fail(error, CEPA_FORMAT, "%s stands where the %s was expected", value_kind_name(v), family->what), NULL;
}

/* ---- Arguments ---- */

/* What Keras writes beside a class' own arguments, and what it may say there without changing anything. */
static const struct {
    const char *key;
    enum { ANYTHING, ONE } harmless;
} common_keys[] = {
    {"name", ANYTHING},
    {"trainable", ANYTHING},
    {"dtype", ANYTHING},
    {"batch_input_shape", ANYTHING},
    {"batch_shape", ANYTHING},
    {"build_input_shape", ANYTHING},
    {"shared_object_id", ANYTHING},
    {"synchronized", ANYTHING},
    {"renorm_clipping", ANYTHING},
    {"renorm_momentum", ANYTHING},
    {"seed", ANYTHING},
    {"autocast", ANYTHING},
    {"groups", ONE},
    {"dilation_rate", ONE},
    {"data_format", ANYTHING},        /* of a layer that treats all channels alike */
    {"kernel_initializer", ANYTHING}, /* Keras 2 writes one for SeparableConv2D, whose kernels have others */
};

/* Every number in v is 1. */
static bool is_one(const value *v)
{
    double number;
    if (v->kind != VALUE_LIST) return value_number(v, &number) && number == 1;
    for (size_t i = 0; i < v->list.count; i++)
        if (!value_number(v->list.items[i], &number) || number != 1) return false;
    return true;
}

static bool is_harmless(const named_value *m)
{
    if (m->value->kind == VALUE_NONE || (m->value->kind == VALUE_BOOL && !m->value->boolean)) return true;
    for (size_t i = 0; i < ARRAY_COUNT(common_keys); i++) {
        if (strcmp(common_keys[i].key, m->name) != 0) continue;
        return common_keys[i].harmless == ANYTHING || is_one(m->value);
    }
    return false;
}

/* {"class_name": "__tuple__", "items": [...]} is a list, a seed generator its number; one axis in a list may stand
 * alone. */
static const value *plain(const field *f, const value *v)
{
    v = number_of_numpy(v);
    if (keras_is_object(v) && value_member(v, "items")) v = value_member(v, "items");
    if (f->type == FIELD_LONG && v->kind == VALUE_DICT && value_member(value_member(v, "config"), "seed"))
        v = value_member(value_member(v, "config"), "seed");
    if (f->type == FIELD_INT && v->kind == VALUE_LIST && v->list.count == 1) v = v->list.items[0];
    return v;
}

cepa_status keras_arguments(arena *arena, const kind *kind, const value *config, named_value **arguments, size_t *count,
                            cepa_error *error)
{
    *count = 0;
    bool given = config && config->kind != VALUE_NONE;
    if (given && config->kind != VALUE_DICT)
        return fail(error, CEPA_FORMAT, "%s: its config must be a dictionary, not %s", kind->name,
                    value_kind_name(config));
    *arguments = arena_array(arena, given ? config->call.count : 0, sizeof **arguments);
    if (!*arguments) return fail_memory(error);
    for (size_t i = 0; given && i < config->call.count; i++) {
        const named_value *m = &config->call.members[i];
        const field *f = field_find(kind, m->name);
        if (!f && is_harmless(m)) continue;
        if (!f) return fail(error, CEPA_UNSUPPORTED, "%s: its argument %s is not built in", kind->name, m->name);
        const value *v = f->type == FIELD_MEMBER ? keras_member(arena, f->family, m->value, error) : plain(f, m->value);
        if (!v) return fail_in(error, error->status, "%s", m->name);
        (*arguments)[(*count)++] = (named_value){m->name, v};
    }
    return CEPA_OK;
}

/* ---- Types ---- */

cepa_status keras_check_dtype(const value *v, cepa_error *error)
{
    static const char *const known[] = {"float32",        "float16", "float64", "bfloat16", "mixed_float16",
                                        "mixed_bfloat16", "int8",    "int16",   "int32",    "int64",
                                        "uint8",          "uint16",  "uint32",  "uint64",   "bool"};
    const char *name = value_text_of(v);
    if (!v || v->kind == VALUE_NONE) return CEPA_OK;
    if (keras_is_object(v)) {
        const char *policy = value_text_of(value_member(v, "class_name"));
        name = value_text_of(value_member(value_member(v, "config"), "name"));
        if (strcmp(policy, "DTypePolicy") != 0 && strcmp(policy, "Policy") != 0)
            return fail(error, CEPA_UNSUPPORTED, "its dtype policy %.100s is not built in", policy);
    }
    for (size_t i = 0; name && i < ARRAY_COUNT(known); i++)
        if (strcmp(known[i], name) == 0) return CEPA_OK;
    return fail(error, CEPA_UNSUPPORTED, "its dtype %.100s is not built in", name ? name : value_kind_name(v));
}

/* ---- Compile arguments ---- */

static const value *value_of_list(arena *arena, const value *v, cepa_error *error)
{
    const value **items = arena_array(arena, v->list.count, sizeof *items);
    if (!items) return fail_memory(error), NULL;
    for (size_t i = 0; i < v->list.count; i++)
        if (!(items[i] = keras_value(arena, v->list.items[i], error))) return NULL;
    return made(value_list(arena, items, v->list.count), error);
}

static const value *value_of_dict(arena *arena, const value *v, const char *class_name, cepa_error *error)
{
    size_t count = v && v->kind == VALUE_DICT ? v->call.count : 0;
    named_value *members = arena_array(arena, count, sizeof *members);
    if (!members) return fail_memory(error), NULL;
    for (size_t i = 0; i < count; i++) {
        members[i] = (named_value){v->call.members[i].name, keras_value(arena, v->call.members[i].value, error)};
        if (!members[i].value) return NULL;
    }
    return made(class_name ? value_call(arena, class_name, members, count) : value_dict(arena, members, count), error);
}

/* Keras 2's metrics that are functions: the class of the same name is meant. */
static const value *metric_of_wrapper(arena *arena, const char *function, const value *config, cepa_error *error)
{
    named_value name = {"name", value_member(config, "name")};
    return made(value_call(arena, function, &name, name.value ? 1 : 0), error);
}

const value *keras_value(arena *arena, const value *v, cepa_error *error)
{
    keras_object o;
    v = number_of_numpy(v);
    if (v->kind == VALUE_LIST) return value_of_list(arena, v, error);
    if (v->kind != VALUE_DICT) return v;
    if (!keras_is_object(v)) return value_of_dict(arena, v, NULL, error);
    if (keras_object_read(v, &o, error)) return NULL;
    if (strcmp(o.class_name, "function") == 0 && value_text_of(o.config)) return o.config;
    const char *wrapped = value_text_of(value_member(o.config, "fn"));
    if (wrapped && strcmp(o.class_name, "MeanMetricWrapper") == 0)
        return metric_of_wrapper(arena, wrapped, o.config, error);
    return value_of_dict(arena, o.config, o.class_name, error);
}
