"""What the compiled passes need to know of dense, CSR and CSC arrays, and the way back.

All data come in through `validate`, `validate_with_targets` or `check_entries`. What they return is
dense, CSR or CSC, float32 or float64, and safe to read: every index lies inside, and the arrays of a
sparse matrix are contiguous and as long as ``indptr`` says.
"""

import itertools
import sys
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn import config_context
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_array, check_X_y, validate_data

from ._entries import ascending, count_zeros, has_duplicates, order_of_indices

# What check_array is to let through without conversion.
ACCEPTED = {"accept_sparse": ("csr", "csc"), "dtype": (np.float64, np.float32)}
# Entries that one call into compiled code reads where it cannot be interrupted: a tenth of a second.
MOST_ENTRIES = 1 << 24


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
    """Return the entries of ``X``, its features recorded by the estimator or compared."""
    is_table = len(getattr(X, "shape", ())) == 2
    if is_table and reset and (type(X) is np.ndarray or sp.issparse(X)):
        # Neither has names. Next to a small fit, looking for them takes long.
        estimator.n_features_in_ = X.shape[1]
        vars(estimator).pop("feature_names_in_", None)
    elif is_table:  # names are compared before anything else
        validate_data(estimator, X, skip_check_array=True, reset=reset)
    entries = check_entries(X, ensure_all_finite=ensure_all_finite, copy=copy, estimator=estimator)
    if not is_table:
        validate_data(estimator, entries, skip_check_array=True, reset=reset)
    return entries


def validate_with_targets(estimator, X, y, *, ensure_all_finite):
    """Return the entries of ``X`` and finite numeric targets, one or several for each row."""
    entries = validate(estimator, X, reset=True, ensure_all_finite=ensure_all_finite)
    if not _are_targets(y, entries.shape[0]):
        options = {"ensure_all_finite": False, "multi_output": True, "y_numeric": True}
        entries, y = check_X_y(entries, y, **ACCEPTED, **options, estimator=estimator)
    return entries, y


def check_entries(X, *, ensure_all_finite=True, copy=False, input_name="X", **options):
    """Return ``X`` as dense, CSR or CSC floats that are safe to read; ``options`` as check_array."""
    entries = _structure_checked(X, input_name)
    # Next to one pass over the data, what scikit-learn would find again takes long.
    if ensure_all_finite or copy or not _is_accepted(entries):
        options |= {"ensure_all_finite": ensure_all_finite, "copy": copy, "input_name": input_name}
        entries = check_array(entries, **ACCEPTED, **options)
        if entries.dtype not in ACCEPTED["dtype"]:  # the bools of a sparse data frame, for one
            entries = check_array(entries, **ACCEPTED, **options)
        if sp.issparse(entries) and getattr(X, "format", None) not in ACCEPTED["accept_sparse"]:
            entries = check_structure(entries, input_name)
    return entries


def _structure_checked(X, name):
    """Return ``X``, a sparse matrix after its check, a sparse data frame as a sparse matrix."""
    if sp.issparse(X):
        return check_structure(X, name)
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(X, pandas.DataFrame) or X.shape[1] == 0:
        return X
    if not all(isinstance(dtype, pandas.SparseDtype) for dtype in X.dtypes):
        return X
    # The type that the dense frame would get; pandas makes objects of bools next to numbers.
    common = np.result_type(*(dtype.subtype for dtype in X.dtypes))
    if common not in ACCEPTED["dtype"] and common.kind != "c":
        common = np.dtype(np.float64)
    if all(dtype.fill_value == 0 for dtype in X.dtypes):  # others to_coo refuses
        X = X.astype(pandas.SparseDtype(common, 0))
    return X.sparse.to_coo()


def check_structure(X, name="X"):
    """Return sparse ``X`` if its arrays describe a matrix of its shape, else raise ValueError.

    CSR and CSC arrays whose parts are not contiguous, or longer than ``indptr`` says, are copied.
    What SciPy remembers of the order of the indices is replaced by what is found: the user may have
    written into them since.
    """
    if X.format in ("csr", "csc"):
        return _check_compressed(X, name)
    try:
        # SciPy checks what a matrix is made of. The lists of the other formats it can always read.
        if X.format == "coo":
            type(X)((X.data, X.coords), shape=X.shape)
        elif X.format == "dia":
            type(X)((X.data, X.offsets), shape=X.shape)
        elif X.format == "bsr":
            blocks = type(X)((X.data, X.indices, X.indptr), shape=X.shape)
            blocks.check_format(full_check=True)
    except (ValueError, IndexError, TypeError) as error:
        raise ValueError(f"{name} is not a valid {X.format.upper()} matrix: {error}") from error
    return X


def _check_compressed(X, name):
    data, indices, indptr = parts = X.data, X.indices, X.indptr

    def refuse(what):
        raise ValueError(f"{name} is not a valid {X.format.upper()} matrix: {what}")

    if not all(isinstance(part, np.ndarray) and part.ndim == 1 for part in parts):
        refuse("data, indices and indptr must be 1-D arrays")
    if not (indices.dtype.kind in "iu" and indptr.dtype.kind in "iu"):
        refuse(f"indices and indptr must be integers, got types {indices.dtype} and {indptr.dtype}")
    n_lines, n_positions = _lines_and_positions(X)
    if len(indptr) != n_lines + 1:
        refuse(f"indptr must have length {n_lines + 1} for shape {X.shape}, got {len(indptr)}")
    if len(data) != len(indices):
        refuse(f"data and indices must be equally long, got {len(data)} and {len(indices)}")
    n_stored = int(indptr[-1])
    if not 0 <= n_stored <= len(indices):
        refuse(f"indptr must end in [0, {len(indices)}], the number of entries, got {n_stored}")
    if n_stored < len(indices) or not _are_plain(data, indices, indptr):
        data = np.array(data[:n_stored], order="C")
        indices, indptr = map(_as_plain_indices, (indices[:n_stored], indptr))
    if not ascending(indptr):
        refuse("indptr must start at 0 and never fall")
    order = order_of_indices(indices, indptr, n_positions)
    if order < 0:
        wrong = indices.min() if indices.min() < 0 else indices.max()
        refuse(f"indices must lie in [0, {n_positions - 1}] for shape {X.shape}, got {wrong}")
    if data is not X.data:
        X = type(X)((data, indices, indptr), shape=X.shape)
    X.has_canonical_format = order == 1
    return X


def _lines_and_positions(X):
    if X.ndim == 1:
        return 1, X.shape[0]
    return X.shape if X.format == "csr" else X.shape[::-1]


def _are_plain(data, *pointers):
    """Whether compiled code can read the arrays of a sparse matrix where they lie."""
    flags = [part.flags for part in (data, *pointers)]
    return all(flag.c_contiguous and flag.aligned for flag in flags) and all(
        part.dtype in (np.int32, np.int64) for part in pointers
    )


def _as_plain_indices(part):
    return np.array(part, dtype=np.int32 if part.dtype == np.int32 else np.int64, order="C")


def repeats_indices(X):
    """Whether a line of CSR or CSC ``X``, its structure checked, has two entries at one position."""
    if X.has_canonical_format:
        return False
    seen = np.full(_lines_and_positions(X)[1], -1, dtype=np.int64)
    cuts = np.searchsorted(X.indptr, np.arange(0, X.nnz, MOST_ENTRIES))
    cuts = [*cuts, len(X.indptr) - 1]
    return any(
        has_duplicates(X.indices, X.indptr, seen, start, stop)
        for start, stop in itertools.pairwise(cuts)
    )


def threshold_in(dtype, threshold):
    """Return ``threshold`` as an array of floats holds it: what its entries are compared with.

    So float32(0.1) does not exceed a threshold of 0.1, though it does in double.
    """
    with np.errstate(over="ignore"):
        return np.dtype(dtype).type(threshold)


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


def canonical(X, copy=True):
    """Return ``X`` with sorted indices and without duplicates, and whether it may be overwritten.

    ``X`` itself is changed only if ``copy`` is False and all its arrays are writeable.
    """
    if not sp.issparse(X):
        return X, not copy and X.flags.writeable
    may_overwrite = not copy and all(part.flags.writeable for part in (X.data, X.indices, X.indptr))
    if not X.has_canonical_format:
        if not may_overwrite:
            X = X.copy()
            may_overwrite = True
        X.has_sorted_indices = False  # whatever SciPy remembers
        X.sum_duplicates()
    return X, may_overwrite


def raise_unless_finite(finite, X):
    """Raise what scikit-learn raises for NaN and infinity, unless ``X`` was found ``finite``."""
    if not finite:
        with config_context(assume_finite=False):
            assert_all_finite(X.data if sp.issparse(X) else X, input_name="X")


def without_zeros(X, may_overwrite):
    """Return sparse ``X`` without stored zeros, and whether it may be overwritten.

    Raises ValueError for NaN and infinity. ``X`` itself is changed only if ``may_overwrite``.
    """
    zeros = count_zeros(X.data[: X.nnz])
    raise_unless_finite(zeros >= 0, X)
    if zeros > 0:
        if not may_overwrite:
            X = X.copy()
            may_overwrite = True
        X.eliminate_zeros()
    return X, may_overwrite


def rebuild(X, data, indices, indptr, in_place):
    """Put new canonical entries into ``X`` itself or into a new container of its class."""
    if in_place:
        X.data, X.indices, X.indptr = data, indices, indptr
        result = X
    else:
        result = type(X)((data, indices, indptr), shape=X.shape)
    result.has_canonical_format = True
    return result
