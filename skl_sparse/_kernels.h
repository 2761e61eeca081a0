/* Loops over arrays that do not overlap, compiled for the vectors of several processors; which one
   runs is decided at run time. In C, since Cython can say neither. */

#ifndef SKL_SPARSE_KERNELS_H
#define SKL_SPARSE_KERNELS_H

#include <limits.h> /* any header of the C library tells which it is */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The choice at run time takes the indirect functions of the GNU C library. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define KERNEL __attribute__((unused, target_clones("avx512f", "avx2", "default"))) static
/* Where numbers are gathered: no eight at a time, which is slower than four. */
#define GATHERING_KERNEL __attribute__((unused, target_clones("avx2", "default"))) static
#elif defined(__GNUC__)
#define KERNEL __attribute__((unused)) static
#define GATHERING_KERNEL KERNEL
#else
#define KERNEL static
#define GATHERING_KERNEL KERNEL
#endif

/* Asks for the line of the cache so many bytes from an address; an array may end before it. */
#if defined(__GNUC__) || defined(__clang__)
#define ASK(from, bytes) __builtin_prefetch((const void *)((uintptr_t)(from) + (uintptr_t)(bytes)))
#else
#define ASK(from, bytes) ((void)(from))
#endif

/* The kernel for numbers and places of so many bytes. */
#define OF_SIZES(name, real, integer, ...)                                                         \
    ((real) == sizeof(double) ? OF_SIZE(name##_double, integer, __VA_ARGS__)                       \
                              : OF_SIZE(name##_single, integer, __VA_ARGS__))
#define OF_SIZE(name, integer, ...)                                                                \
    ((integer) == sizeof(int32_t) ? name##_32(__VA_ARGS__) : name##_64(__VA_ARGS__))

/* y -= a * x */
#define SUBTRACT(name, real)                                                                       \
    KERNEL void name(ptrdiff_t n, double a, const real *restrict x, double *restrict y)            \
    {                                                                                              \
        for (ptrdiff_t i = 0; i < n; i++)                                                          \
            y[i] -= a * (double)x[i];                                                              \
    }

SUBTRACT(subtract_double, double)
SUBTRACT(subtract_single, float)

/* y += w[0] * x[0] + .. + w[3] * x[3] */
#define ADD_FOUR(name, real)                                                                       \
    KERNEL void name(ptrdiff_t n, const real *const *x, const double *w, double *restrict y)       \
    {                                                                                              \
        const real *const a = x[0], *const b = x[1], *const c = x[2], *const d = x[3];             \
        const double u = w[0], v = w[1], s = w[2], t = w[3];                                       \
        for (ptrdiff_t i = 0; i < n; i++)                                                          \
            y[i] += (u * a[i] + v * b[i]) + (s * c[i] + t * d[i]);                                 \
    }

ADD_FOUR(add_four_double, double)
ADD_FOUR(add_four_single, float)

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

/* y = x divided by the factor of its place; whether all of y is ordinary */
#define DIVIDE(name, real, bits, integer)                                                          \
    GATHERING_KERNEL int name(ptrdiff_t n, const real *restrict x,                                 \
                              const integer *restrict place, const double *restrict factor,        \
                              real *restrict y)                                                    \
    {                                                                                              \
        bits odd = 0;                                                                              \
        for (ptrdiff_t i = 0; i < n; i++) {                                                        \
            const real quotient = (real)(x[i] / factor[place[i]]);                                 \
            bits b;                                                                                \
            memcpy(&b, &quotient, sizeof(b));                                                      \
            odd |= ODD(bits, INFINITE_##real, b);                                                  \
            y[i] = quotient;                                                                       \
        }                                                                                          \
        return !(odd & TOP(bits));                                                                 \
    }

DIVIDE(divide_double_32, double, uint64_t, int32_t)
DIVIDE(divide_double_64, double, uint64_t, int64_t)
DIVIDE(divide_single_32, float, uint32_t, int32_t)
DIVIDE(divide_single_64, float, uint32_t, int64_t)

static inline int divide(size_t real, size_t integer, ptrdiff_t n, const void *x, const void *place,
                         const double *factor, void *y)
{
    return OF_SIZES(divide, real, integer, n, x, place, factor, y);
}

/* The stored entries of a compressed matrix, those that are hit replaced; which entries are hit is in
   ascending order. Returns how many are left, since a replacement of zero is not stored, or -1, and a
   result without use, if an entry is zero or not finite: each is looked at before it is copied, from
   the first cache. The result may lie where the entries do, if all of them are known to be ordinary. */
#define LOOKED_AT 1024
#define COPIED 16 /* entries between two hits go in blocks of so many, which may overrun the last */

/* Loaded as a whole before it is stored, so that compilers take the widest vectors there are. */
#define COPY_BLOCK(type, to, from)                                                                 \
    do {                                                                                           \
        type block[COPIED];                                                                        \
        for (int b = 0; b < COPIED; b++)                                                           \
            block[b] = (from)[b];                                                                  \
        for (int b = 0; b < COPIED; b++)                                                           \
            (to)[b] = block[b];                                                                    \
    } while (0)

/* Replacements lie ``stride`` bytes apart. */
#define REPLACE(name, real, integer, ordinary)                                                     \
    KERNEL ptrdiff_t name(ptrdiff_t n, const real *data, const integer *indices,                   \
                          ptrdiff_t n_major, const integer *restrict indptr, int columns_major,    \
                          ptrdiff_t n_hits, const int64_t *restrict hits,                          \
                          const double *restrict replacement, ptrdiff_t stride, double keep,       \
                          real *out_data, integer *out_indices, integer *restrict out_indptr)      \
    {                                                                                              \
        const int in_blocks = out_data != data;                                                    \
        ptrdiff_t k = 0, stored = 0, seen = 0, major = 0;                                          \
        out_indptr[0] = 0;                                                                         \
        for (ptrdiff_t h = 0; h <= n_hits; h++) {                                                  \
            const ptrdiff_t end = h < n_hits ? (ptrdiff_t)hits[h] : n, run = end - k;              \
            const ptrdiff_t room = in_blocks ? n - k : 0;                                          \
            ptrdiff_t i = 0;                                                                       \
            if (end > seen) {                                                                      \
                ptrdiff_t ahead = seen + LOOKED_AT > end ? seen + LOOKED_AT : end;                 \
                ahead = ahead < n ? ahead : n;                                                     \
                if (!ordinary(ahead - seen, data + seen))                                          \
                    return -1;                                                                     \
                seen = ahead;                                                                      \
            }                                                                                      \
            if (h < n_hits) {                                                                      \
                /* Without a branch, which could not be predicted: written again if too early. */  \
                out_indptr[major + 1] = (integer)(stored + indptr[major + 1] - k);                 \
                major += indptr[major + 1] <= end;                                                 \
            }                                                                                      \
            while (major < n_major && indptr[major + 1] <= end) {                                  \
                out_indptr[major + 1] = (integer)(stored + indptr[major + 1] - k);                 \
                major++;                                                                           \
            }                                                                                      \
            for (; i < run && i + COPIED <= room; i += COPIED) {                                   \
                COPY_BLOCK(real, out_data + stored + i, data + k + i);                             \
                COPY_BLOCK(integer, out_indices + stored + i, indices + k + i);                    \
            }                                                                                      \
            for (; i < run; i++) {                                                                 \
                out_data[stored + i] = data[k + i];                                                \
                out_indices[stored + i] = indices[k + i];                                          \
            }                                                                                      \
            if (keep != 1.0)                                                                       \
                for (i = 0; i < run; i++)                                                          \
                    out_data[stored + i] = (real)(out_data[stored + i] / keep);                    \
            stored += run;                                                                         \
            k = end;                                                                               \
            if (h < n_hits) {                                                                      \
                const ptrdiff_t column = columns_major ? major : (ptrdiff_t)indices[k];            \
                const char *const at = (const char *)replacement + column * stride;                \
                const real x = (real) * (const double *)at;                                        \
                if (x != 0) {                                                                      \
                    out_data[stored] = x;                                                          \
                    out_indices[stored++] = indices[k];                                            \
                }                                                                                  \
                k++;                                                                               \
            }                                                                                      \
        }                                                                                          \
        return stored;                                                                             \
    }

REPLACE(replace_double_32, double, int32_t, ordinary_double)
REPLACE(replace_double_64, double, int64_t, ordinary_double)
REPLACE(replace_single_32, float, int32_t, ordinary_single)
REPLACE(replace_single_64, float, int64_t, ordinary_single)

static inline ptrdiff_t replace(size_t real, size_t integer, ptrdiff_t n, const void *data,
                                const void *indices, ptrdiff_t n_major, const void *indptr,
                                int columns_major, ptrdiff_t n_hits, const int64_t *hits,
                                const double *replacement, ptrdiff_t stride, double keep,
                                void *out_data, void *out_indices, void *out_indptr)
{
    return OF_SIZES(replace, real, integer, n, data, indices, n_major, indptr, columns_major, n_hits,
                    hits, replacement, stride, keep, out_data, out_indices, out_indptr);
}

/* Whole blocks of numbers at a time, nearly all of which hold nothing to look at. */
#define BOUNDED_BLOCK 32

/* How many of n_blocks blocks come before the first where an |s c|^power is not <= unit * bound.
   The bounds have a stride of one, or of zero. */
KERNEL ptrdiff_t blocks_bounded(ptrdiff_t n_blocks, int power, double s, const double *restrict c,
                                double unit, const double *restrict bound, ptrdiff_t stride)
{
    for (ptrdiff_t block = 0; block < n_blocks; block++) {
        const double *const some = c + block * BOUNDED_BLOCK;
        const double *const most = bound + block * BOUNDED_BLOCK * stride;
        double reach[BOUNDED_BLOCK];
        long long beyond = 0;
        for (int i = 0; i < BOUNDED_BLOCK; i++)
            reach[i] = fabs(s * some[i]);
        if (power == 2) {
            for (int i = 0; i < BOUNDED_BLOCK; i++)
                reach[i] *= reach[i];
        } else if (power == 3) {
            for (int i = 0; i < BOUNDED_BLOCK; i++)
                reach[i] = reach[i] * reach[i] * reach[i];
        }
        if (stride == 1) {
            for (int i = 0; i < BOUNDED_BLOCK; i++)
                beyond |= !(reach[i] <= unit * most[i]);
        } else {
            for (int i = 0; i < BOUNDED_BLOCK; i++)
                beyond |= !(reach[i] <= unit * most[0]);
        }
        if (beyond)
            return block;
    }
    return n_blocks;
}

/* Per column: sums of w*d, w*d^2 and v*d, d = x - shift, where w and v belong to the rows. Several
   lines at a time, since what belongs to the others, sums of rows or weights of columns, is then
   read less often, and an addition need not wait for the one before it in the same sum. */

/* For the eight rows of n columns that begin at x and every ``stride`` numbers from there. */
#define SUM_EIGHT_ROWS(name, real)                                                                 \
    KERNEL void name(ptrdiff_t n, const real *restrict x, ptrdiff_t stride, const double *w,       \
                     const double *v, const double *restrict shift, double *restrict first,        \
                     double *restrict second, double *restrict third)                              \
    {                                                                                              \
        for (ptrdiff_t k = 0; k < n; k++) {                                                        \
            const double d0 = x[k] - shift[k], d1 = x[k + stride] - shift[k];                      \
            const double d2 = x[k + 2 * stride] - shift[k], d3 = x[k + 3 * stride] - shift[k];     \
            const double d4 = x[k + 4 * stride] - shift[k], d5 = x[k + 5 * stride] - shift[k];     \
            const double d6 = x[k + 6 * stride] - shift[k], d7 = x[k + 7 * stride] - shift[k];     \
            const double e0 = w[0] * d0, e1 = w[1] * d1, e2 = w[2] * d2, e3 = w[3] * d3;           \
            const double e4 = w[4] * d4, e5 = w[5] * d5, e6 = w[6] * d6, e7 = w[7] * d7;           \
            first[k] += ((e0 + e1) + (e2 + e3)) + ((e4 + e5) + (e6 + e7));                         \
            second[k] += ((e0 * d0 + e1 * d1) + (e2 * d2 + e3 * d3))                               \
                         + ((e4 * d4 + e5 * d5) + (e6 * d6 + e7 * d7));                            \
            third[k] += ((v[0] * d0 + v[1] * d1) + (v[2] * d2 + v[3] * d3))                        \
                        + ((v[4] * d4 + v[5] * d5) + (v[6] * d6 + v[7] * d7));                     \
        }                                                                                          \
    }

SUM_EIGHT_ROWS(sum_eight_rows_double, double)
SUM_EIGHT_ROWS(sum_eight_rows_single, float)

/* For the rows from start to end of one column. */
#define ADD_ROWS(x, start, end, w, v, shift, first, second, third)                                 \
    do {                                                                                           \
        double sum = 0, square = 0, product = 0;                                                   \
        for (ptrdiff_t k = start; k < end; k++) {                                                  \
            const double d = x[k] - shift, e = w[k] * d;                                           \
            sum += e;                                                                              \
            square += e * d;                                                                       \
            product += v[k] * d;                                                                   \
        }                                                                                          \
        first += sum;                                                                              \
        second += square;                                                                          \
        third += product;                                                                          \
    } while (0)

/* For four columns x of n rows. With the vectors of GNU C four rows side by side, each with sums of
   its own: twelve such sums are as many as the registers of AVX2 hold, beside what is added. */
#if defined(__GNUC__)
#define LANES 4
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef float lanes_single __attribute__((vector_size(LANES * sizeof(float))));
#define ROWS_AHEAD 256 /* numbers of a column that are asked for before their turn */
#define TOTAL(a) ((a[0] + a[2]) + (a[1] + a[3]))
#define LOAD_double(to, from) memcpy(&(to), from, sizeof(to))
#define LOAD_float(to, from)                                                                       \
    do {                                                                                           \
        lanes_single narrow;                                                                       \
        memcpy(&narrow, from, sizeof(narrow));                                                     \
        to = __builtin_convertvector(narrow, lanes);                                               \
    } while (0)
#define SUM_FOUR_COLUMNS(name, real)                                                               \
    KERNEL void name(ptrdiff_t n, const real *const *columns, const double *w, const double *v,    \
                     const double *shift, double *first, double *second, double *third)            \
    {                                                                                              \
        const real *const x[4] = {columns[0], columns[1], columns[2], columns[3]};                 \
        const double centre[4] = {shift[0], shift[1], shift[2], shift[3]};                         \
        const ptrdiff_t full = n - n % LANES;                                                      \
        lanes sum[4] = {{0}}, square[4] = {{0}}, product[4] = {{0}};                               \
        for (ptrdiff_t k = 0; k < full; k += LANES) {                                              \
            lanes row_w, row_v;                                                                    \
            LOAD_double(row_w, w + k);                                                             \
            LOAD_double(row_v, v + k);                                                             \
            for (int j = 0; j < 4; j++) {                                                          \
                lanes d, e;                                                                        \
                LOAD_##real(d, x[j] + k);                                                          \
                ASK(x[j] + k, ROWS_AHEAD * sizeof(real));                                          \
                d -= centre[j];                                                                    \
                e = row_w * d;                                                                     \
                sum[j] += e;                                                                       \
                square[j] += e * d;                                                                \
                product[j] += row_v * d;                                                           \
            }                                                                                      \
        }                                                                                          \
        for (int j = 0; j < 4; j++) {                                                              \
            first[j] += TOTAL(sum[j]);                                                             \
            second[j] += TOTAL(square[j]);                                                         \
            third[j] += TOTAL(product[j]);                                                         \
            ADD_ROWS(x[j], full, n, w, v, centre[j], first[j], second[j], third[j]);               \
        }                                                                                          \
    }
#else
#define SUM_FOUR_COLUMNS(name, real)                                                               \
    KERNEL void name(ptrdiff_t n, const real *const *columns, const double *w, const double *v,    \
                     const double *shift, double *first, double *second, double *third)            \
    {                                                                                              \
        for (int j = 0; j < 4; j++)                                                                \
            ADD_ROWS(columns[j], 0, n, w, v, shift[j], first[j], second[j], third[j]);             \
    }
#endif

SUM_FOUR_COLUMNS(sum_four_columns_double, double)
SUM_FOUR_COLUMNS(sum_four_columns_single, float)

#endif
