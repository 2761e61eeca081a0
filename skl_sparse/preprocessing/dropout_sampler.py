"""Replacement noise as additional rows, for the pipelines of imbalanced-learn."""

from dataclasses import dataclass, fields
from typing import Any, Self

from sklearn.utils import InputTags, Tags

from .._storage import canonical
from .._typing import MatrixLike, RandomState, Replacement, Scope
from .._validation import atomic, check_generator, check_integer
from ._dropout_estimator import DropoutEstimator


@dataclass(slots=True)
class SamplerInputTags(InputTags):
    """Whether data frames are taken and returned."""

    dataframe: bool = False


@dataclass(slots=True)
class SampleIndicesTags:
    """Whether there is ``sample_indices_``."""

    sample_indices: bool = False


@dataclass(slots=True)
class SamplerTags(Tags):
    """What marks an estimator as a sampler, without an import of imbalanced-learn."""

    sampler_tags: SampleIndicesTags | None = None


def _fields(tags):
    return {field.name: getattr(tags, field.name) for field in fields(tags)}


class SparseDropoutSampler(DropoutEstimator):
    """Add noisy copies of the training rows, as a step of an imbalanced-learn pipeline.

    That library's ``Pipeline`` calls ``fit_resample`` in ``fit`` only and passes a sampler by in
    ``predict``. It refuses a step that has ``transform`` too, so the noise of
    :class:`SparseDropoutReplacer` is offered here by itself. imbalanced-learn need not be installed.

    Parameters
    ----------
    n_copies : int, default=1
        The number of noisy copies to add to the original rows, at least 0.

    dropout_rate : float, default=0.1
        The probability that an entry is hit, between 0 and 1, both included.

    replacement_value : float or {"mean", "median", "feature_mean", "feature_median"}, default=0.0
        What replaces an entry that was hit, as in :class:`SparseDropoutReplacer`.

    scope : {"nonzero", "all"}, default="nonzero"
        Whether only non-zero entries can be hit, or zeros too.

    rescale : bool, default=False
        Whether to divide what is kept in the copies by ``1 - dropout_rate``.

    random_state : int, RandomState instance or None, default=None
        Seed or generator of the hits.

    Attributes
    ----------
    replacement_ : float or ndarray of shape (n_features,), dtype float64
        What replaces a hit entry.

    sample_indices_ : ndarray of shape ((1 + n_copies) * n_samples,)
        For each row that ``fit_resample`` returned, the row of ``X`` that it is or comes from.

    n_features_in_ : int
        Number of features seen during ``fit_resample``.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of features seen during ``fit_resample``, if ``X`` has names that are all strings.

    See Also
    --------
    SparseDropoutReplacer : The noise as a transformer; its ``resample`` does the same as this.

    Notes
    -----
    Whatever belongs to the rows is repeated by ``sample_indices_``: fit the next model with
    ``sample_weight[sampler.sample_indices_]``. An imbalanced-learn pipeline repeats X and y only, so
    within one weights cannot reach a step behind a sampler. SparseDropoutReplacer adds no rows: in
    its pipelines weights are routed as always.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skl_sparse import SparseDropoutSampler
    >>> X = csr_array(np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 4.0]]))
    >>> sampler = SparseDropoutSampler(dropout_rate=0.5, random_state=5)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, [0, 1])
    >>> X_resampled.toarray()
    array([[1., 0., 2.],
           [0., 3., 4.],
           [1., 0., 0.],
           [0., 3., 0.]])
    >>> y_resampled
    [0, 1, 0, 1]
    >>> sampler.sample_indices_
    array([0, 1, 0, 1])
    """

    def __init__(
        self,
        n_copies: int = 1,
        *,
        dropout_rate: float = 0.1,
        replacement_value: Replacement = 0.0,
        scope: Scope = "nonzero",
        rescale: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.n_copies = n_copies
        self.dropout_rate = dropout_rate
        self.replacement_value = replacement_value
        self.scope = scope
        self.rescale = rescale
        self.random_state = random_state

    @atomic
    def fit(self, X: MatrixLike, y: Any) -> Self:
        """Learn the replacement value from ``X``; what a pipeline needs that ends in a sampler.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The training data.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            The targets.

        Returns
        -------
        self : SparseDropoutSampler
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data are not allowed, NaN and infinity included.
        """
        check_integer("n_copies", self.n_copies, low=0)
        check_generator("random_state", self.random_state)
        X, _ = canonical(self._validate(X, reset=True, ensure_all_finite=True))
        self._check_targets(X, y)
        return self._learn(X)

    @atomic
    def fit_resample(self, X: MatrixLike, y: Any) -> tuple[Any, Any]:
        """Return the original rows followed by ``n_copies`` noisy copies of them.

        Parameters
        ----------
        X : {array-like, CSR or CSC matrix or array} of shape (n_samples, n_features)
            The training data.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            The targets.

        Returns
        -------
        X_resampled : {ndarray, CSR or CSC matrix or array, data frame, list} of shape \
                ((1 + n_copies) * n_samples, n_features)
            ``X``, then the copies, each with noise of its own, in the container of ``X``. A column
            of a data frame keeps its type if that holds the noisy values.

        y_resampled : array-like
            ``y`` repeated in the same order, in its container.

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data are not allowed, NaN and infinity included; or if
            ``scope="all"`` would need more memory than there is.
        """
        if y is None:
            self._check_targets(X, y)
        X_resampled, y_resampled, self.sample_indices_ = self._resample(X, y, self.n_copies)
        return X_resampled, y_resampled

    def _check_targets(self, X, y):
        if y is None:
            name = type(self).__name__
            raise ValueError(f"{name} requires y to be passed, but the target y is None")
        super()._check_targets(X, y)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "sampler"
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        # Next to scikit-learn's tags, those that imbalanced-learn asks for.
        tags.input_tags = SamplerInputTags(**_fields(tags.input_tags), dataframe=True)
        return SamplerTags(**_fields(tags), sampler_tags=SampleIndicesTags(sample_indices=True))
