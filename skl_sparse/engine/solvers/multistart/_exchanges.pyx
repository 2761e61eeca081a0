"""Exchanges of single columns: which are the likeliest, and which lead to a better minimum."""

from libc.math cimport isfinite, isnan

import numpy as np

from skl_sparse.engine.penalties._penalty cimport Penalty
from skl_sparse.engine.solvers.working_set._projected_path cimport sign
from skl_sparse.engine.solvers.working_set._sweeps cimport NONE, Descent, find_support, sweeps
from skl_sparse.engine.solvers.working_set._systems cimport System

cdef enum:
    ACTIVE = 10
    # Times the final step at which what is around an exchange has settled.
    HELD = 10


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
    """Add an exchange to the n best, instead of the least if they are full; their number."""
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
        read are more than ``budget``.
    """
    cdef const Py_ssize_t[::1] every = np.arange(u.shape[0])
    cdef Py_ssize_t[::1] support = np.empty(u.shape[0], dtype=np.intp)
    cdef Py_ssize_t k = 0, j
    cdef double spent = 0.0, n_read = 0.0, gain
    cdef Descent done
    cdef bint found = False
    with nogil:
        while k < leaving.shape[0] and spent + n_read < budget and not found:
            there.restore(here)
            new[:] = u
            exchange(there, new, leaving[k], 0.0)
            exchange(there, new, entering[k], values[k])
            done = settle(
                there, penalty, new, every, support, leaving[k], entering[k], ACTIVE, max_sweeps,
                HELD * tol, budget, NULL
            )
            spent, n_read = spent + done.spent, n_read + done.read
            done = settle(
                there, penalty, new, every, support, NONE, NONE, ACTIVE, max_sweeps, tol, budget,
                &u[0]
            )
            spent, n_read = spent + done.spent, n_read + done.read
            gain = 0.0
            for j in range(u.shape[0]):
                if new[j] != u[j]:
                    gain += 0.5 * (new[j] - u[j]) * (c[j] + there.correlation(j))
                    gain += penalty.value_at(j, u[j]) - penalty.value_at(j, new[j])
            found = gain > least and not same_signs(&new[0], &u[0], u.shape[0])
            k += 1
    return k, found, spent


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
    done.n_sweeps, done.largest, done.spent, done.read = 0, 0.0, 0.0, 0.0
    while done.n_sweeps < max_sweeps and done.spent + done.read < budget:
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
    done.read += part.read


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
