"""What the estimators that replace entries share: checks, learning, and noisy rows."""

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_array

from .._storage import canonical, validate, without_zeros
from .._validation import check_bool, check_choice, check_generator, check_integer, check_real
from ._containers import as_given, take_rows
from ._dropout import add_noise, check_replacement, learn_replacement, with_noisy_copies


class DropoutEstimator(OneToOneFeatureMixin, BaseEstimator):
    """An estimator with the parameters of dropout with replacement, which names its features."""

    def _check_parameters(self):
        check_real("dropout_rate", self.dropout_rate, low=0, high=1)
        check_replacement("replacement_value", self.replacement_value)
        check_choice("scope", self.scope, ("nonzero", "all"))
        check_bool("rescale", self.rescale)

    def _validate(self, X, reset, **options):
        """Check the parameters, then the data; drawing noise finds NaN in sparse data itself."""
        self._check_parameters()
        learned = isinstance(self.replacement_value, str)
        options.setdefault("ensure_all_finite", learned or not sp.issparse(X))
        return validate(self, X, **options, reset=reset)

    def _learn(self, X):
        """Learn the replacement value from canonical ``X``."""
        self.replacement_ = learn_replacement(X, self.replacement_value)
        return self

    def _noise(self):
        return {
            "rate": float(self.dropout_rate),
            "replacement": self.replacement_,
            "scope": self.scope,
            "rescale": self.rescale,
        }

    def _add_noise(self, X, rng, in_place):
        return add_noise(X, rng, **self._noise(), in_place=in_place)

    def _check_targets(self, X, y):
        checked = check_array(y, ensure_2d=False, dtype=None, input_name="y", estimator=self)
        check_consistent_length(X, checked)

    def _resample(self, X, y, n_copies):
        """Return ``X`` and noisy copies below, ``y`` to match, and the row that each row comes from."""
        n_copies = check_integer("n_copies", n_copies, low=0)
        rng = check_generator("random_state", self.random_state)
        entries, may_overwrite = canonical(self._validate(X, reset=True))
        if sp.issparse(entries):
            entries, _ = without_zeros(entries, may_overwrite)
        if y is not None:
            self._check_targets(entries, y)
        self._learn(entries)
        rows = np.tile(np.arange(entries.shape[0]), 1 + n_copies)
        resampled = as_given(with_noisy_copies(entries, rng, n_copies, **self._noise()), X)
        return resampled, None if y is None else take_rows(y, rows), rows

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
