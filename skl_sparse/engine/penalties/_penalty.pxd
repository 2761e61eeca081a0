from libc.math cimport fabs

cdef extern from "_vector_loops.h" nogil:
    enum: BOUNDED_BLOCK
    Py_ssize_t blocks_bounded(
        Py_ssize_t n_blocks, int power, double s, const double *c, double unit,
        const double *bound, Py_ssize_t stride
    )

# A sum of conjugates at s * c_j, and its first two derivatives in s.
cdef struct DualSums:
    double value
    double slope
    double curvature


cdef class Penalty:
    cdef readonly Py_ssize_t n_columns
    cdef readonly bint convex
    cdef readonly bint sparsifies
    cdef readonly bint positive
    cdef readonly bint quadratic
    cdef readonly bint has_dual
    cdef readonly bint has_multistart
    cdef bint finite_conjugates
    cdef const double[:] threshold
    cdef double threshold_unit
    cdef int threshold_power

    cdef double value_at(self, Py_ssize_t j, double u) noexcept nogil
    cdef double slope_at(self, Py_ssize_t j, double u) noexcept nogil
    cdef double curvature_at(self, Py_ssize_t j, double u) noexcept nogil
    cdef double prox(self, Py_ssize_t j, double z) noexcept nogil
    cdef double scaled_prox(self, Py_ssize_t j, double z, double step) noexcept nogil
    cdef double dual_argmax(self, Py_ssize_t j, double c) noexcept nogil
    cdef double dual_limit(self, Py_ssize_t j, double c) noexcept nogil
    cdef double threshold_share(self, Py_ssize_t j, double c) noexcept nogil
    cdef double step_metric(self, Py_ssize_t j, double u, double z, double new) noexcept nogil
    cdef double dual_scale_limit(
        self, const double[::1] c, const unsigned char[::1] skip
    ) noexcept nogil
    cdef DualSums dual_sums(
        self, double s, const double[::1] c, const unsigned char[::1] skip
    ) noexcept nogil


cdef inline double to_power(Penalty penalty, double c) noexcept nogil:
    """|c|^power, to be compared with ``threshold_unit * threshold[j]``."""
    cdef double size = fabs(c)
    if penalty.threshold_power == 2:
        return size * size
    if penalty.threshold_power == 3:
        return size * size * size
    return size


cdef inline bint is_inactive(Penalty penalty, Py_ssize_t j, double c) noexcept nogil:
    """Whether coefficient j, at zero, is optimal there under the correlation c."""
    return to_power(penalty, c) <= penalty.threshold_unit * penalty.threshold[j]


cdef inline Py_ssize_t next_active(
    Penalty penalty, double s, const double[::1] c, Py_ssize_t j
) noexcept nogil:
    """The first column from j on that is not inactive under s * c_j; their number if all are."""
    cdef Py_ssize_t n = c.shape[0]
    cdef Py_ssize_t stride = penalty.threshold.strides[0] // <Py_ssize_t> sizeof(double)
    while j < n:
        if j % BOUNDED_BLOCK == 0:
            j += BOUNDED_BLOCK * blocks_bounded(
                (n - j) // BOUNDED_BLOCK, penalty.threshold_power, s, &c[j],
                penalty.threshold_unit, &penalty.threshold[j], stride
            )
            if j == n:
                break
        if not is_inactive(penalty, j, s * c[j]):
            break
        j += 1
    return j
