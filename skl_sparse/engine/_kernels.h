/* Loops over arrays that do not overlap, compiled for the vectors of several processors; which one
   runs is decided at run time. In C, since Cython can say neither. */

#ifndef SKL_SPARSE_KERNELS_H
#define SKL_SPARSE_KERNELS_H

#include <limits.h> /* any header of the C library tells which it is */
#include <stddef.h>

/* The choice at run time takes the indirect functions of the GNU C library. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define KERNEL __attribute__((unused, target_clones("avx512f", "avx2", "default"))) static
#elif defined(__GNUC__)
#define KERNEL __attribute__((unused)) static
#else
#define KERNEL static
#endif

/* y -= a * x */
#define SUBTRACT(name, real)                                                                       \
    KERNEL void name(ptrdiff_t n, double a, const real *restrict x, double *restrict y)            \
    {                                                                                              \
        for (ptrdiff_t i = 0; i < n; i++)                                                          \
            y[i] -= a * (double)x[i];                                                              \
    }

SUBTRACT(subtract_double, double)
SUBTRACT(subtract_single, float)

/* For four rows x of n columns, column by column: sums of w*d and w*d^2, d = x - shift. Four rows at
   a time, since the sums, as many as columns, are then read and written less often. */
#define SUM_FOUR_ROWS(name, real)                                                                  \
    KERNEL void name(ptrdiff_t n, const real *const *x, const double *w,                           \
                     const double *restrict shift, double *restrict first,                         \
                     double *restrict second)                                                      \
    {                                                                                              \
        const real *restrict x0 = x[0], *restrict x1 = x[1];                                       \
        const real *restrict x2 = x[2], *restrict x3 = x[3];                                       \
        const double w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];                                   \
        for (ptrdiff_t k = 0; k < n; k++) {                                                        \
            const double d0 = x0[k] - shift[k], d1 = x1[k] - shift[k];                             \
            const double d2 = x2[k] - shift[k], d3 = x3[k] - shift[k];                             \
            const double wd0 = w0 * d0, wd1 = w1 * d1, wd2 = w2 * d2, wd3 = w3 * d3;               \
            first[k] += (wd0 + wd1) + (wd2 + wd3);                                                 \
            second[k] += (wd0 * d0 + wd1 * d1) + (wd2 * d2 + wd3 * d3);                            \
        }                                                                                          \
    }

SUM_FOUR_ROWS(sum_four_rows_double, double)
SUM_FOUR_ROWS(sum_four_rows_single, float)

#endif
