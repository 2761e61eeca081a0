"""The global minimum of a small non-convex fit, by enumeration of supports.

Exactness rests on three facts about a global minimiser w with support S, with G = X^T X / n and
c = X^T y / n (centred), L_j = G_jj, lam_j = alpha / L_j:

1. |w_j| >= beta_j = (2 lam_j (1-p))^(1/(2-p)): it is optimal along each coordinate, see
   `reference.smallest_nonzero`.
2. It is stationary on S, G_SS w = c_S - alpha p sign(w) |w|^(p-1), so with ols = G_SS^-1 c_S and
   by 1.: |w_j - ols_j| <= alpha p sum_k |G_SS^-1|_jk beta_k^(p-1), hence |w_j| <= M_j.
3. On [beta_j, M_j] the concave |.|^p lies above its chord a_j + c_j |.|, and for every u with
   |u_j| <= alpha c_j:  F >= RSS(S)/2n + alpha sum a_j + u.ols - u.G_SS^-1 u / 2.

So a support whose bound exceeds an upper bound cannot hold the global minimum. The few that remain are
solved on their support by majorisation (each |.|^p under its tangent parabola) from several
starts, then Newton steps; those of one problem are solved together.

The minima of the 200 problems that `draw` makes take minutes: they are stored, and some of them
recomputed by a test. `python tests/enumeration.py` writes them anew.
"""

from pathlib import Path

import numpy as np
from reference import NON_CONVEX, power, smallest_nonzero

RHOS, SHARES, DRAWS = (0.3, 0.7), (0.3, 0.1, 0.03), 100
STORED = Path(__file__).with_name("global_minima.npy")


def all_supports(n_features):
    return (np.arange(2**n_features)[:, None] >> np.arange(n_features) & 1).astype(bool)


class Supports:
    """Least squares on every support of one (X, y): shared by every p and alpha."""

    def __init__(self, X, y):
        n, self.n_features = X.shape
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        self.gram, self.c, self.null = Xc.T @ Xc / n, Xc.T @ yc / n, yc @ yc / (2 * n)
        self.supports = all_supports(self.n_features)
        S = self.supports
        self.inverse = np.zeros((len(S), self.n_features, self.n_features))
        for size in range(1, self.n_features + 1):
            rows = np.flatnonzero(S.sum(axis=1) == size)
            at = np.nonzero(S[rows])[1].reshape(len(rows), size)
            block = np.linalg.inv(self.gram[at[:, :, None], at[:, None, :]])
            self.inverse[rows[:, None, None], at[:, :, None], at[:, None, :]] = block
        self.ols = self.inverse @ self.c
        self.half_rss = self.null - 0.5 * self.ols @ self.c  # RSS(S) / 2n
        self.alpha_max = np.abs(self.c).max()

    def objective(self, w, alpha, p):
        quadratic = 0.5 * np.einsum("...i,ij,...j", w, self.gram, w) - w @ self.c
        return self.null + quadratic + alpha * power(w, p).sum(axis=-1)

    def lower_bounds(self, alpha, p, rows=None, sweeps=0):
        """The bound of fact 3 for the supports `rows`.

        u follows the signs of the least-squares solution, at the best scale; `sweeps` rounds of
        coordinate ascent over u tighten it (any u in its box gives a valid bound).
        """
        rows = np.arange(len(self.supports)) if rows is None else rows
        S, ols, inverse = self.supports[rows], self.ols[rows], self.inverse[rows]
        if p == 0:
            return self.half_rss[rows] + alpha * S.sum(axis=1)
        beta = smallest_nonzero(alpha / np.diag(self.gram), p)
        most = np.abs(ols) + np.abs(inverse) @ (alpha * p * beta ** (p - 1))
        possible = np.all(~S | (most >= beta), axis=1)
        wide = np.maximum(most - beta, 1e-300)
        slope = np.where(S & (most > beta), (most**p - beta**p) / wide, 0.0)
        constant = np.where(S, beta**p - slope * beta, 0.0).sum(axis=1)
        box = alpha * slope
        u = box * np.sign(ols)
        product = np.einsum("sij,sj->si", inverse, u)
        linear, square = (u * ols).sum(axis=1), (u * product).sum(axis=1)
        t = np.clip(linear / np.maximum(square, 1e-300), 0, 1)[:, None]
        u, product = t * u, t * product
        diagonal = np.where(S, np.einsum("sjj->sj", inverse), 1.0)
        for j in list(range(self.n_features)) * sweeps:
            move = u[:, j] + (ols[:, j] - product[:, j]) / diagonal[:, j]
            move = np.clip(move, -box[:, j], box[:, j]) - u[:, j]
            u[:, j] += move
            product += move[:, None] * inverse[:, j]
        dual = (u * (ols - 0.5 * product)).sum(axis=1)
        return np.where(possible, self.half_rss[rows] + alpha * constant + dual, np.inf)

    def _descend(self, w, alpha, p):
        """Local minima on the supports of the rows of w (signs free), and their objectives."""
        eye = np.eye(self.n_features)
        tiny = 1e-9 * np.sqrt(2 * self.null)
        for step in range(40):
            size = np.abs(w)
            on = size > tiny  # a coordinate that dies leaves the support: another support's case
            weight = alpha * p * np.where(on, size, 1.0) ** (p - 2)
            pairs = on[:, :, None] & on[:, None, :]
            if step < 25:  # majorisation: never uphill
                matrix = np.where(pairs, self.gram, 0.0) + eye * np.where(on, weight, 1.0)[:, None]
                w = np.linalg.solve(matrix, np.where(on, self.c, 0.0)[:, :, None])[:, :, 0]
            else:  # Newton, kept where it falls
                gradient = np.where(on, w @ self.gram - self.c + weight * w, 0.0)
                curvature = np.where(on, (p - 1) * weight, 1.0)
                matrix = np.where(pairs, self.gram, 0.0) + eye * curvature[:, None]
                try:
                    move = np.linalg.solve(matrix, gradient[:, :, None])[:, :, 0]
                except np.linalg.LinAlgError:
                    break
                trial = np.where(on, w - move, 0.0)
                falls = self.objective(trial, alpha, p) < self.objective(w, alpha, p)
                if not falls.any():
                    break
                w = np.where(falls[:, None], trial, w)
        w = np.where(np.abs(w) > tiny, w, 0.0)
        return w, self.objective(w, alpha, p)

    def minimum(self, alpha, p, upper=np.inf):
        """(objective, w, supports solved). `upper`: any value already reached, to prune with."""
        bounds = self.lower_bounds(alpha, p)
        order = np.argsort(bounds, kind="stable")
        if p == 0:
            return bounds[order[0]], self.ols[order[0]], 1
        best, best_w, solved = self.null, np.zeros(self.n_features), 0
        beta = smallest_nonzero(alpha / np.diag(self.gram), p)
        while len(order):
            rows, order = order[: 8 if solved == 0 else 64], order[8 if solved == 0 else 64 :]
            S, ols = self.supports[rows], self.ols[rows]
            sign = np.sign(ols)
            slope = alpha * p * sign * np.maximum(np.abs(ols), beta) ** (p - 1)
            shrunk = ols - np.einsum("sij,sj->si", self.inverse[rows], slope)
            floor = np.where(S, sign * np.maximum(np.abs(shrunk), beta), 0.0)
            starts = np.concatenate([ols, floor, np.where(S, sign * beta, 0.0)])
            w, value = self._descend(starts, alpha, p)
            k = np.argmin(value)
            if value[k] < best:
                best, best_w = value[k], w[k]
            limit = min(best, upper) * (1 - 1e-12)
            if solved == 0:  # a few of the most promising first; then better bounds for the rest
                order = order[bounds[order] < limit]
                if len(order) > 64:
                    bounds[order] = self.lower_bounds(alpha, p, order, sweeps=3)
                    order = order[np.argsort(bounds[order], kind="stable")]
            solved += len(rows)
            order = order[bounds[order] < limit]
        return best, best_w, solved


def planted(rng, n, n_features, rho, nonzeros=4, r2=0.8):
    """AR(1) columns, a few coefficients of mixed sign, noise for the R2 named."""
    X = rng.normal(size=(n, n_features))
    for j in range(1, n_features):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    w = np.zeros(n_features)
    at = rng.choice(n_features, nonzeros, replace=False)
    w[at] = rng.choice([-1, 1], nonzeros) * rng.uniform(0.5, 2, nonzeros)
    signal = X @ w
    y = signal + rng.normal(size=n) * signal.std() * np.sqrt((1 - r2) / r2)
    return X, y


def draw(rho, seed):
    """X and y of one of the problems whose global minima are stored."""
    return planted(np.random.default_rng([seed, int(10 * rho)]), 50, 12, rho)


def minima_of(X, y):
    """The global minima at every share of alpha_max in SHARES and every p below one."""
    table = Supports(X, y)
    return [[table.minimum(share * table.alpha_max, p)[0] for p in NON_CONVEX] for share in SHARES]


def stored_minima():
    """The minima by rho, seed, share and p."""
    return np.load(STORED)


if __name__ == "__main__":
    np.save(STORED, [[minima_of(*draw(rho, seed)) for seed in range(DRAWS)] for rho in RHOS])
