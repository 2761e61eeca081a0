"""Sparse models on sparse data, the scikit-learn way."""

from .linear_model import SparseLpRegressor
from .preprocessing import SparseDropoutReplacer, SparseDropoutSampler, SparseNormalizer

__version__ = "0.1.0"
__all__ = [
    "SparseDropoutReplacer",
    "SparseDropoutSampler",
    "SparseLpRegressor",
    "SparseNormalizer",
    "__version__",
]
