"""What passes over stored entries share."""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t, uint64_t

cdef extern from "_entries.h" nogil:
    bint ordinary_double(Py_ssize_t n, const double *x)
    bint ordinary_single(Py_ssize_t n, const float *x)
    Py_ssize_t descents_32(Py_ssize_t n, const int32_t *x, uint64_t limit)
    Py_ssize_t descents_64(Py_ssize_t n, const int64_t *x, uint64_t limit)
    void PREFETCH(const void *address, Py_ssize_t n_bytes)

ctypedef fused index_t:
    int32_t
    int64_t

cdef enum:
    BLOCK = 512  # entries at a time: they, and what becomes of them, stay in the first cache
    PREFETCH_DISTANCE = 384  # entries
    PREFETCH_STEP = 16  # entries that one call prefetches


cdef inline bint all_ordinary(const floating *x, Py_ssize_t n) noexcept nogil:
    """Tell whether every number is finite and not zero; if not, callers look at each."""
    if floating is double:
        return ordinary_double(n, x)
    else:
        return ordinary_single(n, x)


cdef inline void prefetch_entries(
    const floating *value, const index_t *index, Py_ssize_t k
) noexcept nogil:
    """At each sixteenth k prefetch as many entries, long before their turn; there may be none.

    Processors prefetch lists by themselves, but too late where each entry also reads a number at a
    place of its own.
    """
    if k % PREFETCH_STEP != 0:
        return
    PREFETCH(value, (k + PREFETCH_DISTANCE) * sizeof(floating))
    if sizeof(floating) == 8:
        PREFETCH(value, (k + PREFETCH_DISTANCE) * sizeof(floating) + 64)
    PREFETCH(index, (k + PREFETCH_DISTANCE) * sizeof(index_t))
    if sizeof(index_t) == 8:
        PREFETCH(index, (k + PREFETCH_DISTANCE) * sizeof(index_t) + 64)
