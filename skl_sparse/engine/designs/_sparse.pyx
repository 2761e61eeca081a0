"""Passes over the stored entries of a compressed sparse matrix.

A compressed matrix is a list of lines, each a list of (position, value). The lines of CSR are the
rows, those of CSC the columns, so one kernel serves both: ``line_dot`` is X v for CSR and X^T v for
CSC, ``line_scatter`` the other way round. Lines need not be sorted; duplicate entries are allowed
wherever the result is linear in the entries.

Weights of rows that are all alike may be one number, repeated with a stride of zero.

Sums are kept in double whatever the type of the data. No kernel is called on so many entries that
an interrupt would wait long: callers cut the lines into ranges.
"""

from libc.math cimport fabs, sqrt
from libc.stdint cimport int32_t, int64_t, uint16_t
from libc.stdlib cimport free, malloc

from skl_sparse._entries cimport prefetch_entries
from skl_sparse.engine._lines cimport line_add, line_times

ctypedef fused real_t:
    float
    double

ctypedef fused index_t:
    int32_t
    int64_t

ctypedef fused count_t:
    uint16_t
    int32_t


def count_entries(
    const index_t[::1] indices,
    const index_t[::1] indptr,
    count_t[::1] count,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """count[j] += 1 for every stored entry at position j of the lines start <= i < stop."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(indptr[start], indptr[stop]):
            count[indices[k]] += 1


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
    cdef Py_ssize_t i, k, t, j, first, n_vectors = v.shape[1]
    cdef double value
    with nogil:
        if n_vectors == 1:
            for i in range(start, stop):
                first = indptr[i]
                out[i, 0] = line_times(
                    &data[0] + first, &indices[0] + first, indptr[i + 1] - first, &v[0, 0]
                )
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
    cdef Py_ssize_t i, k, t, j, first, n_vectors = v.shape[1]
    cdef double value
    with nogil:
        if n_vectors == 1:
            for i in range(start, stop):
                if v[i, 0] != 0.0:
                    first = indptr[i]
                    line_add(
                        &data[0] + first,
                        &indices[0] + first,
                        indptr[i + 1] - first,
                        v[i, 0],
                        &out[0, 0],
                    )
        else:
            for i in range(start, stop):
                for k in range(indptr[i], indptr[i + 1]):
                    value = data[k]
                    j = indices[k]
                    for t in range(n_vectors):
                        out[j, t] += value * v[i, t]


def plain_sums(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[:] weights,
    bint lines_are_rows,
    const int32_t[::1] part,
    double[:, ::1] sums,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """sums[column] += (w*x, w*x*x) over the stored entries: side by side, one cache line for both.

    Row i adds to the pair ``part[i]`` of each column, all rows to the first if no parts are given.
    Nothing guards the squares against overflow, underflow and cancellation: callers do.
    """
    cdef Py_ssize_t i, k, place = 0
    cdef double weight, x, wx, total, square
    cdef double *pair
    cdef bint in_parts = part.shape[0] > 0
    with nogil:
        for i in range(start, stop):
            if lines_are_rows:
                weight = weights[i]
                if weight == 0.0:
                    continue
                if in_parts:
                    place = 2 * part[i]
                for k in range(indptr[i], indptr[i + 1]):
                    x = data[k]
                    wx = weight * x
                    pair = &sums[indices[k], place]
                    pair[0] += wx
                    pair[1] += wx * x
            elif in_parts:
                for k in range(indptr[i], indptr[i + 1]):
                    x = data[k]
                    wx = weights[indices[k]] * x
                    pair = &sums[i, 2 * part[indices[k]]]
                    pair[0] += wx
                    pair[1] += wx * x
            else:
                total = 0.0
                square = 0.0
                for k in range(indptr[i], indptr[i + 1]):
                    x = data[k]
                    wx = weights[indices[k]] * x
                    total += wx
                    square += wx * x
                sums[i, 0] += total
                sums[i, 1] += square


def column_sums(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[:] weights,
    bint lines_are_rows,
    const int32_t[::1] slot,
    double[::1] total,
    int64_t[::1] count,
    double[::1] largest,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """Per slot, of its stored entries: sum of w*x, number with w > 0, most sqrt(w)*|x|."""
    cdef Py_ssize_t i, k, row, place
    cdef double size
    with nogil:
        for i in range(start, stop):
            if not lines_are_rows and slot[i] < 0:
                continue
            for k in range(indptr[i], indptr[i + 1]):
                row = i if lines_are_rows else indices[k]
                place = slot[indices[k] if lines_are_rows else i]
                if place >= 0:
                    total[place] += weights[row] * data[k]
                    if weights[row] > 0.0:
                        count[place] += 1
                        size = sqrt(weights[row]) * fabs(data[k])
                        largest[place] = max(largest[place], size)


def column_deviations(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[:] root_weights,
    bint lines_are_rows,
    const int32_t[::1] slot,
    const double[::1] center,
    const double[::1] unit,
    double[::1] first,
    double[::1] second,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """Per slot, over its stored entries: sums of w*d and w*d**2, d = (x - center) / unit.

    The root of the weight meets the deviation before the square: a row of weight zero adds
    nothing even where the square would overflow.
    """
    cdef Py_ssize_t i, k, row, place
    cdef double deviation
    with nogil:
        for i in range(start, stop):
            if not lines_are_rows and slot[i] < 0:
                continue
            for k in range(indptr[i], indptr[i + 1]):
                row = i if lines_are_rows else indices[k]
                place = slot[indices[k] if lines_are_rows else i]
                if place >= 0:
                    deviation = root_weights[row] * (data[k] - center[place]) / unit[place]
                    first[place] += root_weights[row] * deviation
                    second[place] += deviation * deviation


cdef inline bint any_marked(
    const index_t *indices, Py_ssize_t n_entries, const unsigned char *mark
) noexcept nogil:
    """Whether an entry's column is marked: a fraction of what it takes to `pick` entries.

    Four at a time: none waits for the one before it.
    """
    cdef Py_ssize_t k = 0
    cdef unsigned int a = 0, b = 0, c = 0, d = 0
    while k + 4 <= n_entries:
        a |= mark[indices[k]]
        b |= mark[indices[k + 1]]
        c |= mark[indices[k + 2]]
        d |= mark[indices[k + 3]]
        k += 4
    while k < n_entries:
        a |= mark[indices[k]]
        k += 1
    return (a | b | c | d) != 0


cdef inline Py_ssize_t pick(
    const real_t *data,
    const index_t *indices,
    Py_ssize_t n_entries,
    const int32_t *slot,
    int32_t *place,
    double *value,
) noexcept nogil:
    """List the place and value of each entry whose column has a slot; return their number.

    Every entry is written, and overwritten by the next if it has no slot: few processors foresee
    which entries have one, and a wrong guess costs more than a store. Room is needed for one more.
    """
    cdef Py_ssize_t k, n = 0
    cdef int32_t found
    for k in range(n_entries):
        prefetch_entries(data, indices, k)
        found = slot[indices[k]]
        place[n] = found
        value[n] = data[k]
        n += found >= 0
    return n


def row_gram(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[:] row_weights,
    const int32_t[::1] slot,
    const unsigned char[::1] is_new,
    Py_ssize_t n_known,
    Py_ssize_t share,
    Py_ssize_t n_shares,
    double[::1] sums,
    const int32_t[::1] part,
    double[:, :, :] out,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """Add X_new^T D X_all over the rows start <= i < stop of a CSR matrix.

    And X_all^T D 1 to ``sums``, unless they are empty. Row i adds to ``out[part[i]]``, all rows to
    ``out[0]`` if no parts are given.

    ``slot[column]`` is the column's place in the Gram, -1 for none; places from ``n_known`` on are
    new, and ``is_new`` marks their columns: as long as most rows hold none, each is asked for them
    first. ``out[:, a - n_known, b]`` gets the pair of a new place a and any place b; if all are
    new, each pair is added once, in one of the two places that are its. Only the rows of ``out``
    whose place is ``share`` modulo ``n_shares`` are touched; each is contiguous.
    """
    cdef Py_ssize_t i, a, b, first, n, m = out.shape[2], asked = 0, held = 0, of_row = 0
    cdef int32_t *place = <int32_t *> malloc((m + 1) * sizeof(int32_t))
    cdef double *value = <double *> malloc((m + 1) * sizeof(double))
    cdef double weighted
    cdef double *target
    cdef bint once = n_known == 0, summed = sums.shape[0] > 0, holds_new
    cdef bint in_parts = part.shape[0] > 0
    if not (place and value):
        free(place)
        free(value)
        raise MemoryError("no memory for a row of the working set")
    with nogil:
        for i in range(start, stop):
            first = indptr[i]
            if row_weights[i] == 0.0 or first == indptr[i + 1]:
                continue
            asked += 1
            if 2 * held <= asked and not summed:
                if not any_marked(&indices[first], indptr[i + 1] - first, &is_new[0]):
                    continue
            n = pick(&data[first], &indices[first], indptr[i + 1] - first, &slot[0], place, value)
            if summed:
                for a in range(n):
                    sums[place[a]] += row_weights[i] * value[a]
            holds_new = False
            if in_parts:
                of_row = part[i]
            for a in range(n):
                if place[a] < n_known:
                    continue
                holds_new = True
                if n_shares > 1 and place[a] % n_shares != share:
                    continue
                b = a if once else 0
                weighted = row_weights[i] * value[a]
                target = &out[of_row, place[a] - n_known, 0]
                line_add(value + b, place + b, n - b, weighted, target, True)
            held += holds_new
        free(place)
        free(value)


def find_alike(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    bint lines_are_rows,
    double[::1] first,
    unsigned char[::1] alike,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """alike[column] = 0 where stored entries differ; ``first`` holds one of each, nan at first."""
    cdef Py_ssize_t i, j, k
    with nogil:
        for i in range(start, stop):
            for k in range(indptr[i], indptr[i + 1]):
                j = indices[k] if lines_are_rows else i
                if data[k] != first[j]:
                    alike[j] &= first[j] != first[j]
                    first[j] = data[k]


def gather_from_rows(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[:] row_scale,
    const int32_t[::1] slot,
    const double[::1] slot_scale,
    double[::1] values,
    const int64_t[::1] starts,
    int32_t[::1] rows,
    const int64_t[::1] row_starts,
    int64_t[::1] cursor,
    Py_ssize_t start,
    Py_ssize_t stop,
):
    """Copy the columns that have a slot out of a CSR matrix, scaled, column after column.

    The values of a slot begin at ``starts[slot]``: one for each entry, or one for all. Its rows
    begin at ``row_starts[slot]``, and ``cursor[slot]`` is where the next goes.
    """
    cdef Py_ssize_t i, a, s, first, n, to, m = slot_scale.shape[0]
    cdef bint single
    cdef int32_t *place = <int32_t *> malloc((m + 1) * sizeof(int32_t))
    cdef double *value = <double *> malloc((m + 1) * sizeof(double))
    if not (place and value):
        free(place)
        free(value)
        raise MemoryError("no memory for a row of the working set")
    with nogil:
        for i in range(start, stop):
            first = indptr[i]
            if first == indptr[i + 1]:
                continue
            n = pick(&data[first], &indices[first], indptr[i + 1] - first, &slot[0], place, value)
            for a in range(n):
                s = place[a]
                to = cursor[s]
                single = starts[s + 1] - starts[s] == 1
                values[starts[s] + (0 if single else to - row_starts[s])] = (
                    value[a] * slot_scale[s] * row_scale[i]
                )
                rows[to] = <int32_t> i
                cursor[s] = to + 1
        free(place)
        free(value)


def gather_lines(
    const real_t[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[:] row_scale,
    const int64_t[::1] columns,
    const double[::1] column_scale,
    double[::1] values,
    const int64_t[::1] starts,
    int32_t[::1] rows,
    const int64_t[::1] row_starts,
):
    """Copy the named columns out of a CSC matrix, scaled.

    The values of column k go from ``starts[k]`` on: one for each entry, or one for all. Its rows go
    from ``row_starts[k]`` on.
    """
    cdef Py_ssize_t i, j, k, row, to
    cdef bint single
    with nogil:
        for k in range(columns.shape[0]):
            j = columns[k]
            single = starts[k + 1] - starts[k] == 1
            for i in range(indptr[j], indptr[j + 1]):
                row = indices[i]
                to = i - indptr[j]
                values[starts[k] + (0 if single else to)] = (
                    data[i] * column_scale[k] * row_scale[row]
                )
                rows[row_starts[k] + to] = <int32_t> row
