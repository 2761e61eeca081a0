cdef inline int sign(double x) noexcept nogil:
    return (x > 0.0) - (x < 0.0)
