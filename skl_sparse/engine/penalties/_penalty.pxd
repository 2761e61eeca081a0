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
    cdef readonly bint has_dual
    cdef readonly bint sparsifies
    cdef readonly bint positive
    cdef readonly bint quadratic
    cdef bint unlimited
    cdef const double[:] rest
    cdef double unit
    cdef int power

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


cdef inline double reach(Penalty penalty, double c) noexcept nogil:
    """|c| to the power in which ``unit * rest`` is told."""
    cdef double size = fabs(c)
    if penalty.power == 2:
        return size * size
    if penalty.power == 3:
        return size * size * size
    return size


cdef inline bint stays(Penalty penalty, Py_ssize_t j, double c) noexcept nogil:
    """Whether coefficient j stays at zero under the correlation c."""
    return reach(penalty, c) <= penalty.unit * penalty.rest[j]


cdef inline Py_ssize_t awake(
    Penalty penalty, double s, const double[::1] c, Py_ssize_t j
) noexcept nogil:
    """The first column from j on that does not stay at zero under s * c_j; their number if none."""
    cdef Py_ssize_t n = c.shape[0], stride = penalty.rest.strides[0] // <Py_ssize_t> sizeof(double)
    while j < n:
        if j % BOUNDED_BLOCK == 0:
            j += BOUNDED_BLOCK * blocks_bounded(
                (n - j) // BOUNDED_BLOCK, penalty.power, s, &c[j], penalty.unit, &penalty.rest[j],
                stride
            )
            if j == n:
                break
        if not stays(penalty, j, s * c[j]):
            break
        j += 1
    return j
