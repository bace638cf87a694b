/* The Python module: whole runs of steps, and predictions, without the interpreter's lock. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "denormals.h"
#include "dense.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64
#define PREDICTED_ROWS 256 /* rows that pass through the network together when none is learnt */

static sgemm_function matrix_product = NULL;

typedef struct {
    Py_buffer operations, floats, widths, variables, variable_floats;
    int output;
} program;

static void release(Py_buffer **buffers, int count) {
    for (int i = 0; i < count; i++)
        if (buffers[i]->obj)
            PyBuffer_Release(buffers[i]);
}

static size_t padded(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static void describe(network *net, const program *given, float *weights, Py_ssize_t bytes,
                     float *state) {
    memset(net, 0, sizeof *net);
    net->operations = given->operations.buf;
    net->operation_floats = given->floats.buf;
    net->count = (int)(given->operations.len / (Py_ssize_t)sizeof(operation));
    net->widths = given->widths.buf;
    net->tensors = (int)(given->widths.len / (Py_ssize_t)sizeof(int32_t));
    net->output = given->output;
    net->variables = given->variables.buf;
    net->variable_floats = given->variable_floats.buf;
    net->variable_count = (int)(given->variables.len / (Py_ssize_t)sizeof(variable));
    net->weight_count = (int)(bytes / (Py_ssize_t)sizeof(float));
    net->weights = weights;
    net->state = state;
    net->sgemm = matrix_product;
}

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

/* Gives the network memory for batches of some rows; NULL where there is none to be had. */
static void *equip(network *net, int rows) {
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

/* Finds the kernels that may be updated at once: all, where gradient descent is all there is. */
static void find_direct(network *net, const optimizer_state *optimizer, unsigned char *direct) {
    if (optimizer->kind != SGD || optimizer->clipping != NO_CLIPPING || optimizer->decay != 0.0)
        return;
    memset(direct, 0, (size_t)net->variable_count);
    for (int v = 0; v < net->variable_count; v++) {
        const float *floats = net->variable_floats + v * VARIABLE_FLOATS;
        if (floats[0] != 0.0f || floats[1] != 0.0f || floats[3] != 0.0f)
            return;
        for (int k = 0; k < net->count; k++)
            if (net->operations[k].kind == DENSE &&
                net->operations[k].weights == net->variables[v].offset)
                direct[v] = 1;
    }
    net->direct = direct;
}

/* One row after another, as the order has them, side by side. */
static void gather(void *to, const void *from, const int32_t *order, int rows, size_t bytes) {
    for (int r = 0; r < rows; r++)
        memcpy((char *)to + (size_t)r * bytes, (const char *)from + (size_t)order[r] * bytes,
               bytes);
}

typedef struct {
    const void *x, *target;
    const float *row_weights;
    const int32_t *order;
    const float *rates, *momenta;
    int rows, batch, first, last, loss, streams;
    float hyper[2];
    int64_t *seeds;
    double *tally; /* iterations, Nadam's product, sum of losses, rows, right ones */
} course;

/* Runs steps; the number of the step before which it ended. */
static int run(const network *net, optimizer_state *optimizer, course *c, void *target,
               float *weights) {
    const size_t target_bytes =
        c->loss == SPARSE_CE ? sizeof(int32_t)
                             : (size_t)net->widths[net->output] * sizeof(float);
    int step = c->first;
    while (step < c->last) {
        const int32_t *order = c->order + (size_t)step * c->batch;
        const int left = c->rows - step * c->batch, rows = left < c->batch ? left : c->batch;
        gather(net->values[0], c->x, order, rows, (size_t)net->widths[0] * sizeof(float));
        gather(target, c->target, order, rows, target_bytes);
        if (c->row_weights)
            gather(weights, c->row_weights, order, rows, sizeof(float));
        forward(net, rows, 1, c->seeds);
        double loss = batch_loss(net, c->loss, c->hyper, rows, target,
                                 c->row_weights ? weights : NULL, 1, &c->tally[4]) +
                      penalty(net);
        const float rate = c->rates ? c->rates[step] : (float)optimizer->rate;
        backward(net, rows, rate);
        if (c->momenta)
            optimizer->hyper[0] = c->momenta[step];
        update(net, optimizer, rate);
        for (int s = 0; s < c->streams; s++)
            c->seeds[2 * s + 1]++;
        c->tally[2] += loss * rows;
        c->tally[3] += rows;
        step++;
        if (!isfinite(loss))
            break;
    }
    c->tally[0] = optimizer->iterations;
    c->tally[1] = optimizer->momentum_product;
    return step;
}

static PyObject *train(PyObject *self, PyObject *arguments) {
    (void)self;
    program p = {0};
    optimizer_state optimizer = {0};
    course c = {0};
    Py_buffer weights = {0}, state = {0}, slots = {0}, x = {0}, y = {0}, row_weights = {0};
    Py_buffer order = {0}, rates = {0}, momenta = {0}, seeds = {0}, tally = {0};
    Py_buffer *held[] = {&p.operations, &p.floats, &p.widths, &p.variables, &p.variable_floats,
                         &weights, &state, &slots, &x, &y, &row_weights, &order, &rates,
                         &momenta, &seeds, &tally};
    const int holding = (int)(sizeof held / sizeof *held);
    if (!PyArg_ParseTuple(arguments, "(y*y*y*iy*y*)(iiddddddd)(iff)w*w*w*y*y*z*y*z*z*w*w*iii",
                          &p.operations, &p.floats, &p.widths, &p.output, &p.variables,
                          &p.variable_floats, &optimizer.kind, &optimizer.clipping,
                          &optimizer.rate, &optimizer.clip, &optimizer.decay, &optimizer.hyper[0],
                          &optimizer.hyper[1], &optimizer.hyper[2], &optimizer.hyper[3], &c.loss,
                          &c.hyper[0], &c.hyper[1], &weights, &state, &slots, &x, &y,
                          &row_weights, &order, &rates, &momenta, &seeds, &tally, &c.batch,
                          &c.first, &c.last)) {
        release(held, holding);
        return NULL;
    }
    network net;
    describe(&net, &p, weights.buf, weights.len, state.buf);
    c.x = x.buf;
    c.target = y.buf;
    c.row_weights = row_weights.buf;
    c.order = order.buf;
    c.rates = rates.buf;
    c.momenta = momenta.buf;
    c.rows = (int)(order.len / (Py_ssize_t)sizeof(int32_t));
    c.seeds = seeds.buf;
    c.streams = (int)(seeds.len / (Py_ssize_t)(2 * sizeof(int64_t)));
    c.tally = tally.buf;
    optimizer.slots = slots.buf;
    optimizer.iterations = c.tally[0];
    optimizer.momentum_product = c.tally[1];
    void *memory = NULL, *extra = NULL;
    int done = c.first;
    Py_BEGIN_ALLOW_THREADS;
    const float_mode mode = flush_denormals();
    const size_t target_bytes = (size_t)c.batch * (size_t)net.widths[net.output] * sizeof(float);
    memory = equip(&net, c.batch);
    extra = malloc(target_bytes + (size_t)c.batch * sizeof(float) + (size_t)net.variable_count);
    if (memory && extra)
        find_direct(&net, &optimizer, (unsigned char *)extra + target_bytes +
                                          (size_t)c.batch * sizeof(float));
    if (memory && extra)
        done = run(&net, &optimizer, &c, extra, (float *)(void *)((char *)extra + target_bytes));
    restore_mode(mode);
    Py_END_ALLOW_THREADS;
    const int equipped = memory && extra;
    free(memory);
    free(extra);
    release(held, holding);
    return equipped ? PyLong_FromLong(done) : PyErr_NoMemory();
}

/* Predictions of all rows, and the sum of their losses. */
static double predict_rows(network *net, int loss, const float *hyper, const float *x,
                           const char *target, const float *weights, float *out, int rows) {
    const int in = net->widths[0], n = net->widths[net->output];
    const size_t target_bytes = loss == SPARSE_CE ? sizeof(int32_t) : (size_t)n * sizeof(float);
    double sum = 0.0, right = 0.0;
    for (int start = 0; start < rows; start += PREDICTED_ROWS) {
        const int part = rows - start < PREDICTED_ROWS ? rows - start : PREDICTED_ROWS;
        float *to = out + (size_t)start * n;
        /* The kernel never writes to tensor 0, so the rows are read where they are. */
        net->values[0] = (float *)(uintptr_t)(x + (size_t)start * in);
        forward(net, part, 0, NULL);
        sum += part * batch_loss(net, loss, hyper, part, target + (size_t)start * target_bytes,
                                 weights ? weights + start : NULL, 0, &right);
        memcpy(to, net->values[net->output], (size_t)part * n * sizeof(float));
        if (hyper[1] == 0.0f)
            finish_outputs(loss, to, part, n);
    }
    return sum;
}

static PyObject *predict(PyObject *self, PyObject *arguments) {
    (void)self;
    program p = {0};
    int loss;
    float hyper[2];
    Py_buffer weights = {0}, state = {0}, x = {0}, y = {0}, row_weights = {0}, out = {0};
    Py_buffer *held[] = {&p.operations, &p.floats, &p.widths, &p.variables, &p.variable_floats,
                         &weights, &state, &x, &y, &row_weights, &out};
    const int holding = (int)(sizeof held / sizeof *held);
    if (!PyArg_ParseTuple(arguments, "(y*y*y*iy*y*)(iff)w*w*y*y*z*w*", &p.operations, &p.floats,
                          &p.widths, &p.output, &p.variables, &p.variable_floats, &loss,
                          &hyper[0], &hyper[1], &weights, &state, &x, &y, &row_weights, &out)) {
        release(held, holding);
        return NULL;
    }
    network net;
    describe(&net, &p, weights.buf, weights.len, state.buf);
    const int rows = (int)(x.len / (Py_ssize_t)sizeof(float) / net.widths[0]);
    double total = 0.0;
    void *memory = NULL;
    Py_BEGIN_ALLOW_THREADS;
    const float_mode mode = flush_denormals();
    memory = equip(&net, PREDICTED_ROWS);
    if (memory)
        total = predict_rows(&net, loss, hyper, x.buf, y.buf, row_weights.buf, out.buf, rows) /
                    rows +
                penalty(&net);
    restore_mode(mode);
    Py_END_ALLOW_THREADS;
    const int equipped = memory != NULL;
    free(memory);
    release(held, holding);
    return equipped ? PyFloat_FromDouble(total) : PyErr_NoMemory();
}

/* Takes BLAS's matrix product from the table that SciPy offers to compiled code. */
static PyObject *use_product(PyObject *self, PyObject *capsule) {
    (void)self;
    const char *name = PyCapsule_GetName(capsule);
    if (!name)
        return NULL;
    matrix_product = (sgemm_function)PyCapsule_GetPointer(capsule, name);
    if (!matrix_product)
        return NULL;
    return PyUnicode_FromString(name);
}

static PyObject *wide_registers(PyObject *self, PyObject *wanted) {
    (void)self;
    const int is_wanted = PyObject_IsTrue(wanted);
    return is_wanted < 0 ? NULL : PyBool_FromLong(use_wide_registers(is_wanted));
}

static PyMethodDef methods[] = {
    {"train", train, METH_VARARGS, "Runs steps of training; the step before which it ended."},
    {"predict", predict, METH_VARARGS, "Predicts rows; their mean loss, penalties included."},
    {"use_product", use_product, METH_O, "Sets the matrix product; the name of its type."},
    {"wide_registers", wide_registers, METH_O, "Sets and tells whether AVX-512 is used."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernel", "Training of dense networks, compiled.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) {
    use_wide_registers(1);
    return PyModule_Create(&definition);
}
