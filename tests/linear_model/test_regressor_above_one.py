"""p > 1 where it is hard: next to 1, collinear columns, hardly a penalty. Certified, and quickly."""

import time

import numpy as np
import pytest
from reference import Problem, problem_of

from skl_sparse import SparseLpRegressor

POWERS = [1.0001, 1.001, 1.01, 1.1, 1.3, 1.5, 2.5, 3.0, 5.0]


def matrix(kind, rng):
    if kind == "3 x 25, nearly collinear":
        return rng.normal(size=(3, 3)) @ rng.normal(size=(3, 25)) + 1e-4 * rng.normal(size=(3, 25))
    if kind == "27 x 44, nearly collinear":
        return rng.normal(size=(27, 1)) + 1e-3 * rng.normal(size=(27, 44))
    if kind == "33 x 68, rank 3":
        return rng.normal(size=(33, 3)) @ rng.normal(size=(3, 68))
    if kind == "60 x 12, nearly collinear":
        return rng.normal(size=(60, 1)) + 1e-5 * rng.normal(size=(60, 12))
    if kind == "one-hot":
        return np.eye(10)[rng.integers(0, 10, 80)]
    return rng.normal(size=(40, 30)) * 10.0 ** rng.uniform(-4, 4, 30)


KINDS = [
    "3 x 25, nearly collinear",
    "27 x 44, nearly collinear",
    "33 x 68, rank 3",
    "60 x 12, nearly collinear",
    "one-hot",
    "scales",
]
OPTIONS = [{}, {"positive": True}, {"weights": True}, {"ridge": 0.5}]


def hard(kind, seed):
    rng = np.random.default_rng(seed)
    X = matrix(kind, rng)
    y = X @ (rng.normal(size=X.shape[1]) * (rng.random(X.shape[1]) < 0.3))
    return X, y / (y.std() or 1.0) + 0.3 * rng.normal(size=len(y)), rng.uniform(0, 3, len(y))


@pytest.mark.parametrize("p", POWERS)
@pytest.mark.parametrize("kind", KINDS)
def test_certified_within_a_second(kind, p):
    X, y, s = hard(kind, 0)
    alpha_max = Problem(X, y).alpha_max()
    for k, share in enumerate([1.0, 1e-2, 1e-4, 1e-8]):
        for tol in (1e-4, 1e-10):
            options = dict(OPTIONS[(k + int(10 * p)) % 4])
            weights = s if options.pop("weights", False) else None
            alpha_l2 = options.pop("ridge", 0.0) * share * alpha_max
            model = SparseLpRegressor(share * alpha_max, p=p, tol=tol, alpha_l2=alpha_l2, **options)
            start = time.process_time()
            model.fit(X, y, weights)
            assert time.process_time() - start < 1.0
            assert model.dual_gap_ <= tol
            problem = problem_of(model, X, y, weights)
            # No other method finds a lower objective than what the gap allows.
            least = model.objective_ - model.dual_gap_ * problem.null
            assert problem.objective(model.coef_, model.intercept_) >= least * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("p", [1.0001, 1.001, 1.3])
@pytest.mark.parametrize("kind", KINDS)
def test_tolerances_agree(kind, p, seed):
    """A gap is a bound from below: no fit to a smaller gap may fall under it."""
    X, y, _ = hard(kind, seed)
    alpha_max = Problem(X, y).alpha_max()
    for share in (0.1, 1e-3, 1e-8):
        rough, fine = (
            SparseLpRegressor(share * alpha_max, p=p, tol=tol).fit(X, y) for tol in (1e-3, 1e-10)
        )
        null = Problem(X, y).null
        for one, other in ((rough, fine), (fine, rough)):
            assert one.objective_ - one.dual_gap_ * null <= other.objective_ + 1e-12 * null
