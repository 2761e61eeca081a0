"""Passes over a dense array, line by line in the order in which it lies in memory.

Sums are kept in double whatever the type of the data. Callers cut the array into blocks, whose
lines have their entries side by side.
"""

from scipy.linalg.cython_blas cimport dgemm, dsyrk, sgemm, ssyrk

cdef extern from "_kernels.h" nogil:
    void sum_four_rows_double(
        Py_ssize_t n, const double **x, const double *w, const double *shift, double *first,
        double *second
    )
    void sum_four_rows_single(
        Py_ssize_t n, const float **x, const double *w, const double *shift, double *first,
        double *second
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
    const double[::1] shift,
    double[::1] first,
    double[::1] second,
):
    """Per column: sums of w*d and w*d**2, d = x - shift; the lines are rows."""
    cdef Py_ssize_t i, j, k, n_rows = rows.shape[0], n_columns = rows.shape[1]
    cdef const real_t *x[4]
    cdef double d
    with nogil:
        for i in range(0, n_rows - 3, 4):
            for j in range(4):
                x[j] = &rows[i + j, 0]
            if real_t is double:
                sum_four_rows_double(
                    n_columns, x, &weights[i], &shift[0], &first[0], &second[0]
                )
            else:
                sum_four_rows_single(
                    n_columns, x, &weights[i], &shift[0], &first[0], &second[0]
                )
        for i in range(n_rows - n_rows % 4, n_rows):
            for k in range(n_columns):
                d = rows[i, k] - shift[k]
                first[k] += weights[i] * d
                second[k] += weights[i] * d * d


def sums_by_columns(
    const real_t[:, :] columns,
    const double[::1] weights,
    const double[::1] shift,
    double[::1] first,
    double[::1] second,
):
    """Per column: sums of w*d and w*d**2, d = x - shift; the lines are columns.

    Four columns at a time: an addition waits for the one before it in the same sum. And in
    stretches, whose sums have little rounding.
    """
    cdef double sums[8]
    cdef Py_ssize_t i, j, k, start, stop
    cdef Py_ssize_t n_rows = columns.shape[1], last = columns.shape[0] - 1
    cdef Py_ssize_t i1, i2, i3
    cdef const real_t *x0
    cdef const real_t *x1
    cdef const real_t *x2
    cdef const real_t *x3
    cdef const double *w = &weights[0]
    cdef double c0, c1, c2, c3, d0, d1, d2, d3, wd0, wd1, wd2, wd3
    cdef double total0, total1, total2, total3, square0, square1, square2, square3
    with nogil:
        for i in range(0, last + 1, 4):
            # What is beyond the last column repeats it, to no effect.
            i1, i2, i3 = min(i + 1, last), min(i + 2, last), min(i + 3, last)
            x0, x1, x2, x3 = &columns[i, 0], &columns[i1, 0], &columns[i2, 0], &columns[i3, 0]
            c0, c1, c2, c3 = shift[i], shift[i1], shift[i2], shift[i3]
            for start in range(0, n_rows, 4096):
                stop = min(start + 4096, n_rows)
                total0 = total1 = total2 = total3 = 0.0
                square0 = square1 = square2 = square3 = 0.0
                for k in range(start, stop):
                    d0 = x0[k] - c0
                    d1 = x1[k] - c1
                    d2 = x2[k] - c2
                    d3 = x3[k] - c3
                    wd0 = w[k] * d0
                    wd1 = w[k] * d1
                    wd2 = w[k] * d2
                    wd3 = w[k] * d3
                    total0 += wd0
                    total1 += wd1
                    total2 += wd2
                    total3 += wd3
                    square0 += wd0 * d0
                    square1 += wd1 * d1
                    square2 += wd2 * d2
                    square3 += wd3 * d3
                # Side by side, so that the compiler takes the columns by pairs.
                sums[0], sums[1], sums[2], sums[3] = total0, total1, total2, total3
                sums[4], sums[5], sums[6], sums[7] = square0, square1, square2, square3
                for j in range(min(4, last + 1 - i)):
                    first[i + j] += sums[j]
                    second[i + j] += sums[4 + j]


def fill_panel(
    const real_t[:, :] X,
    const Py_ssize_t[::1] columns,
    const double[::1] center,
    const double[::1] scale,
    const double[::1] row_scale,
    bint lines_are_columns,
    product_t[:, ::1] panel,
):
    """Chosen columns of X, less their centres, times the scales of column and row.

    The panel has the lines of X as its rows: columns, or else rows.
    """
    cdef Py_ssize_t i, k, n = columns.shape[0]
    cdef const real_t *x
    cdef const double *q = &row_scale[0]
    cdef product_t *out
    cdef double c, s
    with nogil:
        if lines_are_columns:
            for i in range(n):
                x, out, c, s = &X[0, columns[i]], &panel[i, 0], center[i], scale[i]
                for k in range(X.shape[0]):
                    out[k] = <product_t> ((x[k] - c) * q[k] * s)
        else:
            for k in range(X.shape[0]):
                out = &panel[k, 0]
                for i in range(n):
                    out[i] = <product_t> ((X[k, columns[i]] - center[i]) * q[k] * scale[i])


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
