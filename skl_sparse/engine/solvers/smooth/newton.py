"""Semismooth Newton on the normal map: for penalties that leave no exact zeros (p > 1).

With z = u + grad h(u), that is u = prox(z), the optimality condition A^T (y - A u) = grad h(u) is

    N(z) = A^T (y - A prox(z)) + prox(z) - z = 0.

Its generalised Jacobian is -(I - P + A^T A P) with P = diag(prox'(z)), entries in [0, 1]. In
v = P^(-1/2) dprox the Newton system is symmetric with unit diagonal and eigenvalues between 0 and
1 + |A|^2, however unequal the curvatures of the penalty are:

    (I - P + P^(1/2) A^T A P^(1/2)) v = P^(1/2) N.

The step is taken in z, where the path prox(z + t dz) bends with the penalty; du = P dz is a descent
direction of the objective, which a line search watches.
"""

import math

from ..coefficients import Coefficients
from ..working_set import outer_loop
from ..working_set.outer_loop import Solution
from ..working_set.tuning import DEFAULT
from . import linear_fit
from .newton_systems import newton_systems

# Decrease of the objective that needs no shorter step, as a share of the step's slope; that of a
# quadratic is a half.
ENOUGH = 0.25
# Up to so many columns a fit that stalls is handed to coordinate sweeps.
MOST_SWEPT = 1000
# Share of its square that a Newton system's residual may keep, early on.
MOST_LEFT = 1e-3


def solve(problem, start, *, tol, max_iter):
    """A `Solution` for each target, from its `Coefficients`."""
    if all(penalty.quadratic for penalty in problem.penalties):
        return linear_fit.solve(problem, start, tol=tol, max_iter=max_iter)
    systems = {view: newton_systems(view) for view in set(problem.rows.views)}
    solutions = [
        NormalMap(problem, t, u.dense, systems[problem.view(t)]).solve(tol, max_iter)
        for t, u in enumerate(start)
    ]
    left = max_iter - max(solution.n_iter for solution in solutions)
    stalled = not all(solution.certificate.reached(tol) for solution in solutions)
    if stalled and left > 0 and problem.n_columns <= MOST_SWEPT:
        return swept(problem, solutions, tol, left)
    return solutions


def swept(problem, solutions, tol, max_iter):
    """The solutions after coordinate sweeps, which get on where Newton steps do not.

    That is so near p = 1, where the prox is flat around zero but for the last digits.
    """
    start = [solution.u for solution in solutions]
    after = outer_loop.solve(problem, start, tol=tol, max_iter=max_iter)
    for old, new in zip(solutions, after, strict=True):
        new.n_iter += old.n_iter
    return [
        old if old.certificate.deciding[1] <= new.certificate.deciding[1] else new
        for old, new in zip(solutions, after, strict=True)
    ]


class NormalMap:
    """One target's fit."""

    def __init__(self, problem, target, u, systems):
        self.problem, self.target, self.systems = problem, target, systems
        self.A, self.penalty = problem.view(target), problem.penalties[target]
        self.u = u
        self.z = self.u + self.penalty.slope(self.u)

    def solve(self, tol, max_iter):
        best, idle = math.inf, 0
        for n_iter in range(1, max_iter + 2):
            (now,) = self.problem.evaluate([Coefficients.every(self.u)], [self.target])
            certificate = now.certificate
            idle = 0 if certificate.deciding[1] < 0.9 * best else idle + 1
            best = min(best, certificate.deciding[1])
            if certificate.reached(tol) or n_iter > max_iter or idle >= 10 * DEFAULT.patience:
                break
            self.advance(now)
        u = Coefficients.every(self.u)
        return Solution(u, now.objective, certificate, min(n_iter, max_iter))

    def advance(self, now):
        """One Newton step; where the line search fails, one proximal gradient step.

        A step that lowers the objective by much less than a quadratic would is shortened as long
        as that helps. Along a direction that the data leave free, |u|^p sends u to the far side
        of zero: to -u for p = 3/2, beyond it for lower p; the next step would lead back.
        """
        old, c = now.objective, now.correlations
        normal = c + self.u - self.z
        slopes = self.slopes()
        share = max(min(MOST_LEFT, now.certificate.optimality**2), 1e-28)
        du, gram_du = self.systems.solve(normal, slopes, share)
        dz = normal - gram_du + du
        gain = normal @ du
        t, lowest = 1.0, math.inf
        for _ in range(15):
            z = self.z + t * dz
            u = self.penalty.prox_at(z)
            new = self.objective(u)
            if lowest <= new and lowest < math.inf:
                break
            if new <= old - 1e-4 * t * gain + 1e-15 * old:
                best, lowest = (z, u), new
                if new <= old - ENOUGH * t * gain:
                    break
            t *= 0.5
        if lowest < math.inf:
            self.z, self.u = best
            return
        step = 1.0
        for _ in range(60):
            u = self.penalty.prox_at(self.u + step * c, step)
            if self.objective(u) < old:
                self.u, self.z = u, u + self.penalty.slope(u)
                return
            step *= 0.5

    def slopes(self):
        """prox'(z), cheaper from u = prox(z) than from z."""
        slopes = 1.0 / (1.0 + self.penalty.curvature(self.u))
        if self.penalty.positive:
            slopes[(self.u == 0.0) & (self.z <= 0.0)] = 0.0
        return slopes

    def objective(self, u):
        u = Coefficients.every(u)
        r = self.problem.rows.residuals([u], [self.target])[:, 0]
        return self.problem.objective(u, r, self.target)
