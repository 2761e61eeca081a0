"""What the stored entries of an array are like, found in one pass."""

from cython cimport floating
from libc.float cimport DBL_MAX
from libc.math cimport fabs

cdef enum:
    BLOCK = 512  # entries at a time, which stay in the first cache


def survey(const floating[::1] data):
    """Return the number of zeros, or -1 if an entry is not finite."""
    cdef Py_ssize_t n, k, start = 0, zeros = 0
    cdef bint finite = True
    with nogil:
        while finite and start < data.shape[0]:
            n = min(BLOCK, data.shape[0] - start)
            if not all_ordinary(&data[start], n):
                for k in range(start, start + n):
                    zeros += data[k] == 0
                    if not fabs(data[k]) <= DBL_MAX:
                        finite = False
            start += n
    return zeros if finite else -1
