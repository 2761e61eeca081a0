"""Cyclic coordinate descent on a system of unit-norm columns, any penalty."""

from skl_sparse.engine.penalties._penalty cimport Penalty
from skl_sparse.engine.solvers._systems cimport System


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
        How much of the budget was used.
    """
    cdef Py_ssize_t sweep = 0, i, j
    cdef double z, new, largest = 0.0, spent = 0.0
    with nogil:
        while sweep < max_sweeps and spent < budget:
            largest = 0.0
            sweep += 1
            for i in range(order.shape[0]):
                j = order[i]
                z = u[j] + system.correlation(j)
                new = penalty.prox(j, z)
                spent += 4.0
                if new != u[j]:
                    largest = max(largest, penalty.step_metric(j, u[j], z, new))
                    system.step(j, new - u[j])
                    u[j] = new
                    spent += system.cost(j)
            if largest <= tol:
                break
    return sweep, largest, spent
