"""Passes over a dense array, line by line in the order in which it lies in memory.

The lines are the rows of a C-ordered array, the columns of a Fortran-ordered one (given by its
transpose): as in `_sparse`, one kernel serves both, and sums are kept in double.
"""

from libc.math cimport fabs

ctypedef fused real_t:
    float
    double


def column_sums(
    const real_t[:, :] lines,
    const double[::1] weights,
    bint lines_are_rows,
    double[::1] total,
    double[::1] largest,
):
    """Per column: sum of w*x, and max |x| where w > 0."""
    cdef Py_ssize_t i, k, row, column
    with nogil:
        for i in range(lines.shape[0]):
            for k in range(lines.shape[1]):
                row = i if lines_are_rows else k
                column = k if lines_are_rows else i
                if weights[row] > 0.0:
                    total[column] += weights[row] * lines[i, k]
                    largest[column] = max(largest[column], fabs(lines[i, k]))


def column_deviations(
    const real_t[:, :] lines,
    const double[::1] root_weights,
    bint lines_are_rows,
    const double[::1] center,
    const double[::1] unit,
    double[::1] first,
    double[::1] second,
):
    """Per column: sums of w*d and w*d**2, d = (x - center) / unit."""
    cdef Py_ssize_t i, k, row, column
    cdef double deviation
    with nogil:
        for i in range(lines.shape[0]):
            for k in range(lines.shape[1]):
                row = i if lines_are_rows else k
                column = k if lines_are_rows else i
                deviation = root_weights[row] * ((lines[i, k] - center[column]) / unit[column])
                first[column] += root_weights[row] * deviation
                second[column] += deviation * deviation
