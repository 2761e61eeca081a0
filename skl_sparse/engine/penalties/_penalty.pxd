# A sum of conjugates at s * c_j, and its first two derivatives in s.
cdef struct DualSums:
    double value
    double slope
    double bend


cdef class Penalty:
    cdef readonly Py_ssize_t n_columns
    cdef readonly bint convex
    cdef readonly bint has_dual
    cdef readonly bint sparsifies
    cdef readonly bint positive
    cdef readonly bint quadratic
    cdef bint unlimited
    cdef const double[:] rest
    cdef double unit

    cdef double value_at(self, Py_ssize_t j, double u) noexcept nogil
    cdef double slope_at(self, Py_ssize_t j, double u) noexcept nogil
    cdef double curvature_at(self, Py_ssize_t j, double u) noexcept nogil
    cdef double prox(self, Py_ssize_t j, double z) noexcept nogil
    cdef double scaled_prox(self, Py_ssize_t j, double z, double step) noexcept nogil
    cdef double dual_argmax(self, Py_ssize_t j, double c) noexcept nogil
    cdef double dual_limit(self, Py_ssize_t j, double c) noexcept nogil
    cdef double closeness(self, Py_ssize_t j, double c) noexcept nogil
    cdef double step_metric(self, Py_ssize_t j, double u, double z, double new) noexcept nogil
    cdef double dual_scale_limit(
        self, const double[::1] c, const unsigned char[::1] skip
    ) noexcept nogil
    cdef DualSums dual_sums(
        self, double s, const double[::1] c, const unsigned char[::1] skip
    ) noexcept nogil
