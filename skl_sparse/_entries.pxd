"""What passes over stored entries share."""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t

cdef extern from "_kernels.h" nogil:
    bint ordinary_double(Py_ssize_t n, const double *x)
    bint ordinary_single(Py_ssize_t n, const float *x)
    void ASK(const void *address, Py_ssize_t n_bytes)

ctypedef fused index_t:
    int32_t
    int64_t

cdef enum:
    AHEAD = 384  # entries


cdef inline bint all_ordinary(const floating *x, Py_ssize_t n) noexcept nogil:
    """Tell whether every number is finite and not zero; if not, callers look at each."""
    if floating is double:
        return ordinary_double(n, x)
    else:
        return ordinary_single(n, x)


cdef inline void ask_ahead(const floating *value, const index_t *index) noexcept nogil:
    """Ask for sixteen entries well before their turn; beyond the last is no harm.

    Processors foresee what is read next of a list, but too late where each entry also reads a
    number at a place of its own.
    """
    ASK(value, AHEAD * sizeof(floating))
    if sizeof(floating) == 8:
        ASK(value, AHEAD * sizeof(floating) + 64)
    ASK(index, AHEAD * sizeof(index_t))
    if sizeof(index_t) == 8:
        ASK(index, AHEAD * sizeof(index_t) + 64)
