"""What the compiled passes need to know of dense, CSR and CSC arrays, and the way back."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn import config_context
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from ._entries import survey

# What check_array and validate_data are to let through without conversion.
ACCEPTED = {"accept_sparse": ("csr", "csc"), "dtype": (np.float64, np.float32)}


class Layout(NamedTuple):
    """The entries of an array along its major axis; a dense array has no ``indices``."""

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    columns_major: bool


def layout(X):
    """Return the layout of a canonical CSR or CSC array or a dense one, without a copy.

    Only a dense array that is contiguous in neither order is copied.
    """
    if sp.issparse(X):
        indices, indptr = index_arrays(X)
        return Layout(X.data[: X.nnz], indices[: X.nnz], indptr, X.format == "csc")
    columns_major = X.flags.f_contiguous and not X.flags.c_contiguous
    cells = X.T if columns_major else np.ascontiguousarray(X)
    indptr = np.arange(cells.shape[0] + 1, dtype=np.int64) * cells.shape[1]
    return Layout(cells.reshape(-1), np.empty(0, dtype=np.int64), indptr, columns_major)


def index_arrays(X):
    """Return ``X.indices`` and ``X.indptr`` in one of the two types that compiled code knows."""
    short = X.indices.dtype == np.int32 and X.nnz <= np.iinfo(np.int32).max
    index_type = np.int32 if short else np.int64
    return X.indices.astype(index_type, copy=False), X.indptr.astype(index_type, copy=False)


def validate(estimator, X, *, reset, ensure_all_finite, copy=False):
    """Return ``X`` as dense, CSR or CSC floats, the estimator's features recorded or compared."""
    options = {"ensure_all_finite": ensure_all_finite, "copy": copy}
    if any(options.values()) or not _is_accepted(X):
        return validate_data(estimator, X, **ACCEPTED, **options, reset=reset)
    # Next to one pass over the data, what scikit-learn would find again takes long.
    if not reset:
        return validate_data(estimator, X, skip_check_array=True, reset=False)
    _record_features(estimator, X)
    return X


def validate_with_targets(estimator, X, y, *, ensure_all_finite):
    """Return ``X`` as `validate` does, and finite numeric targets, one or several for each row."""
    if not ensure_all_finite and _is_accepted(X) and _are_targets(y, X.shape[0]):
        _record_features(estimator, X)
        return X, y
    options = {"ensure_all_finite": ensure_all_finite, "multi_output": True, "y_numeric": True}
    return validate_data(estimator, X, y, **ACCEPTED, **options)


def _record_features(estimator, X):
    estimator.n_features_in_ = X.shape[1]  # and no names: neither a matrix nor an array has any
    vars(estimator).pop("feature_names_in_", None)


def _is_accepted(X):
    """Tell whether check_array would return ``X`` as it is."""
    if sp.issparse(X):
        known = X.format in ACCEPTED["accept_sparse"]
    else:
        known = type(X) is np.ndarray
    return known and X.dtype in ACCEPTED["dtype"] and X.ndim == 2 and min(X.shape) > 0


def _are_targets(y, n_rows):
    """Tell whether scikit-learn would return ``y`` as it is, the targets of so many rows."""
    return (
        type(y) is np.ndarray
        and y.dtype.kind in "iuf"
        and y.ndim in (1, 2)
        and len(y) == n_rows
        and y.size > 0
        and bool(np.isfinite(y).all())
    )


def tidy(X, copy=True):
    """Return ``X`` with sorted indices and without duplicates, and whether it may be overwritten.

    ``X`` itself is changed only if ``copy`` is False and all its arrays are writeable.
    """
    if not sp.issparse(X):
        return X, not copy and X.flags.writeable
    disposable = not copy and all(part.flags.writeable for part in (X.data, X.indices, X.indptr))
    if not X.has_canonical_format:
        if not disposable:
            X = X.copy()
            disposable = True
        X.sum_duplicates()
    return X, disposable


def refuse_unless(finite, X):
    """Raise what scikit-learn raises for NaN and infinity, unless ``X`` was found ``finite``."""
    if not finite:
        with config_context(assume_finite=False):
            assert_all_finite(X.data if sp.issparse(X) else X, input_name="X")


def strip_zeros(X, disposable):
    """Return sparse ``X`` without stored zeros, and whether it may be overwritten.

    Raises ValueError for NaN and infinity. ``X`` itself is changed only if it is ``disposable``.
    """
    zeros = survey(X.data[: X.nnz])
    refuse_unless(zeros >= 0, X)
    if zeros > 0:
        if not disposable:
            X = X.copy()
            disposable = True
        X.eliminate_zeros()
    return X, disposable


def rebuild(X, data, indices, indptr, in_place):
    """Put new canonical entries into ``X`` itself or into a new container of its class."""
    if in_place:
        X.data, X.indices, X.indptr = data, indices, indptr
        result = X
    else:
        result = type(X)((data, indices, indptr), shape=X.shape)
    result.has_canonical_format = True
    return result
