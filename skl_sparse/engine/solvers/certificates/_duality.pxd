from skl_sparse.engine.penalties._penalty cimport Penalty
from skl_sparse.engine.solvers.certificates._quadratic_model cimport QuadraticModel


cdef class DualRay:
    cdef const double[::1] c
    cdef const unsigned char[::1] skip
    cdef double square
    cdef double product


cdef double best_dual(QuadraticModel model, Penalty penalty, DualRay ray) noexcept nogil
