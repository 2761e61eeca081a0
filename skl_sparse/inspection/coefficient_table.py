"""The coefficients of a fitted model by name, as a table."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .._typing import MatrixLike
from .._validation import check_integer
from ._reading import check_names, coefficients_of, names_of, rows_of, standard_columns

# Columns this close to collinear, either sign, cannot be told apart by data.
TWIN_CORRELATION = 0.999
# Numbers held at once while columns are compared: 32 MB.
MOST_AT_ONCE = 1 << 22


def coefficient_table(
    estimator: Any,
    X: MatrixLike | None = None,
    feature_names: npt.ArrayLike | None = None,
    *,
    max_rows: int | None = None,
) -> Any:
    """List the coefficients of a fitted linear model that are not zero, the strongest first.

    Parameters
    ----------
    estimator : object
        A fitted linear model with `coef_`. Of a pipeline, its last step.
    X : {array-like, sparse matrix or array} of shape (n_samples, n_features), default=None
        The data that the model was fitted on, as the model saw them. They tell the deviations of the
        columns and which columns are twins; without them these are left out. Sparse data stay
        sparse.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the features, for a model in a pipeline
        ``pipeline[:-1].get_feature_names_out()``. None: those that the model has seen, or else
        ``x0``, ``x1`` and so on.
    max_rows : int, default=None
        Most rows of the table, >= 0. None: one for every coefficient that is not zero.

    Returns
    -------
    table : DataFrame or dict of ndarray
        A dict if pandas is not installed. Its columns:

        - ``target``: the class, or the number of the target; only if there are several.
        - ``name``: the feature.
        - ``coefficient``
        - ``standardized_coefficient``: the coefficient times the standard deviation of its column,
          which is what may be compared between columns. Only with `X`.
        - ``fold_share``: share of the folds in whose fit, at the chosen setting and alpha, the
          coefficient is not zero. Only for a cross-validated model with ``store_fold_coefs=True``.
        - ``twins``: tuple of the names of other columns whose correlation with this one is at least
          0.999 in absolute value, so that any of them could stand for it. Only with `X`.

    Raises
    ------
    TypeError, ValueError
        If a parameter or the data is not allowed; the message names it, its value and what is.

    See Also
    --------
    CoefficientDisplay : The strongest coefficients as a picture.

    Notes
    -----
    Rows are ordered by the standardised coefficient if there is one, else by the coefficient. Each
    column of the table is compared with all columns of `X`, a few at a time in a pass over `X`.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_sparse import SparseLpRegressor, coefficient_table
    >>> X = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0], [0.0, 0.0, 9.0], [2.0, 1.0, 0.0]])
    >>> X = np.column_stack([X, 10 * X[:, 0]])
    >>> model = SparseLpRegressor(alpha=1e-4, p=0.5).fit(X, X[:, 0] - 0.5 * X[:, 1])
    >>> table = coefficient_table(model, X, ["age", "smokes", "visits", "months"])
    >>> list(table["name"])
    ['months', 'smokes']
    >>> table["twins"][0]
    ('age',)
    """
    coefs = coefficients_of(estimator)
    names = check_names(feature_names, coefs.shape[1], estimator)
    if max_rows is not None:
        max_rows = check_integer("max_rows", max_rows, low=0)
    entries = coefs.tocoo()
    targets, columns = entries.coords
    size = values = entries.data
    if X is not None:
        view = standard_columns(estimator, X, coefs.shape[1])
        size = standardized = values * view.deviation[columns]
    order = np.argsort(-np.abs(size), kind="stable")[:max_rows]
    columns = columns[order]
    table: dict[str, npt.NDArray[Any]] = {}
    if coefs.shape[0] > 1:
        table["target"] = rows_of(estimator, coefs.shape[0])[targets[order]]
    table["name"] = names_of(names, columns)
    table["coefficient"] = values[order]
    if X is not None:
        table["standardized_coefficient"] = standardized[order]
    if getattr(estimator, "fold_coef_path_", None) is not None:
        table["fold_share"] = _fold_share(estimator, columns)
    if X is not None:
        table["twins"] = _twins(view, columns, names)
    return _as_frame(table)


def _fold_share(estimator, columns):
    """Share of folds whose fit, at the chosen setting and alpha, keeps each of the columns."""
    setting, alpha = estimator.best_index_
    kept = [fold[setting][[alpha]].toarray()[0, columns] != 0 for fold in estimator.fold_coef_path_]
    return np.mean(kept, axis=0)


def _twins(view, columns, names):
    """Tuple of the names of the twins of each column."""
    different = np.unique(columns)  # several targets may share one
    at_once = max(1, MOST_AT_ONCE // max(view.n_rows, view.n_columns))
    found = {}
    for start in range(0, len(different), at_once):
        some = different[start : start + at_once]
        correlations = view.correlate(view.dense(some))
        for column, correlation in zip(some, correlations.T, strict=True):
            twins = np.flatnonzero(np.abs(correlation) >= TWIN_CORRELATION)
            found[column] = tuple(names_of(names, twins[twins != column]))
    out = np.empty(len(columns), dtype=object)
    for k, column in enumerate(columns):
        out[k] = found[column]
    return out


def _as_frame(table):
    try:
        import pandas
    except ImportError:
        return table
    return pandas.DataFrame(table)
