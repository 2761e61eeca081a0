"""Huber's loss: the squared error up to delta, linear beyond."""

from libc.math cimport fabs

from skl_sparse.engine.losses._loss cimport Loss


cdef class Huber(Loss):
    """r^2 / 2 of the error r = z - y up to |r| = delta, and delta |r| - delta^2 / 2 beyond.

    Parameters
    ----------
    delta : float, > 0
        In units of the target.
    """

    name = "huber"

    cdef readonly double delta

    def __init__(self, double delta=1.35):
        if not delta > 0.0:
            raise ValueError(f"delta must be greater than 0, got {delta}.")
        self.delta, self.curvature_bound = delta, 1.0

    def __reduce__(self):
        return Huber, (self.delta,)

    cdef double value_at(self, double y, double z) noexcept nogil:
        cdef double size = fabs(z - y), inner = min(size, self.delta)
        return inner * (size - 0.5 * inner)

    cdef double gradient_at(self, double y, double z) noexcept nogil:
        return min(max(z - y, -self.delta), self.delta)

    cdef double curvature_at(self, double y, double z) noexcept nogil:
        return 1.0 if fabs(z - y) <= self.delta else 0.0

    cdef double conjugate_at(self, double y, double g) noexcept nogil:
        return g * (y + 0.5 * g)

    cdef double lower_at(self, double y) noexcept nogil:
        return -self.delta

    cdef double upper_at(self, double y) noexcept nogil:
        return self.delta
