"""p = 2: one linear system, solved in whichever way is the cheapest. All ways must agree."""

import numpy as np
import pytest
import scipy.sparse as sp
from figures import with_figures
from pairwise import parametrize_pairwise
from reference import Problem, assert_certified, problem_of

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.designs import WeightedView
from skl_sparse.engine.solvers import Batch
from skl_sparse.engine.solvers.linalg.conjugate_gradients import (
    conjugate_gradients,
    kernel_conjugate_gradients,
)
from skl_sparse.engine.solvers.smooth import linear_fit

CONTAINERS = [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array]
SHAPES = {"tall": (60, 17), "wide": (25, 70), "square": (30, 30)}
# Numbers of conjugate gradient steps that a factorisation is said to cost, and the most allowed.
WAYS = {
    "factorised": {"few_steps": np.inf},
    "conjugate gradients": {"most_factorised": 0},
    "one after the other": {"few_steps": -1, "most_linear": 3},
    "restarted": {"most_factorised": 0, "most_linear": 40},
    "prepared by a sample": {"few_steps": -1, "share_of_steps": np.inf},
}
SAMPLES = {"sampled_rows": 1, "least_spared": 2, "sampled_run": 1, "misjudged": 0.9}


def tuned(designs=(), **smooth):
    """A function that makes an estimator, as its class does, with other figures."""

    def regressor(*arguments, **parameters):
        model = SparseLpRegressor(*arguments, **parameters)
        return with_figures(model, designs=dict(designs), smooth=smooth)

    return regressor


@pytest.fixture(params=WAYS)
def regressor(request):
    """A function that makes an estimator which solves in one of the ways."""
    designs = SAMPLES if request.param == "prepared by a sample" else {}
    return tuned(designs, **WAYS[request.param])


def data(shape, seed=0):
    rng = np.random.default_rng(seed)
    n, n_features = SHAPES[shape]
    X = rng.normal(size=(n, n_features)) * (rng.random((n, n_features)) < 0.4)
    X *= 10.0 ** rng.uniform(-1, 1, n_features)
    X[:, 3] = 0.0
    X[:, 4] = 2.0 * X[:, 5]  # twins
    y = X @ (rng.normal(size=n_features) * (rng.random(n_features) < 0.3))
    return X, y / y.std() + 0.3 * rng.normal(size=n) + 2.0, rng.uniform(0, 3, n)


def ridge(X, y, s, alpha, v, alpha_l2, fit_intercept):
    """The solution of the normal equations; columns of zeros get none."""
    s = s / s.sum()
    mean = s @ X if fit_intercept else np.zeros(X.shape[1])
    target = y - (s @ y if fit_intercept else 0.0)
    centred = X - mean
    matrix = (centred.T * s) @ centred + np.diag(v * (2 * alpha + alpha_l2))
    return np.linalg.lstsq(matrix, (centred.T * s) @ target, rcond=None)[0]


@parametrize_pairwise(shape=list(SHAPES), fit_intercept=[True, False], container=CONTAINERS)
def test_the_normal_equations_are_solved(shape, fit_intercept, container, regressor):
    X, y, s = data(shape)
    v = np.random.default_rng(1).uniform(0.2, 3, X.shape[1])
    for share, alpha_l2 in ((1.0, 0.0), (1e-2, 0.1), (1e-3, 0.0)):
        alpha = share * Problem(X, y).alpha_max()
        model = regressor(
            alpha,
            p=2,
            alpha_l2=alpha_l2,
            feature_weights=v,
            fit_intercept=fit_intercept,
            tol=1e-14,
        ).fit(container(X), y, s)
        expected = ridge(X, y, s, alpha, v, alpha_l2, fit_intercept)
        np.testing.assert_allclose(model.coef_, expected, atol=1e-5 * np.abs(expected).max())
        assert_certified(model, X, y, s, tol=1e-14)


@pytest.mark.parametrize("tol", [1e-2, 1e-6, 1e-10])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_gap_asked_for_is_reached(shape, tol, regressor):
    for seed in range(3):
        X, y, s = data(shape, seed)
        model = regressor(1e-2 * Problem(X, y).alpha_max(), p=2, tol=tol)
        assert_certified(model.fit(sp.csr_array(X), y, s), X, y, s, tol=tol)


@pytest.mark.parametrize("shape", ["tall", "wide"])
def test_columns_that_nothing_penalises(shape, regressor):
    X, y, s = data(shape)
    v = np.ones(X.shape[1])
    v[[0, 1, 7]] = 0.0
    model = regressor(0.01, p=2, feature_weights=v, tol=1e-10, max_iter=100)
    problem = assert_certified(model.fit(X, y, s), X, y, s)
    assert problem.dual_gap(model.coef_) <= 1e-9
    expected = ridge(X, y, s, 0.01, v, 0.0, True)
    np.testing.assert_allclose(model.coef_, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("container", CONTAINERS)
def test_wide_data_never_have_the_gram_of_their_columns(container, monkeypatch):
    """A single column without a penalty must not cost memory of the size columns x columns."""
    monkeypatch.setattr(WeightedView, "gram", None)
    X, y, _ = data("wide")
    v = np.ones(X.shape[1])
    v[2] = 0
    alpha = 1e-5 * Problem(X, y).alpha_max()
    model = tuned(few_steps=np.inf)(alpha, p=2, feature_weights=v, tol=1e-10)
    assert_certified(model.fit(container(X), y), X, y, tol=1e-10)


@pytest.mark.parametrize("alpha", 10.0 ** -np.arange(3, 12))
@pytest.mark.parametrize("weak", ["all", "some"])
def test_weak_penalties_on_wide_data(weak, alpha):
    """A nearly singular system magnifies rounding; the gap asked for is reached all the same."""
    rng = np.random.default_rng(0)
    X, v = rng.normal(size=(60, 600)), None
    if weak == "all":  # and few dimensions, so that they do not fit y
        X = rng.normal(size=(60, 5)) @ rng.normal(size=(5, 600))
    else:
        alpha, v = 1.0, np.where(np.arange(600) < 5, alpha, 1.0)
    y = rng.normal(size=60) + X[:, 0]
    model = SparseLpRegressor(alpha, p=2, feature_weights=v, tol=1e-10)
    assert model.fit(X, y).dual_gap_ <= 1e-10
    assert problem_of(model, X, y).dual_gap(model.coef_, model.intercept_) <= 1e-9


@pytest.mark.parametrize("shape", SHAPES)
def test_masked_columns_stay_out(shape, regressor):
    X, y, s = data(shape)
    model = regressor(0.05, p=2, sparsity_threshold=0.02, tol=1e-10).fit(X, y, s)
    assert 0 < model.sparsity_ < 1
    kept = model.mask_
    expected = ridge(X[:, kept], y, s, 0.05, np.ones(kept.sum()), 0.0, True)
    np.testing.assert_allclose(model.coef_[kept], expected, atol=1e-4 * np.abs(expected).max())
    assert_certified(model, X, y, s)


@pytest.mark.parametrize("shape", ["tall", "wide"])
def test_targets_share_one_factorisation(shape, monkeypatch):
    X, y, _ = data(shape)
    rng = np.random.default_rng(2)
    Y = np.column_stack([y, -1e3 * y + rng.normal(size=len(y)), rng.normal(size=len(y))])
    calls = []
    systems = {"tall": linear_fit.RidgeInColumns, "wide": linear_fit.RidgeInRows}[shape]
    original = systems._factorise
    monkeypatch.setattr(systems, "_factorise", lambda self: calls.append(1) or original(self))
    together = SparseLpRegressor(0.01, p=2, tol=1e-12).fit(X, Y)
    assert len(calls) == 1
    for t in range(3):
        alone = SparseLpRegressor(0.01, p=2, tol=1e-12).fit(X, Y[:, t])
        size = np.abs(alone.coef_).max()
        np.testing.assert_allclose(together.coef_[t], alone.coef_, atol=1e-6 * size)
        assert problem_of(together, X, Y, target=t).dual_gap(together.coef_[t]) <= 1e-11


@pytest.mark.parametrize("regressor", list(WAYS)[:3], indirect=True)
@pytest.mark.parametrize("shape", SHAPES)
def test_one_certificate_is_enough(shape, regressor, monkeypatch):
    """The gap is foreseen: a fit is looked at once, and so is one that starts where it ends."""
    looks = []
    original = Batch.evaluate
    monkeypatch.setattr(
        Batch, "evaluate", lambda self, *a, **k: looks.append(1) or original(self, *a, **k)
    )
    X, y, _ = data(shape)
    model = regressor(0.01, p=2, tol=1e-6, warm_start=True).fit(X, y)
    assert len(looks) == 1
    before = model.coef_.copy()
    model.fit(X, y)
    assert len(looks) == 2
    np.testing.assert_allclose(model.coef_, before, atol=1e-2 * np.abs(before).max())


def test_no_more_passes_than_the_gap_needs(monkeypatch):
    """Conjugate gradients on rows scaled alike: few distinct eigenvalues, few passes."""
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.normal(size=(200, 40)))[0].T
    X = basis * np.repeat([1.0, 3.0, 10.0, 30.0], 10)[:, None]
    y = rng.normal(size=40)
    passes = []
    original = WeightedView.correlate
    monkeypatch.setattr(
        WeightedView, "correlate", lambda self, R: passes.append(1) or original(self, R)
    )
    model = tuned(most_factorised=0)(1e-3, p=2, tol=1e-10, fit_intercept=False).fit(X, y)
    assert_certified(model, X, y, tol=1e-10)
    assert len(passes) <= 4 + 3


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fit_looks_no_better_than_it_is(shape, regressor):
    """The last pass of a fit with few rows is left out: its certificates are still the residual's."""
    X, y, s = data(shape)
    for alpha in (1e-8, 1e-4, 1.0):
        model = regressor(alpha * Problem(X, y).alpha_max(), p=2, tol=1e-6)
        assert_certified(model.fit(X, y, s), X, y, s, tol=1e-6)


@pytest.mark.parametrize("far", [1e2, 1e5, 1e8])
@pytest.mark.parametrize("shape", SHAPES)
def test_columns_far_from_zero(shape, far, regressor):
    """Products that are centred afterwards would lose these columns."""
    X, y, _ = data(shape)
    X[:, 7] = np.random.default_rng(5).normal(size=len(y))
    y = y + X[:, 7]
    model = regressor(1e-3, p=2, tol=1e-10, max_iter=100).fit(X, y)
    X[:, 7] += far
    moved = regressor(1e-3, p=2, tol=1e-10, max_iter=100).fit(X, y)
    np.testing.assert_allclose(moved.coef_, model.coef_, atol=1e-4 * np.abs(model.coef_).max())
    assert moved.dual_gap_ <= 1e-10


def test_a_warm_start_is_never_worse_than_none(monkeypatch):
    steps = []
    original = linear_fit.kernel_conjugate_gradients

    def counted(*arguments):
        for step in original(*arguments):
            steps.append(1)
            yield step

    monkeypatch.setattr(linear_fit, "kernel_conjugate_gradients", counted)
    X, y, _ = data("wide", 1)
    alpha, counts = 1e-2 * Problem(X, y).alpha_max(), {}
    for before in (None, 1.0, 1.1, 10.0, 1e3, 1e-3):
        model = tuned(most_factorised=0)(alpha, p=2, tol=1e-8, warm_start=True)
        if before is not None:
            model.set_params(alpha=before * alpha).fit(X, y).set_params(alpha=alpha)
        steps.clear()
        assert_certified(model.fit(X, y), X, y, tol=1e-8)
        counts[before] = len(steps)
    assert max(counts.values()) <= counts[None]
    assert max(counts[1.0], counts[1.1]) < 0.8 * counts[None]


def test_hopeless_steps_are_not_taken(monkeypatch):
    """Conjugate gradients give way as soon as they foresee that a factorisation costs less."""
    steps, original = [], linear_fit.conjugate_gradients

    def counted(*arguments):
        for step in original(*arguments):
            steps.append(1)
            yield step

    monkeypatch.setattr(linear_fit, "conjugate_gradients", counted)
    systems = linear_fit.RidgeInColumns
    factorised, factorise = [], systems._factorise
    monkeypatch.setattr(systems, "_factorise", lambda self: factorised.append(1) or factorise(self))
    monkeypatch.setattr(systems, "_steps_of_a_factorisation", lambda self: 20.0)
    X, y, _ = data("tall")
    for share, hopeless in ((1e-5, True), (100.0, False)):
        factorised.clear()
        steps.clear()
        model = SparseLpRegressor(share * Problem(X, y).alpha_max(), p=2, tol=1e-8).fit(X, y)
        assert_certified(model, X, y, tol=1e-8)
        assert bool(factorised) == hopeless
        assert len(steps) < 10


def test_single_precision_data_keep_double_certificates(regressor):
    X, y, s = data("wide")
    model = regressor(0.01, p=2, tol=1e-10).fit(X.astype(np.float32), y, s)
    assert model.coef_.dtype == np.float32
    assert model.dual_gap_ <= 1e-10


@pytest.mark.parametrize("p", [1.2, 1.5, 3.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_newton_without_a_factorisation(shape, p):
    """What large data get: conjugate gradients for the Newton systems of every other p > 1."""
    for share in (0.3, 1e-2):
        X, y, s = data(shape)
        alpha = share * Problem(X, y).alpha_max()
        model = tuned(most_factorised=0)(alpha, p=p, tol=1e-9).fit(sp.csr_array(X), y, s)
        assert_certified(model, X, y, s, tol=1e-9)


def test_conjugate_gradients_tell_where_they_are():
    rng = np.random.default_rng(4)
    root = rng.normal(size=(8, 8))
    matrix, b = root @ root.T + np.eye(8), rng.normal(size=8)
    inverse = 1.0 / matrix.diagonal()
    for k, step in enumerate(conjugate_gradients(lambda v: matrix @ v, b, inverse)):
        np.testing.assert_allclose(step.residual, b - matrix @ step.x, atol=1e-9)
        assert step.square == pytest.approx(step.residual @ (inverse * step.residual))
        if k == 8:
            break
    np.testing.assert_allclose(step.x, np.linalg.solve(matrix, b), rtol=1e-8)


def test_conjugate_gradients_in_the_rows_are_those_in_the_columns():
    rng = np.random.default_rng(6)
    A, h, y = rng.normal(size=(5, 12)), rng.uniform(0.1, 3, 12), rng.normal(size=5)

    def pull(v):
        u = (A.T @ v) / h
        return u, float(u @ (A.T @ v))

    rows = kernel_conjugate_gradients(pull, lambda w: A @ w, y)
    columns = conjugate_gradients(lambda u: h * u + A.T @ (A @ u), A.T @ y, 1.0 / h)
    for k, (row, column) in enumerate(zip(rows, columns, strict=False)):
        np.testing.assert_allclose((A.T @ row.x) / h, column.x, atol=1e-8)
        np.testing.assert_allclose(h * row.image, column.residual, atol=1e-8)
        assert row.square == pytest.approx(column.square, abs=1e-10)
        if k == 4:
            break
    assert k == 4


def test_conjugate_gradients_stop_where_there_is_no_curvature():
    steps = list(conjugate_gradients(lambda v: -v, np.ones(3), 1.0))
    assert len(steps) == 1
    assert not steps[0].x.any()
    assert len(list(conjugate_gradients(lambda v: v, np.zeros(3), 1.0))) == 1
