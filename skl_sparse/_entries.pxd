"""Ordinary entries, finite and not zero: the passes over data look for them and fear the others."""

from cython cimport floating
from libc.math cimport fabs


cdef inline bint all_ordinary(const floating* data, Py_ssize_t n) noexcept nogil:
    """Tell whether every entry is finite and not zero, in a loop that compilers vectorise."""
    cdef Py_ssize_t k
    cdef bint ordinary = True
    cdef double x
    for k in range(n):
        x = data[k]
        if not x - x < fabs(x):  # x - x is 0, or NaN if x is not finite
            ordinary = False
    return ordinary
