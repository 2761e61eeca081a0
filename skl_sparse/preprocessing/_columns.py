"""Norms, means, medians and scaling of the columns of dense, CSR and CSC arrays.

Sparse arrays are canonical: sorted, without duplicates. Pass ``X.T``, which shares the arrays of
``X``, to work on rows.
"""

import numpy as np
import scipy.sparse as sp

import skl_sparse.preprocessing._column_kernels as kernels

from .._entries import count_zeros
from .._storage import layout, raise_unless_finite, rebuild, threshold_in


def column_sums(X, kind, threshold=0.0, sample_weight=None):
    """Sum over each column the entries with abs(x) > ``threshold``, as ``kind`` says.

    Returns the sums and, for squares, the sums of the large entries and of the small ones, which are
    scaled before they are squared; these may be empty. Raises ValueError for NaN and infinity.
    """
    data, indices, indptr, columns_major = layout(X)
    threshold = threshold_in(data.dtype, threshold)
    total, nothing = np.zeros(X.shape[1]), np.empty(0)
    if len(indices) and not columns_major and threshold == 0 and sample_weight is None:
        finite = kernels.accumulate_stored(data, indices, kind, total)
        if finite and (kind != kernels.SQUARES or _squares_are_safe(data, total)):
            return total, nothing, nothing
        total[:] = 0
    weights = nothing if sample_weight is None else sample_weight
    if kind == kernels.SQUARES:
        weights = np.sqrt(weights)
    large, small = np.zeros((2, len(total) if kind == kernels.SQUARES else 0))
    finite = kernels.accumulate(
        data, indices, indptr, columns_major, kind, threshold, weights, total, large, small
    )
    raise_unless_finite(finite, X)
    return total, large, small


def _squares_are_safe(data, total):
    """Tell whether finite sums of unscaled squares lost nothing."""
    # Only where a sum is this small can an entry too small to be squared have mattered.
    return (
        data.dtype == np.float32
        or total.min() > 2.0**-900
        or not kernels.any_below(data, 2.0**-480)
    )


def column_norms(X, norm, threshold=0.0, sample_weight=None):
    """Return the norm of each column: "l1", "l2" or "max", or for "rms" the root of the sum of
    squares, which the caller divides by the root of the number of rows.
    """
    if norm == "l1":
        return column_sums(X, kernels.ABS, threshold, sample_weight)[0]
    if norm == "max":
        return column_sums(X, kernels.MAX, threshold, sample_weight)[0]
    total, large, small = column_sums(X, kernels.SQUARES, threshold, sample_weight)
    norms = np.sqrt(total, out=total)
    with np.errstate(over="ignore"):
        for part, factor in ((large, kernels.SCALE_DOWN), (small, kernels.SCALE_UP)):
            if part.any():
                norms = np.hypot(norms, np.sqrt(part) / factor)
    return norms


def column_means(X):
    """Return the mean of each column's non-zeros, 0 for a column without any."""
    count = column_sums(X, kernels.COUNT)[0]
    return column_sums(X, kernels.SUM)[0] / np.maximum(count, 1)


def column_medians(X):
    """Return the median of each column's non-zeros, 0 for a column without any."""
    data, indices, indptr, columns_major = layout(X)
    count = column_sums(X, kernels.COUNT)[0].astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(count)])
    out = np.empty(X.shape[1])
    kernels.medians(
        data,
        indices,
        indptr,
        columns_major,
        offsets,
        offsets[:-1].copy(),
        np.empty(offsets[-1]),
        out,
    )
    return out


def scale_columns(X, factors, threshold=0.0, *, in_place=False, multiply=False):
    """Divide (or multiply) each column by its factor, in double.

    Entries with abs(x) <= ``threshold`` are removed from sparse arrays and become 0 in dense ones.
    Raises ValueError for NaN and infinity.
    """
    data, indices, indptr, columns_major = layout(X)
    threshold = threshold_in(data.dtype, threshold)
    if in_place:  # look before writing
        raise_unless_finite(count_zeros(data) >= 0, X)
    out = data if in_place else np.empty_like(data)
    zeros = kernels.scale(data, indices, indptr, columns_major, threshold, factors, multiply, out)
    raise_unless_finite(zeros >= 0, X)
    if sp.issparse(X):
        if not in_place:
            indices, indptr = indices.copy(), indptr.copy()
        result = rebuild(X, out, indices, indptr, in_place)
        if zeros:
            result.eliminate_zeros()
        return result
    result = out.reshape(X.shape, order="F" if columns_major else "C")
    if in_place and not np.shares_memory(result, X):
        X[...] = result  # contiguous in neither order: worked on a copy
    return X if in_place else result


def scale_rows(X, factors, *, in_place=False):
    """Multiply each row by its factor, in double."""
    # The rows of X are the columns of its transpose, which shares its arrays.
    result = scale_columns(X.T, factors, in_place=in_place, multiply=True).T
    if not in_place:
        return result
    return rebuild(X, result.data, result.indices, result.indptr, True) if sp.issparse(X) else X
