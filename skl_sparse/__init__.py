"""Sparse models on sparse data, the scikit-learn way."""

from .regressor import SparseLpRegressor

__version__ = "0.1.0"
__all__ = ["SparseLpRegressor", "__version__"]
