/* Layers that draw random numbers: those of TensorFlow's stateless operations, so that dropout drops
 * what Keras's own layers drop. Philox4x32-10 (Salmon et al. 2011), its key and counter made from
 * two seeds as TensorFlow's `StatelessRandomGetKeyCounter` makes them. */

#include "kernel.h"

#include <math.h>

#define PI 3.14159265358979f
#define SELU_SCALE 1.05070098735548049
#define SELU_ALPHA 1.67326324235437728

typedef struct {
    uint32_t key[2], counter[4];
} philox;

INLINE void philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* A stream from Keras's two seeds, each taken modulo 2**31 - 2 as Keras's TensorFlow backend
 * does before it calls TensorFlow. */
static inline philox philox_stream(int64_t seed, int64_t count) {
    const int64_t modulus = 2147483646;
    uint64_t first = (uint64_t)(((seed % modulus) + modulus) % modulus);
    uint64_t second = (uint64_t)(((count % modulus) + modulus) % modulus);
    const uint32_t key[2] = {0x3ec8f720u, 0x02461e29u};
    uint32_t counter[4] = {(uint32_t)first, (uint32_t)(first >> 32), (uint32_t)second,
                           (uint32_t)(second >> 32)};
    uint32_t mixed[4];
    philox_block(counter, key, mixed);
    philox stream = {{mixed[0], mixed[1]}, {0, 0, mixed[2], mixed[3]}};
    return stream;
}

/* The counter of a stream's n-th block of four numbers. */
INLINE void philox_skip(const philox *stream, uint64_t n, uint32_t counter[4]) {
    counter[0] = (uint32_t)n; /* the low half starts at zero */
    counter[1] = (uint32_t)(n >> 32);
    counter[2] = stream->counter[2];
    counter[3] = stream->counter[3];
}

INLINE float unit_float(uint32_t bits) {
    union {
        uint32_t i;
        float f;
    } value;
    value.i = (127u << 23) | (bits & 0x7fffffu);
    return value.f - 1.0f;
}

HOT static void draw_dropout(float *mask, int size, float rate, const philox *stream) {
    const float scale = (float)(1.0 / (1.0 - (double)rate));
    for (int block = 0; block < (size + 3) / 4; block++) {
        uint32_t counter[4], drawn[4];
        philox_skip(stream, (uint64_t)block, counter);
        philox_block(counter, stream->key, drawn);
        for (int i = 0; i < 4; i++) /* the mask has room for a whole last block */
            mask[4 * block + i] = unit_float(drawn[i]) >= rate ? scale : 0.0f;
    }
}

static void draw_normal(float *mask, int size, float deviation, const philox *stream) {
    for (int block = 0; block < (size + 3) / 4; block++) {
        uint32_t counter[4], drawn[4];
        philox_skip(stream, (uint64_t)block, counter);
        philox_block(counter, stream->key, drawn);
        for (int i = 0; i < 4; i += 2) { /* Box and Muller, as TensorFlow does it */
            float u = unit_float(drawn[i]);
            u = u < 1e-7f ? 1e-7f : u;
            float angle = 2.0f * PI * unit_float(drawn[i + 1]);
            float radius = sqrtf(-2.0f * logf(u));
            mask[4 * block + i] = 1.0f + deviation * (sinf(angle) * radius);
            mask[4 * block + i + 1] = 1.0f + deviation * (cosf(angle) * radius);
        }
    }
}

HOT static void alpha_dropout(float *out, const float *in, float *mask, int size, float rate) {
    const double value = -SELU_ALPHA * SELU_SCALE;
    const double gain = 1.0 / sqrt((1.0 - rate) * (1.0 + rate * value * value));
    const float slope = (float)gain, dropped = (float)value;
    const float shift = (float)(-gain * value * rate);
    for (int i = 0; i < size; i++) {
        float kept = mask[i] > 0.0f ? 1.0f : 0.0f;
        out[i] = slope * (in[i] * kept + dropped * (1.0f - kept)) + shift;
        mask[i] = slope * kept;
    }
}

void random_forward(const network *net, const operation *op, int size, float rate, float *mask,
                    const int64_t *seeds) {
    const float *in = net->values[op->a];
    float *out = net->values[op->out];
    philox stream = philox_stream(seeds[2 * op->seed], seeds[2 * op->seed + 1]);
    if (op->kind == GAUSSIAN_DROPOUT)
        draw_normal(mask, size, (float)sqrt(rate / (1.0 - rate)), &stream);
    else
        draw_dropout(mask, size, rate, &stream);
    if (op->kind == ALPHA_DROPOUT)
        alpha_dropout(out, in, mask, size, rate);
    else
        for (int i = 0; i < size; i++)
            out[i] = in[i] * mask[i];
}
