"""Transformers and samplers for sparse data."""

from .dropout_replacer import SparseDropoutReplacer
from .dropout_sampler import SparseDropoutSampler
from .normalizer import SparseNormalizer

__all__ = ["SparseDropoutReplacer", "SparseDropoutSampler", "SparseNormalizer"]
