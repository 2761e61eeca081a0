"""The quadratic model against finite differences and Fenchel's equality."""

import numpy as np
import pytest

from skl_sparse.engine.solvers import QuadraticModel


@pytest.fixture
def products(rng):
    y, z = rng.normal(size=(2, 7))
    theta = y - z
    return y, z, float(theta @ theta), float(theta @ y)


def test_fenchel_equality(products):
    """At the residual itself (s = 1) model and dual meet in theta . z; elsewhere they may not."""
    y, z, square, product = products
    model = QuadraticModel()
    assert model.value(square) == pytest.approx(0.5 * np.sum((y - z) ** 2))
    dual = model.dual(1.0, square, product)[0]
    assert model.value(square) - dual == pytest.approx(-(y - z) @ z)


def test_derivatives_and_peak(products):
    _, _, square, product = products
    model = QuadraticModel()
    for s in (-1.0, 0.0, 0.3, 2.0):
        above, below = (model.dual(s + h, square, product) for h in (1e-5, -1e-5))
        _, slope, curvature = model.dual(s, square, product)
        assert slope == pytest.approx((above[0] - below[0]) / 2e-5)
        assert curvature == pytest.approx((above[1] - below[1]) / 2e-5)
    assert model.dual(model.dual_peak(square, product), square, product)[1] == pytest.approx(0)
    assert model.dual_peak(0.0, 0.0) == np.inf


def test_gaps_are_relative_to_the_null_model():
    assert QuadraticModel().gap(0.75, 0.5) == 0.5
    assert QuadraticModel(null=2.0).gap(0.75, 0.5) == 0.125
    assert QuadraticModel(null=2.0).gap(0.25, 0.5) == 0.0
