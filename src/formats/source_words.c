/* What the words of Keras' texts mean: which name stands for which function, attribute or method. */
#include "formats/source_eval.h"

#include <string.h>

/* ---- One way to write a path */

const char *word_path(eval *e, const char *path)
{
    static const char *const same[][2] = {
        {"tensorflow.keras", "keras"},
        {"tf_keras", "keras"},
        {"keras.models.Model", "keras.Model"},
        {"keras.models.Sequential", "keras.Sequential"},
        {"keras.layers.Input", "keras.Input"},
        {"keras.layers.InputLayer", "keras.Input"},
        {"keras.optimizers.legacy", "keras.optimizers"},
        {"keras.utils.np_utils", "keras.utils"},
        {"keras.utils.clear_session", "keras.backend.clear_session"},
        {"kerastuner", "keras_tuner"},
        {"keras_tuner.engine.hyperparameters.HyperParameters", "keras_tuner.HyperParameters"},
        {"tensorflow.expand_dims", "numpy.expand_dims"},
        {"tensorflow.math.exp", "math.exp"},
        {"tensorflow.exp", "math.exp"},
        {"keras.ops.abs", "keras.ops.absolute"},
        {"numpy.exp", "math.exp"},
        {"numpy.floor", "math.floor"},
        {"numpy.power", "math.pow"},
    };
    char *copy = arena_text(e->source.memory, path);
    for (size_t i = 0; copy && i < ARRAY_COUNT(same); i++) {
        size_t length = strlen(same[i][0]);
        if (strncmp(copy, same[i][0], length) == 0 && (copy[length] == '.' || copy[length] == 0))
            copy = arena_format(e->source.memory, "%s%s", same[i][1], copy + length);
    }
    if (!copy) eval_no_memory(e);
    return copy;
}

bool word_makes_model(const char *path)
{
    return strcmp(path, "keras.Model") == 0 || strcmp(path, "keras.Sequential") == 0;
}

/* ---- What can be called */

typedef struct word {
    const char *path; /* with a dot at its end: everything in that module */
    word_call *call;
} word;

static const word words[] = {
    {"keras.Input", call_input},
    {"keras.Model", call_model},
    {"keras.Sequential", call_sequential},
    {"keras.layers.", call_layer_word},
    {"keras.ops.", call_ops_word},
    {"keras.activations.", call_member},
    {"keras.initializers.", call_member},
    {"keras.regularizers.", call_member},
    {"keras.constraints.", call_member},
    {"keras.optimizers.", call_member},
    {"keras.losses.", call_member},
    {"keras.metrics.", call_member},
    {"keras.backend.backend", call_backend},
    {"keras.backend.image_data_format", call_data_format},
    {"keras.config.backend", call_backend},
    {"keras.config.image_data_format", call_data_format},
    {"keras.datasets.", call_load_data},
    {"keras.callbacks.", call_callback},
    {"keras.utils.to_categorical", data_categorical},
    {"keras.utils.", call_ignored},
    {"keras.preprocessing.", call_ignored},
    {"keras.models.load_model", call_ignored},
    {"keras.models.save_model", call_ignored},
    {"keras.saving.", call_ignored},
    {"keras.backend.clear_session", call_clear_session},
    {"keras_tuner.HyperParameters", call_hyperparameters},
    {"numpy.array", data_first},
    {"numpy.asarray", data_first},
    {"numpy.expand_dims", data_expand},
    {"os.path.exists", call_is_there},
    {"os.path.isdir", call_is_there},
    {"os.path.isfile", call_is_there},
    {"tensorflow.cast", data_first},
    {"tensorflow.convert_to_tensor", data_first},
    {"seaborn.load_dataset", call_load_table},
    {"pandas.read_csv", call_read_csv},
    {"pandas.get_dummies", call_dummies},
    {"sklearn.model_selection.train_test_split", call_split},
    {"math.exp", call_exp},
    {"math.floor", call_floor},
    {"math.pow", call_pow},
    {"builtins.enumerate", call_enumerate},
    {"builtins.float", call_float},
    {"builtins.int", call_int},
    {"builtins.len", call_len},
    {"builtins.list", call_list},
    {"builtins.max", call_max},
    {"builtins.min", call_min},
    {"builtins.print", call_ignored},
    {"builtins.range", call_range},
    {"builtins.str", call_str},
    {"builtins.tuple", call_tuple},
    {"builtins.zip", call_zip},
};

/* Those that tell what only a running program would know; and what a notebook has. */
static const char *const unread_builtins[] = {
    "Exception",
    "FileNotFoundError",
    "ImportError",
    "KeyError",
    "NotImplementedError",
    "RuntimeError",
    "SystemExit",
    "TypeError",
    "ValueError",
    "__file__",
    "abs",
    "all",
    "any",
    "bool",
    "bytes",
    "callable",
    "chr",
    "dict",
    "dir",
    "display",
    "eval",
    "exec",
    "exit",
    "filter",
    "format",
    "get_ipython",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "hex",
    "id",
    "input",
    "isinstance",
    "iter",
    "locals",
    "map",
    "next",
    "object",
    "open",
    "ord",
    "quit",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "sorted",
    "sum",
    "super",
    "type",
    "vars",
};

static const word *find_word(const char *path)
{
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        size_t length = strlen(words[i].path);
        bool module = words[i].path[length - 1] == '.';
        if (module ? strncmp(path, words[i].path, length) == 0 : strcmp(path, words[i].path) == 0) return &words[i];
    }
    return NULL;
}

/* Of Python's own functions, what they are given decides whether anything is known of the result. */
bool asks_a_program(const call_site *site)
{
    bool own = strncmp(site->path, "builtins.", 9) == 0 || strncmp(site->path, "math.", 5) == 0, open = false;
    for (size_t i = 0; own && i < site->count; i++) {
        const thing *t = site->arguments[i].thing;
        bool data = t->type == THING_DATA || t->type == THING_TABLE;
        open = open || thing_is_unknown(t) || (data && strcmp(site->path, "builtins.len") != 0);
    }
    return open;
}

const thing *word_call_symbol(eval *e, const call_site *site)
{
    const word *found = find_word(site->path);
    if (asks_a_program(site)) return thing_unknown();
    if (found) return found->call(e, site);
    if (thing_is_unknown(site->self)) return thing_unknown();
    return eval_refuse(e, site->offset,
                       "%s is not read here, a layer, model, optimizer, loss, ... of Keras was expected", site->path);
}

bool word_find(eval *e, const char *name, const thing **found)
{
    *found = NULL;
    for (size_t i = 0; i <= e->stars.count; i++) {
        const char *module = i < e->stars.count ? e->stars.items[i]->text : "builtins";
        char *joined = arena_format(e->source.memory, "%s.%s", module, name);
        const char *path = joined ? word_path(e, joined) : NULL;
        if (!path) return eval_no_memory(e);
        bool layer = strncmp(path, "keras.layers.", 13) == 0;
        if (layer ? layer_word_exists(name) : find_word(path) != NULL) return (*found = thing_symbol(e, path)) != NULL;
    }
    for (size_t i = 0; i < ARRAY_COUNT(unread_builtins); i++)
        if (strcmp(unread_builtins[i], name) == 0) *found = thing_unknown();
    if (strcmp(name, "__name__") == 0) *found = thing_text(e, "__main__");
    return true;
}

/* ---- What belongs to things */

static const method methods[] = {
    {THING_MODEL, "compile", model_compile},
    {THING_MODEL, "fit", model_fit},
    {THING_MODEL, "add", model_add},
    {THING_MODEL, "pop", model_pop},
    {THING_MODEL, "build", model_build},
    {THING_MODEL, "get_layer", model_get_layer},
    {THING_MODEL, "summary", call_ignored},
    {THING_MODEL, "evaluate", model_evaluate},
    {THING_MODEL, "evaluate_generator", call_ignored},
    {THING_MODEL, "fit_generator", model_fit_generator},
    {THING_MODEL, "load_weights", model_load_weights},
    {THING_MODEL, "predict", call_ignored},
    {THING_MODEL, "predict_classes", call_ignored},
    {THING_MODEL, "predict_generator", call_ignored},
    {THING_MODEL, "predict_on_batch", call_ignored},
    {THING_MODEL, "predict_proba", call_ignored},
    {THING_MODEL, "save", call_ignored},
    {THING_MODEL, "save_weights", call_ignored},
    {THING_MODEL, "export", call_ignored},
    {THING_MODEL, "count_params", call_ignored},
    {THING_MODEL, "get_config", call_ignored},
    {THING_MODEL, "get_weights", call_ignored},
    {THING_MODEL, "to_json", call_ignored},
    {THING_LAYER, "adapt", layer_adapt},
    {THING_LAYER, "get_config", call_ignored},
    {THING_LAYER, "get_weights", call_ignored},
    {THING_DICT, "get", call_ignored},
    {THING_DICT, "items", call_ignored},
    {THING_DICT, "keys", call_ignored},
    {THING_DICT, "values", call_ignored},
    {THING_LIST, "append", list_append},
    {THING_LIST, "count", call_ignored},
    {THING_LIST, "extend", list_extend},
    {THING_LIST, "index", call_ignored},
    {THING_DATA, "astype", data_same},
    {THING_DATA, "copy", data_same},
    {THING_DATA, "reshape", data_reshape},
    {THING_TABLE, "drop", table_drop},
    {THING_TABLE, "dropna", table_same},
    {THING_TABLE, "copy", table_same},
    {THING_TABLE, "astype", table_same},
    {THING_TABLE, "to_numpy", table_same},
    {THING_TUNER, "Boolean", tuner_boolean},
    {THING_TUNER, "Choice", tuner_choice},
    {THING_TUNER, "Fixed", tuner_fixed},
    {THING_TUNER, "Float", tuner_float},
    {THING_TUNER, "Int", tuner_int},
};

typedef struct attribute {
    thing_type type;
    const char *name;
    attribute_get *get;
    attribute_set *set; /* NULL: cannot be changed */
} attribute;

static const thing *unknown_attribute(eval *e, const thing *object, size_t offset)
{
    (void)e, (void)object, (void)offset;
    return thing_unknown();
}

static const attribute attributes[] = {
    {THING_TENSOR, "dtype", unknown_attribute, NULL},
    {THING_TENSOR, "shape", tensor_shape, NULL},
    {THING_DATA, "shape", data_shape, NULL},
    {THING_LAYER, "name", layer_name, NULL},
    {THING_LAYER, "trainable", layer_trainable, layer_set_trainable},
    {THING_MODEL, "name", model_name, NULL},
    {THING_MODEL, "trainable", model_trainable, model_set_trainable},
    {THING_MODEL, "layers", model_layers, NULL},
    {THING_MODEL, "input", model_input, NULL},
    {THING_MODEL, "output", model_output, NULL},
    {THING_MODEL, "inputs", model_inputs, NULL},
    {THING_MODEL, "outputs", model_outputs, NULL},
    {THING_TABLE, "shape", table_shape, NULL},
    {THING_TABLE, "loc", table_loc, NULL},
    {THING_MODEL, "input_shape", model_input_shape, NULL},
    {THING_MODEL, "output_shape", model_output_shape, NULL},
    {THING_MODEL, "weights", unknown_attribute, NULL},
    {THING_MODEL, "trainable_weights", unknown_attribute, NULL},
    {THING_MODEL, "non_trainable_weights", unknown_attribute, NULL},
    {THING_MODEL, "trainable_variables", unknown_attribute, NULL},
    {THING_MODEL, "variables", unknown_attribute, NULL},
    {THING_MODEL, "metrics_names", unknown_attribute, NULL},
    {THING_MODEL, "history", unknown_attribute, NULL},
    {THING_MODEL, "optimizer", unknown_attribute, NULL},
    {THING_LAYER, "weights", unknown_attribute, NULL},
};

static const attribute *find_attribute(const thing *object, const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(attributes); i++)
        if (attributes[i].type == object->type && strcmp(attributes[i].name, name) == 0) return &attributes[i];
    return NULL;
}

static const method *find_method(const thing *object, const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(methods); i++)
        if (methods[i].type == object->type && strcmp(methods[i].name, name) == 0) return &methods[i];
    return NULL;
}

static const thing *bind_method(eval *e, const thing *object, const method *method)
{
    thing *bound = thing_new(e, THING_METHOD);
    if (!bound) return NULL;
    bound->bound.self = object;
    bound->bound.method = method;
    return bound;
}

/* Things whose other attributes and methods tell something and change nothing. */
static bool tells_more(const thing *object)
{
    static const bool telling[THING_TYPES] = {
        [THING_BOOL] = true,  [THING_INT] = true,  [THING_REAL] = true,  [THING_TEXT] = true,
        [THING_TUPLE] = true, [THING_DATA] = true, [THING_TABLE] = true, [THING_MEMBER] = true,
    };
    return telling[object->type];
}

const thing *word_attribute(eval *e, const thing *object, const char *name, size_t offset)
{
    if (object->type == THING_SYMBOL) {
        char *path = arena_format(e->source.memory, "%s.%s", object->text, name);
        return path ? thing_symbol(e, path) : eval_no_memory(e);
    }
    if (object->type == THING_UNKNOWN) return object;
    const attribute *found = find_attribute(object, name);
    const method *method = find_method(object, name);
    if (found) return found->get(e, object, offset);
    if (method) return bind_method(e, object, method);
    if (tells_more(object)) return thing_unknown();
    return eval_refuse(e, offset, "'%s' of %s is not read here", name, thing_name(object));
}

bool word_set_attribute(eval *e, const thing *object, const char *name, const thing *value, size_t offset)
{
    if (thing_is_unknown(object)) return true;
    const attribute *found = find_attribute(object, name);
    if (found && found->set) return found->set(e, object, value, offset);
    return eval_refuse(e, offset, "'%s' of %s cannot be changed here", name, thing_name(object));
}
