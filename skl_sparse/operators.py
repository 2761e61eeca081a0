"""The operators as plain functions on arrays.

Sparse arguments are CSR or CSC, as arrays or matrices, and keep their format; other sparse formats
become CSR. A function with a ``copy`` parameter works in place if ``copy=False`` and the array is
writeable, of type float32 or float64 and, if sparse, stored in contiguous arrays; either way it
returns the result.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.utils.validation import check_array

from ._storage import canonical, check_entries, threshold_in
from ._typing import MatrixLike, Norm, NormMode, RandomState, Replacement, Scope, Sparse
from ._validation import (
    check_bool,
    check_choice,
    check_generator,
    check_integers,
    check_real,
    check_rows,
    check_value_of_type,
)
from .engine.penalties import lp_prox_flat
from .preprocessing._columns import column_norms, scale_rows
from .preprocessing._dropout import draw_hits
from .preprocessing.dropout_replacer import SparseDropoutReplacer
from .preprocessing.normalizer import SparseNormalizer

__all__ = [
    "apply_sparsity_threshold",
    "dropout_replace",
    "dropout_segments",
    "lp_penalty",
    "lp_prox",
    "lp_regularize_rows",
    "normalize_columns",
    "normalize_rows",
    "sparsity_mask",
]


def lp_penalty(w: npt.ArrayLike | Sparse, alpha: float = 1.0, p: float = 1.0) -> float:
    """Return the penalty ``alpha * sum_j abs(w_j) ** p``.

    Parameters
    ----------
    w : array-like or sparse matrix or array
        The weights, of any shape.
    alpha : float, default=1.0
        The strength, at least 0.
    p : float, default=1.0
        The exponent, at least 0. With p = 0 the sum counts the non-zeros.

    Returns
    -------
    penalty : float
        The penalty, summed in float64.

    Raises
    ------
    TypeError, ValueError
        If a parameter or a weight is not allowed, NaN and infinity included.

    See Also
    --------
    SparseLpRegressor : Least squares with this penalty.

    Examples
    --------
    >>> from skl_sparse.operators import lp_penalty
    >>> lp_penalty([3.0, 0.0, -4.0], alpha=0.5, p=2)
    12.5
    >>> lp_penalty([3.0, 0.0, -4.0], p=0)
    2.0
    """
    alpha = check_real("alpha", alpha, low=0)
    p = check_real("p", p, low=0)
    w, _ = canonical(_check_weights(w))
    if alpha == 0:
        return 0.0
    if sp.issparse(w):
        w = w.data[: w.nnz]
    magnitudes = np.abs(w[w != 0]).astype(np.float64, copy=False)
    return float(alpha * np.sum(magnitudes**p))


def lp_prox(
    z: npt.ArrayLike, lam: npt.ArrayLike, p: float = 1.0, *, positive: bool = False
) -> npt.NDArray[Any]:
    """Return the proximal step of the Lp penalty, ``argmin_x (x - z)**2 / 2 + lam * abs(x)**p``.

    A global minimiser for every p >= 0. For p < 1 it is zero up to the threshold
    ``t = j + lam * p * j**(p - 1)``, ``j = (2 * lam * (1 - p))**(1 / (2 - p))``, then jumps to
    ``sign(z) * j`` and grows from there; for p = 1 it is soft-thresholding by `lam`.

    Parameters
    ----------
    z : array-like
        Where to take the step, of any shape.
    lam : float or array-like
        The strength, at least 0; broadcast against `z`.
    p : float, default=1.0
        The exponent, at least 0.
    positive : bool, default=False
        Whether x is restricted to be at least 0.

    Returns
    -------
    x : ndarray
        The minimisers, float32 if `z` is float32, else float64.

    Raises
    ------
    TypeError, ValueError
        If a parameter or a value is not allowed, NaN and infinity included.

    See Also
    --------
    lp_penalty : The penalty itself.

    References
    ----------
    .. [1] Z. Xu, X. Chang, F. Xu and H. Zhang. "L1/2 regularization: a thresholding representation
       theory and a fast solver". IEEE Transactions on Neural Networks and Learning Systems (2012).

    Examples
    --------
    >>> import numpy as np
    >>> from skl_sparse.operators import lp_prox
    >>> lp_prox(np.array([-3.0, 0.5, 2.0]), 1.0)
    array([-2.,  0.,  1.])
    >>> lp_prox(np.array([-3.0, 0.5, 2.0]), 1.0, p=0)
    array([-3.,  0.,  2.])
    """
    p = check_real("p", p, low=0)
    positive = check_bool("positive", positive)
    options = {"ensure_2d": False, "allow_nd": True}
    z = check_array(
        np.atleast_1d(z) if np.ndim(z) == 0 else z,
        dtype=(np.float64, np.float32),
        input_name="z",
        ensure_min_samples=0,
        ensure_min_features=0,
        **options,
    ).reshape(np.shape(z))
    if np.ndim(lam) == 0:
        lam = check_real("lam", lam, low=0)
    else:
        lam = check_array(lam, dtype=np.float64, input_name="lam", **options)
        if lam.min(initial=0.0) < 0:
            raise ValueError(f"lam must be >= 0 everywhere, got {lam.min()}")
    if p == 1:  # soft-thresholding
        lam = threshold_in(z.dtype, lam)
    z, lam = np.broadcast_arrays(z, lam)
    out = np.empty(z.shape, dtype=z.dtype)
    lp_prox_flat(
        np.ascontiguousarray(z).reshape(-1),
        np.ascontiguousarray(lam, dtype=np.float64).reshape(-1),
        p,
        positive,
        out.reshape(-1),
    )
    return out


def sparsity_mask(w: npt.ArrayLike | Sparse, threshold: float = 0.0) -> Any:
    """Return ``abs(w) > threshold``: which weights survive.

    A larger threshold gives a sparser model.

    Parameters
    ----------
    w : array-like or sparse matrix or array
        The weights, of any shape.
    threshold : float, default=0.0
        The largest magnitude that is masked, at least 0, in the units of the weights; rounded to
        their type before it is compared.

    Returns
    -------
    mask : ndarray or sparse matrix or array, dtype bool
        The mask, in the shape and format of ``w``.

    Raises
    ------
    TypeError, ValueError
        If ``threshold`` or a weight is not allowed, NaN and infinity included.

    See Also
    --------
    apply_sparsity_threshold : Multiplies by the mask.

    Examples
    --------
    >>> from skl_sparse.operators import sparsity_mask
    >>> sparsity_mask([0.5, -2.0, 1.0], threshold=1.0)
    array([False,  True, False])
    """
    threshold = check_real("threshold", threshold, low=0)
    w, _ = canonical(_check_weights(w))
    return abs(w) > threshold_in(w.dtype, threshold)


def apply_sparsity_threshold(
    w: npt.ArrayLike | Sparse, threshold: float = 0.0, *, copy: bool = True
) -> Any:
    """Multiply the weights by their mask: ``w *= abs(w) > threshold``.

    Parameters
    ----------
    w : array-like or sparse matrix or array
        The weights, of any shape.
    threshold : float, default=0.0
        The largest magnitude that becomes 0, at least 0, in the units of the weights; rounded to
        their type before it is compared.
    copy : bool, default=True
        Whether to leave ``w`` unchanged.

    Returns
    -------
    w_masked : ndarray or sparse matrix or array
        The weights; those that are masked are removed from sparse input.

    Raises
    ------
    TypeError, ValueError
        If a parameter or a weight is not allowed, NaN and infinity included.

    See Also
    --------
    sparsity_mask : The mask itself.

    Examples
    --------
    >>> from skl_sparse.operators import apply_sparsity_threshold
    >>> apply_sparsity_threshold([0.5, -2.0, 1.0], threshold=1.0)
    array([ 0., -2.,  0.])
    """
    threshold = check_real("threshold", threshold, low=0)
    check_bool("copy", copy)
    w, may_overwrite = canonical(_check_weights(w), copy)
    if not may_overwrite:
        w = w.copy()
    threshold = threshold_in(w.dtype, threshold)
    if sp.issparse(w):
        w.data[np.abs(w.data) <= threshold] = 0
        w.eliminate_zeros()
    else:
        w[np.abs(w) <= threshold] = 0
    return w


def normalize_columns(
    X: MatrixLike,
    norm: Norm = "l2",
    *,
    mode: NormMode = "unit",
    target_norm: float = 1.0,
    threshold: float = 0.0,
    copy: bool = True,
    return_norm: bool = False,
) -> Any:
    """Scale each column to a given norm: ``W[i, j] / sqrt(sum_i W[i, j] ** 2)`` by default.

    Parameters
    ----------
    X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
        The data.
    norm : {"l1", "l2", "max", "rms"}, default="l2"
        The norm of a column, as in :class:`skl_sparse.SparseNormalizer`.
    mode : {"unit", "max_norm"}, default="unit"
        Whether to scale every non-zero column, or only those whose norm exceeds ``target_norm``.
    target_norm : float, default=1.0
        The norm to scale to, greater than 0.
    threshold : float, default=0.0
        Entries with ``abs(x) <= threshold`` count as zeros, at least 0.
    copy : bool, default=True
        Whether to leave ``X`` unchanged.
    return_norm : bool, default=False
        Whether to return the norms too.

    Returns
    -------
    X_normalized : {ndarray, CSR or CSC matrix or array} of shape (n_samples, n_features)
        The scaled data.
    norms : ndarray of shape (n_features,)
        The norms before scaling, if ``return_norm=True``.

    Raises
    ------
    TypeError, ValueError
        If a parameter or the data are not allowed, NaN and infinity included.

    See Also
    --------
    skl_sparse.SparseNormalizer : Remembers the norms, for new data and for pipelines.

    Examples
    --------
    >>> from skl_sparse.operators import normalize_columns
    >>> normalize_columns([[3.0, 0.0], [4.0, 2.0]])
    array([[0.6, 0. ],
           [0.8, 1. ]])
    """
    check_bool("return_norm", return_norm)
    normalizer = SparseNormalizer(
        norm, mode=mode, target_norm=target_norm, threshold=threshold, copy=copy
    ).set_output(transform="default")
    X = normalizer.fit_transform(X)
    return (X, normalizer.norms_) if return_norm else X


def normalize_rows(
    X: MatrixLike,
    rows: npt.ArrayLike | None = None,
    *,
    mode: Literal["max_norm", "constant"] = "max_norm",
    target_norm: float = 1.0,
    copy: bool = True,
) -> Any:
    """Scale rows by their L2 norm n: ``x *= target_norm / (n + 1e-12)``. Zero rows stay zero.

    Parameters
    ----------
    X : {array-like, CSR or CSC matrix or array} of shape (n_rows, n_columns)
        The data.
    rows : array-like of int, default=None
        The rows to scale; a row listed twice is scaled once. None lists all.
    mode : {"max_norm", "constant"}, default="max_norm"
        Whether to scale only the listed rows with n > ``target_norm``, or each that is not zero.
    target_norm : float, default=1.0
        The norm to scale to, greater than 0, in the units of the data.
    copy : bool, default=True
        Whether to leave ``X`` unchanged.

    Returns
    -------
    X_normalized : {ndarray, CSR or CSC matrix or array} of shape (n_rows, n_columns)
        The data with the listed rows scaled.

    Raises
    ------
    TypeError, ValueError
        If a parameter or the data are not allowed, NaN and infinity included.

    See Also
    --------
    normalize_columns : Scales columns.

    Examples
    --------
    >>> from skl_sparse.operators import normalize_rows
    >>> normalize_rows([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0.3, 0.4],
           [0. , 0. ]])
    >>> normalize_rows([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]], [1], mode="constant", target_norm=2.0)
    array([[3. , 4. ],
           [1.2, 1.6],
           [0. , 0. ]])
    """
    check_choice("mode", mode, ("max_norm", "constant"))
    target_norm = check_real("target_norm", target_norm, low=0, low_inclusive=False)
    check_bool("copy", copy)
    X, may_overwrite = canonical(check_entries(X), copy)
    listed = check_rows(rows, X.shape[0])
    norms = column_norms(X.T, "l2")
    chosen = listed & (norms > (target_norm if mode == "max_norm" else 0.0))
    factors = np.where(chosen, target_norm / (norms + 1e-12), 1.0)
    return scale_rows(X, factors, in_place=may_overwrite)


def lp_regularize_rows(
    W: MatrixLike,
    rows: npt.ArrayLike | None = None,
    *,
    lam: float,
    p: Literal[1, 2] = 1,
    copy: bool = True,
) -> Any:
    """Shrink the listed rows of a weight matrix by one step of an L1 or L2 penalty.

    With p = 1 the weights are soft-thresholded, ``sign(w) * max(abs(w) - lam, 0)``; with p = 2 they
    decay, ``w *= 1 - lam``.

    Parameters
    ----------
    W : {array-like, CSR or CSC matrix or array} of shape (n_rows, n_columns)
        The weights.
    rows : array-like of int, default=None
        The rows to shrink; a row listed twice is shrunk once. None lists all.
    lam : float
        The size of the step: at least 0, in the units of the weights, for p = 1; between 0 and 1 for
        p = 2.
    p : {1, 2}, default=1
        The exponent of the penalty.
    copy : bool, default=True
        Whether to leave ``W`` unchanged.

    Returns
    -------
    W_shrunk : {ndarray, CSR or CSC matrix or array} of shape (n_rows, n_columns)
        The weights; those that became 0 are removed from sparse input.

    Raises
    ------
    TypeError, ValueError
        If a parameter or the weights are not allowed, NaN and infinity included.

    See Also
    --------
    lp_penalty : The penalty itself.

    Examples
    --------
    >>> from skl_sparse.operators import lp_regularize_rows
    >>> lp_regularize_rows([[3.0, -1.0], [3.0, -1.0]], [0], lam=2.0)
    array([[ 1.,  0.],
           [ 3., -1.]])
    >>> lp_regularize_rows([[3.0, -1.0], [3.0, -1.0]], [0, 0], lam=0.5, p=2)
    array([[ 1.5, -0.5],
           [ 3. , -1. ]])
    """
    p = check_real("p", p)
    if p not in (1, 2):
        raise ValueError(f"p must be 1 or 2, got {p!r}")
    lam = check_real("lam", lam, low=0, high=1 if p == 2 else None)
    check_bool("copy", copy)
    W, may_overwrite = canonical(check_entries(W, input_name="W"), copy)
    listed = check_rows(rows, W.shape[0])
    if p == 2:
        factors = np.where(listed, 1.0 - lam, 1.0)
        return scale_rows(W, factors, in_place=may_overwrite)
    if not may_overwrite:
        W = W.copy()
    lam = threshold_in(W.dtype, lam)
    if not sp.issparse(W):
        W[listed] -= np.clip(W[listed], -lam, lam)
        return W
    entries = listed[W.indices] if W.format == "csc" else np.repeat(listed, np.diff(W.indptr))
    W.data[entries] -= np.clip(W.data[entries], -lam, lam)
    W.eliminate_zeros()
    return W


def dropout_replace(
    X: MatrixLike,
    dropout_rate: float = 0.1,
    replacement_value: Replacement = 0.0,
    *,
    scope: Scope = "nonzero",
    rescale: bool = False,
    random_state: RandomState = None,
    copy: bool = True,
) -> Any:
    """Replace random entries: ``y[i] = replacement_value if r[i] < dropout_rate else x[i]``.

    Parameters
    ----------
    X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
        The data.
    dropout_rate : float, default=0.1
        The probability that an entry is hit, between 0 and 1, both included.
    replacement_value : float or {"mean", "median", "feature_mean", "feature_median"}, default=0.0
        What replaces an entry that was hit, as in :class:`skl_sparse.SparseDropoutReplacer`.
    scope : {"nonzero", "all"}, default="nonzero"
        Whether only non-zero entries can be hit, or zeros too.
    rescale : bool, default=False
        Whether to divide what is kept by ``1 - dropout_rate``.
    random_state : int, RandomState instance or None, default=None
        Seed or generator of the hits.
    copy : bool, default=True
        Whether to leave ``X`` unchanged.

    Returns
    -------
    X_noisy : {ndarray, CSR or CSC matrix or array} of shape (n_samples, n_features)
        The data with replaced entries.

    Raises
    ------
    TypeError, ValueError
        If a parameter or the data are not allowed, NaN and infinity included; or if ``scope="all"``
        would need more memory than there is.

    See Also
    --------
    skl_sparse.SparseDropoutReplacer : Adds the noise in training only, in pipelines.
    dropout_segments : Replaces whole segments of a ragged array.

    Examples
    --------
    >>> from skl_sparse.operators import dropout_replace
    >>> dropout_replace([[1.0, 0.0, 2.0], [0.0, 3.0, 4.0]], 0.5, -1.0, random_state=5)
    array([[ 1.,  0., -1.],
           [ 0.,  3., -1.]])
    """
    replacer = SparseDropoutReplacer(
        dropout_rate,
        replacement_value=replacement_value,
        scope=scope,
        rescale=rescale,
        random_state=random_state,
        copy=copy,
    ).set_output(transform="default")
    return replacer.fit_transform(X)


def dropout_segments(
    values: npt.ArrayLike,
    lengths: npt.ArrayLike,
    ratio: float = 0.1,
    replacement_value: float = 0,
    *,
    random_state: RandomState = None,
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Replace random segments of a ragged array by a single value each.

    Parameters
    ----------
    values : array-like of shape (n_values,)
        The segments' values one after the other, numbers of any type.
    lengths : array-like of int of shape (n_segments,)
        The lengths of the segments, at least 0 each; their sum is ``n_values``.
    ratio : float, default=0.1
        The probability that a segment is hit, between 0 and 1, both included. Empty segments can be
        hit like all others.
    replacement_value : number, default=0
        The single value that replaces a segment that was hit. The type of ``values`` must hold it.
    random_state : int, RandomState instance or None, default=None
        Seed or generator of the hits.

    Returns
    -------
    new_values : ndarray of shape (n_new_values,)
        The new segments' values, in the type of ``values``.
    new_lengths : ndarray of shape (n_segments,)
        The new lengths, in the type of ``lengths``: 1 for each segment that was hit.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.

    See Also
    --------
    dropout_replace : Replaces single entries.

    Examples
    --------
    >>> from skl_sparse.operators import dropout_segments
    >>> values, lengths = dropout_segments([1, 2, 3, 4, 5], [2, 3], 0.5, -1, random_state=2)
    >>> values, lengths
    (array([ 1,  2, -1]), array([2, 1]))
    """
    ratio = check_real("ratio", ratio, low=0, high=1)
    rng = check_generator("random_state", random_state)
    values = np.asarray(values)
    if values.ndim != 1:
        raise ValueError(f"values must be a 1-D array of numbers, got {values.ndim}-D")
    if values.dtype.kind not in "biuf":
        raise TypeError(f"values must be a 1-D array of numbers, got type {values.dtype}")
    given_lengths, lengths = np.asarray(lengths), check_integers("lengths", lengths)
    if (lengths < 0).any():
        raise ValueError(f"lengths must be >= 0, got {lengths.min()}")
    if lengths.max(initial=0) > len(values) or lengths.sum() != len(values):
        raise ValueError(f"lengths must sum to {len(values)}, got {lengths.sum()}")
    replacement_value = check_value_of_type("replacement_value", replacement_value, values.dtype)

    hit = np.zeros(len(lengths), dtype=bool)
    hit[draw_hits(rng, ratio, len(lengths))] = True
    new_lengths = np.where(hit, 1, lengths)
    replaced = np.repeat(hit, new_lengths)
    new_values = np.empty(len(replaced), dtype=values.dtype)
    new_values[replaced] = replacement_value
    new_values[~replaced] = values[np.repeat(~hit, lengths)]
    return new_values, new_lengths.astype(given_lengths.dtype if lengths.size else np.int64)


def _check_weights(w):
    return check_entries(
        w,
        ensure_2d=False,
        allow_nd=True,
        ensure_min_samples=0,
        ensure_min_features=0,
        input_name="w",
    )
