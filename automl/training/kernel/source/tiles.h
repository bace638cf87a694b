/* Matrix products in tiles, for one width of registers. Included once for each, with
 *   NAME(n)    the names of what is made here
 *   TARGET     attributes of its functions
 *   LANES      numbers in a register
 *   TILE_ROWS  most rows of a tile, whose sums take two registers a row: 12 of the 16 that there
 *              are with AVX, 24 of the 32 with AVX-512
 *   MASKED     whether part of a register can be read and written: 1 or 0
 * No include guard, therefore. */

typedef float NAME(lanes) __attribute__((vector_size(4 * LANES)));

typedef struct {
    const float *a;
    size_t a_row, a_step; /* from a row of the left factor to the next, and along a row */
    const float *b;
    size_t b_step; /* from a row of the right factor to the next */
    int depth;
    float *out;
    size_t out_row;
    int columns; /* of the tile, up to two registers */
#if MASKED
    __mmask16 mask; /* which numbers of its last register there are */
#endif
    const float *bias;
    int adds; /* whether it is added to the output, times the scale */
    float scale;
} NAME(tile);

/* Reads a register of a row, the last one of the tile or not. */
INLINE NAME(lanes) NAME(read)(const float *from, const NAME(tile) * t, const int is_last) {
#if MASKED
    if (is_last)
        return (NAME(lanes))_mm512_maskz_loadu_ps(t->mask, from);
#endif
    (void)t;
    (void)is_last;
    NAME(lanes) value;
    memcpy(&value, from, sizeof value);
    return value;
}

INLINE void NAME(write)(float *to, NAME(lanes) value, const NAME(tile) * t, const int is_last) {
#if MASKED
    if (is_last) {
        _mm512_mask_storeu_ps(to, t->mask, (__m512)value);
        return;
    }
#endif
    (void)t;
    (void)is_last;
    memcpy(to, &value, sizeof value);
}

/* One row of a tile, written or added to what is there. */
INLINE void NAME(put)(float *to, const NAME(lanes) sum[2], const NAME(tile) * t, const int width) {
    for (int v = 0; v < width; v++, to += LANES) {
        NAME(lanes) value = sum[v];
        if (t->adds)
            value = NAME(read)(to, t, v == width - 1) + t->scale * value;
        NAME(write)(to, value, t, v == width - 1);
    }
}

/* A tile of a product, one or two registers wide; every loop over rows is unrolled, so that the
 * sums stay in registers. */
INLINE void NAME(compute_tile)(const NAME(tile) * t, const int rows, const int width) {
    NAME(lanes) sum[TILE_ROWS][2], low = {0.0f}, high = {0.0f};
    if (t->bias) {
        low = NAME(read)(t->bias, t, width == 1);
        if (width == 2)
            high = NAME(read)(t->bias + LANES, t, 1);
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        sum[r][0] = low;
        sum[r][1] = high;
    }
    const float *a = t->a, *b = t->b;
    const size_t a_row = t->a_row, a_step = t->a_step, b_step = t->b_step;
    for (int k = t->depth; k > 0; k--, a += a_step, b += b_step) {
        low = NAME(read)(b, t, width == 1);
        if (width == 2)
            high = NAME(read)(b + LANES, t, 1);
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            const float factor = a[r * a_row];
            sum[r][0] += factor * low;
            if (width == 2)
                sum[r][1] += factor * high;
        }
    }
    float *out = t->out;
    if (MASKED || t->columns == width * LANES) {
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++, out += t->out_row)
            NAME(put)(out, sum[r], t, width);
        return;
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++, out += t->out_row) {
        float edge[2 * LANES] = {0.0f};
        if (t->adds)
            for (int c = 0; c < t->columns; c++)
                edge[c] = out[c];
        NAME(put)(edge, sum[r], t, width);
        for (int c = 0; c < t->columns; c++)
            out[c] = edge[c];
    }
}

#define ROWS(n)                                                                                    \
    case n:                                                                                        \
        NAME(compute_tile)(t, n, width);                                                           \
        break;

INLINE void NAME(compute_rows)(const NAME(tile) * t, int rows, const int width) {
    switch (rows) {
        ROWS(1)
        ROWS(2)
        ROWS(3)
        ROWS(4)
        ROWS(5)
#if TILE_ROWS > 6
        ROWS(6)
        ROWS(7)
        ROWS(8)
        ROWS(9)
        ROWS(10)
        ROWS(11)
#endif
    default:
        NAME(compute_tile)(t, TILE_ROWS, width);
    }
}

#undef ROWS

/* The tiles of one panel of columns: all rows, some at a time. */
INLINE void NAME(compute_panel)(NAME(tile) * t, const float *a, float *out, int rows) {
#if MASKED
    t->mask = (__mmask16)(0xffffu >> ((32 - t->columns) % 16));
#endif
    for (int r = 0; r < rows; r += TILE_ROWS) {
        const int part = rows - r < TILE_ROWS ? rows - r : TILE_ROWS;
        t->a = a + (size_t)r * t->a_row;
        t->out = out + (size_t)r * t->out_row;
        if (t->columns > LANES)
            NAME(compute_rows)(t, part, 2);
        else
            NAME(compute_rows)(t, part, 1);
    }
}

/* Takes a panel of the right factor. It is copied, its rows side by side, where they lie pages
 * apart, for then few of them fit the cache together (on 1024 x 1024 that nearly doubles the
 * speed); and where there are fewer columns than only whole registers could read. */
TARGET static void NAME(take_panel)(NAME(tile) * t, const float *from, int rows, size_t step,
                                    int left, float *panel) {
    t->columns = left < 2 * LANES ? left : 2 * LANES;
    t->b = from;
    t->b_step = step;
    const int is_whole = MASKED || t->columns % LANES == 0;
    if (is_whole && step % PAGE != 0)
        return;
    t->b = panel;
    t->b_step = t->columns > LANES ? 2 * LANES : LANES;
    if (!is_whole)
        memset(panel, 0, (size_t)rows * t->b_step * sizeof(float));
    for (int r = 0; r < rows; r++)
        memcpy(panel + (size_t)r * t->b_step, from + r * step, (size_t)t->columns * sizeof(float));
}

TARGET static void NAME(product)(float *out, const float *x, const float *w, const float *bias,
                                 int rows, int in, int units, float *panel) {
    float edge[2 * LANES] = {0.0f};
    NAME(tile) t = {.a_row = (size_t)in, .a_step = 1, .depth = in, .out_row = (size_t)units};
    for (int c = 0; c < units; c += t.columns) {
        NAME(take_panel)(&t, w + c, in, (size_t)units, units - c, panel);
        t.bias = bias ? bias + c : NULL;
        if (bias && t.b == panel) {
            memcpy(edge, bias + c, (size_t)t.columns * sizeof(float));
            t.bias = edge;
        }
        NAME(compute_panel)(&t, x, out + c, rows);
    }
}

TARGET static void NAME(outer_product)(float *out, const float *scale, const float *x,
                                       const float *g, int rows, int in, int units, float *panel) {
    NAME(tile) t = {.a_row = 1, .a_step = (size_t)in, .depth = rows, .out_row = (size_t)units,
                    .adds = scale != NULL, .scale = scale ? *scale : 1.0f};
    const int whole = units / (2 * LANES) * (2 * LANES);
    NAME(tile) last = t;
    NAME(take_panel)(&last, g + whole, rows, (size_t)units, units - whole, panel);
    t.columns = 2 * LANES;
    t.b_step = (size_t)units;
    for (int i = 0; i < in; i += TILE_ROWS) {
        const int part = in - i < TILE_ROWS ? in - i : TILE_ROWS;
        for (int c = 0; c < whole; c += 2 * LANES) {
            t.b = g + c;
            NAME(compute_panel)(&t, x + i, out + (size_t)i * units + c, part);
        }
        if (last.columns)
            NAME(compute_panel)(&last, x + i, out + (size_t)i * units + whole, part);
    }
}

/* Some rows of a matrix as the columns of a panel. */
TARGET static void NAME(turn_into_panel)(NAME(tile) * t, float *panel, const float *from,
                                         int columns) {
    const size_t step = t->columns > LANES ? 2 * LANES : LANES, row = (size_t)columns;
    t->b = panel;
    t->b_step = step;
    if (t->columns % LANES)
        memset(panel, 0, row * step * sizeof(float));
    int r = 0;
    for (; r + 4 <= t->columns; r += 4) {
        int c = 0;
        for (; c + 4 <= columns; c += 4)
            turn_four(panel + (size_t)c * step + r, step, from + (size_t)r * row + c, row);
        for (; c < columns; c++)
            for (int k = r; k < r + 4; k++)
                panel[(size_t)c * step + k] = from[(size_t)k * row + c];
    }
    for (; r < t->columns; r++)
        for (int c = 0; c < columns; c++)
            panel[(size_t)c * step + r] = from[(size_t)r * row + c];
}

TARGET static void NAME(product_transposed)(float *out, const float *g, const float *w, int rows,
                                            int in, int units, int adds, float *panel) {
    NAME(tile) t = {.a_row = (size_t)units, .a_step = 1, .depth = units, .out_row = (size_t)in,
                    .adds = adds, .scale = 1.0f};
    for (int i = 0; i < in; i += t.columns) {
        t.columns = in - i < 2 * LANES ? in - i : 2 * LANES;
        NAME(turn_into_panel)(&t, panel, w + (size_t)i * units, units);
        NAME(compute_panel)(&t, g, out + i, rows);
    }
}

#undef NAME
#undef TARGET
#undef LANES
#undef TILE_ROWS
#undef MASKED
