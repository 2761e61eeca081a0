"""Degenerate data: defined results, no NaN, no crash, no warning but a deliberate one."""

import itertools
import os
import signal
import threading
import time
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from pairwise import parametrize_pairwise
from reference import CONVEX, POWERS, Problem, assert_certified
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skl_sparse import SparseLpRegressor

CONTAINERS = {"dense": np.asarray, "csr": sp.csr_array, "csc": sp.csc_array}
containers = pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS.keys())
powers = pytest.mark.parametrize("p", POWERS)


def data(seed=0, n=30, n_features=6):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_features))
    return X, X @ [2.0, 0, -1, 0, 0.5, 0] + 0.1 * rng.normal(size=n) + 1.0


def fit(X, y, alpha=0.05, p=1.0, **parameters):
    return SparseLpRegressor(alpha, p=p, max_iter=100_000, **parameters).fit(X, y)


def finite(model):
    return all(
        np.all(np.isfinite(a))
        for a in (
            model.coef_,
            model.intercept_,
            model.objective_,
            model.penalty_,
            model.optimality_,
        )
    )


@parametrize_pairwise(p=POWERS, level=[0.0, 1.0, -3e8, 0.1], container=CONTAINERS)
def test_constant_target(p, level, container):
    X, _ = data()
    model = fit(container(X), np.full(30, level), p=p)
    assert not model.coef_.any()
    assert model.intercept_ == pytest.approx(level, rel=1e-14)
    assert model.optimality_ == 0
    assert model.sparsity_ == 1
    assert not model.mask_.any()
    if p >= 1:
        assert model.dual_gap_ == 0
    assert model.objective_ == pytest.approx(0, abs=1e-12 * max(level**2, 1))
    assert model.penalty_ == 0


@parametrize_pairwise(p=POWERS, alpha=[0.0, 0.05], container=CONTAINERS)
def test_columns_that_say_nothing(p, alpha, container):
    """Empty, constant, constant at 1e8, constant but for rounding: coefficient exactly 0."""
    X, y = data()
    rng = np.random.default_rng(1)
    dull = np.c_[
        np.zeros(30),
        np.full(30, 3.0),
        np.full(30, 1e8),
        np.full(30, 0.1),
        1e8 * (1 + 1e-16 * rng.normal(size=30)),
    ]
    model = fit(container(np.c_[dull, X]), y, alpha, p, tol=1e-10)
    np.testing.assert_array_equal(model.coef_[:5], 0)
    alone = fit(container(X), y, alpha, p, tol=1e-10)
    np.testing.assert_allclose(model.coef_[5:], alone.coef_, rtol=1e-4, atol=1e-6)
    assert finite(model)
    nothing = fit(container(dull), y, alpha, p)
    assert not nothing.coef_.any()
    assert nothing.intercept_ == pytest.approx(y.mean())
    assert finite(nothing)


@containers
@powers
def test_without_intercept_a_constant_column_is_a_column(p, container):
    X, y = data()
    model = fit(container(np.c_[np.ones(30), X]), y, 1e-4, p, fit_intercept=False, tol=1e-10)
    assert model.coef_[0] == pytest.approx(1.0, abs=0.15)
    assert model.intercept_ == 0


@parametrize_pairwise(p=POWERS, mean=[1e6, 1e8], container=CONTAINERS)
def test_far_from_zero(p, mean, container):
    """A mean of 1e8 and unit deviation: the column keeps the 8 digits that are left to it."""
    X, y = data()
    shifted = X + mean  # the data is what is stored: compare with exactly that, recentred
    near = shifted - mean
    model = fit(container(shifted), y, p=p, tol=1e-7)
    expected = fit(near, y, p=p, tol=1e-7)
    assert model.objective_ == pytest.approx(expected.objective_, rel=1e-6)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(model.predict(container(shifted)), expected.predict(near), atol=1e-2)
    problem = Problem(shifted, y, alpha=0.05, p=p)
    np.testing.assert_allclose(model.optimality_, problem.optimality(model.coef_), atol=2e-6)


@containers
@powers
def test_a_target_far_from_zero(p, container):
    X, y = data()
    model, near = fit(container(X), y + 1e8, p=p, tol=1e-7), fit(X, y, p=p, tol=1e-7)
    np.testing.assert_allclose(model.coef_, near.coef_, rtol=1e-3, atol=1e-4)
    assert model.intercept_ == pytest.approx(1e8 + near.intercept_, rel=1e-12)


@containers
@powers
def test_a_single_row(p, container):
    model = fit(container(np.array([[1.0, 0.0, -2.0]])), [3.0], p=p)
    assert not model.coef_.any()
    assert model.intercept_ == 3.0
    assert finite(model)
    flat = fit(container(np.array([[1.0, 0.0, -2.0]])), [3.0], p=p, fit_intercept=False)
    assert finite(flat)
    assert flat.objective_ <= 4.5
    np.testing.assert_array_equal(flat.coef_[1], 0)


@containers
@powers
def test_a_single_column(p, container):
    X, y = data()
    model = fit(container(X[:, :1]), y, p=p, tol=1e-10)
    problem = Problem(X[:, :1], y, alpha=0.05, p=p)
    assert problem.optimality(model.coef_) < 1e-7
    np.testing.assert_allclose(model.coef_, problem.best_steps(np.zeros(1))[0], rtol=1e-5)


@parametrize_pairwise(p=POWERS, shape=[(3, 200), (2, 50), (2000, 2)], container=CONTAINERS)
def test_extreme_shapes(p, shape, container):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=shape), rng.normal(size=shape[0])
    model = fit(container(X), y, 0.1, p, tol=1e-6)
    assert_certified(model, X, y, tol=1e-6)


@parametrize_pairwise(p=POWERS, wide=[False, True], container=CONTAINERS)
def test_no_penalty(p, wide, container):
    """alpha = 0 is least squares; with more columns than rows, one of the interpolations."""
    X, y = data()
    if wide:
        X, y = np.random.default_rng(0).normal(size=(8, 30)), y[:8]
    model = fit(container(X), y, 0.0, p, tol=1e-8)
    assert finite(model)
    assert np.isnan(model.dual_gap_)
    problem = Problem(X, y, alpha=0)
    best = (
        0.5 * np.linalg.lstsq(problem.Xc, problem.yc, rcond=None)[1].sum() / len(y)
        if not wide
        else 0.0
    )
    assert model.objective_ == pytest.approx(best, abs=1e-8 * problem.null)


@containers
@powers
def test_ridge_part_alone(p, container):
    X, y = data()
    model = fit(container(X), y, 0.0, p, alpha_l2=0.3, tol=1e-13)
    ridge = fit(container(X), y, 0.15, 2.0, tol=1e-13)
    np.testing.assert_allclose(model.coef_, ridge.coef_, rtol=1e-5)
    assert model.objective_ == pytest.approx(ridge.objective_, rel=1e-11)
    assert model.dual_gap_ <= 1e-13 or p < 1


@parametrize_pairwise(p=POWERS, alpha=[1e3, 1e12, 1e200], container=CONTAINERS)
def test_huge_alpha(p, alpha, container):
    X, y = data()
    model = fit(container(X), y, alpha, p)
    assert finite(model)
    assert model.n_iter_ >= 1
    if p <= 1:
        assert not model.coef_.any()
        assert model.sparsity_ == 1
        assert model.objective_ == pytest.approx(0.5 * y.var())
    else:
        assert np.abs(model.coef_).max() < 0.1
    assert model.intercept_ == pytest.approx(y.mean(), abs=0.1)


@powers
@pytest.mark.parametrize("alpha", [1e-14, 1e-200, 5e-324])
def test_tiny_alpha(p, alpha):
    X, y = data()
    plain = fit(X, y, 0.0, p, tol=1e-8)
    with warnings.catch_warnings():  # a dual point feasible to 1e-200 is beyond rounding
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = fit(X, y, alpha, p, tol=1e-8)
    assert finite(model)
    np.testing.assert_allclose(model.coef_, plain.coef_, atol=1e-4)


@parametrize_pairwise(
    p=POWERS,
    scale=list(itertools.product(["y", "X", "both"], [-150, -100, -20, 20, 100, 150])),
    container=CONTAINERS,
)
def test_scales(p, scale, container):
    """w(k y, k^(2-p) alpha) = k w and w(k X, k^p alpha) = w / k, for every k that floats hold."""
    X, y = data()
    what, exponent = scale
    k = 10.0**exponent
    kx, ky = (k if what != "y" else 1.0), (k if what != "X" else 1.0)
    # |w'| = (ky / kx) |w|, so alpha' |w'|^p = ky^2 alpha |w|^p
    log_alpha = np.log10(0.05) + 2 * np.log10(ky) - p * (np.log10(ky) - np.log10(kx))
    if abs(log_alpha) > 290:
        pytest.skip(f"alpha = 1e{log_alpha:.0f} is not a float")
    if p * abs(np.log10(ky / kx)) > 290:
        pytest.skip("|w|^p is not a float")
    model = fit(container(kx * X), ky * y, 10.0**log_alpha, p, tol=1e-8)
    plain = fit(container(X), y, 0.05, p, tol=1e-8)
    np.testing.assert_allclose(model.coef_ * kx / ky, plain.coef_, rtol=1e-4, atol=1e-5)
    assert model.intercept_ / ky == pytest.approx(plain.intercept_, rel=1e-5)
    assert finite(model)
    assert model.objective_ / ky / ky == pytest.approx(plain.objective_, rel=1e-6)


@powers
@pytest.mark.parametrize("exponent", [-12, -6, 6, 12])
def test_scales_in_float32(p, exponent):
    X, y = data()
    k = 10.0**exponent
    X32, y32 = X.astype(np.float32), y.astype(np.float32)
    model = fit(X32, (k * y).astype(np.float32), 0.05 * k ** (2 - p), p)
    plain = fit(X32, y32, 0.05, p)
    np.testing.assert_allclose(model.coef_ / np.float32(k), plain.coef_, rtol=1e-2, atol=1e-2)


def test_columns_of_very_different_scale():
    X, y = data()
    scale = 10.0 ** np.array([-8, 8, -4, 0, 4, 2])
    plain = fit(X, y, 0.05, 1.0, tol=1e-10)
    for container in CONTAINERS.values():
        # the penalty counted in each column's own unit: the same problem
        model = fit(container(X * scale), y, 0.05, 1.0, feature_weights=scale, tol=1e-10)
        np.testing.assert_allclose(model.coef_ * scale, plain.coef_, rtol=1e-4, atol=1e-7)


@containers
@powers
def test_twin_columns(p, container):
    X, y = data()
    twins = np.c_[X, X, X]
    model, single = fit(container(twins), y, p=p, tol=1e-9), fit(X, y, p=p, tol=1e-9)
    assert finite(model)
    assert_certified(model, twins, y, tol=1e-9)
    if p <= 1:  # sharing a coefficient between twins gains nothing
        assert model.objective_ >= single.objective_ * (1 - 1e-8)
    if p == 1:
        assert model.objective_ == pytest.approx(single.objective_, rel=1e-8)
    if p > 1:
        assert model.objective_ <= single.objective_
        np.testing.assert_allclose(model.coef_[:6], model.coef_[6:12], atol=1e-3)


@containers
@powers
def test_free_twins(p, container):
    """Twins that nothing penalises: the minimiser is not unique, the fit is defined."""
    X, y = data()
    twins = np.c_[X[:, 0], X]
    v = np.r_[0.0, 0.0, np.ones(5)]
    model = fit(container(twins), y, p=p, feature_weights=v, tol=1e-9)
    assert finite(model)
    if p >= 1:
        assert 0 <= model.dual_gap_ <= 1e-9
        once = fit(container(X), y, p=p, feature_weights=v[1:], tol=1e-9)
        assert model.objective_ == pytest.approx(once.objective_, rel=1e-7)
    np.testing.assert_allclose(
        Problem(twins, y, p=p, alpha=0.05, feature_weights=v).optimality(model.coef_),
        model.optimality_,
        atol=1e-7,
    )


@containers
@powers
def test_all_columns_free(p, container):
    X, y = data()
    model = fit(container(X), y, 1.0, p, feature_weights=np.zeros(6), tol=1e-9)
    plain = fit(X, y, 0.0, p, tol=1e-9)
    np.testing.assert_allclose(model.coef_, plain.coef_, atol=1e-4)
    assert model.penalty_ == 0


@powers
def test_a_free_column_under_the_mask(p):
    X, y = data()
    model = fit(X, y, 0.01, p, feature_weights=[0, 1, 1, 1, 1, 1], sparsity_threshold=1e6)
    assert not model.coef_.any()
    assert finite(model)


@containers
@powers
def test_interpolation(p, container):
    """A target the columns fit exactly, hardly penalised."""
    X, _ = data()
    w = np.array([2.0, 0, -1, 0, 0.5, 0])
    model = fit(container(X), X @ w + 3.0, 1e-9, p, tol=1e-12)
    np.testing.assert_allclose(model.coef_, w, atol=1e-5)
    assert model.intercept_ == pytest.approx(3.0, abs=1e-5)


@powers
def test_all_mass_on_one_row(p):
    X, y = data()
    s = np.zeros(30)
    s[4] = 2.0
    model = SparseLpRegressor(0.05, p=p).fit(X, y, sample_weight=s)
    assert not model.coef_.any()
    assert model.intercept_ == pytest.approx(y[4])
    s[:] = 1e-300
    spread = SparseLpRegressor(0.05, p=p, tol=1e-8).fit(X, y, sample_weight=s)
    plain = SparseLpRegressor(0.05, p=p, tol=1e-8).fit(X, y)
    np.testing.assert_allclose(spread.coef_, plain.coef_, rtol=1e-4, atol=1e-6)
    s[:] = 1e300
    large = SparseLpRegressor(0.05, p=p, tol=1e-8).fit(X, y, sample_weight=s)
    np.testing.assert_allclose(large.coef_, plain.coef_, rtol=1e-4, atol=1e-6)


def test_exponents_around_one_and_far_away():
    X, y = data()
    for p in (1e-6, 0.999999, 1.000001, 1.9999999, 2.0000001, 10.0, 50.0):
        model = fit(X, y, 0.05, p, tol=1e-5)
        assert finite(model)
    for low, high in ((0.999999, 1.0), (1.0, 1.000001), (1.9999999, 2.0), (2.0, 2.0000001)):
        a, b = (fit(X, y, 0.05, p, tol=1e-8) for p in (low, high))
        assert a.objective_ == pytest.approx(b.objective_, rel=1e-4)


@pytest.mark.parametrize("p", CONVEX)
def test_empty_sparse_matrix(p):
    for kind in (sp.csr_array, sp.csc_array, sp.csr_matrix):
        model = fit(kind((10, 5)), np.arange(10.0), p=p)
        assert not model.coef_.any()
        # The mean to its last digit but one: in which order BLAS sums ten numbers that are no binary
        # fractions may depend on where in memory they lie.
        assert model.intercept_ == pytest.approx(4.5, rel=4e-16, abs=0)
        assert model.dual_gap_ == 0
        assert model.optimality_ == 0


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
@pytest.mark.parametrize("convert", [np.asarray, sp.csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("p", [0.5, 1.0, 1.5, 2.0])
def test_interrupt(p, convert):
    """Ctrl-C stops a fit that would go on for long, within a second or two of processor time."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 1)) + 0.03 * rng.normal(size=(1500, 2500))
    y = X @ rng.normal(size=2500) + rng.normal(size=1500)
    model = SparseLpRegressor(1e-9, p=p, tol=1e-300, max_iter=10**9)
    sent = []

    def interrupt():
        sent.append(time.process_time())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.5, interrupt)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore it
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            model.fit(convert(X), y)
        assert time.process_time() - sent[0] < 2.0
    finally:
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, handler)
    assert not hasattr(model, "coef_")


@parametrize_pairwise(distance=[1e-4, 1e-5, 1e-6, 1e-7, 1e-8], p=[1.0, 1.5], container=CONTAINERS)
def test_no_false_gap_at_free_near_twins(distance, p, container):
    """Two unpenalised columns that nearly coincide: a stalled fit must not claim to be optimal.

    They span what two columns far apart span, so the minimum is known from those.
    """
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100))
    Z = rng.normal(size=(100, 5))
    y = b + 0.1 * rng.normal(size=100)
    free = [0, 0, 1, 1, 1, 1, 1]
    near = container(np.c_[a, a + distance * b, Z])
    exact = fit(np.c_[a, b, Z], y, 0.1, p, feature_weights=free, tol=1e-12)
    null = 0.5 * np.mean((y - y.mean()) ** 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = SparseLpRegressor(0.1, p=p, feature_weights=free, tol=1e-6, max_iter=200)
        model.fit(near, y)
    excess = model.objective_ - exact.objective_
    assert not excess > model.dual_gap_ * null + 1e-9
    assert model.dual_gap_ >= 0 or np.isnan(model.dual_gap_)


@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_a_refit_that_no_pass_is_left_for_is_told(max_iter):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 12))
    y = X @ rng.normal(size=12) + rng.normal(size=60)
    with pytest.warns(ConvergenceWarning, match=f"increase max_iter \\(now {max_iter}\\)"):
        model = SparseLpRegressor(0.05, sparsity_threshold=0.3, tol=1e-6, max_iter=max_iter).fit(
            X, y
        )
    assert np.all((model.coef_ == 0) | (np.abs(model.coef_) > 0.3))
    assert model.n_iter_ == max_iter


@powers
@pytest.mark.parametrize("level", [50.0, 200.0, 3e4])
def test_columns_far_from_zero(level, p):
    """Means of many deviations: the fit is that of the centred columns, dense or sparse."""
    X, y = data(n=200)
    model = fit(X, y, 0.02, p, tol=1e-10)
    for container in CONTAINERS.values():
        moved = fit(container(X + level), y, 0.02, p, tol=1e-10)
        assert moved.objective_ == pytest.approx(model.objective_, rel=1e-8)
        np.testing.assert_allclose(moved.coef_, model.coef_, atol=1e-5)


@pytest.mark.parametrize("p", [1.05, 1.5, 2.0, 3.0, 10.0])
@pytest.mark.parametrize("share", [0.1, 0.001])
def test_wide_data_without_zeros(p, share):
    """p > 1 with many more columns than rows, where the penalty is nearly flat."""
    rng = np.random.default_rng(0)
    X = sp.random(50, 600, 0.2, format="csr", random_state=0)
    y = X[:, :5] @ np.full(5, 3.0) + 0.1 * rng.normal(size=50)
    alpha = share * np.abs(X.T @ (y - y.mean())).max() / 50
    model = fit(X, y, alpha, p, tol=1e-6)
    assert_certified(model, X.toarray(), y, tol=1e-6)


@pytest.mark.parametrize("seed", [78, 286, 374, 580, 744, 958, 1190, 1199])
def test_concave_along_what_the_data_leave_free(seed):
    """Fewer rows than coefficients: sweeps creep along a valley in which only the penalty falls."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 12), rng.integers(5, 40)
    X = rng.normal(size=(n, m)) * (rng.random((n, m)) < rng.choice([0.2, 0.5, 1]))
    y, free = rng.normal(size=n), rng.random(m) < 0.25
    alpha = 1e-4 * np.abs(X.T @ (y - y.mean())).max() / n
    for p in (0.3, 0.5, 0.9):
        model = SparseLpRegressor(alpha, p=p, feature_weights=1.0 - free, tol=1e-7).fit(X, y)
        assert model.optimality_ <= 1e-7
        assert model.n_iter_ <= 30


@parametrize_pairwise(
    p=[0.5, 1.0, 1.5, 2.0], container=CONTAINERS, where=[0, 13, 29], fit_intercept=[True, False]
)
def test_an_outlier_of_next_to_no_weight(p, container, fit_intercept, where):
    """It is as if its row were left out: what the others say of scales is heard."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 5)) * (rng.random((30, 5)) < 0.7)
    X[where] = rng.normal(size=5)
    y = X[:, :2].sum(axis=1) + 0.1 * rng.normal(size=30)
    kept = np.arange(30) != where
    model = SparseLpRegressor(0.05, p=p, fit_intercept=fit_intercept, tol=1e-10)
    expected = clone(model).fit(container(X[kept]), y[kept])
    cases = [
        (1e20, 1.0, 1e-60),
        (1e100, 1.0, 1e-250),
        (1e160, 1.0, 5e-324),
        (1.0, 1e20, 1e-60),
        (1e20, -1e20, 1e-70),
    ]
    for far_y, far_x, weight in cases:
        outlying, target, weights = X.copy(), y.copy(), np.ones(30)
        outlying[where] *= far_x
        target[where], weights[where] = far_y, weight
        found = clone(model).fit(container(outlying), target, sample_weight=weights)
        np.testing.assert_allclose(found.coef_, expected.coef_, rtol=1e-6, atol=1e-8)
        assert found.intercept_ == pytest.approx(expected.intercept_, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0])
def test_an_outlier_that_its_weight_lets_count(p):
    """A weight of 1e-12 and a distance of 1e6: one part in two of the variance."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 5))
    y = X[:, :2].sum(axis=1) + 0.1 * rng.normal(size=30)
    weights = np.ones(30)
    y[7], weights[7] = 1e6, 1e-12
    model = SparseLpRegressor(0.01, p=p, tol=1e-10).fit(X, y, sample_weight=weights)
    mean = np.average(y, weights=weights)
    null = np.average((y - mean) ** 2, weights=weights) / 2
    residual = y - model.predict(X)
    value = np.average(residual**2, weights=weights) / 2 + model.penalty_
    assert model.objective_ == pytest.approx(value, rel=1e-9)
    assert value < 0.5 * null


@pytest.mark.parametrize("level", [1e-300, 1 / 3, 1e300])
@pytest.mark.parametrize("n_rows", [7, 1000])
def test_constants_under_weights_of_all_sizes(level, n_rows):
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(n_rows, 3)), rng.random(n_rows) ** 8
    model = SparseLpRegressor(1e-3).fit(X, np.full(n_rows, level), sample_weight=weights)
    assert not model.coef_.any() and model.objective_ == 0
    assert model.intercept_ == pytest.approx(level, rel=1e-14)
    X[:, 1] = level
    assert SparseLpRegressor(1e-3).fit(X, X[:, 0], sample_weight=weights).coef_[1] == 0


@pytest.mark.parametrize("seed", [98, 103])
def test_rounding_does_not_bend(seed):
    """The line search of the proximal gradient ends where rounding hides the curvature."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2, 300)) * (rng.random((2, 300)) < 0.3)
    y = rng.normal(size=2) + X[:, 0]
    model = fit(X, y, 1e-3 * np.var(y), 0.0, solver="proximal_gradient")
    assert_certified(model, X, y, tol=model.tol)
