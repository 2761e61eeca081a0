"""Half the Poisson deviance of a count y whose mean is exp(z)."""

from libc.math cimport INFINITY, exp, expm1, isfinite, log, log1p

from skl_sparse.engine.losses._loss cimport Loss


cdef class Poisson(Loss):
    """exp(z) - y - y (z - log y): zero at its minimum, z = log y."""

    name = "poisson"
    targets = "finite and not negative"

    cdef double value_at(self, double y, double z) noexcept nogil:
        if y == 0.0:
            return exp(z)
        cdef double d = z - log(y)
        return y * (expm1(d) - d)

    cdef double gradient_at(self, double y, double z) noexcept nogil:
        return y * expm1(z - log(y)) if y > 0.0 else exp(z)

    cdef double curvature_at(self, double y, double z) noexcept nogil:
        return exp(z)

    cdef double conjugate_at(self, double y, double g) noexcept nogil:
        if y == 0.0:
            return g * (log(g) - 1.0) if g > 0.0 else 0.0
        cdef double left = (y + g) * log1p(g / y) if g > -y else 0.0
        return left + g * (log(y) - 1.0)

    cdef double lower_at(self, double y) noexcept nogil:
        return -y

    cdef double upper_at(self, double y) noexcept nogil:
        return INFINITY

    cdef bint admits(self, double y) noexcept nogil:
        return isfinite(y) and y >= 0.0
