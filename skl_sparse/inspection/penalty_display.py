"""Penalties and their proximal steps."""

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from .._validation import check_choice, check_real
from ..operators import lp_penalty, lp_prox
from ._drawing import MUTED, axes_for, legend_beside, style
from ._reading import check_array_of, check_numbers

KINDS = ("both", "penalty", "prox")
# Points of a curve: the jumps of the proximal step look vertical.
N_POINTS = 801


class PenaltyDisplay:
    """The penalty ``alpha * abs(w)**p`` and its proximal step, for several p.

    Parameters
    ----------
    w : array-like of shape (n_points,)
        Where the curves are drawn, in ascending order.
    p : array-like of shape (n_p,)
        The exponents.
    penalties, proxes : array-like of shape (n_p, n_points)
        Penalty and proximal step at each `w`.
    alpha : float, default=1.0
        The strength.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One for each kind of curve.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
    lines_ : list of list of matplotlib Line2D
        For each of the axes, a line for each p.

    See Also
    --------
    skl_sparse.operators.lp_penalty : The penalty.
    skl_sparse.operators.lp_prox : Its proximal step.

    Examples
    --------
    >>> from skl_sparse import PenaltyDisplay
    >>> display = PenaltyDisplay.from_p([0.5, 1, 2], alpha=0.5)
    >>> len(display.axes_)
    2
    """

    ax_: Any
    axes_: Any
    figure_: Any
    lines_: list[list[Any]]

    def __init__(
        self,
        w: npt.ArrayLike,
        p: npt.ArrayLike,
        *,
        penalties: npt.ArrayLike,
        proxes: npt.ArrayLike,
        alpha: float = 1.0,
    ) -> None:
        self.w, self.p = check_numbers("w", w), check_numbers("p", p)
        shape = len(self.p), len(self.w)
        self.penalties = check_array_of("penalties", penalties, shape)
        self.proxes = check_array_of("proxes", proxes, shape)
        self.alpha = check_real("alpha", alpha, low=0)

    @classmethod
    def from_p(
        cls,
        p: npt.ArrayLike = (0.0, 0.5, 1.0, 2.0),
        *,
        alpha: float = 1.0,
        limit: float = 3.0,
        kind: Literal["both", "penalty", "prox"] = "both",
        ax: Any = None,
    ) -> Self:
        """Draw the curves of some exponents.

        Parameters
        ----------
        p : float or array-like of shape (n_p,), default=(0.0, 0.5, 1.0, 2.0)
            The exponents, >= 0.
        alpha : float, default=1.0
            The strength, >= 0.
        limit : float, default=3.0
            The curves are drawn from ``-limit`` to ``limit``, > 0.
        kind : {"both", "penalty", "prox"}, default="both"
            Which curves.
        ax : matplotlib Axes or array of two, default=None
            One for each kind of curve. None: those of a new figure.

        Returns
        -------
        display : PenaltyDisplay
        """
        limit = check_real("limit", limit, low=0, low_inclusive=False)
        alpha = check_real("alpha", alpha, low=0)
        exponents = [check_real("p", one, low=0) for one in check_numbers("p", p).tolist()]
        w = np.linspace(-limit, limit, N_POINTS)
        penalties = [[lp_penalty([one], alpha, p) for one in w] for p in exponents]
        proxes = [lp_prox(w, alpha, p) for p in exponents]
        display = cls(w, exponents, penalties=penalties, proxes=proxes, alpha=alpha)
        return display.plot(ax, kind=kind)

    def plot(self, ax: Any = None, *, kind: Literal["both", "penalty", "prox"] = "both") -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or array of two, default=None
            One for each kind of curve. None: those of a new figure.
        kind : {"both", "penalty", "prox"}, default="both"
            Which curves.

        Returns
        -------
        self : PenaltyDisplay
        """
        kind = check_choice("kind", kind, KINDS)
        kinds = KINDS[1:] if kind == "both" else (kind,)
        figsize = (4.6 * len(kinds) + 0.8, 3.8)
        self.figure_, self.axes_ = axes_for(
            type(self).__name__, ax, n_axes=len(kinds), figsize=figsize
        )
        self.ax_ = self.axes_[0]
        self.lines_ = [
            self._draw_penalties(ax) if one == "penalty" else self._draw_proxes(ax)
            for one, ax in zip(kinds, self.axes_, strict=True)
        ]
        legend_beside(self.axes_[-1], self.lines_[-1])
        return self

    def _draw_penalties(self, ax):
        lines = self._curves(ax, self.penalties)
        # The steepest would leave the others flat.
        highest = self.penalties[:, [0, -1]].max(axis=1)
        top = 1.08 * min(highest.max(), 4.0 * highest.min() if highest.min() > 0 else np.inf)
        ax.set_ylim(-0.03 * top if top > 0 else -1.0, top if top > 0 else 1.0)
        ax.set_xlabel("coefficient w")
        ax.set_ylabel(f"penalty, alpha = {self.alpha:.3g}")
        return lines

    def _draw_proxes(self, ax):
        ax.plot(self.w, self.w, color=MUTED, linewidth=0.8, label="_no penalty", zorder=0)
        lines = self._curves(ax, self.proxes)
        ax.set_xlabel("coefficient without penalty")
        ax.set_ylabel("coefficient with penalty (proximal step)")
        return lines

    def _curves(self, ax, curves):
        for line in (ax.axhline, ax.axvline):
            line(0.0, color=MUTED, linewidth=0.6, zorder=0)
        ax.set_xlim(self.w[0], self.w[-1])
        return [
            ax.plot(self.w, curve, label=f"p = {p:.3g}", linewidth=1.6, **style(k))[0]
            for k, (p, curve) in enumerate(zip(self.p, curves, strict=True))
        ]
