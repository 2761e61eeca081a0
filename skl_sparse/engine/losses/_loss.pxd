# A function of the scaling s of a dual candidate, and its first two derivatives.
cdef struct AlongRay:
    double value
    double slope
    double bend


cdef class Loss:
    cdef double value_at(self, double square) noexcept nogil
    cdef AlongRay dual_at(self, double s, double square, double product) noexcept nogil
    cdef double peak_at(self, double square, double product) noexcept nogil
