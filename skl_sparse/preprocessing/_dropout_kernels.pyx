"""Replacement of hit entries in compressed sparse arrays, in one pass.

Rows are major in CSR, columns in CSC (``columns_major``); indices are sorted, without duplicates.
``hits`` are sorted positions, counted along the major axis. ``replacement`` has one value a column.
Entries that were not hit are divided by ``keep``. What becomes 0 is not stored.
"""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t

cdef extern from "_entry_loops.h" nogil:
    Py_ssize_t replace(
        size_t real, size_t integer, Py_ssize_t n, const void *data, const void *indices,
        Py_ssize_t n_major, const void *indptr, bint columns_major,
        Py_ssize_t n_hits, const int64_t *hits, const double *replacement, Py_ssize_t stride,
        double keep, void *out_data, void *out_indices, void *out_indptr
    )

ctypedef fused index_t:
    int32_t
    int64_t


def place_hits(const double[::1] gaps, int64_t last, int64_t n, int64_t[::1] out):
    """Write the hits after ``last`` and before ``n`` to ``out`` and return their number.

    Rounded down, ``gaps`` are the numbers of positions between one hit and the next.
    """
    cdef Py_ssize_t i, placed = 0
    with nogil:
        for i in range(gaps.shape[0]):
            if gaps[i] >= n:  # possibly beyond the integers
                break
            last += 1 + <int64_t>gaps[i]
            if last >= n:
                break
            out[placed] = last
            placed += 1
    return placed


def replace_stored(
    const floating[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    bint columns_major,
    const int64_t[::1] hits,
    const double[:] replacement,
    double keep,
    floating[::1] out_data,
    index_t[::1] out_indices,
    index_t[::1] out_indptr,
):
    """Replace the stored entries that are hit and return the number of entries left.

    Returns -1, and a result without use, if an entry is zero or not finite. ``out_data`` and
    ``out_indices`` may be the input's own, if it is known that none is; ``out_indptr`` is new.
    """
    cdef Py_ssize_t n_hits = hits.shape[0], n_major = indptr.shape[0] - 1, left = 0
    if data.shape[0] == 0:
        out_indptr[:] = 0
        return left
    with nogil:
        left = replace(
            sizeof(floating), sizeof(index_t), data.shape[0], &data[0], &indices[0],
            n_major, &indptr[0], columns_major,
            n_hits, &hits[0] if n_hits else NULL, &replacement[0], replacement.strides[0], keep,
            &out_data[0], &out_indices[0], &out_indptr[0]
        )
    return left


def replace_cells(
    const floating[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    Py_ssize_t n_minor,
    bint columns_major,
    const int64_t[::1] hits,
    const double[:] replacement,
    double keep,
    floating[::1] out_data,
    index_t[::1] out_indices,
    index_t[::1] out_indptr,
):
    """Replace every cell that is hit, stored or not, and return the number of entries stored.

    ``hits`` count cells. The output arrays must be new: replaced zeros become stored entries.
    """
    cdef Py_ssize_t i, j, k, stored_at, hit_at, stop, stored = 0, hit = 0
    cdef Py_ssize_t n_hits = hits.shape[0]
    cdef int64_t base
    cdef bint rescale = keep != 1.0
    cdef floating x
    with nogil:
        out_indptr[0] = 0
        for i in range(indptr.shape[0] - 1):
            base = <int64_t>i * n_minor
            k = indptr[i]
            stop = indptr[i + 1]
            while True:
                stored_at = indices[k] if k < stop else n_minor
                hit_at = n_minor
                if hit < n_hits and hits[hit] - base < n_minor:
                    hit_at = hits[hit] - base
                j = min(stored_at, hit_at)
                if j == n_minor:
                    break
                if hit_at == j:
                    x = <floating>replacement[i if columns_major else j]
                    hit += 1
                    if stored_at == j:
                        k += 1
                else:
                    x = data[k]
                    k += 1
                    if rescale:
                        x = <floating>(x / keep)
                if x != 0:
                    out_data[stored] = x
                    out_indices[stored] = <index_t>j
                    stored += 1
            out_indptr[i + 1] = <index_t>stored
    return stored
