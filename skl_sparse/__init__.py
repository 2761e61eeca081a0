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
from .linear_model import SparseLpRegressor
from .preprocessing import SparseDropoutReplacer, SparseDropoutSampler, SparseNormalizer

__version__ = "0.1.0"
__all__ = [
    "BudgetDisplay",
    "CVDisplay",
    "CoefficientDisplay",
    "PathDisplay",
    "PatternDisplay",
    "PenaltyDisplay",
    "SparseDropoutReplacer",
    "SparseDropoutSampler",
    "SparseLpRegressor",
    "SparseNormalizer",
    "__version__",
    "coefficient_table",
]
