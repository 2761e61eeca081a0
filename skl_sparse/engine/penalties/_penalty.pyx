"""What a penalty is: separable, sum_j h_j(u_j), given by a few scalar functions.

A subclass writes the scalar functions; all that the solvers call on whole vectors is derived from
them here, once. Columns have unit curvature (see `WeightedView`), so the proximal step is
always taken at step size one; only the proximal gradient solver asks for other steps.

The functions a solver cannot do without are value, slope, curvature and proximal step. Two groups
are optional, each declared by a flag: what a duality gap needs (``has_dual``) and what several
starts need (``has_multistart``). Without the first, optimality alone certifies a fit; without the
second, a problem with many minima is fitted from one start.
"""

import sys

from libc.math cimport INFINITY, cbrt, fabs, sqrt

import numpy as np

# One zero for every column, however many there are.
cdef object ZEROS = np.broadcast_to(0.0, sys.maxsize // 8)


cdef class Penalty:
    """Base of all penalties; as it stands, the penalty that is zero.

    Attributes
    ----------
    n_columns : int
    convex : bool
        Whether every h_j is convex: then one start is enough.
    sparsifies : bool
        Whether the proximal step yields exact zeros: then a working set makes sense.
    positive : bool
        Whether every u_j is restricted to be >= 0.
    quadratic : bool
        Whether every h_j is ``ridge[j] * u**2 / 2`` without a bound, but for excluded columns: the
        problem is a linear system.
    has_dual : bool
        Whether the conjugates are at hand: then there is a duality gap.
    has_multistart : bool
        Whether the penalty knows its relatives: `scaled`, `convex_relative`, `entry_factor`.

    In C a subclass may also set ``finite_conjugates`` (no conjugate is infinite anywhere) and the
    threshold of inactivity: coefficient j is zero up to the correlation whose ``threshold_power``
    (1, 2 or 3) is ``threshold_unit * threshold[j]``, and so is the conjugate of a convex h_j. That
    saves most calls where most coefficients are zero, and ``threshold`` may be a vector that is
    there anyway. By default it is zero: no column is passed over.
    """

    def __cinit__(self, *args, **kwargs):
        self.threshold, self.threshold_unit, self.threshold_power = ZEROS, 1.0, 1

    def __init__(self, Py_ssize_t n_columns):
        self.n_columns = n_columns

    @property
    def thresholds(self):
        """The largest correlation under which a zero coefficient is optimal, for every column."""
        powers = self.threshold_unit * np.array(self.threshold[: self.n_columns])
        return powers ** (1.0 / self.threshold_power)

    @property
    def excluded(self):
        """Mask of the columns whose coefficient is zero whatever the correlation."""
        return np.isinf(self.threshold[: self.n_columns])

    @property
    def ridge(self):
        """The part of h_j that is ridge[j] * u^2 / 2 and is known to be, for every column."""
        return np.broadcast_to(0.0, self.n_columns)

    def restrict(self, columns):
        """The same penalty on the named columns."""
        raise self._lacks("restrict", "a solver with a working set")

    def exclude(self, mask):
        """The same penalty with the columns of the mask held at zero."""
        raise self._lacks("exclude", "a fit with sparsity_threshold")

    @property
    def unpenalised(self):
        """Mask of the columns whose h_j is zero (``has_dual``)."""
        raise self._lacks("unpenalised", "a duality gap")

    def weaker(self, double strength):
        """Columns whose h_j is nearly zero: its strength is less than that (``has_dual``)."""
        raise self._lacks("weaker", "a duality gap")

    def scaled(self, double factor):
        """The same penalty, but its ridge, multiplied by ``factor`` (``has_multistart``)."""
        raise self._lacks("scaled", "multistart")

    def convex_relative(self):
        """A convex penalty with the same `thresholds` (``has_multistart``)."""
        raise self._lacks("convex_relative", "multistart")

    def entry_factor(self, c):
        """The least factor for `scaled` at which u = 0 is optimal (``has_multistart``)."""
        raise self._lacks("entry_factor", "multistart")

    def _lacks(self, name, need):
        return NotImplementedError(
            f"{type(self).__name__} does not define {name!r}, which {need} needs."
        )

    def _check_length(self, Py_ssize_t length):
        if length != self.n_columns:
            raise ValueError(
                f"{type(self).__name__} is of {self.n_columns} columns, got a vector of {length}."
            )

    cdef double value_at(self, Py_ssize_t j, double u) noexcept nogil:
        """h_j(u)"""
        return 0.0

    cdef double slope_at(self, Py_ssize_t j, double u) noexcept nogil:
        """h_j'(u), for u != 0 or where it exists at 0"""
        return 0.0

    cdef double curvature_at(self, Py_ssize_t j, double u) noexcept nogil:
        """h_j''(u), for u != 0 or where it exists at 0"""
        return 0.0

    cdef double scaled_prox(self, Py_ssize_t j, double z, double step) noexcept nogil:
        """A global minimiser of (u - z)^2 / 2 + step * h_j(u)"""
        return z

    cdef double prox(self, Py_ssize_t j, double z) noexcept nogil:
        """A global minimiser of (u - z)^2 / 2 + h_j(u)"""
        return self.scaled_prox(j, z, 1.0)

    cdef double dual_argmax(self, Py_ssize_t j, double c) noexcept nogil:
        """argmax_u c*u - h_j(u), infinite where there is none (``has_dual``)"""
        return INFINITY

    cdef double dual_limit(self, Py_ssize_t j, double c) noexcept nogil:
        """Largest |c|, in the direction of c, with a finite conjugate of h_j (``has_dual``)"""
        return 0.0

    cdef double step_metric(self, Py_ssize_t j, double u, double z, double new) noexcept nogil:
        """min(|new - u|, sqrt(2 decrease)): how far column j is from its exact 1-D minimiser.

        The decrease is a difference that rounding wipes out where the step is short; there its
        second-order expansion at the minimiser is exact enough.
        """
        cdef double step = fabs(new - u), decrease
        if step == 0.0 or self.convex:
            return step
        if step <= 1e-4 * fabs(new) and u != 0.0:
            decrease = (1.0 + self.curvature_at(j, new)) * step * step
        else:
            decrease = (u - new) * (u + new - 2.0 * z)
            decrease += 2.0 * (self.value_at(j, u) - self.value_at(j, new))
        return min(step, sqrt(max(decrease, 0.0)))

    def value(self, const double[::1] u):
        """sum_j h_j(u_j)"""
        cdef Py_ssize_t j
        cdef double total = 0.0
        self._check_length(u.shape[0])
        with nogil:
            for j in range(u.shape[0]):
                if u[j] != 0.0:
                    total += self.value_at(j, u[j])
        return total

    def value_on(self, const Py_ssize_t[::1] columns, const double[::1] u):
        """The same, where only the named columns have coefficients."""
        cdef Py_ssize_t k
        cdef double total = 0.0
        same_lengths(columns.shape[0], u.shape[0])
        with nogil:
            for k in range(u.shape[0]):
                total += self.value_at(columns[k], u[k])
        return total

    def _map(self, int which, const double[::1] v, double step=1.0):
        self._check_length(v.shape[0])
        out = np.empty(v.shape[0])
        cdef double[::1] target = out
        cdef Py_ssize_t j
        with nogil:
            for j in range(v.shape[0]):
                if which == 0:
                    target[j] = self.scaled_prox(j, v[j], step)
                elif which == 1:
                    target[j] = self.slope_at(j, v[j])
                else:
                    target[j] = self.curvature_at(j, v[j])
        return out

    def prox_at(self, z, step=1.0):
        """The proximal step of size ``step`` for every column."""
        return self._map(0, z, step)

    def slope(self, u):
        """h_j'(u_j) for every column."""
        return self._map(1, u)

    def curvature(self, u):
        """h_j''(u_j) for every column."""
        return self._map(2, u)

    def violations(self, const double[::1] u, const double[::1] c):
        """`step_metric` of every column, given its correlation c_j with the residual."""
        self._check_length(c.shape[0])
        same_lengths(u.shape[0], c.shape[0])
        out = np.zeros(u.shape[0])
        cdef double[::1] target = out
        cdef Py_ssize_t j
        cdef double z
        with nogil:
            for j in range(u.shape[0]):
                if u[j] == 0.0 and is_inactive(self, j, c[j]):
                    continue
                z = u[j] + c[j]
                target[j] = self.step_metric(j, u[j], z, self.prox(j, z))
        return out

    def violators(
        self, const Py_ssize_t[::1] support, const double[::1] u, const double[::1] c
    ):
        """Columns that violate optimality, and by how much; u are the coefficients of the support.

        Both are short, but for the first pass: at a solution nearly all columns are inactive.
        """
        cdef Py_ssize_t j, next_j, most = support.shape[0], i = 0, n = 0
        cdef double old, z, metric
        self._check_length(c.shape[0])
        same_lengths(support.shape[0], u.shape[0])
        with nogil:
            j = next_active(self, 1.0, c, 0)
            while j < c.shape[0]:
                most += 1
                j = next_active(self, 1.0, c, j + 1)
        columns, steps = np.empty(most, dtype=np.intp), np.empty(most)
        cdef Py_ssize_t[::1] column = columns
        cdef double[::1] step = steps
        with nogil:
            next_j = next_active(self, 1.0, c, 0)
            while True:
                j, old = next_j, 0.0
                if i < support.shape[0] and support[i] <= j:
                    j, old = support[i], u[i]
                    i += 1
                if j == c.shape[0]:
                    break
                if j == next_j:
                    next_j = next_active(self, 1.0, c, j + 1)
                elif old == 0.0:
                    continue
                z = old + c[j]
                metric = self.step_metric(j, old, z, self.prox(j, z))
                if metric > 0.0:
                    column[n], step[n] = j, metric
                    n += 1
        return columns[:n], steps[:n]

    cdef double threshold_share(self, Py_ssize_t j, double c) noexcept nogil:
        """A correlation c as a share of the one up to which a zero coefficient is optimal."""
        if self.threshold[j] == 0.0 or (self.positive and c < 0.0):
            return 0.0
        cdef double share = to_power(self, c) / (self.threshold_unit * self.threshold[j])
        if self.threshold_power == 2:
            return sqrt(share)
        return cbrt(share) if self.threshold_power == 3 else share

    def largest_share(self, const double[::1] c):
        """The largest of the correlations as shares of their thresholds."""
        cdef Py_ssize_t j
        cdef double most, largest = 0.0
        self._check_length(c.shape[0])
        with nogil:
            for j in range(c.shape[0]):
                # Mostly a comparison instead of a division.
                most = to_power(self, largest) * self.threshold_unit * self.threshold[j]
                if to_power(self, c[j]) > most:
                    largest = max(largest, self.threshold_share(j, c[j]))
        return largest

    def nearly_active(self, const double[::1] c, double least):
        """Inactive columns whose correlation is more than the share ``least`` of their threshold.

        And those shares.
        """
        cdef Py_ssize_t j, most = 0, n = 0
        cdef double share, s = 1.0 / least
        self._check_length(c.shape[0])
        with nogil:
            j = next_active(self, s, c, 0)
            while j < c.shape[0]:
                most += is_inactive(self, j, c[j])
                j = next_active(self, s, c, j + 1)
        columns, shares = np.empty(most, dtype=np.intp), np.empty(most)
        cdef Py_ssize_t[::1] column = columns
        cdef double[::1] target = shares
        with nogil:
            j = next_active(self, s, c, 0)
            while j < c.shape[0]:
                if is_inactive(self, j, c[j]):
                    share = self.threshold_share(j, c[j])
                    if share > 0.0:
                        column[n], target[n] = j, share
                        n += 1
                j = next_active(self, s, c, j + 1)
        return columns[:n], shares[:n]

    def conjugate(self, const double[::1] c, skip=None):
        """sum_j h_j^*(c_j) over the columns not skipped (``has_dual``); infinite beyond a limit."""
        if not self.has_dual:
            raise self._lacks("dual_argmax", "a duality gap")
        self._check_length(c.shape[0])
        cdef const unsigned char[::1] skipped = skip
        if self.dual_scale_limit(c, skipped) < 1.0:
            return INFINITY
        return self.dual_sums(1.0, c, skipped).value

    cdef double dual_scale_limit(
        self, const double[::1] c, const unsigned char[::1] skip
    ) noexcept nogil:
        """Largest s with every conjugate of h_j finite at s * c_j; skipped columns do not count."""
        cdef Py_ssize_t j
        cdef double limit, largest = INFINITY
        cdef bint every = skip is None
        if self.finite_conjugates:
            return largest
        # A limit is never below the threshold.
        j = next_active(self, largest, c, 0)
        while j < c.shape[0]:
            if c[j] != 0.0 and (every or skip[j] == 0):
                limit = self.dual_limit(j, c[j])
                if limit < INFINITY:
                    largest = min(largest, limit / fabs(c[j]))
            j = next_active(self, largest, c, j + 1)
        return largest

    cdef DualSums dual_sums(
        self, double s, const double[::1] c, const unsigned char[::1] skip
    ) noexcept nogil:
        """sum_j h_j^*(s c_j) over the columns not skipped, and what belongs to it."""
        cdef Py_ssize_t j
        cdef double u
        cdef bint every = skip is None
        cdef DualSums sums
        sums.value, sums.slope, sums.curvature = 0.0, 0.0, 0.0
        j = next_active(self, s, c, 0)
        while j < c.shape[0]:
            if c[j] != 0.0 and (every or skip[j] == 0):
                u = self.dual_argmax(j, s * c[j])
                if u != 0.0:
                    sums.value += s * c[j] * u - self.value_at(j, u)
                    sums.slope += c[j] * u
                    sums.curvature += c[j] * c[j] / self.curvature_at(j, u)
            j = next_active(self, s, c, j + 1)
        return sums


cdef int same_lengths(Py_ssize_t n, Py_ssize_t m) except -1:
    if n != m:
        raise ValueError(f"Vectors of one length are needed, got {n} and {m}.")
    return 0
