/* What a call gives the kernel, checked once before it computes: every index and size that it uses
 * lies inside what it was given. */

#ifndef AUTOML_CHECKS_H
#define AUTOML_CHECKS_H

#include "kernel.h"

/* What is wrong, and where: the number of an operation, a variable or a row, or -1. NULL for
 * nothing. */
typedef struct {
    const char *what;
    int64_t where;
} problem;

/* How many numbers the arrays of a program hold. */
typedef struct {
    int64_t operation_ints, operation_floats, widths, variable_ints, variable_floats;
    int64_t weights, state, streams;
} extents;

/* The program of a network for batches of some rows. */
problem check_network(const network *net, const extents *given, int64_t rows, int training);

problem check_loss(int kind);
problem check_optimizer(const optimizer_state *optimizer, int64_t weights, int64_t slots);

/* Rows x (given_x numbers) with their targets and weights; -1 weights for none. */
problem check_rows(const network *net, int loss, int64_t rows, int64_t targets, int64_t weights);

/* The rows of some steps, and for a crossentropy of classes their labels. */
problem check_order(const int32_t *order, int64_t first, int64_t last, int64_t rows,
                    const int32_t *labels, int classes);

#endif
