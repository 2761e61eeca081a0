"""Losses against finite differences and Fenchel's equality."""

import numpy as np
import pytest

from skl_sparse.engine.losses import SquaredError


@pytest.fixture
def products(rng):
    y, z = rng.normal(size=(2, 7))
    theta = y - z
    return y, z, float(theta @ theta), float(theta @ y)


def test_fenchel_equality(products):
    """At the residual itself (s = 1) loss and dual meet in theta . z; elsewhere they may not."""
    y, z, square, product = products
    loss = SquaredError()
    assert loss.value(square) == pytest.approx(0.5 * np.sum((y - z) ** 2))
    dual = loss.dual(1.0, square, product)[0]
    assert loss.value(square) - dual == pytest.approx(-(y - z) @ z)


def test_derivatives_and_peak(products):
    _, _, square, product = products
    loss = SquaredError()
    for s in (-1.0, 0.0, 0.3, 2.0):
        above, below = (loss.dual(s + h, square, product) for h in (1e-5, -1e-5))
        _, slope, bend = loss.dual(s, square, product)
        assert slope == pytest.approx((above[0] - below[0]) / 2e-5)
        assert bend == pytest.approx((above[1] - below[1]) / 2e-5)
    assert loss.dual(loss.dual_peak(square, product), square, product)[1] == pytest.approx(0)
    assert loss.dual_peak(0.0, 0.0) == np.inf
