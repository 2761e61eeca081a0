"""The Gram matrix of a working set grows and shrinks where it lies."""

import tracemalloc

import numpy as np
import pytest

from skl_sparse.engine.solvers.working_set.gram import GrowingGram


@pytest.fixture
def whole(rng):
    root = rng.standard_normal((500, 500))
    return root + root.T


def grow(gram, whole, m):
    """Room for m columns, and what is new in it, as a working set does it."""
    known = gram.known
    gram.stretch(m, whole.dtype)
    matrix = gram.view(m)
    matrix[known:] = whole[known:m, :m]
    matrix[:known, known:] = matrix[known:, :known].T
    gram.known = m


def test_it_grows_without_being_held_twice(whole):
    gram = GrowingGram(moved=2000)
    tracemalloc.start()
    try:
        for m in (100, 101, 400, 500):
            grow(gram, whole, m)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(gram.view(500), whole)
    assert peak <= 1.1 * whole.nbytes


@pytest.mark.parametrize("moved", [1, 2000, 10**6])
def test_columns_that_stay_are_kept_in_order(whole, moved):
    gram = GrowingGram(moved)
    grow(gram, whole, 300)
    stay = np.arange(300)[np.arange(300) % 3 > 0]
    gram.keep(stay)
    assert gram.known == len(stay)
    np.testing.assert_array_equal(gram.view(len(stay)), whole[np.ix_(stay, stay)])
    columns = np.concatenate([stay, np.arange(300, 500)])
    grow(gram, whole[np.ix_(columns, columns)], 400)
    np.testing.assert_array_equal(gram.view(400), whole[np.ix_(columns, columns)])


def test_while_somebody_has_it_it_does_not_move(whole):
    gram = GrowingGram(moved=2000)
    grow(gram, whole, 200)
    held = gram.view(200)
    grow(gram, whole, 400)
    np.testing.assert_array_equal(held, whole[:200, :200])
    np.testing.assert_array_equal(gram.view(400), whole[:400, :400])
