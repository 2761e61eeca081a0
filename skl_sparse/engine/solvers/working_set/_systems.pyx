"""The columns of a working set, seen by coordinate descent through two questions.

``correlation(j)`` is a_j . r for the present residual r, ``step(j, delta)`` tells that u_j grew by
delta. Three answers: from the Gram, from dense columns, from sparse columns with a lazy shift. One
coordinate descent, and one Newton step, serve all.
"""

import numpy as np
from scipy.linalg.cython_blas cimport daxpy, ddot
from libc.math cimport NAN
from libc.stdint cimport int32_t, int64_t

from skl_sparse.engine._lines cimport line_add, line_times

cdef extern from "_vector_loops.h" nogil:
    void subtract_double(Py_ssize_t n, double a, const double *x, double *y)
    void subtract_single(Py_ssize_t n, double a, const float *x, double *y)

ctypedef fused real_t:
    float
    double


cdef class System:
    """Base: m columns of unit norm and a residual.

    ``correlation_cost`` is about how many numbers a call of `correlation` touches, where they are
    many, and ``known`` points to the correlations where they are kept up to date.
    """

    cdef double correlation(self, Py_ssize_t j) noexcept nogil:
        return 0.0

    cdef void step(self, Py_ssize_t j, double delta) noexcept nogil:
        pass

    cdef double cost(self, Py_ssize_t j) noexcept nogil:
        """About how many numbers a call of `step` touches."""
        return 1.0

    cdef double between(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
        """a_i . a_j, nan where it is not at hand."""
        return NAN

    cdef void restore(self, System other) noexcept nogil:
        """Take the residual of another system of the same kind, on the same columns."""
        pass

    # What, added to its diagonal, keeps the Gram of twin columns positive definite.
    ridge = 1e-12

    # Whether steps are those of a rounded Gram, by which correlations come out otherwise.
    rounded = False

    # Whether normal_block is at hand.
    has_matrix = False

    def normal_block(self, rows, columns):
        """A_rows^T A_columns"""
        raise NotImplementedError

    def correlations(self):
        """a_j . r for every column."""
        out = np.empty(self.n_columns)
        cdef double[::1] target = out
        cdef Py_ssize_t j
        with nogil:
            for j in range(self.n_columns):
                target[j] = self.correlation(j)
        return out

    def move(self, const Py_ssize_t[::1] columns, const double[::1] delta):
        """u[columns] grew by delta."""
        cdef Py_ssize_t k
        with nogil:
            for k in range(columns.shape[0]):
                if delta[k] != 0.0:
                    self.step(columns[k], delta[k])


cdef class GramSystem(System):
    """The Gram G = A^T A and the correlations c = A^T r, kept up to date.

    G may be in single precision: half the memory to hold, and to read for a step. All sums are in
    double. What rounding did to G is as small a share of what the correlations change, and the next
    full evaluation corrects it.
    """

    cdef double[:, :] gram
    cdef float[:, :] single
    cdef double[::1] c
    cdef readonly object matrix
    cdef readonly bint rounded
    cdef readonly double ridge

    def __init__(self, gram, c):
        self.n_columns = len(c)
        self.matrix = gram
        self.rounded = gram.dtype == np.float32
        if self.rounded:
            self.single = gram
        else:
            self.gram = gram
        self.ridge = 1e-6 if self.rounded else System.ridge
        self.c = np.array(c)
        self.known = &self.c[0] if self.n_columns else NULL

    cdef double correlation(self, Py_ssize_t j) noexcept nogil:
        return self.c[j]

    cdef void step(self, Py_ssize_t j, double delta) noexcept nogil:
        if self.rounded:
            subtract_single(self.n_columns, delta, &self.single[j, 0], &self.c[0])
        else:
            subtract_double(self.n_columns, delta, &self.gram[j, 0], &self.c[0])

    cdef double cost(self, Py_ssize_t j) noexcept nogil:
        return <double> self.n_columns

    cdef double between(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
        return self.single[i, j] if self.rounded else self.gram[i, j]

    cdef void restore(self, System other) noexcept nogil:
        self.c[:] = (<GramSystem> other).c

    def correlations(self):
        return np.array(self.c)

    def normal(self, const Py_ssize_t[::1] columns, const double[::1] v):
        """A_columns^T A_columns v"""
        if self.rounded:
            return combined(self.single, columns, v)
        return combined(self.gram, columns, v)

    has_matrix = True

    def normal_block(self, rows, columns):
        return self.matrix[rows[:, None], columns]

    def copy(self):
        """The same columns, with a residual of its own."""
        return GramSystem(self.matrix, self.c)


cdef combined(real_t[:, :] gram, const Py_ssize_t[::1] columns, const double[::1] v):
    """G[columns, columns] v"""
    out = np.zeros(columns.shape[0])
    cdef double[::1] target = out
    cdef const real_t *row
    cdef Py_ssize_t i, k
    with nogil:
        for i in range(columns.shape[0]):
            row = &gram[columns[i], 0]
            for k in range(columns.shape[0]):
                target[k] += v[i] * row[columns[k]]
    return out


cdef class DenseSystem(System):
    """Columns as the rows of a contiguous array, and the residual."""

    cdef double[:, ::1] columns
    cdef double[::1] r
    cdef int n_rows
    cdef readonly object matrix

    def __init__(self, values, r):
        self.n_columns = values.shape[0]
        self.n_rows = values.shape[1]
        self.correlation_cost = self.n_rows
        self.matrix = values
        self.columns = values
        self.r = np.array(r)

    cdef double correlation(self, Py_ssize_t j) noexcept nogil:
        cdef int one = 1
        return ddot(&self.n_rows, &self.columns[j, 0], &one, &self.r[0], &one)

    cdef void step(self, Py_ssize_t j, double delta) noexcept nogil:
        cdef int one = 1
        cdef double minus = -delta
        daxpy(&self.n_rows, &minus, &self.columns[j, 0], &one, &self.r[0], &one)

    cdef double cost(self, Py_ssize_t j) noexcept nogil:
        return <double> self.n_rows

    cdef void restore(self, System other) noexcept nogil:
        self.r[:] = (<DenseSystem> other).r

    def correlations(self):
        return self.matrix @ np.asarray(self.r)

    def normal(self, columns, v):
        full = np.zeros(self.n_columns)
        full[columns] = v
        return (self.matrix @ (full @ self.matrix))[columns]

    has_matrix = True

    def normal_block(self, rows, columns):
        left = self.matrix[rows]
        return left @ (left if rows is columns else self.matrix[columns]).T

    def copy(self):
        return DenseSystem(self.matrix, self.r)


cdef class SparseSystem(System):
    """Sparse columns a_j = s_j - shift_j q; the residual is kept as r + level q, unshifted.

    The rows of s_j begin at ``indptr[j]``, its values at ``starts[j]``: as many, or one for all.
    """

    cdef const double[::1] values
    cdef const int64_t[::1] starts
    cdef const int32_t[::1] rows
    cdef const int64_t[::1] indptr
    cdef const double[::1] shift
    cdef double[::1] r
    cdef double level

    def __init__(self, values, starts, rows, indptr, shift, r):
        self.n_columns = len(shift)
        self.values, self.starts, self.rows, self.indptr = values, starts, rows, indptr
        self.shift = shift
        self.r = np.array(r)
        self.level = 0.0
        self.correlation_cost = 4.0 * len(rows) / max(1, self.n_columns)

    cdef double product(self, Py_ssize_t j, const double *v) noexcept nogil:
        """s_j . v"""
        cdef const int32_t *row = &self.rows[0] + self.indptr[j]
        cdef const double *value = &self.values[0] + self.starts[j]
        cdef Py_ssize_t n = self.indptr[j + 1] - self.indptr[j], k = 0
        cdef double a = 0.0, b = 0.0, c = 0.0, d = 0.0
        if self.starts[j + 1] - self.starts[j] == 1:  # as `line_times` does, without values
            while k + 4 <= n:
                a += v[row[k]]
                b += v[row[k + 1]]
                c += v[row[k + 2]]
                d += v[row[k + 3]]
                k += 4
            while k < n:
                a += v[row[k]]
                k += 1
            return value[0] * ((a + b) + (c + d))
        return line_times(value, row, n, v)

    cdef void add(self, Py_ssize_t j, double factor, double *v) noexcept nogil:
        """v += factor * s_j"""
        cdef const int32_t *row = &self.rows[0] + self.indptr[j]
        cdef const double *value = &self.values[0] + self.starts[j]
        cdef Py_ssize_t n = self.indptr[j + 1] - self.indptr[j], k
        if self.starts[j + 1] - self.starts[j] == 1:
            factor *= value[0]
            for k in range(n):
                v[row[k]] += factor
        else:
            line_add(value, row, n, factor, v)

    cdef double correlation(self, Py_ssize_t j) noexcept nogil:
        # r is orthogonal to q, so a_j . r = s_j . r = s_j . (stored) - level * (s_j . q).
        return self.product(j, &self.r[0]) - self.level * self.shift[j]

    cdef void step(self, Py_ssize_t j, double delta) noexcept nogil:
        self.add(j, -delta, &self.r[0])
        self.level -= delta * self.shift[j]

    cdef double cost(self, Py_ssize_t j) noexcept nogil:
        return 4.0 * <double> (self.indptr[j + 1] - self.indptr[j])

    cdef void restore(self, System other) noexcept nogil:
        self.r[:] = (<SparseSystem> other).r
        self.level = (<SparseSystem> other).level

    def normal(self, const Py_ssize_t[::1] columns, const double[::1] v):
        out = np.empty(columns.shape[0])
        work = np.zeros(self.r.shape[0])
        cdef double[::1] target = out, w = work
        cdef double level = 0.0
        cdef Py_ssize_t i
        with nogil:
            for i in range(columns.shape[0]):
                level += v[i] * self.shift[columns[i]]
                self.add(columns[i], v[i], &w[0])
            for i in range(columns.shape[0]):
                target[i] = self.product(columns[i], &w[0]) - level * self.shift[columns[i]]
        return out

    def copy(self):
        system = SparseSystem(
            self.values, self.starts, self.rows, self.indptr, self.shift, self.r
        )
        (<SparseSystem> system).level = self.level
        return system
