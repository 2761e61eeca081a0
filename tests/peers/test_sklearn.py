"""p = 1, p = 2 and the elastic net against scikit-learn, objectives compared from outside."""

import warnings

import numpy as np
import pytest
from pairwise import parametrize_pairwise
from reference import Problem, random_sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge

from skl_sparse import SparseLpRegressor

PARAMETERS = {
    "lasso": {"p": 1.0},
    "elastic": {"p": 1.0, "alpha_l2": 0.03},
    "ridge": {"p": 2.0},
}


def ours(alpha, **parameters):
    return SparseLpRegressor(alpha, tol=1e-12, max_iter=100_000, **parameters)


def peer(alpha, total, p=1.0, alpha_l2=0.0, tol=1e-14, **parameters):
    """scikit-learn's estimator of the same problem; `total` is the sum of the weights."""
    if p == 2:
        # F of ours is scikit-learn's over 2 sum(s), so its alpha is 2 sum(s) times ours
        positive = parameters.get("positive", False)
        return Ridge(
            2 * total * alpha,
            tol=tol,
            max_iter=1_000_000,
            solver="lbfgs" if positive else "auto",
            **parameters,
        )
    strict = {"tol": tol, "max_iter": 100_000}
    if alpha_l2 == 0:
        return Lasso(alpha, **strict, **parameters)
    both = alpha + alpha_l2
    return ElasticNet(both, l1_ratio=alpha / both, **strict, **parameters)


def compare(
    X, y, alpha, weights=None, fit_intercept=True, positive=False, peer_tol=1e-14, **parameters
):
    """Our objective is the peer's to 1e-9, where the peer (by its own gap) is that close."""
    problem = Problem(
        X,
        y,
        alpha=alpha,
        sample_weight=weights,
        fit_intercept=fit_intercept,
        positive=positive,
        **parameters,
    )
    shared = {"fit_intercept": fit_intercept, "positive": positive}
    model = ours(alpha, **parameters, **shared).fit(X, y, sample_weight=weights)
    other = peer(alpha, problem.total, tol=peer_tol, **parameters, **shared)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # judged below, by its gap
        other.fit(X, y, sample_weight=weights)
    value = problem.objective(model.coef_, model.intercept_)
    value_other = problem.objective(other.coef_, other.intercept_)
    assert model.dual_gap_ <= 1e-12
    assert value <= value_other * (1 + 1e-9)
    gap = problem.dual_gap(other.coef_, other.intercept_) * problem.null
    converged = gap <= 1e-9 * value_other
    if converged:
        assert abs(value - value_other) <= 1e-9 * value_other
    else:  # then ours lies between its value and its lower bound
        assert value >= value_other - gap - 1e-9 * value_other
    return converged


def generated(kind, seed=0, n=80, n_features=30):
    rng = np.random.default_rng(seed)
    X = random_sparse(rng, n, n_features, 0.3)
    X.data += 0.5
    w = np.where(np.arange(n_features) < 6, rng.normal(size=n_features), 0)
    y = X @ w + 0.3 * rng.normal(size=n) + 2.0
    return (X.toarray() if kind == "dense" else X), y, rng.uniform(0.1, 3, n)


@parametrize_pairwise(
    name=list(PARAMETERS),
    fit_intercept=[True, False],
    positive=[False, True],
    kind=["dense", "csr"],
)
def test_generated(name, fit_intercept, positive, kind):
    if name == "ridge" and positive and kind == "csr" and fit_intercept:
        kind = "dense"  # scikit-learn's positive Ridge refuses sparse X with an intercept
    converged = 0
    for seed in (0, 1, 2):
        X, y, s = generated(kind, seed)
        top = Problem(X, y).alpha_max()
        for share in (0.5, 0.05):
            for weights in (None, s):
                converged += compare(
                    X, y, share * top, weights, fit_intercept, positive, **PARAMETERS[name]
                )
    # the comparison to 1e-9 is not empty (lbfgs, for the positive ridge, stops before 1e-9)
    assert converged >= (0 if name == "ridge" and positive else 6)


@pytest.mark.parametrize("name", PARAMETERS)
def test_more_columns_than_rows(name):
    X, y, s = generated("dense", 3, n=30, n_features=90)
    assert compare(X, y, 0.1 * Problem(X, y).alpha_max(), s, **PARAMETERS[name])


@pytest.mark.parametrize("name", PARAMETERS)
def test_several_targets(name):
    X, y, s = generated("csr", 4)
    Y = np.c_[y, -2 * y + X[:, [0]].toarray().ravel(), np.roll(y, 3)]
    alpha = 0.1 * Problem(X, y).alpha_max()
    model = ours(alpha, **PARAMETERS[name]).fit(X, Y, sample_weight=s)
    assert model.coef_.shape == (3, 30)
    assert model.intercept_.shape == (3,)
    for k in range(3):
        problem = Problem(X, Y[:, k], alpha=alpha, sample_weight=s, **PARAMETERS[name])
        other = peer(alpha, problem.total, **PARAMETERS[name]).fit(X, Y[:, k], sample_weight=s)
        np.testing.assert_allclose(
            problem.objective(model.coef_[k], model.intercept_[k]),
            problem.objective(other.coef_, other.intercept_),
            rtol=1e-9,
        )
    np.testing.assert_allclose(
        model.predict(X), X @ model.coef_.T + model.intercept_, rtol=1e-10, atol=1e-10
    )


def test_no_penalty_is_least_squares():
    X, y, s = generated("dense", 5)
    for p in (0, 0.5, 1, 1.5, 2):
        model = ours(0.0, p=p).fit(X, y, s)
        other = LinearRegression().fit(X, y, s)
        np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-6, atol=1e-8)
        assert model.intercept_ == pytest.approx(other.intercept_, rel=1e-6)


def test_coefficients_are_the_peers():
    X, y, s = generated("dense", 6)
    for name, parameters in PARAMETERS.items():
        alpha = 0.05 * Problem(X, y).alpha_max()
        model = ours(alpha, **parameters).fit(X, y, s)
        other = peer(alpha, s.sum(), **parameters).fit(X, y, s)
        np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-5, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(model.predict(X), other.predict(X), rtol=1e-5)
        assert model.score(X, y, s) == pytest.approx(other.score(X, y, s), rel=1e-6)


# -- real data -----------------------------------------------------------------------------------
@parametrize_pairwise(
    data=["riboflavin", "prostate_singh", "spamassassin", "flights_onehot"],
    name=["lasso", "elastic"],
    share=[0.5, 0.1],
)
def test_real_data(benchmark_data, data, name, share):
    X, y = benchmark_data(data)
    rng = np.random.default_rng(0)
    if data in ("riboflavin", "prostate_singh"):
        X = X.toarray()
    else:  # scikit-learn is the slow one here: some rows, and columns that occur among them
        rows = np.sort(rng.choice(X.shape[0], 1500, replace=False))
        X, y = X[rows], y[rows]
        X = X[:, np.bincount(X.indices, minlength=X.shape[1]) >= 5]
    alpha = share * Problem(X, y).alpha_max()
    parameters = dict(PARAMETERS[name])
    if "alpha_l2" in parameters:
        parameters["alpha_l2"] = 0.5 * alpha
    weights = rng.uniform(0.5, 2, len(y)) if share == 0.5 else None
    assert compare(X, y, alpha, weights, peer_tol=1e-11, **parameters)


@pytest.mark.parametrize("data", ["riboflavin", "prostate_singh", "spamassassin"])
def test_ridge_on_real_data(benchmark_data, data):
    X, y = benchmark_data(data)
    if data == "spamassassin":
        X, y = X[::6], y[::6]
        X = X[:, np.diff(X.tocsc().indptr) >= 3]
    else:
        X = X.toarray()
    alpha = 0.01 * float(Problem(X, y).curvature().sum())
    fit_intercept = data != "spamassassin"  # sparse Ridge is closed-form there without one only
    assert compare(X, y, alpha, fit_intercept=fit_intercept, p=2.0)
