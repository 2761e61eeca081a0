"""What a fit must satisfy, recomputed in plain NumPy and independent of the package.

The problem, for one target (s: sample weights, v: feature weights, S = sum of s):

    F(w, b) = 1/(2 S) sum_i s_i (y_i - x_i.w - b)^2 + sum_j v_j (alpha |w_j|^p + alpha_l2/2 w_j^2)

Everything here favours being obviously right over being fast: roots by bisection, the best dual
scaling by bisection on the derivative of the concave dual, centred dense data where it fits.
"""

import numpy as np
import scipy.optimize
import scipy.sparse as sp

POWERS = (0.0, 0.1, 0.3, 0.5, 2 / 3, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0)
NON_CONVEX = tuple(p for p in POWERS if p < 1)
CONVEX = tuple(p for p in POWERS if p >= 1)


def power(x, p):
    """|x|^p, with 0^0 = 0: the penalty at p = 0 counts the non-zeros."""
    x = np.abs(np.asarray(x, dtype=float))
    return (x > 0).astype(float) if p == 0 else x**p


def prox_objective(x, z, lam, p):
    x, z = np.asarray(x, dtype=float), np.asarray(z, dtype=float)
    return 0.5 * (x - z) ** 2 + lam * power(x, p)


def smallest_nonzero(lam, p):
    """The least non-zero value that the global 1-D step takes, for p < 1.

    A non-zero minimiser x is stationary, z = x + lam p x^(p-1). Put into "no worse than 0",
    that reads lam (1-p) x^p <= x^2 / 2, that is x^(2-p) >= 2 lam (1-p).
    """
    return (2 * np.asarray(lam, dtype=float) * (1 - p)) ** (1 / (2 - p))


def jump_of_prox(lam, p):
    """The |z| at which the global 1-D step leaves zero (p <= 1)."""
    lam = np.asarray(lam, dtype=float)
    if p == 1:
        return lam
    x = smallest_nonzero(lam, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(lam > 0, lam * p * x ** (p - 1), 0.0)
    return x + slope


def _bisect(rises, low, high, steps=1100):
    """Elementwise root of a rising function, down to neighbouring floats."""
    low, high = np.array(low, dtype=float), np.array(high, dtype=float)
    for _ in range(steps):
        middle = 0.5 * low + 0.5 * high
        if np.all((middle <= low) | (middle >= high)):
            break
        below = rises(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


def prox(z, lam, p, positive=False):
    """Global minimiser of (x - z)^2 / 2 + lam |x|^p by bisection of the derivative."""
    z, lam = np.broadcast_arrays(np.asarray(z, dtype=float), np.asarray(lam, dtype=float))
    size = np.where(z > 0, z, 0.0) if positive else np.abs(z)
    with np.errstate(all="ignore"):
        if p == 0:
            x = np.where(size * size > 2 * lam, size, 0.0)
        elif p < 1:
            # the derivative falls up to its inflection, then rises: the minimum is to the right
            turn = (lam * p * (1 - p)) ** (1 / (2 - p))
            turn = np.minimum(np.maximum(turn, 1e-300), size)

            def derivative(x):
                return x - size + lam * p * x ** (p - 1)

            root = _bisect(derivative, turn, size)
            root = np.where(lam == 0, size, root)
            better = prox_objective(root, size, lam, p) < prox_objective(0.0, size, lam, p)
            # nan where lam * p underflows and the turn is at 0: no slope to climb, either
            x = np.where(better & ~(derivative(turn) >= 0) | (lam == 0), root, 0.0)
        elif p == 1:
            x = np.maximum(size - lam, 0.0)
        elif p == 2:
            x = size / (1 + 2 * lam)
        else:
            x = _bisect(lambda x: x - size + lam * p * x ** (p - 1), np.zeros_like(size), size)
            x = np.where(lam == 0, size, x)
    return np.where(z < 0, -x, x)


def prox_by_grid(z, lam, p, positive=False, points=4001):
    """The same by brute force: a dense grid, its best cell refined by golden section, and 0."""
    if (positive and z <= 0) or z == 0:
        return 0.0
    size = abs(z)
    fine = np.geomspace(1e-12, 1 / points, points, endpoint=False)
    grid = size * np.r_[0, fine, np.linspace(1 / points, 1, points)]
    values = prox_objective(grid, size, lam, p)
    # every local minimum of the grid is a candidate, not only the lowest one
    right = np.r_[values[1:], np.inf]
    best, low_points = 0.0, np.flatnonzero((values[1:] <= values[:-1]) & (values[1:] <= right[1:]))
    for k in low_points + 1:
        low, high = grid[k - 1], grid[min(k + 1, len(grid) - 1)]
        for _ in range(120):
            a, b = high - 0.6180339887498949 * (high - low), low + 0.6180339887498949 * (high - low)
            if not low < a < b < high:  # neighbouring floats
                break
            if prox_objective(a, size, lam, p) <= prox_objective(b, size, lam, p):
                high = b
            else:
                low = a
        x = 0.5 * (low + high)
        if prox_objective(x, size, lam, p) < prox_objective(best, size, lam, p):
            best = x
    return float(np.copysign(best, z)) if best else 0.0


def random_sparse(rng, n, n_features, density):
    """CSR of standard normal entries, each stored with the probability named."""
    X = sp.csr_array(rng.normal(size=(n, n_features)) * (rng.random((n, n_features)) < density))
    # 32-bit indices, which older versions of scikit-learn's own estimators insist on
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return X


class Problem:
    """One target's problem, and what can be said of any (w, b) from outside a solver."""

    def __init__(
        self,
        X,
        y,
        *,
        alpha=1.0,
        p=1.0,
        alpha_l2=0.0,
        fit_intercept=True,
        positive=False,
        sample_weight=None,
        feature_weights=None,
    ):
        y = np.asarray(y, dtype=float)
        self.s = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        self.total = self.s.sum()
        self.sparse = sp.issparse(X)
        self.X = sp.csc_array(X).astype(float) if self.sparse else np.asarray(X, dtype=float)
        n_features = self.X.shape[1]
        self.v = (
            np.ones(n_features) if feature_weights is None else np.asarray(feature_weights, float)
        )
        # alpha and alpha_l2 may also be arrays with an entry for each column
        self.y, self.p = y, float(p)
        self.lam, self.ridge = alpha * self.v, alpha_l2 * self.v
        self.free = (self.lam == 0) & (self.ridge == 0)
        self.fit_intercept, self.positive = fit_intercept, positive
        share = self.s / self.total
        if fit_intercept:
            self.mean = np.asarray(self.X.T @ share).ravel()
            self.y_mean = share @ y
            if not self.sparse:  # a second pass removes the rounding of the first
                self.mean = self.mean + share @ (self.X - self.mean)
        else:
            self.mean, self.y_mean = np.zeros(n_features), 0.0
        self.yc = y - self.y_mean
        self.Xc = None if self.sparse else self.X - self.mean
        self.null = 0.5 * share @ self.yc**2
        if self.null <= 1e-30 * (share @ y**2):  # a constant target, up to rounding
            self.null, self.yc = 0.0, np.zeros_like(self.yc)
        self.share = share

    # -- the objective ---------------------------------------------------------------------------
    def penalty(self, w):
        w = np.asarray(w, dtype=float)
        return float(self.lam @ power(w, self.p) + 0.5 * self.ridge @ (w * w))

    def loss(self, w, b):
        """Mean loss. Dense data is centred first, so that a mean of 1e8 costs no digits."""
        w, b = np.asarray(w, dtype=float), float(b)
        if self.sparse:
            r = self.y - self.X @ w - b
        else:
            r = self.yc - self.Xc @ w - self._offset(w, b)
        return float(0.5 * self.share @ r**2)

    def _offset(self, w, b):
        """What b adds beyond the best intercept for w; rounding of the products is forgiven."""
        exact = self.y_mean - self.mean @ w
        scale = abs(self.y_mean) + np.abs(self.mean) @ np.abs(w) + abs(b)
        return 0.0 if abs(b - exact) <= 1e-13 * scale else b - exact

    def objective(self, w, b):
        return self.loss(w, b) + self.penalty(w)

    def residual(self, w):
        """y - X w, centred where there is an intercept."""
        w = np.asarray(w, dtype=float)
        if self.sparse:
            r = self.y - self.X @ w
            return r - self.share @ r if self.fit_intercept else r
        return self.yc - self.Xc @ w

    def best_intercept(self, w):
        return self.y_mean - self.mean @ np.asarray(w, dtype=float) if self.fit_intercept else 0.0

    def correlate(self, r):
        """X^T S r / sum s, of the centred X."""
        sr = self.share * r
        if self.sparse:
            return np.asarray(self.X.T @ sr).ravel() - self.mean * sr.sum()
        return self.Xc.T @ sr

    def curvature(self):
        """L_j: the weighted variance of a column (mean square without an intercept)."""
        if not self.sparse:
            L = self.share @ self.Xc**2
            scale = self.share @ self.X**2
        else:
            X = sp.csc_array(self.X)
            X.sum_duplicates()
            column = np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))
            shifted = self.share[X.indices] * (X.data - self.mean[column]) ** 2
            stored = np.bincount(column, self.share[X.indices], X.shape[1])
            L = np.bincount(column, shifted, X.shape[1])
            L += np.maximum(1 - stored, 0) * self.mean**2
            scale = np.bincount(column, self.share[X.indices] * X.data**2, X.shape[1])
        return np.where(L <= 1e-28 * scale, 0.0, L)  # a constant column, up to rounding

    def alpha_max(self):
        """max_j |x_j.(y - mean y)| / n, whatever p."""
        return float(np.abs(self.correlate(self.yc)).max())

    # -- optimality ------------------------------------------------------------------------------
    def best_steps(self, w):
        """The global minimiser of F along each coordinate, and what moving there would gain."""
        w = np.asarray(w, dtype=float)
        L, g = self.curvature(), self.correlate(self.residual(w))
        whole = L + self.ridge
        with np.errstate(all="ignore"):  # a penalty of 1e280 on a column of no deviation
            z = np.where(whole > 0, (L * w + g) / whole, 0.0)
            lam = np.where(L > 0, np.minimum(self.lam / whole, 1e300), 0.0)
            x = np.where(L > 0, prox(z, lam, self.p, self.positive), 0.0)
            pen = lam * (power(w, self.p) - power(x, self.p))
            gain = whole * (0.5 * (w - x) * ((w - z) + (x - z)) + pen)
        return x, np.where(w == x, 0.0, gain), L

    def shortfalls(self, w):
        """min(sqrt(L_j) |step_j|, sqrt(2 gain_j)) / sqrt(2 F(0)), and whether step_j is a jump."""
        x, gain, L = self.best_steps(w)
        if self.p < 1:  # a short step's gain is a difference that rounding wipes out
            with np.errstate(all="ignore"):
                curvature = (
                    L + self.ridge + self.lam * self.p * (self.p - 1) * np.abs(x) ** (self.p - 2)
                )
                second_order = 0.5 * curvature * (x - w) ** 2
            close = (x != 0) & (np.abs(x - w) <= 1e-6 * np.abs(x))
            gain = np.where(close, second_order, gain)
        short = np.fmin(np.sqrt(L) * np.abs(x - w), np.sqrt(2 * np.maximum(gain, 0)))
        unit = np.sqrt(2 * self.null) if self.null > 0 else np.inf
        return short / unit, (x == 0) != (np.asarray(w) == 0)

    def optimality(self, w, columns=None):
        """The largest shortfall, over `columns`."""
        short = self.shortfalls(w)[0]
        return float((short if columns is None else short[columns]).max(initial=0.0))

    # -- the dual --------------------------------------------------------------------------------
    def _conjugate(self, g, skip):
        """h*(g) of every column not skipped, and its maximisers u (derivatives of h*)."""
        g = np.where(skip, 0.0, np.maximum(g, 0) if self.positive else np.abs(g))
        a, ridge, p = self.lam, self.ridge, self.p
        with np.errstate(all="ignore"):
            if p == 1:
                over = np.where(g <= a * (1 + 1e-14), 0.0, g - a)
                u = np.where(over > 0, over / ridge, 0.0)
                return np.where(over > 0, 0.5 * over * u, 0.0), u
            u = np.where(a > 0, (g / (a * p)) ** (1 / (p - 1)), g / ridge)
            both = (a > 0) & (ridge > 0) & (g > 0)
            if both.any():
                aj, rj, gj = a[both], ridge[both], g[both]
                t = _bisect(
                    lambda t: aj * p * np.exp((p - 1) * t) + rj * np.exp(t) - gj,
                    np.full_like(gj, -1400.0),
                    np.full_like(gj, 700.0),
                )
                u[both] = np.exp(t)
            # g = a p u^(p-1) + ridge u, so that no difference of large numbers is left
            value = (g - ridge * u) * u * ((p - 1) / p) + 0.5 * ridge * u * u
        return np.where(g > 0, value, 0.0), np.where(g > 0, u, 0.0)

    def dual_gap(self, w, b=None, columns=None):
        """(F(w, b) - D(theta)) / F(0), theta the residual made feasible and scaled at best.

        nan for p < 1 and where there are columns (constant ones aside), none of them penalised.
        `columns` restricts the problem to them. What nothing penalises is projected off the
        residual; what hardly anything does may be, if that is better.
        """
        if self.p < 1:
            return np.nan
        useful = self.curvature() > 0
        if columns is not None:
            useful &= np.isin(np.arange(len(useful)), np.arange(len(useful))[columns])
        if not useful.any():  # only the intercept is left
            return 0.0
        if self.free[useful].all():
            return np.nan
        if self.null <= 0:
            return 0.0
        w = np.asarray(w, dtype=float)
        b = self.best_intercept(w) if b is None else b
        r, best = self.residual(w), 0.0
        for off in (self.free & useful, self.weak() & useful):
            # what of a nearly collinear span is rounding is anybody's guess
            for rcond in (1e-15, 1e-13, 1e-11) if off.any() else (0.0,):
                theta = self._project_off(r, off, rcond)
                g = np.where(useful, self.correlate(theta), 0.0)
                best = max(best, self._best_dual(theta, g, off, 2.0 if off.any() else np.inf))
        return max(self.objective(w, b) - best, 0.0) / self.null

    def weak(self):
        """The columns with hardly a penalty: less than 1e-9 in units of column and target."""
        L, unit = self.curvature(), np.sqrt(2 * self.null)
        with np.errstate(all="ignore"):
            strength = self.lam * (unit / np.sqrt(L)) ** self.p / unit**2
            strength = (2 if self.p == 2 else 1) * strength + self.ridge / L
        return (L > 0) & ~(strength >= 1e-9)

    def _project_off(self, r, off, rcond):
        """The residual less its projection on these columns, or on their cone."""
        if not off.any():
            return r
        root = np.sqrt(self.share)
        F = self.X[:, off].toarray() - self.mean[off] if self.sparse else self.Xc[:, off]
        F = root[:, None] * F
        size = np.sqrt((F**2).sum(axis=0))
        F = F / np.where(size > 0, size, 1.0)
        if self.positive:  # nearest point whose correlation with these columns is <= 0
            if (F.T @ (root * r)).max() <= 1e-14 * np.linalg.norm(root * r):
                return r  # it is one; from rounding, some versions of nnls go astray
            t, _ = scipy.optimize.nnls(F, root * r)
        else:
            t = np.linalg.lstsq(F, root * r, rcond=rcond)[0]
        with np.errstate(divide="ignore"):
            return np.where(root > 0, r - F @ t / np.where(root > 0, root, 1.0), 0.0)

    def _best_dual(self, r, g, skip, most):
        """The largest dual value among the multiples of a residual with correlations g.

        ``most`` bounds the factor: what a projection leaves may be nothing but rounding.
        """
        linear, square = self.share @ (r * self.yc), self.share @ r**2
        if square == 0 or linear <= 0:
            return 0.0

        def dual(c):
            value = self._conjugate(c * g, skip)[0].sum()
            return c * linear - 0.5 * c * c * square - value if np.isfinite(value) else 0.0

        def slope_down(c):
            value, u = self._conjugate(c * g, skip)
            slope = np.abs(g[u > 0]) @ u[u > 0]  # of the conjugate
            return -(linear - c * square - slope) if np.isfinite(value.sum() + slope) else 1e300

        limit = min(most, linear / square)
        if self.p == 1:  # without a ridge, no correlation may exceed lam
            size = np.where(skip | (self.ridge > 0), 0.0, g if self.positive else np.abs(g))
            over = size > 0
            limit = min(limit, np.min(self.lam[over] / size[over], initial=np.inf))
        if slope_down(limit) <= 0:
            return dual(limit)
        if slope_down(0.0) >= 0:
            return 0.0
        return dual(
            scipy.optimize.brentq(slope_down, 0.0, limit, xtol=1e-300, rtol=1e-15, maxiter=5000)
        )


def problem_of(model, X, y, sample_weight=None, target=None):
    """The problem that a fitted estimator was asked to solve."""
    return Problem(
        X,
        y if target is None else y[:, target],
        alpha=model.alpha,
        p=model.p,
        alpha_l2=model.alpha_l2,
        fit_intercept=model.fit_intercept,
        positive=model.positive,
        sample_weight=sample_weight,
        feature_weights=model.feature_weights,
    )


def assert_certified(model, X, y, sample_weight=None, *, tol=None, exact=1e-6):
    """Recompute every number that a fit of one target reports; `tol`: it claims to have converged.

    `exact` is the relative agreement asked of the certificates where they are above rounding.
    Where a threshold was applied, certificates speak of the problem restricted to mask_.
    """
    problem = problem_of(model, X, y, sample_weight)
    w, b = np.asarray(model.coef_, float), float(model.intercept_)
    assert w.shape == (problem.X.shape[1],)
    assert np.all(np.isfinite(w))
    assert np.isfinite(b)
    if model.positive:
        assert np.all(w >= 0)
    magnitude = np.abs(w)
    np.testing.assert_array_equal(model.mask_, magnitude > model.sparsity_threshold)
    assert np.all((w == 0) | (magnitude > model.sparsity_threshold))
    assert model.sparsity_ == np.mean(w == 0)
    np.testing.assert_array_equal(model.sparse_coef_.toarray().ravel(), model.coef_)
    assert model.n_iter_ >= 1
    columns = None
    if model.sparsity_threshold > 0:
        assert model.refit, "certificates of a bare mask are those of the fit before it"
        columns = model.mask_
    reported = (model.penalty_, model.objective_, model.dual_gap_, model.optimality_)
    assert_reported(problem, w, b, *reported, columns=columns, tol=tol, exact=exact)
    return problem


def assert_reported(
    problem,
    w,
    b,
    penalty,
    objective,
    dual_gap,
    optimality,
    *,
    columns=None,
    tol=None,
    exact=1e-6,
    choice=False,
):
    """What is reported of (w, b) is what the problem says of it, up to rounding.

    ``choice``: the dual point may be chosen in more ways than one, so that the reported gap need
    only be an upper bound of the best.
    """
    scale = max(problem.null, problem.objective(w, b), np.finfo(float).tiny)
    assert abs(penalty - problem.penalty(w)) <= 1e-11 * scale
    assert abs(objective - problem.objective(w, b)) <= 1e-11 * scale
    best_optimality = problem.optimality(w, columns)
    gap = problem.dual_gap(w, b, columns)
    # sqrt(2 gain) is known to sqrt(eps) only; where it is the smaller of the two it may read 0
    assert abs(optimality - best_optimality) <= exact * best_optimality + 1e-7, (
        optimality,
        best_optimality,
    )
    if problem.null == 0 and problem.free[problem.curvature() > 0].all():
        assert dual_gap == 0 or np.isnan(dual_gap)  # nothing to gain and nothing penalised
    elif np.isnan(gap):
        assert np.isnan(dual_gap)
    elif choice:
        assert gap <= dual_gap * (1 + 1e-3) + 1e-10, (dual_gap, gap)
    else:  # the reference searches the scaling to the last digit: nothing beats it
        assert abs(dual_gap - gap) <= 1e-3 * gap + 1e-12, (dual_gap, gap)
    if tol is not None:
        if problem.p >= 1 and not np.isnan(gap):
            assert not dual_gap > tol
            assert gap <= tol * (1 + 1e-3) + 1e-12
            # gain_j <= gap
            assert best_optimality <= np.sqrt(tol) * (1 + 1e-3) + 1e-6
        else:
            assert optimality <= tol
            short, jumps = problem.shortfalls(w)
            short = np.where(jumps, short - 1e-7, short - 1e-12)
            assert (short if columns is None else short[columns]).max(initial=0.0) <= tol
