"""The 1-D proximal step: the global minimiser of (x - z)^2 / 2 + lam |x|^p, for every p."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pairwise import parametrize_pairwise
from reference import POWERS, jump_of_prox, prox, prox_by_grid, prox_objective

from skl_sparse.operators import lp_prox

# near 1 and near 2 from both sides, where closed forms end and iterations begin
MORE_POWERS = (
    *POWERS,
    0.01,
    0.25,
    0.75,
    0.99,
    0.999,
    1.001,
    1.01,
    1.25,
    4 / 3,
    1.99,
    2.01,
    4.0,
    7.5,
)


def points(p, rng, size=400):
    z = rng.normal(size=size) * 10 ** rng.uniform(-3, 2, size)
    lam = 10 ** rng.uniform(-4, 2, size)
    if p <= 1:  # half of them near the jump, on both sides of it
        near = slice(0, size // 2)
        z[near] = jump_of_prox(lam[near], p) * rng.uniform(0.9, 1.3, size // 2)
        z[: size // 4] *= -1
    return z, lam


@parametrize_pairwise(p=MORE_POWERS, dtype=[np.float64, np.float32], positive=[False, True])
def test_global_minimum(p, dtype, positive):
    z, lam = (a.astype(dtype) for a in points(p, np.random.default_rng(1)))
    x = lp_prox(z, lam, p, positive=positive)
    assert x.dtype == dtype
    best = prox(z, lam, p, positive)
    z, lam = z.astype(float), lam.astype(float)
    eps = np.finfo(dtype).eps
    value, value_best = prox_objective(x, z, lam, p), prox_objective(best, z, lam, p)
    np.testing.assert_array_less(value - value_best, 32 * eps * prox_objective(0.0, z, lam, p))
    away = np.ones(len(z), dtype=bool)
    if p < 1:
        away = np.abs(np.abs(z) / jump_of_prox(lam, p) - 1) > 1e-3
    np.testing.assert_allclose(
        x[away],
        best[away],
        # where x is tiny and p near 1, rounding enters multiplied by 1 / (p - 1)
        rtol=1e-10 if dtype == np.float64 else 2e-5 * max(1, 0.1 / max(abs(p - 1), 1e-3)),
        atol=np.finfo(dtype).tiny if p != 1 else 4 * eps * np.abs(z).max(),
    )
    # below the jump exactly zero, not merely small
    if p <= 1:
        below = np.abs(z) < jump_of_prox(lam, p) * (1 - 1e-5)
        assert below.any()
        assert np.all(x[below] == 0)
    if positive:
        assert np.all(x >= 0)
        assert np.all(x[z <= 0] == 0)


@pytest.mark.slow
@pytest.mark.parametrize("p", POWERS)
def test_brute_force(p):
    rng = np.random.default_rng(2)
    z, lam = points(p, rng, 40)
    x = lp_prox(z, lam, p)
    for xi, zi, lami in zip(x, z, lam, strict=True):
        brute = prox_by_grid(zi, lami, p)
        value, value_brute = prox_objective(xi, zi, lami, p), prox_objective(brute, zi, lami, p)
        assert value <= value_brute + 1e-14 * zi * zi


@pytest.mark.parametrize("p", POWERS)
def test_simple_properties(p):
    z = np.array([-3.0, -0.5, -1e-8, 0.0, 1e-8, 0.5, 3.0])
    # no penalty: the identity
    np.testing.assert_array_equal(lp_prox(z, 0.0, p), z)
    np.testing.assert_array_equal(lp_prox(z, 0.0, p, positive=True), np.maximum(z, 0))
    # odd, towards zero, never across it, monotone
    x = lp_prox(z, 0.3, p)
    np.testing.assert_array_equal(x, -lp_prox(-z, 0.3, p)[:])
    assert np.all(np.abs(x) <= np.abs(z))
    assert np.all(x * z >= 0)
    assert np.all(np.diff(x) >= 0)
    # a scalar lam and its array are the same
    np.testing.assert_array_equal(x, lp_prox(z, np.full(7, 0.3), p))


def test_input_is_kept_and_shapes_survive():
    z = np.arange(-3.0, 3.0).reshape(2, 3)
    z.flags.writeable = False
    before = z.copy()
    assert lp_prox(z, 0.5, 0.5).shape == (2, 3)
    np.testing.assert_array_equal(z, before)
    assert lp_prox(np.empty(0), 1.0, 0.5).shape == (0,)
    np.testing.assert_allclose(lp_prox(z.T, 0.5, 0.5), lp_prox(z, 0.5, 0.5).T)


@pytest.mark.parametrize("p", POWERS)
@pytest.mark.parametrize("exponent", [-100, -30, 30, 100])
def test_scale_equivariance(p, exponent):
    # x(k z, k^(2-p) lam) = k x(z, lam); k a power of two, p a third: equal up to a few roundings
    k = 2.0**exponent
    z, lam = np.array([-3.0, 0.7, 1.9, 40.0]), 0.4
    np.testing.assert_allclose(
        lp_prox(k * z, lam * k ** (2 - p), p) / k, lp_prox(z, lam, p), rtol=1e-10
    )


def test_published_thresholds():
    # hard thresholding, half thresholding (Xu et al. 2012), soft thresholding, shrinkage
    assert lp_prox(np.array([1.99]), 2.0, 0)[0] == 0
    assert lp_prox(np.array([2.01]), 2.0, 0)[0] == 2.01
    half = 1.5 * 1.0 ** (2 / 3)  # at lam = 1: t = 3/2
    assert lp_prox(np.array([half * 0.999]), 1.0, 0.5)[0] == 0
    assert lp_prox(np.array([half * 1.001]), 1.0, 0.5)[0] > 0.99
    np.testing.assert_allclose(lp_prox(np.array([-3.0, 0.5, 3.0]), 1.0, 1), [-2, 0, 2])
    np.testing.assert_allclose(
        lp_prox(np.array([-3.0, 0.5, 3.0]), 1.0, 2), np.array([-3, 0.5, 3]) / 3
    )


@settings(max_examples=200, deadline=None)
@given(
    z=st.floats(-1e6, 1e6),
    lam=st.floats(0, 1e6),
    p=st.one_of(st.sampled_from(POWERS), st.floats(0, 5)),
)
def test_any_point(z, lam, p):
    x = float(lp_prox(np.array([z]), lam, p)[0])
    best = float(prox(z, lam, p))
    limit = max(prox_objective(0.0, z, lam, p), np.finfo(float).tiny)
    assert prox_objective(x, z, lam, p) <= prox_objective(best, z, lam, p) + 1e-14 * limit


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (([1.0], -1.0, 0.5), "lam"),
        (([1.0], np.nan, 0.5), "lam"),
        (([1.0], 1.0, -0.5), "p"),
        (([1.0], 1.0, np.nan), "p"),
        (([1.0], 1.0, np.inf), "p"),
        (([1.0], 1.0, "1"), "p"),
    ],
)
def test_bad_arguments(arguments, name):
    z, lam, p = arguments
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        lp_prox(np.array(z), lam, p)
