"""Passes over the stored entries of a compressed sparse matrix.

A compressed matrix is a list of lines, each a list of (position, value). The lines of CSR are the
rows, those of CSC the columns, so one kernel serves both: ``line_dot`` is X v for CSR and X^T v for
CSC, ``line_scatter`` the other way round. Duplicate entries and unsorted lines are allowed wherever
the result is linear in the entries.

Sums are kept in double whatever the type of the data. No kernel is called on so many entries that
an interrupt would wait long: callers cut the lines into ranges.
"""

from libc.math cimport fabs
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

ctypedef fused real_t:
    float
    double

ctypedef fused index_t:
    int32_t
    int64_t


def line_dot(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[:, ::1] v,
    double[:, ::1] out,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """out[i] = sum_k data[k] * v[indices[k]] over line i, for start <= i < stop."""
    cdef Py_ssize_t i, k, t, j, n_vectors = v.shape[1]
    cdef double total, value
    with nogil:
        if n_vectors == 1:
            for i in range(start, stop):
                total = 0.0
                for k in range(indptr[i], indptr[i + 1]):
                    total += data[k] * v[indices[k], 0]
                out[i, 0] = total
        else:
            for i in range(start, stop):
                for t in range(n_vectors):
                    out[i, t] = 0.0
                for k in range(indptr[i], indptr[i + 1]):
                    value = data[k]
                    j = indices[k]
                    for t in range(n_vectors):
                        out[i, t] += value * v[j, t]


def line_scatter(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[:, ::1] v,
    double[:, ::1] out,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """out[indices[k]] += data[k] * v[i] over the lines start <= i < stop."""
    cdef Py_ssize_t i, k, t, j, n_vectors = v.shape[1]
    cdef double value
    with nogil:
        if n_vectors == 1:
            for i in range(start, stop):
                value = v[i, 0]
                if value != 0.0:
                    for k in range(indptr[i], indptr[i + 1]):
                        out[indices[k], 0] += data[k] * value
        else:
            for i in range(start, stop):
                for k in range(indptr[i], indptr[i + 1]):
                    value = data[k]
                    j = indices[k]
                    for t in range(n_vectors):
                        out[j, t] += value * v[i, t]


def column_sums(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[::1] weights,
    bint lines_are_rows,
    double[::1] total,
    double[::1] weight,
    int64_t[::1] count,
    double[::1] largest,
):
    """Sum of w*x, sum of w, number, max |x| where w > 0: of each column's stored entries."""
    cdef Py_ssize_t i, k, row, column
    with nogil:
        for i in range(indptr.shape[0] - 1):
            for k in range(indptr[i], indptr[i + 1]):
                row = i if lines_are_rows else indices[k]
                column = indices[k] if lines_are_rows else i
                total[column] += weights[row] * data[k]
                weight[column] += weights[row]
                count[column] += 1
                if fabs(data[k]) > largest[column] and weights[row] > 0.0:
                    largest[column] = fabs(data[k])


def column_deviations(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[::1] root_weights,
    bint lines_are_rows,
    const double[::1] center,
    const double[::1] unit,
    double[::1] first,
    double[::1] second,
):
    """Per column, over its stored entries: sums of w*d and w*d**2, d = (x - center) / unit.

    The root of the weight meets the deviation before the square: a row of weight zero adds
    nothing even where the square would overflow.
    """
    cdef Py_ssize_t i, k, row, column
    cdef double deviation
    with nogil:
        for i in range(indptr.shape[0] - 1):
            for k in range(indptr[i], indptr[i + 1]):
                row = i if lines_are_rows else indices[k]
                column = indices[k] if lines_are_rows else i
                deviation = root_weights[row] * ((data[k] - center[column]) / unit[column])
                first[column] += root_weights[row] * deviation
                second[column] += deviation * deviation


def row_gram(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[::1] row_weights,
    const int32_t[::1] slot,
    Py_ssize_t n_known,
    double[:, :] out,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """Add X_new^T D X_all over the rows start <= i < stop of a CSR matrix.

    ``slot[column]`` is the column's place in the Gram, -1 for none; places from ``n_known`` on are
    new. ``out[a - n_known, b]`` gets the pair of a new place a and any place b; its rows are contiguous.
    """
    cdef Py_ssize_t i, k, a, b, n_old, n_new, place
    cdef Py_ssize_t width = slot.shape[0] if slot.shape[0] > 0 else 1
    cdef int32_t *old_place = <int32_t *> malloc(width * sizeof(int32_t))
    cdef int32_t *new_place = <int32_t *> malloc(width * sizeof(int32_t))
    cdef double *old_value = <double *> malloc(width * sizeof(double))
    cdef double *new_value = <double *> malloc(width * sizeof(double))
    cdef double value
    cdef double *row
    if not (old_place and new_place and old_value and new_value):
        free(old_place)
        free(new_place)
        free(old_value)
        free(new_value)
        raise MemoryError("no memory for a row of the working set")
    with nogil:
        for i in range(start, stop):
            if row_weights[i] == 0.0:
                continue
            n_old = 0
            n_new = 0
            for k in range(indptr[i], indptr[i + 1]):
                place = slot[indices[k]]
                if place < 0:
                    continue
                if place < n_known:
                    old_place[n_old] = <int32_t> place
                    old_value[n_old] = data[k]
                    n_old += 1
                else:
                    new_place[n_new] = <int32_t> place
                    new_value[n_new] = data[k]
                    n_new += 1
            for a in range(n_new):
                value = row_weights[i] * new_value[a]
                row = &out[new_place[a] - n_known, 0]
                for b in range(n_old):
                    row[old_place[b]] += value * old_value[b]
                for b in range(n_new):
                    row[new_place[b]] += value * new_value[b]
        free(old_place)
        free(new_place)
        free(old_value)
        free(new_value)


def count_in_rows(
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const int32_t[::1] slot,
    int64_t[::1] count,
):
    """count[slot[column]] += 1 for every stored entry of a column that has a slot."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(indptr[0], indptr[indptr.shape[0] - 1]):
            if slot[indices[k]] >= 0:
                count[slot[indices[k]]] += 1


def gather_from_rows(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[::1] row_scale,
    const int32_t[::1] slot,
    const double[::1] slot_scale,
    int64_t[::1] cursor,
    double[::1] values,
    int32_t[::1] rows,
):
    """Copy the columns that have a slot out of a CSR matrix, scaled, column after column.

    ``cursor[slot]`` is where the column's next entry goes.
    """
    cdef Py_ssize_t i, k, place
    with nogil:
        for i in range(indptr.shape[0] - 1):
            for k in range(indptr[i], indptr[i + 1]):
                place = slot[indices[k]]
                if place >= 0:
                    values[cursor[place]] = data[k] * slot_scale[place] * row_scale[i]
                    rows[cursor[place]] = <int32_t> i
                    cursor[place] += 1
