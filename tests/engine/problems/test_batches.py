"""A batch of weighted problems on one X gives, each, what a fit by itself gives."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from reference import Problem, assert_certified

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.designs import Parts, WeightedView, as_design
from skl_sparse.engine.problems.least_squares import LeastSquares, standard_weights
from skl_sparse.engine.solvers import Coefficients, WorkingSet, solve

CONTAINERS = {"dense": np.asfortranarray, "csr": sp.csr_array, "csc": sp.csc_array}
N_ROWS, N_COLUMNS = 120, 50
OPTIONS = {"tol": 1e-12, "max_iter": 1000}


def data(seed=0):
    """Three targets with a common support, and weights of the rows."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((N_ROWS, N_COLUMNS)) * (rng.random((N_ROWS, N_COLUMNS)) < 0.3)
    X[:, 7] += 30.0  # far from zero
    X[:, 9] = 0.0
    w = np.zeros((N_COLUMNS, 3))
    w[:6] = rng.choice([-1, 1], (6, 3)) * rng.uniform(1, 2, (6, 3))
    y = X @ w + 0.1 * rng.standard_normal((N_ROWS, 3)) + [3.0, 0.0, -40.0]
    return X, y, rng.uniform(0.5, 2.0, N_ROWS)


def every_kind_of_problem(design, y, weights, center, seed=1):
    """(view, target, row weights) of 5 folds, 3 targets and 10 random subsamples."""
    rng = np.random.default_rng(seed)
    parts = Parts(design, weights, np.arange(N_ROWS) % 5, center)
    for part in range(5):
        yield parts.without(part), y[:, 0], np.where(parts.labels == part, 0.0, weights)
    for target in y.T:
        yield parts.whole, target, weights
    for _ in range(10):
        sampled = weights * rng.integers(0, 2, N_ROWS)
        yield WeightedView(design, standard_weights(sampled), center), y[:, 1], sampled


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("p", [0.5, 1, 2])
@pytest.mark.parametrize("container", CONTAINERS)
def test_folds_targets_and_subsamples_in_one_batch(container, p, center):
    X, y, weights = data()
    given = CONTAINERS[container](X)
    problems = list(every_kind_of_problem(as_design(given), y, weights, center))
    views, targets, row_weights = zip(*problems, strict=True)
    alphas = np.linspace(0.02, 0.06, len(problems))
    problem_of = LeastSquares(views, np.stack(targets, axis=1))
    batch = problem_of.batch(alphas, p, 0.01, np.ones(N_COLUMNS), False)
    fit = problem_of.fit(batch, **OPTIONS)
    for t, (target, s) in enumerate(zip(targets, row_weights, strict=True)):
        single = SparseLpRegressor(
            alphas[t], p=p, alpha_l2=0.01, fit_intercept=center, tol=OPTIONS["tol"]
        ).fit(given, target, s)
        close = {"rtol": 1e-8, "atol": 1e-8}
        np.testing.assert_allclose(fit.coef[t], single.coef_, **close)
        np.testing.assert_allclose(fit.intercept[t], single.intercept_, **close)
        assert fit.objective[t] == pytest.approx(single.objective_, rel=1e-9)
        assert fit.certificates[t].reached(OPTIONS["tol"])


@pytest.mark.parametrize("container", CONTAINERS)
def test_eight_threads_fit_from_one_design(container):
    X, y, weights = data()
    given = CONTAINERS[container](X)
    design = as_design(given, 2)
    view = WeightedView(design, standard_weights(weights), True)
    tasks = [(p, k) for p in (0.5, 1, 2) for k in range(3)] * 6

    def fit(task):
        p, k = task
        problem_of = LeastSquares([view], y[:, [k]])
        batch = problem_of.batch(0.03, p, 0.0, np.ones(N_COLUMNS), False)
        return problem_of.fit(batch, **OPTIONS).coef[0]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(fit, tasks))
    for (p, k), coef in zip(tasks, found, strict=True):
        single = SparseLpRegressor(0.03, p=p, tol=OPTIONS["tol"]).fit(given, y[:, k], weights)
        np.testing.assert_allclose(coef, single.coef_, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("container", CONTAINERS)
def test_problems_of_a_batch_may_differ_in_p(container):
    X, y, weights = data()
    given = CONTAINERS[container](X)
    view = WeightedView(as_design(given), standard_weights(weights), True)
    powers, alphas = [2, 0.5, 1, 0, 1.5, 1], [0.1, 0.02, 0.03, 0.02, 0.05, 1e-3]
    problem_of = LeastSquares([view] * 6, np.repeat(y[:, :1], 6, axis=1))
    batch = problem_of.batch(alphas, powers, [0, 0, 0.1, 0, 0, 0], np.ones(N_COLUMNS), False)
    fit = problem_of.fit(batch, **OPTIONS)
    for t, p in enumerate(powers):
        single = SparseLpRegressor(
            alphas[t], p=p, alpha_l2=0.1 if t == 2 else 0, tol=OPTIONS["tol"]
        ).fit(given, y[:, 0], weights)
        np.testing.assert_allclose(fit.coef[t], single.coef_, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("p", [0.5, 1])
@pytest.mark.parametrize("container", CONTAINERS)
def test_fits_of_a_path_keep_their_working_set(container, p, monkeypatch):
    """No pair of columns is multiplied twice, and every fit has its certificate."""
    X, y, weights = data()
    given = CONTAINERS[container](X)
    design = as_design(given)
    view = WeightedView(design, standard_weights(weights), True)
    problem_of = LeastSquares([view], y[:, :1])
    working_set = WorkingSet([view])
    multiplied, gram = [], type(design).gram
    monkeypatch.setattr(
        type(design),
        "gram",
        lambda self, *of, **k: multiplied.append(of[1]) or gram(self, *of, **k),
    )
    start = [Coefficients.none(N_COLUMNS)]
    largest = Problem(X, y[:, 0], sample_weight=weights).alpha_max()
    for alpha in np.geomspace(largest / 2, largest / 1000, 12):
        batch = problem_of.batch(alpha, p, 0.0, np.ones(N_COLUMNS), False)
        (solution,) = solve(batch, start, tol=1e-9, max_iter=100, working_set=working_set)
        assert solution.certificate.reached(1e-9)
        start = [solution.u]
    every = np.concatenate(multiplied)
    assert len(np.unique(every)) == len(every)
    coef = problem_of.coefficients([solution.u], np.float64)[0]
    if p == 1:
        model = SparseLpRegressor(alpha, p=p, tol=1e-9).fit(given, y[:, 0], weights)
        np.testing.assert_allclose(coef, model.coef_, atol=1e-6)


@pytest.mark.parametrize("container", CONTAINERS)
def test_rows_left_out_of_every_problem_do_not_count(container):
    X, y, weights = data()
    out = np.arange(N_ROWS) % 7 == 0
    X[out], y[out] = 1e300, 1e300
    weights[out] = 0.0
    given = CONTAINERS[container](X)
    design = as_design(given)
    views = [WeightedView(design, standard_weights(w), True) for w in (weights, weights**2)]
    problem_of = LeastSquares(views, y[:, :2])
    batch = problem_of.batch(0.05, 1, 0.0, np.ones(N_COLUMNS), False)
    fit = problem_of.fit(batch, **OPTIONS)
    for t, s in enumerate((weights, weights**2)):
        model = SparseLpRegressor(0.05, tol=1e-12).fit(X[~out], y[~out, t], s[~out])
        np.testing.assert_allclose(fit.coef[t], model.coef_, rtol=1e-7, atol=1e-9)
        assert_certified(model, X[~out], y[~out, t], s[~out])
