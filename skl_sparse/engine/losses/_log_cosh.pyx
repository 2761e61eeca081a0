"""The logarithm of the hyperbolic cosine of the error, log cosh(y - z)."""

from libc.math cimport atanh, cosh, exp, fabs, log, log1p, sinh, tanh

from skl_sparse.engine.losses._loss cimport Loss

cdef double LOG_2 = log(2.0)


cdef class LogCosh(Loss):
    """log cosh(y - z): a parabola near the target, |y - z| - log 2 far from it."""

    name = "log_cosh"

    def __cinit__(self):
        self.curvature_bound = 1.0

    cdef double value_at(self, double y, double z) noexcept nogil:
        cdef double size = fabs(y - z), half
        if size < 1.0:
            half = sinh(0.5 * size)  # cosh(x) = 1 + 2 sinh(x / 2)^2: no cancellation
            return log1p(2.0 * half * half)
        return size - LOG_2 + log1p(exp(-2.0 * size))

    cdef double gradient_at(self, double y, double z) noexcept nogil:
        return tanh(z - y)

    cdef double curvature_at(self, double y, double z) noexcept nogil:
        cdef double inverse = 1.0 / cosh(z - y)
        return inverse * inverse

    cdef double conjugate_at(self, double y, double g) noexcept nogil:
        if fabs(g) == 1.0:
            return g * y + LOG_2
        # Each form of log(1 - g^2) where its rounding does not matter.
        cdef double log_left = log1p(-g * g) if fabs(g) < 0.5 else log((1.0 - g) * (1.0 + g))
        return g * (y + atanh(g)) + 0.5 * log_left

    cdef double lower_at(self, double y) noexcept nogil:
        return -1.0

    cdef double upper_at(self, double y) noexcept nogil:
        return 1.0
