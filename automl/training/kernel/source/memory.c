/* The memory that a network needs for batches of some rows. */

#include "kernel.h"

#include <stdlib.h>

#define ALIGNMENT 64

static size_t padded(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

/* Bytes that an operation keeps between its way forward and its way backward. */
static size_t memory_of(const network *net, int k, int rows) {
    const operation *op = net->operations + k;
    const size_t n = (size_t)net->widths[op->a];
    if (op->kind == BATCH_NORM)
        return 4 * n * sizeof(float);
    if (op->kind == LAYER_NORM)
        return 2 * (size_t)rows * sizeof(float);
    if (op->kind == DENSE || op->kind == ADD || op->kind == CONCATENATE)
        return 0;
    return ((size_t)rows * n + 4) * sizeof(float);
}

void *equip(network *net, int rows) {
    size_t bytes = padded((size_t)net->weight_count * sizeof(float));
    const size_t pointers = padded(sizeof(float *) * (size_t)(2 * net->tensors + net->count));
    int widest = rows;
    for (int t = 0; t < net->tensors; t++)
        widest = net->widths[t] > widest ? net->widths[t] : widest;
    const size_t panel = padded((size_t)widest * PANEL * sizeof(float));
    bytes += panel;
    for (int t = 0; t < net->tensors; t++)
        bytes += 2 * padded((size_t)rows * (size_t)net->widths[t] * sizeof(float));
    for (int k = 0; k < net->count; k++)
        bytes += padded(memory_of(net, k, rows));
    char *memory = malloc(bytes + pointers + ALIGNMENT);
    if (!memory)
        return NULL;
    char *at = (char *)padded((size_t)memory);
    net->values = (float **)(void *)at;
    net->deltas = net->values + net->tensors;
    net->masks = net->deltas + net->tensors;
    at += pointers;
    net->panel = (float *)(void *)at;
    at += panel;
    net->gradients = (float *)(void *)at;
    at += padded((size_t)net->weight_count * sizeof(float));
    for (int t = 0; t < net->tensors; t++) {
        const size_t size = padded((size_t)rows * (size_t)net->widths[t] * sizeof(float));
        net->values[t] = (float *)(void *)at;
        net->deltas[t] = (float *)(void *)(at + size);
        at += 2 * size;
    }
    for (int k = 0; k < net->count; k++) {
        net->masks[k] = (float *)(void *)at;
        at += padded(memory_of(net, k, rows));
    }
    return memory;
}
