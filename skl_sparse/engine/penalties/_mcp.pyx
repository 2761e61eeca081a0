"""The minimax concave penalty (Zhang, Annals of Statistics 2010)."""

from libc.math cimport copysign, fabs, sqrt

import numpy as np

from skl_sparse.engine.penalties._penalty cimport Penalty


cdef class McpPenalty(Penalty):
    """h_j(u) = lam_j |u| - u^2 / (2 gamma) up to |u| = gamma lam_j, constant from there on.

    Parameters
    ----------
    lam : ndarray of shape (n_columns,), float64
        ``lam_j = inf`` excludes column j.
    gamma : float, > 1
        Larger is nearer to the Lasso. Up to 1 a problem in one column, whose curvature is one,
        would be concave where the penalty is.
    """

    cdef readonly double gamma
    cdef const double[::1] lam

    def __init__(self, lam, double gamma=3.0):
        if not gamma > 1.0:
            raise ValueError(f"gamma must be greater than 1, got {gamma}.")
        Penalty.__init__(self, len(lam))
        self.lam, self.gamma = np.ascontiguousarray(lam, np.float64), gamma
        self.threshold, self.sparsifies = self.lam, True

    def restrict(self, columns):
        return McpPenalty(self.lam.base[columns], self.gamma)

    def exclude(self, mask):
        return McpPenalty(np.where(mask, np.inf, self.lam), self.gamma)

    cdef double value_at(self, Py_ssize_t j, double u) noexcept nogil:
        cdef double size = min(fabs(u), self.gamma * self.lam[j])
        return size * (self.lam[j] - 0.5 * size / self.gamma) if size > 0.0 else 0.0

    cdef double slope_at(self, Py_ssize_t j, double u) noexcept nogil:
        if u == 0.0:
            return 0.0
        return copysign(max(self.lam[j] - fabs(u) / self.gamma, 0.0), u)

    cdef double curvature_at(self, Py_ssize_t j, double u) noexcept nogil:
        return -1.0 / self.gamma if fabs(u) < self.gamma * self.lam[j] else 0.0

    cdef double scaled_prox(self, Py_ssize_t j, double z, double step) noexcept nogil:
        cdef double size = fabs(z), lam = self.lam[j], end = self.gamma * lam
        if step >= self.gamma:  # concave up to the end
            return z if size > lam * sqrt(step * self.gamma) else 0.0
        if size <= step * lam:
            return 0.0
        return z if size > end else copysign((size - step * lam) / (1.0 - step / self.gamma), z)
