"""Half the squared error, (y - z)^2 / 2."""

import numpy as np

from skl_sparse.engine.losses._loss cimport Loss


cdef class SquaredError(Loss):
    """(y - z)^2 / 2: its best constant is the mean."""

    name = "squared_error"

    def __cinit__(self):
        self.curvature_bound = 1.0

    cdef double value_at(self, double y, double z) noexcept nogil:
        return 0.5 * (z - y) * (z - y)

    cdef double gradient_at(self, double y, double z) noexcept nogil:
        return z - y

    cdef double curvature_at(self, double y, double z) noexcept nogil:
        return 1.0

    cdef double conjugate_at(self, double y, double g) noexcept nogil:
        return g * (y + 0.5 * g)

    def best_constant(self, y, weights=None, offset=None):
        wanted = np.asarray(y, dtype=np.float64)
        return float(np.average(wanted if offset is None else wanted - offset, weights=weights))
