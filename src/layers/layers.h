/* Pieces that several layers' files share. */
#ifndef LAYERS_LAYERS_H
#define LAYERS_LAYERS_H

#include "graph/layer.h"
#include "layers/activations.h"
#include "weights/weights.h"

/* The arguments that Dense and the convolutions have in common, in Keras' order. */
#define KERNEL_FIELDS(options_)                                                                                        \
    MEMBER(options_, activation, &activation_family, .optional = true), FLAG(options_, use_bias, .preset = 1),         \
        MEMBER(options_, kernel_initializer, &initializer_family, .preset_text = "glorot_uniform"),                    \
        MEMBER(options_, bias_initializer, &initializer_family, .preset_text = "zeros"),                               \
        MEMBER(options_, kernel_regularizer, &regularizer_family, .optional = true),                                   \
        MEMBER(options_, bias_regularizer, &regularizer_family, .optional = true),                                     \
        MEMBER(options_, activity_regularizer, &regularizer_family, .optional = true),                                 \
        MEMBER(options_, kernel_constraint, &constraint_family, .optional = true),                                     \
        MEMBER(options_, bias_constraint, &constraint_family, .optional = true)

/* data_format: the engine has one layout, which is Keras' default. */
#define DATA_FORMAT DERIVED(FIELD_CHOICE, data_format, .choices = channels_last, .preset_text = "channels_last")
extern const char *const channels_last[];

/* "valid", "same"; of one axis also "causal" */
extern const char *const paddings[], *const paddings_of_steps[];

/* A window's way along one axis (Keras' padding rules: the odd row or column of 'same' comes last). */
typedef struct window {
    size_t in, out, size, stride, dilation, before;
} window;

/* An axis that a picture of fewer axes does not have. */
extern const window no_axis;

/* Fills w from in, the window's size, stride, dilation and padding; an unknown in gives an unknown out. False where the
 * window does not fit. */
bool window_fit(window *w, int in, int size, int stride, int dilation, const char *padding);

/* The draws of a call: its own, or those of the seed that its layer was given (0: none). */
random_stream stream_of(const layer_call *c, int64_t seed);

/* The shape pass of a layer whose output has the shape of its input. */
bool same_shape(shape_pass *p);

/* Unless they are in one place. */
void copy_lanes(const lanes *from, lanes *to, size_t count);

/* Refuses an input that does not have so many axes (1 ... 3) before its channels. */
bool need_axes(shape_pass *p, size_t axes);
/* Refuses windows of these sizes, which do not fit the input's first axes; what: "kernel", "pool". */
bool refuse_windows(shape_pass *p, const char *what, const int *sizes, size_t axes, const char *padding);

/* Refuses an input whose size along an axis, on which weights depend, is unknown. */
bool need_size(shape_pass *p, size_t axis);

/* Whether a MaxPooling2D of this geometry halves its picture: windows of 2 x 2 side by side, a last odd row or column
 * left out. */
bool max_pooling2d_halves(const void *geometry);

/* A block seen as [outer][size][inner] around one axis. In the engine's order the last axis is outermost, the others
 * follow. */
typedef struct fold {
    size_t outer, size, inner;
} fold;

fold fold_axis(const shape *s, size_t axis);

/* The element at a place in the engine's order, and back. */
void element_at(const shape *s, size_t place, size_t at[CEPA_MAX_RANK]);
size_t element_place(const shape *s, const size_t at[CEPA_MAX_RANK]);

/* The elements of a shape so that those that differ along some axes alone stand side by side, in Keras' order: index[e]
 * is the place in the engine's order of element e of [other axes][these axes]. */
void gather_axes(const shape *s, const bool along[CEPA_MAX_RANK], uint32_t *index);

/* Rows of n numbers at the places index[row * n], index[row * n + 1] ... of a block: each row divided by its length,
 * but by no less than shortest. */
void unit_rows(const lanes *x, const uint32_t *index, size_t rows, size_t n, double shortest, lanes *y);
void unit_rows_gradient(const lanes *x, const lanes *dy, const uint32_t *index, size_t rows, size_t n, double shortest,
                        lanes *dx);

/* Of an operation on a tensor and a number. */
typedef struct operation_options {
    CEPA_LAYER_OPTIONS
    double number;
    bool number_first; /* it stands before the tensor: 1 - x */
} operation_options;

/* Operations on two tensors that merge.c has. */
extern const layer_class true_divide, divide;

/* An axis as Keras counts it as an index; refuses one that the input does not have. */
bool need_axis(shape_pass *p, int axis, size_t *index);
/* The same of a list of axes, whose places in chosen become true. */
bool choose_axes(shape_pass *p, const int *axes, bool chosen[CEPA_MAX_RANK]);
/* The same of axes on which weights depend; *entries gets their shape. */
bool entries_along(shape_pass *p, const int *axes, bool along[CEPA_MAX_RANK], shape *entries);

#endif
