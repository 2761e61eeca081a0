"""The inner solver: coordinate descent on a system, with Newton steps on the settled support."""

import math

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from ._coordinate_descent import coordinate_descent
from .certificate import DualRay, certify

# Numbers touched by one call into compiled code: a fraction of a second, then Python may interrupt.
BUDGET = 3e8
# Rounds after which the certificate is looked at again, whatever the goal.
MOST_ROUNDS = 300
# Sweeps over the non-zeros between two sweeps over all columns.
ACTIVE_SWEEPS = 10
# Supports up to this size have their Newton system factorised, larger ones use conjugate gradients.
MOST_FACTORISED = 1500


def descend(system, loss, penalty, u, square, goal, gap_goal=math.nan):
    """Minimise over the columns of the system, from u, in place.

    Parameters
    ----------
    system : System
        Knows the residual of u; is kept up to date.
    loss : loss
    penalty : Penalty
        On the system's columns.
    u : ndarray of shape (m,)
    square : float
        r . r of the residual that the system starts from.
    goal : float
        Largest 1-D step that may be left.
    gap_goal : float
        Relative duality gap, of the problem on these columns, at which to stop; nan: no gap.
    """
    every = np.arange(len(u))
    start, start_c = u.copy(), system.correlations()
    skip = np.zeros(len(u), dtype=np.uint8)
    support = None
    for _ in range(MOST_ROUNDS):
        largest = coordinate_descent(system, penalty, u, every, 1, 0.0, BUDGET)[1]
        if largest <= goal:
            return
        if not math.isnan(gap_goal):
            c = system.correlations()
            # r = r_0 - A (u - u_0), and A^T r is at hand: both products without a residual.
            step = u - start
            now = square - step @ (start_c + c)
            product = square - step @ start_c + start @ c
            ray = DualRay(c, now, product, skip)
            if certify(loss, penalty, u, c, now, [ray]).gap <= gap_goal:
                return
        active = np.flatnonzero(u)
        if len(active) == 0:
            continue
        sweeps, *_ = coordinate_descent(
            system, penalty, u, active, ACTIVE_SWEEPS, 0.1 * goal, BUDGET
        )
        settled = np.flatnonzero(u)
        if sweeps == ACTIVE_SWEEPS and support is not None and np.array_equal(support, settled):
            newton_step(system, penalty, u, settled)
            settled = np.flatnonzero(u)
        support = settled


def newton_step(system, penalty, u, support):
    """One Newton step on the support, kept inside the orthant, taken if the objective falls."""
    penalty = penalty.restrict(support)
    old = u[support]
    c = system.correlations()[support]
    gradient = c - penalty.slope(old)
    direction = newton_direction(system, support, gradient, penalty.curvature(old))
    if direction is None:
        return False
    old_value = penalty.value(old)
    for new in candidates(old, direction, penalty.sparsifies):
        step = new - old
        gain = c @ step - 0.5 * step @ system.normal(support, step)
        gain += old_value - penalty.value(new)
        if gain > 0.0:
            system.move(support, step)
            u[support] = new
            return True
    return False


def candidates(old, direction, stay):
    """The full step and, where it would change signs, its projection and the step to the border."""
    new = old + direction
    crossed = (np.sign(new) != np.sign(old)) if stay else np.zeros(len(old), dtype=bool)
    if not crossed.any():
        yield new
        return
    yield np.where(crossed, 0.0, new)
    with np.errstate(divide="ignore"):
        ratio = np.where(crossed, -old / direction, np.inf)
    first = int(np.argmin(ratio))
    new = old + ratio[first] * direction
    new[first] = 0.0
    new[np.sign(new) != np.sign(old)] = 0.0
    yield new


def newton_direction(system, support, gradient, curvature):
    """(A_S^T A_S + diag(curvature))^-1 gradient, None where the matrix is not positive definite."""
    if len(support) <= MOST_FACTORISED:
        matrix = system.normal_matrix(support)
        if matrix is not None:
            # Twin columns make the Gram singular; the least of ridges lets them share.
            matrix[np.diag_indices(len(support))] += curvature + 1e-12
            try:
                factor = cho_factor(matrix.T, overwrite_a=True, check_finite=False)
            except LinAlgError:
                return None
            return cho_solve(factor, gradient, check_finite=False)
    return conjugate_gradients(
        lambda v: system.normal(support, v) + curvature * v, gradient, 1.0 + curvature
    )


def conjugate_gradients(operator, b, diagonal, rtol=1e-6, max_iter=100):
    """Preconditioned conjugate gradients; None at negative curvature in the first step."""
    if np.any(diagonal <= 0):
        return None
    x = np.zeros_like(b)
    r = b.copy()
    z = r / diagonal
    p = z.copy()
    rz = r @ z
    stop = rtol**2 * rz
    for k in range(max_iter):
        if rz <= stop:
            break
        q = operator(p)
        bend = p @ q
        if bend <= 0.0:
            return None if k == 0 else x
        x += (rz / bend) * p
        r -= (rz / bend) * q
        z = r / diagonal
        rz, old = r @ z, rz
        p = z + (rz / old) * p
    return x
