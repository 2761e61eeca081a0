"""Every p: fits are coordinate-wise optimal, and report the numbers that NumPy recomputes."""

import itertools
import warnings

import numpy as np
import pytest
from pairwise import parametrize_pairwise
from reference import CONVEX, POWERS, Problem, assert_certified, problem_of, random_sparse
from regressions import SETTINGS, regression
from sklearn.exceptions import ConvergenceWarning

from skl_sparse import SparseLpRegressor


@parametrize_pairwise(p=POWERS, setting=SETTINGS, solver=["cd", "proximal_gradient"])
def test_converged_fit(p, setting, solver):
    for seed, share in itertools.product((0, 1), (0.5, 0.03)):
        X, y, s = regression(seed)
        s = s if seed else None
        alpha = share * Problem(X, y).alpha_max()
        model = SparseLpRegressor(alpha, p=p, solver=solver, tol=1e-10, max_iter=100_000, **setting)
        model.fit(X, y, sample_weight=s)
        problem = assert_certified(model, X, y, s, tol=1e-10)
        assert model.objective_ <= problem.null * (1 + 1e-12)


@pytest.mark.parametrize("p", [p for p in CONVEX if p != 1])
@pytest.mark.parametrize("positive", [False, True])
def test_free_columns_of_one_sign(p, positive):
    """A column that nothing penalises and only the sign holds at zero keeps its certificate."""
    X, y, s = regression(2)
    X[:, 0] = -y + np.random.default_rng(0).normal(size=len(y))  # wants to be negative
    v = np.r_[0.0, 0.0, np.ones(10)]
    model = SparseLpRegressor(
        0.05, p=p, positive=positive, feature_weights=v, tol=1e-9, max_iter=100_000
    ).fit(X, y, s)
    problem = problem_of(model, X, y, s)
    if positive:
        assert model.coef_[0] == 0
    assert model.dual_gap_ <= 1e-9
    assert problem.dual_gap(model.coef_) <= 1e-9
    assert problem.optimality(model.coef_) <= 1e-4


@parametrize_pairwise(p=POWERS, tol=[0.3, 1e-2, 1e-4], solver=["auto", "cd", "proximal_gradient"])
def test_loose_fit_reports_what_is_left(p, tol, solver):
    """Far from the minimum the certificates are no rounding: they must agree digit by digit."""
    for seed in range(3):
        X, y, s = regression(seed, rho=0.9)
        alpha = 0.02 * Problem(X, y, sample_weight=s).alpha_max()
        model = SparseLpRegressor(alpha, p=p, tol=tol, solver=solver, alpha_l2=0.01 * (seed == 2))
        assert_certified(model.fit(X, y, s), X, y, s, tol=tol)


@pytest.mark.parametrize("p", POWERS)
def test_interrupted_fit_reports_what_is_left(p):
    X, y, s = regression(4, n=60, n_features=40, rho=0.95)
    for max_iter in (1, 2, 3):
        for solver in ("cd", "proximal_gradient"):
            model = SparseLpRegressor(
                1e-3 * Problem(X, y).alpha_max(), p=p, tol=1e-14, max_iter=max_iter, solver=solver
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X, y, s)
            assert 1 <= model.n_iter_ <= max_iter
            assert_certified(model, X, y, s)


@pytest.mark.parametrize("p", [1.001, 1.01, 1.05])
@pytest.mark.parametrize("alpha_l2", [0.0, 0.01])
def test_near_one_the_gap_still_closes(p, alpha_l2):
    """The raw residual is useless as a dual point there (2e62): its scaling must be searched."""
    X, y, s = regression(5)
    model = SparseLpRegressor(
        0.1 * Problem(X, y).alpha_max(), p=p, alpha_l2=alpha_l2, tol=1e-4, max_iter=100_000
    )
    assert_certified(model.fit(X, y, s), X, y, s, tol=1e-4)


def test_solvers_agree_where_convex():
    X, y, s = regression(6)
    for p in CONVEX:
        values = [
            SparseLpRegressor(0.05, p=p, solver=solver, tol=1e-12, max_iter=100_000)
            .fit(X, y, s)
            .objective_
            for solver in ("auto", "cd", "proximal_gradient")
        ]
        np.testing.assert_allclose(values, values[0], rtol=1e-10)


@pytest.mark.parametrize("p", POWERS)
def test_fits_of_wider_data(p):
    """More columns than rows, sparse: the working set is a part of the columns."""
    rng = np.random.default_rng(7)
    X = random_sparse(rng, 60, 300, 0.1)
    y = X[:, :5] @ np.array([3.0, -2, 2, -1, 1]) + 0.1 * rng.normal(size=60)
    alpha = 0.1 * Problem(X, y).alpha_max()
    model = SparseLpRegressor(alpha, p=p, tol=1e-8, max_iter=100_000).fit(X, y)
    assert_certified(model, X, y, tol=1e-8)
    if p <= 1:
        assert model.sparsity_ > 0.5


@pytest.mark.parametrize("p", POWERS)
def test_no_penalty_no_dual(p):
    X, y, s = regression(8)
    model = SparseLpRegressor(0.0, p=p, tol=1e-10, max_iter=100_000).fit(X, y, s)
    assert np.isnan(model.dual_gap_)
    assert model.optimality_ <= 1e-10
    problem = Problem(X, y, sample_weight=s, alpha=0.0)
    np.testing.assert_allclose(problem.correlate(problem.residual(model.coef_)), 0, atol=1e-8)
    assert model.penalty_ == 0


@pytest.mark.parametrize("p", POWERS)
def test_alpha_max_is_where_lasso_starts(p):
    X, y, s = regression(9)
    alpha = Problem(X, y, sample_weight=s).alpha_max()
    just_above = SparseLpRegressor(alpha * (1 + 1e-9), p=p).fit(X, y, s)
    if p == 1:
        assert not just_above.coef_.any()
        assert SparseLpRegressor(alpha * 0.99, p=1, tol=1e-8).fit(X, y, s).coef_.any()
    if p > 1:  # nothing is exactly zero
        assert just_above.coef_.all()


# -- masks ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("threshold", [1e-3, 0.05, 0.3, 100.0])
@pytest.mark.parametrize("p", POWERS)
def test_refit_ends_on_a_stationary_masked_model(p, threshold):
    for seed, setting in itertools.product((0, 1), ("plain", "positive", "elastic", "some free")):
        X, y, s = regression(seed)
        alpha = 0.05 * Problem(X, y).alpha_max()
        model = SparseLpRegressor(
            alpha,
            p=p,
            sparsity_threshold=threshold,
            tol=1e-10,
            max_iter=100_000,
            **SETTINGS[setting],
        ).fit(X, y, s)
        problem = assert_certified(model, X, y, s, tol=1e-10)
        w = np.asarray(model.coef_)
        assert model.intercept_ == pytest.approx(problem.best_intercept(w), rel=1e-10)
        on = w != 0
        smooth = problem.correlate(problem.residual(w)) - problem.v * model.alpha_l2 * w
        slope = problem.v[on] * alpha * p * np.abs(w[on]) ** (p - 1) * np.sign(w[on])
        np.testing.assert_allclose(smooth[on], slope, atol=1e-4 * np.sqrt(2 * problem.null))
        if threshold == 100.0:
            assert not on.any()
            assert model.intercept_ == pytest.approx(problem.y_mean)


def test_unthresholded_mask_is_the_support():
    X, y, s = regression(1)
    for refit in (True, False):
        model = SparseLpRegressor(0.3, p=0.5, refit=refit).fit(X, y, s)
        np.testing.assert_array_equal(model.mask_, model.coef_ != 0)
        assert model.mask_.dtype == bool
        assert 0 < model.sparsity_ < 1


@pytest.mark.parametrize("p", POWERS)
def test_bare_mask(p):
    X, y, s = regression(2)
    parameters = {"alpha": 0.02, "p": p, "tol": 1e-9, "max_iter": 100_000}
    before = SparseLpRegressor(**parameters).fit(X, y, s)
    threshold = float(np.median(np.abs(before.coef_[before.mask_])))
    after = SparseLpRegressor(**parameters, sparsity_threshold=threshold, refit=False)
    after.fit(X, y, s)
    mask = np.abs(before.coef_) > threshold
    assert 0 < mask.sum() < before.mask_.sum()
    np.testing.assert_array_equal(after.mask_, mask)
    np.testing.assert_array_equal(after.coef_, before.coef_ * mask)
    # the certificates are those of the fit before the mask
    np.testing.assert_array_equal(after.dual_gap_, before.dual_gap_)
    assert after.optimality_ == before.optimality_
    assert after.n_iter_ == before.n_iter_
    # what describes the model describes the model returned
    problem = problem_of(after, X, y, s)
    assert after.penalty_ == pytest.approx(problem.penalty(after.coef_), rel=1e-12)
    assert after.objective_ == pytest.approx(
        problem.objective(after.coef_, after.intercept_), rel=1e-12
    )


@pytest.mark.parametrize("p", POWERS)
def test_a_larger_threshold_is_sparser(p):
    X, y, s = regression(3)
    supports = []
    for threshold in (0.0, 0.01, 0.1, 0.5, 5.0):
        model = SparseLpRegressor(0.01, p=p, sparsity_threshold=threshold, refit=False)
        supports.append(set(np.flatnonzero(model.fit(X, y, s).mask_)))
    assert all(a >= b for a, b in itertools.pairwise(supports))
    assert len(supports[0]) > len(supports[-1])


def test_refit_shrinks_only():
    X, y, s = regression(4)
    for p in (0.5, 1.0, 1.5):
        parameters = {"alpha": 0.02, "p": p, "tol": 1e-9}
        first = SparseLpRegressor(**parameters).fit(X, y, s)
        refitted = SparseLpRegressor(**parameters, sparsity_threshold=0.2).fit(X, y, s)
        assert np.all(refitted.mask_ <= (np.abs(first.coef_) > 0.2))
        bare = SparseLpRegressor(**parameters, sparsity_threshold=0.2, refit=False).fit(X, y, s)
        if np.array_equal(bare.mask_, refitted.mask_):
            assert refitted.objective_ <= bare.objective_ * (1 + 1e-9)


def test_operator_formula():
    """penalty = alpha sum |w|^p; mask = |w| > threshold."""
    X, y, _ = regression(5)
    for p in POWERS:
        model = SparseLpRegressor(0.1, p=p, sparsity_threshold=0.05).fit(X, y)
        w = model.coef_[model.mask_]
        assert np.all(np.abs(w) > 0.05)
        assert model.penalty_ == pytest.approx(0.1 * np.sum(np.abs(w) ** p), rel=1e-12)
