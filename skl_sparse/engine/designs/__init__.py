"""Designs: whatever answers X^T r, X_S^T D X_S and X w."""

from scipy.sparse import issparse

from .base import DenseColumns, Design, NotFiniteError, SparseColumns
from .csc import CSCDesign
from .csr import CSRDesign
from .dense import DenseDesign
from .view import StandardisedDesign

__all__ = [
    "CSCDesign",
    "CSRDesign",
    "DenseColumns",
    "DenseDesign",
    "Design",
    "NotFiniteError",
    "SparseColumns",
    "StandardisedDesign",
    "as_design",
]


def as_design(X, n_threads=1):
    """The design of a validated dense array, CSR or CSC matrix. X is read where it lies.

    Only a sparse matrix with duplicate entries is copied, into canonical form.
    """
    if not issparse(X):
        return DenseDesign(X, n_threads)
    kind = CSRDesign if X.format == "csr" else CSCDesign
    design = kind(X, n_threads)
    if design.is_readable():
        return design
    last = design.n_positions - 1
    if not (0 <= X.indices.min() and X.indices.max() <= last):
        raise ValueError(
            f"X has indices outside 0 ... {last}: {X.indices.min()} to {X.indices.max()}"
        )
    X = X.copy()
    X.has_canonical_format = X.has_sorted_indices = False
    X.sum_duplicates()
    return kind(X, n_threads)
