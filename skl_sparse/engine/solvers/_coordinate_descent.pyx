"""Cyclic coordinate descent on a system of unit-norm columns, any penalty."""

from libc.math cimport fabs

import numpy as np

from skl_sparse.engine.penalties._penalty cimport Penalty, stays
from skl_sparse.engine.solvers._systems cimport System

cdef enum:
    NONE = -1
    ACTIVE = 10


cdef struct Descent:
    Py_ssize_t n_sweeps
    double largest
    double spent
    double looked


cdef Descent sweep_over(
    System system,
    Penalty penalty,
    double[::1] u,
    const Py_ssize_t[::1] order,
    Py_ssize_t held,
    Py_ssize_t held_too,
    Py_ssize_t active_sweeps,
    Py_ssize_t max_sweeps,
    double tol,
    double budget,
) noexcept nogil:
    """Sweeps over the columns ``order`` less two that are held; u changes in place.

    After a sweep over all of them up to ``active_sweeps`` go over the non-zeros alone. An interrupt
    waits for steps and looks alike; ``spent``, by which solvers weigh what to do, is of the steps.
    """
    cdef Descent done
    cdef Py_ssize_t active = 0
    cdef Py_ssize_t i, j
    cdef double z, new
    done.n_sweeps, done.largest, done.spent, done.looked = 0, 0.0, 0.0, 0.0
    while done.n_sweeps < max_sweeps and done.spent + done.looked < budget:
        done.largest = 0.0
        done.n_sweeps += 1
        for i in range(order.shape[0]):
            j = order[i]
            if j == held or j == held_too or (active > 0 and u[j] == 0.0):
                continue
            z = u[j] + system.correlation(j)
            done.spent += 4.0
            done.looked += system.look
            if u[j] == 0.0 and stays(penalty, j, z):
                continue
            new = penalty.prox(j, z)
            if new != u[j]:
                if fabs(new - u[j]) > done.largest:  # the metric is no more than that
                    done.largest = max(done.largest, penalty.step_metric(j, u[j], z, new))
                system.step(j, new - u[j])
                u[j] = new
                done.spent += system.cost(j)
        if active > 0:
            active = active - 1 if done.largest > tol else 0
        elif done.largest <= tol:
            break
        else:
            active = active_sweeps
    return done


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
        done = sweep_over(
            system, penalty, u, order, NONE, NONE, 0, max_sweeps, tol, budget
        )
    return done.n_sweeps, done.largest, done.spent


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
    around them settles, then everything. The point is the system ``here`` at ``u`` with the
    correlations ``c``; ``there`` and ``new`` are left where the last exchange led.

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
    cdef Py_ssize_t k = 0, j
    cdef double spent = 0.0, looked = 0.0, gain
    cdef Descent done
    cdef bint found = False, moved
    with nogil:
        while k < leaving.shape[0] and spent + looked < budget and not found:
            there.restore(here)
            new[:] = u
            exchange(there, new, leaving[k], 0.0)
            exchange(there, new, entering[k], values[k])
            done = sweep_over(
                there, penalty, new, every, leaving[k], entering[k], ACTIVE, max_sweeps, tol, budget
            )
            spent, looked = spent + done.spent, looked + done.looked
            done = sweep_over(
                there, penalty, new, every, NONE, NONE, ACTIVE, max_sweeps, tol, budget
            )
            spent, looked = spent + done.spent, looked + done.looked
            gain, moved = 0.0, False
            for j in range(u.shape[0]):
                if new[j] != u[j]:
                    moved = moved or sign(new[j]) != sign(u[j])
                    gain += 0.5 * (new[j] - u[j]) * (c[j] + there.correlation(j))
                    gain += penalty.value_at(j, u[j]) - penalty.value_at(j, new[j])
            found = moved and gain > least
            k += 1
    return k, found, spent


cdef inline int sign(double x) noexcept nogil:
    return (x > 0.0) - (x < 0.0)


cdef void exchange(System system, double[::1] u, Py_ssize_t j, double value) noexcept nogil:
    if j != NONE:
        system.step(j, value - u[j])
        u[j] = value
