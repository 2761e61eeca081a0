"""Checks of single arguments, shared by every estimator and function, and what a failed fit leaves.

A value of the wrong type raises TypeError, a value out of range ValueError; either message names
the parameter, what is allowed and what was given. The checked value is returned as a plain Python
one. `sklearn.utils.check_scalar` does not say the same: it takes a bool for a number, lets NaN and
infinity pass every range, and does not name a value of the wrong type.
"""

import functools
import math
import numbers
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from sklearn.utils import check_random_state

Method = TypeVar("Method", bound=Callable[..., Any])


def atomic(fit: Method) -> Method:
    """Decorate a method that fits: if it raises, the estimator is as it was before the call.

    That holds for an interrupt and for a warning that is turned into an error too. Attributes must
    be replaced by the method, not written into.
    """

    @functools.wraps(fit)
    def wrapper(self, *args, **kwargs):
        before = vars(self).copy()
        try:
            return fit(self, *args, **kwargs)
        except BaseException:
            self.__dict__ = before
            raise

    return cast(Method, wrapper)


def check_real(
    name, value, *, low=None, high=None, low_inclusive=True, high_inclusive=True, finite=True
):
    """Return ``value`` as a float, or say why it is not an allowed real number."""
    error = None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        error = TypeError
    else:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf if value > 0 else -math.inf
        if (
            math.isnan(number)
            or (finite and math.isinf(number))
            or not _in_range(number, low, high, low_inclusive, high_inclusive)
        ):
            error = ValueError
    if error is not None:
        allowed = "a finite real number" if finite else "a real number"
        allowed += _describe_range(low, high, low_inclusive, high_inclusive)
        raise error(_message(name, allowed, value))
    return number


def check_integer(name, value, *, low=None, high=None):
    """Return ``value`` as an int, or say why it is not an allowed integer."""
    allowed = "an integer" + _describe_range(low, high, True, True)
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(_message(name, allowed, value))
    number = int(value)
    if not _in_range(number, low, high, True, True):
        raise ValueError(_message(name, allowed, value))
    return number


def check_bool(name, value):
    """Return ``value`` as a bool, or say that it is none."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(_message(name, "a bool", value))
    return bool(value)


def check_choice(name, value, options):
    """Return ``value`` if it is one of the strings ``options``."""
    if isinstance(value, str) and value in options:
        return str(value)
    listed = [repr(option) for option in options]
    allowed = " or ".join(filter(None, [", ".join(listed[:-1]), listed[-1]]))
    error = ValueError if isinstance(value, str) else TypeError
    raise error(_message(name, allowed, value))


def check_integers(name, values):
    """Return ``values`` as a 1-D array of int64, or say why they are none."""
    values = np.asarray(values)
    if values.ndim != 1:
        raise ValueError(f"{name} must be a 1-D array of integers, got {values.ndim}-D")
    if values.size and values.dtype.kind not in "iu":
        raise TypeError(f"{name} must be a 1-D array of integers, got type {values.dtype}")
    if values.dtype == np.uint64 and values.max(initial=0) > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must be integers below 2**63, got {values.max()}")
    return values.astype(np.int64)


def check_rows(rows, n_rows):
    """Return which of ``n_rows`` rows are listed, as an array of bool."""
    listed = np.zeros(n_rows, dtype=bool)
    if rows is None:
        listed[:] = True
        return listed
    rows = check_integers("rows", rows)
    wrong = rows[(rows < 0) | (rows >= n_rows)]
    if len(wrong):
        raise ValueError(f"rows must lie in [0, {n_rows - 1}], got {wrong[0]}")
    listed[rows] = True
    return listed


def check_value_of_type(name, value, dtype):
    """Return ``value`` if an array of type ``dtype`` holds it as it is, a float up to rounding."""
    check_real(name, value)
    if dtype.kind == "f":
        fits = abs(value) <= np.finfo(dtype).max
    else:
        low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        fits = low <= value <= high and int(value) == value
    if not fits:
        raise ValueError(f"{name} must be a value that type {dtype} holds, got {value!r}")
    return value


def check_generator(name, value):
    """Return the RandomState that ``value`` is or seeds, or say that it cannot seed one."""
    try:
        return check_random_state(value)
    except (TypeError, ValueError) as error:
        allowed = "None, an integer in [0, 2**32 - 1] or a numpy.random.RandomState"
        raise ValueError(_message(name, allowed, value)) from error


def check_sample_weight(value, n_samples, *, all_zero=False):
    """Return the weights of the rows as a float64 array; all one for None, all alike for a number.

    They may be zero for every row only if ``all_zero``.
    """
    if isinstance(value, numbers.Real):
        value = np.full(n_samples, value)
    weights = check_weights("sample_weight", value, n_samples, "row")
    if not (all_zero or weights.any()):
        raise ValueError("sample_weight must not be zero for every row")
    return weights


def check_weights(name, value, size, what):
    """Return one finite weight >= 0 a row or column as a float64 array; all one for None."""
    if value is None:
        return np.broadcast_to(1.0, size)
    try:
        weights = np.asarray(value)
        if np.iscomplexobj(weights):  # which NumPy would take the real parts of
            raise TypeError
        weights = weights.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} must be an array of real numbers, got {value!r}") from None
    if weights.shape != (size,):
        raise ValueError(
            f"{name} must have shape ({size},), one weight a {what}, got {_brief(value, weights)}"
        )
    if not np.isfinite(weights).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    if weights.min() < 0:
        raise ValueError(f"{name} must be >= 0, got {weights.min()}")
    return weights


def _brief(value, array):
    return f"shape {array.shape}" if array.ndim else repr(value)


def _message(name, allowed, value):
    return f"{name} must be {allowed}, got {value!r}"


def _describe_range(low, high, low_inclusive, high_inclusive):
    bounds = []
    if low is not None:
        bounds.append(f"{'>=' if low_inclusive else '>'} {low}")
    if high is not None:
        bounds.append(f"{'<=' if high_inclusive else '<'} {high}")
    return " " + " and ".join(bounds) if bounds else ""


def _in_range(number, low, high, low_inclusive, high_inclusive):
    if low is not None and (number < low or (number == low and not low_inclusive)):
        return False
    return high is None or not (number > high or (number == high and not high_inclusive))
