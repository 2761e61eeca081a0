"""How good a point is, told without trusting the solver that found it."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

EPS, TINY = np.finfo(np.float64).eps, np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Certificate:
    """Duality gap relative to the null model (nan where there is no dual) and optimality.

    Attributes
    ----------
    gap : float
        (F(w) - best dual value found) / F(0), clipped at 0.
    optimality : float
        max_j min(|du_j|, sqrt(2 decrease_j)): the largest exact 1-D step left to take.
    """

    gap: float
    optimality: float

    @property
    def deciding(self):
        """Name and value of the figure that decides."""
        if math.isnan(self.gap):
            return "optimality_", self.optimality
        return "dual_gap_", self.gap

    def reached(self, tol):
        return self.deciding[1] <= tol


@dataclass(frozen=True)
class DualRay:
    """The dual candidates s * theta, s >= 0, as far as the gap needs them.

    ``c`` = A^T theta, ``square`` = theta . theta, ``product`` = theta . y. ``skip`` marks columns
    that theta is orthogonal to, if any: rounding must not make it infeasible.
    """

    c: np.ndarray
    square: float
    product: float
    skip: np.ndarray | None = None


def dual_value(loss, penalty, ray, search=True):
    """The best dual objective on the ray: max_s loss.dual_value(s) - sum_j h_j^*(s c_j).

    The raw residual (s = 1) is useless near p = 1, where the conjugate is a huge power; the best
    scaling is the root of a decreasing function. Without ``search`` two scalings are tried, that of
    the optimum and that which leaves nothing to the conjugates (for penalties that sparsify).
    """
    if ray.product <= 0.0:
        return 0.0
    limit = penalty.dual_scale_limit(ray.c, ray.skip) * (1 - 4 * EPS)
    if ray.skip is not None:
        # Orthogonal up to rounding, which no scaling may magnify: what is left of a residual that
        # lies in the span is nothing else.
        limit = min(limit, 2.0)
    high = min(loss.dual_peak(ray.square, ray.product), limit)
    if not 0.0 < high < math.inf:
        return 0.0

    if penalty.quadratic:
        found = parabola_peak(loss, penalty, ray, high)
        return max(found, 0.0) if math.isfinite(found) else 0.0

    def slope(s):
        return dual_slope(s, loss, penalty, ray)

    def value(s):
        found = loss.dual_value(s, ray.square, ray.product)
        found -= penalty.dual_sums(s, ray.c, ray.skip)[0]
        return found if math.isfinite(found) else 0.0

    if slope(high) >= 0.0:
        return max(value(high), 0.0)
    # Up to here the conjugates of what sparsifies are zero.
    low = 0.0
    if penalty.sparsifies:
        low = min(1.0 / max(penalty.closest(ray.c), TINY), high)
    if not search:
        return max(value(min(high, 1.0)), value(low), 0.0)
    if slope(low) < 0.0:
        low = 0.0
    # Any s is feasible: where the search runs out of steps, what it has will do.
    # brentq leaves its function behind in a cycle: one that held the ray would keep its vector.
    low, high = bracket(slope, low, high)
    of = loss, penalty, ray
    high = brentq(dual_slope, low, high, args=of, xtol=1e-300, rtol=4 * EPS, disp=False)
    return max(value(high), 0.0)


def dual_slope(s, loss, penalty, ray):
    """Derivative of the dual objective along a ray, as a number that can be compared."""
    value = loss.dual_slope(s, ray.square, ray.product)
    value -= penalty.dual_sums(s, ray.c, ray.skip)[1]
    return min(max(value, -1e300), 1e300) if value == value else -1e300


def parabola_peak(loss, penalty, ray, high):
    """The best dual objective for 0 <= s <= high where it is a quadratic: one sum over columns."""
    conjugates, bend = penalty.dual_sums(high, ray.c, ray.skip)
    first = loss.dual_slope(0.0, ray.square, ray.product)
    last = loss.dual_slope(high, ray.square, ray.product) - bend
    share = first / (first - last) if last < 0.0 else 1.0
    return loss.dual_value(share * high, ray.square, ray.product) - share * share * conjugates


def bracket(slope, low, high):
    """An interval within (low, high) around the root of a decreasing function: near 1 first."""
    for width in (1e-6, 1e-3, 0.5):
        if low < 1.0 - width and slope(1.0 - width) < 0.0:
            high = min(high, 1.0 - width)
        elif 1.0 + width < high and slope(1.0 + width) >= 0.0:
            low = max(low, 1.0 + width)
        else:
            return max(low, 1.0 - width), min(high, 1.0 + width)
    return low, high


def relative_gap(loss, penalty, primal, rays, search=True):
    """(primal - best dual value on the rays) / F(0), clipped at 0; nan without a ray.

    Without ``search`` it may be too large. In standardised units the null model has objective 1/2.
    """
    duals = [dual_value(loss, penalty, ray, search) for ray in rays]
    return max(2.0 * float(primal - max(duals)), 0.0) if duals else math.nan
