/* The Python module: whole runs of steps, and predictions, without the interpreter's lock. */

#include "arrays.h"
#include "checks.h"
#include "denormals.h"
#include "kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static int take_program(PyObject *const *given, program *p) {
    return take(given[0], &p->operations, "operations", INT32, 0) &&
           take(given[1], &p->floats, "floats", FLOAT32, 0) &&
           take(given[2], &p->widths, "widths", INT32, 0) &&
           take(given[3], &p->variables, "variables", INT32, 0) &&
           take(given[4], &p->variable_floats, "variable_floats", FLOAT32, 0);
}

static int check_program(const network *net, const program *p, const Py_buffer *weights,
                         const Py_buffer *state, int64_t streams, int64_t rows, int training) {
    const extents given = {count_of(&p->operations), count_of(&p->floats),
                           count_of(&p->widths),     count_of(&p->variables),
                           count_of(&p->variable_floats), count_of(weights),
                           count_of(state),          streams};
    return is_wanted(matrix_product != NULL, "no matrix product") &&
           is_fine(check_network(net, &given, rows, training));
}

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

/* Everything that `train` is given. */
typedef struct {
    program p;
    optimizer_state optimizer;
    course c;
    Py_buffer weights, state, slots, x, y, row_weights, order, rates, momenta, seeds, tally;
} training;

static int take_training(PyObject *arguments, training *t) {
    PyObject *p[5], *o[11];
    if (!PyArg_ParseTuple(arguments, "(OOOiOO)(iiddddddd)(iff)OOOOOOOOOOOiii", &p[0], &p[1], &p[2],
                          &t->p.output, &p[3], &p[4], &t->optimizer.kind, &t->optimizer.clipping,
                          &t->optimizer.rate, &t->optimizer.clip, &t->optimizer.decay,
                          &t->optimizer.hyper[0], &t->optimizer.hyper[1], &t->optimizer.hyper[2],
                          &t->optimizer.hyper[3], &t->c.loss, &t->c.hyper[0], &t->c.hyper[1],
                          &o[0], &o[1], &o[2], &o[3], &o[4], &o[5], &o[6], &o[7], &o[8], &o[9],
                          &o[10], &t->c.batch, &t->c.first, &t->c.last))
        return 0;
    const storage target = t->c.loss == SPARSE_CE ? INT32 : FLOAT32;
    return take_program(p, &t->p) && take(o[0], &t->weights, "weights", FLOAT32, 1) &&
           take(o[1], &t->state, "state", FLOAT32, 1) &&
           take(o[2], &t->slots, "slots", FLOAT32, 1) && take(o[3], &t->x, "x", FLOAT32, 0) &&
           take(o[4], &t->y, "y", target, 0) &&
           (o[5] == Py_None || take(o[5], &t->row_weights, "row_weights", FLOAT32, 0)) &&
           take(o[6], &t->order, "order", INT32, 0) &&
           (o[7] == Py_None || take(o[7], &t->rates, "rates", FLOAT32, 0)) &&
           (o[8] == Py_None || take(o[8], &t->momenta, "momenta", FLOAT32, 0)) &&
           take(o[9], &t->seeds, "seeds", INT64, 1) && take(o[10], &t->tally, "tally", FLOAT64, 1);
}

static int check_training(const training *t, const network *net) {
    const course *c = &t->c;
    const int64_t rows_order = count_of(&t->order), x = count_of(&t->x);
    if (!is_wanted(count_of(&t->seeds) % 2 == 0 && count_of(&t->tally) >= 5 && c->batch >= 1,
                   "seeds, a tally or a batch of another size than it needs") ||
        !check_program(net, &t->p, &t->weights, &t->state, c->streams, c->batch, 1) ||
        !is_fine(check_loss(c->loss)) ||
        !is_fine(check_optimizer(&t->optimizer, count_of(&t->weights), count_of(&t->slots))) ||
        !is_wanted(x % net->widths[0] == 0, "rows of another width than its first tensor's"))
        return 0;
    const int64_t rows = x / net->widths[0], steps = (rows_order + c->batch - 1) / c->batch;
    const int64_t end = (int64_t)c->last * c->batch;
    const int32_t *labels = c->loss == SPARSE_CE ? t->y.buf : NULL;
    return is_fine(check_rows(net, c->loss, rows, count_of(&t->y), count_of(&t->row_weights))) &&
           is_wanted(rows_order <= rows && c->first >= 0 && c->first <= c->last && c->last <= steps,
                     "steps beyond its rows") &&
           is_wanted((!t->rates.obj || count_of(&t->rates) >= c->last) &&
                         (!t->momenta.obj || count_of(&t->momenta) >= c->last),
                     "fewer learning rates or momenta than steps") &&
           is_fine(check_order(c->order, (int64_t)c->first * c->batch,
                               end < rows_order ? end : rows_order, rows, labels,
                               net->widths[net->output]));
}

/* Trains what was checked; 0 where there is no memory for it. */
static int run_training(training *t, network *net, int *done) {
    course *c = &t->c;
    const size_t target_bytes = (size_t)c->batch * (size_t)net->widths[net->output] * sizeof(float);
    const size_t weight_bytes = (size_t)c->batch * sizeof(float);
    const float_mode mode = flush_denormals();
    void *memory = equip(net, c->batch);
    char *extra = malloc(target_bytes + weight_bytes + (size_t)net->variable_count);
    if (memory && extra) {
        find_direct(net, &t->optimizer, (unsigned char *)extra + target_bytes + weight_bytes);
        *done = run(net, &t->optimizer, c, extra, (float *)(void *)(extra + target_bytes));
    }
    restore_mode(mode);
    const int equipped = memory && extra;
    free(memory);
    free(extra);
    return equipped;
}

static PyObject *train(PyObject *self, PyObject *arguments) {
    (void)self;
    training t = {0};
    Py_buffer *held[] = {&t.p.operations, &t.p.floats, &t.p.widths, &t.p.variables,
                         &t.p.variable_floats, &t.weights, &t.state, &t.slots, &t.x, &t.y,
                         &t.row_weights, &t.order, &t.rates, &t.momenta, &t.seeds, &t.tally};
    const int holding = (int)(sizeof held / sizeof *held);
    PyObject *result = NULL;
    network net;
    if (take_training(arguments, &t)) {
        course *c = &t.c;
        describe(&net, &t.p, t.weights.buf, t.weights.len, t.state.buf);
        c->x = t.x.buf;
        c->target = t.y.buf;
        c->row_weights = t.row_weights.buf;
        c->order = t.order.buf;
        c->rates = t.rates.buf;
        c->momenta = t.momenta.buf;
        c->rows = (int)count_of(&t.order);
        c->seeds = t.seeds.buf;
        c->streams = (int)(count_of(&t.seeds) / 2);
        c->tally = t.tally.buf;
        if (check_training(&t, &net)) {
            int done = c->first, equipped;
            t.optimizer.slots = t.slots.buf;
            t.optimizer.iterations = c->tally[0];
            t.optimizer.momentum_product = c->tally[1];
            Py_BEGIN_ALLOW_THREADS;
            equipped = run_training(&t, &net, &done);
            Py_END_ALLOW_THREADS;
            result = equipped ? PyLong_FromLong(done) : PyErr_NoMemory();
        }
    }
    release(held, holding);
    return result;
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

/* Everything that `predict` is given. */
typedef struct {
    program p;
    int loss;
    float hyper[2];
    Py_buffer weights, state, x, y, row_weights, out;
} prediction;

static int take_prediction(PyObject *arguments, prediction *t) {
    PyObject *p[5], *o[6];
    if (!PyArg_ParseTuple(arguments, "(OOOiOO)(iff)OOOOOO", &p[0], &p[1], &p[2], &t->p.output,
                          &p[3], &p[4], &t->loss, &t->hyper[0], &t->hyper[1], &o[0], &o[1], &o[2],
                          &o[3], &o[4], &o[5]))
        return 0;
    const storage target = t->loss == SPARSE_CE ? INT32 : FLOAT32;
    return take_program(p, &t->p) && take(o[0], &t->weights, "weights", FLOAT32, 1) &&
           take(o[1], &t->state, "state", FLOAT32, 1) && take(o[2], &t->x, "x", FLOAT32, 0) &&
           take(o[3], &t->y, "y", target, 0) &&
           (o[4] == Py_None || take(o[4], &t->row_weights, "row_weights", FLOAT32, 0)) &&
           take(o[5], &t->out, "out", FLOAT32, 1);
}

static int check_prediction(const prediction *t, const network *net) {
    if (!check_program(net, &t->p, &t->weights, &t->state, 0, PREDICTED_ROWS, 0) ||
        !is_fine(check_loss(t->loss)) ||
        !is_wanted(count_of(&t->x) % net->widths[0] == 0,
                   "rows of another width than its first tensor's"))
        return 0;
    const int64_t rows = count_of(&t->x) / net->widths[0];
    const int32_t *labels = t->loss == SPARSE_CE ? t->y.buf : NULL;
    return is_fine(check_rows(net, t->loss, rows, count_of(&t->y), count_of(&t->row_weights))) &&
           is_wanted(count_of(&t->out) == rows * net->widths[net->output],
                     "another number of outputs than of rows") &&
           (!labels ||
            is_fine(check_order(NULL, 0, rows, rows, labels, net->widths[net->output])));
}

static PyObject *predict(PyObject *self, PyObject *arguments) {
    (void)self;
    prediction t = {0};
    Py_buffer *held[] = {&t.p.operations, &t.p.floats, &t.p.widths, &t.p.variables,
                         &t.p.variable_floats, &t.weights, &t.state, &t.x, &t.y,
                         &t.row_weights, &t.out};
    const int holding = (int)(sizeof held / sizeof *held);
    PyObject *result = NULL;
    network net;
    if (take_prediction(arguments, &t)) {
        describe(&net, &t.p, t.weights.buf, t.weights.len, t.state.buf);
        if (check_prediction(&t, &net)) {
            const int rows = (int)(count_of(&t.x) / net.widths[0]);
            double total = 0.0;
            void *memory;
            Py_BEGIN_ALLOW_THREADS;
            const float_mode mode = flush_denormals();
            memory = equip(&net, PREDICTED_ROWS);
            if (memory)
                total = predict_rows(&net, t.loss, t.hyper, t.x.buf, t.y.buf, t.row_weights.buf,
                                     t.out.buf, rows) /
                            rows +
                        penalty(&net);
            restore_mode(mode);
            Py_END_ALLOW_THREADS;
            result = memory ? PyFloat_FromDouble(total) : PyErr_NoMemory();
            free(memory);
        }
    }
    release(held, holding);
    return result;
}

/* Takes BLAS's matrix product from the table that SciPy offers to compiled code. */
static PyObject *use_product(PyObject *self, PyObject *capsule) {
    (void)self;
    const char *name = PyCapsule_GetName(capsule);
    if (!name) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "the product's capsule has no name");
        return NULL;
    }
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
