"""Products of rows with coefficients of which few are not zero."""

import numpy as np
from scipy.sparse import csr_array, issparse

# SciPy selects columns of CSR rows in time with all the columns there are; to search for the columns
# of the entries costs so many times as much for each entry (measured: 40 to 60).
SEARCH_COST = 50


def linear_predictions(X, coef):
    """Return ``X @ coef.T`` as a dense array.

    It takes time and memory with the entries of ``X`` and, where it is sparse, of ``coef``, not with
    the number of columns (but for CSC and dense ``X``, which have something of each column).

    Parameters
    ----------
    X : ndarray, CSR or CSC of shape (n_samples, n_features)
    coef : ndarray or csr_array of shape (n_targets, n_features)
    """
    if issparse(coef):
        columns, W = _compact(coef)
        if issparse(X) and X.format == "csr" and X.nnz * SEARCH_COST < X.shape[1]:
            return _search(X, columns) @ W
        return X[:, columns] @ W
    if issparse(X) and X.nnz < X.shape[1]:
        # Of several targets at once, SciPy would first copy all coefficients.
        return np.column_stack([X @ row for row in coef])
    return X @ coef.T


def _compact(coef):
    """The columns in which a csr_array has entries, and these, dense, with a row for each column."""
    columns, place = np.unique(coef.indices, return_inverse=True)
    W = np.zeros((len(columns), coef.shape[0]), dtype=coef.dtype)
    W[place, np.repeat(np.arange(coef.shape[0]), np.diff(coef.indptr))] = coef.data
    return columns, W


def _search(X, columns):
    """``X[:, columns]`` of a CSR array with few entries; the columns are ascending."""
    shape = X.shape[0], len(columns)
    if not len(columns):
        return csr_array(shape, dtype=X.dtype)
    indices = X.indices[: X.nnz]
    place = np.minimum(np.searchsorted(columns, indices), len(columns) - 1)
    hits = np.flatnonzero(columns[place] == indices)
    return csr_array((X.data[hits], place[hits], np.searchsorted(hits, X.indptr)), shape=shape)
