cimport cython
from libc.math cimport INFINITY


# A function of the scaling s of a dual candidate, and its first two derivatives.
cdef struct AlongRay:
    double value
    double slope
    double curvature


@cython.final
cdef class QuadraticModel:
    cdef readonly double null

    cdef inline double value_at(self, double square) noexcept nogil:
        return 0.5 * square

    cdef inline AlongRay dual_at(self, double s, double square, double product) noexcept nogil:
        return AlongRay(s * product - 0.5 * s * s * square, product - s * square, -square)

    cdef inline double peak_at(self, double square, double product) noexcept nogil:
        return product / square if square > 0.0 else INFINITY

    cdef inline double gap_of(self, double primal, double dual) noexcept nogil:
        return max((primal - dual) / self.null, 0.0)
