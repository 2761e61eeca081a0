/* What the numbers and the indices of an array are like. */

#ifndef SKL_SPARSE_ENTRIES_H
#define SKL_SPARSE_ENTRIES_H

#include "_simd.h"

/* Ordinary numbers are finite and not zero. Without its sign the bits of one are an integer from one
   to less than those of infinity: what is out of that range sets the top bit. */
#define TOP(bits) ((bits)1 << (8 * sizeof(bits) - 1))
#define ODD(bits, infinity, b) (((b & ~TOP(bits)) - 1) | ((b & ~TOP(bits)) + (TOP(bits) - infinity)))
#define INFINITE_double UINT64_C(0x7ff0000000000000)
#define INFINITE_float UINT32_C(0x7f800000)

/* Whether all of x is ordinary. */
#define ORDINARY(name, real, bits)                                                                 \
    KERNEL int name(ptrdiff_t n, const real *x)                                                    \
    {                                                                                              \
        bits odd = 0;                                                                              \
        for (ptrdiff_t i = 0; i < n; i++) {                                                        \
            bits b;                                                                                \
            memcpy(&b, x + i, sizeof(b));                                                          \
            odd |= ODD(bits, INFINITE_##real, b);                                                  \
        }                                                                                          \
        return !(odd & TOP(bits));                                                                 \
    }

ORDINARY(ordinary_double, double, uint64_t)
ORDINARY(ordinary_single, float, uint32_t)

/* How many of n indices the next one does not exceed, or -1 if one lies outside 0 ... limit - 1.
   n must be less than 2^32. */
#define DESCENTS(name, integer, natural)                                                           \
    KERNEL ptrdiff_t name(ptrdiff_t n, const integer *x, uint64_t limit)                           \
    {                                                                                              \
        const natural end = (natural)limit;                                                        \
        natural outside = 0, descents = 0;                                                         \
        for (ptrdiff_t i = 0; i < n; i++) {                                                        \
            outside |= (natural)x[i] >= end;                                                       \
            descents += x[i] >= x[i + 1];                                                          \
        }                                                                                          \
        return outside ? -1 : (ptrdiff_t)descents;                                                 \
    }

DESCENTS(descents_32, int32_t, uint32_t)
DESCENTS(descents_64, int64_t, uint64_t)

#endif
