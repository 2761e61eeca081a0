"""The squared hinge of two classes, max(0, 1 - s z)^2, as in liblinear."""

from libc.math cimport INFINITY

import numpy as np

from skl_sparse.engine.losses._loss cimport Loss


cdef inline double sign(double y) noexcept nogil:
    return 1.0 if y == 1.0 else -1.0


cdef class SquaredHinge(Loss):
    """max(0, 1 - s z)^2 with s = 1 where y = 1, s = -1 where y = 0: coded as in the log loss."""

    name = "squared_hinge"
    targets = "0 or 1"

    def __cinit__(self):
        self.curvature_bound = 2.0

    cdef double value_at(self, double y, double z) noexcept nogil:
        cdef double short = max(1.0 - sign(y) * z, 0.0)
        return short * short

    cdef double gradient_at(self, double y, double z) noexcept nogil:
        return -2.0 * sign(y) * max(1.0 - sign(y) * z, 0.0)

    cdef double curvature_at(self, double y, double z) noexcept nogil:
        return 2.0 if sign(y) * z < 1.0 else 0.0

    cdef double conjugate_at(self, double y, double g) noexcept nogil:
        return g * (sign(y) + 0.25 * g)

    cdef double lower_at(self, double y) noexcept nogil:
        return -INFINITY if y == 1.0 else 0.0

    cdef double upper_at(self, double y) noexcept nogil:
        return 0.0 if y == 1.0 else INFINITY

    cdef bint admits(self, double y) noexcept nogil:
        return y == 0.0 or y == 1.0

    def best_constant(self, y, weights=None, offset=None):
        y, used = np.asarray(y), slice(None) if weights is None else weights > 0.0
        if y[used].min() < y[used].max():
            return Loss.best_constant(self, y, weights, offset)
        # Of one class alone many have no loss: the one next to zero.
        s = sign(y[used][0])
        farthest = 0.0 if offset is None else float((s * offset[used]).min())
        return s * max(1.0 - farthest, 0.0)
