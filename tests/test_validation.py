"""The shared parameter checks: what passes, and the message of what does not."""

import numpy as np
import pytest

from skl_sparse._validation import (
    check_bool,
    check_choice,
    check_generator,
    check_integer,
    check_real,
    check_sample_weight,
)


@pytest.mark.parametrize("value", [0, 1.5, np.float32(1.5), np.int64(3), np.float64(0)])
def test_real_numbers_pass(value):
    checked = check_real("alpha", value, low=0)
    assert type(checked) is float
    assert checked == value


@pytest.mark.parametrize(
    ("value", "options", "error", "message"),
    [
        (-1.0, {"low": 0}, ValueError, "alpha must be a finite real number >= 0, got -1.0"),
        (0, {"low": 0, "low_inclusive": False}, ValueError, "alpha must be .* > 0, got 0"),
        (1.0, {"low": 0, "high": 1, "high_inclusive": False}, ValueError, ">= 0 and < 1, got 1.0"),
        (np.inf, {}, ValueError, "alpha must be a finite real number, got inf"),
        (10**400, {}, ValueError, "alpha must be a finite real number, got 1000"),
        (np.nan, {"finite": False}, ValueError, "alpha must be a real number, got nan"),
        (True, {}, TypeError, "alpha must be a finite real number, got True"),
        (np.bool_(True), {}, TypeError, "alpha must be .*True"),
        ("1", {}, TypeError, "alpha must be .* got '1'"),
        (None, {}, TypeError, "alpha must be .* got None"),
        (1j, {}, TypeError, "alpha must be .* got 1j"),
        (np.array([1.0]), {}, TypeError, "alpha must be .* got array"),
    ],
)
def test_other_values_do_not(value, options, error, message):
    with pytest.raises(error, match=message):
        check_real("alpha", value, **options)


def test_infinity_passes_if_asked():
    assert check_real("alpha", np.inf, low=0, finite=False) == np.inf


def test_integers():
    assert check_integer("n", np.int32(3), low=1) == 3
    for value, error in [(2.0, TypeError), (True, TypeError), ("2", TypeError), (0, ValueError)]:
        with pytest.raises(error, match="n must be an integer >= 1, got "):
            check_integer("n", value, low=1)
    with pytest.raises(ValueError, match="n must be an integer <= 5, got 6"):
        check_integer("n", 6, high=5)


def test_bools_and_choices():
    assert check_bool("copy", np.bool_(False)) is False
    for value in (0, None, "yes"):
        with pytest.raises(TypeError, match="copy must be a bool, got "):
            check_bool("copy", value)
    assert check_choice("norm", np.str_("l1"), ("l1", "l2")) == "l1"
    with pytest.raises(ValueError, match="norm must be 'l1', 'l2' or 'max', got 'l0'"):
        check_choice("norm", "l0", ("l1", "l2", "max"))
    with pytest.raises(TypeError, match="norm must be 'l1', got 1"):
        check_choice("norm", 1, ("l1",))


def test_generators():
    rng = np.random.RandomState(0)
    assert check_generator("random_state", rng) is rng
    for value in (-1, 2**32, 1.5, "a", np.random.default_rng(0)):
        with pytest.raises(ValueError, match=r"random_state must be None, an integer in .* got "):
            check_generator("random_state", value)


def test_sample_weight():
    weights = check_sample_weight([1, 0, 2], 3)
    assert weights.dtype == np.float64
    with pytest.raises(
        ValueError,
        match=r"sample_weight must have shape \(2,\), one weight a row, got shape \(3,\)",
    ):
        check_sample_weight([1, 0, 2], 2)
