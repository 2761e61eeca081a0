"""Grids that mean the same for every p, and the fits along them."""

import numpy as np
import pytest
import scipy.sparse as sp
from pairwise import parametrize_pairwise
from reference import assert_certified

from skl_sparse import SparseLpRegressor, alpha_grid, alpha_max, lp_path

CONTAINERS = [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array]


def data(seed=0, n=80, m=40):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, m)) * (rng.random((n, m)) < 0.4)
    X *= 10.0 ** rng.uniform(-1, 1, m)
    w = np.zeros(m)
    w[:6] = rng.choice([-1, 1], 6) * rng.uniform(1, 2, 6)
    return X, X @ w + 0.3 * rng.standard_normal(n) + 5.0, rng.uniform(0.5, 2.0, n)


@parametrize_pairwise(
    p=[0, 0.3, 0.5, 2 / 3, 1],
    container=CONTAINERS,
    fit_intercept=[True, False],
    positive=[True, False],
    alpha_l2=[0.0, 0.2],
    weighted=[True, False],
)
def test_all_coefficients_are_zero_from_there_on(
    p, container, fit_intercept, positive, alpha_l2, weighted
):
    X, y, s = data()
    s = s if weighted else None
    v = np.linspace(0.5, 2, X.shape[1]) if weighted else None
    options = {
        "p": p,
        "alpha_l2": alpha_l2,
        "fit_intercept": fit_intercept,
        "positive": positive,
        "feature_weights": v,
    }
    alpha = alpha_max(container(X), y, sample_weight=s, **options)
    above = SparseLpRegressor(alpha * 1.001, tol=1e-9, **options)
    # One start: what leaves zero by itself; starts elsewhere may find a minimum beyond.
    above = above.fit(container(X), y, s)
    below = SparseLpRegressor(alpha * 0.99, tol=1e-9, **options).fit(container(X), y, s)
    assert below.mask_.any()
    if p == 1:
        assert not above.mask_.any()


def test_p_above_one_keeps_a_thousandth():
    X, y, _ = data()
    x = X[:, :1]
    for p in (1.5, 2, 3):
        least_squares = SparseLpRegressor(0.0).fit(x, y).coef_[0]
        kept = SparseLpRegressor(alpha_max(x, y, p=p), p=p, tol=1e-12).fit(x, y).coef_[0]
        assert kept == pytest.approx(1e-3 * least_squares, rel=1e-3)


def test_of_several_targets_the_largest_counts():
    X, y, _ = data()
    Y = np.column_stack([y, 10 * y, y - X[:, 0]])
    largest = max(alpha_max(X, target) for target in Y.T)
    assert alpha_max(X, Y) == pytest.approx(largest, rel=1e-12)


def test_scales_follow_the_units():
    X, y, _ = data()
    for p in (0, 0.5, 1, 2):
        for a, b in ((3.0, 1.0), (1.0, 5.0)):  # y a times as large, X b times
            expected = alpha_max(X, y, p=p) * a ** (2 - p) * b**p
            assert alpha_max(b * X, a * y, p=p) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("p", [0, 0.5, 1])
def test_a_grid_is_a_series_of_correlations(p):
    """At each strength the columns that leave zero by themselves are the same for every p."""
    rng = np.random.default_rng(1)
    X = np.linalg.qr(rng.standard_normal((60, 20)) - 0.0)[0] * np.sqrt(60)
    X -= X.mean(axis=0)
    y = X @ np.linspace(0, 1, 20)
    grids = {q: alpha_grid(X, y, p=q, n_alphas=7, eps=0.1) for q in (p, 1)}
    c = np.abs(X.T @ (y - y.mean())) / 60
    d = np.sqrt((X * X).mean(axis=0))
    enters = {}
    for q, alphas in grids.items():
        enters[q] = [
            [alpha_max(X[:, [j]], y, p=q) > alpha for j in range(20)] for alpha in alphas * 1.0001
        ]
    # Columns have nearly one scale here: correlations are thresholds.
    np.testing.assert_allclose(grids[1] / grids[1][0], np.geomspace(1, 0.1, 7))
    assert np.mean(np.array(enters[p]) == np.array(enters[1])) > 0.97
    assert c.max() == pytest.approx(grids[1][0]) and d.std() < 0.05


@parametrize_pairwise(
    p=[0.5, 1, 1.5, 2],
    container=CONTAINERS,
    alpha_l2=[0.0, 0.1],
    threshold=[0.0, 0.1],
    dtype=[np.float64, np.float32],
)
def test_every_fit_of_a_path_is_certified(p, container, alpha_l2, threshold, dtype):
    X, y, s = data()
    X = X.astype(dtype)
    path = lp_path(
        container(X),
        y,
        p=p,
        alphas=15,
        alpha_l2=alpha_l2,
        sample_weight=s,
        sparsity_threshold=threshold,
        tol=1e-8,
    )
    assert path.coefs.shape == (15, 40) and path.coefs.dtype == dtype
    assert np.all(np.diff(path.alphas) < 0)
    for k in (0, 5, 14):
        model = path.select(index=k)
        assert model.alpha == path.alphas[k]
        assert np.all(np.abs(model.coef_[model.mask_]) > threshold)
        if dtype == np.float64:
            if threshold:
                single = SparseLpRegressor(
                    alpha=model.alpha,
                    p=p,
                    alpha_l2=alpha_l2,
                    sparsity_threshold=threshold,
                    tol=1e-8,
                ).fit(X, y, s)
                if p >= 1:
                    assert model.objective_ == pytest.approx(single.objective_, rel=1e-6)
            else:
                assert_certified(model, X, y, s, tol=1e-8)
        np.testing.assert_allclose(path.predict(container(X))[:, k], model.predict(X), rtol=1e-4)
    np.testing.assert_array_equal(path.n_nonzeros, (path.coefs.toarray() != 0).sum(axis=1))


def test_a_path_below_one_is_not_trapped():
    ratios = []
    for seed in range(4):
        X, y, _ = data(seed)
        path = lp_path(X, y, p=0.5, alphas=20)
        for k, alpha in enumerate(path.alphas):
            single = SparseLpRegressor(alpha, p=0.5).fit(X, y)
            ratios.append(path.objectives[k] / single.objective_ - 1)
    print(f"{np.sum(np.array(ratios) < -1e-6)} better, {np.sum(np.array(ratios) > 1e-6)} worse")
    assert np.mean(ratios) <= 1e-3


def test_selection():
    X, y, _ = data()
    path = lp_path(sp.csr_array(X), y, alphas=30)
    assert path.select(max_nonzeros=3).mask_.sum() <= 3
    assert (
        path.select(max_nonzeros=3).alpha == path.alphas[np.flatnonzero(path.n_nonzeros <= 3)[-1]]
    )
    assert path.select(max_nonzeros=0).mask_.sum() == 0
    n, k = path.n_samples, path.n_nonzeros
    bic = n * np.log(2 * path.losses) + np.log(n) * k
    np.testing.assert_allclose(path.criterion("bic"), bic)
    assert path.select("bic").alpha == path.alphas[np.argmin(bic)]
    assert path.select("ebic").mask_.sum() <= path.select("bic").mask_.sum()
    assert path.select("bic").mask_.sum() <= path.select("aic").mask_.sum()
    for bad, message in (
        ({"rule": "cic"}, "name must be"),
        ({"index": 30}, "index must be an integer"),
        ({"index": 1, "rule": "bic"}, "index must be None"),
        ({"max_nonzeros": -1}, "max_nonzeros must be"),
    ):
        with pytest.raises(ValueError, match=message):
            path.select(**bad)
    with pytest.raises(ValueError, match="none is zero"):
        lp_path(X, y, p=2, alphas=3).select("bic")


def test_weights_are_repeated_rows():
    X, y, _ = data()
    times = np.random.default_rng(0).integers(1, 4, len(y))
    weighted = lp_path(X, y, alphas=8, sample_weight=times, tol=1e-10)
    repeated = lp_path(np.repeat(X, times, axis=0), np.repeat(y, times), alphas=8, tol=1e-10)
    np.testing.assert_allclose(weighted.alphas, repeated.alphas, rtol=1e-9)
    np.testing.assert_allclose(weighted.coefs.toarray(), repeated.coefs.toarray(), atol=1e-6)
    np.testing.assert_allclose(weighted.criterion("bic"), repeated.criterion("bic"), rtol=1e-6)


def test_early_stopping_and_lines(capsys):
    X, y, _ = data()
    y = y - 0.3 * np.random.default_rng(5).standard_normal(80)
    whole = lp_path(X, y, eps=1e-6, alphas=60)
    short = lp_path(X, y, eps=1e-6, alphas=60, early_stopping=True, verbose=1)
    assert 5 <= len(short.alphas) < 60 and len(whole.alphas) == 60
    np.testing.assert_allclose(short.coefs.toarray(), whole.coefs[: len(short.alphas)].toarray())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(short.alphas) and lines[0].startswith("[1/60] alpha=")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alphas": 0}, "alphas must be an integer >= 1"),
        ({"alphas": [-1.0]}, "each of alphas must be"),
        ({"alphas": []}, "alphas must"),
        ({"eps": 1.0}, "eps must be"),
        ({"eps": 0}, "eps must be"),
        ({"p": -1}, "p must be"),
        ({"y": np.ones((80, 2))}, "fit a path for each target"),
        ({"sample_weight": np.zeros(80)}, "sample_weight"),
        ({"feature_weights": [1.0]}, "feature_weights"),
    ],
)
def test_bad_input(change, message):
    X, y, _ = data()
    with pytest.raises(ValueError, match=message):
        lp_path(X, **{"y": y, **change})


def test_a_constant_target():
    X, _, _ = data()
    path = lp_path(X, np.full(80, 3.0), alphas=5)
    assert not path.coefs.nnz
    np.testing.assert_allclose(path.predict(X), 3.0)
    np.testing.assert_array_equal(path.explained, 0.0)
