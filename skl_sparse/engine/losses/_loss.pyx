"""What a loss is: a convex function of the prediction z of one row, whose target is y.

A subclass writes a few scalar functions; what is asked of whole vectors is derived from them here,
once. A row is all that a loss knows: weights and offsets belong to the problem.
"""

from libc.math cimport INFINITY, isfinite

import numpy as np

ctypedef fused real_t:
    float
    double

cdef double EPS = 2.220446049250313e-16


cdef class Loss:
    """Base of all losses.

    A subclass has a ``name``, the key of `LOSSES`, and says in words which ``targets`` it admits.

    Attributes
    ----------
    curvature_bound : float
        No second derivative in z is larger; infinite where there is no bound.
    """

    name = ""
    targets = "finite"

    def __cinit__(self):
        self.curvature_bound = INFINITY

    def __reduce__(self):
        return type(self), ()

    cdef double value_at(self, double y, double z) noexcept nogil:
        """loss(y, z), convex in z"""
        return 0.0

    cdef double gradient_at(self, double y, double z) noexcept nogil:
        """The derivative in z"""
        return 0.0

    cdef double curvature_at(self, double y, double z) noexcept nogil:
        """The second derivative in z"""
        return 0.0

    cdef double conjugate_at(self, double y, double g) noexcept nogil:
        """sup_z g * z - loss(y, z), for a g between the bounds"""
        return 0.0

    cdef double lower_at(self, double y) noexcept nogil:
        """The conjugate is infinite below this g: the least derivative"""
        return -INFINITY

    cdef double upper_at(self, double y) noexcept nogil:
        """The conjugate is infinite above this g: the largest derivative"""
        return INFINITY

    cdef bint admits(self, double y) noexcept nogil:
        """Whether y is a target of this loss"""
        return isfinite(y)

    def check_target(self, const real_t[:] y):
        """Raise a ValueError if a target is not one of this loss."""
        cdef Py_ssize_t i
        for i in range(y.shape[0]):
            if not self.admits(y[i]):
                raise ValueError(
                    f"y must be {self.targets} for loss={self.name!r}, got {y[i]:g}."
                )

    def value(self, const real_t[:] y, const double[:] z, const double[:] weights=None):
        """sum_i weights_i * loss(y_i, z_i); without weights each is one."""
        cdef Py_ssize_t i
        cdef double total = 0.0
        cdef bint weighted = weights is not None
        same_length(y=y, z=z, weights=weights)
        with nogil:
            for i in range(y.shape[0]):
                if not weighted:
                    total += self.value_at(y[i], z[i])
                elif weights[i] != 0.0:
                    total += weights[i] * self.value_at(y[i], z[i])
        return total

    def gradient(self, const real_t[:] y, const double[:] z, double[:] out):
        """Write the derivative in z of every row to ``out``, which may be z itself."""
        cdef Py_ssize_t i
        same_length(y=y, z=z, out=out)
        with nogil:
            for i in range(y.shape[0]):
                out[i] = self.gradient_at(y[i], z[i])

    def derivatives(
        self, const real_t[:] y, const double[:] z, double[:] gradient, double[:] curvature
    ):
        """Write the first and second derivative in z of every row to the two buffers."""
        cdef Py_ssize_t i
        cdef double z_i
        same_length(y=y, z=z, gradient=gradient, curvature=curvature)
        with nogil:
            for i in range(y.shape[0]):
                z_i = z[i]
                gradient[i] = self.gradient_at(y[i], z_i)
                curvature[i] = self.curvature_at(y[i], z_i)

    def conjugate(self, const real_t[:] y, const double[:] g, const double[:] weights=None):
        """sum_i weights_i * sup_z (g_i * z - loss(y_i, z)); infinite beyond `gradient_bounds`."""
        cdef Py_ssize_t i
        cdef double total = 0.0
        cdef bint weighted = weights is not None
        same_length(y=y, g=g, weights=weights)
        with nogil:
            for i in range(y.shape[0]):
                if weighted and weights[i] == 0.0:
                    continue
                if not self.lower_at(y[i]) <= g[i] <= self.upper_at(y[i]):
                    total = INFINITY
                    break
                total += (weights[i] if weighted else 1.0) * self.conjugate_at(y[i], g[i])
        return total

    def gradient_bounds(self, const real_t[:] y):
        """The least and the largest derivative of every row: the domain of its conjugate."""
        bounds = np.empty((2, y.shape[0]))
        cdef double[:, ::1] bound = bounds
        cdef Py_ssize_t i
        for i in range(y.shape[0]):
            bound[0, i], bound[1, i] = self.lower_at(y[i]), self.upper_at(y[i])
        return bounds[0], bounds[1]

    def best_constant(self, y, weights=None, offset=None):
        """The b that minimises sum_i weights_i * loss(y_i, b + offset_i); infinite if none does.

        By Newton's method, and bisection where that strays. A subclass with a closed form has that
        instead.
        """
        weights = np.ones(len(y)) if weights is None else weights
        offset = np.zeros(len(y)) if offset is None else offset
        used = weights > 0.0
        y, weights, offset = y[used], weights[used], offset[used]
        lower, upper = self.gradient_bounds(y)
        if weights @ upper <= 0.0:
            return INFINITY
        if weights @ lower >= 0.0:
            return -INFINITY
        gradient, curvature = np.empty(len(y)), np.empty(len(y))

        def derivatives(b):
            """Of the sum, with the first as zero where it is rounding alone."""
            self.derivatives(y, b + offset, gradient, curvature)
            first = float(weights @ gradient)
            rounding = EPS * float(weights @ np.abs(gradient))
            return 0.0 if abs(first) <= rounding < INFINITY else first, float(weights @ curvature)

        # From zero out, until the slope changes sign.
        low, high, b, width = -INFINITY, INFINITY, 0.0, 1.0
        first, second = derivatives(b)
        while not isfinite(high - low) and first != 0.0:
            low, high = (b, high) if first < 0.0 else (low, b)
            b = low + width if first < 0.0 else high - width
            if not isfinite(b):
                return b
            width *= 2.0
            first, second = derivatives(b)
        # Between two bounds; a step that is not half as long as the last bisects.
        last = high - low
        while first != 0.0:
            low, high = (b, high) if first < 0.0 else (low, b)
            step = -first / second if second > 0.0 else INFINITY
            if not (low < b + step < high and abs(step) <= 0.5 * last):
                step = 0.5 * (high - low) - (b - low)
            last = abs(step)
            if last <= EPS * abs(b) or not low < b + step < high:
                break
            b += step
            first, second = derivatives(b)
        return b


def same_length(**vectors):
    """Raise a ValueError unless all vectors that are given have one length."""
    lengths = {name: len(vector) for name, vector in vectors.items() if vector is not None}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"Vectors of one length are needed, got {lengths}.")
