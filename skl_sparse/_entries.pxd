"""Ordinary entries, finite and not zero: the passes over data look for them and fear the others."""

from cython cimport floating
from libc.math cimport fabs


cdef inline bint is_ordinary(double x) noexcept nogil:
    """Tell whether ``x`` is finite and not zero, in a way that compilers vectorise."""
    return x - x < fabs(x)  # x - x is 0, or NaN if x is not finite


cdef inline bint all_ordinary(const floating* data, Py_ssize_t n) noexcept nogil:
    """Tell whether every entry is finite and not zero."""
    cdef Py_ssize_t k
    cdef bint ordinary = True
    for k in range(n):
        if not is_ordinary(data[k]):
            ordinary = False
    return ordinary
