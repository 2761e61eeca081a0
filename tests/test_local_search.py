"""The search around a minimum, and the starts before it, for p < 1."""

import numpy as np
import pytest
import scipy.sparse as sp
from skl_sparse.engine.solvers._coordinate_descent import coordinate_descent, first_better
from skl_sparse.engine.solvers._systems import DenseSystem, GramSystem, SparseSystem

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.losses import SquaredError
from skl_sparse.engine.penalties import LpPenalty
from skl_sparse.engine.solvers import starts
from skl_sparse.engine.solvers.local_search import NONE
from skl_sparse.engine.solvers.point import Point
from skl_sparse.engine.solvers.problem import Problem

M, SWEEPS, TOL, BUDGET = 10, 500, 1e-12, 1e9


def system_of(kind, A, r):
    if kind == "gram":
        return GramSystem(A.T @ A, A.T @ r)
    if kind == "dense":
        return DenseSystem(np.ascontiguousarray(A.T), r)
    columns = sp.csc_array(A)
    indices, indptr = columns.indices.astype(np.int32), columns.indptr.astype(np.int64)
    return SparseSystem(columns.data, indices, indptr, np.zeros(A.shape[1]), r)


def settled_point(kind, p, seed):
    """A coordinate-wise minimum of a small problem with correlated columns."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(25, M)) + rng.normal(size=(25, 1))
    A /= np.linalg.norm(A, axis=0)
    y = A @ rng.normal(size=M) + 0.1 * rng.normal(size=25)
    penalty = LpPenalty(np.full(M, 0.05), np.zeros(M), p)
    system, u = system_of(kind, A, y), np.zeros(M)
    coordinate_descent(system, penalty, u, np.arange(M), SWEEPS, TOL, BUDGET)
    return A, y, Point(SquaredError(), penalty, system, u, np.sum((y - A @ u) ** 2))


def objective(A, y, penalty, u):
    inside = u != 0
    return np.sum((y - A @ u) ** 2) / 2 + np.sum(
        penalty.lam[inside] * np.abs(u[inside]) ** penalty.p
    )


def every_exchange(point):
    zeros, support = np.flatnonzero(point.u == 0), np.flatnonzero(point.u)
    pairs = [(j, NONE) for j in support] + [(NONE, j) for j in zeros]
    pairs += [(i, j) for i in support for j in zeros]
    leaving, entering = np.array(pairs).T.copy()
    return leaving, entering, np.where(entering == NONE, 0.0, 0.3)


def settle(system, penalty, u, columns):
    """A sweep over all columns, then ten over the non-zeros, until one over all moves nothing."""

    def largest(order):
        return coordinate_descent(system, penalty, u, order, 1, TOL, BUDGET)[1]

    while largest(columns) > TOL:
        for _ in range(10):
            if largest(columns[u[columns] != 0]) <= TOL:
                break


def by_hand(A, y, penalty, u, leaving, entering, value):
    """The objective after one exchange: what is around the two settles first, then everything."""
    u = u.copy()
    for j, new in ((leaving, 0.0), (entering, value)):
        if j != NONE:
            u[j] = new
    system = GramSystem(A.T @ A, A.T @ (y - A @ u))
    around = np.setdiff1d(np.arange(M), [leaving, entering])
    for columns in (around, np.arange(M)):
        settle(system, penalty, u, columns)
    return objective(A, y, penalty, u)


@pytest.mark.parametrize("kind", ["gram", "dense", "sparse"])
@pytest.mark.parametrize("p", [0.0, 0.5, 2 / 3])
@pytest.mark.parametrize("seed", range(5))
def test_the_first_better_exchange_is_found(kind, p, seed):
    A, y, point = settled_point(kind, p, seed)
    exchanges = every_exchange(point)
    reached = [by_hand(A, y, point.penalty, point.u, *one) for one in zip(*exchanges, strict=True)]
    better = np.flatnonzero(np.array(reached) < point.objective - 1e-8)
    there, new = point.system.copy(), point.u.copy()
    limits = 1e-8, SWEEPS, TOL, BUDGET
    tried, found, spent = first_better(
        point.system, point.u, point.c, there, new, point.penalty, *exchanges, *limits
    )
    assert found == (len(better) > 0) and spent > 0
    assert tried == (better[0] + 1 if found else len(reached))
    # the neighbour is at hand, and the point itself is where it was
    expected = reached[tried - 1]
    assert objective(A, y, point.penalty, new) == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(there.correlations(), A.T @ (y - A @ new), atol=1e-12)
    np.testing.assert_allclose(point.system.correlations(), point.c, atol=1e-14)


def test_no_exchange_begins_beyond_the_budget():
    _, _, point = settled_point("gram", 0.5, 0)
    there, new = point.system.copy(), point.u.copy()
    exchanges, limits = every_exchange(point), (np.inf, SWEEPS, TOL, 1.0)
    tried, found, _ = first_better(
        point.system, point.u, point.c, there, new, point.penalty, *exchanges, *limits
    )
    assert (tried, found) == (1, False)


def test_no_start_begins_beyond_its_share():
    *_, point = settled_point("gram", 0.5, 0)
    assert len(list(starts.others(point, True, 1e-6, np.inf))) == 3
    assert len(list(starts.others(point, False, 1e-6, np.inf))) == 2
    assert len(list(starts.others(point, False, 1e-6, 0.0))) == 1


def test_a_minimum_found_again_keeps_its_certificate(monkeypatch):
    """Where all starts lead to one minimum the fit ends with the look that certified it."""
    looks, elsewhere = [], starts.elsewhere
    evaluate = Problem.evaluate
    monkeypatch.setattr(Problem, "evaluate", lambda *a: looks.append(1) or evaluate(*a))

    def spy(*args):
        before = len(looks)
        u = elsewhere(*args)
        looks[:] = looks[:before]
        looks.append("search")
        return u

    monkeypatch.setattr(starts, "elsewhere", spy)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 20))
    y = X[:, :5] @ np.full(5, 2.0) + 0.1 * rng.normal(size=400)
    model = SparseLpRegressor(0.05, p=0.5).fit(X, y)
    assert model.mask_.sum() == 5 and model.optimality_ <= model.tol
    assert looks[-1] == "search"


@pytest.mark.parametrize("y", [np.zeros(6), np.full(6, 3.0), np.eye(6)[0]])
def test_no_exchange_to_try(y):
    X = np.vstack([np.zeros((1, 2)), np.tile([[1.0, -1.0], [-1.0, 1.0]], (2, 1)), np.zeros((1, 2))])
    model = SparseLpRegressor(0.1, p=0.5, local_search=True).fit(X, y)
    assert not model.coef_.any()
    assert model.optimality_ == 0.0
