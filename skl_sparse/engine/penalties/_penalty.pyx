"""What a penalty is: separable, sum_j h_j(u_j), given by a few scalar functions.

A subclass writes the scalar functions; all that the solvers call on whole vectors is derived from
them here, once. Columns have unit curvature (see `StandardisedDesign`), so the proximal step is
always taken at step size one; only the proximal gradient solver asks for other steps.
"""

from libc.math cimport INFINITY, cbrt, fabs, sqrt

import numpy as np


cdef class Penalty:
    """Base of all penalties.

    Attributes
    ----------
    convex : bool
        Whether every h_j is convex: then one start is enough.
    has_dual : bool
        Whether the conjugates are at hand: then there is a duality gap.
    sparsifies : bool
        Whether the proximal step yields exact zeros: then a working set makes sense.
    positive : bool
        Whether every u_j is restricted to be >= 0.
    quadratic : bool
        Whether every h_j is a quadratic without a bound: the problem is a linear system.

    Coefficient j stays at zero up to the correlation whose ``power`` (1, 2 or 3) is ``unit *
    rest[j]``; the conjugate of a convex h_j is zero up to there. That saves most calls where most
    coefficients are zero, and ``rest`` may be a vector that is there anyway.
    """

    def __cinit__(self):
        self.unit, self.power = 1.0, 1

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
        """argmax_u c*u - h_j(u), infinite where there is none (convex penalties)"""
        return INFINITY

    cdef double dual_limit(self, Py_ssize_t j, double c) noexcept nogil:
        """Largest |c|, in the direction of c, at which the conjugate of h_j is finite (convex)"""
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
        with nogil:
            for j in range(u.shape[0]):
                if u[j] != 0.0:
                    total += self.value_at(j, u[j])
        return total

    def value_on(self, const Py_ssize_t[::1] columns, const double[::1] u):
        """The same, where only the named columns have coefficients."""
        cdef Py_ssize_t k
        cdef double total = 0.0
        with nogil:
            for k in range(u.shape[0]):
                total += self.value_at(columns[k], u[k])
        return total

    def _map(self, int which, const double[::1] v, double step=1.0):
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
        out = np.zeros(u.shape[0])
        cdef double[::1] target = out
        cdef Py_ssize_t j
        cdef double z
        with nogil:
            for j in range(u.shape[0]):
                if u[j] == 0.0 and stays(self, j, c[j]):
                    continue
                z = u[j] + c[j]
                target[j] = self.step_metric(j, u[j], z, self.prox(j, z))
        return out

    def violators(
        self, const Py_ssize_t[::1] support, const double[::1] u, const double[::1] c
    ):
        """Columns with a violation, and what it is, where u are the coefficients of the support.

        Both are short, but for the first look: at a solution nearly all columns are at rest.
        """
        cdef Py_ssize_t j, next_j, most = support.shape[0], i = 0, n = 0
        cdef double old, z, metric
        with nogil:
            j = awake(self, 1.0, c, 0)
            while j < c.shape[0]:
                most += 1
                j = awake(self, 1.0, c, j + 1)
        columns, steps = np.empty(most, dtype=np.intp), np.empty(most)
        cdef Py_ssize_t[::1] column = columns
        cdef double[::1] step = steps
        with nogil:
            next_j = awake(self, 1.0, c, 0)
            while True:
                j, old = next_j, 0.0
                if i < support.shape[0] and support[i] <= j:
                    j, old = support[i], u[i]
                    i += 1
                if j == c.shape[0]:
                    break
                if j == next_j:
                    next_j = awake(self, 1.0, c, j + 1)
                elif old == 0.0:
                    continue
                z = old + c[j]
                metric = self.step_metric(j, old, z, self.prox(j, z))
                if metric > 0.0:
                    column[n], step[n] = j, metric
                    n += 1
        return columns[:n], steps[:n]

    cdef double closeness(self, Py_ssize_t j, double c) noexcept nogil:
        """How far a correlation c is on its way to where a zero coefficient leaves zero."""
        if self.rest[j] == 0.0 or (self.positive and c < 0.0):
            return 0.0
        cdef double share = reach(self, c) / (self.unit * self.rest[j])
        if self.power == 2:
            return sqrt(share)
        return cbrt(share) if self.power == 3 else share

    def closest(self, const double[::1] c):
        """How far the correlation is that is farthest on that way."""
        cdef Py_ssize_t j
        cdef double largest = 0.0
        with nogil:
            for j in range(c.shape[0]):
                # Mostly a comparison in the place of a division.
                if reach(self, c[j]) > reach(self, largest) * self.unit * self.rest[j]:
                    largest = max(largest, self.closeness(j, c[j]))
        return largest

    def close(self, const double[::1] c, double least):
        """Columns that are farther than ``least`` on that way, but not there, and how far."""
        cdef Py_ssize_t j, most = 0, n = 0
        cdef double closeness, s = 1.0 / least
        with nogil:
            j = awake(self, s, c, 0)
            while j < c.shape[0]:
                most += stays(self, j, c[j])
                j = awake(self, s, c, j + 1)
        columns, how = np.empty(most, dtype=np.intp), np.empty(most)
        cdef Py_ssize_t[::1] column = columns
        cdef double[::1] target = how
        with nogil:
            j = awake(self, s, c, 0)
            while j < c.shape[0]:
                if stays(self, j, c[j]):
                    closeness = self.closeness(j, c[j])
                    if closeness > 0.0:
                        column[n], target[n] = j, closeness
                        n += 1
                j = awake(self, s, c, j + 1)
        return columns[:n], how[:n]

    cdef double dual_scale_limit(
        self, const double[::1] c, const unsigned char[::1] skip
    ) noexcept nogil:
        """Largest s with every conjugate of h_j finite at s * c_j; skipped columns do not count."""
        cdef Py_ssize_t j
        cdef double limit, largest = INFINITY
        cdef bint every = skip is None
        if self.unlimited:
            return largest
        # A limit is never below the correlation at rest.
        j = awake(self, largest, c, 0)
        while j < c.shape[0]:
            if c[j] != 0.0 and (every or skip[j] == 0):
                limit = self.dual_limit(j, c[j])
                if limit < INFINITY:
                    largest = min(largest, limit / fabs(c[j]))
            j = awake(self, largest, c, j + 1)
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
        j = awake(self, s, c, 0)
        while j < c.shape[0]:
            if c[j] != 0.0 and (every or skip[j] == 0):
                u = self.dual_argmax(j, s * c[j])
                if u != 0.0:
                    sums.value += s * c[j] * u - self.value_at(j, u)
                    sums.slope += c[j] * u
                    sums.curvature += c[j] * c[j] / self.curvature_at(j, u)
            j = awake(self, s, c, j + 1)
        return sums
