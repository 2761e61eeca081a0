"""The contestants of solvers.py: how each library is asked for the same fit.

A function takes (X, y, alpha, p, l2, tol) and returns coefficients and intercept. It imports its
library when called, so that a first call is a cold start.
"""

from dataclasses import dataclass

import numpy as np


def skl_sparse(X, y, alpha, p, l2, tol):
    from skl_sparse import SparseLpRegressor

    model = SparseLpRegressor(alpha, p=p, alpha_l2=l2, tol=tol).fit(X, y)
    return model.coef_, model.intercept_


def sklearn(X, y, alpha, p, l2, tol):
    from sklearn.linear_model import ElasticNet

    total = alpha + l2
    model = ElasticNet(total, l1_ratio=alpha / total, tol=tol, max_iter=1_000_000).fit(X, y)
    return model.coef_, model.intercept_


def ridge(solver):
    def fit(X, y, alpha, p, l2, tol):
        from sklearn.linear_model import Ridge

        strength = len(y) * (2 * alpha + l2)
        model = Ridge(strength, solver=solver, tol=tol, max_iter=100_000, random_state=0).fit(X, y)
        return model.coef_, model.intercept_

    return fit


def celer(X, y, alpha, p, l2, tol):
    from celer import ElasticNet, Lasso

    if l2:  # its Lasso is the faster one
        model = ElasticNet(alpha + l2, l1_ratio=alpha / (alpha + l2), tol=tol)
    else:
        model = Lasso(alpha, tol=tol)
    model.fit(X, y)
    return model.coef_, model.intercept_


def skglm(X, y, alpha, p, l2, tol):
    from skglm import GeneralizedLinearEstimator
    from skglm.datafits import Quadratic
    from skglm.penalties import L0_5, L1, L2_3, L1_plus_L2
    from skglm.solvers import AndersonCD

    if p == 1:
        penalty = L1_plus_L2(alpha + l2, alpha / (alpha + l2)) if l2 else L1(alpha)
        strategy = "subdiff"
    else:  # by subgradients w = 0 would always be optimal
        penalty = L0_5(alpha) if p == 0.5 else L2_3(alpha)
        strategy = "fixpoint"
    # Its tolerance has the unit of a gradient, or of a coefficient.
    scale = alpha if p == 1 else np.abs(y).max()
    solver = AndersonCD(tol=tol * scale, ws_strategy=strategy)
    model = GeneralizedLinearEstimator(Quadratic(), penalty, solver).fit(X, y)
    return model.coef_, model.intercept_


def glum(X, y, alpha, p, l2, tol):
    from glum import GeneralizedLinearRegressor

    l1, l2 = (alpha, l2) if p == 1 else (0, 2 * alpha + l2)
    model = GeneralizedLinearRegressor(
        alpha=l1 + l2, l1_ratio=l1 / (l1 + l2), gradient_tol=tol * alpha, max_iter=1000
    ).fit(X, y)
    return model.coef_, model.intercept_


def skein(X, y, alpha, p, l2, tol):
    from skein_glm import BridgeRegressor, ElasticNetRegressor

    if p == 1:
        model = ElasticNetRegressor(alpha + l2, alpha / (alpha + l2), tol=tol, max_iter=100_000)
    else:
        model = BridgeRegressor(alpha, p, tol=tol, outer_tol=tol, max_iter=100_000, max_outer=1000)
    model.fit(X, y)
    return model.coef_, model.intercept_


def abess(X, y, alpha, p, l2, size):
    # It looks for the best subset of a given size: it is told that of our answer.
    from abess import LinearRegression

    model = LinearRegression(support_size=size, thread=1).fit(X, y)
    return model.coef_, model.intercept_


@dataclass(frozen=True)
class Solver:
    """A contestant: the module it needs, the exponents it solves for, and its function."""

    module: str
    exponents: tuple
    fit: object
    compiles: bool = False
    asks_size: bool = False  # takes the number of non-zeros in the place of tol


SOLVERS = {
    "skl_sparse": Solver("skl_sparse", (0, 0.5, 2 / 3, 1, 2), skl_sparse),
    "scikit-learn": Solver("sklearn", (1,), sklearn),
    "celer": Solver("celer", (1,), celer),
    "skglm": Solver("skglm", (0.5, 2 / 3, 1), skglm, compiles=True),
    "glum": Solver("glum", (1, 2), glum),
    "skein-glm": Solver("skein_glm", (0.5, 2 / 3, 1), skein),
    "abess": Solver("abess", (0,), abess, asks_size=True),
    **{
        f"Ridge {solver}": Solver("sklearn", (2,), ridge(solver))
        for solver in ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga")
    },
}
OURS = "skl_sparse"
