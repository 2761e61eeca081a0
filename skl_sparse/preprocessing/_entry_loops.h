/* Loops over the entries of arrays that do not overlap, for the transformers. */

#ifndef SKL_SPARSE_PREPROCESSING_KERNELS_H
#define SKL_SPARSE_PREPROCESSING_KERNELS_H

#include "_entries.h"

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

/* Copies the stored entries of a compressed matrix and replaces those that are hit; the hits ascend.
   Returns the number of entries stored, since a replacement of zero is not, or -1 and an unusable
   result if an entry is zero or not finite: entries are checked some at a time, while they are in the
   first cache. The result may overwrite the entries if all of them are known to be ordinary. */
#define CHECKED 1024  /* entries at a time */
#define COPY_WIDTH 16 /* entries between two hits go in blocks of so many, which may overrun the last */

/* Loaded as a whole before it is stored, so that compilers take the widest SIMD registers. */
#define COPY_BLOCK(type, to, from)                                                                 \
    do {                                                                                           \
        type block[COPY_WIDTH];                                                                    \
        for (int b = 0; b < COPY_WIDTH; b++)                                                       \
            block[b] = (from)[b];                                                                  \
        for (int b = 0; b < COPY_WIDTH; b++)                                                       \
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
                ptrdiff_t ahead = seen + CHECKED > end ? seen + CHECKED : end;                     \
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
            for (; i < run && i + COPY_WIDTH <= room; i += COPY_WIDTH) {                           \
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

#endif
