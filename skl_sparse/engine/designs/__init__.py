"""Designs: whatever answers X^T r, X_S^T D X_S and X w, and the weighted views of it."""

from scipy.sparse import issparse

from ..._storage import canonical, check_structure, repeats_indices
from ..threads import Threads
from .base import DenseColumns, Design, NotFiniteError, SparseColumns
from .csc import CSCDesign
from .csr import CSRDesign
from .dense import DenseDesign
from .parts import Parts
from .tuning import DEFAULT
from .view import WeightedView

__all__ = [
    "CSCDesign",
    "CSRDesign",
    "DenseColumns",
    "DenseDesign",
    "Design",
    "NotFiniteError",
    "Parts",
    "SparseColumns",
    "WeightedView",
    "as_design",
]


def as_design(X, n_threads=1, tuning=DEFAULT, *, checked=False):
    """The design of a dense, CSR or CSC array of float32 or float64. X is read where it lies.

    Only a sparse matrix with duplicate entries is copied, into canonical form; the order of the
    entries does not matter. ``checked`` tells that X comes from `_storage`, its structure checked.
    """
    threads = Threads(n_threads)
    if not issparse(X):
        return DenseDesign(X, threads, tuning)
    if not checked:
        X = check_structure(X)
    if repeats_indices(X):
        X, _ = canonical(X)
    return (CSRDesign if X.format == "csr" else CSCDesign)(X, threads, tuning)
