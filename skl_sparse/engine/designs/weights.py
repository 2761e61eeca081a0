"""Weights of the rows; those that are all alike may be one number, repeated with a stride of zero."""

import numpy as np

from ..cuts import blocks
from .tuning import DEFAULT


def repeated(weights):
    """Whether the weights are a single number, repeated without taking memory."""
    return weights.strides == (0,)


def roots(weights):
    """Repeated where the weights are."""
    if repeated(weights):
        return np.broadcast_to(np.sqrt(weights[0]), len(weights))
    return np.sqrt(weights)


def weighted_sums(weights, R, stretch=DEFAULT.stretch):
    """weights @ R"""
    if not repeated(weights):
        return weights @ R
    ones = np.ones(min(len(R), stretch))
    parts = (R[some] for some in blocks(len(R), stretch))
    return weights[0] * sum(ones[: len(part)] @ part for part in parts)


def left_out(weights, rows, indptr):
    """The sums of the weights of all rows that are not in a list, for several lists.

    The difference of two sums would lose what is lighter than the rounding of the heavier. The rows
    between two neighbours of a list, in the order of their weights, are as heavy as the lighter
    neighbour or heavier: the difference of two sums from the lightest row on keeps its digits.

    Parameters
    ----------
    weights : ndarray of shape (n_rows,)
    rows, indptr : ndarray of int
        The kth list is ``rows[indptr[k]:indptr[k + 1]]``.
    """
    order = np.argsort(weights, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    up_to = np.concatenate([[0.0], np.cumsum(weights[order])])  # of the k lightest
    out = np.empty(len(indptr) - 1)
    for k in range(len(out)):
        places = np.sort(rank[rows[indptr[k] : indptr[k + 1]]])
        starts = np.concatenate([[0], places + 1])
        stops = np.concatenate([places, [len(order)]])
        out[k] = (up_to[stops] - up_to[starts]).sum()
    return out


def moments_about(first, second, guess, unit, center):
    """Mean and deviation from the sums of w*d and w*d**2 with d = (x - guess) / unit.

    The guess carries the rounding error of a plain sum, of order n eps; its own mean deviation
    corrects it, so that a constant column is told from one that varies (deviation at the level of
    the mean's rounding, not of the sum's error) and a mean of 1e8 leaves a unit deviation intact.
    """
    if not center:
        return np.zeros_like(guess), unit * np.sqrt(second)
    variance = np.maximum(second - first * first, 0.0)
    deviation = unit * np.sqrt(variance)
    mean = guess + unit * first
    deviation[deviation <= 8 * np.finfo(np.float64).eps * np.abs(mean)] = 0.0
    return mean, deviation
