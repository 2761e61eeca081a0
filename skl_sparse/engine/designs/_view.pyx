"""Loops over vectors as long as the columns are many: one pass each, where NumPy takes several.

Of data with more columns than entries in a row, those passes are a good part of a fit.
"""

from libc.math cimport fabs, sqrt

import numpy as np

# A variance summed in one pass is trusted above this share of its sum of squares, above this
# multiple of the shift, and while the squares stay in this range.
cdef double LEAST_SHARE = 1.0 / 16.0
cdef double LEAST_DEVIATION = 1e-12
cdef double LEAST_SQUARE = 1e-280
cdef double LARGEST_SQUARE = 1e280

cdef double LARGEST = 1.7976931348623157e308

ctypedef fused real_t:
    float
    double


cdef inline bint is_number(double x) noexcept nogil:
    return fabs(x) <= LARGEST  # faster here than isfinite


def finish_moments(
    double[::1] first, double[::1] second, const double[:] shift, double unit, bint center
):
    """Turn sums of w*d and w*d*d, d = x - shift, into means and deviations, and tell whom to doubt.

    The sums are in units of ``unit``. Doubtful are columns whose variance is a small difference of
    large numbers or at the level of rounding, and those whose squares have left the range of
    numbers; a comparison with nan, too, ends in doubt.
    """
    cdef Py_ssize_t j, k = 0, n = 0
    cdef double total, square, variance, floor
    cdef bint good
    doubts = np.empty(first.shape[0], dtype=np.uint8)
    cdef unsigned char[::1] doubt = doubts
    with nogil:
        for j in range(first.shape[0]):
            total, square = first[j] * unit, second[j] * unit
            variance = square - total * total if center else square
            floor = LEAST_DEVIATION * shift[j]
            floor = max(square * LEAST_SHARE, floor * floor)
            good = variance >= floor and LEAST_SQUARE < square < LARGEST_SQUARE
            first[j] = total + shift[j] if center else 0.0
            second[j] = sqrt(max(variance, 0.0))
            doubt[j] = not good
            n += not good
    columns = np.empty(n, dtype=np.intp)
    cdef Py_ssize_t[::1] column = columns
    with nogil:
        for j in range(first.shape[0] if n else 0):
            if doubt[j]:
                column[k] = j
                k += 1
    return columns


def invert(double[::1] deviation, const double[::1] mean, double lazy_offset):
    """Turn deviations into the factors that make them one; those of constant columns stay zero.

    Returns
    -------
    least, largest : float
        Of the deviations that are not zero, and one.
    offset : ndarray of int
        Columns whose mean is more than ``lazy_offset`` deviations.
    """
    cdef Py_ssize_t j, k = 0, n = 0
    cdef double least = 1.0, largest = 1.0, d
    with nogil:
        for j in range(deviation.shape[0]):
            d = deviation[j]
            if d > 0.0:
                least, largest = min(least, d), max(largest, d)
                deviation[j] = d = 1.0 / d
                n += fabs(mean[j] * d) > lazy_offset
    offset = np.empty(n, dtype=np.intp)
    cdef Py_ssize_t[::1] column = offset
    with nogil:
        for j in range(deviation.shape[0] if n else 0):
            if deviation[j] > 0.0 and fabs(mean[j] * deviation[j]) > lazy_offset:
                column[k] = j
                k += 1
    return least, largest, offset


def standardise(
    double[:, ::1] products,
    double unit,
    const double[::1] along_q,
    const double[::1] mean,
    const double[::1] scale,
):
    """Turn X^T diag(q) R, in units of ``unit``, into A^T R, given q^T R, or zeros.

    Returns whether the products were finite.
    """
    cdef Py_ssize_t j, t
    cdef double x
    cdef bint finite = True
    with nogil:
        for j in range(products.shape[0]):
            for t in range(products.shape[1]):
                x = products[j, t]
                finite &= is_number(x)
                products[j, t] = (x * unit - along_q[t] * mean[j]) * scale[j]
    return finite


def weigh(
    double[::1] products,
    double unit,
    double along_q,
    const double[::1] mean,
    const double[::1] scale,
    const double[::1] weights,
):
    """Turn X^T diag(q) v, in units of ``unit``, into diag(scale) diag(weights) A^T v.

    Returns
    -------
    finite : bool
        Whether the products were.
    square : float
        v^T A diag(weights) A^T v
    """
    cdef Py_ssize_t j, t
    cdef double x, c
    cdef double[4] square = [0.0, 0.0, 0.0, 0.0]  # no addition waits for the one before it
    cdef bint finite = True
    with nogil:
        for j in range(0, products.shape[0], 4):
            for t in range(min(4, products.shape[0] - j)):
                x = products[j + t]
                finite &= is_number(x)
                c = (x * unit - along_q * mean[j + t]) * scale[j + t]
                x = c * weights[j + t]
                square[t] += c * x
                products[j + t] = x * scale[j + t]
    return finite, (square[0] + square[1]) + (square[2] + square[3])


def standardise_gram(
    real_t[:, :] out,
    const double[::1] center,
    const double[::1] scale,
    const double[::1] sums,
    double weight,
):
    """Turn X_new^T D X into what `Design.gram` asks for, in place; rows are contiguous.

    The new columns are the last of those given; ``sums`` are X^T D 1, or zeros where ``center`` is
    zero, and ``weight`` is 1^T D 1.
    """
    cdef Py_ssize_t i, j, new, n_columns = center.shape[0]
    cdef double a, rest, s
    cdef real_t *row
    with nogil:
        for i in range(out.shape[0]):
            new = n_columns - out.shape[0] + i
            a, s, row = center[new], scale[new], &out[i, 0]
            rest = sums[new] - weight * a
            for j in range(n_columns):
                row[j] = <real_t> ((row[j] - a * sums[j] - rest * center[j]) * scale[j] * s)
