"""Replacement noise for training, as a transformer."""

from typing import Any, Self

from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._storage import canonical
from .._typing import MatrixLike, RandomState, Replacement, Scope
from .._validation import atomic, check_bool, check_generator
from ._dropout_estimator import DropoutEstimator


class SparseDropoutReplacer(TransformerMixin, DropoutEstimator):
    """Replace random entries in training, pass the data unchanged afterwards.

    Each entry that is in scope is hit independently with probability ``dropout_rate``::

        y[i] = replacement_value if r[i] < dropout_rate else x[i]      r uniform on [0, 1)

    ``fit_transform`` is training and returns noisy data; ``transform`` is evaluation and returns the
    data as they are. So a ``Pipeline`` is noisy in ``fit`` and clean in ``predict``, as dropout [1]_
    should be.

    Parameters
    ----------
    dropout_rate : float, default=0.1
        The probability that an entry is hit, between 0 and 1, both included.

    replacement_value : float or {"mean", "median", "feature_mean", "feature_median"}, default=0.0
        What replaces an entry that was hit: a number, in the units of the data, or the mean or the
        median of the non-zeros that ``fit`` saw, of all of them or of the entry's feature (0 for a
        feature without any). An entry replaced by 0 is removed from sparse data.

    scope : {"nonzero", "all"}, default="nonzero"
        "nonzero" hits only non-zero entries; a stored zero is a zero. "all" hits zeros too; those
        that are replaced become stored entries, so the result grows to about ``dropout_rate *
        n_samples * n_features`` entries, and what would not fit in memory is refused.

    rescale : bool, default=False
        Whether to divide what is kept by ``1 - dropout_rate`` (inverted dropout). Without it, the
        expected signal shrinks as the rate grows when 0 is the replacement.

    random_state : int, RandomState instance or None, default=None
        Seed or generator of the hits. An int gives the same hits at each call and on each platform.

    copy : bool, default=True
        If False, noise is written in place where it can be: into writeable arrays of type float32 or
        float64, and ``transform`` returns its input. Other input, integers for one, has to be
        copied.

    Attributes
    ----------
    replacement_ : float or ndarray of shape (n_features,), dtype float64
        What replaces a hit entry; an array for the kinds that are learned for each feature.

    n_features_in_ : int
        Number of features seen during ``fit``.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of features seen during ``fit``, if ``X`` has names that are all strings.

    See Also
    --------
    SparseDropoutSampler : The same noise as additional rows, in an imbalanced-learn pipeline.
    skl_sparse.operators.dropout_replace : The same without an estimator.
    skl_sparse.operators.dropout_segments : Replaces whole segments of a ragged array.

    Notes
    -----
    The gaps between hits are drawn, from their geometric distribution, so the cost in random numbers
    is the number of hits. Hits are drawn in row-major order: dense and CSR arrays agree seed for
    seed. A CSC array keeps its own order and agrees with them in law; in ``resample``, whose copies
    are rows, it agrees seed for seed too.

    References
    ----------
    .. [1] N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov, "Dropout: a
       simple way to prevent neural networks from overfitting", Journal of Machine Learning Research
       15, 2014, 1929-1958.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skl_sparse import SparseDropoutReplacer
    >>> X = csr_array(np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 4.0]]))
    >>> replacer = SparseDropoutReplacer(dropout_rate=0.5, replacement_value=-1.0, random_state=5)
    >>> replacer.fit_transform(X).toarray()
    array([[ 1.,  0., -1.],
           [ 0.,  3., -1.]])
    >>> replacer.transform(X).toarray()
    array([[1., 0., 2.],
           [0., 3., 4.]])
    """

    def __init__(
        self,
        dropout_rate: float = 0.1,
        *,
        replacement_value: Replacement = 0.0,
        scope: Scope = "nonzero",
        rescale: bool = False,
        random_state: RandomState = None,
        copy: bool = True,
    ) -> None:
        self.dropout_rate = dropout_rate
        self.replacement_value = replacement_value
        self.scope = scope
        self.rescale = rescale
        self.random_state = random_state
        self.copy = copy

    @atomic
    def fit(self, X: MatrixLike, y: object = None) -> Self:
        """Learn the replacement value from ``X``.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The training data.

        y : None
            Ignored.

        Returns
        -------
        self : SparseDropoutReplacer
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data are not allowed, NaN and infinity included.
        """
        check_generator("random_state", self.random_state)
        X, _ = canonical(self._validate(X, reset=True, ensure_all_finite=True))
        return self._learn(X)

    @atomic
    def fit_transform(self, X: MatrixLike, y: object = None) -> Any:
        """Learn the replacement value from ``X`` and return ``X`` with noise.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The training data.

        y : None
            Ignored.

        Returns
        -------
        Xt : {ndarray, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The noisy data, in the format of ``X``.

        Raises
        ------
        TypeError, ValueError
            As in ``fit``; or if ``scope="all"`` would need more memory than there is.
        """
        rng = check_generator("random_state", self.random_state)
        X, may_overwrite = canonical(self._validate(X, reset=True), self.copy)
        self._learn(X)
        return self._add_noise(X, rng, may_overwrite)

    def transform(self, X: MatrixLike) -> Any:
        """Return ``X`` unchanged: noise belongs to training.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The data.

        Returns
        -------
        Xt : {ndarray, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The same data: a copy, or ``X`` itself if ``copy=False``.
        """
        check_is_fitted(self)
        return self._validate(X, reset=False, copy=self.copy, ensure_all_finite=True)

    @atomic
    def resample(self, X: MatrixLike, y: Any = None, n_copies: int = 1) -> Any:
        """Return the original rows followed by noisy copies of them.

        Like ``fit_transform`` this is training: the replacement value is learned from ``X``.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The training data.

        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            The targets.

        n_copies : int, default=1
            The number of noisy copies, at least 0.

        Returns
        -------
        X_resampled : {ndarray, CSR or CSC matrix or array, data frame, list} of shape \
                ((1 + n_copies) * n_samples, n_features)
            ``X``, then the copies, each with noise of its own, in the container of ``X``.

        y_resampled : array-like or None
            ``y`` repeated in the same order, in its container; None if ``y`` is None.

        Raises
        ------
        TypeError, ValueError
            As in ``fit_transform``.
        """
        X_resampled, y_resampled, _ = self._resample(X, y, n_copies)
        return X_resampled, y_resampled

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        # fit_transform differs from transform on purpose.
        tags.non_deterministic = True
        return tags

    def _check_parameters(self):
        super()._check_parameters()
        check_bool("copy", self.copy)
