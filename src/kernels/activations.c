/* Activation functions, element by element: Keras' definitions (keras.activations), with Keras' choice of a derivative
 * where a function has a kink. */
#include "kernels/vec_math.h"

/* One function: y from x and its parameters a, b, c; then the gradient dx from dy and either x or y, or neither. */
#define ACTIVATION(name, value, read, gradient)                                                                        \
    void KERNEL(name##_forward)(const lanes *X, lanes *Y, size_t count, const activation_parameters *p)                \
    {                                                                                                                  \
        const vec a = vec_set(p->a), b = vec_set(p->b), c = vec_set(p->c);                                             \
        (void)a, (void)b, (void)c;                                                                                     \
        for (size_t e = 0; e < count; e++)                                                                             \
            for (size_t part = 0; part < PARTS; part++) {                                                              \
                vec x = vec_load(&X[e], part);                                                                         \
                vec_store(&Y[e], part, value);                                                                         \
            }                                                                                                          \
    }                                                                                                                  \
    void KERNEL(name##_gradient)(const lanes *DY, const lanes *X, const lanes *Y, lanes *DX, size_t count,             \
                                 const activation_parameters *p)                                                       \
    {                                                                                                                  \
        const vec a = vec_set(p->a), b = vec_set(p->b), c = vec_set(p->c);                                             \
        (void)a, (void)b, (void)c, (void)X, (void)Y;                                                                   \
        for (size_t e = 0; e < count; e++)                                                                             \
            for (size_t part = 0; part < PARTS; part++) {                                                              \
                vec dy = vec_load(&DY[e], part);                                                                       \
                read;                                                                                                  \
                vec_store(&DX[e], part, gradient);                                                                     \
            }                                                                                                          \
    }

#define FROM_X vec x = vec_load(&X[e], part)
#define FROM_Y vec y = vec_load(&Y[e], part)
#define FROM_DY

#define NUMBER(number) vec_set((real)(number))

/* yes where the mask is set, else 0 */
INLINE vec where(ivec mask, vec yes) { return (vec)(mask & (ivec)yes); }

/* x > threshold ? min(x, most) : slope * (x - threshold). Keras' own cases: without most and threshold the derivative
 * at the kink is the slope, with one of them 0; at most it is 1. */
INLINE vec general_relu(vec x, vec slope, vec most, vec threshold)
{
    vec below = vec_select((slope == 0) & (x == x), NUMBER(0), slope * (x - threshold)); /* 0 for -infinity too */
    return vec_select(x > threshold, vec_min(most, x), below);
}

INLINE vec general_relu_gradient(vec dy, vec x, vec slope, vec most, vec threshold)
{
    ivec leaky = (threshold == 0) & (most == NUMBER(INFINITY));
    vec above = where(x <= most, dy), below = where((x < threshold) | leaky, slope * dy);
    return vec_select(x > threshold, above, below);
}

INLINE vec celu_slope(vec y, vec alpha)
{
    vec slope = vec_select(y < 0, y / alpha + 1, NUMBER(1));
    return vec_select(y == 0, NUMBER(2), slope); /* two halves that both count 0 as theirs */
}

#define SELU_SCALE 1.0507009873554805
#define SELU_ALPHA 1.6732632423543772

INLINE vec normal_distribution(vec x) { return (vec_erf(x * NUMBER(0.70710678118654752)) + 1) * NUMBER(0.5); }

INLINE vec gelu_slope(vec x)
{
    vec density = vec_exp(x * x * NUMBER(-0.5)) * NUMBER(0.39894228040143268);
    return normal_distribution(x) + x * density;
}

#define SQUARE_ROOT_2_PI 0.79788456080286536 /* of 2 / pi */
#define GELU_CUBE        0.044715

INLINE vec gelu_tanh_of(vec x) { return vec_tanh(NUMBER(SQUARE_ROOT_2_PI) * (x + NUMBER(GELU_CUBE) * (x * x * x))); }

INLINE vec gelu_tanh_slope(vec x)
{
    x = vec_max(NUMBER(-100), vec_min(NUMBER(100), x)); /* its square stays finite */
    vec t = gelu_tanh_of(x), inner = NUMBER(SQUARE_ROOT_2_PI) * (NUMBER(3 * GELU_CUBE) * (x * x) + 1);
    return NUMBER(0.5) * ((t + 1) + x * (1 - t * t) * inner);
}

INLINE vec silu_slope(vec x)
{
    vec s = vec_sigmoid(x);
    return s * (x * (1 - s) + 1);
}

INLINE vec hard_sigmoid_of(vec x) { return vec_min(NUMBER(6), vec_relu(x + 3)) / 6; }

INLINE vec softplus_of(vec x) { return vec_relu(x) + vec_log1p(vec_exp(-vec_abs(x))); }

/* With e = exp(x), tanh(softplus(x)) = m / (m + 2) where m = e (e + 2); it is 1 long before x = 40. */
INLINE vec mish_of(vec x)
{
    vec e = vec_exp(vec_min(NUMBER(40), x)), m = e * (e + 2);
    return x * (m / (m + 2));
}

INLINE vec mish_slope(vec x)
{
    vec e = vec_exp(vec_min(NUMBER(40), x)), m = e * (e + 2), w = 1 / (m + 2);
    return m * w + x * (4 * e * (e + 1) * w * w);
}

INLINE vec soft_shrink_of(vec x, vec threshold)
{
    return vec_select(x > threshold, x - threshold, where(x < -threshold, x + threshold));
}

INLINE vec sparse_plus_of(vec x)
{
    vec middle = NUMBER(0.25) * ((x + 1) * (x + 1));
    return vec_select(x < 1, where(x > -1, middle), x);
}

INLINE vec sparse_plus_slope(vec x) { return vec_select(x < 1, where(x > -1, NUMBER(0.5) * (x + 1)), NUMBER(1)); }

INLINE vec square(vec x) { return x * x; }

ACTIVATION(linear, x, FROM_DY, dy)
ACTIVATION(relu, vec_relu(x), FROM_Y, where(y > 0, dy))
ACTIVATION(general_relu, general_relu(x, a, b, c), FROM_X, general_relu_gradient(dy, x, a, b, c))
ACTIVATION(relu6, vec_min(NUMBER(6), vec_relu(x)), FROM_Y, where((y > 0) & (y < 6), dy))
ACTIVATION(leaky_relu, vec_select(x > 0, x, a *x), FROM_Y, vec_select(y > 0, dy, a *dy))
ACTIVATION(elu, vec_select(x > 0, x, a *vec_expm1(x)), FROM_Y, vec_select(y > 0, dy, dy *(y + a)))
ACTIVATION(celu, vec_relu(x) + a * vec_expm1(vec_min(NUMBER(0), x) / a), FROM_Y, dy *celu_slope(y, a))
ACTIVATION(selu, vec_select(x < 0, NUMBER(SELU_SCALE *SELU_ALPHA) * vec_expm1(x), NUMBER(SELU_SCALE) * x), FROM_Y,
           dy *vec_select(y < 0, y + NUMBER(SELU_SCALE * SELU_ALPHA), NUMBER(SELU_SCALE)))
ACTIVATION(gelu, x *normal_distribution(x), FROM_X, dy *gelu_slope(x))
ACTIVATION(gelu_tanh, NUMBER(0.5) * x * (gelu_tanh_of(x) + 1), FROM_X, dy *gelu_tanh_slope(x))
ACTIVATION(sigmoid, vec_sigmoid(x), FROM_Y, dy *(y *(1 - y)))
ACTIVATION(tanh, vec_tanh(x), FROM_Y, dy *(1 - y * y))
ACTIVATION(silu, x *vec_sigmoid(x), FROM_X, dy *silu_slope(x))
ACTIVATION(hard_sigmoid, hard_sigmoid_of(x), FROM_Y, where((y > 0) & (y < 1), dy / 6))
ACTIVATION(hard_silu, x *hard_sigmoid_of(x), FROM_X, dy *(hard_sigmoid_of(x) + where(vec_abs(x) < 3, x / 6)))
ACTIVATION(softplus, softplus_of(x), FROM_Y, dy * -vec_expm1(-y))
ACTIVATION(mish, mish_of(x), FROM_X, dy *mish_slope(x))
ACTIVATION(log_sigmoid, -softplus_of(-x), FROM_Y, dy * -vec_expm1(y))
ACTIVATION(softsign, x / (vec_abs(x) + 1), FROM_Y, dy *square(1 - vec_abs(y)))
ACTIVATION(exponential, vec_exp(x), FROM_Y, dy *y)
ACTIVATION(hard_tanh, vec_min(NUMBER(1), vec_max(NUMBER(-1), x)), FROM_X, where((x >= -1) & (x <= 1), dy))
ACTIVATION(tanh_shrink, x - vec_tanh(x), FROM_X, dy *square(vec_tanh(x)))
ACTIVATION(soft_shrink, soft_shrink_of(x, a), FROM_Y, where(y != 0, dy))
ACTIVATION(hard_shrink, where(vec_abs(x) > a, x), FROM_Y, where(y != 0, dy))
ACTIVATION(squareplus, NUMBER(0.5) * (x + vec_sqrt(x * x + a)), FROM_X,
           dy *(NUMBER(0.5) * (x / vec_sqrt(x * x + a) + 1)))
ACTIVATION(threshold, vec_select(x > a, x, b), FROM_X, where(x > a, dy))
ACTIVATION(sparse_plus, sparse_plus_of(x), FROM_X, dy *sparse_plus_slope(x))
ACTIVATION(sparse_sigmoid, vec_min(NUMBER(1), vec_relu(NUMBER(0.5) * (x + 1))), FROM_Y,
           where((y > 0) & (y < 1), NUMBER(0.5) * dy))
