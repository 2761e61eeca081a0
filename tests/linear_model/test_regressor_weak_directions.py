"""Weak directions: sums of columns without variance, under hardly a penalty."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp

from skl_sparse import SparseLpRegressor


def exact_gap(k_of, y, model, alpha):
    """(F - D) / F(0) in exact arithmetic, for one-hot columns of an intercept and p = 1.

    The dual point is the residual shifted in each level, so that its correlation there is what the
    sign of the coefficient says; coefficients of zero take what is left for the sum to be zero.
    """
    n, w = len(y), [Fraction(float(x)) for x in model.coef_]
    b, alpha = Fraction(float(model.intercept_)), Fraction(float(alpha))
    y = [Fraction(float(x)) for x in y]
    r = [y_i - w[k] - b for y_i, k in zip(y, k_of, strict=True)]
    sign = [(x > 0) - (x < 0) for x in w]
    zeros = sign.count(0)
    assert zeros, "an optimal point has a median at zero"
    share = -alpha * sum(sign) / zeros
    assert abs(share) <= alpha
    theta = list(r)
    for k, s in enumerate(sign):
        rows = [i for i in range(n) if k_of[i] == k]
        target = alpha * s if s else share
        shift = (sum(r[i] for i in rows) - n * target) / len(rows)
        for i in rows:
            theta[i] -= shift
    assert sum(theta) == 0
    mean = sum(y) / n
    objective = sum(x * x for x in r) / (2 * n) + alpha * sum(abs(x) for x in w)
    dual = sum(t * x for t, x in zip(theta, y, strict=True)) / n - sum(t * t for t in theta) / (
        2 * n
    )
    return float((objective - dual) / (sum((x - mean) ** 2 for x in y) / (2 * n)))


@pytest.mark.parametrize("alpha", [1e-7, 1e-8, 1e-9])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("seed", range(10))
def test_a_complete_one_hot_set(seed, container, alpha):
    """Its columns sum to one, which the intercept takes: only the penalty tells that sum."""
    rng = np.random.default_rng(seed)
    k_of = rng.integers(0, 9, 200)
    y = rng.normal(size=9)[k_of] + rng.normal(size=200)
    model = SparseLpRegressor(alpha, tol=1e-6).fit(container(np.eye(9)[k_of]), y)
    assert model.dual_gap_ <= 1e-6
    assert model.n_iter_ < 200
    assert exact_gap(k_of, y, model, alpha) <= 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_several_one_hot_sets(seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 6, (300, 4))
    X = np.hstack([np.eye(6)[code] for code in codes.T])
    y = X @ rng.normal(size=24) + rng.normal(size=300)
    fits = [SparseLpRegressor(1e-8, tol=tol).fit(X, y) for tol in (1e-4, 1e-8)]
    null = np.var(y) / 2
    for model in fits:
        assert model.dual_gap_ <= model.tol
        assert model.objective_ - model.dual_gap_ * null <= min(m.objective_ for m in fits)


@pytest.mark.parametrize("p", [1.001, 1.3, 3.0])
@pytest.mark.parametrize("kind", ["nearly collinear", "rank 3", "wide"])
def test_coordinate_descent_above_one_ends_in_newton_steps(kind, p):
    rng = np.random.default_rng(0)
    X = {
        "nearly collinear": rng.normal(size=(27, 1)) + 1e-3 * rng.normal(size=(27, 44)),
        "rank 3": rng.normal(size=(33, 3)) @ rng.normal(size=(3, 68)),
        "wide": rng.normal(size=(20, 80)),
    }[kind]
    y = X[:, 0] / X[:, 0].std() + 0.3 * rng.normal(size=len(X))
    for alpha in (1e-2, 1e-4):
        model = SparseLpRegressor(alpha, p=p, solver="cd", tol=1e-8).fit(X, y)
        assert model.dual_gap_ <= 1e-8
        auto = SparseLpRegressor(alpha, p=p, tol=1e-8).fit(X, y)
        assert model.objective_ == pytest.approx(auto.objective_, abs=1e-7)
