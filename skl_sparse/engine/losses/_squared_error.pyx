"""The squared error, |y - z|^2 / 2 in standardised units."""

from libc.math cimport INFINITY

from skl_sparse.engine.losses._loss cimport AlongRay, Loss


cdef class SquaredError(Loss):
    """|r|^2 / 2, whose conjugate at -s * theta is s^2 |theta|^2 / 2 - s theta.y.

    Its gradient in the predictions is -r, its curvature one: a single least-squares problem is the
    whole fit. Losses with other curvatures are fitted by a sequence of such problems, the curvature
    as row weights.
    """

    cdef double value_at(self, double square) noexcept nogil:
        return 0.5 * square

    cdef AlongRay dual_at(self, double s, double square, double product) noexcept nogil:
        return AlongRay(s * product - 0.5 * s * s * square, product - s * square, -square)

    cdef double peak_at(self, double square, double product) noexcept nogil:
        return product / square if square > 0.0 else INFINITY
