"""The judge of solvers.py: objective and certificate of an answer, in NumPy alone."""

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize_scalar


def judge(X, y, alpha, p, l2, coef, intercept):
    """Objective and certificate (see solvers.py) of coefficients and intercept."""
    n = len(y)
    coef = np.asarray(coef, dtype=np.float64).ravel()
    residual = y - X @ coef - intercept
    null = np.sum((y - y.mean()) ** 2) / (2 * n)
    objective = residual @ residual / (2 * n) + alpha * lp(coef, p).sum()
    objective += l2 / 2 * (coef @ coef)
    dual_point = residual - residual.mean()
    gradient = X.T @ dual_point / n
    if p < 1:
        return objective, step_left(X, gradient, coef, alpha, p) / np.sqrt(2 * null)
    l1, l2 = (0.0, 2 * alpha + l2) if p == 2 else (alpha, l2)
    linear, quadratic = y @ dual_point / n, dual_point @ dual_point / n
    if l2:

        def dual_at(scale):
            excess = np.maximum(scale * np.abs(gradient) - l1, 0)
            return scale * linear - scale**2 / 2 * quadratic - excess @ excess / (2 * l2)

        best = minimize_scalar(lambda scale: -dual_at(scale), bounds=(0, 2), method="bounded")
        dual = max(dual_at(1.0), -best.fun)  # a solution's own scale is 1
    else:
        scale = min(linear / quadratic, l1 / np.abs(gradient).max())
        dual = scale * linear - scale**2 / 2 * quadratic
    return objective, (objective - dual) / null


def lp(w, p):
    return np.where(w == 0, 0, np.abs(w) ** p)  # 0 ** 0 is 0 here


def step_left(X, gradient, coef, alpha, p):
    """Largest exact step of a single coefficient: min of its length and what it would gain.

    The intercept stays where it is: some peers take it for one more coordinate, and stop where only
    moving both together would gain. SparseLpRegressor asks more of itself.
    """
    if sp.issparse(X):
        squares = np.bincount(X.indices, X.data**2, X.shape[1])
    else:
        squares = np.einsum("ij,ij->j", X, X)
    n = X.shape[0]
    columns = np.flatnonzero(squares)
    curvature, w = squares[columns] / n, coef[columns]
    target = w + gradient[columns] / curvature
    weight = alpha / curvature
    step = prox(target, weight, p) - w

    def value(x):
        return curvature * ((x - target) ** 2 / 2 + weight * lp(x, p))

    gain = np.maximum(value(w) - value(w + step), 0)
    return np.minimum(np.sqrt(curvature) * np.abs(step), np.sqrt(2 * gain)).max()


def prox(z, weight, p):
    """Global minimiser of (x - z)^2 / 2 + weight |x|^p for p < 1, by Newton from |z| down."""
    tip = (2 * weight * (1 - p)) ** (1 / (2 - p))
    nonzero = np.abs(z) > tip + weight * p * tip ** (p - 1)
    size, weight = np.abs(z[nonzero]), weight[nonzero]
    x = size.copy()
    for _ in range(50):
        slope = 1 - weight * p * (1 - p) * x ** (p - 2)
        x -= (x - size + weight * p * x ** (p - 1)) / slope
    result = np.zeros_like(z)
    result[nonzero] = np.sign(z[nonzero]) * x
    return result
