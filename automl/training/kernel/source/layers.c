/* Dense layers, sums and concatenations, and the whole network forward and backward, over one
 * batch that lies row by row. */

#include "kernel.h"

#include <math.h>
#include <string.h>

HOT static void multiply(float *out, const float *a, const float *b, int size) {
    for (int i = 0; i < size; i++)
        out[i] = a[i] * b[i];
}

HOT static void multiply_add(float *out, const float *a, const float *b, int size) {
    for (int i = 0; i < size; i++)
        out[i] += a[i] * b[i];
}

HOT static void add_bias(float *out, const float *bias, int rows, int n) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++)
            out[(size_t)r * n + c] += bias[c];
}

HOT static void sum_rows(float *out, const float *in, int rows, int n) {
    memset(out, 0, (size_t)n * sizeof(float));
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++)
            out[c] += in[(size_t)r * n + c];
}

static void dense_forward(const network *net, const operation *op, int rows) {
    int in = net->widths[op->a], units = net->widths[op->out];
    float one = 1.0f, zero = 0.0f;
    if (rows <= few_rows) {
        product(net->values[op->out], net->values[op->a], net->weights + op->weights,
                op->bias < 0 ? NULL : net->weights + op->bias, rows, in, units, net->panel);
        return;
    }
    net->sgemm("N", "N", &units, &rows, &in, &one, net->weights + op->weights, &units,
               net->values[op->a], &in, &zero, net->values[op->out], &units);
    if (op->bias >= 0)
        add_bias(net->values[op->out], net->weights + op->bias, rows, units);
}

static int is_direct(const network *net, int32_t offset) {
    for (int v = 0; net->direct && v < net->variable_count; v++)
        if (net->variables[v].offset == offset)
            return net->direct[v];
    return 0;
}

static void dense_backward(const network *net, const operation *op, int rows, float rate) {
    int in = net->widths[op->a], units = net->widths[op->out];
    float one = 1.0f, zero = 0.0f, against = -rate;
    float *g = net->deltas[op->out];
    const int few = rows <= few_rows;
    if (op->flow_a != NOT_NEEDED && few) /* before the weights may change */
        product_transposed(net->deltas[op->a], g, net->weights + op->weights, rows, in, units,
                           op->flow_a == FURTHER, net->panel);
    else if (op->flow_a != NOT_NEEDED)
        net->sgemm("T", "N", &in, &rows, &units, &one, net->weights + op->weights, &units, g,
                   &units, op->flow_a == FURTHER ? &one : &zero, net->deltas[op->a], &in);
    const int direct = is_direct(net, op->weights);
    float *to = (direct ? net->weights : net->gradients) + op->weights;
    if (few)
        outer_product(to, direct ? &against : NULL, net->values[op->a], g, rows, in, units,
                      net->panel);
    else
        net->sgemm("N", "T", &units, &in, &rows, direct ? &against : &one, g, &units,
               net->values[op->a], &in, direct ? &one : &zero, to, &units);
    if (op->bias >= 0)
        sum_rows(net->gradients + op->bias, g, rows, units);
}

static void pass(float *to, const float *from, int size, int flow) {
    if (flow == FIRST)
        memcpy(to, from, (size_t)size * sizeof(float));
    else if (flow == FURTHER)
        for (int i = 0; i < size; i++)
            to[i] += from[i];
}

static void add_forward(const network *net, const operation *op, int size) {
    const float *a = net->values[op->a], *b = net->values[op->b];
    float *out = net->values[op->out];
    for (int i = 0; i < size; i++)
        out[i] = a[i] + b[i];
}

static void concatenate(const network *net, const operation *op, int rows, int is_backward) {
    const int n = net->widths[op->a], m = net->widths[op->b];
    for (int r = 0; r < rows; r++) {
        const size_t from = (size_t)r * (n + m);
        if (is_backward) {
            const float *g = net->deltas[op->out] + from;
            pass(net->deltas[op->a] + (size_t)r * n, g, n, op->flow_a);
            pass(net->deltas[op->b] + (size_t)r * m, g + n, m, op->flow_b);
        } else {
            float *out = net->values[op->out] + from;
            memcpy(out, net->values[op->a] + (size_t)r * n, (size_t)n * sizeof(float));
            memcpy(out + n, net->values[op->b] + (size_t)r * m, (size_t)m * sizeof(float));
        }
    }
}

void forward(const network *net, int rows, int training, const int64_t *seeds) {
    for (int k = 0; k < net->count; k++) {
        const operation *op = net->operations + k;
        const float *floats = net->operation_floats + k * OPERATION_FLOATS;
        const float *in = net->values[op->a];
        float *out = net->values[op->out], *memory = net->masks[k];
        const int n = net->widths[op->a], size = rows * n;
        switch (op->kind) {
        case DENSE:
            dense_forward(net, op, rows);
            break;
        case BATCH_NORM:
            batch_norm_forward(net, op, floats, rows, training, memory);
            break;
        case LAYER_NORM:
            layer_norm_forward(net, op, floats[1], rows, memory);
            break;
        case DROPOUT:
        case ALPHA_DROPOUT:
        case GAUSSIAN_DROPOUT:
            if (training)
                random_forward(net, op, size, floats[0], memory, seeds);
            else
                memcpy(out, in, (size_t)size * sizeof(float));
            break;
        case ADD:
            add_forward(net, op, size);
            break;
        case CONCATENATE:
            concatenate(net, op, rows, 0);
            break;
        case PRELU:
            prelu_forward(out, in, rows, n, net->weights + op->weights);
            break;
        default:
            activate(op->kind, out, in, size, floats[0]);
        }
    }
}

void backward(const network *net, int rows, float rate) {
    for (int k = net->count - 1; k >= 0; k--) {
        const operation *op = net->operations + k;
        const float *g = net->deltas[op->out];
        float *memory = net->masks[k];
        const int n = net->widths[op->a], size = rows * n;
        switch (op->kind) {
        case DENSE:
            dense_backward(net, op, rows, rate);
            continue;
        case BATCH_NORM:
            batch_norm_backward(net, op, rows, memory);
            continue;
        case LAYER_NORM:
            layer_norm_backward(net, op, rows, memory);
            continue;
        case ADD:
            pass(net->deltas[op->a], g, size, op->flow_a);
            pass(net->deltas[op->b], g, size, op->flow_b);
            continue;
        case CONCATENATE:
            concatenate(net, op, rows, 1);
            continue;
        case PRELU:
            prelu_backward(memory, net->gradients + op->weights, g, net->values[op->a], rows, n,
                           net->weights + op->weights);
            break;
        case DROPOUT:
        case ALPHA_DROPOUT:
        case GAUSSIAN_DROPOUT:
            break; /* the mask is the derivative */
        default:
            derive(op->kind, memory, net->values[op->a], net->values[op->out], size,
                   net->operation_floats[k * OPERATION_FLOATS]);
        }
        if (op->flow_a == FIRST)
            multiply(net->deltas[op->a], g, memory, size);
        else if (op->flow_a == FURTHER)
            multiply_add(net->deltas[op->a], g, memory, size);
    }
}

HOT float penalty(const network *net) {
    double total = 0.0;
    for (int v = 0; v < net->variable_count; v++) {
        const float l1 = net->variable_floats[v * VARIABLE_FLOATS];
        const float l2 = net->variable_floats[v * VARIABLE_FLOATS + 1];
        if (l1 == 0.0f && l2 == 0.0f)
            continue;
        const float *w = net->weights + net->variables[v].offset;
        float absolute = 0.0f, squared = 0.0f;
#pragma omp simd reduction(+ : absolute, squared)
        for (int i = 0; i < net->variables[v].size; i++) {
            absolute += fabsf(w[i]);
            squared += w[i] * w[i];
        }
        total += (double)l1 * absolute + (double)l2 * squared;
    }
    return (float)total;
}
