"""Semismooth Newton augmented Lagrangian: for penalties that leave no exact zeros (p > 1).

And for any convex penalty where coordinate descent finds no certificate.

The outer loop takes proximal point steps of growing length sigma from a center u:

    minimise over w:   |y - A w|^2 / 2 + h(w) + |w - u|^2 / (2 sigma).

Each is solved in its dual. With the proximal step w = prox_(sigma h)(u + sigma A^T theta), the dual
point theta is the root of the gradient

    g(theta) = theta - y + A w

of a strongly convex function, whatever the penalty and however collinear the columns. Its Newton
direction d solves (I + A W A^T) d = -g with W = 1 / (1 / sigma + h''(w)). A line search looks for
the root of the slope along d, which takes no pass over X. Near p = 1, where w is next to zero or not within a hair's breadth of
the correlation, few other methods get on.

X. Li, D. Sun, K.-C. Toh, "A highly efficient semismooth Newton augmented Lagrangian method for
solving Lasso problems", SIAM Journal on Optimization 28(1), 2018.
"""

import math

import numpy as np

from ..certificates._duality import relative_gap
from ..certificates.certificate import Certificate
from ..coefficients import Coefficients
from ..working_set import outer_loop
from ..working_set.outer_loop import Solution
from . import linear_fit
from .newton_systems import newton_systems


def solve(problem, start, *, tol, max_iter):
    """A `Solution` for each target, from its `Coefficients`."""
    if all(penalty.quadratic for penalty in problem.penalties):
        return linear_fit.solve(problem, start, tol=tol, max_iter=max_iter)
    tuning = problem.tuning.smooth
    systems = {view: newton_systems(view, tuning) for view in set(problem.rows.views)}
    return [
        ProximalPoint(problem, t, u.dense, systems[problem.view(t)]).solve(tol, max_iter)
        for t, u in enumerate(start)
    ]


def solve_after_descent(problem, start, *, tol, max_iter, working_set=None):
    """The same, from where coordinate descent ends, for problems in which it finds no certificate.

    Where a direction, that is a sum of columns, has hardly a variance and hardly a penalty, sweeps
    creep along it, and rounding makes the residual of an optimal point no feasible dual point.
    """
    tuning = problem.tuning.smooth
    sparsifies = all(penalty.sparsifies for penalty in problem.penalties)
    passes = min(max_iter, tuning.passes_if_sparse if sparsifies else tuning.passes_if_dense)
    solutions = outer_loop.solve(problem, start, tol=tol, max_iter=passes, working_set=working_set)
    for t, old in enumerate(solutions):
        left = max_iter - old.n_iter
        if left == 0 or old.certificate.reached(max(tol, tuning.proven)):
            continue
        systems = newton_systems(problem.view(t), tuning)
        if sparsifies and systems.iterates:
            continue
        new = ProximalPoint(problem, t, old.u.dense, systems).solve(tol, left)
        new.n_iter += old.n_iter
        new.u = new.u.sparse()
        if new.certificate.deciding[1] <= old.certificate.deciding[1]:
            solutions[t] = new
        old.n_iter = new.n_iter
    return solutions


class ProximalPoint:
    """One target's fit: the center u, the dual point theta, its correlations c = A^T theta, and w."""

    def __init__(self, problem, target, u, systems):
        self.problem, self.target, self.systems = problem, target, systems
        self.A, self.y = problem.view(target), problem.target(target)
        self.penalty, self.model = problem.penalties[target], problem.models[target]
        self.span = problem.spans[target]
        self.tuning = problem.tuning.smooth
        self.u, self.sigma = u, self.tuning.first_step / self.tuning.growth
        self.theta = self.c = self.w = None
        self.n_iter = 0

    def solve(self, tol, max_iter):
        """Proximal point steps until the certificate is there; each Newton step counts for `max_iter`.

        The certificate is that of the residual, which anyone can recompute from the coefficients.
        Where their rounding spoils it, and it gets no better, the dual point at hand is the proof.
        """
        best, before, idle = None, None, 0
        least = lowest = residual_gap = math.inf
        growth = self.tuning.growth
        # Half the square of g is part of the duality gap between w and theta.
        enough = self.tuning.share_of_gap * math.sqrt(tol)
        while True:
            now = self.evaluate()
            by_residual = proof = now.certificate
            if best and not by_residual.reached(tol):
                self.c = self.correlate(self.theta)  # without the rounding of all the steps
                proof = self.certificate_of_theta(now)
            left = proof.deciding[1]
            idle = 0 if left < 0.9 * least else idle + 1
            if best is None or left < least:
                certificate = proof if proof.reached(tol) else by_residual
                best = Solution(Coefficients.every(self.u), now.objective, certificate, 0)
            least = min(least, left)
            if by_residual.reached(tol) or self.n_iter >= max_iter or idle > self.tuning.most_idle:
                break
            if proof.reached(tol):
                if by_residual.gap > 0.5 * residual_gap:
                    break
                enough *= 0.01
            residual_gap = by_residual.gap
            if now.objective > lowest + tol * self.model.null:
                # So long a step drowns in rounding.
                self.u, self.theta, self.c, self.sigma = before
                growth = math.sqrt(growth)
            else:
                before = self.u, self.theta, self.c, self.sigma
            lowest = min(lowest, now.objective)
            self.sigma *= growth
            self.u = self.step(enough, max_iter)
        best.n_iter = max(1, self.n_iter)
        return best

    def evaluate(self):
        """The `Evaluation` of the center, whose residual is the first dual point."""
        (now,) = self.problem.evaluate([Coefficients.every(self.u)], [self.target])
        if self.theta is None:
            self.theta, self.c = now.residual, now.correlations
        return now

    def certificate_of_theta(self, now):
        """The certificate with whichever is better for a dual point: the residual, or theta."""
        square, product = float(self.theta @ self.theta), float(self.theta @ self.y)
        rays = self.span.rays(self.theta, self.c, square, product, self.y)
        gap = relative_gap(self.model, self.penalty, now.objective, rays)
        return Certificate(np.fmin(gap, now.certificate.gap), now.certificate.optimality)

    def step(self, enough, max_iter):
        """Solve a proximal point step as far as is of use, by Newton's method; the new center."""
        self.w = self.prox(self.c)
        if self.n_iter == 0:
            self.shrink()
        size, t = math.inf, 1.0
        for k in range(self.tuning.most_steps):
            g = self.theta - self.y + self.predict(self.w)
            last, size = size, float(np.linalg.norm(g))
            # What is left of g should be less than what the step leaves of the problem. Where full
            # steps lead nowhere, rounding is all there is.
            moved = float(np.linalg.norm(self.w - self.u))
            if size <= min(self.tuning.share_of_step * moved / math.sqrt(self.sigma), enough):
                break
            if (k > 2 and t == 1.0 and size > 0.5 * last) or self.n_iter >= max_iter:
                break
            t = self.advance(g, size)
            if t == 0.0:
                break
            self.n_iter += 1
        return self.w

    def advance(self, g, size):
        """One Newton step; its length, zero if rounding leaves no descent."""
        weights = 1.0 / (1.0 / self.sigma + self.penalty.curvature(self.w))
        if self.penalty.positive or self.penalty.sparsifies:
            weights[self.w == 0.0] = 0.0
        d, along = self.systems.direction(g, weights, self.tuning.inexactness * size)
        return self.search(d, along, self.tuning.slope_left)

    def shrink(self):
        """Scale theta at best; the residual of a poor start is far too long."""
        self.search(-self.theta, -self.c, self.tuning.slope_left_at_first)

    def search(self, d, along, left):
        """Move theta along d, whose correlations are ``along``, and w with it; how far."""
        first, square = float((self.theta - self.y) @ d), float(d @ d)

        def slope(t):
            self.w = self.prox(self.c + t * along)
            return first + t * square + float(self.w @ along)

        t = root_of_slope(slope, first + float(self.w @ along), left)
        self.theta = self.theta + t * d
        self.c = self.c + t * along
        return t

    def prox(self, c):
        return self.penalty.prox_at(self.u + self.sigma * c, self.sigma)

    def correlate(self, r):
        return self.A.correlate(r[:, None])[:, 0]

    def predict(self, u):
        return self.A.predict(u[:, None])[:, 0]


def root_of_slope(slope, at_zero, left):
    """About where a rising function of t becomes zero, in [0, 1]; 1 if not before, 0 if it is not
    negative at 0. What is returned, unless it is 0, is where the function was last called.

    Up to the share ``left`` of its value at 0, by the secant method, safeguarded by bisection.
    """
    if not at_zero < 0.0:
        return 0.0
    enough = -left * at_zero
    low, high, at_low, at_high = 0.0, 1.0, at_zero, slope(1.0)
    if at_high <= enough:
        return 1.0
    for _ in range(40):
        t = low + (high - low) * min(0.99, max(0.1, at_low / (at_low - at_high)))
        value = slope(t)
        if abs(value) <= enough:
            break
        if value < 0.0:
            low, at_low = t, value
        else:
            high, at_high = t, value
    return t
