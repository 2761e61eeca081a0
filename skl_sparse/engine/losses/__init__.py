"""Losses: value, gradient, curvature and conjugate, one file each."""

from .squared_error import SquaredError

__all__ = ["SquaredError"]
