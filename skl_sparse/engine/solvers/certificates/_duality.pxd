from skl_sparse.engine.losses._loss cimport Loss
from skl_sparse.engine.penalties._penalty cimport Penalty


cdef class DualRay:
    cdef const double[::1] c
    cdef const unsigned char[::1] skip
    cdef double square
    cdef double product


cdef double best_dual(Loss loss, Penalty penalty, DualRay ray) noexcept nogil
cdef double gap_of(double primal, double dual) noexcept nogil
