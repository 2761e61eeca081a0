"""What a loss is: a function of the residual r = y - z, and its dual along the rays s * theta.

A solver knows a loss by these functions of inner products alone, which a Gram keeps up to date
without a residual: ``square`` = theta . theta and ``product`` = theta . y. A subclass writes the
functions in C; those that Python calls are derived from them here.
"""

from libc.math cimport INFINITY


cdef class Loss:
    """Base of all losses."""

    cdef double value_at(self, double square) noexcept nogil:
        return 0.0

    cdef AlongRay dual_at(self, double s, double square, double product) noexcept nogil:
        return AlongRay(0.0, 0.0, 0.0)

    cdef double peak_at(self, double square, double product) noexcept nogil:
        return INFINITY

    def value(self, double square):
        """The loss, given ``square`` = r . r."""
        return self.value_at(square)

    def dual(self, double s, double square, double product):
        """Minus the conjugate at -s * theta, concave in s, and its first two derivatives."""
        at = self.dual_at(s, square, product)
        return at.value, at.slope, at.bend

    def dual_peak(self, double square, double product):
        """The s at which `dual` is largest; infinite where there is none."""
        return self.peak_at(square, product)
