/* One update of all weights: penalties, clipping, decay, the optimizer's rule, constraints. The
 * order and the formulas are those of Keras 3 (keras/src/optimizers). */

#include "kernel.h"

#include <math.h>

HOT static void add_penalties(const network *net) {
    for (int v = 0; v < net->variable_count; v++) {
        const float l1 = net->variable_floats[v * VARIABLE_FLOATS];
        const float l2 = 2.0f * net->variable_floats[v * VARIABLE_FLOATS + 1];
        if (l1 == 0.0f && l2 == 0.0f)
            continue;
        const float *w = net->weights + net->variables[v].offset;
        float *g = net->gradients + net->variables[v].offset;
        for (int i = 0; i < net->variables[v].size; i++)
            g[i] += l2 * w[i] + (w[i] > 0.0f ? l1 : w[i] < 0.0f ? -l1 : 0.0f);
    }
}

HOT static float sum_of_squares(const float *g, int size) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < size; i++)
        sum += g[i] * g[i];
    return sum;
}

HOT static void scale(float *g, int size, float factor) {
    for (int i = 0; i < size; i++)
        g[i] *= factor;
}

HOT static void clip(const network *net, int clipping, float limit) {
    float *g = net->gradients;
    if (clipping == BY_VALUE) {
        for (int i = 0; i < net->weight_count; i++)
            g[i] = g[i] > limit ? limit : g[i] < -limit ? -limit : g[i];
    } else if (clipping == BY_NORM) {
        for (int v = 0; v < net->variable_count; v++) {
            float *part = g + net->variables[v].offset;
            const int size = net->variables[v].size;
            const float norm = sqrtf(sum_of_squares(part, size));
            if (!(norm <= limit))
                scale(part, size, limit / norm);
        }
    } else if (clipping == BY_GLOBAL_NORM) {
        const float norm = sqrtf(sum_of_squares(g, net->weight_count));
        if (!(norm <= limit))
            scale(g, net->weight_count, limit / norm);
    }
}

HOT static void decay(const network *net, float factor) {
    for (int v = 0; v < net->variable_count; v++)
        if (net->variable_floats[v * VARIABLE_FLOATS + 2] != 0.0f)
            scale(net->weights + net->variables[v].offset, net->variables[v].size, 1.0f - factor);
}

/* The largest norm of the weights that lead to a unit, as Keras's MaxNorm(axis=0). */
HOT static void constrain(const network *net) {
    for (int v = 0; v < net->variable_count; v++) {
        const float limit = net->variable_floats[v * VARIABLE_FLOATS + 3];
        if (limit <= 0.0f)
            continue;
        float *w = net->weights + net->variables[v].offset;
        const int columns = net->variables[v].columns, rows = net->variables[v].size / columns;
        for (int c = 0; c < columns; c++) {
            float sum = 0.0f;
            for (int r = 0; r < rows; r++)
                sum += w[(size_t)r * columns + c] * w[(size_t)r * columns + c];
            const float norm = sqrtf(sum);
            const float factor = (norm > limit ? limit : norm) / (1e-7f + norm);
            for (int r = 0; r < rows; r++)
                w[(size_t)r * columns + c] *= factor;
        }
    }
}

#define EACH(body)                                                                                 \
    for (int i = 0; i < n; i++) {                                                                  \
        body                                                                                       \
    }                                                                                              \
    break

HOT static void apply_rule(int kind, int n, float *restrict w, const float *restrict g,
                           float *restrict s0, float *restrict s1, float *restrict s2, float rate,
                           const float *k) {
    /* k: first and second factor of the optimizer, epsilon, then what `update` has worked out */
    const float b1 = k[0], b2 = k[1], epsilon = k[2], c0 = k[3], c1 = k[4], c2 = k[5];
    switch (kind) {
    case SGD:
        EACH(w[i] -= g[i] * rate;);
    case MOMENTUM:
        EACH(s0[i] = s0[i] * b1 - g[i] * rate; w[i] += s0[i];);
    case NESTEROV:
        EACH(s0[i] = s0[i] * b1 - g[i] * rate; w[i] += s0[i] * b1 - g[i] * rate;);
    case RMSPROP:
        EACH(s0[i] = b2 * s0[i] + (1.0f - b2) * (g[i] * g[i]);
             s1[i] = b1 * s1[i] + rate * g[i] / sqrtf(s0[i] + epsilon); w[i] -= s1[i];);
    case ADAGRAD:
        EACH(s0[i] += g[i] * g[i]; w[i] -= rate * g[i] / sqrtf(s0[i] + epsilon););
    case ADADELTA:
        EACH(s0[i] = b2 * s0[i] + (1.0f - b2) * (g[i] * g[i]);
             float step = -(sqrtf(s1[i] + epsilon) * g[i]) / sqrtf(s0[i] + epsilon);
             s1[i] = b2 * s1[i] + (1.0f - b2) * (step * step); w[i] += rate * step;);
    case ADAM:
        EACH(s0[i] += (g[i] - s0[i]) * (1.0f - b1); s1[i] += (g[i] * g[i] - s1[i]) * (1.0f - b2);
             w[i] -= s0[i] * c0 / (sqrtf(s1[i]) + epsilon););
    case AMSGRAD:
        EACH(s0[i] += (g[i] - s0[i]) * (1.0f - b1); s1[i] += (g[i] * g[i] - s1[i]) * (1.0f - b2);
             s2[i] = s2[i] > s1[i] ? s2[i] : s1[i];
             w[i] -= s0[i] * c0 / (sqrtf(s2[i]) + epsilon););
    case ADAMAX:
        EACH(s0[i] += (g[i] - s0[i]) * (1.0f - b1); float size = fabsf(g[i]);
             s1[i] = b2 * s1[i] > size ? b2 * s1[i] : size;
             w[i] -= rate * s0[i] / (c0 * (s1[i] + epsilon)););
    case NADAM:
        EACH(s0[i] += (g[i] - s0[i]) * (1.0f - b1); s1[i] += (g[i] * g[i] - s1[i]) * (1.0f - b2);
             w[i] -= (s0[i] * c0 + g[i] * c1) * rate / (sqrtf(s1[i] * c2) + epsilon););
    case LION:
        EACH(float way = s0[i] * b1 + g[i] * (1.0f - b1);
             w[i] -= rate * (way > 0.0f ? 1.0f : way < 0.0f ? -1.0f : way);
             s0[i] = s0[i] * b2 + g[i] * (1.0f - b2););
    case FTRL:
        EACH(float total = s0[i] + g[i] * g[i]; float root = sqrtf(total);
             s1[i] += g[i] - (root - sqrtf(s0[i])) / rate * w[i];
             w[i] = -s1[i] * rate / (root + b1); s0[i] = total;);
    }
}

void update(const network *net, optimizer_state *optimizer, float rate) {
    const int n = net->weight_count, kind = optimizer->kind;
    const double b1 = optimizer->hyper[0], b2 = optimizer->hyper[1];
    const double step = optimizer->iterations + 1.0;
    float k[6] = {(float)b1, (float)b2, (float)optimizer->hyper[2], 0.0f, 0.0f, 0.0f};
    add_penalties(net);
    clip(net, optimizer->clipping, (float)optimizer->clip);
    if (optimizer->decay != 0.0)
        decay(net, (float)optimizer->decay * rate);
    if (kind == ADAM || kind == AMSGRAD) {
        k[3] = (float)(rate * sqrt(1.0 - pow(b2, step)) / (1.0 - pow(b1, step)));
    } else if (kind == ADAMAX) {
        k[3] = (float)(1.0 - pow(b1, step));
    } else if (kind == NADAM) {
        const double now = b1 * (1.0 - 0.5 * pow(0.96, step));
        const double next = b1 * (1.0 - 0.5 * pow(0.96, step + 1.0));
        optimizer->momentum_product *= now;
        k[3] = (float)(next / (1.0 - optimizer->momentum_product * next));
        k[4] = (float)((1.0 - now) / (1.0 - optimizer->momentum_product));
        k[5] = (float)(1.0 / (1.0 - pow(b2, step)));
    }
    float *s0 = optimizer->slots;
    if (net->direct) {
        for (int v = 0; v < net->variable_count; v++) {
            const int at = net->variables[v].offset;
            if (!net->direct[v])
                apply_rule(SGD, net->variables[v].size, net->weights + at, net->gradients + at,
                           s0, s0, s0, rate, k);
        }
        optimizer->iterations = step;
        return;
    }
    apply_rule(kind, n, net->weights, net->gradients, s0, s0 + n, s0 + 2 * (size_t)n, rate, k);
    constrain(net);
    optimizer->iterations = step;
}
