/* Matrix products over the few rows of a batch.
 *
 * BLAS packs what it multiplies at every call, which pays where each number is used hundreds of
 * times. A batch of 32 rows uses each weight 32 times, so here the weights are read where they
 * lie, one panel of columns after another: each comes from memory once, and its numbers are still
 * in the second-level cache for all rows. */

#include "dense.h"

#include <string.h>

/* Eight numbers at once: one register with AVX, two with SSE or Neon. */
typedef float lanes __attribute__((vector_size(32)));
#define LANES 8
#define TILE_ROWS 6 /* 6 rows of 2 registers are 12 of the 16 that there are with AVX */

typedef struct {
    const float *a;
    size_t a_row, a_step; /* from a row of the left factor to the next, and along a row */
    const float *b;
    size_t b_step; /* from a row of the right factor to the next */
    int depth;
    float *out;
    size_t out_row;
    int columns; /* of the tile, up to PANEL */
    const float *bias;
    int adds; /* whether it is added to the output, times the scale */
    float scale;
} tile;

/* Up to TILE_ROWS rows by PANEL columns of a product; every loop over rows is unrolled, so that the
 * sums stay in registers. */
INLINE void compute_tile(const tile *t, const int rows) {
    lanes sum[TILE_ROWS][2], low = {0.0f}, high = {0.0f};
    if (t->bias) {
        memcpy(&low, t->bias, sizeof low);
        memcpy(&high, t->bias + LANES, sizeof high);
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
        sum[r][0] = low;
        sum[r][1] = high;
    }
    const float *a = t->a, *b = t->b;
    const size_t a_row = t->a_row, a_step = t->a_step, b_step = t->b_step;
    for (int k = t->depth; k > 0; k--, a += a_step, b += b_step) {
        memcpy(&low, b, sizeof low);
        memcpy(&high, b + LANES, sizeof high);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            const float factor = a[r * a_row];
            sum[r][0] += factor * low;
            sum[r][1] += factor * high;
        }
    }
    float *out = t->out;
    const float scale = t->scale;
    const int adds = t->adds;
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++, out += t->out_row) {
        float edge[PANEL] = {0.0f};
        float *to = t->columns < PANEL ? edge : out;
        if (to == edge && adds)
            for (int c = 0; c < t->columns; c++)
                edge[c] = out[c];
        low = sum[r][0];
        high = sum[r][1];
        if (adds) {
            lanes before;
            memcpy(&before, to, sizeof before);
            low = before + scale * low;
            memcpy(&before, to + LANES, sizeof before);
            high = before + scale * high;
        }
        memcpy(to, &low, sizeof low);
        memcpy(to + LANES, &high, sizeof high);
        if (to == edge)
            for (int c = 0; c < t->columns; c++)
                out[c] = edge[c];
    }
}

INLINE void compute_rows(const tile *t, int rows) {
    switch (rows) {
    case 1:
        compute_tile(t, 1);
        break;
    case 2:
        compute_tile(t, 2);
        break;
    case 3:
        compute_tile(t, 3);
        break;
    case 4:
        compute_tile(t, 4);
        break;
    case 5:
        compute_tile(t, 5);
        break;
    default:
        compute_tile(t, TILE_ROWS);
    }
}

/* The last columns of a matrix, fewer than a panel has, side by side and filled up with zeros, so
 * that whole registers can be read. */
static void fill_panel(float *panel, const float *from, int rows, int columns, size_t step) {
    memset(panel, 0, (size_t)rows * PANEL * sizeof(float));
    for (int r = 0; r < rows; r++)
        memcpy(panel + (size_t)r * PANEL, from + r * step, (size_t)columns * sizeof(float));
}

HOT void product(float *out, const float *x, const float *w, const float *bias, int rows, int in,
                 int units, float *panel) {
    float edge[PANEL] = {0.0f};
    for (int c = 0; c < units; c += PANEL) {
        const int columns = units - c < PANEL ? units - c : PANEL;
        tile t = {.a_row = (size_t)in, .a_step = 1, .b = w + c, .b_step = (size_t)units,
                  .depth = in, .out_row = (size_t)units, .columns = columns,
                  .bias = bias ? bias + c : NULL};
        if (columns < PANEL) {
            fill_panel(panel, w + c, in, columns, (size_t)units);
            t.b = panel;
            t.b_step = PANEL;
            if (bias) {
                memcpy(edge, bias + c, (size_t)columns * sizeof(float));
                t.bias = edge;
            }
        }
        for (int r = 0; r < rows; r += TILE_ROWS) {
            t.a = x + (size_t)r * in;
            t.out = out + (size_t)r * units + c;
            compute_rows(&t, rows - r < TILE_ROWS ? rows - r : TILE_ROWS);
        }
    }
}

HOT void outer_product(float *out, const float *scale, const float *x, const float *g, int rows, int in,
                       int units, float *panel) {
    const int whole = units / PANEL * PANEL;
    if (whole < units)
        fill_panel(panel, g + whole, rows, units - whole, (size_t)units);
    for (int i = 0; i < in; i += TILE_ROWS) {
        const int part = in - i < TILE_ROWS ? in - i : TILE_ROWS;
        tile t = {.a = x + i, .a_row = 1, .a_step = (size_t)in, .depth = rows,
                  .out_row = (size_t)units, .columns = PANEL, .adds = scale != NULL,
                  .scale = scale ? *scale : 1.0f};
        t.b_step = (size_t)units;
        for (int c = 0; c < whole; c += PANEL) {
            t.b = g + c;
            t.out = out + (size_t)i * units + c;
            compute_rows(&t, part);
        }
        if (whole < units) {
            t.b = panel;
            t.b_step = PANEL;
            t.columns = units - whole;
            t.out = out + (size_t)i * units + whole;
            compute_rows(&t, part);
        }
    }
}

/* Some rows of a matrix as the columns of a panel. */
static void turn_into_panel(float *panel, const float *from, int rows, int columns) {
    if (rows < PANEL)
        memset(panel, 0, (size_t)columns * PANEL * sizeof(float));
    for (int c = 0; c < columns; c++)
        for (int r = 0; r < rows; r++)
            panel[(size_t)c * PANEL + r] = from[(size_t)r * columns + c];
}

HOT void product_transposed(float *out, const float *g, const float *w, int rows, int in,
                            int units, int adds, float *panel) {
    for (int i = 0; i < in; i += PANEL) {
        const int columns = in - i < PANEL ? in - i : PANEL;
        turn_into_panel(panel, w + (size_t)i * units, columns, units);
        tile t = {.a_row = (size_t)units, .a_step = 1, .b = panel, .b_step = PANEL,
                  .depth = units, .out_row = (size_t)in, .columns = columns, .adds = adds,
                  .scale = 1.0f};
        for (int r = 0; r < rows; r += TILE_ROWS) {
            t.a = g + (size_t)r * units;
            t.out = out + (size_t)r * in + i;
            compute_rows(&t, rows - r < TILE_ROWS ? rows - r : TILE_ROWS);
        }
    }
}
