"""Coefficients of which few are not zero, against the whole vector."""

import numpy as np
import pytest

from skl_sparse.engine.solvers.coefficients import Coefficients

U = np.array([0.0, 2.0, 0.0, 0.0, -1.0, 0.5, 0.0])


@pytest.mark.parametrize("points", [Coefficients.every(U), Coefficients.every(U).sparse()])
def test_the_same_in_both_forms(points):
    np.testing.assert_array_equal(points.dense, U)
    np.testing.assert_array_equal(points.at(np.array([5, 0, 1])), [0.5, 0.0, 2.0])
    mask = np.arange(7) != 4
    np.testing.assert_array_equal(points.kept(mask).dense, np.where(mask, U, 0.0))
    np.testing.assert_array_equal(points.sparse().columns, [1, 4, 5])


def test_none():
    none = Coefficients.none(3)
    np.testing.assert_array_equal(none.dense, np.zeros(3))
    assert len(none.sparse().columns) == 0


def test_replaced():
    """Where the pool is, and nowhere else; what is zero there is left out, in order."""
    pool, values = np.array([6, 1, 3, 5]), np.array([4.0, 0.0, -3.0, 0.25])
    member = np.isin(np.arange(7), pool)
    u = Coefficients.every(U).sparse().replaced(member, pool, values)
    np.testing.assert_array_equal(u.columns, [3, 4, 5, 6])
    np.testing.assert_array_equal(u.values, [-3.0, -1.0, 0.25, 4.0])
