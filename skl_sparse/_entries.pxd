"""What passes over stored entries share."""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t, uint64_t

cdef extern from "_entries.h" nogil:
    bint ordinary_double(Py_ssize_t n, const double *x)
    bint ordinary_single(Py_ssize_t n, const float *x)
    Py_ssize_t descents_32(Py_ssize_t n, const int32_t *x, uint64_t limit)
    Py_ssize_t descents_64(Py_ssize_t n, const int64_t *x, uint64_t limit)
    void ASK(const void *address, Py_ssize_t n_bytes)

ctypedef fused index_t:
    int32_t
    int64_t

cdef enum:
    AHEAD = 384  # entries
    ASKED = 16  # at a time


cdef inline bint all_ordinary(const floating *x, Py_ssize_t n) noexcept nogil:
    """Tell whether every number is finite and not zero; if not, callers look at each."""
    if floating is double:
        return ordinary_double(n, x)
    else:
        return ordinary_single(n, x)


cdef inline void ask_ahead(
    const floating *value, const index_t *index, Py_ssize_t k
) noexcept nogil:
    """At each sixteenth k ask for as many entries, long before their turn; there may be none.

    Processors foresee what is read next of a list, but too late where each entry also reads a
    number at a place of its own.
    """
    if k % ASKED != 0:
        return
    ASK(value, (k + AHEAD) * sizeof(floating))
    if sizeof(floating) == 8:
        ASK(value, (k + AHEAD) * sizeof(floating) + 64)
    ASK(index, (k + AHEAD) * sizeof(index_t))
    if sizeof(index_t) == 8:
        ASK(index, (k + AHEAD) * sizeof(index_t) + 64)
