"""Random small problems at any scale that floats hold, collinear in every way.

A problem is made at scale one; then each column is multiplied by a power of two, and each target by
another, up to 1e150 and down to 1e-150. Powers of two are exact: what the estimator says of the
scaled problem can be recomputed at scale one, where NumPy neither overflows nor underflows.
"""

import itertools
import re
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pairwise import parametrize_pairwise
from reference import Problem, assert_reported
from sklearn.exceptions import ConvergenceWarning

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.designs import as_design
from skl_sparse.engine.penalties import LpPenalty
from skl_sparse.engine.problems.least_squares import LeastSquares
from skl_sparse.engine.solvers.proximal.proximal_gradient import ProximalGradient
from skl_sparse.engine.solvers.working_set._systems import GramSystem
from skl_sparse.engine.solvers.working_set.active_set import newton_step, projected_path

POWERS = (0.0, 0.3, 0.5, 2 / 3, 0.9, 1.0, 1.001, 1.2, 1.5, 2.0, 3.0, 7.0)
# 2^498 = 8e149. Between the largest target and the smallest column lies a coefficient of 1e300;
# a mantissa, or a coefficient large by collinearity, needs some room beyond.
MOST, MOST_RATIO = 498, 930
# Exponents of parameters stay in the range where floats have all their digits.
MOST_PARAMETER = 900

COLUMNS = ("copy", "flip", "multiple", "sum", "zero", "constant", "nearly constant")
OPTIONS = {
    "seed": st.integers(0, 2**32 - 1),
    "n": st.integers(1, 12),
    "m": st.integers(1, 34),
    "more": st.lists(st.sampled_from(COLUMNS), max_size=6),
    "density": st.sampled_from([1.0, 0.6, 0.2]),
    "center": st.sampled_from([0.0, 0.0, 1.0, 50.0]),
    "targets": st.lists(
        st.sampled_from(["noise", "sparse", "span", "constant", "zero"]), min_size=1, max_size=3
    ),
    "level": st.sampled_from([0.0, 10.0]),
    "column_scales": st.sampled_from(["one", "same", "each", "each"]),
    "target_scales": st.sampled_from(["one", "each", "each"]),
    "rows": st.sampled_from(["equal", "equal", "uneven", "zeros", "huge ratios"]),
    "columns": st.sampled_from(["equal", "uneven", "zeros", "huge ratios"]),
    "matched": st.booleans(),
    "p": st.sampled_from(POWERS),
    "share": st.one_of(st.just(0.0), st.floats(-6, 1).map(lambda x: 10**x)),
    "ridge": st.sampled_from([0.0, 0.0, 1e-6, 1e-2, 1.0]),
    "fit_intercept": st.booleans(),
    "positive": st.sampled_from([False, False, True]),
    "solver": st.sampled_from(["auto", "auto", "cd"]),
    "container": st.sampled_from([np.asarray, sp.csr_array, sp.csc_array]),
}


def times_two_to(x, exponents):
    """x * 2^exponents, to rounding, for real exponents; what is beyond 2^950 might as well be 2^950."""
    whole = np.floor(exponents)
    return np.ldexp(x * np.exp2(exponents - whole), np.clip(whole, -950, 950).astype(int))


@dataclass
class Scaled:
    """X0, Y0 at scale one, X = X0 * 2^k, Y = Y0 * 2^m, and parameters that speak of X and Y."""

    X0: np.ndarray
    Y0: np.ndarray
    k: np.ndarray
    m: np.ndarray
    s: np.ndarray | None
    container: object
    keywords: dict

    @property
    def X(self):
        return np.ldexp(self.X0, self.k)

    @property
    def Y(self):
        return np.ldexp(self.Y0, self.m)

    def at_scale_one(self, t):
        """The problem of target t, in units of 2^m and 2^k, recomputed by the reference."""
        alpha, p, ridge = (self.keywords[name] for name in ("alpha", "p", "alpha_l2"))
        v, m, k = self.keywords["feature_weights"], float(self.m[t]), self.k.astype(float)
        (a, ea), (r, er), (v, ev) = np.frexp(alpha), np.frexp(ridge), np.frexp(v)
        return Problem(
            self.X0,
            self.Y0[:, t],
            alpha=times_two_to(a * v, ea + ev + p * (m - k) - 2 * m),
            alpha_l2=times_two_to(r * v, er + ev - 2 * k),
            p=p,
            fit_intercept=self.keywords["fit_intercept"],
            positive=self.keywords["positive"],
            sample_weight=self.s,
        )


def another(kind, X, rng):
    """One more column, told by those there are."""
    n, j = len(X), rng.integers(X.shape[1])
    return {
        "copy": X[:, j],
        "flip": -X[:, j],
        "multiple": rng.normal() * X[:, j],
        "sum": X[:, : j + 1] @ rng.normal(size=j + 1),
        "zero": np.zeros(n),
        "constant": np.full(n, rng.normal()),
        "nearly constant": np.nextafter(0.1, rng.choice([-1, 1], n)),
    }[kind]


def scaled(*, seed, n, m, more, density, center, targets, level, column_scales, target_scales,
           rows, columns, matched, p, share, ridge, container, most=MOST, **keywords):  # fmt: skip
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, m)) + center) * (rng.random((n, m)) < density)
    for kind in more:
        new = another(kind, X, rng)
        X = np.insert(X, rng.integers(X.shape[1] + 1), new, axis=1)
    m = X.shape[1]
    w = rng.normal(size=m) * (rng.random(m) < 0.3)
    kinds = {
        "noise": lambda: level + rng.normal(size=n),
        "sparse": lambda: level + X @ w + 0.1 * rng.normal(size=n),
        "span": lambda: X @ w,
        "constant": lambda: np.full(n, level + 0.1),
        "zero": lambda: np.zeros(n),
    }
    Y = np.column_stack([kinds[kind]() for kind in targets])
    s = {
        "equal": None,
        "uneven": rng.uniform(0.1, 3, n),
        "zeros": np.r_[1.0, rng.uniform(0.1, 3, n - 1) * (rng.random(n - 1) < 0.6)],
        "huge ratios": 10 ** rng.uniform(-6, 6, n),
    }[rows]
    v = {
        "equal": np.ones(m),
        "uneven": rng.uniform(0.1, 3, m),
        "zeros": rng.uniform(0.1, 3, m) * (rng.random(m) < 0.7),
        "huge ratios": 10 ** rng.uniform(-4, 4, m),
    }[columns]
    k = {
        "one": np.zeros(m, int),
        "same": np.full(m, rng.integers(-most, most + 1)),
        "each": rng.integers(-most, most + 1, m),
    }[column_scales]
    e = rng.integers(-most, most + 1, len(targets))
    e = np.clip(e, k.max() - MOST_RATIO, k.min() + MOST_RATIO)
    e = np.zeros(len(targets), int) if target_scales == "one" else e
    # The share of the penalty at which it counts, in the units of column and first target.
    size = float(np.abs(Y[:, 0]).max()) or 1.0
    width = float(np.abs(X).max()) or 1.0
    alpha, alpha_l2 = share * size ** (2 - p) * width**p, ridge * width**2
    natural = 2.0 * e[0] + p * (k - e[0])  # log2 of alpha v_j of the same meaning
    middle = np.clip(np.floor(np.median(natural)), -MOST_PARAMETER, MOST_PARAMETER)
    middle_l2 = np.clip(np.floor(np.median(2.0 * k)), -MOST_PARAMETER, MOST_PARAMETER)
    if matched:
        v = times_two_to(v, np.clip(natural - middle, 1 - MOST_PARAMETER, MOST_PARAMETER - 1))
    keywords |= {
        "p": p,
        "alpha": float(times_two_to(alpha, middle)),
        "alpha_l2": float(times_two_to(alpha_l2, middle_l2)),
        "feature_weights": v,
    }
    return Scaled(X, Y, k, e, s, container, keywords)


def fitted(problem, **more):
    """The estimator fitted to the scaled problem, and whether it was silent."""
    Y = problem.Y if len(problem.m) > 1 else problem.Y[:, 0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = SparseLpRegressor(**problem.keywords, **more)
        model.fit(problem.container(problem.X), Y, sample_weight=problem.s)
    for warning in caught:
        assert issubclass(warning.category, ConvergenceWarning), warning.message
    return model, not caught


def assert_certified_at_scale_one(problem, model, tol=None):
    coef, intercept = np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)
    assert np.all(np.isfinite(coef))
    assert np.all(np.isfinite(intercept))
    numbers = [
        np.atleast_1d(getattr(model, name))
        for name in ("penalty_", "objective_", "dual_gap_", "optimality_")
    ]
    for t, m in enumerate(problem.m):
        one = problem.at_scale_one(t)
        assert not problem.keywords["positive"] or np.all(coef[t] >= 0)
        penalty, objective = np.ldexp([numbers[0][t], numbers[1][t]], -2 * m)
        assert_reported(
            one,
            np.ldexp(coef[t], problem.k - m),
            float(np.ldexp(intercept[t], -m)),
            penalty,
            objective,
            numbers[2][t],
            numbers[3][t],
            tol=tol,
            # a projection off columns that are collinear, or on a cone, is a choice
            choice=problem.keywords["positive"] or bool(one.weak().any()),
        )


def quick(max_examples):
    return settings(
        max_examples=max_examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@pytest.mark.slow
def test_certificates_at_any_scale():
    n_problems = n_warned = 0

    @quick(400)
    @given(st.fixed_dictionaries(OPTIONS), st.sampled_from([1e-4, 1e-7]))
    def check(options, tol):
        nonlocal n_problems, n_warned
        problem = scaled(**options)
        model, silent = fitted(problem, tol=tol)
        event(f"converged: {silent}")
        assert_certified_at_scale_one(problem, model, tol if silent else None)
        n_problems, n_warned = n_problems + 1, n_warned + (not silent)

    check()
    # Collinear beyond rounding and all but unpenalised, some problems resist: very few.
    assert n_warned <= 0.01 * n_problems


WELL_POSED = OPTIONS | {
    "n": st.integers(8, 12),
    "m": st.integers(1, 4),
    "more": st.lists(st.sampled_from(["zero", "constant"]), max_size=2),
    "density": st.just(1.0),
    "center": st.sampled_from([0.0, 1.0]),
    "rows": st.sampled_from(["equal", "uneven"]),
    "columns": st.sampled_from(["equal", "uneven", "zeros"]),
    "matched": st.just(True),
}


@pytest.mark.slow
@quick(200)
@given(st.fixed_dictionaries(WELL_POSED), st.sampled_from([1e-4, 1e-7]))
def test_well_posed_problems_converge_at_any_scale(options, tol):
    problem = scaled(**options)
    model, silent = fitted(problem, tol=tol)
    assert silent
    assert_certified_at_scale_one(problem, model, tol)


EXACT = OPTIONS | {
    "targets": st.lists(st.sampled_from(["noise", "sparse"]), min_size=1, max_size=1),
    "matched": st.just(True),
    "p": st.sampled_from([0.0, 1.0, 2.0, 3.0]),
    "most": st.just(100),
}


@quick(150)
@given(st.fixed_dictionaries(EXACT))
def test_powers_of_two_change_no_digit(options):
    """Coefficients scale with target over column, all else stays, whatever starts and ties do."""
    if options["p"] != 2:  # elsewhere one feature weight cannot be right for both penalties
        options = options | {"ridge": 0.0}
    plain = scaled(**options | {"column_scales": "one", "target_scales": "one"})
    problem = scaled(**options)
    (expected, quiet), (model, silent) = fitted(plain), fitted(problem)
    m = int(problem.m[0])
    np.testing.assert_array_equal(np.ldexp(model.coef_, problem.k - m), expected.coef_)
    assert np.ldexp(model.intercept_, -m) == expected.intercept_
    assert np.ldexp(model.objective_, -2 * m) == expected.objective_
    np.testing.assert_array_equal(model.dual_gap_, expected.dual_gap_)
    assert model.optimality_ == expected.optimality_
    assert (silent, model.n_iter_) == (quiet, expected.n_iter_)


def test_a_weight_that_undoes_alpha():
    """alpha times a feature weight overflows, or underflows; the penalty does neither."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    plain = SparseLpRegressor(0.01, p=3.0, tol=1e-10).fit(X, y)
    for k in (-400, 400):
        unit = np.ldexp(1.0, [k, k])
        model = SparseLpRegressor(
            np.ldexp(0.01, 2 * k), p=3.0, feature_weights=unit, tol=1e-10
        ).fit(X * unit, y)
        np.testing.assert_allclose(model.coef_ * unit, plain.coef_, rtol=1e-9)


def test_no_penalty_on_a_large_power():
    """0 * |w|^7 is 0, also where |w|^7 is beyond floats."""
    X, y = np.arange(1.0, 5.0)[:, None], np.array([1.0, 2.0, 2.0, 4.0])
    model = SparseLpRegressor(0.0, p=7.0, tol=1e-12).fit(X, 1e60 * y)
    assert model.optimality_ <= 1e-12
    assert model.coef_[0] == pytest.approx(0.9e60)


@pytest.mark.parametrize("p", [1.001, 1.05, 1.2, 1.5, 1.8])
def test_directions_that_the_data_leave_free(p):
    """One row, many columns: the penalty alone decides between them, and it is hardly felt."""
    rng = np.random.default_rng(0)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(1 + seed % 3, 8))
        X = np.c_[X, X[:, :2], -X[:, 2:3]]
        y = rng.normal(size=len(X))
        model = SparseLpRegressor(1e-5, p=p, fit_intercept=False, tol=1e-7).fit(X, y)
        assert model.dual_gap_ <= 1e-7


@pytest.mark.parametrize("p", [1.2, 1.5, 2.0, 3.0])
def test_no_negative_coefficient(p):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(8, 6)), rng.normal(size=8)
        for solver in ("auto", "cd", "proximal_gradient"):
            model = SparseLpRegressor(1e-12, p=p, positive=True, solver=solver).fit(X, y)
            assert np.all(model.coef_ >= 0)


def test_a_newton_step_stays_within_the_bounds():
    """Its minimiser, (-1/2, 3/2), is out of bounds; p > 1 has no border but that one."""
    gram, u = np.array([[1.0, 0.9], [0.9, 1.0]]), np.array([0.1, 1.0])
    system = GramSystem(gram, gram @ (np.array([-0.5, 1.5]) - u))
    penalty = LpPenalty(np.full(2, 1e-12), np.zeros(2), 1.5, True)
    assert newton_step(system, penalty, u, np.arange(2))
    assert np.all(u >= 0)


@pytest.mark.parametrize("p", [100.0, 101.0, 199.0, 250.0, 1000.0])
def test_a_large_power_of_ordinary_numbers(p):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3))
    y = 2.0 * X[:, 0]
    model = SparseLpRegressor(0.1, p=p, tol=1e-8).fit(X, y)
    loss = np.mean((y - model.predict(X)) ** 2) / 2
    expected = loss + 0.1 * np.sum(np.abs(model.coef_) ** p)
    assert model.objective_ == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0])
def test_a_huge_value_in_a_row_that_does_not_count(container, p):
    """It overflows where columns are gathered, for the projection off those without a penalty."""
    rng = np.random.default_rng(0)
    X, y = 1e-3 * rng.normal(size=(12, 5)), rng.normal(size=12)
    X[0] = 1e308
    weights, free = np.ones(12), np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    weights[0] = 0.0
    options = {"p": p, "feature_weights": free, "tol": 1e-8}
    model = SparseLpRegressor(1e-4, **options).fit(container(X), y, sample_weight=weights)
    without = SparseLpRegressor(1e-4, **options).fit(X[1:], y[1:])
    assert model.dual_gap_ <= 1e-8
    assert model.objective_ == pytest.approx(without.objective_, rel=1e-10)


@pytest.mark.parametrize("lipschitz", [1e-3, np.inf, np.nan])
def test_a_search_for_a_step_size_ends(lipschitz):
    """Also where the numbers of the data have overflowed."""
    rng = np.random.default_rng(0)
    fit = LeastSquares.of_targets(
        as_design(rng.normal(size=(20, 4))), rng.normal(size=(20, 1)), np.ones(20), True
    )
    batch = fit.batch(0.1, 1.0, 0.0, np.ones(4), False)
    descent = ProximalGradient(batch, 0, np.zeros(4), lipschitz)
    with np.errstate(invalid="ignore"):
        u, *_ = descent.step(descent.u, descent.prediction)
    assert len(u) == 4
    assert lipschitz != 1e-3 or 0.1 < descent.lipschitz < 10.0


def test_the_projected_path_leaves_its_direction_alone():
    """The same direction leads to the fallback, the first point with a zero."""
    old, direction = np.array([1.0, 1.0, 1.0]), np.array([-2.0, -4.0, 1.0])
    matrix = np.eye(3) + 0.5
    projected_path(old, direction, lambda b: np.linalg.solve(matrix, b), 2)
    np.testing.assert_array_equal(direction, [-2.0, -4.0, 1.0])
    first = projected_path(old, direction, None, 0)
    np.testing.assert_allclose(first, [0.5, 0.0, 1.25])


@parametrize_pairwise(
    shape=[(200, 30), (50, 300)],
    p=[0.5, 1.0, 1.5, 2.0, 3.0],
    container=[np.asarray, sp.csr_array, sp.csc_array],
)
def test_columns_whose_squares_are_no_numbers(shape, p, container):
    """Their Gram is not formed; a penalty on coefficients that small is none."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=shape)
    y = X[:, :3].sum(axis=1) + rng.normal(size=shape[0])
    v = np.where(np.arange(shape[1]) < 2, 0.0, 1.0)
    alpha = 1e-2 if p < 3 else 1.0
    plain = SparseLpRegressor(alpha, p=p, feature_weights=v, tol=1e-8).fit(X, y)
    size = 1e220 if p == 0.5 else 1e160
    X[:, :2] *= size
    model = SparseLpRegressor(alpha, p=p, tol=1e-8).fit(container(X), y)
    assert model.objective_ == pytest.approx(plain.objective_, rel=1e-2 if p < 1 else 1e-6)
    assert np.all(np.abs(size * model.coef_[:2] - 1.0) < 0.5)
    assert model.optimality_ <= 1e-4


def test_the_best_point_counts_where_rounding_leads_astray():
    """Dependent columns, next to no penalty, and squares that are no numbers: no Gram to factorise."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 7, (2, 3000))
    one_hot = [level == group for group in codes for level in range(7)]
    X = np.column_stack([*one_hot, 2.5 * (rng.random(3000) < 0.999)])
    y = X @ (rng.standard_normal(15) / X.std(axis=0)) + 0.3 * rng.standard_normal(3000)
    least = np.linalg.lstsq(X, y, rcond=None)[0]
    model = SparseLpRegressor(1e-161, p=1, tol=1e-9, max_iter=2000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the gap asks for the impossible
        model.fit(sp.csr_array(X * 1e155), y)
    expected = np.sum((y - X @ least) ** 2) / 6000
    assert model.objective_ == pytest.approx(expected, rel=1e-6)
    r = y - X @ (model.coef_ * 1e155) - model.intercept_
    assert r @ r / 6000 == pytest.approx(expected, rel=1e-6)


SIZES = 10.0 ** np.r_[-300, -160, -154, -60, 0, 60, 150:156, 160, 200, 300]


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("errors", ["warn", "raise"])
def test_targets_of_any_size_fit_or_are_refused(p, errors):
    """Whatever np.seterr says: finite numbers without a warning, or an error that says what to do."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 5)), rng.normal(size=20)
    y += X @ [1.0, 0.0, 2.0, 0.0, -1.0]
    refused = set()
    for size, v, kind in itertools.product(
        SIZES, [None, [1, 1e-200, 1e200, 1, 1], [0, 0, 1e300, 1, 1]], [np.float64, np.float32]
    ):
        alpha = times_two_to(0.05, np.log2(size) * (2.0 - p))
        for strength in (1.0, float(np.clip(alpha, 1e-300, 1e300))):
            model = SparseLpRegressor(strength, p=p, feature_weights=v)
            with np.errstate(all=errors, under="raise" if errors == "raise" else "ignore"):
                try:
                    model.fit(X.astype(kind), size * y)
                except ValueError as error:
                    assert re.search("range of .*: scale .*y", str(error))  # noqa: PT017
                    refused.add((size, kind))
                    continue
            found = [model.penalty_, model.objective_, model.optimality_, model.intercept_]
            assert np.all(np.isfinite([*found, *model.coef_]))
    assert {size for size, kind in refused if kind == np.float64} <= {*SIZES[SIZES > 1e153]}
    assert {size for size, kind in refused if kind == np.float32} == {*SIZES[SIZES != 1]}


# -- float32 -------------------------------------------------------------------------------------
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("p", [0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_what_is_reported_of_float32_is_that_of_the_rounded_model(p, container, n_targets):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(60, 8)) + 3.0).astype(np.float32)
    Y = X[:, :2] @ [[1.0, 0.5], [-1.0, 2.0]] + 0.1 * rng.normal(size=(60, 2)) + 1e4
    Y = Y[:, :n_targets]
    options = {"p": p, "tol": 1e-7, "alpha_l2": 0.01}
    model = SparseLpRegressor(0.01, **options).fit(container(X), Y)
    wide = SparseLpRegressor(0.01, **options).fit(X.astype(np.float64), Y)
    coef, X = model.coef_.astype(np.float64), X.astype(np.float64)
    loss = np.mean((Y - X @ coef.T - model.intercept_.astype(np.float64)) ** 2, axis=0) / 2
    penalty = np.sum(0.01 * np.abs(coef) ** p + 0.005 * coef**2, axis=1)
    np.testing.assert_allclose(model.penalty_, penalty, rtol=1e-12)
    np.testing.assert_allclose(model.objective_, loss + penalty, rtol=1e-9)
    if p >= 1:  # the gap bounds how far the rounded model is from the optimum
        null = np.var(Y, axis=0) / 2
        assert np.all(model.dual_gap_ >= (model.objective_ - wide.objective_) / null - 1e-11)
        assert np.all(model.dual_gap_ <= 1e-5)


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 2.0])
def test_coefficients_that_underflow_are_refused(p):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4)).astype(np.float32)
    y = X @ [1.0, 0.0, 0.0, 2.0]
    remedy = "range of float32, the type of X: scale X or y, or pass X as float64"
    for size in (1e-60, 1e-44):
        alpha = 0.01 * size ** (2 - p)
        with pytest.raises(ValueError, match=remedy):
            SparseLpRegressor(alpha, p=p).fit(X, size * y)
        model = SparseLpRegressor(alpha, p=p).fit(X.astype(np.float64), size * y)
        assert model.coef_[3] == pytest.approx(2 * size, rel=0.1)
    with pytest.raises(ValueError, match=remedy):  # a constant
        SparseLpRegressor(0.0).fit(X, np.full(30, 1e-60))
    # What vanishes beside others may underflow: here the penalty of a column asks for it.
    v = [1.0, 1e100, 1.0, 1.0]
    weak = SparseLpRegressor(0.01, p=2, feature_weights=v).fit(X, y)
    assert weak.coef_[1] == 0
    assert weak.coef_[3] == pytest.approx(2.0, rel=0.1)
    # Near the smallest numbers there are, what is left of them is enough.
    small = SparseLpRegressor(0.01, p=p).fit(X * np.float32(1e38), y * 1e6)
    assert np.all(np.isfinite(small.coef_))
