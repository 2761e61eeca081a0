"""The reference itself: two independent ways to every number the other tests rely on."""

import numpy as np
import pytest
from pairwise import parametrize_pairwise
from reference import (
    CONVEX,
    NON_CONVEX,
    POWERS,
    Problem,
    jump_of_prox,
    power,
    prox,
    prox_by_grid,
    prox_objective,
    random_sparse,
    smallest_nonzero,
)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("p", POWERS)
def test_prox_by_bisection_equals_a_grid(p, positive):
    rng = np.random.default_rng(0)
    for z, lam in zip(rng.normal(size=60) * 2, 10 ** rng.uniform(-2, 0.5, 60), strict=True):
        x, brute = prox(z, lam, p, positive), prox_by_grid(z, lam, p, positive)
        value, value_brute = prox_objective([x, brute], z, lam, p)
        assert value <= value_brute * (1 + 1e-15)
        assert value_brute <= value + 1e-12
        assert abs(x - brute) <= 1e-6


@pytest.mark.parametrize("p", NON_CONVEX)
def test_least_nonzero_and_jump(p):
    lam = np.array([1e-3, 0.1, 1.0, 7.0])
    edge = jump_of_prox(lam, p)
    assert np.all(prox(edge * (1 - 1e-9), lam, p) == 0)
    above = prox(edge * (1 + 1e-9), lam, p)
    np.testing.assert_allclose(above, smallest_nonzero(lam, p), rtol=1e-6)
    # at the edge, zero and the least non-zero value are equally good
    np.testing.assert_allclose(
        prox_objective(above, edge, lam, p), prox_objective(0.0, edge, lam, p), rtol=1e-7
    )


@parametrize_pairwise(
    p=CONVEX,
    weights=["ones", "some free", "uneven"],
    alpha_l2=[0.0, 0.2],
    positive=[False, True],
)
def test_gap_bounds_the_distance_and_vanishes_at_the_minimum(p, alpha_l2, positive, weights):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(15, 5)) + 2.0
    y = X @ [1.0, -2.0, 0.0, 0.5, 0.0] + rng.normal(size=15)
    v = {"ones": None, "some free": [0, 1, 0, 1, 1], "uneven": [0.5, 1, 2, 1, 3]}[weights]
    problem = Problem(
        X,
        y,
        alpha=0.1,
        p=p,
        alpha_l2=alpha_l2,
        positive=positive,
        feature_weights=v,
        sample_weight=rng.uniform(0.5, 2, 15),
    )
    w = np.zeros(5)
    start = problem.dual_gap(w)
    assert start > 0
    values, gaps = [], []
    for sweep in range(200):
        if sweep < 8 or problem.optimality(w) < 1e-12:
            values.append(problem.objective(w, problem.best_intercept(w)))
            gaps.append(problem.dual_gap(w))
        if problem.optimality(w) < 1e-12:
            break
        for j in range(5):
            w[j] = problem.best_steps(w)[0][j]
    assert problem.optimality(w) < 1e-9
    assert gaps[-1] <= 1e-9
    below = values[-1] - gaps[-1] * problem.null  # a lower bound of the minimum
    for value, gap in zip(values, gaps, strict=True):
        assert value - gap * problem.null <= values[-1] + 1e-12
        assert value >= below - 1e-12


def test_sparse_and_dense_reference_agree():
    rng = np.random.default_rng(5)

    X = random_sparse(rng, 30, 8, 0.3)
    y, s = rng.normal(size=30), rng.uniform(0.1, 3, 30)
    w = rng.normal(size=8)
    v = np.array([0, 1, 1, 2, 0.5, 1, 1, 1])
    dense = Problem(X.toarray(), y, alpha=0.05, p=1.5, sample_weight=s, feature_weights=v)
    sparse = Problem(X, y, alpha=0.05, p=1.5, sample_weight=s, feature_weights=v)
    np.testing.assert_allclose(sparse.curvature(), dense.curvature(), rtol=1e-12)
    b = dense.best_intercept(w) + 0.3
    for name in ("objective", "dual_gap"):
        np.testing.assert_allclose(
            getattr(sparse, name)(w, b), getattr(dense, name)(w, b), rtol=1e-10
        )
    np.testing.assert_allclose(sparse.optimality(w), dense.optimality(w), rtol=1e-10)


def test_power_counts_nonzeros_at_zero():
    np.testing.assert_array_equal(power([0.0, -2.0, 3.0], 0), [0, 1, 1])
