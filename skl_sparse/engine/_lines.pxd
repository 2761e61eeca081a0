"""Lists of (place, value), as compressed matrices and gathered columns hold them, and vectors.

Entries are prefetched, but not those of lists of fewer than four, which gain nothing from it.
"""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t

from skl_sparse._entries cimport prefetch_entries

ctypedef fused place_t:
    int32_t
    int64_t


cdef inline double line_times(
    const floating *value, const place_t *place, Py_ssize_t n, const double *v
) noexcept nogil:
    """sum_k value[k] * v[place[k]], in four sums: an addition need not wait for the one before."""
    cdef double a = 0.0, b = 0.0, c = 0.0, d = 0.0
    cdef Py_ssize_t k = 0
    while k + 4 <= n:
        prefetch_entries(value, place, k)
        a += value[k] * v[place[k]]
        b += value[k + 1] * v[place[k + 1]]
        c += value[k + 2] * v[place[k + 2]]
        d += value[k + 3] * v[place[k + 3]]
        k += 4
    while k < n:
        a += value[k] * v[place[k]]
        k += 1
    return (a + b) + (c + d)


cdef inline void line_add(
    const floating *value,
    const place_t *place,
    Py_ssize_t n,
    double factor,
    double *v,
    bint at_hand=False,
) noexcept nogil:
    """v[place[k]] += factor * value[k]; lists at hand, just written, are not asked for."""
    cdef Py_ssize_t k = 0
    while k + 4 <= n:
        if not at_hand:
            prefetch_entries(value, place, k)
        v[place[k]] += factor * value[k]
        v[place[k + 1]] += factor * value[k + 1]
        v[place[k + 2]] += factor * value[k + 2]
        v[place[k + 3]] += factor * value[k + 3]
        k += 4
    while k < n:
        v[place[k]] += factor * value[k]
        k += 1
