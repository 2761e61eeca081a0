"""Cyclic coordinate descent on a system of unit-norm columns, any penalty."""

from libc.math cimport fabs

from skl_sparse.engine.penalties._penalty cimport Penalty, is_inactive
from skl_sparse.engine.solvers.working_set._systems cimport System


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

    An interrupt waits for steps and correlations alike; ``spent``, by which solvers weigh what to
    do, is of the steps.
    """
    cdef Descent done
    cdef Py_ssize_t i, j, n_read
    cdef const double *known = system.known
    cdef double z, new
    done.n_sweeps, done.largest, done.spent, done.read = 0, 0.0, 0.0, 0.0
    while done.n_sweeps < max_sweeps and done.spent + done.read < budget:
        done.largest = 0.0
        done.n_sweeps += 1
        n_read = 0
        for i in range(size):
            j = columns[i]
            if j == held or j == held_too or (u[j] == 0.0 and not enter):
                continue
            n_read += 1
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
        done.spent += 4.0 * n_read
        done.read += system.correlation_cost * n_read
        if done.largest <= tol:
            break
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
        done = sweeps(
            system, penalty, u, &order[0], order.shape[0], NONE, NONE, True, max_sweeps, tol,
            budget
        )
    return done.n_sweeps, done.largest, done.spent
