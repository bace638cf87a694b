/* What the parts of the kernel share: the program of a network and its memory. */

#ifndef AUTOML_KERNEL_H
#define AUTOML_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* One version of each hot function for every generation of x86 processors, chosen when the module
 * is loaded: a build then runs everywhere and still uses the widest registers there are. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define CLONES "default", "arch=x86-64-v3", "arch=x86-64-v4"
#define HOT __attribute__((target_clones(CLONES)))
#else
#define HOT
#endif
#define INLINE static inline __attribute__((always_inline))

/* Matrix product of BLAS, in its Fortran form. */
typedef void (*sgemm_function)(char *, char *, int *, int *, int *, float *, float *, int *,
                               float *, int *, float *, float *, int *);

/* The numbers below are those of automl/training/kernel/codes.py; a test holds them equal. */
enum kind {
    DENSE = 0,
    BATCH_NORM = 1,
    LAYER_NORM = 2,
    DROPOUT = 3,
    ALPHA_DROPOUT = 4,
    GAUSSIAN_DROPOUT = 5,
    ADD = 6,
    CONCATENATE = 7,
    PRELU = 8,
    RELU = 16,
    LEAKY_RELU = 17,
    ELU = 18,
    SELU = 19,
    GELU = 20,
    SILU = 21,
    MISH = 22,
    TANH = 23,
    SIGMOID = 24,
};

enum loss { MSE = 0, MAE = 1, HUBER = 2, SIGMOID_CE = 3, SOFTMAX_CE = 4, SPARSE_CE = 5 };

enum optimizer {
    SGD = 0,
    MOMENTUM = 1,
    NESTEROV = 2,
    RMSPROP = 3,
    ADAGRAD = 4,
    ADADELTA = 5,
    ADAM = 6,
    AMSGRAD = 7,
    ADAMAX = 8,
    NADAM = 9,
    LION = 10,
    FTRL = 11,
};

enum clipping { NO_CLIPPING = 0, BY_VALUE = 1, BY_NORM = 2, BY_GLOBAL_NORM = 3 };

/* What the gradient of an operation's input is to become: nothing needs it, it is the first to be
 * written, or it is added to what a later operation has written. */
enum flow { NOT_NEEDED = 0, FIRST = 1, FURTHER = 2 };

/* An operation from one or two tensors to another. Offsets are into the weights, or, for the
 * moving averages, into the state; -1 for none. */
typedef struct {
    int32_t kind, a, b, out;
    int32_t weights, bias;           /* kernel or gamma or slopes; bias or beta */
    int32_t moving_mean, moving_var; /* into the state */
    int32_t flow_a, flow_b;
    int32_t seed;    /* which random stream */
    int32_t trained; /* whether batch normalization learns, and so uses the batch's statistics */
} operation;

#define OPERATION_INTS 12
#define OPERATION_FLOATS 2 /* rate, slope or momentum; epsilon */

/* A variable among the weights. */
typedef struct {
    int32_t offset, size, columns;
} variable;

#define VARIABLE_INTS 3
#define VARIABLE_FLOATS 4 /* l1, l2, whether it decays, largest norm of a column (0 for none) */

typedef struct {
    const operation *operations;
    const float *operation_floats;
    int count;
    const int32_t *widths; /* of each tensor; tensor 0 is the input */
    int tensors;
    int output; /* the tensor with the outputs, before softmax or sigmoid */
    const variable *variables;
    const float *variable_floats;
    int variable_count;
    int weight_count;
    float *weights;
    float *gradients;
    float *state;
    sgemm_function sgemm;
    /* memory for a batch, by tensor and by operation */
    float **values;
    float **deltas;
    float **masks;
    float *panel; /* the last columns of a factor; see products.c */
    /* Whether each variable is a kernel that its layer's product with the gradient updates at
     * once, which saves plain gradient descent a pass over all weights. */
    unsigned char *direct;
} network;

typedef struct {
    int kind, clipping;
    double rate, clip, decay;
    double hyper[4]; /* momentum or beta_1, rho or beta_2, epsilon, free */
    float *slots;
    double iterations, momentum_product;
} optimizer_state;

/* memory.c: gives the network memory for batches of some rows, to be freed; NULL where there is none
 * to be had */
void *equip(network *net, int rows);

/* layers.c */
void forward(const network *net, int rows, int training, const int64_t *seeds);
void backward(const network *net, int rows, float rate);
float penalty(const network *net);

/* products.c: x @ w + bias; x' @ g, or out + scale * x' @ g where there is a scale; g @ w', added
 * to the output where asked for. The panel has room for PANEL numbers for each row of the right factor. */
#define PANEL 32
/* Rows up to which these are faster than BLAS. With 32 rows on one thread of an AVX2 processor they
 * do 50 to 85 in place of 25 to 40 GFLOPS on 64 to 300 columns, and 58 to 73 in place of 41 to 62 on
 * 784 x 300; with 64 rows they are even there. With AVX-512 they do 130 to 180 on 64 to 784 columns,
 * where OpenBLAS does 65 to 110 with 32 rows and 95 to 138 with 256. */
extern int few_rows;
/* Whether AVX-512 is used, where it is wanted. To be called before the first product. */
int use_wide_registers(int wanted);
void product(float *out, const float *x, const float *w, const float *bias, int rows, int in,
             int units, float *panel);
void outer_product(float *out, const float *scale, const float *x, const float *g, int rows, int in,
                   int units, float *panel);
void product_transposed(float *out, const float *g, const float *w, int rows, int in, int units,
                        int adds, float *panel);

/* normalization.c */
void batch_norm_forward(const network *net, const operation *op, const float *floats, int rows,
                        int training, float *memory);
void batch_norm_backward(const network *net, const operation *op, int rows, float *memory);
void layer_norm_forward(const network *net, const operation *op, float epsilon, int rows,
                        float *memory);
void layer_norm_backward(const network *net, const operation *op, int rows, const float *memory);

/* randomness.c */
void random_forward(const network *net, const operation *op, int size, float rate, float *mask,
                    const int64_t *seeds);

/* activations.c */
void activate(int kind, float *y, const float *x, int size, float slope);
void derive(int kind, float *d, const float *x, const float *y, int size, float slope);
void prelu_forward(float *y, const float *x, int rows, int n, const float *slopes);
void prelu_backward(float *d, float *to_slopes, const float *g, const float *x, int rows, int n,
                    const float *slopes);

/* losses.c; hyper holds the smoothing or Huber's delta, and whether outputs are wanted before
 * sigmoid and softmax */
double batch_loss(const network *net, int kind, const float *hyper, int rows, const void *target,
                  const float *weight, int with_gradient, double *correct);
void finish_outputs(int kind, float *outputs, int rows, int columns);

/* optimizers.c */
void update(const network *net, optimizer_state *optimizer, float rate);

#endif
