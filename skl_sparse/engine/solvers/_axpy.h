/* y -= a * x, compiled for the widest vectors of several processors; which one runs is decided at
   run time. In C, since Cython cannot say so. */

#ifndef SKL_SPARSE_AXPY_H
#define SKL_SPARSE_AXPY_H

#include <stddef.h>

/* The choice at run time takes the indirect functions of the GNU C library. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE_VECTORS
#endif

WIDE_VECTORS static void subtract_double(
    ptrdiff_t n, double a, const double *restrict x, double *restrict y)
{
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] -= a * x[i];
}

WIDE_VECTORS static void subtract_single(
    ptrdiff_t n, double a, const float *restrict x, double *restrict y)
{
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] -= a * (double) x[i];
}

#endif
