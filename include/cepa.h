/* cepa.h - Keras-style deep learning in plain C: the one public header of libcepa.
 *
 * Names, arguments and defaults are Keras'. Every call takes an options struct through a macro, so that arguments are
 * written by name: cepa_conv2d(x, .filters = 50, .kernel_size = {3, 3}, .activation = "relu"). A member that is left
 * out (zero) means Keras' default. Where a true zero differs from the default, write CEPA_ZERO. Flags whose default is
 * true are of type cepa_flag: write CEPA_FALSE to switch them off (a plain false is zero: unset).
 *
 * Shapes never hold the batch axis. A size that is not known is CEPA_UNKNOWN. Activations, initializers, regularizers
 * and constraints are texts in Keras' call notation: "relu", "random_normal(stddev=0.02)", "l2(0.001)".
 *
 * A function that can fail returns a cepa_status and explains itself in a cepa_error, which may be NULL; its results
 * are then NULL or untouched. Building is sticky: a failed call gives an invalid tensor, later calls pass it on, and
 * the graph keeps the first cause (cepa_graph_error, cepa_model_error).
 *
 * Handles are opaque. Who makes a handle with _new, _load or _open frees it with _free; all _free functions take NULL.
 * One handle belongs to one thread at a time; cepa_predict alone may be called on one model from several threads at
 * once. The library never prints, never exits and keeps no state between calls but its handles.
 */
#ifndef CEPA_H
#define CEPA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CEPA_API                 __attribute__((visibility("default")))
#define CEPA_FORMAT(text, first) __attribute__((format(printf, text, first)))
#else
#define CEPA_API
#define CEPA_FORMAT(text, first)
#endif

#define CEPA_VERSION "0.1.0"

/* The library's version, as CEPA_VERSION was when it was compiled. */
CEPA_API const char *cepa_version(void);

/* ---- Errors ------------------------------------------------------------------------------------------------------ */

#define CEPA_STATUSES(X)                                                                                               \
    X(OK, "done")                                                                                                      \
    X(ARGUMENT, "an argument is not valid")                                                                            \
    X(SHAPE, "shapes do not fit")                                                                                      \
    X(SYNTAX, "a model's source text cannot be read")                                                                  \
    X(NOT_FOUND, "a file or name does not exist")                                                                      \
    X(FILE, "a file cannot be read or written")                                                                        \
    X(FORMAT, "a file is damaged or of another kind")                                                                  \
    X(UNSUPPORTED, "a file or model needs what this build does not have")                                              \
    X(DATA, "data do not fit the model or are out of range")                                                           \
    X(MEMORY, "memory is exhausted")                                                                                   \
    X(NETWORK, "a download failed")                                                                                    \
    X(INTERRUPTED, "stopped by the caller")

typedef enum cepa_status {
#define CEPA_STATUS_MEMBER(name, text) CEPA_##name,
    CEPA_STATUSES(CEPA_STATUS_MEMBER)
#undef CEPA_STATUS_MEMBER
} cepa_status;

/* What went wrong, in one line for a person: where, what, what was expected. */
typedef struct cepa_error {
    cepa_status status;
    char message[1000];
} cepa_error;

/* The general meaning of a status, for example "shapes do not fit". */
CEPA_API const char *cepa_status_text(cepa_status status);

/* Prints the message to stderr and gives main's exit status: 2 for a wrong argument, shape or source text, else 1. */
static inline int cepa_die(const cepa_error *error)
{
    fprintf(stderr, "error: %s\n", error->message);
    return error->status == CEPA_ARGUMENT || error->status == CEPA_SHAPE || error->status == CEPA_SYNTAX ? 2 : 1;
}

/* ---- Values of arguments ----------------------------------------------------------------------------------------- */

typedef enum cepa_flag { CEPA_UNSET = 0, CEPA_TRUE = 1, CEPA_FALSE = -1 } cepa_flag;

#define CEPA_ZERO       (-0.0) /* a real argument that is truly zero although its default is not */
#define CEPA_UNKNOWN    (-1)   /* a size that is not known: None */
#define CEPA_MAX_RANK   6      /* axes of a value, without the batch */
#define CEPA_MAX_INPUTS 16     /* tensors in one argument of the C interface (files may hold more) */

/* Numbers of any count: {3, (double[]){0.5, 0.25, 1}}. */
typedef struct cepa_numbers {
    size_t count;
    const double *numbers;
} cepa_numbers;

/* ---- Data sets --------------------------------------------------------------------------------------------------- */

/* Rows of inputs and targets, kept in the type they came in (pictures in bytes). A part (take, split) shares them. */
typedef struct cepa_dataset cepa_dataset;

typedef enum cepa_type { CEPA_FLOAT32, CEPA_UINT8, CEPA_INT32, CEPA_INT64, CEPA_FLOAT64 } cepa_type;

/* One column of a data set: an input, a target or the sample weights. */
typedef struct cepa_array {
    const char *name;           /* "x", "y", or of several: the part behind x_ or y_; NULL in an array without name */
    cepa_type type;             /* of one number */
    size_t rank;                /* axes behind the row's; 0: one number a row */
    int shape[CEPA_MAX_RANK];   /* of one row, channels last */
    const void *data;           /* row-major; owned by the data set, or by the caller in cepa_dataset_new */
    const char *const *columns; /* names of a row's numbers, where it is one of a table (rank 1); NULL: none */
} cepa_array;

/* How a table (CSV) becomes inputs, targets and parts. Lists of names are written as a line of CSV: a,b,"c, d". What is
 * left out is as a data set that has a name says. */
typedef struct cepa_table {
    const char *target; /* the columns to predict; default: none. A column of text becomes one-hot classes in the order
                           of their names, as pandas.get_dummies makes them; NAME=TEXT is 1 where it has this text; NA*
                           is every column of numbers that begins so */
    const char *inputs; /* the columns to predict from, written alike; default: all that hold numbers */
    const char *drop;   /* columns that are no inputs; the target never is one, unless it is ahead */
    size_t ahead;       /* the target is that of so many rows later: 1 for tomorrow's */
    size_t first;       /* only the first so many rows; default: all */
    const char *split;  /* shares of the parts: "80/20" to learn from and to test, "70/15/15" with validation in the
                           middle; default: one part. Data of every kind that have no test part can be split */
    uint64_t split_seed;
} cepa_table;

/* What over leaves open, under says. The texts stay where they are. */
CEPA_API cepa_table cepa_table_merge(const cepa_table *over, const cepa_table *under);

typedef struct cepa_dataset_options {
    size_t rows;               /* rows that the first part must have at least; 0: all there are */
    int image_size[2];         /* image folders: height and width that pictures are resized to; 0: 256 x 256 */
    const char *color_mode;    /* image folders: "rgb" (default), "grayscale" or "rgba" */
    const char *interpolation; /* image folders: "bilinear" (default) or "nearest" */
    bool crop_to_aspect_ratio; /* image folders: cut the middle instead of distorting */
    bool shuffle;              /* image folders: in a random order instead of class by class, ... */
    uint64_t seed;             /* ... so that the first or last rows hold something of every class */
    bool local_only;           /* never download */
    int connect_seconds;       /* limit on connecting; 0: 30 */
    int total_seconds;         /* limit on a download; 0: none */
    bool (*progress)(void *context, size_t done, size_t total); /* bytes so far and in all (0: unknown); false stops */
    void *context;
    cepa_table table;
} cepa_dataset_options;

/* Opens a data set by name ("cifar10", "cifar100", "mnist", "fashion_mnist", "shapes10", "penguins", "weather") or path
 * (a folder of CIFAR or IDX files, an archive of one, a folder with a sub-folder of pictures for each class, .npz,
 * .npy). A name is looked for under $CEPA_DATA, in Cepa's cache ($XDG_CACHE_HOME/cepa or ~/.cache/cepa), in
 * ~/.keras/datasets, ~/seaborn-data and the packages of R, then downloaded; of several copies in the first place that
 * has one, the whole one or else the largest is taken. *train gets the rows to learn from, *test the data set's own
 * test rows or NULL where it has none. options may be NULL. Shapes are Keras': pictures (height, width, channels) bytes
 * and labels (1) in CIFAR, (height, width) and () in MNIST; image folders have labels () and floats of 0 to 255 instead
 * of bytes where a picture had to be resized, and are read in the order of image_dataset_from_directory(shuffle=False);
 * their sub-folders train and test (or val, validation) are the two parts. Arrays of an .npz are called x and y, or x0,
 * x1 ... or x_NAME and y_NAME where there are several, and sample_weight; _train, _test or _val may follow. Where no
 * name is of that kind all are inputs, as is a lone .npy. A .csv or .tsv file is a table (cepa_table) of float32, whose
 * rows with missing values (NA, NaN, nothing, ...) are left out. */
CEPA_API cepa_status cepa_dataset_open(const char *source, const cepa_dataset_options *options, cepa_dataset **train,
                                       cepa_dataset **test, cepa_error *error);

/* The parts of a data set; those it does not have are NULL. */
typedef struct cepa_parts {
    cepa_dataset *train, *validation, *test;
} cepa_parts;

/* The same for data that are split into three parts. *parts is freed with cepa_parts_free. */
CEPA_API cepa_status cepa_dataset_open_parts(const char *source, const cepa_dataset_options *options, cepa_parts *parts,
                                             cepa_error *error);
/* Frees the parts that are there and makes them NULL; NULL is fine. */
CEPA_API void cepa_parts_free(cepa_parts *parts);

/* Opens CIFAR-10 as keras.datasets.cifar10.load_data() does; path NULL: search, else its folder or archive. */
static inline cepa_status cepa_load_cifar10(cepa_dataset **train, cepa_dataset **test, const char *path,
                                            cepa_error *error)
{
    return cepa_dataset_open(path ? path : "cifar10", NULL, train, test, error);
}

/* Makes a data set of the caller's own arrays, which it copies. inputs and targets are lists; targets may be empty;
 * sample_weight (rank 0, any type) may be NULL. */
CEPA_API cepa_status cepa_dataset_new(size_t rows, const cepa_array *inputs, size_t input_count,
                                      const cepa_array *targets, size_t target_count, const cepa_array *sample_weight,
                                      cepa_dataset **dataset, cepa_error *error);

/* Reads picture files (JPEG, PNG, BMP, GIF) as the rows of a data set without targets; options as for image folders. */
CEPA_API cepa_status cepa_dataset_pictures(const char *const *paths, size_t count, const cepa_dataset_options *options,
                                           cepa_dataset **dataset, cepa_error *error);

/* NULL is allowed. Rows that a part shares live on with it. */
CEPA_API void cepa_dataset_free(cepa_dataset *dataset);

/* Keeps the first n rows. Fails, and changes nothing, where there are fewer. */
CEPA_API cepa_status cepa_dataset_take(cepa_dataset *dataset, size_t n, cepa_error *error);

/* Cuts off the last rows into *tail, as Keras' validation_split does: the data set keeps the first
 * floor(rows * (1 - fraction)), 0 < fraction < 1. Fails where a part would be empty. */
CEPA_API cepa_status cepa_dataset_split(cepa_dataset *dataset, double fraction, cepa_dataset **tail, cepa_error *error);

/* Deals the rows out by chance, as scikit-learn's train_test_split(shuffle=True) does: ceil(rows * test_size) of them
 * into *test. Where there are classes, each has its share in both parts (stratify). Equal seeds give equal parts; the
 * order is not scikit-learn's. The parts are copies. */
CEPA_API cepa_status cepa_train_test_split(const cepa_dataset *dataset, double test_size, uint64_t seed,
                                           cepa_dataset **train, cepa_dataset **test, cepa_error *error);

/* Inputs reach a model as x * scale + offset, computed in double and rounded once; at first scale is 1 and offset 0.
 * cepa_dataset_scale sets the scale and an offset of 0, cepa_dataset_offset the offset alone. */
CEPA_API void cepa_dataset_scale(cepa_dataset *dataset, double scale);
CEPA_API void cepa_dataset_offset(cepa_dataset *dataset, double offset);

/* Copies some rows, in the order given, with the data set's scale and class names. */
CEPA_API cepa_status cepa_dataset_pick(const cepa_dataset *dataset, const size_t *rows, size_t count,
                                       cepa_dataset **picked, cepa_error *error);

/* The class of a row: its first target's label, or the largest number's place of a one-hot target (shares that add up
 * to 1); -1: it has none. */
CEPA_API int cepa_dataset_class(const cepa_dataset *dataset, size_t row);

/* What a data set holds. Strings and arrays belong to it; NULL where there is none. */
typedef struct cepa_dataset_info {
    const char *name;     /* "cifar10", or the last part of a path */
    const char *source;   /* the file or folder it came from, or "generated" */
    const char *citation; /* whom to cite and under which terms it may be used */
    size_t rows;
    size_t input_count, target_count;
    const cepa_array *inputs, *targets; /* from this part's first row on */
    const cepa_array *sample_weight;
    size_t class_count; /* 0: not a classification */
    const char *const *class_names;
    double scale, offset;
    const cepa_table *table; /* how a table was read, every input and target by its name; NULL: it is none */
    size_t incomplete;       /* rows of a table that were left out because something in them was missing */
    bool pixels;             /* the inputs are pixels of 0 to 255: bytes, or floats where pictures were resized */
    char sha256[65];         /* of the rows' bytes (inputs, then targets); computed when asked for, "" before */
} cepa_dataset_info;

/* Belongs to the data set and follows what is done to it. */
CEPA_API const cepa_dataset_info *cepa_dataset_describe(const cepa_dataset *dataset);

/* Computes info->sha256, the name under which a run remembers its data. */
CEPA_API cepa_status cepa_dataset_hash(cepa_dataset *dataset, cepa_error *error);

/* A number of an array, whatever its type: the one with this index, all rows counted through. */
CEPA_API double cepa_array_number(const cepa_array *array, size_t index);

/* Smallest and largest number of an array over the data set's rows. */
CEPA_API void cepa_dataset_range(const cepa_dataset *dataset, const cepa_array *array, double *low, double *high);

/* The data sets that have a name. */
typedef struct cepa_known_dataset {
    const char *name, *title, *citation;
    const char *obtain; /* how a person gets it, where it is neither generated nor downloaded */
    const char *url;    /* NULL: generated, or not downloaded */
    const char *sha256; /* of the file behind the url; NULL: not published */
    bool generated;
    size_t train_rows, test_rows; /* of the whole data set; 0: of a table as it is split */
} cepa_known_dataset;

/* The table of them, *count entries; it lives as long as the program. */
CEPA_API const cepa_known_dataset *cepa_known_datasets(size_t *count);

/* Finds the copy that opening a data set by name takes: writes its folder or file into path (truncated to size), or "".
 * Rows are read only where several copies lie side by side. */
CEPA_API cepa_status cepa_dataset_locate(const char *name, char *path, size_t size, cepa_error *error);

/* Downloads a named data set into the cache: verifies TLS and the SHA-256, resumes a download that was cut, unpacks.
 * url NULL: the published address; otherwise a mirror of the same file. path gets the folder it was unpacked into. */
CEPA_API cepa_status cepa_dataset_fetch(const char *name, const char *url, const cepa_dataset_options *options,
                                        char *path, size_t size, cepa_error *error);

/* ---- Graphs and tensors ------------------------------------------------------------------------------------------ */

/* Owns layers, the calls that connect them, their weights, and the models on it. */
typedef struct cepa_graph cepa_graph;
typedef struct cepa_model cepa_model;

/* A value in a graph: what a layer's call gives. Passed by value; valid while its graph lives. */
typedef struct cepa_tensor {
    cepa_graph *graph;
    int id; /* 0: no tensor, or one whose call failed */
} cepa_tensor;

/* An empty graph; NULL where memory is exhausted. Initial weights are drawn from the seed, each from its own stream
 * named after layer and weight: adding a layer leaves the others' values alone. Automatic names (conv2d, conv2d_1, ...)
 * count from the start in each graph; style "keras2" numbers inputs from input_1 and names models as Keras 2 does, NULL
 * or "keras3" as Keras 3. */
CEPA_API cepa_graph *cepa_graph_new_styled(uint64_t seed, const char *style);
#define cepa_graph_new() cepa_graph_new_styled(0, NULL)

/* Frees the graph and every model on it. */
CEPA_API void cepa_graph_free(cepa_graph *graph);

/* The first thing that failed on this graph; status CEPA_OK where nothing did. */
CEPA_API const cepa_error *cepa_graph_error(const cepa_graph *graph);

/* Writes the tensor's shape without the batch (CEPA_UNKNOWN where a size is not known) and gives its rank; 0 axes or an
 * invalid tensor: 0. */
CEPA_API size_t cepa_tensor_shape(cepa_tensor tensor, int shape[CEPA_MAX_RANK]);

/* ---- Layers -------------------------------------------------------------------------------------------------------
 * cepa_NAME(input, .argument = ...) makes a layer, calls it on the input and gives its output. */

/* What every layer takes, at the start of its options. */
#define CEPA_LAYER_OPTIONS                                                                                             \
    cepa_tensor input;   /* what the layer is called on */                                                             \
    const char *name;    /* NULL: class name in snake case with a number */                                            \
    cepa_flag trainable; /* default true; acts at compile */

/* The same of layers with several inputs, and what Dense and the convolutions take. */
#define CEPA_MERGE_OPTIONS                                                                                             \
    cepa_tensor inputs[CEPA_MAX_INPUTS];                                                                               \
    const char *name;                                                                                                  \
    cepa_flag trainable;

#define CEPA_KERNEL_OPTIONS                                                                                            \
    const char *activation;                                                   /* default linear */                     \
    cepa_flag use_bias;                                                       /* default true */                       \
    const char *kernel_initializer;                                           /* default glorot_uniform */             \
    const char *bias_initializer;                                             /* default zeros */                      \
    const char *kernel_regularizer, *bias_regularizer, *activity_regularizer; /* default none */                       \
    const char *kernel_constraint, *bias_constraint;                          /* default none */

typedef struct cepa_input_options {
    cepa_graph *graph;
    int shape[CEPA_MAX_RANK]; /* without the batch; ends at the first 0; CEPA_UNKNOWN for None */
    const char *name;
} cepa_input_options;

typedef struct cepa_rescaling_options {
    CEPA_LAYER_OPTIONS
    double scale[16]; /* required; one number, or one for each channel */
    double offset[16];
} cepa_rescaling_options;

typedef struct cepa_normalization_options {
    CEPA_LAYER_OPTIONS
    int axis[CEPA_MAX_RANK]; /* whose entries have a mean and a variance each; default {-1} */
    cepa_numbers mean;       /* one, or one for each entry of the last of these axes; default: those of the file */
    cepa_numbers variance;   /* as many */
    bool invert;             /* back from normalized numbers */
} cepa_normalization_options;

typedef struct cepa_embedding_options {
    CEPA_LAYER_OPTIONS
    int input_dim;                      /* required: the inputs are 0 ... input_dim - 1 */
    int output_dim;                     /* required: numbers that stand for each */
    const char *embeddings_initializer; /* default uniform */
    const char *embeddings_regularizer, *activity_regularizer, *embeddings_constraint;
} cepa_embedding_options;

typedef struct cepa_conv2d_options {
    CEPA_LAYER_OPTIONS
    int filters;          /* required */
    int kernel_size[2];   /* required: height, width; {3} is {3, 3} */
    int strides[2];       /* default 1 */
    const char *padding;  /* "valid" (default) or "same" */
    int dilation_rate[2]; /* default 1 */
    int groups;           /* default 1 */
    CEPA_KERNEL_OPTIONS
} cepa_conv2d_options;

typedef struct cepa_conv3d_options {
    CEPA_LAYER_OPTIONS
    int filters;          /* required */
    int kernel_size[3];   /* required: depth, height, width; {3} is {3, 3, 3} */
    int strides[3];       /* default 1 */
    const char *padding;  /* "valid" (default) or "same" */
    int dilation_rate[3]; /* default 1 */
    int groups;           /* default 1 */
    CEPA_KERNEL_OPTIONS
} cepa_conv3d_options;

typedef struct cepa_conv1d_options {
    CEPA_LAYER_OPTIONS
    int filters;          /* required */
    int kernel_size[1];   /* required: steps */
    int strides[1];       /* default 1 */
    const char *padding;  /* "valid" (default), "same" or "causal" */
    int dilation_rate[1]; /* default 1 */
    int groups;           /* default 1 */
    CEPA_KERNEL_OPTIONS
} cepa_conv1d_options;

typedef struct cepa_depthwise_conv2d_options {
    CEPA_LAYER_OPTIONS
    int kernel_size[2];                                   /* required */
    int strides[2];                                       /* default 1 */
    const char *padding;                                  /* "valid" (default) or "same" */
    int depth_multiplier;                                 /* filters for each channel; default 1 */
    int dilation_rate[2];                                 /* default 1 */
    const char *activation;                               /* default linear */
    cepa_flag use_bias;                                   /* default true */
    const char *depthwise_initializer, *bias_initializer; /* default glorot_uniform, zeros */
    const char *depthwise_regularizer, *bias_regularizer, *activity_regularizer;
    const char *depthwise_constraint, *bias_constraint;
} cepa_depthwise_conv2d_options;

typedef struct cepa_depthwise_conv1d_options {
    CEPA_LAYER_OPTIONS
    int kernel_size[1];                                   /* required */
    int strides[1];                                       /* default 1 */
    const char *padding;                                  /* "valid" (default) or "same" */
    int depth_multiplier;                                 /* filters for each channel; default 1 */
    int dilation_rate[1];                                 /* default 1 */
    const char *activation;                               /* default linear */
    cepa_flag use_bias;                                   /* default true */
    const char *depthwise_initializer, *bias_initializer; /* default glorot_uniform, zeros */
    const char *depthwise_regularizer, *bias_regularizer, *activity_regularizer;
    const char *depthwise_constraint, *bias_constraint;
} cepa_depthwise_conv1d_options;

typedef struct cepa_separable_conv2d_options {
    CEPA_LAYER_OPTIONS
    int filters;                                                                  /* required */
    int kernel_size[2];                                                           /* required */
    int strides[2];                                                               /* default 1 */
    const char *padding;                                                          /* "valid" (default) or "same" */
    int dilation_rate[2];                                                         /* default 1 */
    int depth_multiplier;                                                         /* default 1 */
    const char *activation;                                                       /* default linear */
    cepa_flag use_bias;                                                           /* default true */
    const char *depthwise_initializer, *pointwise_initializer, *bias_initializer; /* glorot_uniform twice, zeros */
    const char *depthwise_regularizer, *pointwise_regularizer, *bias_regularizer, *activity_regularizer;
    const char *depthwise_constraint, *pointwise_constraint, *bias_constraint;
} cepa_separable_conv2d_options;

typedef struct cepa_separable_conv1d_options {
    CEPA_LAYER_OPTIONS
    int filters;                                                                  /* required */
    int kernel_size[1];                                                           /* required */
    int strides[1];                                                               /* default 1 */
    const char *padding;                                                          /* "valid" (default) or "same" */
    int dilation_rate[1];                                                         /* default 1 */
    int depth_multiplier;                                                         /* default 1 */
    const char *activation;                                                       /* default linear */
    cepa_flag use_bias;                                                           /* default true */
    const char *depthwise_initializer, *pointwise_initializer, *bias_initializer; /* glorot_uniform twice, zeros */
    const char *depthwise_regularizer, *pointwise_regularizer, *bias_regularizer, *activity_regularizer;
    const char *depthwise_constraint, *pointwise_constraint, *bias_constraint;
} cepa_separable_conv1d_options;

typedef struct cepa_conv2d_transpose_options {
    CEPA_LAYER_OPTIONS
    int filters;           /* required */
    int kernel_size[2];    /* required */
    int strides[2];        /* default 1 */
    const char *padding;   /* "valid" (default) or "same" */
    int output_padding[2]; /* one more than Keras' output_padding; default: None */
    int dilation_rate[2];  /* default 1 */
    CEPA_KERNEL_OPTIONS
} cepa_conv2d_transpose_options;

typedef struct cepa_conv3d_transpose_options {
    CEPA_LAYER_OPTIONS
    int filters;           /* required */
    int kernel_size[3];    /* required */
    int strides[3];        /* default 1 */
    const char *padding;   /* "valid" (default) or "same" */
    int output_padding[3]; /* one more than Keras' output_padding; default: None */
    int dilation_rate[3];  /* default 1 */
    CEPA_KERNEL_OPTIONS
} cepa_conv3d_transpose_options;

typedef struct cepa_conv1d_transpose_options {
    CEPA_LAYER_OPTIONS
    int filters;           /* required */
    int kernel_size[1];    /* required */
    int strides[1];        /* default 1 */
    const char *padding;   /* "valid" (default) or "same" */
    int output_padding[1]; /* one more than Keras' output_padding; default: None */
    int dilation_rate[1];  /* default 1 */
    CEPA_KERNEL_OPTIONS
} cepa_conv1d_transpose_options;

typedef struct cepa_dense_options {
    CEPA_LAYER_OPTIONS
    int units; /* required */
    CEPA_KERNEL_OPTIONS
} cepa_dense_options;

typedef struct cepa_pooling2d_options {
    CEPA_LAYER_OPTIONS
    int pool_size[2];    /* default 2 */
    int strides[2];      /* default pool_size */
    const char *padding; /* "valid" (default) or "same" */
} cepa_pooling2d_options;

typedef struct cepa_pooling3d_options {
    CEPA_LAYER_OPTIONS
    int pool_size[3];    /* default 2 */
    int strides[3];      /* default pool_size */
    const char *padding; /* "valid" (default) or "same" */
} cepa_pooling3d_options;

typedef struct cepa_pooling1d_options {
    CEPA_LAYER_OPTIONS
    int pool_size[1];    /* default 2 */
    int strides[1];      /* default pool_size */
    const char *padding; /* "valid" (default) or "same" */
} cepa_pooling1d_options;

typedef struct cepa_global_pooling_options {
    CEPA_LAYER_OPTIONS
    bool keepdims;
} cepa_global_pooling_options;

typedef struct cepa_zero_padding1d_options {
    CEPA_LAYER_OPTIONS
    int padding[2]; /* before and after the steps; default {1, 1} */
} cepa_zero_padding1d_options;

typedef struct cepa_zero_padding2d_options {
    CEPA_LAYER_OPTIONS
    int padding[2][2]; /* {top, bottom}, {left, right}; default {{1, 1}, {1, 1}} */
} cepa_zero_padding2d_options;

typedef struct cepa_zero_padding3d_options {
    CEPA_LAYER_OPTIONS
    int padding[3][2]; /* {before, after} of depth, height and width; default 1 */
} cepa_zero_padding3d_options;

typedef struct cepa_cropping1d_options {
    CEPA_LAYER_OPTIONS
    int cropping[2]; /* before and after the steps; default {1, 1} */
} cepa_cropping1d_options;

typedef struct cepa_cropping2d_options {
    CEPA_LAYER_OPTIONS
    int cropping[2][2]; /* {top, bottom}, {left, right} */
} cepa_cropping2d_options;

typedef struct cepa_cropping3d_options {
    CEPA_LAYER_OPTIONS
    int cropping[3][2]; /* {before, after} of depth, height and width; default 1 */
} cepa_cropping3d_options;

typedef struct cepa_up_sampling1d_options {
    CEPA_LAYER_OPTIONS
    int size[1]; /* default 2 */
} cepa_up_sampling1d_options;

typedef struct cepa_up_sampling2d_options {
    CEPA_LAYER_OPTIONS
    int size[2];               /* default 2 */
    const char *interpolation; /* "nearest" (default) or another of Resizing's */
} cepa_up_sampling2d_options;

typedef struct cepa_up_sampling3d_options {
    CEPA_LAYER_OPTIONS
    int size[3]; /* default 2 */
} cepa_up_sampling3d_options;

typedef struct cepa_resizing_options {
    CEPA_LAYER_OPTIONS
    int height, width;         /* required */
    const char *interpolation; /* "bilinear" (default), "nearest", "bicubic", "lanczos3", "lanczos5" or "area" */
    bool crop_to_aspect_ratio; /* cut the middle instead of distorting */
    bool pad_to_aspect_ratio;  /* put edges around instead */
    double fill_value;         /* of those edges */
    bool antialias;            /* of smaller pictures: every pixel counts */
} cepa_resizing_options;

typedef struct cepa_center_crop_options {
    CEPA_LAYER_OPTIONS
    int height, width; /* required; a picture that is smaller in either is resized as by Resizing, its middle kept */
} cepa_center_crop_options;

typedef struct cepa_repeat_vector_options {
    CEPA_LAYER_OPTIONS
    int n; /* required */
} cepa_repeat_vector_options;

typedef struct cepa_permute_options {
    CEPA_LAYER_OPTIONS
    int dims[CEPA_MAX_RANK]; /* required: the input's axes, which count from 1, in their new order */
} cepa_permute_options;

typedef struct cepa_identity_options {
    CEPA_LAYER_OPTIONS
} cepa_identity_options;

typedef struct cepa_flatten_options {
    CEPA_LAYER_OPTIONS
} cepa_flatten_options;

typedef struct cepa_reshape_options {
    CEPA_LAYER_OPTIONS
    int target_shape[CEPA_MAX_RANK]; /* required; one size may be -1 */
} cepa_reshape_options;

typedef struct cepa_dropout_options {
    CEPA_LAYER_OPTIONS
    double rate;                        /* required, 0 ... 1 */
    int noise_shape[CEPA_MAX_RANK + 1]; /* with the batch axis in front; 0: an axis draws for itself, 1: shares */
    int64_t seed;                       /* 0: the run's seed */
} cepa_dropout_options;

typedef struct cepa_spatial_dropout_options {
    CEPA_LAYER_OPTIONS
    double rate;  /* required, 0 ... 1 */
    int64_t seed; /* 0: the run's seed */
} cepa_spatial_dropout_options;

typedef struct cepa_batch_normalization_options {
    CEPA_LAYER_OPTIONS
    int axis;         /* default -1, the channels */
    double momentum;  /* default 0.99 */
    double epsilon;   /* default 0.001 */
    cepa_flag center; /* default true */
    cepa_flag scale;  /* default true */
    const char *beta_initializer, *gamma_initializer, *moving_mean_initializer, *moving_variance_initializer;
    const char *beta_regularizer, *gamma_regularizer, *beta_constraint, *gamma_constraint;
} cepa_batch_normalization_options;

#define CEPA_GAMMA_BETA_OPTIONS                                                                                        \
    cepa_flag center, scale;                                                               /* default true */          \
    const char *beta_initializer, *gamma_initializer;                                      /* default zeros, ones */   \
    const char *beta_regularizer, *gamma_regularizer, *beta_constraint, *gamma_constraint; /* default none */

typedef struct cepa_layer_normalization_options {
    CEPA_LAYER_OPTIONS
    int axis[CEPA_MAX_RANK]; /* default {-1} */
    double epsilon;          /* default 0.001 */
    CEPA_GAMMA_BETA_OPTIONS
} cepa_layer_normalization_options;

typedef struct cepa_group_normalization_options {
    CEPA_LAYER_OPTIONS
    int groups;     /* default 32; -1: each channel by itself */
    int axis;       /* of the channels; default -1 */
    double epsilon; /* default 0.001 */
    CEPA_GAMMA_BETA_OPTIONS
} cepa_group_normalization_options;

typedef struct cepa_rms_normalization_options {
    CEPA_LAYER_OPTIONS
    int axis[CEPA_MAX_RANK]; /* default {-1} */
    double epsilon;          /* default 0.000001 */
} cepa_rms_normalization_options;

typedef struct cepa_unit_normalization_options {
    CEPA_LAYER_OPTIONS
    int axis[CEPA_MAX_RANK]; /* default {-1} */
} cepa_unit_normalization_options;

typedef struct cepa_gaussian_noise_options {
    CEPA_LAYER_OPTIONS
    double stddev; /* required, 0 ... 1 */
    int64_t seed;  /* 0: the run's seed */
} cepa_gaussian_noise_options;

typedef struct cepa_gaussian_dropout_options {
    CEPA_LAYER_OPTIONS
    double rate; /* required, 0 ... below 1 */
    int64_t seed;
} cepa_gaussian_dropout_options;

typedef struct cepa_random_crop_options {
    CEPA_LAYER_OPTIONS
    int height, width; /* required; in inference, and where a picture is smaller in either, its middle is resized */
    int64_t seed;      /* 0: the run's seed */
} cepa_random_crop_options;

/* Pictures changed by chance in training. A factor is a number f, which stands for -f ... f, or low and high. */
typedef struct cepa_random_flip_options {
    CEPA_LAYER_OPTIONS
    const char *mode; /* "horizontal_and_vertical" (default), "horizontal" or "vertical" */
    int64_t seed;     /* 0: the run's seed */
} cepa_random_flip_options;

#define CEPA_SAMPLING_OPTIONS                                                                                          \
    const char *fill_mode;     /* beyond the edges: "reflect" (default), "wrap", "nearest" or "constant" */            \
    const char *interpolation; /* "bilinear" (default) or "nearest" */                                                 \
    int64_t seed;                                                                                                      \
    double fill_value; /* of "constant" */

typedef struct cepa_random_translation_options {
    CEPA_LAYER_OPTIONS
    double height_factor[2], width_factor[2]; /* required: parts of the size, down and to the right */
    CEPA_SAMPLING_OPTIONS
} cepa_random_translation_options;

typedef struct cepa_random_rotation_options {
    CEPA_LAYER_OPTIONS
    double factor[2]; /* required: parts of a whole turn, counter-clockwise */
    CEPA_SAMPLING_OPTIONS
} cepa_random_rotation_options;

typedef struct cepa_random_zoom_options {
    CEPA_LAYER_OPTIONS
    double height_factor[2]; /* required: out where it is above 0 */
    double width_factor[2];  /* default: as the height */
    CEPA_SAMPLING_OPTIONS
} cepa_random_zoom_options;

typedef struct cepa_random_light_options { /* of RandomBrightness and RandomContrast */
    CEPA_LAYER_OPTIONS
    double factor[2];      /* required; of a contrast f stands for 0 ... f, and low, high for 1 - low ... 1 + high */
    double value_range[2]; /* of a pixel; default {0, 255} */
    int64_t seed;
} cepa_random_light_options;

typedef struct cepa_activation_options {
    CEPA_LAYER_OPTIONS
    const char *activation; /* required */
} cepa_activation_options;

typedef struct cepa_relu_options {
    CEPA_LAYER_OPTIONS
    double max_value; /* default none */
    double negative_slope;
    double threshold;
} cepa_relu_options;

typedef struct cepa_leaky_relu_options {
    CEPA_LAYER_OPTIONS
    double negative_slope; /* default 0.3 */
} cepa_leaky_relu_options;

typedef struct cepa_prelu_options {
    CEPA_LAYER_OPTIONS
    const char *alpha_initializer; /* default zeros */
    const char *alpha_regularizer, *alpha_constraint;
    int shared_axes[CEPA_MAX_RANK]; /* along which alpha is the same; default none */
} cepa_prelu_options;

typedef struct cepa_elu_options {
    CEPA_LAYER_OPTIONS
    double alpha; /* default 1 */
} cepa_elu_options;

typedef struct cepa_softmax_options {
    CEPA_LAYER_OPTIONS
    int axis[CEPA_MAX_RANK]; /* default {-1} */
} cepa_softmax_options;

typedef struct cepa_activity_regularization_options {
    CEPA_LAYER_OPTIONS
    double l1, l2;
} cepa_activity_regularization_options;

typedef struct cepa_merge_options {
    CEPA_MERGE_OPTIONS
} cepa_merge_options;

typedef struct cepa_concatenate_options {
    CEPA_MERGE_OPTIONS
    int axis; /* default -1 */
} cepa_concatenate_options;

typedef struct cepa_dot_options {
    CEPA_MERGE_OPTIONS
    int axes[2];    /* required: the axis of each that is summed over, the batch counted; {1} is {1, 1} */
    bool normalize; /* of vectors of length 1: the cosine */
} cepa_dot_options;

/* The real function behind the macros: makes a layer of a Keras class from its options and calls it. */
CEPA_API cepa_tensor cepa_layer(const char *class_name, const void *options);

#define cepa_input(...)             cepa_layer("InputLayer", &(cepa_input_options){.graph = __VA_ARGS__})
#define cepa_rescaling(...)         cepa_layer("Rescaling", &(cepa_rescaling_options){.input = __VA_ARGS__})
#define cepa_normalization(...)     cepa_layer("Normalization", &(cepa_normalization_options){.input = __VA_ARGS__})
#define cepa_embedding(...)         cepa_layer("Embedding", &(cepa_embedding_options){.input = __VA_ARGS__})
#define cepa_conv2d(...)            cepa_layer("Conv2D", &(cepa_conv2d_options){.input = __VA_ARGS__})
#define cepa_conv3d(...)            cepa_layer("Conv3D", &(cepa_conv3d_options){.input = __VA_ARGS__})
#define cepa_conv1d(...)            cepa_layer("Conv1D", &(cepa_conv1d_options){.input = __VA_ARGS__})
#define cepa_depthwise_conv1d(...)  cepa_layer("DepthwiseConv1D", &(cepa_depthwise_conv1d_options){.input = __VA_ARGS__})
#define cepa_depthwise_conv2d(...)  cepa_layer("DepthwiseConv2D", &(cepa_depthwise_conv2d_options){.input = __VA_ARGS__})
#define cepa_separable_conv1d(...)  cepa_layer("SeparableConv1D", &(cepa_separable_conv1d_options){.input = __VA_ARGS__})
#define cepa_separable_conv2d(...)  cepa_layer("SeparableConv2D", &(cepa_separable_conv2d_options){.input = __VA_ARGS__})
#define cepa_conv1d_transpose(...)  cepa_layer("Conv1DTranspose", &(cepa_conv1d_transpose_options){.input = __VA_ARGS__})
#define cepa_conv2d_transpose(...)  cepa_layer("Conv2DTranspose", &(cepa_conv2d_transpose_options){.input = __VA_ARGS__})
#define cepa_conv3d_transpose(...)  cepa_layer("Conv3DTranspose", &(cepa_conv3d_transpose_options){.input = __VA_ARGS__})
#define cepa_dense(...)             cepa_layer("Dense", &(cepa_dense_options){.input = __VA_ARGS__})
#define cepa_max_pooling2d(...)     cepa_layer("MaxPooling2D", &(cepa_pooling2d_options){.input = __VA_ARGS__})
#define cepa_max_pooling3d(...)     cepa_layer("MaxPooling3D", &(cepa_pooling3d_options){.input = __VA_ARGS__})
#define cepa_average_pooling2d(...) cepa_layer("AveragePooling2D", &(cepa_pooling2d_options){.input = __VA_ARGS__})
#define cepa_average_pooling3d(...) cepa_layer("AveragePooling3D", &(cepa_pooling3d_options){.input = __VA_ARGS__})
#define cepa_max_pooling1d(...)     cepa_layer("MaxPooling1D", &(cepa_pooling1d_options){.input = __VA_ARGS__})
#define cepa_average_pooling1d(...) cepa_layer("AveragePooling1D", &(cepa_pooling1d_options){.input = __VA_ARGS__})
#define cepa_global_max_pooling2d(...)                                                                                 \
    cepa_layer("GlobalMaxPooling2D", &(cepa_global_pooling_options){.input = __VA_ARGS__})
#define cepa_global_max_pooling3d(...)                                                                                 \
    cepa_layer("GlobalMaxPooling3D", &(cepa_global_pooling_options){.input = __VA_ARGS__})
#define cepa_global_average_pooling2d(...)                                                                             \
    cepa_layer("GlobalAveragePooling2D", &(cepa_global_pooling_options){.input = __VA_ARGS__})
#define cepa_global_average_pooling3d(...)                                                                             \
    cepa_layer("GlobalAveragePooling3D", &(cepa_global_pooling_options){.input = __VA_ARGS__})
#define cepa_global_max_pooling1d(...)                                                                                 \
    cepa_layer("GlobalMaxPooling1D", &(cepa_global_pooling_options){.input = __VA_ARGS__})
#define cepa_global_average_pooling1d(...)                                                                             \
    cepa_layer("GlobalAveragePooling1D", &(cepa_global_pooling_options){.input = __VA_ARGS__})
#define cepa_zero_padding1d(...) cepa_layer("ZeroPadding1D", &(cepa_zero_padding1d_options){.input = __VA_ARGS__})
#define cepa_zero_padding2d(...) cepa_layer("ZeroPadding2D", &(cepa_zero_padding2d_options){.input = __VA_ARGS__})
#define cepa_zero_padding3d(...) cepa_layer("ZeroPadding3D", &(cepa_zero_padding3d_options){.input = __VA_ARGS__})
#define cepa_cropping1d(...)     cepa_layer("Cropping1D", &(cepa_cropping1d_options){.input = __VA_ARGS__})
#define cepa_cropping2d(...)     cepa_layer("Cropping2D", &(cepa_cropping2d_options){.input = __VA_ARGS__})
#define cepa_cropping3d(...)     cepa_layer("Cropping3D", &(cepa_cropping3d_options){.input = __VA_ARGS__})
#define cepa_up_sampling1d(...)  cepa_layer("UpSampling1D", &(cepa_up_sampling1d_options){.input = __VA_ARGS__})
#define cepa_up_sampling2d(...)  cepa_layer("UpSampling2D", &(cepa_up_sampling2d_options){.input = __VA_ARGS__})
#define cepa_up_sampling3d(...)  cepa_layer("UpSampling3D", &(cepa_up_sampling3d_options){.input = __VA_ARGS__})
#define cepa_resizing(...)       cepa_layer("Resizing", &(cepa_resizing_options){.input = __VA_ARGS__})
#define cepa_center_crop(...)    cepa_layer("CenterCrop", &(cepa_center_crop_options){.input = __VA_ARGS__})
#define cepa_repeat_vector(...)  cepa_layer("RepeatVector", &(cepa_repeat_vector_options){.input = __VA_ARGS__})
#define cepa_permute(...)        cepa_layer("Permute", &(cepa_permute_options){.input = __VA_ARGS__})
#define cepa_identity(...)       cepa_layer("Identity", &(cepa_identity_options){.input = __VA_ARGS__})
#define cepa_flatten(...)        cepa_layer("Flatten", &(cepa_flatten_options){.input = __VA_ARGS__})
#define cepa_reshape(...)        cepa_layer("Reshape", &(cepa_reshape_options){.input = __VA_ARGS__})
#define cepa_dropout(...)        cepa_layer("Dropout", &(cepa_dropout_options){.input = __VA_ARGS__})
#define cepa_alpha_dropout(...)  cepa_layer("AlphaDropout", &(cepa_dropout_options){.input = __VA_ARGS__})
#define cepa_spatial_dropout1d(...)                                                                                    \
    cepa_layer("SpatialDropout1D", &(cepa_spatial_dropout_options){.input = __VA_ARGS__})
#define cepa_spatial_dropout2d(...)                                                                                    \
    cepa_layer("SpatialDropout2D", &(cepa_spatial_dropout_options){.input = __VA_ARGS__})
#define cepa_spatial_dropout3d(...)                                                                                    \
    cepa_layer("SpatialDropout3D", &(cepa_spatial_dropout_options){.input = __VA_ARGS__})
#define cepa_batch_normalization(...)                                                                                  \
    cepa_layer("BatchNormalization", &(cepa_batch_normalization_options){.input = __VA_ARGS__})
#define cepa_layer_normalization(...)                                                                                  \
    cepa_layer("LayerNormalization", &(cepa_layer_normalization_options){.input = __VA_ARGS__})
#define cepa_group_normalization(...)                                                                                  \
    cepa_layer("GroupNormalization", &(cepa_group_normalization_options){.input = __VA_ARGS__})
#define cepa_rms_normalization(...)                                                                                    \
    cepa_layer("RMSNormalization", &(cepa_rms_normalization_options){.input = __VA_ARGS__})
#define cepa_unit_normalization(...)                                                                                   \
    cepa_layer("UnitNormalization", &(cepa_unit_normalization_options){.input = __VA_ARGS__})
#define cepa_gaussian_noise(...)   cepa_layer("GaussianNoise", &(cepa_gaussian_noise_options){.input = __VA_ARGS__})
#define cepa_gaussian_dropout(...) cepa_layer("GaussianDropout", &(cepa_gaussian_dropout_options){.input = __VA_ARGS__})
#define cepa_random_crop(...)      cepa_layer("RandomCrop", &(cepa_random_crop_options){.input = __VA_ARGS__})
#define cepa_random_flip(...)      cepa_layer("RandomFlip", &(cepa_random_flip_options){.input = __VA_ARGS__})
#define cepa_random_translation(...)                                                                                   \
    cepa_layer("RandomTranslation", &(cepa_random_translation_options){.input = __VA_ARGS__})
#define cepa_random_rotation(...)   cepa_layer("RandomRotation", &(cepa_random_rotation_options){.input = __VA_ARGS__})
#define cepa_random_zoom(...)       cepa_layer("RandomZoom", &(cepa_random_zoom_options){.input = __VA_ARGS__})
#define cepa_random_brightness(...) cepa_layer("RandomBrightness", &(cepa_random_light_options){.input = __VA_ARGS__})
#define cepa_random_contrast(...)   cepa_layer("RandomContrast", &(cepa_random_light_options){.input = __VA_ARGS__})
#define cepa_activation(...)        cepa_layer("Activation", &(cepa_activation_options){.input = __VA_ARGS__})
#define cepa_relu(...)              cepa_layer("ReLU", &(cepa_relu_options){.input = __VA_ARGS__})
#define cepa_leaky_relu(...)        cepa_layer("LeakyReLU", &(cepa_leaky_relu_options){.input = __VA_ARGS__})
#define cepa_prelu(...)             cepa_layer("PReLU", &(cepa_prelu_options){.input = __VA_ARGS__})
#define cepa_elu(...)               cepa_layer("ELU", &(cepa_elu_options){.input = __VA_ARGS__})
#define cepa_softmax(...)           cepa_layer("Softmax", &(cepa_softmax_options){.input = __VA_ARGS__})
#define cepa_activity_regularization(...)                                                                              \
    cepa_layer("ActivityRegularization", &(cepa_activity_regularization_options){.input = __VA_ARGS__})
#define cepa_add(...)         cepa_layer("Add", &(cepa_merge_options){.inputs = __VA_ARGS__}) /* cepa_add({a, b}) */
#define cepa_subtract(...)    cepa_layer("Subtract", &(cepa_merge_options){.inputs = __VA_ARGS__})
#define cepa_multiply(...)    cepa_layer("Multiply", &(cepa_merge_options){.inputs = __VA_ARGS__})
#define cepa_average(...)     cepa_layer("Average", &(cepa_merge_options){.inputs = __VA_ARGS__})
#define cepa_maximum(...)     cepa_layer("Maximum", &(cepa_merge_options){.inputs = __VA_ARGS__})
#define cepa_minimum(...)     cepa_layer("Minimum", &(cepa_merge_options){.inputs = __VA_ARGS__})
#define cepa_concatenate(...) cepa_layer("Concatenate", &(cepa_concatenate_options){.inputs = __VA_ARGS__})
#define cepa_dot(...)         cepa_layer("Dot", &(cepa_dot_options){.inputs = __VA_ARGS__})

/* Calls once more the layer that made a tensor, on another input: a shared layer. */
CEPA_API cepa_tensor cepa_call_again(cepa_tensor made_by, cepa_tensor input);

/* ---- Models ------------------------------------------------------------------------------------------------------ */

typedef struct cepa_model_options {
    cepa_tensor inputs[CEPA_MAX_INPUTS], outputs[CEPA_MAX_INPUTS]; /* each ends at the first that is empty */
    const char *name;
} cepa_model_options;

/* A model from inputs to outputs on their graph, which owns it. Several models may share layers. NULL only where the
 * graph itself could not be made; otherwise a model that carries the error. */
CEPA_API cepa_model *cepa_model_new_with(const cepa_model_options *options);
#define cepa_model_new(...) cepa_model_new_with(&(cepa_model_options){__VA_ARGS__})

/* The first thing that failed, in building this model's graph or in a later call on the model. */
CEPA_API cepa_status cepa_model_status(const cepa_model *model);
CEPA_API const cepa_error *cepa_model_error(const cepa_model *model);

/* The graph a model stands on: freeing it frees the model. */
CEPA_API cepa_graph *cepa_model_graph(const cepa_model *model);

/* One of a table's members with its options: an optimizer, a loss, a metric. {"adam"} has Keras' defaults. In a list
 * each has braces of its own: .metrics = {{"accuracy"}, {"mse"}}; without them C takes the second text for options. */
typedef struct cepa_choice {
    const char *name;
    const void *options; /* the member's options struct, or NULL */
} cepa_choice;

/* Lets a macro put a member in front of a list that may be empty; always 0. */
#define CEPA_LIST_START              int list_start;
#define CEPA_CHOICE(name, type, ...) ((cepa_choice){(name), &(type){.list_start = 0, __VA_ARGS__}})

#define CEPA_OPTIMIZER_OPTIONS                                                                                         \
    CEPA_LIST_START                                                                                                    \
    const char *name;                                                                                                  \
    double learning_rate;                        /* default: the optimizer's own */                                    \
    const char *learning_rate_schedule;          /* instead of a number: "ExponentialDecay(0.01, 1000, 0.9)" */        \
    double weight_decay;                         /* default none */                                                    \
    double clipnorm, clipvalue, global_clipnorm; /* default none; at most one */                                       \
    bool use_ema;                                /* average the weights, and leave the averages when fit ends */       \
    double ema_momentum;                         /* default 0.99 */                                                    \
    int ema_overwrite_frequency;     /* also put the averages in place every so many steps; default never */           \
    double loss_scale_factor;        /* default none */                                                                \
    int gradient_accumulation_steps; /* at least 2: change the weights once in so many steps; default none */

typedef struct cepa_sgd_options {
    CEPA_OPTIMIZER_OPTIONS
    double momentum;
    bool nesterov;
} cepa_sgd_options;

typedef struct cepa_adam_options {
    CEPA_OPTIMIZER_OPTIONS
    double beta_1, beta_2, epsilon; /* defaults 0.9, 0.999, 1e-7 */
    bool amsgrad;
} cepa_adam_options; /* also of AdamW, whose weight_decay is 0.004 by default */

typedef struct cepa_rmsprop_options {
    CEPA_OPTIMIZER_OPTIONS
    double rho, momentum, epsilon; /* defaults 0.9, 0, 1e-7 */
    bool centered;
} cepa_rmsprop_options;

typedef struct cepa_adagrad_options {
    CEPA_OPTIMIZER_OPTIONS
    double initial_accumulator_value, epsilon; /* defaults 0.1, 1e-7 */
} cepa_adagrad_options;

typedef struct cepa_adadelta_options {
    CEPA_OPTIMIZER_OPTIONS
    double rho, epsilon; /* defaults 0.95, 1e-7 */
} cepa_adadelta_options;

typedef struct cepa_adamax_options {
    CEPA_OPTIMIZER_OPTIONS
    double beta_1, beta_2, epsilon; /* defaults 0.9, 0.999, 1e-7 */
} cepa_adamax_options;              /* also of Nadam and Lamb */

typedef struct cepa_lion_options {
    CEPA_OPTIMIZER_OPTIONS
    double beta_1, beta_2; /* defaults 0.9, 0.99 */
} cepa_lion_options;

typedef struct cepa_ftrl_options {
    CEPA_OPTIMIZER_OPTIONS
    double learning_rate_power, initial_accumulator_value; /* defaults -0.5, 0.1 */
    double l1_regularization_strength, l2_regularization_strength, l2_shrinkage_regularization_strength, beta;
} cepa_ftrl_options;

typedef struct cepa_adafactor_options {
    CEPA_OPTIMIZER_OPTIONS
    double beta_2_decay, epsilon_1, epsilon_2, clip_threshold; /* defaults -0.8, 1e-30, 1e-3, 1 */
    cepa_flag relative_step;                                   /* default yes */
} cepa_adafactor_options;

typedef struct cepa_muon_options {
    CEPA_OPTIMIZER_OPTIONS
    /* of weights that are no matrices, which go Adam's way: defaults 0.9, 0.999, 0.004, 1e-7 */
    double adam_beta_1, adam_beta_2, adam_weight_decay, epsilon;
    const char *const *exclude_layers; /* what paths (LAYER/WEIGHT) of further such weights contain; ends with NULL */
    cepa_flag exclude_embeddings;      /* default yes */
    double muon_a, muon_b, muon_c;     /* of the iteration; defaults 3.4445, -4.775, 2.0315 */
    double adam_lr_ratio, momentum;    /* defaults 1, 0.95 */
    int ns_steps;                      /* default 5 */
    cepa_flag nesterov;                /* default yes */
    double rms_rate;                   /* default 0.2 */
} cepa_muon_options;                   /* weight_decay: default 0.004 */

#define cepa_sgd(...)       CEPA_CHOICE("SGD", cepa_sgd_options, __VA_ARGS__)
#define cepa_adam(...)      CEPA_CHOICE("Adam", cepa_adam_options, __VA_ARGS__)
#define cepa_adamw(...)     CEPA_CHOICE("AdamW", cepa_adam_options, __VA_ARGS__)
#define cepa_rmsprop(...)   CEPA_CHOICE("RMSprop", cepa_rmsprop_options, __VA_ARGS__)
#define cepa_adagrad(...)   CEPA_CHOICE("Adagrad", cepa_adagrad_options, __VA_ARGS__)
#define cepa_adadelta(...)  CEPA_CHOICE("Adadelta", cepa_adadelta_options, __VA_ARGS__)
#define cepa_adamax(...)    CEPA_CHOICE("Adamax", cepa_adamax_options, __VA_ARGS__)
#define cepa_nadam(...)     CEPA_CHOICE("Nadam", cepa_adamax_options, __VA_ARGS__)
#define cepa_lamb(...)      CEPA_CHOICE("Lamb", cepa_adamax_options, __VA_ARGS__)
#define cepa_lion(...)      CEPA_CHOICE("Lion", cepa_lion_options, __VA_ARGS__)
#define cepa_ftrl(...)      CEPA_CHOICE("Ftrl", cepa_ftrl_options, __VA_ARGS__)
#define cepa_adafactor(...) CEPA_CHOICE("Adafactor", cepa_adafactor_options, __VA_ARGS__)
#define cepa_muon(...)      CEPA_CHOICE("Muon", cepa_muon_options, __VA_ARGS__)

typedef struct cepa_crossentropy_options {
    CEPA_LIST_START
    const char *name;
    const char *reduction; /* "sum_over_batch_size" (default), "sum", "mean_with_sample_weight" */
    bool from_logits;
    double label_smoothing; /* categorical and binary */
    double ignore_class;    /* sparse: samples with this label do not count; CEPA_ZERO: class 0; default none */
} cepa_crossentropy_options;

typedef struct cepa_loss_options {
    CEPA_LIST_START
    const char *name;
    const char *reduction;
} cepa_loss_options;

#define cepa_sparse_categorical_crossentropy(...)                                                                      \
    CEPA_CHOICE("SparseCategoricalCrossentropy", cepa_crossentropy_options, __VA_ARGS__)
#define cepa_categorical_crossentropy(...)                                                                             \
    CEPA_CHOICE("CategoricalCrossentropy", cepa_crossentropy_options, __VA_ARGS__)
#define cepa_binary_crossentropy(...) CEPA_CHOICE("BinaryCrossentropy", cepa_crossentropy_options, __VA_ARGS__)
#define cepa_mean_squared_error(...)  CEPA_CHOICE("MeanSquaredError", cepa_loss_options, __VA_ARGS__)
#define cepa_mean_absolute_error(...) CEPA_CHOICE("MeanAbsoluteError", cepa_loss_options, __VA_ARGS__)
#define cepa_huber(...)               CEPA_CHOICE("Huber", cepa_huber_options, __VA_ARGS__)
/* Any other loss that takes no more than a name and a reduction: "LogCosh", "Poisson", "KLDivergence", "Hinge", ... One
 * that takes more is written as in Keras: {"Tversky(0.3, 0.7, axis=[1, 2, 3])"}. */
#define cepa_loss(class_name, ...) CEPA_CHOICE(class_name, cepa_loss_options, __VA_ARGS__)

typedef struct cepa_huber_options {
    CEPA_LIST_START
    const char *name;
    const char *reduction;
    double delta; /* default 1 */
} cepa_huber_options;

enum { CEPA_MAX_THRESHOLDS = 256, CEPA_MAX_LABELS = 256 };

/* Of every metric: each takes those that Keras' class of its name takes, with Keras' defaults. Numbers that may be 0
 * are CEPA_ZERO where 0 is meant. Every loss is a metric too: by its name, or with options as
 * cepa_mean_squared_error(...). */
typedef struct cepa_metric_options {
    CEPA_LIST_START
    const char *name;
    int k;                                  /* top-k accuracies: default 5 */
    bool from_sorted_ids;                   /* sparse top-k: predictions are classes, the likeliest first */
    double threshold;                       /* binary accuracy and IoU: default 0.5; F scores: default the largest */
    double thresholds[CEPA_MAX_THRESHOLDS]; /* precision, recall, counts: default 0.5; AUC: default num_thresholds */
    int num_thresholds;                     /* AUC, ...AtSpecificity and the like: default 200 */
    int top_k;                              /* precision, recall */
    double class_id;                        /* precision, recall and the like: of one class; default all */
    const char *curve;                      /* AUC: "ROC" (default), "PR", "PRGAIN" */
    const char *summation_method;           /* AUC: "interpolation" (default), "minoring", "majoring" */
    bool multi_label;                       /* AUC: the mean of each label's */
    int num_labels;
    double label_weights[CEPA_MAX_LABELS]; /* AUC */
    bool from_logits;                      /* AUC */
    union {                                /* what the other one must reach */
        double specificity, sensitivity, recall, precision;
    };
    const char *average;           /* F scores: "micro", "macro", "weighted"; default a result for each class */
    double beta;                   /* FBetaScore: default 1 */
    const char *class_aggregation; /* R2Score: "uniform_average" (default), "variance_weighted_average" */
    int num_regressors;            /* R2Score */
    int num_classes;               /* IoU */
    double target_class_ids[CEPA_MAX_LABELS];
    double ignore_class;
    cepa_flag sparse_y_true, sparse_y_pred; /* IoU: default true; one-hot IoU: sparse_y_pred default false */
    int axis;                               /* default -1, the last */
} cepa_metric_options;

#define cepa_metric(class_name, ...) CEPA_CHOICE(class_name, cepa_metric_options, __VA_ARGS__)

typedef struct cepa_compile_options {
    cepa_choice optimizer;                /* default rmsprop, as in Keras */
    cepa_choice loss;                     /* of the first (or every) output */
    cepa_choice losses[CEPA_MAX_INPUTS];  /* one an output, instead of loss */
    double loss_weights[CEPA_MAX_INPUTS]; /* default 1 */
    cepa_choice metrics[CEPA_MAX_INPUTS]; /* of the only output, or of every output */
    cepa_choice weighted_metrics[CEPA_MAX_INPUTS];
} cepa_compile_options;

/* Fixes loss, optimizer, metrics and what is trainable; starts the optimizer afresh. */
CEPA_API cepa_status cepa_compile_with(cepa_model *model, const cepa_compile_options *options);
#define cepa_compile(model, ...) cepa_compile_with((model), &(cepa_compile_options){__VA_ARGS__})

/* Compiles the model anew with these metrics, in call notation with commas between, "AUC, Recall(top_k=2)", instead of
 * those it had; loss and optimizer are chosen as before, the optimizer starts afresh. */
CEPA_API cepa_status cepa_model_measure(cepa_model *model, const char *metrics);
/* Compiles anew with another optimizer, and with losses and metrics as before. */
CEPA_API cepa_status cepa_set_optimizer(cepa_model *model, cepa_choice optimizer);

/* Advice found at compile (a softmax met from_logits, logits met a loss of probabilities), and what of a file's
 * training state could not be taken over (an optimizer that is not built in): one line each, or NULL. */
CEPA_API const char *cepa_model_warning(const cepa_model *model, size_t index);

/* ---- Training and measuring -------------------------------------------------------------------------------------- */

/* A named number of a step or an epoch: loss, accuracy, val_loss, ... in alphabetical order. */
typedef struct cepa_log {
    const char *name;
    double value; /* of a metric with several results, as F1Score of classes, their mean, which Keras prints */
    size_t count; /* of them; 0: there is but one, value */
    const double *values;
} cepa_log;

/* Where training stands. Epochs and steps count from 0. */
typedef struct cepa_progress {
    enum { CEPA_EPOCH_BEGIN, CEPA_STEP_END, CEPA_EPOCH_END, CEPA_MESSAGE } event;
    int epoch, epochs;
    size_t step, steps; /* of this epoch: at STEP_END and EPOCH_END, step of them are done */
    size_t log_count;
    const cepa_log *logs; /* running means; at EPOCH_END with the validation's */
    const char *message;  /* at MESSAGE: a line that a callback says, as Keras' callbacks print it */
} cepa_progress;

/* Called after each event; returning false ends training (or evaluation) after this step: CEPA_INTERRUPTED. What it
 * returns to MESSAGE does not matter. */
typedef bool (*cepa_callback)(void *context, const cepa_progress *progress);

/* Keras' callbacks, which watch a number of each epoch (its name as in the history) and act. Numbers of which larger is
 * better (accuracies) are told by their name; mode "min" or "max" says it. What is not measured is an error. */
typedef struct cepa_csv_logger_options {
    CEPA_LIST_START
    const char *filename;  /* required: a line of numbers an epoch; a file that is there must be such a log */
    const char *separator; /* one character; default "," */
    bool append;           /* go on behind what is there */
} cepa_csv_logger_options;

typedef struct cepa_early_stopping_options {
    CEPA_LIST_START
    const char *monitor;       /* default "val_loss" */
    double min_delta;          /* what is no more than this is no improvement */
    int patience;              /* stop after so many epochs without one */
    int verbose;               /* 1: says so */
    const char *mode;          /* "auto" (default), "min" or "max" */
    double baseline;           /* an improvement must beat this too; default none */
    bool restore_best_weights; /* leave the weights of the best epoch */
    int start_from_epoch;      /* epochs before this one are not looked at */
} cepa_early_stopping_options;

enum { CEPA_MAX_RATES = 1000 };

typedef struct cepa_learning_rate_scheduler_options {
    CEPA_LIST_START
    double schedule[CEPA_MAX_RATES]; /* required: a learning rate for each epoch; the last one holds on */
    int verbose;                     /* 1: says so */
} cepa_learning_rate_scheduler_options;

/* Saves the model when an epoch ends. In filepath {epoch:02d}, {val_loss:.2f} and the like stand for numbers. */
typedef struct cepa_model_checkpoint_options {
    CEPA_LIST_START
    const char *filepath;           /* required: NAME.keras, of weights only NAME.weights.h5 */
    const char *monitor;            /* default "val_loss" */
    int verbose;                    /* 1: says so */
    bool save_best_only;            /* where the number is better than all before */
    bool save_weights_only;         /* and the optimizer's state */
    const char *mode;               /* "auto" (default), "min" or "max" */
    const char *save_freq;          /* "epoch" (default), or after so many batches */
    double initial_value_threshold; /* the best so far; default none */
} cepa_model_checkpoint_options;

typedef struct cepa_reduce_lr_on_plateau_options {
    CEPA_LIST_START
    const char *monitor; /* default "val_loss" */
    double factor;       /* of the learning rate; default 0.1 */
    int patience;        /* default 10 */
    int verbose;
    const char *mode;
    double min_delta; /* default 0.0001 */
    int cooldown;     /* epochs after a reduction in which none is counted */
    double min_lr;
} cepa_reduce_lr_on_plateau_options;

typedef struct cepa_terminate_on_nan_options {
    CEPA_LIST_START
    bool raise_error; /* fit fails, else it ends as if by EarlyStopping */
} cepa_terminate_on_nan_options;

#define cepa_csv_logger(...)     CEPA_CHOICE("CSVLogger", cepa_csv_logger_options, __VA_ARGS__)
#define cepa_early_stopping(...) CEPA_CHOICE("EarlyStopping", cepa_early_stopping_options, __VA_ARGS__)
#define cepa_learning_rate_scheduler(...)                                                                              \
    CEPA_CHOICE("LearningRateScheduler", cepa_learning_rate_scheduler_options, __VA_ARGS__)
#define cepa_model_checkpoint(...)     CEPA_CHOICE("ModelCheckpoint", cepa_model_checkpoint_options, __VA_ARGS__)
#define cepa_reduce_lr_on_plateau(...) CEPA_CHOICE("ReduceLROnPlateau", cepa_reduce_lr_on_plateau_options, __VA_ARGS__)
#define cepa_terminate_on_nan(...)     CEPA_CHOICE("TerminateOnNaN", cepa_terminate_on_nan_options, __VA_ARGS__)

typedef struct cepa_fit_options {
    CEPA_LIST_START
    int epochs;                          /* default 1: the last epoch's number counted from 1 */
    int initial_epoch;                   /* default 0 */
    int batch_size;                      /* default 32 */
    const cepa_dataset *validation_data; /* default none */
    double validation_split;             /* 0 ... 1: the tail of the training rows, cut before shuffling */
    int validation_batch_size;           /* default: whatever is fastest; numbers do not depend on it */
    cepa_flag shuffle;                   /* default true: rows in a new order each epoch */
    uint64_t seed;                       /* of shuffling and of dropout */
    int threads;                         /* default: OMP_NUM_THREADS, else all cores */
    const double *class_weight;          /* by class, class_weight_count of them; classes beyond have weight 1 */
    size_t class_weight_count;
    cepa_choice callbacks[CEPA_MAX_INPUTS]; /* cepa_early_stopping(...) and the like, in Keras' order */
    double budget; /* seconds after which training ends with this step and a validation; default none */
    cepa_callback callback;
    void *context;
} cepa_fit_options;

/* Trains the model. The history is kept in the model (cepa_history). After an interruption the weights are those of the
 * last whole step and the history holds the whole epochs. */
CEPA_API cepa_status cepa_fit_with(cepa_model *model, const cepa_dataset *data, const cepa_fit_options *options);
#define cepa_fit(model, data, ...) cepa_fit_with((model), (data), &(cepa_fit_options){.list_start = 0, __VA_ARGS__})

/* What the last fit measured: names in alphabetical order, value(name, epoch) = values[name * epochs + epoch]; NaN
 * where an epoch had no value. Owned by the model. */
typedef struct cepa_history_table {
    size_t names, epochs;
    const char *const *name;
    const double *values;
    int first_epoch;
    const char *stopped_by; /* "EarlyStopping", "budget", ...; NULL: it ran to its end, or the program ended it */
    int restored_epoch;     /* whose weights a callback put back at the end, from 0; -1: none */
} cepa_history_table;

/* Valid until the next fit or compile; empty where there was none. */
CEPA_API const cepa_history_table *cepa_history(const cepa_model *model);

/* Whether larger is better of a number in a history, by its name: "val_accuracy", "kind_auc_1", "weighted_f1_score". */
CEPA_API bool cepa_larger_is_better(const char *name);

/* The name of a callback ("ModelCheckpoint('best.keras')", or the name alone) that writes files of its own, as several
 * fits would over each other; NULL of one that writes none. */
CEPA_API const char *cepa_callback_that_writes(const char *callback);

typedef struct cepa_evaluate_options {
    int batch_size; /* default 32 */
    int threads;
    cepa_callback callback;
    void *context;
} cepa_evaluate_options;

/* Measures loss and metrics in inference mode. *logs (owned by the model, until its next call) has loss first, then
 * each output's loss where there are several, then the metrics, as Keras' evaluate. */
CEPA_API cepa_status cepa_evaluate_with(cepa_model *model, const cepa_dataset *data,
                                        const cepa_evaluate_options *options, const cepa_log **logs, size_t *count);

/* Runs the model on rows of inputs in inference mode. outputs[i] receives rows x (size of output i) floats, row-major,
 * channels last. The model must not be trained meanwhile; several threads may predict at once. threads 0: all cores. */
CEPA_API cepa_status cepa_predict(const cepa_model *model, const cepa_dataset *data, float *const *outputs,
                                  size_t output_count, int threads, cepa_error *error);

/* The shape of one output's rows for these data: that of cepa_model_output, with the sizes that the model leaves open
 * (Input of None) as the data decide them. */
CEPA_API cepa_status cepa_output_shape(const cepa_model *model, const cepa_dataset *data, size_t index, size_t *rank,
                                       int shape[CEPA_MAX_RANK], cepa_error *error);

/* ---- Looking at a model ------------------------------------------------------------------------------------------ */

typedef struct cepa_summary_options {
    const char *style; /* "keras3" (default), "keras2.14", "keras2.12", "keras2.6" */
    bool explain;      /* the formula of each layer's parameters and its share of the total */
    int width;         /* columns of the terminal; 0: 80 */
    bool color;        /* as Keras 3 on a terminal */
} cepa_summary_options;

/* The model's table as text. *text is the caller's, to be freed with free(). */
CEPA_API cepa_status cepa_summary(const cepa_model *model, const cepa_summary_options *options, char **text,
                                  cepa_error *error);

/* One layer of a model, in the model's order. Strings belong to the model. */
typedef struct cepa_layer_info {
    const char *name, *class_name;
    size_t rank;
    int output_shape[CEPA_MAX_RANK];
    size_t parameters, trainable_parameters;
} cepa_layer_info;

/* index: below the count, else CEPA_ARGUMENT. */
CEPA_API size_t cepa_model_layer_count(const cepa_model *model);
CEPA_API cepa_status cepa_model_layer(const cepa_model *model, size_t index, cepa_layer_info *info);
/* A layer's class with the arguments that are not defaults, as Keras' text has them: Dropout(rate=0.5). *text is the
 * caller's, to be freed with free(). */
CEPA_API cepa_status cepa_model_layer_text(const cepa_model *model, size_t index, char **text, cepa_error *error);
/* What a model was called, or called itself; how many inputs and outputs it has. The text belongs to the model. */
CEPA_API const char *cepa_model_name(const cepa_model *model);
CEPA_API size_t cepa_model_input_count(const cepa_model *model);
CEPA_API size_t cepa_model_output_count(const cepa_model *model);
/* The name (of the layer; it belongs to the model) and shape of an input or output, as in cepa_tensor_shape; NULL where
 * the index is none below the count. */
CEPA_API const char *cepa_model_input(const cepa_model *model, size_t index, size_t *rank, int shape[CEPA_MAX_RANK]);
CEPA_API const char *cepa_model_output(const cepa_model *model, size_t index, size_t *rank, int shape[CEPA_MAX_RANK]);

/* One weight array in Keras' shape and order. values stay valid until a layer is added to the graph; who writes to them
 * calls cepa_model_weights_changed before the model is used again. */
typedef struct cepa_weight_info {
    const char *layer, *name; /* "conv2d", "kernel" */
    size_t rank;
    int shape[CEPA_MAX_RANK];
    size_t count;
    bool trainable;
    float *values;
} cepa_weight_info;

/* index: below the count, else CEPA_ARGUMENT. */
CEPA_API size_t cepa_model_weight_count(const cepa_model *model);
CEPA_API cepa_status cepa_model_weight(const cepa_model *model, size_t index, cepa_weight_info *info);
CEPA_API void cepa_model_weights_changed(cepa_model *model);

/* SHA-256 of all weights' bytes in the model's order, as 64 hexadecimal digits. */
CEPA_API cepa_status cepa_model_weights_sha256(const cepa_model *model, char digest[65], cepa_error *error);

/* ---- Files ------------------------------------------------------------------------------------------------------- */

/* What a saved model remembers besides Keras' own contents (in a member of the archive that Keras ignores). */
typedef struct cepa_notes {
    double input_scale, input_offset; /* applied to byte data sets and pictures; scale 0: not said */
    size_t class_count;
    const char *const *class_names; /* owned by the model, and so are the texts below */
    const char *table_name;         /* of the table it learned from, and how that was read; NULL: it was none */
    cepa_table table;
} cepa_notes;

/* The first copies what it is given, and the model remembers an error; the second gives what the model has. */
CEPA_API cepa_status cepa_model_set_notes(cepa_model *model, const cepa_notes *notes);
CEPA_API const cepa_notes *cepa_model_notes(const cepa_model *model);

/* Writes a .keras archive that Keras 3 opens: architecture, weights, compile arguments and the optimizer's state. A
 * path without extension gets .keras; one that ends in .weights.h5 the weights and the optimizer's state alone. The
 * file appears whole or not at all. The model remembers an error (cepa_model_error). */
CEPA_API cepa_status cepa_save(cepa_model *model, const char *path);

typedef struct cepa_load_options {
    uint64_t seed;          /* of weights that the file does not hold (source text, architecture JSON) */
    const char *style;      /* as in cepa_graph_new_styled, for source text */
    const char *const *set; /* source text: "name=value" replaces a parameter's default; set_count of them */
    size_t set_count;
    bool no_compile; /* leave the model uncompiled */
} cepa_load_options;

/* What KerasTuner's hp declares in source text: a list of values (Choice, Boolean, Fixed), or a range (Int, Float). A
 * value is set like a parameter: "units=64". */
typedef struct cepa_hyperparameter {
    const char *name;
    const char *const *values; /* in Python's notation; NULL: a range */
    size_t value_count;
    bool whole, logarithmic;
    double low, high; /* both belong to it */
    double step;      /* added, or multiplied where logarithmic; 0: any number between */
} cepa_hyperparameter;

/* What Keras source text declares about its data, its fit, and what may be tuned. */
typedef struct cepa_source_info {
    const char *dataset;        /* "cifar10" where keras.datasets.cifar10.load_data() is written; NULL: none */
    size_t train_rows;          /* [:n] of the training images; 0: all */
    double input_scale;         /* / 255.0; 0: none */
    double input_offset;        /* of / 127.5 - 1 */
    cepa_table table;           /* of a table: columns and split, as pandas and train_test_split choose them */
    int epochs, batch_size;     /* of model.fit; 0: not said */
    double validation_split;    /* of model.fit; 0: none */
    bool no_shuffle;            /* shuffle=False */
    const double *class_weight; /* of model.fit; NULL: none */
    size_t class_weight_count;
    const char *const *callbacks; /* of model.fit, those of Keras that are built in: "EarlyStopping(patience=3)" */
    size_t callback_count;
    const char *const *left_out; /* of model.fit, what is not built in: "TensorBoard", "steps_per_epoch" */
    size_t left_out_count;
    size_t hyperparameter_count;
    const cepa_hyperparameter *hyperparameters; /* those met with the values that are set, in their order */
} cepa_source_info;

/* Opens a model: a .keras archive (written by Keras 2.12 - 3.15 or Cepa), a whole model in HDF5 (.h5, Keras 1 to 3),
 * Keras source text (.py; FILE.py:NAME picks a model or a function that makes one), architecture JSON, or a run's
 * folder. The kind is told from the contents. The bare name of a saved model finds NAME.keras. options may be NULL. On
 * success *model stands on a graph of its own: free cepa_model_graph(*model). */
CEPA_API cepa_status cepa_load(const char *path, const cepa_load_options *options, cepa_model **model,
                               cepa_error *error);

/* Reads weights into a model, as Keras' load_weights does: of a .weights.h5 file, an older .h5 file of weights, the
 * index of several (.weights.json) or a whole model; layers are found by their order. by_name (older files): by their
 * names, and those that the file lacks keep their weights. */
CEPA_API cepa_status cepa_load_weights(cepa_model *model, const char *path, bool by_name);

/* What the source text that a model was read from says about its data; NULL where it came from elsewhere. */
CEPA_API const cepa_source_info *cepa_model_source(const cepa_model *model);

/* True where a model holds trained or at least stored weights (an archive), false for source text and JSON. */
CEPA_API bool cepa_model_has_weights(const cepa_model *model);

/* Writes a file that appears whole or not at all: beside the path, flushed to the disk, then renamed. */
CEPA_API cepa_status cepa_write_file(const char *path, const void *bytes, size_t size, cepa_error *error);

/* The shortest decimal text that reads back as the same number, as Python prints it: 0.001, 1e-07, 100.0, nan. */
CEPA_API void cepa_number_text(double number, char text[32]);

/* Columns of a terminal that UTF-8 text takes: one a character, two for those of East Asia and emoji. */
CEPA_API size_t cepa_text_columns(const char *text);

/* How numbers that stand together are printed: with the same decimals (the fewest that show them, at most 4), aligned
 * to the width of the widest. */
typedef struct cepa_number_style {
    int width, decimals; /* decimals below 0: so many significant digits, for very large and very small numbers */
} cepa_number_style;

/* Chooses a style for count numbers, and prints one in it. */
CEPA_API cepa_number_style cepa_number_style_of(const double *values, size_t count);
CEPA_API void cepa_styled_number(const cepa_number_style *style, double number, char text[40]);

/* Arrays in files. A path's extension decides: .npy (one array) or .npz (any number, by name). */
CEPA_API cepa_status cepa_write_arrays(const char *path, const cepa_array *arrays, const size_t *rows, size_t count,
                                       cepa_error *error);

/* ---- Matrices and filters ---------------------------------------------------------------------------------------- */

/* Numbers in rows and columns, channels last: a matrix has one channel, a colour picture three. Who is given one frees
 * its values with cepa_matrix_free. */
typedef struct cepa_matrix {
    size_t height, width, channels;
    double *values; /* row-major */
} cepa_matrix;

/* Some rows and columns of a matrix; height 0: none. */
typedef struct cepa_region {
    int row, column, height, width;
} cepa_region;

/* Frees the values and empties the matrix; NULL is fine. */
CEPA_API void cepa_matrix_free(cepa_matrix *matrix);

/* A copy of numbers, height x width x channels of them. */
CEPA_API cepa_status cepa_matrix_new(size_t height, size_t width, size_t channels, const double *values,
                                     cepa_matrix *matrix, cepa_error *error);

/* Reads one channel as people write it: numbers or fractions, apart by blanks or commas; rows in brackets, or apart by
 * line ends or semicolons; "/ 16" behind the last row divides all. "[[-1, -1, -1], [0, 0, 0] [1, 1, 1]]" and
 * "-1 -1 -1; 0 0 0; 1 1 1" are the same. */
CEPA_API cepa_status cepa_matrix_parse(const char *text, cepa_matrix *matrix, cepa_error *error);

/* Reads a picture (JPEG, PNG, BMP or GIF; numbers of 0 to 255), a .npy array of two or three axes, or any other file as
 * text in the manner of cepa_matrix_parse (.csv). color_mode, of pictures: "grayscale" (0.299 R + 0.587 G + 0.114 B),
 * "rgb", or NULL: one channel where all pixels are grey, else three. */
CEPA_API cepa_status cepa_matrix_read(const char *path, const char *color_mode, cepa_matrix *matrix, cepa_error *error);

/* Writes a .npy array of doubles (two axes for one channel) or a .csv table (one channel). */
CEPA_API cepa_status cepa_matrix_write(const char *path, const cepa_matrix *matrix, cepa_error *error);

/* A row's first input as a picture of one or three channels, its numbers unscaled. Fails where it is none. */
CEPA_API cepa_status cepa_dataset_picture(const cepa_dataset *dataset, size_t row, cepa_matrix *matrix,
                                          cepa_error *error);

/* Turns a kernel by 180 degrees: a correlation with the turned kernel is the convolution of mathematics. */
CEPA_API cepa_status cepa_matrix_turn(const cepa_matrix *matrix, cepa_matrix *turned, cepa_error *error);

/* A kernel that has a name: "sharpen", "sobel-top", ... */
typedef struct cepa_known_filter {
    const char *name, *purpose;
    size_t height, width;
    const double *values; /* height x width, for one channel */
} cepa_known_filter;

/* The table of them, *count entries; it lives as long as the program. */
CEPA_API const cepa_known_filter *cepa_known_filters(size_t *count);

/* Padding "valid" (default) keeps the kernel inside the input. With the others the output has ceil(size / stride)
 * numbers on an axis, as with Keras' "same", and outside the input there are zeros ("zero"), the edge's numbers
 * ("nearest": a a a | a b c) or their mirror image ("reflect": c b | a b c). */
typedef struct cepa_filter_options {
    CEPA_LIST_START
    int strides[2]; /* default 1: down, across */
    const char *padding;
} cepa_filter_options;

/* Slides a kernel over the input as a Conv2D layer does: each output number is the sum of the window's numbers times
 * the kernel's, over all channels, in double precision. The kernel is not flipped (see cepa_matrix_turn); it has as
 * many channels as the input, or one that serves for all of them. The output has one channel. */
CEPA_API cepa_status cepa_filter_with(const cepa_matrix *input, const cepa_matrix *kernel,
                                      const cepa_filter_options *options, cepa_matrix *output, cepa_error *error);
#define cepa_filter(input, kernel, output, error, ...)                                                                 \
    cepa_filter_with((input), (kernel), &(cepa_filter_options){.list_start = 0, __VA_ARGS__}, (output), (error))

/* The numbers under the kernel for one number of the output. */
typedef struct cepa_filter_place {
    cepa_matrix window; /* what is outside the input is filled in as the padding says; to be freed */
    int row, column;    /* where it starts in the input, below 0 in the padding */
} cepa_filter_place;

/* Finds them for a number of the output by its row and column. */
CEPA_API cepa_status cepa_filter_explain(const cepa_matrix *input, const cepa_matrix *kernel,
                                         const cepa_filter_options *options, size_t output_row, size_t output_column,
                                         cepa_filter_place *place, cepa_error *error);

/* The input with its padding around it, as the windows see it; *inner is where the input itself lies in it. */
CEPA_API cepa_status cepa_filter_pad(const cepa_matrix *input, const cepa_matrix *kernel,
                                     const cepa_filter_options *options, cepa_matrix *padded, cepa_region *inner,
                                     cepa_error *error);

/* ---- Looking inside a model -------------------------------------------------------------------------------------- */

/* The part of a model from its inputs to what a layer gives (where the layer is called several times: the first call):
 * what it predicts are the layer's activations. It shares the model's weights and belongs to its graph. */
CEPA_API cepa_status cepa_model_part(const cepa_model *model, const char *layer, cepa_model **part, cepa_error *error);

/* The arithmetic behind one number that a layer gives for a row. */
typedef struct cepa_unit {
    const char *class_name;    /* of the layer */
    cepa_matrix window;        /* the numbers of the layer's input that it is made of; 0 in the padding */
    cepa_matrix weights;       /* what they are multiplied with, in the same shape; no values: a pool */
    int row, column;           /* where the window starts in the input, below 0 in the padding */
    int channel;               /* the window's first channel in the input */
    double bias;               /* 0: none */
    double sum;                /* the products and the bias, in double precision; a pool: the largest or the mean */
    const char *activation;    /* "relu"; NULL: none */
    double value;              /* as the engine gives it */
    int best_row, best_column; /* of a largest number: its place in the window; -1: none is chosen */
} cepa_unit;

/* Explains the number at a place (an index for each axis of the layer's output) for the data's first row. For Conv2D,
 * Dense, MaxPooling2D and AveragePooling2D. Strings belong to the model, matrices are freed by cepa_unit_free. */
CEPA_API cepa_status cepa_model_explain(const cepa_model *model, const char *layer, const int *place, size_t axes,
                                        const cepa_dataset *data, cepa_unit *unit, cepa_error *error);
/* Frees the two matrices; NULL is fine. */
CEPA_API void cepa_unit_free(cepa_unit *unit);

/* Where in training a Dropout layer draws its mask. */
typedef struct cepa_mask_options {
    uint64_t seed;            /* of fit */
    uint32_t epoch;           /* since the model's first fit, from 0 */
    size_t position;          /* of the batch's first row in the epoch's order: step * batch_size */
    const cepa_dataset *data; /* whose sizes count where the model leaves its own open; NULL: it leaves none */
} cepa_mask_options;

/* The factors by which a Dropout layer multiplies the rows of that batch in training: 0, or 1 / (1 - rate). factors
 * receives rows x (size of the layer's output) floats in Keras' order. The layer itself makes them. */
CEPA_API cepa_status cepa_dropout_mask(const cepa_model *model, const char *layer, const cepa_mask_options *options,
                                       size_t rows, float *factors, cepa_error *error);

/* Where the data's first row speaks for a class: Grad-CAM (Selvaraju et al., ICCV 2017). The maps of a layer that gives
 * (height, width, channels), each times the mean of the class score's gradient over it, are added, and what is below 0
 * is dropped; the largest number of the map becomes 1. The score is the model's first output, before a softmax. layer
 * NULL: the last one with such maps. */
CEPA_API cepa_status cepa_class_activation(const cepa_model *model, const char *layer, const cepa_dataset *data,
                                           size_t class_index, cepa_matrix *map, cepa_error *error);

/* ---- Figures ----------------------------------------------------------------------------------------------------- */

typedef struct cepa_series {
    const char *name;
    size_t count;
    const double *x, *y; /* x NULL: first_x, first_x + 1, ...; NaN breaks the line */
    double first_x;
    const double *spread; /* of each y, either way, drawn as a band; NULL: none */
} cepa_series;

typedef struct cepa_plot_options {
    const char *title;       /* default none */
    const char *x_label;     /* default "epochs"; "" for none */
    const char *y_label;     /* default the name of a single series, else "metric"; "" for none */
    const char *description; /* text alternative; NULL: made from the series */
} cepa_plot_options;

/* Draws up to 20 lines as the lesson's figures show them; options may be NULL. The extension decides: .png, .svg or
 * .pdf. The file carries a text alternative. The same figure gives the same bytes. */
CEPA_API cepa_status cepa_plot_lines(const char *path, const cepa_series *series, size_t count,
                                     const cepa_plot_options *options, cepa_error *error);

/* Draws points, each series in a colour of its own; what options leave out is as for lines, but without labels on the
 * axes. diagonal: both axes alike, with a line where y = x, as for what was predicted over what is true. */
CEPA_API cepa_status cepa_plot_points(const char *path, const cepa_series *series, size_t count, bool diagonal,
                                      const cepa_plot_options *options, cepa_error *error);

typedef struct cepa_heat_options {
    CEPA_LIST_START
    const char *title, *row_label, *column_label;       /* default none */
    const char *const *row_names, *const *column_names; /* default: numbers */
    const char *description;                            /* text alternative; NULL: made from the numbers */
} cepa_heat_options;

/* Draws a matrix of one channel, at most 100 x 100, as cells that are darker for larger shares of their row, with the
 * numbers in them: a confusion matrix. */
CEPA_API cepa_status cepa_plot_heat(const char *path, const cepa_matrix *matrix, const cepa_heat_options *options,
                                    cepa_error *error);

/* Draws every column of a table's inputs (2 to 10) over every other one, in the colours of the classes, and on the
 * diagonal how often its numbers are: Gaussian kernels of Scott's width. */
CEPA_API cepa_status cepa_plot_pairs(const char *path, const cepa_dataset *data, cepa_error *error);

/* Draws the first columns x rows pictures of a data set with their class names. */
CEPA_API cepa_status cepa_plot_grid(const char *path, const cepa_dataset *data, int columns, int rows,
                                    cepa_error *error);

/* How the numbers of a matrix are shown. */
typedef enum cepa_tone {
    CEPA_TONE_PLAIN,  /* a picture: low is black, high is white; three channels are colours */
    CEPA_TONE_SIGNED, /* a picture: 0 is mid-grey (128), the numbers farthest from it are black and white (of a thousand
                         or more, all but the outermost 1/200 are told apart) */
    CEPA_TONE_STRETCHED, /* a picture: the smallest number is black, the largest white */
    CEPA_TONE_NUMBERS    /* a table of the numbers (of one channel) */
} cepa_tone;

/* A matrix in a figure. */
typedef struct cepa_panel {
    const char *title;         /* above it; NULL: none */
    const char *sign;          /* between it and the next one, such as "*" or "="; NULL: none */
    const cepa_matrix *matrix; /* NULL: an empty place */
    cepa_tone tone;
    double low, high;        /* of the plain tone; both 0: 0 and 255, or 0 and 1 where no number lies beyond */
    cepa_region mark;        /* with a red frame, in a table on orange ground */
    cepa_region inner;       /* of a table: numbers outside it are pale, as padding */
    const cepa_matrix *heat; /* of a picture: shares of 1, laid over it as colours from black over red to yellow */
} cepa_panel;

typedef struct cepa_panel_options {
    CEPA_LIST_START
    int columns;             /* default: all panels in one row */
    int tile;                /* longer side of a picture in a PNG; default: 384 for few panels, less for many */
    const char *title;       /* above the figure; default none */
    const char *description; /* text alternative; NULL: made from the panels */
} cepa_panel_options;

/* Draws matrices beside each other, as tables or as pictures whose numbers are sharp squares. The extension decides:
 * .png, .svg or .pdf. */
CEPA_API cepa_status cepa_plot_panels(const char *path, const cepa_panel *panels, size_t count,
                                      const cepa_panel_options *options, cepa_error *error);

/* Draws one panel without its title, one pixel of a .png for each number. */
CEPA_API cepa_status cepa_plot_picture(const char *path, const cepa_panel *panel, cepa_error *error);

/* Figures as characters. */
typedef struct cepa_text_options {
    CEPA_LIST_START
    int width;  /* columns of the terminal; 0: 80 */
    bool color; /* with ANSI colours of 24 bits; else in dots */
} cepa_text_options;

/* The same panels as lines of text for a terminal: tables as they are, pictures of half blocks or dots. *text is the
 * caller's, to be freed with free(). */
CEPA_API cepa_status cepa_text_panels(const cepa_panel *panels, size_t count, const cepa_panel_options *options,
                                      const cepa_text_options *text_options, char **text, cepa_error *error);

/* The lines of cepa_plot_lines as text: dots of Braille characters in a frame, in colours or dashed. */
CEPA_API cepa_status cepa_text_lines(const cepa_series *series, size_t count, const cepa_plot_options *options,
                                     const cepa_text_options *text_options, char **text, cepa_error *error);

/* A column of a network's sketch: its first units as circles. */
typedef struct cepa_sketch_layer {
    const char *label; /* below it, may have lines */
    size_t units;      /* 1 to 12 */
    const float *mask; /* 0: a unit is dropped; NULL: all are kept */
} cepa_sketch_layer;

/* Draws a network twice, every unit connected to all of the next column: without dropout, and with the masks, where the
 * dropped units are pale and lose their connections. */
CEPA_API cepa_status cepa_plot_dropout(const char *path, const cepa_sketch_layer *layers, size_t count,
                                       cepa_error *error);

/* ---- The machine ------------------------------------------------------------------------------------------------- */

typedef struct cepa_machine {
    char processor[64];          /* its name, or "unknown" */
    const char *instruction_set; /* the kernels in use: "avx512", "avx2", "portable" */
    const char *convolutions;    /* how they are done: "auto", by their shapes, or "direct" */
    const char *features;        /* optional parts in this build, e.g. "keras fetch figures" */
    int threads;                 /* that a call uses by default */
} cepa_machine;

/* Chooses the kernels at the first call of any kind, from CEPA_CPU or what the processor has; an instruction set named
 * in CEPA_CPU that the machine lacks is an error here and in every later call. So is a CEPA_CONV other than "auto" or
 * "direct", which demands that every convolution multiplies as its definition says: other bits of the same result. */
CEPA_API cepa_status cepa_machine_describe(cepa_machine *machine, cepa_error *error);

/* How one call of a layer that is a convolution (Conv2D, Dense) is done in training. Winograd's minimal filtering is
 * named by its outputs and its filter. Strings belong to the model and the library. */
typedef struct cepa_kernel_info {
    const char *layer;
    size_t rank;
    int output_shape[CEPA_MAX_RANK];
    const char *forward, *gradient_inputs, *gradient_weights; /* "direct", "Winograd F(2x2,3x3)"; NULL: not needed */
    const char *fused; /* what is done in the same pass: "relu, 2x2 max pooling"; NULL: nothing */
} cepa_kernel_info;

/* All of a model's, in the order in which they run. *kernels is the caller's, to be freed with free(). Fails where the
 * model leaves sizes open: they decide. */
CEPA_API cepa_status cepa_model_kernels(const cepa_model *model, cepa_kernel_info **kernels, size_t *count,
                                        cepa_error *error);

#ifdef __cplusplus
}
#endif

#endif
