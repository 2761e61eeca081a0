"""Replacement of hit entries in compressed sparse arrays, in one pass.

Rows are major in CSR, columns in CSC (``columns_major``); indices are sorted, without duplicates.
``hits`` are sorted positions, counted along the major axis. ``replacement`` has one value a column.
Entries that were not hit are divided by ``keep``. What becomes 0 is not stored.
"""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

from skl_sparse._entries cimport all_ordinary

ctypedef fused index_t:
    int32_t
    int64_t

cdef enum:
    BLOCK = 16  # entries copied at once
    CHUNK = 1024  # entries looked at before they are copied, from the first cache


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


cdef inline void copy_run(
    floating* data,
    const floating* from_data,
    index_t* indices,
    const index_t* from_indices,
    Py_ssize_t n,
    Py_ssize_t room,
) noexcept nogil:
    """Copy n entries forward, whole blocks at a time while there is room to write past the end."""
    cdef Py_ssize_t i = 0
    while i < n and i + BLOCK <= room:
        memcpy(data + i, from_data + i, BLOCK * sizeof(floating))
        memcpy(indices + i, from_indices + i, BLOCK * sizeof(index_t))
        i += BLOCK
    while i < n:
        data[i] = from_data[i]
        indices[i] = from_indices[i]
        i += 1


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
    cdef Py_ssize_t h, q, end, run, seen = 0, ahead, row = 0, k = 0, stored = 0
    cdef Py_ssize_t nnz = data.shape[0], n_hits = hits.shape[0], n_major = indptr.shape[0] - 1
    # In place, blocks that overrun a run would destroy what has not been read.
    cdef bint in_blocks = nnz > 0 and &out_data[0] != &data[0]
    cdef bint rescale = keep != 1.0
    cdef floating x
    with nogil:
        out_indptr[0] = 0
        for h in range(n_hits + 1):
            end = hits[h] if h < n_hits else nnz
            if end > seen:
                ahead = min(max(end, seen + CHUNK), nnz)
                if not all_ordinary(&data[seen], ahead - seen):
                    stored = -1
                    break
                seen = ahead
            if h < n_hits:
                # Without a branch, which could not be predicted: it is written again if too early.
                out_indptr[row + 1] = <index_t>(stored + indptr[row + 1] - k)
                row += indptr[row + 1] <= end
            while row < n_major and indptr[row + 1] <= end:
                out_indptr[row + 1] = <index_t>(stored + indptr[row + 1] - k)
                row += 1
            run = end - k
            copy_run(
                &out_data[stored],
                &data[k],
                &out_indices[stored],
                &indices[k],
                run,
                nnz - k if in_blocks else 0,
            )
            if rescale:
                for q in range(stored, stored + run):
                    out_data[q] = <floating>(out_data[q] / keep)
            stored += run
            k = end
            if h < n_hits:
                x = <floating>replacement[row if columns_major else indices[k]]
                if x != 0:
                    out_data[stored] = x
                    out_indices[stored] = indices[k]
                    stored += 1
                k += 1
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
