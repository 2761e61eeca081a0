"""Monotone accelerated proximal gradient, every p.

Nesterov's momentum (Beck and Teboulle, 2009) with the safeguard of Li and Lin (2015): where the
accelerated point does not lower the objective, the plain proximal step from the present point is
taken, which always does, and the momentum starts anew. For p < 1 the limit need not be optimal
coordinate by coordinate, so that coordinate sweeps end the fit.
"""

import numpy as np

from ..coefficients import Coefficients
from ..working_set import outer_loop


def solve(problem, start, *, tol, max_iter):
    """A `Solution` for each target, from its `Coefficients`."""
    lipschitz = {
        view: largest_eigenvalue(view, problem.tuning.proximal) for view in set(problem.rows.views)
    }
    solutions = []
    for t in range(problem.n_problems):
        descent = ProximalGradient(problem, t, start[t].dense, lipschitz[problem.view(t)])
        solutions.append(descent.solve(tol, max_iter))
    if all(penalty.convex for penalty in problem.penalties):
        return solutions
    left = max(1, max_iter - max(s.n_iter for s in solutions))
    start = [solution.u for solution in solutions]
    swept = outer_loop.solve(problem, start, tol=tol, max_iter=left)
    for first, last in zip(solutions, swept, strict=True):
        last.n_iter = min(first.n_iter + last.n_iter, max_iter)
    return swept


def largest_eigenvalue(A, tuning):
    """|A|^2 by power iteration, from a fixed start; the line search mends what it lacks."""
    v = np.random.default_rng(0).standard_normal((A.n_columns, 1))
    size = 1.0
    for _ in range(tuning.power_steps):
        v = A.correlate(A.predict(v / np.linalg.norm(v)))
        size = float(np.linalg.norm(v))
        if size == 0.0:
            return 1.0
    return 1.01 * size


class ProximalGradient:
    """One target's fit; a point is kept together with its predictions A u."""

    def __init__(self, problem, target, u, lipschitz):
        self.problem, self.target = problem, target
        self.A, self.penalty = problem.view(target), problem.penalties[target]
        self.y = problem.target(target)
        self.tuning, self.lipschitz = problem.tuning.proximal, lipschitz
        self.u = u
        self.prediction = self.predict(self.u)
        self.objective = self.value(self.u, self.prediction)

    def predict(self, u):
        return self.A.predict(u[:, None])[:, 0]

    def value(self, u, prediction):
        return self.problem.objective(Coefficients.every(u), self.y - prediction, self.target)

    def solve(self, tol, max_iter):
        last, last_prediction = self.u, self.prediction
        momentum, idle, best, lowest = 1.0, 0, np.inf, np.inf
        for n_iter in range(1, max_iter + 2):
            if n_iter % self.tuning.check == 1 or n_iter > max_iter:
                (now,) = self.problem.evaluate([Coefficients.every(self.u)], [self.target])
                certificate = now.certificate
                # The objective feels a step squared: it stands still long before the step does.
                # The certificate of an accelerated point comes and goes. Rounding error stops both.
                moved = self.objective < lowest * (1 - 1e-15) or certificate.deciding[1] < best
                idle = 0 if moved else idle + 1
                best, lowest = min(best, certificate.deciding[1]), min(lowest, self.objective)
                if certificate.reached(tol) or n_iter > max_iter or idle >= self.tuning.most_idle:
                    break
            following = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum**2))
            weight = (momentum - 1.0) / following
            start = self.u + weight * (self.u - last)
            start_prediction = self.prediction + weight * (self.prediction - last_prediction)
            u, prediction, objective = self.step(start, start_prediction)
            momentum = following
            if objective > self.objective:
                u, prediction, objective = self.step(self.u, self.prediction)
                momentum = 1.0
            last, last_prediction = self.u, self.prediction
            self.u, self.prediction, self.objective = u, prediction, objective
        u = Coefficients.every(self.u)
        return outer_loop.Solution(u, now.objective, certificate, min(n_iter, max_iter))

    def step(self, start, start_prediction):
        """The proximal step from a point, at the largest step size that majorises.

        |A|^2 is at most the number of its columns, which have unit norm: a curvature that seems
        larger is rounding error of the predictions.
        """
        c = self.A.correlate((self.y - start_prediction)[:, None])[:, 0]
        while True:
            u = self.penalty.prox_at(start + c / self.lipschitz, 1.0 / self.lipschitz)
            prediction = self.predict(u)
            change = prediction - start_prediction
            move = u - start
            enough = self.lipschitz * (move @ move) * (1 + 1e-12) + self.tuning.rounding
            steeper = change @ change > enough and self.lipschitz <= self.A.n_columns
            if not steeper:  # or the numbers have overflowed
                return u, prediction, self.value(u, prediction)
            self.lipschitz *= 1.5
