"""Newton steps on a settled support, inside the orthant that its signs span.

Once coordinate descent has found the support and its signs, what is left is a quadratic (nearly,
for p < 1) with bounds: coefficients may reach zero, but not pass it. An active-set method minimises
it: follow the Newton direction to the first bound, hold there what reached it, go on. Held
coordinates cost no new factorisation: one more solve with the old one each.
"""

import numpy as np
from scipy.linalg import LinAlgError

from ..linalg.packed_cholesky import STRIPE, cholesky
from ._projected_path import projected_path
from .tuning import DEFAULT


def newton_step(system, penalty, u, support, missing=0.0, tuning=DEFAULT):
    """One step on the support, in place; False where none lowers the objective.

    ``missing``: the share of what is missing now that the descent's goal leaves, in the units of a
    gradient. A step that iterates need not do better.
    """
    penalty = penalty.restrict(support)
    old = u[support]
    c = system.correlations()[support]
    gradient = c - penalty.slope(old)
    old_value = penalty.value(old)
    for new in candidates(system, penalty, support, old, gradient, missing, tuning):
        step = new - old
        gain = c @ step - 0.5 * step @ system.normal(support, step)
        gain += old_value - penalty.value(new)
        if gain > 0.0:
            system.move(support, step)
            u[support] = new
            return True
    return False


def candidates(system, penalty, support, old, gradient, missing, tuning=DEFAULT):
    """Where to go from ``old``, the boldest first."""
    curvature = penalty.curvature(old)
    bounded = penalty.sparsifies or penalty.positive
    if not system.has_matrix or len(support) > tuning.most_factorised:
        yield iterated(system, support, curvature, gradient, old, bounded, missing, tuning)
        return
    direction, solve = newton_direction(system, support, gradient, curvature, tuning)
    if direction is None and not penalty.convex:
        # Along what the data leave free the penalty is concave, and falls all the way to
        # zero. With the size of the curvature instead this is a step of the right length.
        direction, solve = newton_direction(system, support, gradient, np.abs(curvature), tuning)
    if direction is None:
        return
    crossed = np.sign(old + direction) != np.sign(old)
    if not (bounded and crossed.any()):
        yield old + direction
        return
    yield projected_path(old, direction, solve, tuning.most_held)
    yield projected_path(old, direction, solve, 0)


def newton_direction(system, support, gradient, curvature, tuning=DEFAULT):
    """(A_S^T A_S + diag(curvature))^-1 gradient, and what solves such systems.

    That solves them less exactly, on a Gram in single precision: without the step of refinement
    that the direction gets. No direction where the matrix is not positive definite.
    """
    # Twin columns make the Gram singular; the least of ridges lets them share.
    diagonal = curvature + system.ridge
    large = system.rounded and len(support) > STRIPE
    try_single = large and np.abs(diagonal).max() < tuning.largest_single
    for single in (True, False) if try_single else (False,):
        try:
            solve = cholesky(system.normal_block, support, diagonal, single)
        except LinAlgError:
            continue
        direction = solve(gradient)
        if not single:
            return direction, solve
        # One step of refinement, if it is one.
        left = gradient - system.normal(support, direction) - diagonal * direction
        if np.linalg.norm(left) <= tuning.left_by_single * np.linalg.norm(gradient):
            return direction + solve(left), solve
    return None, None


def iterated(system, support, curvature, gradient, old, bounded, missing=0.0, tuning=DEFAULT):
    """About the minimiser of the quadratic in the orthant of ``old``, by conjugate gradients.

    Where a step passes zero, what crossed is held at zero, all of it at once if that lowers
    the quadratic, else what crossed first. The iteration goes on without a fresh start: the next
    direction is conjugate to the last, up to what is held.
    """
    x, sign, r = old.copy(), np.sign(old), gradient.copy()
    inverse = 1.0 / np.where(curvature > -1.0, 1.0 + curvature, 1.0)

    def operator(v):
        return system.normal(support, v) + curvature * v

    z = inverse * r
    p, square, spent = z, float(r @ z), 0
    enough = max(tuning.share_left, (tuning.enough * missing) ** 2) * square
    while square > enough and spent < tuning.most_steps:
        image = operator(p)
        spent += 1
        curvature_along = float(p @ image)
        if not curvature_along > 0.0:
            break
        length = float(r @ p) / curvature_along
        step, fall = length * p, length * image
        crossed = bounded & (x != 0.0) & (np.sign(x + step) != sign)
        if crossed.any():
            move = np.where(crossed, -x, step)
            left = r - operator(move)
            spent += 1
            if move @ (r + left) <= 0.0:
                shares = np.where(crossed, -x, np.inf) / np.where(crossed, step, 1.0)
                share = shares.min()
                crossed = shares == share
                move, left = share * step, r - share * fall
            x = np.where(crossed, 0.0, x + move)
            r = np.where(crossed, 0.0, left)
            p = np.where(crossed, 0.0, p)
        else:
            x, r = x + step, r - fall
        r[x == 0.0] = 0.0
        z = inverse * r
        square = float(r @ z)
        p = z + max(-(z @ image) / curvature_along, 0.0) * p
        if p @ r <= 0.0:
            p = z
    return x
