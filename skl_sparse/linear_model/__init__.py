"""Linear models with sparse coefficients."""

from .regressor import SparseLpRegressor

__all__ = ["SparseLpRegressor"]
