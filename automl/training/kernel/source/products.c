/* Matrix products over the few rows of a batch.
 *
 * BLAS packs what it multiplies at every call, which pays where each number is used hundreds of
 * times. A batch of 32 rows uses each weight 32 times, so here the weights are read where they
 * lie, one panel of columns after another: each comes from memory once, and its numbers are still
 * in the second-level cache for all rows.
 *
 * Eight or sixteen numbers at once give the same sums: each is taken in the order of its terms. */

#include "kernel.h"

#include <string.h>

int few_rows = 64;

#define PAGE 1024 /* numbers of a page of memory */

typedef float four __attribute__((vector_size(16)));

/* Four numbers out of two times four. */
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t places __attribute__((vector_size(16)));
#define SHUFFLED(a, b, ...) __builtin_shuffle(a, b, (places){__VA_ARGS__})
#endif

/* Turns four rows of four numbers into columns; steps lead from one row to the next. */
INLINE void turn_four(float *to, size_t to_step, const float *from, size_t from_step) {
    four row[4], half[4];
    for (int r = 0; r < 4; r++)
        memcpy(&row[r], from + r * from_step, sizeof row[r]);
    half[0] = SHUFFLED(row[0], row[1], 0, 4, 1, 5);
    half[1] = SHUFFLED(row[2], row[3], 0, 4, 1, 5);
    half[2] = SHUFFLED(row[0], row[1], 2, 6, 3, 7);
    half[3] = SHUFFLED(row[2], row[3], 2, 6, 3, 7);
    row[0] = SHUFFLED(half[0], half[1], 0, 1, 4, 5);
    row[1] = SHUFFLED(half[0], half[1], 2, 3, 6, 7);
    row[2] = SHUFFLED(half[2], half[3], 0, 1, 4, 5);
    row[3] = SHUFFLED(half[2], half[3], 2, 3, 6, 7);
    for (int r = 0; r < 4; r++)
        memcpy(to + r * to_step, &row[r], sizeof row[r]);
}

/* Eight numbers at once: one register with AVX, two with SSE or Neon. */
#define NAME(n) n##_8
#define TARGET HOT
#define LANES 8
#define TILE_ROWS 6
#define MASKED 0
#include "tiles.h"

#ifdef CLONES

#include <immintrin.h>

/* Sixteen at once. The compiler has to know of AVX-512 before it sees what is to be inlined. */
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4")
#define NAME(n) n##_16
#define TARGET
#define LANES 16
#define TILE_ROWS 12
#define MASKED 1
#include "tiles.h"
#pragma GCC pop_options

static int wide;

int use_wide_registers(int wanted) {
    __builtin_cpu_init();
    wide = wanted && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
    few_rows = wide ? 512 : 64;
    return wide;
}

#define WIDEST(call)                                                                               \
    do {                                                                                           \
        if (wide)                                                                                  \
            call(16);                                                                              \
        else                                                                                       \
            call(8);                                                                               \
    } while (0)

#else

int use_wide_registers(int wanted) {
    (void)wanted;
    return 0;
}

#define WIDEST(call) call(8)

#endif

void product(float *out, const float *x, const float *w, const float *bias, int rows, int in,
             int units, float *panel) {
#define CALL(lanes) product_##lanes(out, x, w, bias, rows, in, units, panel)
    WIDEST(CALL);
#undef CALL
}

void outer_product(float *out, const float *scale, const float *x, const float *g, int rows, int in,
                   int units, float *panel) {
#define CALL(lanes) outer_product_##lanes(out, scale, x, g, rows, in, units, panel)
    WIDEST(CALL);
#undef CALL
}

void product_transposed(float *out, const float *g, const float *w, int rows, int in, int units,
                        int adds, float *panel) {
#define CALL(lanes) product_transposed_##lanes(out, g, w, rows, in, units, adds, panel)
    WIDEST(CALL);
#undef CALL
}
