"""Linear models with sparse coefficients."""

from ._grid import alpha_grid, alpha_max
from .cross_validation import SparseLpRegressorCV
from .path import LpPath, lp_path
from .regressor import SparseLpRegressor

__all__ = [
    "LpPath",
    "SparseLpRegressor",
    "SparseLpRegressorCV",
    "alpha_grid",
    "alpha_max",
    "lp_path",
]
