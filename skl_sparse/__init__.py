"""Sparse models on sparse data, the scikit-learn way."""

from .dropout_replacer import SparseDropoutReplacer, SparseDropoutSampler
from .normalizer import SparseNormalizer
from .regressor import SparseLpRegressor

__version__ = "0.1.0"
__all__ = [
    "SparseDropoutReplacer",
    "SparseDropoutSampler",
    "SparseLpRegressor",
    "SparseNormalizer",
    "__version__",
]
