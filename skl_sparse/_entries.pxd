"""Ordinary entries, finite and not zero: the passes over data look for them and fear the others."""

from cython cimport floating

cdef extern from "_kernels.h" nogil:
    bint ordinary_double(Py_ssize_t n, const double *x)
    bint ordinary_single(Py_ssize_t n, const float *x)


cdef inline bint all_ordinary(const floating *x, Py_ssize_t n) noexcept nogil:
    """Tell whether every number is finite and not zero."""
    if floating is double:
        return ordinary_double(n, x)
    else:
        return ordinary_single(n, x)
