"""Losses: value, gradient, curvature and conjugate, one file each."""

from ._loss import Loss
from ._squared_error import SquaredError

__all__ = ["Loss", "SquaredError"]
