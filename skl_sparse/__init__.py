"""Sparse models on sparse data, the scikit-learn way."""

from .inspection import (
    BudgetDisplay,
    CoefficientDisplay,
    CVDisplay,
    PathDisplay,
    PatternDisplay,
    PenaltyDisplay,
    coefficient_table,
)
from .linear_model import (
    LpPath,
    SparseLpRegressor,
    SparseLpRegressorCV,
    alpha_grid,
    alpha_max,
    lp_path,
)
from .preprocessing import SparseDropoutReplacer, SparseDropoutSampler, SparseNormalizer

__version__ = "0.1.0"
__all__ = [
    "BudgetDisplay",
    "CVDisplay",
    "CoefficientDisplay",
    "LpPath",
    "PathDisplay",
    "PatternDisplay",
    "PenaltyDisplay",
    "SparseDropoutReplacer",
    "SparseDropoutSampler",
    "SparseLpRegressor",
    "SparseLpRegressorCV",
    "SparseNormalizer",
    "__version__",
    "alpha_grid",
    "alpha_max",
    "coefficient_table",
    "lp_path",
]
