"""The duality gap of a point, from the correlations of dual candidates."""

from libc.math cimport INFINITY, NAN, fabs, isfinite, isnan

from skl_sparse.engine.penalties._penalty cimport DualSums, Penalty
from skl_sparse.engine.solvers.certificates._quadratic_model cimport AlongRay, QuadraticModel

cdef enum:
    MOST_STEPS = 100

cdef double EPS = 2.220446049250313e-16
# What a better scaling need not gain: objectives are of order one.
cdef double NOTHING = 1e-24


cdef class DualRay:
    """The dual candidates s * theta, s >= 0, as far as the gap needs them.

    ``c`` = A^T theta, ``square`` = theta . theta, ``product`` = theta . y. ``skip`` marks columns
    that theta is orthogonal to, if there are any: rounding must not make it infeasible.
    """

    def __init__(self, const double[::1] c, double square, double product, skip=None):
        self.c, self.square, self.product, self.skip = c, square, product, skip


cdef AlongRay dual_at(QuadraticModel model, Penalty penalty, DualRay ray, double s) noexcept nogil:
    """The dual objective at s * theta and its first two derivatives in s."""
    cdef AlongRay at = model.dual_at(s, ray.square, ray.product)
    cdef DualSums sums = penalty.dual_sums(s, ray.c, ray.skip)
    at.value -= sums.value
    at.slope -= sums.slope
    at.curvature -= sums.curvature
    if not isfinite(at.value):
        at.value = 0.0
    if isnan(at.slope) or at.curvature == -INFINITY:
        at.slope, at.curvature = -INFINITY, -1.0  # no help to Newton's method
    return at


cdef double best_dual(QuadraticModel model, Penalty penalty, DualRay ray) noexcept nogil:
    """The best dual objective on the ray: max_s model.dual(s) - sum_j h_j^*(s c_j).

    The raw residual (s = 1) is useless near p = 1, where the conjugate is a huge power; the best
    scaling is the root of a decreasing function, found by Newton's method from s = 1, the scaling
    at the optimum, and bisection where it strays. Any s is feasible: what was found will do.
    """
    cdef double low = 0.0, high, top, s, step, last = INFINITY, best = 0.0
    cdef AlongRay at
    cdef int _k
    if ray.product <= 0.0:
        return 0.0
    high = penalty.dual_scale_limit(ray.c, ray.skip) * (1.0 - 4.0 * EPS)
    if ray.skip is not None:
        # Orthogonal up to rounding, which no scaling may magnify: what is left of a residual that
        # lies in the span is nothing else.
        high = min(high, 2.0)
    high = min(model.peak_at(ray.square, ray.product), high)
    if not 0.0 < high < INFINITY:
        return 0.0
    if penalty.quadratic:
        return parabola_peak(model, penalty, ray, high)
    top, s = high, min(high, 1.0)  # the slope at the top is not known yet
    for _k in range(MOST_STEPS):
        at = dual_at(model, penalty, ray, s)
        best = max(best, at.value)
        if s == top:
            top = INFINITY
        if at.slope >= 0.0:
            low = s
        else:
            high = s
        step = -at.slope / at.curvature
        if fabs(step * at.slope) <= NOTHING or high - low <= 4.0 * EPS * high:
            break
        if s + step >= top:
            step = top - s
        elif not (low < s + step < high and fabs(step) <= 0.5 * last):
            step = 0.5 * (low + high) - s
        last = fabs(step)
        s += step
    return best


cdef double parabola_peak(
    QuadraticModel model, Penalty penalty, DualRay ray, double high
) noexcept nogil:
    """The best dual objective for 0 <= s <= high where it is a quadratic: one sum over columns."""
    cdef DualSums sums = penalty.dual_sums(high, ray.c, ray.skip)
    cdef double first = model.dual_at(0.0, ray.square, ray.product).slope
    cdef double last = model.dual_at(high, ray.square, ray.product).slope - sums.slope
    cdef double share = first / (first - last) if last < 0.0 else 1.0
    cdef double best = model.dual_at(share * high, ray.square, ray.product).value
    best -= share * share * sums.value
    return max(best, 0.0) if isfinite(best) else 0.0


def relative_gap(QuadraticModel model, Penalty penalty, double primal, rays):
    """(primal - best dual value on the rays) / F(0), clipped at 0; nan without a ray."""
    cdef double dual = -INFINITY
    cdef DualRay ray
    for ray in rays:
        with nogil:
            dual = max(dual, best_dual(model, penalty, ray))
    return NAN if dual == -INFINITY else model.gap_of(primal, dual)
