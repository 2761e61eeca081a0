cdef class Loss:
    cdef readonly double curvature_bound

    cdef double value_at(self, double y, double z) noexcept nogil
    cdef double gradient_at(self, double y, double z) noexcept nogil
    cdef double curvature_at(self, double y, double z) noexcept nogil
    cdef double conjugate_at(self, double y, double g) noexcept nogil
    cdef double lower_at(self, double y) noexcept nogil
    cdef double upper_at(self, double y) noexcept nogil
    cdef bint admits(self, double y) noexcept nogil
