"""The Lp penalty on whole vectors: answers about few columns, and strengths given by scales."""

import numpy as np
import pytest

from skl_sparse.engine.penalties import LpPenalty
from skl_sparse.engine.solvers import QuadraticModel
from skl_sparse.engine.solvers.certificates._duality import DualRay, relative_gap

N = 400
EXPONENTS = [0.0, 0.3, 0.5, 2 / 3, 1.0]


@pytest.fixture(params=[0.0, 0.7], ids=["lp", "ridge too"])
def ridge(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["free", "positive"])
def positive(request):
    return request.param


def scales():
    scale = np.exp(np.random.default_rng(0).normal(size=N))
    scale[::50] = 0.0  # constant columns
    return scale


def both(p, ridge, positive, lam=0.1):
    """A penalty given by scales, and the same given by the strengths of its columns."""
    scale = scales()
    by_scale = LpPenalty(lam, ridge, p, positive, scale)
    return by_scale, LpPenalty(lam * scale**p, ridge * scale**2, p, positive)


def correlated(seed=1):
    """Coefficients of a support, and correlations from far below to above what moves a zero."""
    rng = np.random.default_rng(seed)
    support = np.sort(rng.choice(N, 30, replace=False))
    return support, rng.normal(size=30), rng.normal(size=N) * np.exp(rng.normal(-2, 2, size=N))


def to_dense(columns, values):
    out = np.zeros(N)
    out[columns] = values
    return out


@pytest.mark.parametrize("p", EXPONENTS)
def test_strengths_given_by_scales(p, ridge, positive):
    by_scale, explicit = both(p, ridge, positive)
    support, u, c = correlated()
    np.testing.assert_allclose(by_scale.lam, explicit.lam, rtol=1e-14)
    np.testing.assert_allclose(by_scale.ridge, explicit.ridge, rtol=1e-14)
    np.testing.assert_allclose(by_scale.prox_at(c), explicit.prox_at(c), rtol=1e-12)
    assert by_scale.value_on(support, np.abs(u)) == pytest.approx(
        explicit.value_on(support, np.abs(u))
    )
    assert by_scale.largest_share(c) == pytest.approx(explicit.largest_share(c), rel=1e-12)
    for ours, theirs in (
        (by_scale.violators(support, u, c), explicit.violators(support, u, c)),
        (by_scale.nearly_active(c, 0.5), explicit.nearly_active(c, 0.5)),
    ):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-9, atol=1e-12)
    some = np.array([3, 50, 51, 399])
    np.testing.assert_allclose(by_scale.restrict(some).lam, explicit.lam[some], rtol=1e-14)
    np.testing.assert_allclose(by_scale.restrict(some).ridge, explicit.ridge[some], rtol=1e-14)
    np.testing.assert_array_equal(
        by_scale.weaker(0.05), np.flatnonzero(by_scale.lam + by_scale.ridge < 0.05)
    )
    if p == 1:
        ray = DualRay(np.where(scales() > 0, c, 0.0), 0.4, 0.5)  # constant columns have none
        gaps = [
            relative_gap(QuadraticModel(), penalty, 0.5, [ray]) for penalty in (by_scale, explicit)
        ]
        assert 0 < gaps[0] < 1
        assert gaps[0] == pytest.approx(gaps[1], rel=1e-12)
    else:
        relatives = by_scale.convex_relative().lam, explicit.convex_relative().lam
        np.testing.assert_allclose(*relatives, rtol=1e-12)


@pytest.mark.parametrize("p", [*EXPONENTS, 1.5, 2.0])
def test_answers_about_few_columns(p, ridge, positive):
    """The violations of all columns, their value and shares of thresholds, less those that are zero."""
    rng = np.random.default_rng(2)
    penalty = LpPenalty(rng.random(N) / 5, ridge * rng.random(N), p, positive)
    support, u, c = correlated()
    u = np.abs(u) if positive else u
    columns, steps = penalty.violators(support, u, c)
    assert np.all(steps > 0) and np.all(np.diff(columns) > 0)
    every = penalty.violations(to_dense(support, u), c)
    np.testing.assert_allclose(to_dense(columns, steps), every, rtol=1e-12)
    assert penalty.value_on(support, u) == pytest.approx(penalty.value(to_dense(support, u)))
    if p <= 1:
        share = np.where((c < 0) & positive, 0.0, np.abs(c) / penalty.thresholds)
        assert penalty.largest_share(c) == pytest.approx(share.max())
        columns, shares = penalty.nearly_active(c, 0.5)
        np.testing.assert_array_equal(columns, np.flatnonzero((share > 0.5) & (share <= 1.0)))
        np.testing.assert_allclose(shares, share[columns])


@pytest.mark.parametrize("n_columns", [1, 31, 32, 33, 64, 100])
@pytest.mark.parametrize("p", EXPONENTS)
def test_columns_that_leave_zero_are_found_wherever(n_columns, p):
    """Inactive columns are passed over in blocks, but no other, and none of the support."""
    scale = np.linspace(0.5, 2.0, n_columns)
    penalty = LpPenalty(0.1, 0.0, p, False, scale)
    thresholds = penalty.thresholds
    none = np.empty(0, dtype=np.intp), np.empty(0)
    assert len(penalty.violators(*none, thresholds * 0.99)[0]) == 0
    for j in range(n_columns):
        c = 0.4 * thresholds
        c[j] = -1.01 * thresholds[j]
        np.testing.assert_array_equal(penalty.violators(*none, c)[0], [j])
        assert len(penalty.nearly_active(c, 0.5)[0]) == 0
        held = np.array([n_columns // 2])  # inactive or not, but never where it should be
        expected = np.unique([j, held[0]])
        np.testing.assert_array_equal(penalty.violators(held, np.array([7.0]), c)[0], expected)
        c[j] = 0.51 * thresholds[j]
        np.testing.assert_array_equal(penalty.nearly_active(c, 0.5)[0], [j])
        assert len(penalty.violators(*none, c)[0]) == 0


@pytest.mark.parametrize("p", [0.0, 1e-300, 1e-12, 1e-3, 0.1, 0.3, 0.5, 2 / 3, 0.9, 0.999])
def test_a_step_from_zero_counts_what_it_gains(p, ridge):
    """By its length, or by the root of twice the decrease of the objective, whichever is less."""
    lam, z = 1e-3, np.linspace(0.1, 3.0, 50)
    penalty = LpPenalty(np.full(50, lam), np.full(50, ridge), p)
    columns, steps = penalty.violators(np.empty(0, dtype=np.intp), np.empty(0), z)
    new = penalty.prox_at(z)
    decrease = 2 * z * new - (1 + ridge) * new**2 - 2 * lam * new**p
    np.testing.assert_array_equal(columns, np.arange(50))
    np.testing.assert_allclose(steps, np.minimum(new, np.sqrt(decrease)), rtol=1e-12)
