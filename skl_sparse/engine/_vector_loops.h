/* Loops over arrays that do not overlap, for the engine. */

#ifndef SKL_SPARSE_ENGINE_KERNELS_H
#define SKL_SPARSE_ENGINE_KERNELS_H

#include "_simd.h"

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
#define ROWS_AHEAD 256 /* numbers of a column that are prefetched before their turn */
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
                PREFETCH(x[j] + k, ROWS_AHEAD * sizeof(real));                                     \
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
