/* Activations, and their derivatives from input and output. */

#include "vector_math.h"

#include <string.h>

#define ROOT_HALF 0.70710678118654752f
#define ROOT_TWO_PI_INVERSE 0.3989422804014327f
#define SELU_SCALE 1.05070098735548049f
#define SELU_ALPHA 1.67326324235437728f

#define EACH(body)                                                                                 \
    for (int i = 0; i < size; i++) {                                                               \
        body                                                                                       \
    }                                                                                              \
    break

HOT void activate(int kind, float *y, const float *x, int size, float slope) {
    switch (kind) {
    case RELU:
        EACH(y[i] = x[i] < 0.0f ? 0.0f : x[i];);
    case LEAKY_RELU:
        EACH(y[i] = x[i] < 0.0f ? slope * x[i] : x[i];);
    case ELU:
        EACH(y[i] = x[i] < 0.0f ? slope * (exp_of(x[i]) - 1.0f) : x[i];);
    case SELU:
        EACH(y[i] = SELU_SCALE * (x[i] < 0.0f ? SELU_ALPHA * (exp_of(x[i]) - 1.0f) : x[i]););
    case GELU:
        EACH(y[i] = 0.5f * x[i] * (1.0f + erf_of(x[i] * ROOT_HALF)););
    case SILU:
        EACH(y[i] = x[i] * sigmoid_of(x[i]););
    case MISH: /* tanh(log(1 + e)) as a quotient of e = exp(x) */
        EACH(float e = exp_of(x[i] > 30.0f ? 30.0f : x[i]); float w = e * (e + 2.0f);
             y[i] = x[i] * (w / (w + 2.0f)););
    case TANH:
        EACH(y[i] = tanh_of(x[i]););
    case SIGMOID:
        EACH(y[i] = sigmoid_of(x[i]););
    }
}

HOT void derive(int kind, float *d, const float *x, const float *y, int size, float slope) {
    switch (kind) {
    case RELU:
        EACH(d[i] = x[i] > 0.0f ? 1.0f : 0.0f;);
    case LEAKY_RELU:
        EACH(d[i] = x[i] > 0.0f ? 1.0f : slope;);
    case ELU:
        EACH(d[i] = x[i] < 0.0f ? y[i] + slope : 1.0f;);
    case SELU:
        EACH(d[i] = x[i] < 0.0f ? y[i] + SELU_SCALE * SELU_ALPHA : SELU_SCALE;);
    case GELU:
        EACH(d[i] = 0.5f * (1.0f + erf_of(x[i] * ROOT_HALF)) +
                    x[i] * ROOT_TWO_PI_INVERSE * exp_of(-0.5f * x[i] * x[i]););
    case SILU:
        EACH(float s = sigmoid_of(x[i]); d[i] = s * (1.0f + x[i] * (1.0f - s)););
    case MISH:
        EACH(float e = exp_of(x[i] > 30.0f ? 30.0f : x[i]); float w = e * (e + 2.0f);
             float t = w / (w + 2.0f); d[i] = t + x[i] * (1.0f - t * t) * (e / (1.0f + e)););
    case TANH:
        EACH(d[i] = 1.0f - y[i] * y[i];);
    case SIGMOID:
        EACH(d[i] = y[i] * (1.0f - y[i]););
    }
}

HOT void prelu_forward(float *y, const float *x, int rows, int n, const float *slopes) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++) {
            const size_t i = (size_t)r * n + c;
            y[i] = x[i] < 0.0f ? slopes[c] * x[i] : x[i];
        }
}

HOT void prelu_backward(float *d, float *to_slopes, const float *g, const float *x,
                               int rows, int n, const float *slopes) {
    memset(to_slopes, 0, (size_t)n * sizeof(float));
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++) {
            const size_t i = (size_t)r * n + c;
            d[i] = x[i] > 0.0f ? 1.0f : x[i] < 0.0f ? slopes[c] : 0.0f;
            to_slopes[c] += x[i] < 0.0f ? g[i] * x[i] : 0.0f;
        }
}
