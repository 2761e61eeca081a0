"""Newton steps in the orthant of the signs, against non-negative least squares."""

from dataclasses import replace

import numpy as np
import pytest
from pairwise import parametrize_pairwise
from scipy.linalg import LinAlgError
from scipy.optimize import nnls
from systems import system_of

from skl_sparse.engine.penalties import LpPenalty
from skl_sparse.engine.solvers import QuadraticModel
from skl_sparse.engine.solvers.linalg.packed_cholesky import cholesky
from skl_sparse.engine.solvers.working_set import descent
from skl_sparse.engine.solvers.working_set._systems import GramSystem
from skl_sparse.engine.solvers.working_set.active_set import (
    iterated,
    newton_direction,
    newton_step,
    projected_path,
)
from skl_sparse.engine.solvers.working_set.tuning import DEFAULT

NO_CURVATURE = np.zeros(12)


def quadratic(seed, correlation):
    """Columns of unit norm, a target, a starting point, and the least square in its orthant."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(30, 12)) + correlation * rng.normal(size=(30, 1))
    A /= np.linalg.norm(A, axis=0)
    y, old = A @ rng.normal(size=12) + rng.normal(size=30), rng.normal(size=12)
    least = nnls(A * np.sign(old), y)[1] ** 2 / 2
    return A, y, old, least


def value(A, y, x):
    return np.sum((y - A @ x) ** 2) / 2


@pytest.mark.parametrize("correlation", [0.0, 3.0])
@pytest.mark.parametrize("seed", range(20))
def test_conjugate_gradients_that_stop_at_the_border(seed, correlation):
    A, y, old, least = quadratic(seed, correlation)
    system = system_of("sparse", A, y - A @ old)
    every = np.arange(12)
    x = iterated(system, every, NO_CURVATURE, system.correlations(), old, True)
    assert np.all((np.sign(x) == np.sign(old)) | (x == 0))
    assert least <= value(A, y, x) * (1 + 1e-12)
    assert value(A, y, x) < value(A, y, old)
    # What is held stays held: this is the least of the face it ends on, not of the orthant.
    free = np.flatnonzero(x)
    np.testing.assert_allclose(A[:, free].T @ (y - A @ x), 0.0, atol=1e-5 * np.linalg.norm(y))


@parametrize_pairwise(seed=range(20), correlation=[0.0, 3.0], most_held=[0, 2, 12])
def test_the_projected_path(seed, correlation, most_held):
    A, y, old, least = quadratic(seed, correlation)
    gram = A.T @ A
    direction = np.linalg.solve(gram, A.T @ (y - A @ old))
    x = projected_path(old, direction, lambda b: np.linalg.solve(gram, b), most_held)
    assert np.all((np.sign(x) == np.sign(old)) | (x == 0))
    assert least <= value(A, y, x) * (1 + 1e-12)
    assert value(A, y, x) < value(A, y, old)
    held = np.count_nonzero(x == 0)
    if held <= most_held:
        gradient = A.T @ (y - A @ x)
        np.testing.assert_allclose(gradient[x != 0], 0.0, atol=1e-10 * np.linalg.norm(y))
    else:
        assert held == most_held + 1


@pytest.mark.parametrize("seed", range(5))
def test_conjugate_gradients_without_a_border(seed):
    A, y, old, _ = quadratic(seed, 0.5)
    curvature = np.linspace(0.0, 2.0, 12)
    system = system_of("sparse", A, y - A @ old)
    gradient = system.correlations() - curvature * old
    x = iterated(system, np.arange(12), curvature, gradient, old, False)
    np.testing.assert_allclose(
        x, np.linalg.solve(A.T @ A + np.diag(curvature), A.T @ y), rtol=1e-4, atol=1e-4
    )


def test_one_step_to_the_border_where_holding_all_of_it_goes_too_far():
    """Two near twins both want to cross; without both, the rest is worse off than before."""
    A = np.array([[1.0, 0.999, 0.0], [0.0, np.sqrt(1 - 0.999**2), 0.0], [0.0, 0.0, 1.0]])
    old, target = np.array([1.0, 1.0, 1e-9]), np.array([3.0, -0.9, 1e-9])
    y = A @ target
    system = system_of("sparse", A, y - A @ old)
    x = iterated(system, np.arange(3), np.zeros(3), system.correlations(), old, True)
    assert value(A, y, x) < value(A, y, old)
    assert np.all(x >= 0)


@pytest.mark.parametrize("kind", ["gram", "dense", "sparse"])
@pytest.mark.parametrize("seed", range(10))
def test_a_step_keeps_its_system_up_to_date_and_never_climbs(kind, seed):
    A, y, old, _ = quadratic(seed, 1.0)
    old[::4] = 0.0
    u, system = old.copy(), system_of(kind, A, y - A @ old)
    penalty = LpPenalty(np.full(12, 0.05), np.zeros(12), 1.0, False)
    newton_step(system, penalty, u, np.flatnonzero(old))
    np.testing.assert_allclose(system.correlations(), A.T @ (y - A @ u), atol=1e-10)
    before = value(A, y, old) + penalty.value(old)
    assert value(A, y, u) + penalty.value(u) <= before * (1 + 1e-12)
    assert np.all(u[old == 0] == 0)


@pytest.mark.parametrize("n", [1, 2, 256, 257, 258, 700, 1031])
def test_cholesky(n):
    """Small ones, odd and even orders, and more than one stripe; any columns of a larger matrix."""
    rng = np.random.default_rng(n)
    A = rng.normal(size=(n + 20, n + 9))
    gram, columns = A.T @ A, np.sort(rng.choice(n + 9, n, replace=False))
    diagonal, b = rng.random(n), rng.normal(size=n)
    solve = cholesky(GramSystem(gram, np.zeros(n + 9)).normal_block, columns, diagonal)
    expected = np.linalg.solve(gram[np.ix_(columns, columns)] + np.diag(diagonal), b)
    np.testing.assert_allclose(solve(b), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("n", [256, 257, 700])
def test_cholesky_in_single_precision(n):
    rng = np.random.default_rng(n)
    A = rng.normal(size=(2 * n, n)) / np.sqrt(n)
    gram, diagonal, b = A.T @ A, rng.random(n), rng.normal(size=n)
    system = GramSystem(gram, np.zeros(n))
    solve = cholesky(system.normal_block, np.arange(n), diagonal, single=True)
    left = b - (gram + np.diag(diagonal)) @ solve(b)
    assert solve(b).dtype == np.float64
    small = n == 256  # and not worth the rounding
    assert (np.abs(left).max() < 1e-12) == small
    assert np.abs(left).max() < 1e-4


@pytest.mark.parametrize("rough", [DEFAULT.left_by_single, 0.0])
@pytest.mark.parametrize(("condition", "most"), [(1e1, 1e-10), (1e4, 1e-6), (1e9, 1e-2)])
def test_a_direction_is_refined_or_in_double(condition, most, rough):
    """On a Gram in single precision; in double where a factor leaves too much of the gradient."""
    figures = replace(DEFAULT, left_by_single=rough)
    rng = np.random.default_rng(2)
    basis = np.linalg.qr(rng.normal(size=(300, 300)))[0]
    gram = (basis * np.geomspace(1, 1 / condition, 300)) @ basis.T
    system = GramSystem(gram.astype(np.float32), rng.normal(size=300))
    gradient, curvature = rng.normal(size=300), np.full(300, 1e-7)
    direction, solve = newton_direction(system, np.arange(300), gradient, curvature, figures)
    matrix = system.matrix.astype(np.float64) + np.diag(curvature + system.ridge)
    assert np.abs(matrix @ direction - gradient).max() < most
    in_double = np.abs(matrix @ solve(gradient) - gradient).max() < 1e-8
    assert in_double == (rough == 0.0)


@pytest.mark.parametrize("n", [2, 300])
def test_cholesky_of_what_is_not_positive_definite(n):
    system = GramSystem(np.eye(n) - 1.1, np.zeros(n))
    with pytest.raises(LinAlgError, match="positive definite"):
        cholesky(system.normal_block, np.arange(n), np.zeros(n))


def test_large_problems_take_newton_steps(monkeypatch):
    """Sweeps that end for an interrupt's sake have not settled either."""
    A, y, *_ = quadratic(0, 5.0)
    steps = []
    monkeypatch.setattr(descent, "newton_step", lambda *a: steps.append(1) or newton_step(*a))
    figures = replace(DEFAULT, budget=1.0)
    penalty, u = LpPenalty(np.full(12, 1e-4), np.zeros(12), 1.0), np.zeros(12)
    system, goal = system_of("dense", A, y), descent.Goal(1e-10)
    descent.descend(system, QuadraticModel(), penalty, u, goal, tuning=figures)
    assert steps
    left = LpPenalty(np.full(12, 1e-4), np.zeros(12), 1.0).violations(u, A.T @ (y - A @ u))
    assert left.max() <= 1e-9
