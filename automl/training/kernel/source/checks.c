/* Whether a program, its rows and its optimizer may be used at all; see checks.h. */

#include "checks.h"

#include <limits.h>

#define NONE ((problem){0, -1})
#define WRONG(text, at) return (problem){text, at}

static int is_inside(int64_t offset, int64_t size, int64_t all) {
    return offset >= 0 && size >= 0 && offset <= all - size;
}

static int is_absent_or_inside(int64_t offset, int64_t size, int64_t all) {
    return offset < 0 || is_inside(offset, size, all);
}

/* Whether an operation's tensors have the widths that it needs. */
static int widths_fit(const operation *op, const int32_t *widths) {
    const int64_t a = widths[op->a], out = widths[op->out];
    if (op->kind == DENSE)
        return 1;
    if (op->kind == ADD)
        return a == out && widths[op->b] == out;
    if (op->kind == CONCATENATE)
        return a + widths[op->b] == out;
    return a == out;
}

static const char *check_weights(const network *net, const operation *op, const extents *given) {
    const int64_t a = net->widths[op->a], out = net->widths[op->out];
    switch (op->kind) {
    case DENSE:
        if (!is_inside(op->weights, a * out, given->weights))
            return "a kernel outside of the weights";
        if (!is_absent_or_inside(op->bias, out, given->weights))
            return "a bias outside of the weights";
        return 0;
    case PRELU:
        return is_inside(op->weights, a, given->weights) ? 0 : "slopes outside of the weights";
    case BATCH_NORM:
        if (!is_inside(op->moving_mean, a, given->state) ||
            !is_inside(op->moving_var, a, given->state))
            return "moving averages outside of the state";
        /* fall through */
    case LAYER_NORM:
        if (!is_absent_or_inside(op->weights, a, given->weights) ||
            !is_absent_or_inside(op->bias, a, given->weights))
            return "a scale or shift outside of the weights";
        return 0;
    default:
        return 0;
    }
}

static int is_known(int kind) {
    return (kind >= DENSE && kind <= PRELU) || (kind >= RELU && kind <= SIGMOID);
}

static int is_flow(int flow) { return flow >= NOT_NEEDED && flow <= FURTHER; }

/* An operation makes the tensor that follows its own number, from tensors made before. */
static const char *check_operation(const network *net, int k, const extents *given, int training) {
    const operation *op = net->operations + k;
    const int is_joining = op->kind == ADD || op->kind == CONCATENATE;
    if (!is_known(op->kind))
        return "an unknown kind";
    if (op->a < 0 || op->a > k || op->out != k + 1)
        return "a tensor that is not there";
    if (is_joining && (op->b < 0 || op->b > k))
        return "a second tensor that is not there";
    if (!widths_fit(op, net->widths))
        return "tensors of widths that do not fit";
    if (!is_flow(op->flow_a) || (is_joining && !is_flow(op->flow_b)))
        return "an unknown flow of gradients";
    if (training && op->kind >= DROPOUT && op->kind <= GAUSSIAN_DROPOUT &&
        (op->seed < 0 || op->seed >= given->streams))
        return "a random stream that is not there";
    return check_weights(net, op, given);
}

static const char *check_variable(const variable *one, int64_t weights) {
    if (one->size < 1 || !is_inside(one->offset, one->size, weights))
        return "a variable outside of the weights";
    if (one->columns < 1 || one->size % one->columns)
        return "a variable whose columns do not fit";
    return 0;
}

problem check_network(const network *net, const extents *given, int64_t rows, int training) {
    const int64_t operations = given->operation_ints / OPERATION_INTS;
    const int64_t variables = given->variable_ints / VARIABLE_INTS;
    if (given->operation_ints % OPERATION_INTS || given->variable_ints % VARIABLE_INTS)
        WRONG("a description that is cut off", -1);
    if (operations >= INT_MAX / OPERATION_INTS || variables >= INT_MAX / VARIABLE_FLOATS ||
        given->weights > INT_MAX || given->state > INT_MAX)
        WRONG("more of something than the kernel can count", -1);
    if (given->operation_floats != operations * OPERATION_FLOATS)
        WRONG("another number of operations than of their numbers", -1);
    if (given->variable_floats != variables * VARIABLE_FLOATS)
        WRONG("another number of variables than of their numbers", -1);
    if (given->widths != operations + 1)
        WRONG("another number of tensors than operations make", -1);
    if (net->output < 0 || net->output >= given->widths)
        WRONG("outputs that are not there", -1);
    for (int t = 0; t < net->tensors; t++)
        if (net->widths[t] < 1 || net->widths[t] > (INT_MAX - PANEL) / (rows > PANEL ? rows : PANEL))
            WRONG("a tensor without columns, or with more than the kernel can count", t);
    for (int k = 0; k < net->count; k++) {
        const char *what = check_operation(net, k, given, training);
        if (what)
            WRONG(what, k);
    }
    for (int v = 0; v < net->variable_count; v++) {
        const char *what = check_variable(net->variables + v, given->weights);
        if (what)
            WRONG(what, v);
    }
    return NONE;
}

problem check_loss(int kind) {
    if (kind < MSE || kind > SPARSE_CE)
        WRONG("an unknown loss", -1);
    return NONE;
}

problem check_optimizer(const optimizer_state *optimizer, int64_t weights, int64_t slots) {
    /* Numbers for each weight, as SLOTS in automl/training/kernel/codes.py has them. */
    static const int kept[] = {0, 1, 1, 2, 1, 2, 2, 3, 2, 2, 1, 2};
    if (optimizer->kind < SGD || optimizer->kind > FTRL)
        WRONG("an unknown optimizer", -1);
    if (optimizer->clipping < NO_CLIPPING || optimizer->clipping > BY_GLOBAL_NORM)
        WRONG("an unknown clipping", -1);
    if (slots != kept[optimizer->kind] * weights)
        WRONG("another number of the optimizer's numbers than its weights need", -1);
    return NONE;
}

problem check_rows(const network *net, int loss, int64_t rows, int64_t targets, int64_t weights) {
    const int64_t wanted = loss == SPARSE_CE ? rows : rows * net->widths[net->output];
    if (rows < 1 || rows > INT_MAX)
        WRONG("no rows, or more than the kernel can count", -1);
    if (targets != wanted)
        WRONG("another number of targets than of rows", -1);
    if (weights >= 0 && weights != rows)
        WRONG("another number of weights of rows than of rows", -1);
    return NONE;
}

problem check_order(const int32_t *order, int64_t first, int64_t last, int64_t rows,
                    const int32_t *labels, int classes) {
    for (int64_t i = first; i < last; i++) {
        const int32_t row = order ? order[i] : (int32_t)i;
        if (row < 0 || row >= rows)
            WRONG("a row that is not there", i);
        if (labels && (labels[row] < 0 || labels[row] >= classes))
            WRONG("a label without an output", row);
    }
    return NONE;
}
