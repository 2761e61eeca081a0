"""The duality gap against a search over all scalings of the residual."""

import numpy as np
import pytest
from pairwise import parametrize_pairwise

from skl_sparse.engine.penalties import LpPenalty, McpPenalty, Penalty
from skl_sparse.engine.solvers import QuadraticModel
from skl_sparse.engine.solvers.certificates._duality import DualRay, relative_gap


def conjugate(c, lam, l2, p, positive):
    """max_u c u - lam |u|^p - l2 u^2 / 2 for each c, by ternary search in u."""
    c = np.maximum(c, 0.0) if positive else np.abs(c)
    low, high = np.zeros_like(c), np.full_like(c, 1e3)
    for _ in range(60):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        worse = c * a - lam * a**p - l2 * a * a / 2 < c * b - lam * b**p - l2 * b * b / 2
        low, high = np.where(worse, a, low), np.where(worse, high, b)
    u = 0.5 * (low + high)
    return np.maximum(c * u - lam * u**p - l2 * u * u / 2, 0.0)


def best_on_a_grid(dual, most):
    """The largest value of a concave function on [0, most], by finer and finer grids."""
    low, high = 0.0, most
    for _ in range(13):
        grid = np.linspace(low, high, 9)
        best = int(np.argmax([dual(s) for s in grid]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 8)]
    return max(dual(0.5 * (low + high)), 0.0)


@parametrize_pairwise(
    p=[1.0, 1.05, 1.5, 2.0, 3.0], l2=[0.0, 0.1, 30.0], positive=[False, True], far=[0.1, 100.0]
)
def test_scaling(rng, p, l2, positive, far):
    """Whatever the residual, also one far from the optimum: no scaling of it proves more."""
    y, theta = rng.normal(size=(2, 9)) / 3
    theta = far * (theta + y)
    c = rng.normal(size=(9, 6)).T @ theta / 3
    lam = rng.uniform(0.1, 1.0, size=6)
    square, product = float(theta @ theta), float(theta @ y)
    assert product > 0

    def dual(s):
        return s * product - s * s * square / 2 - conjugate(s * c, lam, l2, p, positive).sum()

    held = c > 0 if positive else c != 0
    most = product / square
    if p == 1.0 and l2 == 0.0:
        most = min(most, (lam[held] / np.abs(c[held])).min(initial=np.inf))
    penalty = LpPenalty(lam, np.broadcast_to(l2, 6), p, positive)
    gap = relative_gap(QuadraticModel(), penalty, 1.0, [DualRay(c, square, product)])
    assert gap == pytest.approx(2.0 * (1.0 - best_on_a_grid(dual, most)), rel=1e-9)


def test_skipped_columns_set_no_limit():
    c, lam = np.array([0.5, 1e-17]), np.array([1.0, 0.0])
    penalty = LpPenalty(lam, np.zeros(2), 1.0)
    assert relative_gap(QuadraticModel(), penalty, 0.5, [DualRay(c, 1.0, 1.0)]) == 1.0
    skip = np.array([0, 1], dtype=np.uint8)
    assert relative_gap(QuadraticModel(), penalty, 0.5, [DualRay(c, 1.0, 1.0, skip)]) == 0.0


def test_relative_to_the_null_model():
    """Whatever its objective is: that of another loss's model is not 1/2."""
    ray, penalty = DualRay(np.array([0.5]), 1.0, 1.0), LpPenalty(np.ones(1), np.zeros(1), 1.0)
    gaps = [relative_gap(QuadraticModel(null), penalty, 0.9, [ray]) for null in (0.5, 2.0)]
    assert gaps == pytest.approx([0.8, 0.2])


def test_a_penalty_without_a_dual_proves_nothing():
    """Its dual is no better than zero, whatever the ray: never a gap that is too small."""
    ray = DualRay(np.array([0.5, 0.0]), 1.0, 1.0)
    for penalty in (Penalty(2), McpPenalty(np.ones(2))):
        assert relative_gap(QuadraticModel(), penalty, 0.4, [ray]) == pytest.approx(0.8)


def test_no_ray_no_gap():
    assert np.isnan(
        relative_gap(QuadraticModel(), LpPenalty(np.ones(1), np.zeros(1), 1.0), 0.5, [])
    )
