"""Replacement of hit entries in compressed sparse arrays, in one pass.

Rows are major in CSR, columns in CSC (``columns_major``); indices are sorted, without duplicates.
``hits`` are sorted positions, counted along the major axis. ``replacement`` has one value a column.
Entries that were not hit are divided by ``keep``. Zeros, given or written, are not stored.
"""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t

ctypedef fused index_t:
    int32_t
    int64_t


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
    """Replace the non-zero entries that are hit and return the number of entries stored.

    ``hits`` count non-zero entries. The output arrays may be the input's own.
    """
    cdef Py_ssize_t i, k, start, stop, stored = 0, hit = 0
    cdef Py_ssize_t n_hits = hits.shape[0]
    cdef int64_t ordinal = -1
    cdef int64_t next_hit = hits[0] if n_hits else -1
    cdef bint rescale = keep != 1.0
    cdef floating x
    with nogil:
        stop = indptr[0]
        out_indptr[0] = 0
        for i in range(indptr.shape[0] - 1):
            start = stop
            stop = indptr[i + 1]
            for k in range(start, stop):
                x = data[k]
                if x == 0:
                    continue
                ordinal += 1
                if ordinal == next_hit:
                    hit += 1
                    next_hit = hits[hit] if hit < n_hits else -1
                    x = <floating>replacement[i if columns_major else indices[k]]
                    if x == 0:
                        continue
                elif rescale:
                    x = <floating>(x / keep)
                out_data[stored] = x
                out_indices[stored] = indices[k]
                stored += 1
            out_indptr[i + 1] = <index_t>stored
    return stored


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
