"""Column normalisation that remembers the training columns."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._storage import canonical, check_entries, validate
from .._typing import MatrixLike, Norm, NormMode
from .._validation import atomic, check_bool, check_choice, check_real, check_sample_weight
from ._columns import column_norms, scale_columns


class SparseNormalizer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Scale each column to a given norm, and new data as the training data was.

    With the default parameters the training data become::

        W[i, j] / sqrt(sum_i W[i, j] ** 2)

    Zeros stay zeros, so sparse input stays sparse. The norms are learned by ``fit`` from the
    training columns; ``transform`` divides by them, whatever the norms of the new data.

    Parameters
    ----------
    norm : {"l1", "l2", "max", "rms"}, default="l2"
        The norm of a column: the sum of absolute values, the square root of the sum of squares, the
        largest absolute value, or the root of the mean square over all rows, zeros included. The
        last one does not grow with the number of rows, so a penalty tuned on a part of the rows
        still fits all of them.

    mode : {"unit", "max_norm"}, default="unit"
        "unit" scales every non-zero column to the norm ``target_norm``; "max_norm" scales only
        columns whose norm exceeds it.

    target_norm : float, default=1.0
        The norm to scale to, greater than 0, in the units of the norm.

    threshold : float, default=0.0
        Entries with ``abs(x) <= threshold`` count as zeros, in the units of the data: they are left
        out of the norm and of the result, in ``transform`` too. At least 0; rounded to the type of
        the data before it is compared.

    copy : bool, default=True
        If False, ``transform`` and ``fit_transform`` work in place where they can: on writeable
        arrays of type float32 or float64. Other input, integers for one, has to be copied.

    Attributes
    ----------
    norms_ : ndarray of shape (n_features,), dtype float64
        The norm of each training column.

    scale_ : ndarray of shape (n_features,), dtype float64
        What ``transform`` divides each column by; 1 for a column without non-zeros.

    n_samples_seen_ : int or float
        The number of rows seen, or the sum of their weights if ``sample_weight`` was given.

    n_features_in_ : int
        Number of features seen during ``fit``.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of features seen during ``fit``, if ``X`` has names that are all strings.

    See Also
    --------
    skl_sparse.operators.normalize_columns : The same without an estimator.
    skl_sparse.operators.normalize_rows : Scales rows instead of columns.
    sklearn.preprocessing.MaxAbsScaler : Scales by the largest absolute value.
    sklearn.preprocessing.StandardScaler : Scales to unit variance; centring densifies.

    Notes
    -----
    CSR, CSC and dense arrays are each read and written in their own format. Sums are kept in float64
    and squares are scaled, as in [1]_, so values near 1e200 or 1e-200 neither overflow nor vanish.
    float32 data stay float32.

    References
    ----------
    .. [1] J. L. Blue, "A portable Fortran program to find the Euclidean norm of a vector", ACM
       Transactions on Mathematical Software 4(1), 1978, 15-23.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skl_sparse import SparseNormalizer
    >>> X = csr_array(np.array([[3.0, 0.0], [4.0, 2.0]]))
    >>> normalizer = SparseNormalizer().fit(X)
    >>> normalizer.norms_
    array([5., 2.])
    >>> normalizer.transform(X).toarray()
    array([[0.6, 0. ],
           [0.8, 1. ]])
    >>> normalizer.transform([[10.0, 10.0]])
    array([[2., 5.]])
    """

    def __init__(
        self,
        norm: Norm = "l2",
        *,
        mode: NormMode = "unit",
        target_norm: float = 1.0,
        threshold: float = 0.0,
        copy: bool = True,
    ) -> None:
        self.norm = norm
        self.mode = mode
        self.target_norm = target_norm
        self.threshold = threshold
        self.copy = copy

    @atomic
    def fit(
        self, X: MatrixLike, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> Self:
        """Learn the norms of the columns of ``X``.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The training data.

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0. A weight of k is the same as k equal rows, a weight of
            0 the same as leaving the row out.

        Returns
        -------
        self : SparseNormalizer
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data are not allowed, NaN and infinity included, or if a norm is
            beyond the largest float64.
        """
        X, _ = canonical(self._validate(X, reset=True))
        return self._learn(X, sample_weight)

    @atomic
    def partial_fit(
        self, X: MatrixLike, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> Self:
        """Learn the norms from one more batch of rows.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The next rows of the training data.

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, as in ``fit``. A batch whose weights are all 0 changes nothing.

        Returns
        -------
        self : SparseNormalizer
            The estimator fitted to all rows seen so far: the same as ``fit`` on all of them at
            once, up to rounding.

        Raises
        ------
        TypeError, ValueError
            As in ``fit``.
        """
        seen = getattr(self, "n_samples_seen_", 0)
        X, _ = canonical(self._validate(X, reset=seen == 0))
        return self._learn(X, sample_weight, seen, may_skip=True)

    @atomic
    def fit_transform(
        self, X: MatrixLike, y: object = None, sample_weight: npt.ArrayLike | None = None
    ) -> Any:
        """Learn the norms of the columns of ``X`` and scale them.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The training data.

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, as in ``fit``.

        Returns
        -------
        Xt : {ndarray, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The scaled data, in the format of ``X``.

        Raises
        ------
        TypeError, ValueError
            As in ``fit``.
        """
        X, may_overwrite = canonical(self._validate(X, reset=True), self.copy)
        self._learn(X, sample_weight)
        return scale_columns(X, self.scale_, self.threshold, in_place=may_overwrite)

    def transform(self, X: MatrixLike) -> Any:
        """Divide each column by its ``scale_``.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The data to scale.

        Returns
        -------
        Xt : {ndarray, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The scaled data, in the format of ``X``.
        """
        check_is_fitted(self)
        X, may_overwrite = canonical(self._validate(X, reset=False), self.copy)
        return scale_columns(X, self.scale_, self.threshold, in_place=may_overwrite)

    def inverse_transform(self, X: MatrixLike) -> Any:
        """Multiply each column by its ``scale_``; entries that were dropped stay zero.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            Scaled data.

        Returns
        -------
        X_original : {ndarray, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The data in their original units.
        """
        check_is_fitted(self)
        # Not validate_data: what transform returned need not carry the feature names.
        X = check_entries(X, ensure_all_finite=not sp.issparse(X), estimator=self)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        X, may_overwrite = canonical(X, self.copy)
        return scale_columns(X, self.scale_, in_place=may_overwrite, multiply=True)

    def _validate(self, X, reset):
        """Check the parameters, then the data; the passes over sparse data find NaN themselves."""
        check_choice("norm", self.norm, ("l1", "l2", "max", "rms"))
        check_choice("mode", self.mode, ("unit", "max_norm"))
        check_real("target_norm", self.target_norm, low=0, low_inclusive=False)
        check_real("threshold", self.threshold, low=0)
        check_bool("copy", self.copy)
        return validate(self, X, ensure_all_finite=not sp.issparse(X), reset=reset)

    def _learn(self, X, sample_weight, seen=0, may_skip=False):
        """Learn from canonical ``X``, after ``seen`` earlier rows.

        Rows that are all without weight teach nothing: an error, unless ``may_skip``.
        """
        if seen > 0 and self._learned_with != (self.norm, self.threshold):
            norm, threshold = self._learned_with
            raise ValueError(
                f"norm and threshold must stay {norm!r} and {threshold!r} from one partial_fit to the "
                f"next, got {self.norm!r} and {self.threshold!r}; call fit to start anew"
            )
        n_samples = weight = X.shape[0]
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, n_samples, all_zero=may_skip)
            n_samples = float(sample_weight.sum())
            if self.norm == "rms":  # only the ratios of the weights count, not their size
                sample_weight = np.ldexp(sample_weight, -np.frexp(sample_weight.max())[1])
            weight = sample_weight.sum()
        norms = column_norms(X, self.norm, self.threshold, sample_weight)
        if n_samples == 0:
            return self
        total = seen + n_samples
        with np.errstate(over="ignore"):
            if self.norm == "rms":
                norms /= np.sqrt(weight)
            if seen > 0:
                # Norms combine into norms: no squares are kept, so none can overflow.
                if self.norm == "l1":
                    norms += self.norms_
                elif self.norm == "l2":
                    norms = np.hypot(self.norms_, norms)
                elif self.norm == "max":
                    norms = np.maximum(self.norms_, norms)
                else:
                    old, new = np.sqrt(seen / total), np.sqrt(n_samples / total)
                    norms = np.hypot(old * self.norms_, new * norms)
            scale = norms / self.target_norm
        if self.mode == "max_norm":
            scale = np.maximum(scale, 1.0)
        np.copyto(scale, 1.0, where=norms == 0)
        if not (scale.min() > 0 and scale.max() < np.inf):
            wrong = np.flatnonzero(~np.isfinite(scale) | (scale == 0))[0]
            raise ValueError(
                f"norm={self.norm!r} over target_norm={self.target_norm} must lie in the range of "
                f"float64, got {scale[wrong]} for column {wrong}"
            )
        self.norms_ = norms
        self.scale_ = scale
        self.n_samples_seen_ = total
        self._learned_with = self.norm, self.threshold
        return self

    def __sklearn_is_fitted__(self):
        return hasattr(self, "norms_")  # a first batch without weight only tells the features

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
