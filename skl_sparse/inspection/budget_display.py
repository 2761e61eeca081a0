"""Accuracy against the number of columns, for several p."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..linear_model import SparseLpRegressorCV
from ._drawing import axes_for, legend_beside, marker, score_label, style
from ._reading import check_array_of, check_cross_validated, check_numbers, score_name


class BudgetDisplay:
    """The best mean score that at most k columns reach, for several p.

    Parameters
    ----------
    budgets : array-like of shape (n_budgets,)
        Numbers of columns k, >= 1, in ascending order.
    p : array-like of shape (n_p,)
        The exponents.
    mean_scores, se_scores : array-like of shape (n_p, n_budgets)
        For each p the best mean score among models with at most k columns, and its standard error;
        nan where there is no such model. Larger scores are better.
    score_name : str, default=None
        What the score is.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        A line for each p.
    bands_ : list of matplotlib FillBetweenPolyCollection
        One standard error to either side.

    See Also
    --------
    CVDisplay : Scores against alpha.

    Notes
    -----
    The best of many mean scores is a little too good, for every p alike. Where the figures
    themselves matter, score the chosen models on rows that took no part in the choice.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import random_array
    >>> from skl_sparse import BudgetDisplay, SparseLpRegressorCV
    >>> rng = np.random.default_rng(0)
    >>> X = random_array((200, 50), density=0.2, format="csr", random_state=rng)
    >>> y = X[:, [3, 14, 15]] @ np.array([3.0, -2.0, 1.0]) + 0.1 * rng.standard_normal(200)
    >>> model = SparseLpRegressorCV(alphas=20, p=[0.5, 1.0]).fit(X, y)
    >>> display = BudgetDisplay.from_estimator(model, budgets=[1, 2, 3, 10, 30])
    >>> [line.get_label() for line in display.lines_]
    ['p = 0.5', 'p = 1']
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]
    bands_: list[Any]

    def __init__(
        self,
        budgets: npt.ArrayLike,
        p: npt.ArrayLike,
        *,
        mean_scores: npt.ArrayLike,
        se_scores: npt.ArrayLike,
        score_name: str | None = None,
    ) -> None:
        self.budgets, self.p = check_numbers("budgets", budgets), check_numbers("p", p)
        if self.budgets.min() < 1 or not (np.diff(self.budgets) > 0).all():
            raise ValueError(f"budgets must be >= 1 and ascend, got {budgets!r}")
        shape = len(self.p), len(self.budgets)
        self.mean_scores = check_array_of("mean_scores", mean_scores, shape)
        self.se_scores = check_array_of("se_scores", se_scores, shape)
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls, estimator: SparseLpRegressorCV, *, budgets: npt.ArrayLike | None = None, ax: Any = None
    ) -> Self:
        """Draw the scores of a fitted `SparseLpRegressorCV`.

        Parameters
        ----------
        estimator : SparseLpRegressorCV
            With a list of `p`; of its other settings the best counts at each budget.
        budgets : array-like of int of shape (n_budgets,), default=None
            None: up to 25 between one and the most columns of any model, evenly on a logarithmic
            axis.
        ax : matplotlib Axes, default=None
            None: those of a new figure.

        Returns
        -------
        display : BudgetDisplay
        """
        check_cross_validated(estimator)
        n_nonzeros = np.asarray(estimator.n_nonzeros_path_)
        if budgets is None:
            most = max(1, n_nonzeros.max())
            budgets = np.unique(np.round(np.geomspace(1, most, 25)))
        budgets = check_numbers("budgets", budgets)
        of_setting = np.array([setting["p"] for setting in estimator.settings_])
        p = np.unique(of_setting)
        best = np.full((2, len(p), len(budgets)), np.nan)
        for i, one in enumerate(p):
            mean, error, size = (
                np.asarray(values)[of_setting == one].ravel()
                for values in (estimator.mean_score_path_, estimator.se_score_path_, n_nonzeros)
            )
            for k, budget in enumerate(budgets):
                allowed = np.flatnonzero((size <= budget) & ~np.isnan(mean))
                if len(allowed):
                    winner = allowed[mean[allowed].argmax()]
                    best[:, i, k] = mean[winner], error[winner]
        display = cls(
            budgets, p, mean_scores=best[0], se_scores=best[1], score_name=score_name(estimator)
        )
        return display.plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.

        Returns
        -------
        self : BudgetDisplay
        """
        self.figure_, (ax,) = axes_for(type(self).__name__, ax)
        self.ax_ = ax
        self.lines_, self.bands_ = [], []
        for k, (p, mean, error) in enumerate(
            zip(self.p, self.mean_scores, self.se_scores, strict=True)
        ):
            how = style(k)
            (line,) = ax.plot(
                self.budgets,
                mean,
                label=f"p = {p:.3g}",
                linewidth=1.6,
                marker=marker(k),
                markersize=4,
                **how,
            )
            self.lines_.append(line)
            band = ax.fill_between(
                self.budgets,
                mean - error,
                mean + error,
                color=how["color"],
                alpha=0.13,
                linewidth=0,
            )
            self.bands_.append(band)
        self._scale(ax)
        ax.set_xlabel("number of columns, at most")
        ax.set_ylabel(score_label("best mean score", self.score_name))
        legend_beside(ax)
        return self

    def _scale(self, ax):
        from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

        ax.set_xscale("log")
        low, high = self.budgets[[0, -1]]
        ax.set_xlim(low / 1.1, high * 1.1)
        # Whole numbers of columns, as many as there is room for.
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 1e3 else (1.0,)))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
