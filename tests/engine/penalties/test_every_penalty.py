"""Every penalty against its formula: derivatives, proximal step, thresholds, conjugate, a whole fit."""

import numpy as np
import pytest
from scipy import sparse

from skl_sparse.engine.designs import as_design
from skl_sparse.engine.penalties import PENALTIES, LpPenalty, McpPenalty, Penalty
from skl_sparse.engine.problems.least_squares import LeastSquares
from skl_sparse.engine.solvers import Coefficients, solve

N = 6
LAM = np.array([0.05, 0.3, 1.0, 0.4, 2.0, 0.0])
RIDGE = np.array([0.0, 0.5, 0.2, 2.0, 0.0, 1.0])
OUT = np.where(np.arange(N) == 3, np.inf, LAM)  # column 3 is excluded


def lp(lam, ridge, p, positive=False):
    """h_j(u) for u of shape (..., N), from its definition."""

    def h(u):
        with np.errstate(invalid="ignore"):
            size = np.where(u == 0, 0.0, np.abs(u) ** p)
            value = np.where(size == 0, 0.0, lam * size) + 0.5 * ridge * u * u
        return np.where((u < 0) & positive, np.inf, value)

    return LpPenalty(np.array(lam), np.array(ridge), p, positive), h


def lp_by_scale(lam, ridge, p):
    scale = np.linspace(0.5, 2.0, N)
    return LpPenalty(lam, ridge, p, False, scale), lp(lam * scale**p, ridge * scale**2, p)[1]


def mcp(lam, gamma):
    def h(u):
        size, end = np.abs(u), gamma * lam
        with np.errstate(invalid="ignore"):
            value = np.where(size <= end, lam * size - size**2 / (2 * gamma), end * lam / 2)
        return np.where(size == 0, 0.0, value)

    return McpPenalty(np.array(lam), gamma), h


def nothing():
    return Penalty(N), np.zeros_like


POWERS = {"0": 0.0, "1/2": 0.5, "2/3": 2 / 3, "1": 1.0, "3/2": 1.5, "2": 2.0, "3": 3.0}
CASES = {
    "none": nothing,
    "mcp": lambda: mcp(LAM, 3.0),
    "mcp, nearly hard, excluded": lambda: mcp(OUT, 1.1),
}
for name, p in POWERS.items():
    CASES[f"p={name}"] = lambda p=p: lp(LAM, np.zeros(N), p)
    CASES[f"p={name}, ridge, excluded"] = lambda p=p: lp(OUT, RIDGE, p)
    CASES[f"p={name}, positive, ridge"] = lambda p=p: lp(LAM, RIDGE, p, positive=True)
    if p <= 1:
        CASES[f"p={name}, by scale"] = lambda p=p: lp_by_scale(0.3, 0.0, p)


@pytest.fixture(params=CASES)
def case(request):
    """A penalty, and the function of u that it stands for."""
    return CASES[request.param]()


def allowed(penalty, u):
    """Points of shape (N,) at which the penalty is finite."""
    u = np.abs(u) if penalty.positive else u
    return np.where(penalty.excluded, 0.0, u)


def points(penalty, seed=0):
    u = np.random.default_rng(seed).normal(size=(20, N)) * np.geomspace(0.05, 5, 20)[:, None]
    return [allowed(penalty, row) for row in u]


def test_value(case):
    penalty, h = case
    for u in points(penalty):
        assert penalty.value(u) == pytest.approx(h(u).sum(), rel=1e-14)
        some = np.flatnonzero(np.arange(N) % 2)
        assert penalty.value_on(some, u[some]) == pytest.approx(h(u)[some].sum(), rel=1e-14)
    assert penalty.value(np.zeros(N)) == 0.0


def test_derivatives(case):
    penalty, h = case
    free = ~penalty.excluded
    for u in points(penalty):
        step = 1e-5 * np.where(free, np.abs(u), 1.0)
        with np.errstate(invalid="ignore"):  # an excluded column's
            slope = (h(u + step) - h(u - step)) / (2 * step)
            change = (penalty.slope(u + step) - penalty.slope(u - step)) / (2 * step)
        np.testing.assert_allclose(penalty.slope(u)[free], slope[free], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(penalty.curvature(u)[free], change[free], rtol=1e-7, atol=1e-9)


def brute_force(z, h, step, positive):
    """The least (u - z)^2 / 2 + step * h_j(u) of each column, on finer and finer grids around it."""
    share = np.concatenate([[0.0], np.geomspace(1e-9, 1e-3, 500), np.linspace(1e-3, 1, 4000)])
    best = np.full(N, np.inf)

    def objective(share):
        u = z * share  # no minimiser is beyond z, or on the other side of zero
        with np.errstate(invalid="ignore"):
            value = 0.5 * (u - z) ** 2 + step * h(u)
        return np.where(np.isfinite(value), value, 1e100)

    values = objective(share[:, None])
    # Every local minimum of the grid is a candidate.
    change = np.diff(values, axis=0)
    falls = np.vstack([np.ones((1, N), dtype=bool), change < 0])
    rises = np.vstack([change >= 0, np.ones((1, N), dtype=bool)])
    for k, j in np.argwhere(falls & rises):
        low, high = share[max(k - 1, 0)], share[min(k + 1, len(share) - 1)]
        for _ in range(12):
            grid = np.linspace(low, high, 9)
            local = objective(grid[:, None])[:, j]
            i = int(np.argmin(local))
            best[j] = min(best[j], local[i])
            low, high = grid[max(i - 1, 0)], grid[min(i + 1, 8)]
    return best


@pytest.mark.parametrize("step", [1.0, 0.3, 2.5])
def test_proximal_step_against_brute_force(case, step):
    penalty, h = case
    rng = np.random.default_rng(1)
    for size in (0.1, 0.5, 1.0, 3.0):
        z = size * rng.choice([-1.0, 1.0], N) * (1 + 0.3 * rng.random(N))
        u = penalty.prox_at(z, step)
        assert np.all(np.abs(u) <= np.abs(z)) and np.all(u * z >= 0)
        with np.errstate(invalid="ignore"):
            value = 0.5 * (u - z) ** 2 + step * h(u)
        best = brute_force(z, h, step, penalty.positive)
        np.testing.assert_allclose(value, best, rtol=1e-9, atol=1e-14)
    np.testing.assert_array_equal(penalty.prox_at(np.zeros(N), step), 0.0)


def test_threshold_is_where_the_proximal_step_leaves_zero(case):
    penalty, _ = case
    thresholds = penalty.thresholds
    known = (thresholds > 0) & np.isfinite(thresholds)
    assert known.any() == (penalty.sparsifies and type(penalty) is not Penalty)
    sign = np.where(penalty.positive, 1.0, np.resize([1.0, -1.0], N))
    none = np.empty(0, dtype=np.intp), np.empty(0)
    for share, some in ((0.999, False), (1.001, True)):
        c = share * sign * np.where(known, thresholds, 0.0)
        moved = penalty.prox_at(c) != 0
        np.testing.assert_array_equal(moved, known & some)
        np.testing.assert_array_equal(penalty.violators(*none, c)[0], np.flatnonzero(moved))
        columns, shares = penalty.nearly_active(c, 0.5)
        np.testing.assert_array_equal(columns, np.flatnonzero(known & (not some)))
        np.testing.assert_allclose(shares, share)
        assert penalty.largest_share(c) == pytest.approx(share if known.any() else 0.0)
    # No column is passed over that might move.
    far = np.where(penalty.excluded, 1e9, 50.0) * sign
    moved = penalty.prox_at(far) != 0
    np.testing.assert_array_equal(penalty.violators(*none, far)[0], np.flatnonzero(moved))
    np.testing.assert_array_equal(moved, ~penalty.excluded)


def test_violation_is_the_step_left_or_what_it_gains(case):
    penalty, h = case
    rng = np.random.default_rng(2)
    for u in points(penalty):
        u = np.where(rng.random(N) < 0.3, 0.0, u)
        c = rng.normal(size=N)
        z = u + c
        new = penalty.prox_at(z)
        step = np.abs(new - u)
        decrease = 0.5 * (u - z) ** 2 + h(u) - 0.5 * (new - z) ** 2 - h(new)
        expected = step
        if not penalty.convex:
            expected = np.minimum(step, np.sqrt(2 * np.maximum(decrease, 0)))
        violations = penalty.violations(u, c)
        np.testing.assert_allclose(violations, expected, rtol=1e-6, atol=1e-12)
        support = np.flatnonzero(u)
        columns, steps = penalty.violators(support, u[support], c)
        np.testing.assert_array_equal(columns, np.flatnonzero(violations))
        np.testing.assert_allclose(steps, violations[columns])
    # At its own proximal step no column has one left.
    z = rng.normal(size=N)
    u = penalty.prox_at(z)
    np.testing.assert_allclose(penalty.violations(u, z - u), 0.0, atol=1e-14)


def test_conjugate_against_numerical_maximisation(case):
    penalty, h = case
    if not penalty.has_dual:
        with pytest.raises(NotImplementedError, match=f"{type(penalty).__name__} does not define"):
            penalty.conjugate(np.zeros(N))
        return
    finite = 0
    for c in np.random.default_rng(3).normal(size=(10, N)) * np.geomspace(0.01, 3, 10)[:, None]:
        largest = np.zeros(N)
        low, high = np.full(N, -1e4), np.full(N, 1e4)
        for _ in range(40):
            u = np.linspace(low, high, 33)
            with np.errstate(invalid="ignore"):
                value = u * c - h(u)
            value = np.where(np.isnan(value), 0.0, value)
            i = value.argmax(axis=0)
            largest = np.maximum(largest, value[i, np.arange(N)])
            low, high = (
                u[np.maximum(i - 1, 0), np.arange(N)],
                u[np.minimum(i + 1, 32), np.arange(N)],
            )
        bounded = np.abs(low) < 0.99e4
        finite += bounded.sum()
        for j in range(N):
            own = penalty.restrict(np.array([j])).conjugate(c[[j]])
            assert own == (pytest.approx(largest[j], rel=1e-9, abs=1e-12) if bounded[j] else np.inf)
        whole = largest.sum() if bounded.all() else np.inf
        assert penalty.conjugate(c) == pytest.approx(whole, rel=1e-9, abs=1e-12)
        skip = (~bounded).astype(np.uint8)
        kept = largest[bounded].sum()
        assert penalty.conjugate(c, skip) == pytest.approx(kept, rel=1e-9, abs=1e-12)
    assert finite


def same_on(penalty, other, columns, seed):
    """Whether a penalty of the named columns is what another is there."""
    for u, c in zip(points(other, seed), points(Penalty(N), seed + 1), strict=True):
        own_u, own_c = np.ascontiguousarray(u[columns]), np.ascontiguousarray(c[columns])
        assert penalty.value(own_u) == pytest.approx(other.value_on(columns, own_u))
        for name in ("slope", "curvature", "prox_at"):
            ours, theirs = getattr(penalty, name)(own_u), getattr(other, name)(u)[columns]
            np.testing.assert_allclose(ours, theirs, rtol=1e-13)
        ours, theirs = penalty.violations(own_u, own_c), other.violations(u, c)[columns]
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-14)
    for name in ("thresholds", "ridge", "excluded"):
        ours, theirs = getattr(penalty, name), getattr(other, name)[columns]
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)
    flags = ("sparsifies", "positive", "quadratic", "has_dual", "has_multistart")
    assert all(getattr(penalty, flag) == getattr(other, flag) for flag in flags)


def test_restrict(case):
    penalty, _ = case
    if type(penalty) is Penalty:
        return
    for columns in (np.array([1, 2, 4]), np.array([5, 0]), np.array([3]), np.arange(N)):
        restricted = penalty.restrict(columns)
        assert restricted.n_columns == len(columns)
        same_on(restricted, penalty, columns, 4)


def test_exclude(case):
    penalty, _ = case
    if type(penalty) is Penalty:
        return
    mask = np.arange(N) % 3 == 0
    excluding = penalty.exclude(mask)
    np.testing.assert_array_equal(excluding.excluded, mask | penalty.excluded)
    same_on(excluding.restrict(np.flatnonzero(~mask)), penalty, np.flatnonzero(~mask), 5)
    c = np.full(N, 1e6)
    assert np.all(excluding.prox_at(c)[mask] == 0)
    assert np.all(excluding.prox_at(c, 0.3)[mask] == 0)
    assert np.all(excluding.violations(np.zeros(N), c)[mask] == 0)
    # What a start has there is a violation, and steps back to zero.
    u = np.where(mask, 0.7, 0.0)
    np.testing.assert_allclose(excluding.violations(u, np.zeros(N))[mask], 0.7)


def test_the_part_that_is_a_ridge(case):
    """What is left without it is linear or concave away from zero, or has no ridge to tell."""
    penalty, h = case
    u = allowed(penalty, np.linspace(0.3, 2.0, N))
    assert penalty.ridge.shape == (N,)
    if penalty.quadratic:
        free = ~penalty.excluded
        np.testing.assert_allclose(h(u)[free], 0.5 * (penalty.ridge * u * u)[free])
    assert np.all(penalty.ridge >= 0)
    rest = h(u) - 0.5 * penalty.ridge * u * u
    assert np.all(rest >= -1e-15)


def test_what_multistart_needs(case):
    penalty, _ = case
    if not penalty.has_multistart:
        for call in (
            lambda: penalty.scaled(2.0),
            lambda: penalty.convex_relative(),
            lambda: penalty.entry_factor(np.ones(N)),
        ):
            if not isinstance(penalty, LpPenalty):
                with pytest.raises(NotImplementedError, match="which multistart needs"):
                    call()
        return
    u = allowed(penalty, np.linspace(-0.7, 2.0, N))
    ridge = 0.5 * penalty.ridge @ (u * u)
    scaled = penalty.scaled(1.7)
    assert scaled.value(u) - ridge == pytest.approx(1.7 * (penalty.value(u) - ridge))
    relative = penalty.convex_relative()
    assert relative.convex
    np.testing.assert_allclose(relative.thresholds, penalty.thresholds, rtol=1e-12)
    c = np.random.default_rng(6).normal(size=N) * (penalty.thresholds > 0)
    c = np.abs(c) if penalty.positive else c
    factor = penalty.entry_factor(c)
    assert not penalty.scaled(factor * 1.001).prox_at(c).any()
    assert penalty.scaled(factor * 0.999).prox_at(c).any()


def test_names_of_what_is_not_defined():
    penalty = McpPenalty(LAM)
    for call, name in (
        (lambda: penalty.unpenalised, "unpenalised"),
        (lambda: penalty.weaker(0.1), "weaker"),
        (lambda: Penalty(3).restrict(np.arange(2)), "restrict"),
        (lambda: Penalty(3).exclude(np.ones(3, dtype=bool)), "exclude"),
    ):
        with pytest.raises(NotImplementedError, match=f"Penalty does not define '{name}', which"):
            call()


@pytest.mark.parametrize("cls", [Penalty, *PENALTIES.values()])
def test_a_penalty_that_was_never_set_up_is_no_crash(cls):
    """A subclass may forget to call __init__: then it has no columns, and says so."""
    empty, some = np.empty(0), np.ones(40)
    penalty = cls.__new__(cls)
    assert penalty.value(empty) == 0.0
    columns = np.empty(0, dtype=np.intp)
    for call in (
        lambda: penalty.value(some),
        lambda: penalty.prox_at(some),
        lambda: penalty.slope(some),
        lambda: penalty.violations(some, some),
        lambda: penalty.violators(columns, empty, some),
        lambda: penalty.largest_share(some),
        lambda: penalty.nearly_active(some, 0.5),
    ):
        with pytest.raises(ValueError, match=r"is of 0 columns, got a vector of 40"):
            call()


@pytest.mark.parametrize("n_columns", [1, 31, 32, 100])
def test_the_bare_penalty_passes_no_column_over(n_columns):
    penalty = Penalty(n_columns)
    none, c = (np.empty(0, dtype=np.intp), np.empty(0)), np.linspace(-1, 2, n_columns)
    columns, steps = penalty.violators(*none, c)
    np.testing.assert_array_equal(columns, np.flatnonzero(c))
    np.testing.assert_allclose(steps, np.abs(c[columns]))
    np.testing.assert_array_equal(penalty.thresholds, np.zeros(n_columns))
    assert not penalty.excluded.any()
    assert len(penalty.nearly_active(c, 0.5)[0]) == 0
    with pytest.raises(TypeError):
        Penalty()


@pytest.mark.parametrize("gamma", [1.0, 0.5, -1.0, np.nan])
def test_mcp_needs_a_problem_that_has_one_minimum_in_one_column(gamma):
    with pytest.raises(ValueError, match="gamma must be greater than 1"):
        McpPenalty(LAM, gamma)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("solver", ["auto", "proximal_gradient"])
def test_a_fit_that_no_estimator_offers(rng, container, solver):
    """Least squares with MCP: each coefficient minimises while the others stay, judged from outside."""
    n, m, gamma = 60, 25, 2.5
    X = rng.normal(size=(n, m)) * (rng.random((n, m)) < 0.4)
    X[:, 1] += X[:, 0]
    y = X[:, :5] @ [2.0, -1.0, 0.5, 0.2, -0.1] + 0.3 * rng.normal(size=n)
    lam = np.where(np.arange(m) == 2, np.inf, np.linspace(0.03, 0.1, m))
    data = LeastSquares.of_targets(as_design(container(X)), y[:, None], np.ones(n), True)
    batch = data.batch(1.0, 1.0, 0.0, np.ones(m), False)
    batch = batch.with_penalties([McpPenalty(lam, gamma)])
    start = [Coefficients.none(m)]
    (solution,) = solve(batch, start, solver=solver, tol=1e-10, max_iter=2000)

    A = X - X.mean(axis=0)
    A /= np.linalg.norm(A, axis=0)
    target = (y - y.mean()) / np.linalg.norm(y - y.mean())
    u = solution.u.dense
    assert 3 <= np.count_nonzero(u) < m and u[2] == 0
    z = u + A.T @ (target - A @ u)
    size = np.abs(z)
    inner = np.sign(z) * np.maximum(size - lam, 0) / (1 - 1 / gamma)
    np.testing.assert_allclose(u, np.where(size > gamma * lam, z, inner), atol=1e-9)
    assert solution.certificate.optimality <= 1e-10 and np.isnan(solution.certificate.gap)
    r = target - A @ u
    value = mcp(lam, gamma)[1](u).sum()
    assert solution.objective == pytest.approx(0.5 * r @ r + value, rel=1e-12)
