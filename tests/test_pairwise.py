"""Fewer cases than the product, and every pair of values in one of them."""

import itertools

import pytest
from pairwise import pairwise


@pytest.mark.parametrize(
    ("sizes", "most"),
    [
        ((2, 5), 10),
        ((2, 2, 2), 4),
        ((2, 4, 3, 4), 16),
        ((11, 8, 2), 88),
        ((11, 6, 3, 3), 66),
        ((10, 10, 10, 10), 150),
    ],
    ids=str,
)
def test_every_pair_occurs(sizes, most):
    options = {f"option {i}": range(size) for i, size in enumerate(sizes)}
    cases = pairwise(**options)
    assert len(cases) <= most
    assert all(case.keys() == options.keys() for case in cases)
    for i, j in itertools.combinations(options, 2):
        found = {(case[i], case[j]) for case in cases}
        assert found == set(itertools.product(options[i], options[j]))
    assert pairwise(**options) == cases
