"""Coefficients along a path of strengths."""

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from .._validation import check_choice, check_integer
from ..linear_model import LpPath, SparseLpRegressorCV
from ._drawing import MUTED, axes_for, label_ends, say_empty, scale_counts, scale_strengths, style
from ._reading import (
    as_sparse,
    check_array_of,
    check_cross_validated,
    check_names,
    check_numbers,
    check_path,
    names_of,
)

X_AXES = {
    "alpha": "alpha",
    "correlation": "correlation at which a column enters, relative to the largest",
    "n_nonzeros": "number of non-zero coefficients",
}


class PathDisplay:
    """Coefficients against the strength of the penalty, the strongest with their names.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        The strengths, >= 0.
    coefs : array-like or sparse array of shape (n_alphas, n_features)
        The coefficients of each fit.
    correlations : array-like of shape (n_alphas,), default=None
        For each strength the correlation at which a zero coefficient leaves zero, which is what may
        be compared between different p. Needed for ``x="correlation"``.
    feature_names : array-like of str of shape (n_features,), default=None
        None: ``x0``, ``x1`` and so on.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        The lines with names, the strongest first.
    others_ : matplotlib LineCollection
        The other lines of coefficients that are not zero throughout.
    labels_ : list of matplotlib Annotation
        The names.

    See Also
    --------
    lp_path : Fits a path.
    PatternDisplay : Which coefficients are not zero.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import random_array
    >>> from skl_sparse import PathDisplay, lp_path
    >>> rng = np.random.default_rng(0)
    >>> X = random_array((200, 50), density=0.2, format="csr", random_state=rng)
    >>> y = X[:, [3, 14, 15]] @ np.array([3.0, -2.0, 1.0]) + 0.1 * rng.standard_normal(200)
    >>> display = PathDisplay.from_path(lp_path(X, y, p=0.5, alphas=20), n_labels=3)
    >>> [label.get_text() for label in display.labels_]
    ['x3', 'x14', 'x15']
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]
    others_: Any
    labels_: list[Any]

    def __init__(
        self,
        alphas: npt.ArrayLike,
        coefs: Any,
        *,
        correlations: npt.ArrayLike | None = None,
        feature_names: npt.ArrayLike | None = None,
    ) -> None:
        self.alphas = check_numbers("alphas", alphas)
        if self.alphas.min() < 0:
            raise ValueError(f"alphas must be >= 0, got {self.alphas.min()}")
        self.coefs = as_sparse("coefs", coefs)
        n_alphas, n_features = self.coefs.shape
        if n_alphas != len(self.alphas):
            raise ValueError(
                f"coefs must have {len(self.alphas)} rows, one an alpha, got {n_alphas}"
            )
        self.correlations = None
        if correlations is not None:
            self.correlations = check_array_of("correlations", correlations, (n_alphas,))
        self.feature_names = check_names(feature_names, n_features)

    @classmethod
    def from_path(
        cls,
        path: LpPath,
        *,
        feature_names: npt.ArrayLike | None = None,
        x: Literal["alpha", "correlation", "n_nonzeros"] = "alpha",
        n_labels: int = 10,
        ax: Any = None,
    ) -> Self:
        """Draw the path that `lp_path` returned.

        Parameters
        ----------
        path : LpPath
        feature_names : array-like of str of shape (n_features,), default=None
            None: those of the path.
        x : {"alpha", "correlation", "n_nonzeros"}, default="alpha"
            What the coefficients are drawn against.
        n_labels : int, default=10
            Most coefficients to name, >= 0.
        ax : matplotlib Axes, default=None
            None: those of a new figure.

        Returns
        -------
        display : PathDisplay
        """
        check_path(path)
        names = check_names(feature_names, path.coefs.shape[1], path)
        display = cls(path.alphas, path.coefs, correlations=path.correlations, feature_names=names)
        return display.plot(ax, x=x, n_labels=n_labels)

    @classmethod
    def from_estimator(
        cls,
        estimator: SparseLpRegressorCV,
        *,
        feature_names: npt.ArrayLike | None = None,
        setting: int | None = None,
        x: Literal["alpha", "correlation", "n_nonzeros"] = "alpha",
        n_labels: int = 10,
        ax: Any = None,
    ) -> Self:
        """Draw a path of a fitted `SparseLpRegressorCV`.

        Parameters
        ----------
        estimator : SparseLpRegressorCV
        feature_names : array-like of str of shape (n_features,), default=None
            None: those that the model has seen.
        setting : int, default=None
            The place in `settings_`. None: that of the chosen model.
        x : {"alpha", "correlation", "n_nonzeros"}, default="alpha"
            What the coefficients are drawn against.
        n_labels : int, default=10
            Most coefficients to name, >= 0.
        ax : matplotlib Axes, default=None
            None: those of a new figure.

        Returns
        -------
        display : PathDisplay
        """
        check_cross_validated(estimator)
        if setting is None:
            setting = estimator.best_index_[0]
        setting = check_integer("setting", setting, low=0, high=len(estimator.coef_path_) - 1)
        coefs = estimator.coef_path_[setting]
        display = cls(
            estimator.alphas_[setting],
            coefs,
            correlations=estimator.correlations_[setting],
            feature_names=check_names(feature_names, coefs.shape[1], estimator),
        )
        return display.plot(ax, x=x, n_labels=n_labels)

    def plot(
        self,
        ax: Any = None,
        *,
        x: Literal["alpha", "correlation", "n_nonzeros"] = "alpha",
        n_labels: int = 10,
    ) -> Self:
        """Draw the lines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        x : {"alpha", "correlation", "n_nonzeros"}, default="alpha"
            What the coefficients are drawn against.
        n_labels : int, default=10
            Most coefficients to name, >= 0. The strongest are those whose absolute value is largest
            anywhere on the path.

        Returns
        -------
        self : PathDisplay
        """
        x = check_choice("x", x, list(X_AXES))
        n_labels = check_integer("n_labels", n_labels, low=0)
        places = self._places(x)
        self.figure_, (ax,) = axes_for(type(self).__name__, ax)
        self.ax_ = ax
        # Models grow from left to right. On equal numbers of non-zeros the smaller alpha is later.
        order = np.argsort(-self.alphas, kind="stable")
        if x == "n_nonzeros":
            order = order[np.argsort(places[order], kind="stable")]
        places = places[order]
        columns, values = self._by_strength(order)
        self._draw(ax, places, values, n_labels)
        if x == "n_nonzeros":
            scale_counts(ax, places.max())
        else:
            scale_strengths(ax, places)
        if not len(columns):
            ax.set_ylim(-1.0, 1.0)
            say_empty(ax)
        ax.set_xlabel(X_AXES[x])
        ax.set_ylabel("coefficient")
        self.labels_ = label_ends(
            ax,
            [line.get_ydata()[-1] for line in self.lines_],
            names_of(self.feature_names, columns[: len(self.lines_)]),
            [line.get_color() for line in self.lines_],
        )
        return self

    def _places(self, x):
        if x == "alpha":
            return self.alphas
        if x == "n_nonzeros":
            return np.diff(self.coefs.indptr).astype(np.float64)
        if self.correlations is None:
            raise ValueError('x must not be "correlation" if the display has no correlations')
        return self.correlations

    def _by_strength(self, order):
        """Columns that are not zero throughout, the strongest first, and their coefficients."""
        used = np.unique(self.coefs.indices)
        slots = np.searchsorted(used, self.coefs.indices)
        compact = csr_array(
            (self.coefs.data, slots, self.coefs.indptr), shape=(len(self.alphas), len(used))
        )
        values = compact[order].toarray()
        strongest = np.argsort(-np.abs(values).max(axis=0, initial=0.0), kind="stable")
        return used[strongest], values[:, strongest]

    def _draw(self, ax, places, values, n_labels):
        from matplotlib.collections import LineCollection

        points = "o" if len(places) == 1 else None
        ax.axhline(0.0, color=MUTED, linewidth=0.8, zorder=0)
        others = values[:, n_labels:]
        segments = [np.column_stack([places, value]) for value in others.T]
        # The more lines there are, the thinner.
        width = float(np.clip(20.0 / max(len(segments), 1), 0.3, 0.9))
        self.others_ = ax.add_collection(
            LineCollection(segments, colors=MUTED, linewidths=width, alpha=0.6, zorder=1)
        )
        if points and len(segments):
            ax.plot(np.repeat(places, len(segments)), others[0], ".", color=MUTED, zorder=1)
        self.lines_ = [
            ax.plot(places, value, marker=points, linewidth=1.6, zorder=2.5, **style(k))[0]
            for k, value in enumerate(values[:, :n_labels].T)
        ]
        ax.autoscale_view()
