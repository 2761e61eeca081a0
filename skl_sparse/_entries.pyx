"""What the stored entries of a matrix are like: each question is answered in one pass."""

from cython cimport floating
from libc.float cimport DBL_MAX
from libc.math cimport fabs
from libc.stdint cimport int32_t, int64_t, uint64_t

ctypedef fused pointer_t:
    int32_t
    int64_t


def count_zeros(const floating[::1] data):
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


def ascending(const pointer_t[::1] indptr):
    """Whether ``indptr`` starts at 0 and never falls."""
    cdef Py_ssize_t i
    cdef int falls = 0
    with nogil:
        for i in range(indptr.shape[0] - 1):
            falls |= indptr[i] > indptr[i + 1]
    return falls == 0 and indptr[0] == 0


def order_of_indices(
    const index_t[::1] indices, const pointer_t[::1] indptr, Py_ssize_t n_positions
):
    """Whether the indices of each line ascend strictly: 1 if so, 0 if not, -1 if one is outside.

    Inside is 0 ... n_positions - 1. ``indptr`` is `ascending`, its end the number of indices.
    All indices are read as one list, which may descend from line to line.
    """
    cdef Py_ssize_t i, n, found, descents = 0, start = 0, last = indices.shape[0] - 1
    cdef uint64_t limit = n_positions
    if last < 0:
        return 1
    if sizeof(index_t) == 4 and n_positions > 1 << 31:
        limit = 1 << 31
    with nogil:
        while start < last and descents >= 0:
            n = min(BLOCK, last - start)
            if index_t is int32_t:
                found = descents_32(n, &indices[start], limit)
            else:
                found = descents_64(n, &indices[start], limit)
            descents = -1 if found < 0 else descents + found
            start += n
        if <uint64_t>indices[last] >= limit:  # a negative index is a very large one
            descents = -1
        if descents > 0:
            for i in range(1, indptr.shape[0] - 1):
                n = indptr[i]
                if n > last:
                    break
                if n > indptr[i - 1]:  # the first of a line, after the last of another
                    descents -= indices[n - 1] >= indices[n]
    return -1 if descents < 0 else descents == 0


def has_duplicates(
    const index_t[::1] indices,
    const pointer_t[::1] indptr,
    int64_t[::1] seen,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """Whether an index occurs twice in one of the lines start <= i < stop.

    ``seen`` holds the last line that had each index, -1 at first.
    """
    cdef Py_ssize_t i, j, k
    cdef bint found = False
    with nogil:
        for i in range(start, stop):
            for k in range(indptr[i], indptr[i + 1]):
                j = indices[k]
                found |= seen[j] == i
                seen[j] = i
            if found:
                break
    return found
