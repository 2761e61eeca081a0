"""The log loss of two classes, -log P(y) where P(1) = 1 / (1 + exp(-z))."""

from libc.math cimport exp, fabs, log, log1p

from skl_sparse.engine.losses._loss cimport Loss


cdef inline double softplus(double x) noexcept nogil:
    """log(1 + exp(x))"""
    return max(x, 0.0) + log1p(exp(-fabs(x)))


cdef inline double sigmoid(double x) noexcept nogil:
    """1 / (1 + exp(-x)), all digits also where it is tiny"""
    cdef double e = exp(-fabs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


cdef class LogLoss(Loss):
    """log(1 + exp(z)) - y z, for y = 1 in one class and y = 0 in the other.

    A y in between is a probability of class 1. Each formula treats both classes alike, so that
    neither loses digits where the other is all but certain.
    """

    name = "log_loss"
    targets = "between 0 and 1"

    def __cinit__(self):
        self.curvature_bound = 0.25

    cdef double value_at(self, double y, double z) noexcept nogil:
        return y * softplus(-z) + (1.0 - y) * softplus(z)

    cdef double gradient_at(self, double y, double z) noexcept nogil:
        return (1.0 - y) * sigmoid(z) - y * sigmoid(-z)

    cdef double curvature_at(self, double y, double z) noexcept nogil:
        return sigmoid(z) * sigmoid(-z)

    cdef double conjugate_at(self, double y, double g) noexcept nogil:
        cdef double one = y + g, other = (1.0 - y) - g, least = min(one, other)
        # p log p of both probabilities; the larger is one minus the smaller.
        return least * log(least) + (1.0 - least) * log1p(-least) if least > 0.0 else 0.0

    cdef double lower_at(self, double y) noexcept nogil:
        return -y

    cdef double upper_at(self, double y) noexcept nogil:
        return 1.0 - y

    cdef bint admits(self, double y) noexcept nogil:
        return 0.0 <= y <= 1.0
