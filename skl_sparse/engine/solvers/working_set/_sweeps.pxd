from skl_sparse.engine.penalties._penalty cimport Penalty
from skl_sparse.engine.solvers.working_set._systems cimport System

cdef enum:
    NONE = -1


cdef struct Descent:
    Py_ssize_t n_sweeps
    double largest
    double spent
    double read


cdef Py_ssize_t find_support(const double[::1] u, Py_ssize_t[::1] support) noexcept nogil
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
) noexcept nogil
