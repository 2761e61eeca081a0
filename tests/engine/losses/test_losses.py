"""Every loss of the table against finite differences, numerical maximisation and minimisation."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from skl_sparse.engine.losses import LOSSES, Loss

# Those of them that a loss admits are its targets.
CANDIDATES = np.array([-30.0, -2.5, -1.0, 0.0, 0.25, 1.0, 2.0, 7.0])
PREDICTIONS = np.array([-20.0, -5.0, -1.3, -0.4, -1e-3, 1e-9, 0.2, 0.9, 3.0, 11.0])


@pytest.fixture(params=LOSSES)
def loss(request):
    return LOSSES[request.param]()


def targets_of(loss):
    admitted = []
    for y in CANDIDATES:
        try:
            loss.check_target(np.array([y]))
        except ValueError:
            continue
        admitted.append(y)
    assert len(admitted) > 1
    return np.array(admitted)


def pairs(loss):
    """All targets with all predictions."""
    y, z = np.meshgrid(targets_of(loss), PREDICTIONS)
    return y.ravel(), z.ravel()


def value(loss, y, z):
    """The loss row by row."""
    return np.array([loss.value(*some) for some in zip(*map(rows, (y, z)), strict=True)])


def conjugate(loss, y, g):
    return np.array([loss.conjugate(*some) for some in zip(*map(rows, (y, g)), strict=True)])


def rows(vector):
    return np.atleast_1d(vector)[:, None]


def derivatives(loss, y, z):
    gradient, curvature = np.empty(len(y)), np.empty(len(y))
    loss.derivatives(y, z, gradient, curvature)
    return gradient, curvature


def test_derivatives(loss):
    y, z = pairs(loss)
    gradient, curvature = derivatives(loss, y, z)
    h = 1e-6 * np.maximum(np.abs(z), 1.0)
    slope = (value(loss, y, z + h) - value(loss, y, z - h)) / (2 * h)
    scale = np.maximum(np.abs(value(loss, y, z)), 1.0)
    np.testing.assert_array_less(np.abs(gradient - slope), 1e-9 * np.maximum(np.abs(slope), scale))
    above, below = derivatives(loss, y, z + h)[0], derivatives(loss, y, z - h)[0]
    change = (above - below) / (2 * h)
    np.testing.assert_allclose(curvature, change, rtol=1e-6, atol=1e-9)
    only = np.empty(len(y))
    loss.gradient(y, z, only)
    np.testing.assert_array_equal(only, gradient)


def test_convexity_and_the_bound_on_the_curvature(loss):
    for y in targets_of(loss):
        z = np.linspace(-30, 30, 1201)
        gradient, curvature = derivatives(loss, np.full(len(z), y), z)
        assert np.all(np.diff(gradient) >= -1e-15 * np.abs(gradient[1:]))
        assert np.all(curvature >= 0)
        assert np.all(curvature <= loss.curvature_bound)
    if np.isfinite(loss.curvature_bound):  # and it is no larger than need be
        assert curvature.max() >= 0.99 * loss.curvature_bound


def test_gradients_stay_between_their_bounds(loss):
    y, z = pairs(loss)
    lower, upper = loss.gradient_bounds(y)
    gradient = derivatives(loss, y, z)[0]
    assert np.all((lower <= gradient) & (gradient <= upper))
    for bound, beyond in ((lower, -1.0), (upper, 1.0)):
        at = np.isfinite(bound)
        outside = np.nextafter(bound[at], beyond * np.inf)
        assert np.all(np.isinf(conjugate(loss, y[at], outside)))
        assert not np.isnan(conjugate(loss, y[at], bound[at])).any()


def test_fenchel(loss):
    """Young's inequality for any pair of z and g, and equality where g is the derivative at z."""
    y, z = pairs(loss)
    gradient = derivatives(loss, y, z)[0]
    values = value(loss, y, z)

    def gap(g):
        """What is left, and the rounding of the largest of its terms."""
        dual = conjugate(loss, y, g)
        terms = values, dual, g * z, g * y, np.ones(len(y))
        return dual + values - g * z, 1e-14 * np.abs(terms).max(axis=0)

    left, rounding = gap(gradient)
    assert np.all(np.abs(left) <= rounding)
    for other in PREDICTIONS:
        left, rounding = gap(derivatives(loss, y, np.full(len(y), other))[0])
        assert np.all(left >= -rounding)


def test_conjugate_against_numerical_maximisation(loss):
    for y in targets_of(loss):
        for z in (-1.3, -0.4, 0.2, 0.9):
            g = derivatives(loss, np.array([y]), np.array([y + z]))[0]

            def lowered(z, y=y, g=g):
                return float(value(loss, y, z)[0] - g[0] * z)

            found = minimize_scalar(lowered, bracket=(y + z - 1, y + z + 1), tol=1e-12)
            assert conjugate(loss, y, g)[0] == pytest.approx(-found.fun, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("offset", [False, True])
def test_best_constant_against_scipy(loss, weighted, offset):
    rng = np.random.default_rng(0)
    y = rng.choice(targets_of(loss), 40)
    weights = rng.random(40) * (rng.random(40) > 0.2) if weighted else None
    o = rng.normal(size=40) if offset else None
    best = loss.best_constant(y, weights, o)

    def objective(b):
        return loss.value(y, b + (np.zeros(40) if o is None else o), weights)

    found = minimize_scalar(objective, bracket=(best - 1, best + 1), tol=1e-12)
    assert objective(best) <= found.fun * (1 + 1e-14)
    assert best == pytest.approx(found.x, rel=1e-6, abs=1e-6)
    gradient = np.empty(40)
    loss.gradient(y, best + (np.zeros(40) if o is None else o), gradient)
    weights = np.ones(40) if weights is None else weights
    assert abs(weights @ gradient) <= 1e-14 * (weights @ np.abs(gradient))


@pytest.mark.parametrize("size", [0.0, 1e-100, 1e-8, 1e8, 1e100])
def test_best_constant_at_any_size(loss, size):
    y = targets_of(loss)[:2] * size
    try:
        loss.check_target(y)
    except ValueError:
        return
    best = loss.best_constant(y)
    if np.isinf(best):
        assert np.all(y == 0)  # no count at all
        return
    for sign in (-1.0, 1.0):  # the slope changes sign within a few roundings of it
        there = best + sign * 4 * np.spacing(abs(best))
        slopes = derivatives(loss, y, np.full(2, there))[0]
        assert sign * slopes.sum() >= -1e-16 * np.abs(slopes).sum()


@pytest.mark.parametrize("size", [700.0, 1e3, 1e150, 1e300])
def test_extreme_predictions(loss, size):
    """No NaN anywhere, no overflow of a derivative that the bounds say is finite."""
    y, z = np.meshgrid(targets_of(loss), [-size, size])
    y, z = y.ravel(), z.ravel()
    gradient, curvature = derivatives(loss, y, z)
    assert not np.isnan([value(loss, y, z), gradient, curvature]).any()
    assert np.all(value(loss, y, z) >= 0)
    if np.isfinite(loss.curvature_bound):
        assert np.isfinite(gradient).all()
        assert np.isfinite(curvature).all()
        if size <= 1e150:
            assert np.isfinite(value(loss, y, z)).all()
            assert np.isfinite(conjugate(loss, y, gradient)).all()


@pytest.mark.parametrize("name", ["squared_error", "huber", "log_cosh"])
def test_small_errors_keep_their_digits(name):
    """Next to the target the loss is half the squared error, without cancellation."""
    loss = LOSSES[name]()
    step = 10.0 ** -np.arange(4, 150)
    zeros = np.zeros(len(step))
    np.testing.assert_allclose(value(loss, zeros, step), step**2 / 2, rtol=1e-8)
    np.testing.assert_allclose(conjugate(loss, zeros, step), step**2 / 2, rtol=1e-8)


def test_sums_are_weighted(loss):
    y, z = pairs(loss)
    g = derivatives(loss, y, z)[0]
    weights = np.random.default_rng(0).random(len(y))
    weights[::3] = 0.0
    assert loss.value(y, z) == pytest.approx(value(loss, y, z).sum())
    assert loss.value(y, z, weights) == pytest.approx(weights @ value(loss, y, z))
    assert loss.conjugate(y, g) == pytest.approx(conjugate(loss, y, g).sum())
    assert loss.conjugate(y, g, weights) == pytest.approx(weights @ conjugate(loss, y, g))
    # What weighs nothing counts for nothing, be it infinite.
    g[0], z[0] = np.inf, np.inf
    assert np.isfinite(loss.conjugate(y, g, weights))
    assert np.isfinite(loss.value(y, z, weights))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_containers(loss, dtype):
    """Targets in either precision; read-only and strided vectors; the buffer may be z itself."""
    y, z = pairs(loss)
    y = y.astype(dtype)
    expected = loss.value(y.astype(np.float64), z)
    wide_y, wide_z = np.repeat(y, 2), np.repeat(z, 2)
    for vector in (y, z, wide_y, wide_z):
        vector.flags.writeable = False
    assert loss.value(y, z) == expected == loss.value(wide_y[::2], wide_z[::2])
    own, both = z.copy(), np.empty((len(y), 2))
    loss.gradient(y, own, own)
    loss.derivatives(y, z, both[:, 0], both[:, 1])
    np.testing.assert_array_equal(own, both[:, 0])
    loss.check_target(y)
    lower, upper = loss.gradient_bounds(y)
    assert np.all(lower <= upper)


def test_pickle(loss):
    again = pickle.loads(pickle.dumps(loss))
    y, z = pairs(loss)
    assert type(again) is type(loss)
    assert again.value(y, z) == loss.value(y, z)
    assert again.curvature_bound == loss.curvature_bound


def test_threads(loss):
    """A loss has no state: many threads may ask one, each of its rows."""
    y, z = (np.tile(some, 500) for some in pairs(loss))
    whole, parts = np.empty(len(y)), np.empty(len(y))
    loss.gradient(y, z, whole)
    pieces = [slice(i, i + 97) for i in range(0, len(y), 97)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda at: loss.gradient(y[at], z[at], parts[at]), pieces))
        values = list(pool.map(lambda _: loss.value(y, z), range(8)))
    np.testing.assert_array_equal(parts, whole)
    assert len(set(values)) == 1


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_bad_targets_are_named(loss, wrong):
    y = np.append(targets_of(loss), wrong)
    with pytest.raises(ValueError, match=rf"y must be .* for loss='{loss.name}', got {wrong}"):
        loss.check_target(y)


def test_lengths_that_differ(loss):
    y, z = pairs(loss)
    n = len(y)
    for call in (
        lambda: loss.value(y, z[1:]),
        lambda: loss.value(y, z, np.ones(n - 1)),
        lambda: loss.conjugate(y, z[1:]),
        lambda: loss.gradient(y, z, np.empty(n - 1)),
        lambda: loss.derivatives(y, z, np.empty(n), np.empty(n + 1)),
    ):
        with pytest.raises(ValueError, match="one length"):
            call()


@pytest.mark.parametrize("name", ["log_loss", "poisson"])
def test_best_constant_at_infinity(name):
    """Where all targets are at one end of what the loss can reach."""
    loss, zeros, ones = LOSSES[name](), np.zeros(3), np.ones(3)
    assert loss.best_constant(zeros) == -np.inf
    weights = np.array([1.0, 0.0, 2.0])
    assert loss.best_constant(np.array([0.0, 1.0, 0.0]), weights, ones) == -np.inf
    assert loss.best_constant(ones) == (np.inf if name == "log_loss" else 0.0)


def test_best_constant_of_one_class_alone():
    """The squared hinge reaches zero loss: the constant nearest to zero that does."""
    loss, offset = LOSSES["squared_hinge"](), np.array([0.5, -2.0])
    for y, sign in ((np.ones(2), 1.0), (np.zeros(2), -1.0)):
        assert loss.best_constant(y) == sign
        best = loss.best_constant(y, None, sign * offset)
        assert best == 3.0 * sign
        assert loss.value(y, best + sign * offset) == 0.0
        assert loss.best_constant(y, np.array([1.0, 0.0]), sign * offset) == 0.5 * sign
    mixed = np.array([1.0, 0.0])
    assert loss.best_constant(mixed, np.array([1.0, 0.0])) == 1.0


def test_the_loss_that_is_zero():
    assert Loss().best_constant(np.array([1.0, 2.0])) == 0.0
    assert Loss().value(np.ones(2), np.ones(2)) == 0.0


@pytest.mark.parametrize("delta", [0.0, -1.0, np.nan])
def test_delta_of_huber(delta):
    with pytest.raises(ValueError, match="delta must be greater than 0"):
        LOSSES["huber"](delta)


def test_parameters_are_pickled():
    assert pickle.loads(pickle.dumps(LOSSES["huber"](0.5))).delta == 0.5


def test_the_table_names_every_loss():
    assert set(LOSSES.values()) == set(Loss.__subclasses__())
    assert all(LOSSES[name].name == name for name in LOSSES)
