/* Batch and layer normalization, forward and backward. */

#include "kernel.h"

#include <math.h>
#include <string.h>

HOT static void batch_statistics(const float *in, int rows, int n, float *mean, float *variance) {
    for (int c = 0; c < n; c++)
        mean[c] = variance[c] = 0.0f;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++)
            mean[c] += in[(size_t)r * n + c];
    for (int c = 0; c < n; c++)
        mean[c] /= (float)rows;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++) {
            float d = in[(size_t)r * n + c] - mean[c];
            variance[c] += d * d;
        }
    for (int c = 0; c < n; c++)
        variance[c] /= (float)rows;
}

HOT static void scale_columns(float *out, const float *in, int rows, int n, const float *mean,
                              const float *inverse, const float *gamma, const float *beta) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++) {
            float factor = gamma ? inverse[c] * gamma[c] : inverse[c];
            float shift = (beta ? beta[c] : 0.0f) - mean[c] * factor;
            out[(size_t)r * n + c] = in[(size_t)r * n + c] * factor + shift;
        }
}

HOT void batch_norm_forward(const network *net, const operation *op, const float *floats,
                                   int rows, int training, float *memory) {
    const int n = net->widths[op->a];
    float *mean = memory, *inverse = memory + n;
    float *moving_mean = net->state + op->moving_mean, *moving_var = net->state + op->moving_var;
    const float momentum = floats[0], epsilon = floats[1];
    if (training && op->trained) {
        batch_statistics(net->values[op->a], rows, n, mean, inverse);
        for (int c = 0; c < n; c++) {
            moving_mean[c] = moving_mean[c] * momentum + mean[c] * (1.0f - momentum);
            moving_var[c] = moving_var[c] * momentum + inverse[c] * (1.0f - momentum);
        }
    } else {
        memcpy(mean, moving_mean, (size_t)n * sizeof(float));
        memcpy(inverse, moving_var, (size_t)n * sizeof(float));
    }
    for (int c = 0; c < n; c++)
        inverse[c] = 1.0f / sqrtf(inverse[c] + epsilon);
    scale_columns(net->values[op->out], net->values[op->a], rows, n, mean, inverse,
                  op->weights < 0 ? NULL : net->weights + op->weights,
                  op->bias < 0 ? NULL : net->weights + op->bias);
}

HOT void batch_norm_backward(const network *net, const operation *op, int rows,
                                    float *memory) {
    const int n = net->widths[op->a];
    const float *x = net->values[op->a], *g = net->deltas[op->out];
    float *to = net->deltas[op->a];
    const float *mean = memory, *inverse = memory + n;
    float *sum = memory + 2 * n, *dot = memory + 3 * n;
    for (int c = 0; c < n; c++)
        sum[c] = dot[c] = 0.0f;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++) {
            const size_t i = (size_t)r * n + c;
            sum[c] += g[i];
            dot[c] += g[i] * ((x[i] - mean[c]) * inverse[c]);
        }
    if (op->weights >= 0)
        memcpy(net->gradients + op->weights, dot, (size_t)n * sizeof(float));
    if (op->bias >= 0)
        memcpy(net->gradients + op->bias, sum, (size_t)n * sizeof(float));
    if (op->flow_a == NOT_NEEDED)
        return;
    const float *gamma = op->weights < 0 ? NULL : net->weights + op->weights;
    const float share = op->trained ? 1.0f / (float)rows : 0.0f;
    const float kept = op->flow_a == FURTHER ? 1.0f : 0.0f;
    if (op->flow_a == FIRST)
        memset(to, 0, (size_t)rows * n * sizeof(float));
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++) {
            const size_t i = (size_t)r * n + c;
            float scale = gamma ? gamma[c] * inverse[c] : inverse[c];
            float xhat = (x[i] - mean[c]) * inverse[c];
            to[i] = kept * to[i] + scale * (g[i] - share * (sum[c] + xhat * dot[c]));
        }
}

HOT void layer_norm_forward(const network *net, const operation *op, float epsilon,
                                   int rows, float *memory) {
    const int n = net->widths[op->a];
    const float *gamma = op->weights < 0 ? NULL : net->weights + op->weights;
    const float *beta = op->bias < 0 ? NULL : net->weights + op->bias;
    for (int r = 0; r < rows; r++) {
        const float *x = net->values[op->a] + (size_t)r * n;
        float *out = net->values[op->out] + (size_t)r * n;
        float mean = 0.0f, variance = 0.0f;
#pragma omp simd reduction(+ : mean)
        for (int c = 0; c < n; c++)
            mean += x[c];
        mean /= (float)n;
#pragma omp simd reduction(+ : variance)
        for (int c = 0; c < n; c++)
            variance += (x[c] - mean) * (x[c] - mean);
        const float inverse = 1.0f / sqrtf(variance / (float)n + epsilon);
        memory[2 * r] = mean;
        memory[2 * r + 1] = inverse;
        for (int c = 0; c < n; c++) {
            float value = (x[c] - mean) * inverse;
            out[c] = (gamma ? value * gamma[c] : value) + (beta ? beta[c] : 0.0f);
        }
    }
}

HOT void layer_norm_backward(const network *net, const operation *op, int rows,
                                    const float *memory) {
    const int n = net->widths[op->a];
    const float *gamma = op->weights < 0 ? NULL : net->weights + op->weights;
    float *to_gamma = op->weights < 0 ? NULL : net->gradients + op->weights;
    float *to_beta = op->bias < 0 ? NULL : net->gradients + op->bias;
    if (to_gamma)
        memset(to_gamma, 0, (size_t)n * sizeof(float));
    if (to_beta)
        memset(to_beta, 0, (size_t)n * sizeof(float));
    for (int r = 0; r < rows; r++) {
        const float *x = net->values[op->a] + (size_t)r * n;
        const float *g = net->deltas[op->out] + (size_t)r * n;
        const float mean = memory[2 * r], inverse = memory[2 * r + 1];
        float sum = 0.0f, dot = 0.0f;
#pragma omp simd reduction(+ : sum, dot)
        for (int c = 0; c < n; c++) {
            float scaled = gamma ? g[c] * gamma[c] : g[c];
            sum += scaled;
            dot += scaled * ((x[c] - mean) * inverse);
        }
        if (to_gamma)
            for (int c = 0; c < n; c++)
                to_gamma[c] += g[c] * ((x[c] - mean) * inverse);
        if (to_beta)
            for (int c = 0; c < n; c++)
                to_beta[c] += g[c];
        if (op->flow_a == NOT_NEEDED)
            continue;
        float *to = net->deltas[op->a] + (size_t)r * n;
        const float kept = op->flow_a == FURTHER ? 1.0f : 0.0f;
        if (op->flow_a == FIRST)
            memset(to, 0, (size_t)n * sizeof(float));
        sum /= (float)n;
        dot /= (float)n;
        for (int c = 0; c < n; c++) {
            float scaled = gamma ? g[c] * gamma[c] : g[c];
            to[c] = kept * to[c] + inverse * (scaled - sum - (x[c] - mean) * inverse * dot);
        }
    }
}
