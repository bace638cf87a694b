/* Numbers below 1.2e-38, which processors compute with a hundred times slower than with others.
 * A unit that is sure of itself has gradients of 1e-30, their squares and the fading momenta of
 * inputs that are seldom there are all of this kind: unflushed, a linear model of Fashion-MNIST
 * under Adam takes 0.1 s for its first epoch and 1.2 s for its fifth. TensorFlow's threads count
 * them as zero, and so does the kernel while it computes. */

#ifndef AUTOML_DENORMALS_H
#define AUTOML_DENORMALS_H

#include <stdint.h>

#if defined(__x86_64__) || defined(_M_X64)

#include <xmmintrin.h>

typedef unsigned int float_mode;

/* Counts them as zero from now on in this thread; the mode before. */
static inline float_mode flush_denormals(void) {
    const float_mode before = _mm_getcsr();
    _mm_setcsr(before | 0x8040u); /* results to zero, and operands */
    return before;
}

static inline void restore_mode(float_mode before) { _mm_setcsr(before); }

#elif defined(__aarch64__) && defined(__GNUC__)

typedef uint64_t float_mode;

static inline void restore_mode(float_mode before) {
    __asm__ __volatile__("msr fpcr, %0" : : "r"(before) : "memory");
}

static inline float_mode flush_denormals(void) {
    float_mode before;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(before));
    restore_mode(before | (1u << 24));
    return before;
}

#else

typedef int float_mode;

static inline float_mode flush_denormals(void) { return 0; }
static inline void restore_mode(float_mode before) { (void)before; }

#endif

#endif
