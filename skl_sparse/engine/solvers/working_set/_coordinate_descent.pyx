"""Cyclic coordinate descent on a system of unit-norm columns, any penalty."""

from libc.math cimport fabs, isfinite, isnan

import numpy as np

from skl_sparse.engine.penalties._penalty cimport Penalty, is_inactive
from skl_sparse.engine.solvers.working_set._projected_path cimport sign
from skl_sparse.engine.solvers.certificates._duality cimport DualRay, best_dual
from skl_sparse.engine.solvers.certificates._quadratic_model cimport QuadraticModel
from skl_sparse.engine.solvers.working_set._systems cimport System

cdef enum:
    NONE = -1
    ACTIVE = 10
    # Times the final step at which what is around an exchange has settled.
    HELD = 10


cdef struct Descent:
    Py_ssize_t n_sweeps
    double largest
    double spent
    double looked


cdef Py_ssize_t find_support(const double[::1] u, Py_ssize_t[::1] support) noexcept nogil:
    """Its size."""
    cdef Py_ssize_t j, size = 0
    for j in range(u.shape[0]):
        if u[j] != 0.0:
            support[size] = j
            size += 1
    return size


cdef Descent sweeps(
    System system,
    Penalty penalty,
    double[::1] u,
    const Py_ssize_t *columns,
    Py_ssize_t size,
    Py_ssize_t held,
    Py_ssize_t held_too,
    bint enter,
    Py_ssize_t max_sweeps,
    double tol,
    double budget,
) noexcept nogil:
    """Sweeps over some columns less two that are held; u changes in place.

    Unless zeros may ``enter`` they stay.

    An interrupt waits for steps and looks alike; ``spent``, by which solvers weigh what to do, is
    of the steps.
    """
    cdef Descent done
    cdef Py_ssize_t i, j, looks
    cdef const double *known = system.known
    cdef double z, new
    done.n_sweeps, done.largest, done.spent, done.looked = 0, 0.0, 0.0, 0.0
    while done.n_sweeps < max_sweeps and done.spent + done.looked < budget:
        done.largest = 0.0
        done.n_sweeps += 1
        looks = 0
        for i in range(size):
            j = columns[i]
            if j == held or j == held_too or (u[j] == 0.0 and not enter):
                continue
            looks += 1
            z = u[j] + (system.correlation(j) if known == NULL else known[j])
            if u[j] == 0.0 and is_inactive(penalty, j, z):
                continue
            new = penalty.prox(j, z)
            if new != u[j]:
                if fabs(new - u[j]) > done.largest:  # the metric is no more than that
                    done.largest = max(done.largest, penalty.step_metric(j, u[j], z, new))
                system.step(j, new - u[j])
                u[j] = new
                done.spent += system.cost(j)
        done.spent += 4.0 * looks
        done.looked += system.look * looks
        if done.largest <= tol:
            break
    return done


cdef Descent settle(
    System system,
    Penalty penalty,
    double[::1] u,
    const Py_ssize_t[::1] every,
    Py_ssize_t[::1] support,
    Py_ssize_t held,
    Py_ssize_t held_too,
    Py_ssize_t active_sweeps,
    Py_ssize_t max_sweeps,
    double tol,
    double budget,
    const double *home,
) noexcept nogil:
    """A sweep over all columns but two that are held, then some over the non-zeros, and so on.

    Until it has settled, or has the signs of ``home``, if that is given.
    """
    cdef Descent done, part
    cdef Py_ssize_t size
    done.n_sweeps, done.largest, done.spent, done.looked = 0, 0.0, 0.0, 0.0
    while done.n_sweeps < max_sweeps and done.spent + done.looked < budget:
        part = sweeps(
            system, penalty, u, &every[0], u.shape[0], held, held_too, True, 1, tol, budget
        )
        add(&done, part)
        if part.largest <= tol or (home != NULL and same_signs(&u[0], home, u.shape[0])):
            break
        size = find_support(u, support)
        if size > 0:
            part = sweeps(
                system, penalty, u, &support[0], size, held, held_too, False, active_sweeps, tol,
                budget
            )
            add(&done, part)
    return done


cdef inline void add(Descent *done, Descent part) noexcept nogil:
    done.n_sweeps += part.n_sweeps
    done.largest = part.largest
    done.spent += part.spent
    done.looked += part.looked


def coordinate_descent(
    System system,
    Penalty penalty,
    double[::1] u,
    const Py_ssize_t[::1] order,
    Py_ssize_t max_sweeps,
    double tol,
    double budget,
):
    """Sweep over the columns ``order``, each set to its exact 1-D minimiser; u changes in place.

    Stops when the largest step of a sweep (`Penalty.step_metric`) is at most ``tol``, after
    ``max_sweeps``, or when about ``budget`` numbers were touched, so that an interrupt is served.

    Returns
    -------
    n_sweeps : int
        Whole sweeps made.
    largest : float
        Largest step of the last of them.
    spent : float
        About how many numbers the steps touched.
    """
    cdef Descent done
    with nogil:
        done = sweeps(
            system, penalty, u, &order[0], order.shape[0], NONE, NONE, True, max_sweeps, tol,
            budget
        )
    return done.n_sweeps, done.largest, done.spent


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
                waited += done.spent + done.looked
                self.n_rounds += 1
                reached = done.largest <= step
                if reached:
                    break
                self.missing = step / done.largest
                if not isnan(gap):
                    present = self.gap()
                    waited += self.system.look * self.u.shape[0]
                    reached = present <= gap
                    if reached:
                        break
                    self.missing = gap / present  # near the minimum a gap is as long as a gradient
                size = find_support(self.u, self.support)
                if size == 0:
                    continue
                done = self.sweep(self.support[:size], active_sweeps, 0.1 * step, budget)
                waited += done.spent + done.looked
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


def likeliest(
    System system,
    const double[::1] u,
    const double[::1] c,
    Penalty penalty,
    const Py_ssize_t[::1] support,
    const Py_ssize_t[::1] zeros,
    const double[::1] curvature,
    Py_ssize_t most,
):
    """The exchanges that gain most if nothing else moves, up to ``most`` of them, the best first.

    One of the ``support`` leaves, one of the ``zeros`` enters, or both; where products of columns
    are not at hand, not both. A column enters where loss and ridge are least, which ``curvature``
    tells: the rest of the penalty decides whether it does, not where.

    Returns
    -------
    leaving, entering : ndarray of int, -1 for none
    values : ndarray
        What to enter with.
    """
    cdef Py_ssize_t i, j, k, row, n = 0
    cdef double gain, left, value
    found = np.empty((most, 4))  # gain, value, and places in the two lists: a heap once it is full
    cdef double[:, ::1] best = found
    with nogil:
        for row in range(NONE, support.shape[0]):
            left, i = 0.0, NONE
            if row != NONE:
                i = support[row]
                left = penalty.value_at(i, u[i]) - u[i] * (c[i] + 0.5 * u[i])
                n = keep(best, n, left, 0.0, row, NONE)
                if isnan(system.between(i, i)):
                    continue
            for k in range(zeros.shape[0]):
                j = zeros[k]
                value = c[j] if row == NONE else c[j] + u[i] * system.between(i, j)
                value = 0.0 if penalty.positive and value < 0.0 else value / curvature[j]
                gain = left + (curvature[j] - 0.5) * value * value
                if n == most and gain <= best[0, 0]:
                    continue  # let alone with the penalty
                n = keep(best, n, gain - penalty.value_at(j, value), value, row, k)
    found = found[:n]
    found = found[np.lexsort((found[:, 3], found[:, 2], -found[:, 0]))]
    # The place -1, for none, is the last.
    leaving = np.append(support, NONE)[found[:, 2].astype(np.intp)]
    entering = np.append(zeros, NONE)[found[:, 3].astype(np.intp)]
    return leaving, entering, np.ascontiguousarray(found[:, 1])


cdef Py_ssize_t keep(
    double[:, ::1] best, Py_ssize_t n, double gain, double value, double leaving, double entering
) noexcept nogil:
    """Add an exchange to the n best, in the place of the least if they are full; their number."""
    cdef Py_ssize_t i
    if not isfinite(gain) or (n == best.shape[0] and gain <= best[0, 0]):
        return n
    i = n if n < best.shape[0] else 0
    best[i, 0], best[i, 1], best[i, 2], best[i, 3] = gain, value, leaving, entering
    if n == best.shape[0]:
        sink(best, 0)
        return n
    if n + 1 == best.shape[0]:
        for i in range(n // 2, -1, -1):
            sink(best, i)
    return n + 1


cdef void sink(double[:, ::1] heap, Py_ssize_t i) noexcept nogil:
    """Let row i of a full heap, whose least is first, sink to its place."""
    cdef Py_ssize_t child, t, n = heap.shape[0]
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and heap[child + 1, 0] < heap[child, 0]:
            child += 1
        if heap[i, 0] <= heap[child, 0]:
            break
        for t in range(heap.shape[1]):
            heap[i, t], heap[child, t] = heap[child, t], heap[i, t]
        i = child


def first_better(
    System here,
    const double[::1] u,
    const double[::1] c,
    System there,
    double[::1] new,
    Penalty penalty,
    const Py_ssize_t[::1] leaving,
    const Py_ssize_t[::1] entering,
    const double[::1] values,
    double least,
    Py_ssize_t max_sweeps,
    double tol,
    double budget,
):
    """Exchange columns of a point until one leads to a better minimum, by more than ``least``.

    The same support and signs are the same minimum, however well it has settled. Exchange k sets
    column ``leaving[k]`` to zero and ``entering[k]`` to ``values[k]`` (-1: none); first what is
    around them settles, roughly, then everything, unless that leads back. The point is the system
    ``here`` at ``u`` with the correlations ``c``; ``there`` and ``new`` are left where the last
    exchange led.

    Returns
    -------
    tried : int
        Exchanges made.
    found : bool
        Whether the last of them is better.
    spent : float
        About how many numbers the steps touched; no exchange starts once those and the numbers
        looked at are more than ``budget``.
    """
    cdef const Py_ssize_t[::1] every = np.arange(u.shape[0])
    cdef Py_ssize_t[::1] support = np.empty(u.shape[0], dtype=np.intp)
    cdef Py_ssize_t k = 0, j
    cdef double spent = 0.0, looked = 0.0, gain
    cdef Descent done
    cdef bint found = False
    with nogil:
        while k < leaving.shape[0] and spent + looked < budget and not found:
            there.restore(here)
            new[:] = u
            exchange(there, new, leaving[k], 0.0)
            exchange(there, new, entering[k], values[k])
            done = settle(
                there, penalty, new, every, support, leaving[k], entering[k], ACTIVE, max_sweeps,
                HELD * tol, budget, NULL
            )
            spent, looked = spent + done.spent, looked + done.looked
            done = settle(
                there, penalty, new, every, support, NONE, NONE, ACTIVE, max_sweeps, tol, budget,
                &u[0]
            )
            spent, looked = spent + done.spent, looked + done.looked
            gain = 0.0
            for j in range(u.shape[0]):
                if new[j] != u[j]:
                    gain += 0.5 * (new[j] - u[j]) * (c[j] + there.correlation(j))
                    gain += penalty.value_at(j, u[j]) - penalty.value_at(j, new[j])
            found = gain > least and not same_signs(&new[0], &u[0], u.shape[0])
            k += 1
    return k, found, spent


cdef bint same_signs(const double *u, const double *v, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(n):
        if sign(u[j]) != sign(v[j]):
            return False
    return True


cdef void exchange(System system, double[::1] u, Py_ssize_t j, double value) noexcept nogil:
    if j != NONE:
        system.step(j, value - u[j])
        u[j] = value
