"""Passes over a dense array, line by line in the order in which it lies in memory.

Sums are kept in double whatever the type of the data. Callers cut the array into blocks, whose
lines have their entries side by side.
"""

from libc.string cimport memset
from scipy.linalg.cython_blas cimport dgemm, dsyrk, sgemm, ssyrk

from skl_sparse._entries cimport PREFETCH

cdef extern from "_vector_loops.h" nogil:
    void add_four_double(Py_ssize_t n, const double **x, const double *w, double *y)
    void add_four_single(Py_ssize_t n, const float **x, const double *w, double *y)
    void sum_eight_rows_double(
        Py_ssize_t n, const double *x, Py_ssize_t stride, const double *w, const double *v,
        const double *shift, double *first, double *second, double *third
    )
    void sum_eight_rows_single(
        Py_ssize_t n, const float *x, Py_ssize_t stride, const double *w, const double *v,
        const double *shift, double *first, double *second, double *third
    )
    void sum_four_columns_double(
        Py_ssize_t n, const double **x, const double *w, const double *v, const double *shift,
        double *first, double *second, double *third
    )
    void sum_four_columns_single(
        Py_ssize_t n, const float **x, const double *w, const double *v, const double *shift,
        double *first, double *second, double *third
    )

ctypedef fused real_t:
    float
    double

ctypedef fused product_t:
    float
    double


def sums_by_rows(
    const real_t[:, :] rows,
    const double[::1] weights,
    const double[::1] v,
    const double[::1] shift,
    double[::1] first,
    double[::1] second,
    double[::1] third,
):
    """Per column: sums of w*d, w*d**2 and v*d, d = x - shift; the lines are rows."""
    cdef Py_ssize_t i, k, n_rows = rows.shape[0], n_columns = rows.shape[1]
    cdef Py_ssize_t stride = rows.strides[0] // <Py_ssize_t> sizeof(real_t)
    cdef double d
    with nogil:
        for i in range(0, n_rows - 7, 8):
            if real_t is double:
                sum_eight_rows_double(
                    n_columns, &rows[i, 0], stride, &weights[i], &v[i], &shift[0], &first[0],
                    &second[0], &third[0]
                )
            else:
                sum_eight_rows_single(
                    n_columns, &rows[i, 0], stride, &weights[i], &v[i], &shift[0], &first[0],
                    &second[0], &third[0]
                )
        for i in range(n_rows - n_rows % 8, n_rows):
            for k in range(n_columns):
                d = rows[i, k] - shift[k]
                first[k] += weights[i] * d
                second[k] += weights[i] * d * d
                third[k] += v[i] * d


def sums_by_columns(
    const real_t[:, :] columns,
    const double[::1] weights,
    const double[::1] v,
    const double[::1] shift,
    double[::1] first,
    double[::1] second,
    double[::1] third,
):
    """Per column: sums of w*d, w*d**2 and v*d, d = x - shift; the lines are columns.

    In stretches, whose sums have little rounding.
    """
    cdef const real_t *x[4]
    cdef double centre[4]
    cdef double sums[12]
    cdef Py_ssize_t i, j, start, length
    cdef Py_ssize_t n_rows = columns.shape[1], last = columns.shape[0] - 1
    with nogil:
        for i in range(0, last + 1, 4):
            for start in range(0, n_rows, 4096):
                length = min(4096, n_rows - start)
                for j in range(4):
                    # What is beyond the last column repeats it, to no effect.
                    x[j] = &columns[min(i + j, last), start]
                    centre[j] = shift[min(i + j, last)]
                    sums[j] = sums[4 + j] = sums[8 + j] = 0.0
                if real_t is double:
                    sum_four_columns_double(
                        length, x, &weights[start], &v[start], centre, sums, &sums[4], &sums[8]
                    )
                else:
                    sum_four_columns_single(
                        length, x, &weights[start], &v[start], centre, sums, &sums[4], &sums[8]
                    )
                for j in range(min(4, last + 1 - i)):
                    first[i + j] += sums[j]
                    second[i + j] += sums[4 + j]
                    third[i + j] += sums[8 + j]


def combine_columns(
    const real_t[:, :] X,
    const Py_ssize_t[::1] columns,
    const double[:, ::1] weights,
    bint lines_are_columns,
    double[:, :] out,
):
    """out[t, i] = sum_k weights[t, k] * X[i, columns[k]]"""
    cdef const real_t *x[4]
    cdef double w[4]
    cdef Py_ssize_t i, j, k, t, start, length, n = columns.shape[0]
    cdef double total
    with nogil:
        if lines_are_columns:
            # In stretches, whose sums stay in the cache.
            for start in range(0, X.shape[0], 2048):
                length = min(2048, X.shape[0] - start)
                for t in range(out.shape[0]):
                    memset(&out[t, start], 0, length * sizeof(double))
                for k in range(0, n, 4):
                    for j in range(4):
                        x[j] = &X[start, columns[min(k + j, n - 1)]]
                    for t in range(out.shape[0]):
                        for j in range(4):
                            w[j] = weights[t, k + j] if k + j < n else 0.0
                        if real_t is double:
                            add_four_double(length, x, w, &out[t, start])
                        else:
                            add_four_single(length, x, w, &out[t, start])
        else:
            for i in range(X.shape[0]):
                for t in range(out.shape[0]):
                    total = 0.0
                    for k in range(n):
                        total += weights[t, k] * X[i, columns[k]]
                    out[t, i] = total


def fill_panel(
    const real_t[:, :] X,
    const Py_ssize_t[::1] columns,
    const Py_ssize_t[::1] places,
    const double[::1] center,
    const double[::1] scale,
    const double[::1] row_scale,
    bint lines_are_columns,
    product_t[:, ::1] panel,
):
    """Chosen columns of X, less their centres, times the scales of column and row.

    The panel has the lines of X as its rows: columns, or else rows. Each column goes to a place of
    its own; in ascending order they are read soonest.
    """
    cdef Py_ssize_t i, k, next_row, n = columns.shape[0]
    cdef const real_t *x
    cdef const double *q = &row_scale[0]
    cdef product_t *out
    cdef double c, s
    with nogil:
        if lines_are_columns:
            for i in range(n):
                x, out, c, s = &X[0, columns[i]], &panel[places[i], 0], center[i], scale[i]
                for k in range(X.shape[0]):
                    out[k] = <product_t> ((x[k] - c) * q[k] * s)
        else:
            for k in range(X.shape[0]):
                out, next_row = &panel[k, 0], min(k + 1, X.shape[0] - 1)
                for i in range(n):
                    PREFETCH(&X[next_row, columns[i]], 0)  # far from any other
                    out[places[i]] = <product_t> ((X[k, columns[i]] - center[i]) * q[k] * scale[i])


def add_products(
    const product_t[:, :] panel, bint lines_are_columns, Py_ssize_t n_known, product_t[:, :] out
):
    """out[a, b] += x_(n_known + a) . x_b for the columns x_b of a panel: all pairs with a known
    column, and each pair of new ones once, in one of the two places that are its. The rows of
    either array are contiguous.
    """
    cdef int stride, known = <int> n_known, new = <int> out.shape[0]
    cdef int length = <int> panel.shape[1 if lines_are_columns else 0]
    cdef int width = <int> max(panel.shape[1], panel.strides[0] // <Py_ssize_t> sizeof(product_t))
    cdef product_t one = 1.0
    cdef char *plain = b"N"
    cdef char *transposed = b"T"
    cdef char *left = transposed if lines_are_columns else plain
    cdef char *right = plain if lines_are_columns else transposed
    cdef product_t *old_x
    cdef product_t *new_x
    if new == 0 or length == 0:
        return
    stride = <int> max(out.shape[1], out.strides[0] // <Py_ssize_t> sizeof(product_t))
    # BLAS sees the transposes of these arrays, and does not write to the panel.
    old_x = <product_t *> &panel[0, 0]
    new_x = old_x + (n_known * width if lines_are_columns else n_known)
    with nogil:
        if product_t is double:
            if known > 0:
                dgemm(left, right, &known, &new, &length, &one, old_x, &width, new_x, &width,
                      &one, &out[0, 0], &stride)
            dsyrk(b"U", left, &new, &length, &one, new_x, &width, &one, &out[0, n_known], &stride)
        else:
            if known > 0:
                sgemm(left, right, &known, &new, &length, &one, old_x, &width, new_x, &width,
                      &one, &out[0, 0], &stride)
            ssyrk(b"U", left, &new, &length, &one, new_x, &width, &one, &out[0, n_known], &stride)


def fold(product_t[:, :] out, Py_ssize_t n_known):
    """Both places of a pair of new columns get the sum of what is in the two."""
    cdef Py_ssize_t i, j
    with nogil:
        for i in range(out.shape[0]):
            for j in range(i):
                out[i, n_known + j] += out[j, n_known + i]
                out[j, n_known + i] = out[i, n_known + j]
