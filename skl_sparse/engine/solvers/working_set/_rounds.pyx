"""Rounds of coordinate descent: over all columns of a system, then over the non-zeros alone."""

from libc.math cimport isnan

import numpy as np

from skl_sparse.engine.solvers.certificates._duality cimport DualRay, best_dual
from skl_sparse.engine.solvers.certificates._quadratic_model cimport QuadraticModel
from skl_sparse.engine.penalties._penalty cimport Penalty
from skl_sparse.engine.solvers.working_set._sweeps cimport NONE, Descent, find_support, sweeps
from skl_sparse.engine.solvers.working_set._systems cimport System


cdef class Rounds:
    """Rounds of coordinate descent: a sweep over all columns, then some over the non-zeros alone.

    Parameters
    ----------
    system : System
        Knows the residual of u; is kept up to date.
    model : QuadraticModel
    penalty : Penalty
    u : ndarray of shape (m,)
        Changes in place.
    square : float
        r . r of the residual that the system starts from; only a gap asks for it.

    Attributes
    ----------
    n_rounds : int
    spent : float
        About how many numbers the steps touched.
    missing : float
        The share of what the last round found missing that the goal leaves.
    """

    cdef System system
    cdef QuadraticModel model
    cdef Penalty penalty
    cdef DualRay ray
    cdef double square
    cdef double[::1] u, start, start_c, c
    cdef Py_ssize_t[::1] every, support
    cdef unsigned char[::1] before
    cdef readonly Py_ssize_t n_rounds
    cdef readonly double spent, missing

    def __init__(
        self,
        System system,
        QuadraticModel model,
        Penalty penalty,
        double[::1] u,
        double square,
    ):
        cdef Py_ssize_t m = u.shape[0]
        self.system, self.model, self.penalty, self.u = system, model, penalty, u
        self.every, self.support = np.arange(m), np.empty(m, dtype=np.intp)
        self.before = np.empty(m, dtype=np.uint8)
        self.square = square
        if not isnan(square):
            self.start, self.start_c, self.c = np.array(u), system.correlations(), np.empty(m)
            self.ray = DualRay(self.c, 0.0, 0.0)

    def run(
        self,
        double step,
        double gap,
        Py_ssize_t max_rounds,
        Py_ssize_t active_sweeps,
        double changing,
        double most,
        double budget,
    ):
        """Rounds until the goal, ``step`` or ``gap``, is reached, or the support has settled.

        It has where no more than the share ``changing`` of it changed in a round. They end, too,
        after ``max_rounds`` in all, when ``most`` numbers were touched in all, and when an
        interrupt has waited for about ``budget``.

        Returns
        -------
        reached : bool
        settled : bool
        """
        cdef Descent done
        cdef double waited = 0.0, present
        cdef Py_ssize_t size
        cdef bint reached = False, settled = False
        with nogil:
            while self.n_rounds < max_rounds and self.spent < most and waited < budget:
                self.mark()
                done = self.sweep(self.every, 1, 0.0, budget)
                waited += done.spent + done.read
                self.n_rounds += 1
                reached = done.largest <= step
                if reached:
                    break
                self.missing = step / done.largest
                if not isnan(gap):
                    present = self.gap()
                    waited += self.system.correlation_cost * self.u.shape[0]
                    reached = present <= gap
                    if reached:
                        break
                    self.missing = gap / present  # near the minimum a gap is as long as a gradient
                size = find_support(self.u, self.support)
                if size == 0:
                    continue
                done = self.sweep(self.support[:size], active_sweeps, 0.1 * step, budget)
                waited += done.spent + done.read
                if done.n_sweeps == active_sweeps or done.largest > 0.1 * step:
                    settled = self.n_rounds > 1 and self.changed() <= changing * size
                    if settled:
                        break
        return reached, settled

    cdef Descent sweep(
        self, const Py_ssize_t[::1] order, Py_ssize_t max_sweeps, double tol, double budget
    ) noexcept nogil:
        cdef Descent done = sweeps(
            self.system, self.penalty, self.u, &order[0], order.shape[0], NONE, NONE, True,
            max_sweeps, tol, budget
        )
        self.spent += done.spent
        return done

    cdef double gap(self) noexcept nogil:
        """The relative duality gap of the problem on the system's columns."""
        cdef double value = 0.0, step, c
        cdef Py_ssize_t j
        # r = r_0 - A (u - u_0), and A^T r is at hand: both products without a residual.
        self.ray.square = self.ray.product = self.square
        for j in range(self.u.shape[0]):
            c = self.c[j] = self.system.correlation(j)
            step = self.u[j] - self.start[j]
            self.ray.square -= step * (self.start_c[j] + c)
            self.ray.product -= step * self.start_c[j] - self.start[j] * c
            if self.u[j] != 0.0:
                value += self.penalty.value_at(j, self.u[j])
        value += self.model.value_at(self.ray.square)
        return self.model.gap_of(value, best_dual(self.model, self.penalty, self.ray))

    cdef void mark(self) noexcept nogil:
        """Keep the support for `changed`."""
        cdef Py_ssize_t j
        for j in range(self.u.shape[0]):
            self.before[j] = self.u[j] != 0.0

    cdef Py_ssize_t changed(self) noexcept nogil:
        cdef Py_ssize_t j, count = 0
        for j in range(self.u.shape[0]):
            count += self.before[j] != (self.u[j] != 0.0)
        return count
