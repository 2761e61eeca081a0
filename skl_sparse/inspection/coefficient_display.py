"""The strongest coefficients of a model by name."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .._typing import MatrixLike
from .._validation import check_integer
from ._drawing import MUTED, NEGATIVE, POSITIVE, axes_for, count, say_empty, shorten
from ._reading import as_sparse, check_names, coefficients_of, names_of, one_row, standard_columns


class CoefficientDisplay:
    """The strongest coefficients by name, as horizontal bars.

    Parameters
    ----------
    coefficients : array-like or sparse array of shape (n_features,)
    feature_names : array-like of str of shape (n_features,), default=None
        None: ``x0``, ``x1`` and so on.
    label : str, default="coefficient"
        What the bars show.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : matplotlib BarContainer
        The strongest first.

    See Also
    --------
    coefficient_table : The same as a table.

    Examples
    --------
    >>> from skl_sparse import CoefficientDisplay
    >>> display = CoefficientDisplay([0.0, 2.0, -1.0], ["age", "smokes", "sport"]).plot()
    >>> [tick.get_text() for tick in display.ax_.get_yticklabels()]
    ['smokes', 'sport']
    """

    ax_: Any
    figure_: Any
    bars_: Any

    def __init__(
        self,
        coefficients: Any,
        feature_names: npt.ArrayLike | None = None,
        *,
        label: str = "coefficient",
    ) -> None:
        self.coefficients = as_sparse("coefficients", coefficients)
        if self.coefficients.shape[0] != 1:
            raise ValueError(
                f"coefficients must have one row, got {self.coefficients.shape[0]} of them"
            )
        self.feature_names = check_names(feature_names, self.coefficients.shape[1])
        self.label = label

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: MatrixLike | None = None,
        feature_names: npt.ArrayLike | None = None,
        *,
        target: int | None = None,
        max_features: int = 20,
        ax: Any = None,
    ) -> Self:
        """Draw the coefficients of a fitted linear model.

        Parameters
        ----------
        estimator : object
            A fitted linear model with `coef_`. Of a pipeline, its last step.
        X : {array-like, sparse matrix or array} of shape (n_samples, n_features), default=None
            The data that the model was fitted on. With them each coefficient is multiplied by the
            standard deviation of its column, and columns of different units can be compared.
        feature_names : array-like of str of shape (n_features,), default=None
            None: those that the model has seen.
        target : int, default=None
            The row of `coef_`; needed if there are several targets or classes.
        max_features : int, default=20
            Most bars, >= 1.
        ax : matplotlib Axes, default=None
            None: those of a new figure.

        Returns
        -------
        display : CoefficientDisplay
        """
        coefs = coefficients_of(estimator)
        coefs = coefs[[one_row(coefs, target)]]
        names = check_names(feature_names, coefs.shape[1], estimator)
        label = "coefficient"
        if X is not None:
            view = standard_columns(estimator, X, coefs.shape[1])
            coefs.data = coefs.data * view.deviation[coefs.indices]
            label = "coefficient × standard deviation of its column"
        return cls(coefs, names, label=label).plot(ax, max_features=max_features)

    def plot(self, ax: Any = None, *, max_features: int = 20) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure, as high as the bars need.
        max_features : int, default=20
            Most bars, >= 1.

        Returns
        -------
        self : CoefficientDisplay
        """
        max_features = check_integer("max_features", max_features, low=1)
        columns, values = self.coefficients.indices, self.coefficients.data
        strongest = np.argsort(-np.abs(values), kind="stable")[:max_features]
        n = len(strongest)
        figsize = (6.4, 1.3 + 0.24 * max(n, 4))
        self.figure_, (ax,) = axes_for(type(self).__name__, ax, figsize=figsize)
        self.ax_ = ax
        places, values = np.arange(n), values[strongest]
        colors = np.where(values > 0, POSITIVE, NEGATIVE)
        self.bars_ = ax.barh(places, values, height=0.7, color=colors)
        names = names_of(self.feature_names, columns[strongest])
        ax.set_yticks(places, [shorten(name) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(max(n, 4) - 0.4, -0.6)  # the strongest at the top
        ax.axvline(0.0, color=MUTED, linewidth=0.8, zorder=0)
        ax.set_xlabel(self.label)
        if n == 0:
            ax.set_xlim(-1.0, 1.0)
            say_empty(ax)
        elif n < len(columns):
            total = count(len(columns), "non-zero coefficient")
            ax.set_title(f"the strongest {n} of {total}", fontsize="medium")
        return self
