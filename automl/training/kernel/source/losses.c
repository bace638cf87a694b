/* Losses of a batch, their gradients, and how many rows were told right. */

#include "kernel.h"
#include "vector_math.h"

HOT static double regression_row(int kind, float delta, const float *z, const float *t, float *g,
                                 int n, float scale) {
    float loss = 0.0f;
#pragma omp simd reduction(+ : loss)
    for (int c = 0; c < n; c++) {
        const float e = z[c] - t[c], size = fabsf(e), sign = e > 0.0f ? 1.0f : e < 0.0f ? -1.0f : e;
        const float square = e * e, bent = delta * size - 0.5f * delta * delta;
        loss += kind == MSE ? square
                : kind == MAE ? size
                              : (size <= delta ? 0.5f * square : bent);
        if (g)
            g[c] = scale * (kind == MSE ? 2.0f * e
                            : kind == MAE ? sign
                                          : (size <= delta ? e : delta * sign));
    }
    return loss / (float)n;
}

HOT static double sigmoid_row(float smoothing, const float *z, const float *t, float *g, int n,
                              float scale, float *right) {
    float loss = 0.0f, told = 0.0f;
    for (int c = 0; c < n; c++) {
        const float wanted = t[c] * (1.0f - smoothing) + 0.5f * smoothing;
        const float size = fabsf(z[c]), positive = z[c] < 0.0f ? 0.0f : z[c];
        loss += positive - z[c] * wanted + log1pf(exp_of(-size));
        told += (z[c] > 0.0f) == (t[c] > 0.5f) ? 1.0f : 0.0f;
        if (g)
            g[c] = scale * (sigmoid_of(z[c]) - wanted);
    }
    *right += told / (float)n;
    return loss / (float)n;
}

/* Softmax of a row into p; the logarithm of the sum of exponentials is returned. */
HOT static float softmax_row(const float *z, float *p, int n) {
    float most = z[0], sum = 0.0f;
    for (int c = 1; c < n; c++)
        most = z[c] > most ? z[c] : most;
#pragma omp simd reduction(+ : sum)
    for (int c = 0; c < n; c++) {
        p[c] = exp_of(z[c] - most);
        sum += p[c];
    }
    for (int c = 0; c < n; c++)
        p[c] /= sum;
    return most + logf(sum);
}

static int greatest(const float *z, int n) {
    int best = 0;
    for (int c = 1; c < n; c++)
        if (z[c] > z[best])
            best = c;
    return best;
}

/* Crossentropy of a row, of which p holds the probabilities and becomes the gradient. */
static double softmax_loss(int kind, float smoothing, const float *z, float *p, int n,
                           const int32_t *label, const float *wanted, float total, float scale,
                           float *right) {
    const float even = smoothing / (float)n;
    double loss = 0.0;
    for (int c = 0; c < n; c++) {
        float hit = kind == SPARSE_CE ? (c == *label ? 1.0f : 0.0f) : wanted[c];
        float share = hit * (1.0f - smoothing) + even;
        if (share != 0.0f)
            loss += share * (double)(total - z[c]);
        p[c] = scale * (p[c] - share);
    }
    *right += greatest(z, n) == (kind == SPARSE_CE ? *label : greatest(wanted, n));
    return loss;
}

double batch_loss(const network *net, int kind, const float *hyper, int rows, const void *target,
                  const float *weight, int with_gradient, double *correct) {
    const int n = net->widths[net->output];
    const float *z = net->values[net->output];
    double sum = 0.0;
    float right = 0.0f;
    for (int r = 0; r < rows; r++) {
        const size_t at = (size_t)r * n;
        const float share = (weight ? weight[r] : 1.0f) / (float)rows;
        float *g = with_gradient ? net->deltas[net->output] + at : NULL;
        const float *wanted = (const float *)target + at;
        double loss;
        if (kind == SPARSE_CE || kind == SOFTMAX_CE) {
            float *p = net->deltas[net->output] + at; /* there is always room for it */
            const float total = softmax_row(z + at, p, n);
            loss = softmax_loss(kind, hyper[0], z + at, p, n, (const int32_t *)target + r, wanted,
                                total, share, &right);
        } else if (kind == SIGMOID_CE) {
            loss = sigmoid_row(hyper[0], z + at, wanted, g, n, share / (float)n, &right);
        } else {
            loss = regression_row(kind, hyper[0], z + at, wanted, g, n, share / (float)n);
        }
        sum += loss * (weight ? (double)weight[r] : 1.0);
    }
    *correct += right;
    return sum / rows;
}

void finish_outputs(int kind, float *outputs, int rows, int columns) {
    if (kind == SPARSE_CE || kind == SOFTMAX_CE)
        for (int r = 0; r < rows; r++)
            softmax_row(outputs + (size_t)r * columns, outputs + (size_t)r * columns, columns);
    else if (kind == SIGMOID_CE)
        for (int i = 0; i < rows * columns; i++)
            outputs[i] = sigmoid_of(outputs[i]);
}
