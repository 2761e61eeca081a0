"""Which coefficients of several targets, classes or strengths are not zero."""

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from .._validation import check_choice
from ..linear_model import LpPath
from ._drawing import NEGATIVE, POSITIVE, axes_for, count, legend_beside, say_empty, shorten
from ._reading import as_sparse, check_names, check_path, coefficients_of, names_of, rows_of

# Most rows and columns whose names are written; the names of some rows if there are more.
MOST_ROW_NAMES, MOST_COLUMN_NAMES = 24, 25
# Most rows between which there is a gap.
MOST_APART = 40


class PatternDisplay:
    """Signs of the non-zeros of a coefficient matrix; columns that are zero throughout left out.

    Parameters
    ----------
    coefs : array-like or sparse array of shape (n_rows, n_features)
    row_names : array-like of shape (n_rows,), default=None
        None: their numbers.
    feature_names : array-like of str of shape (n_features,), default=None
        None: ``x0``, ``x1`` and so on.
    row_label : str, default="target"
        What the rows are.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : matplotlib LineCollection
        A bar for each coefficient that is not zero, in the colour of its sign; where there are many
        rows, those of one sign below each other are one bar.
    columns_ : ndarray of int
        The columns drawn, from left to right.

    See Also
    --------
    PathDisplay : The values of the coefficients along a path.

    Examples
    --------
    >>> from skl_sparse import PatternDisplay
    >>> display = PatternDisplay([[0.0, 0.0, 1.0, 2.0], [0.0, -1.0, 0.0, 3.0]]).plot()
    >>> display.columns_
    array([2, 3, 1])
    """

    ax_: Any
    figure_: Any
    bars_: Any
    columns_: Any

    def __init__(
        self,
        coefs: Any,
        row_names: npt.ArrayLike | None = None,
        feature_names: npt.ArrayLike | None = None,
        *,
        row_label: str = "target",
    ) -> None:
        self.coefs = as_sparse("coefs", coefs)
        n_rows, n_features = self.coefs.shape
        self.row_names = np.arange(n_rows) if row_names is None else np.asarray(row_names)
        if self.row_names.shape != (n_rows,):
            raise ValueError(f"row_names must have shape ({n_rows},), got {self.row_names.shape}")
        self.feature_names = check_names(feature_names, n_features)
        self.row_label = row_label

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        feature_names: npt.ArrayLike | None = None,
        *,
        order: Literal["entry", "column"] = "entry",
        ax: Any = None,
    ) -> Self:
        """Draw the coefficients of a fitted linear model, a row for each target or class.

        Parameters
        ----------
        estimator : object
            A fitted linear model with `coef_`. Of a pipeline, its last step.
        feature_names : array-like of str of shape (n_features,), default=None
            None: those that the model has seen.
        order : {"entry", "column"}, default="entry"
            As for `plot`.
        ax : matplotlib Axes, default=None
            None: those of a new figure.

        Returns
        -------
        display : PatternDisplay
        """
        coefs = coefficients_of(estimator)
        n_rows, n_features = coefs.shape
        names = check_names(feature_names, n_features, estimator)
        rows = rows_of(estimator, n_rows)
        label = "class" if len(getattr(estimator, "classes_", ())) == n_rows else "target"
        return cls(coefs, rows, names, row_label=label).plot(ax, order=order)

    @classmethod
    def from_path(
        cls,
        path: LpPath,
        feature_names: npt.ArrayLike | None = None,
        *,
        order: Literal["entry", "column"] = "entry",
        ax: Any = None,
    ) -> Self:
        """Draw the path that `lp_path` returned, a row for each alpha.

        Parameters
        ----------
        path : LpPath
        feature_names : array-like of str of shape (n_features,), default=None
            None: those of the path.
        order : {"entry", "column"}, default="entry"
            As for `plot`.
        ax : matplotlib Axes, default=None
            None: those of a new figure.

        Returns
        -------
        display : PatternDisplay
        """
        check_path(path)
        names = check_names(feature_names, path.coefs.shape[1], path)
        rows = [f"{alpha:.2g}" for alpha in path.alphas]
        return cls(path.coefs, rows, names, row_label="alpha").plot(ax, order=order)

    def plot(self, ax: Any = None, *, order: Literal["entry", "column"] = "entry") -> Self:
        """Draw the pattern.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        order : {"entry", "column"}, default="entry"
            Order of the columns: by the first row in which they are not zero, or as in the data.

        Returns
        -------
        self : PatternDisplay
        """
        order = check_choice("order", order, ["entry", "column"])
        self.figure_, (ax,) = axes_for(type(self).__name__, ax)
        self.ax_ = ax
        places = self._place_columns(order)
        n_rows, n_columns = self.coefs.shape[0], max(len(self.columns_), 1)
        points = ax.get_window_extent().width / ax.figure.dpi * 72
        columns, first, last, positive = self._bars(places, joined=n_rows > MOST_APART)
        half = 0.42 if n_rows <= MOST_APART else 0.5
        self.bars_ = ax.vlines(
            columns,
            first - half,
            last + half,
            colors=np.where(positive, POSITIVE, NEGATIVE),
            linewidth=float(np.clip(0.8 * points / n_columns, 0.6, 14.0)),
            capstyle="butt",
        )
        ax.set_xlim(-0.6, n_columns - 0.4)
        ax.set_ylim(n_rows - 0.4, -0.6)
        self._name(ax, n_rows)
        if len(self.columns_):
            legend_beside(ax, self._legend_handles())
        else:
            say_empty(ax)
        return self

    def _place_columns(self, order):
        """Set the columns that are drawn, and return the place of each coefficient's column."""
        # Rows ascend, so that a column's first entry is in the first row that has it.
        rows, columns = self.coefs.tocoo().coords
        used, first, slots = np.unique(columns, return_index=True, return_inverse=True)
        ranks = np.arange(len(used))
        if order == "entry":
            ranks = np.argsort(rows[first], kind="stable")
        self.columns_ = used[ranks].astype(np.intp)
        places = np.empty(len(used), dtype=np.intp)
        places[ranks] = np.arange(len(used))
        return places[slots]

    def _bars(self, places, joined):
        """Place, first and last row of each bar, and whether its coefficients are positive.

        If ``joined``, a bar is as long as the sign stays: paths have few of these.
        """
        rows, positive = self.coefs.tocoo().coords[0], self.coefs.data > 0
        order = np.lexsort((rows, places))
        places, rows, positive = places[order], rows[order], positive[order]
        begins = np.ones(len(rows), dtype=bool)
        if joined:
            begins[1:] = (
                (np.diff(places) != 0) | (np.diff(rows) != 1) | (positive[1:] != positive[:-1])
            )
        starts = np.flatnonzero(begins)
        ends = np.append(starts[1:], len(rows))[: len(starts)] - 1
        return places[starts], rows[starts], rows[ends], positive[starts]

    def _name(self, ax, n_rows):
        step = -(-n_rows // MOST_ROW_NAMES)
        shown = np.arange(0, n_rows, step)
        ax.set_yticks(shown, [shorten(name) for name in self.row_names[shown]])
        ax.set_ylabel(self.row_label)
        n_used, n_features = len(self.columns_), self.coefs.shape[1]
        if n_used <= MOST_COLUMN_NAMES:
            names = names_of(self.feature_names, self.columns_)
            ax.set_xticks(
                np.arange(n_used), [shorten(name) for name in names], rotation=90, fontsize="small"
            )
        ax.set_xlabel(f"{n_used:,} of {count(n_features, 'column')} with a non-zero coefficient")

    def _legend_handles(self):
        from matplotlib.patches import Patch

        return [Patch(color=POSITIVE, label="positive"), Patch(color=NEGATIVE, label="negative")]
