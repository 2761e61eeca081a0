"""Scores of a cross-validation against the strength of the penalty."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from .._validation import check_choice, check_integer
from ..linear_model import SparseLpRegressorCV
from ..linear_model._selection import best_by_score, one_standard_error
from ._drawing import MUTED, axes_for, count, legend_beside, scale_strengths, score_label, style
from ._reading import check_array_of, check_cross_validated, score_name

X_AXES = {
    "alpha": "alpha",
    "correlation": "correlation at which a column enters, relative to the largest",
}
# Settings are told apart by these; of the ridge term, whichever is relative if it is there.
SETTING_KEYS = ("p", "alpha_l2_ratio", "alpha_l2", "sparsity_threshold", "relax")
# The one on top of the other where both are one point.
CHOICE_MARKERS = {"min": ("o", 5, 3.1), "1se": ("s", 9, 3.0)}
# Bands of more settings than this are paler.
FEW = 3


class CVDisplay:
    """Mean score with one standard error against the strength of the penalty.

    Parameters
    ----------
    alphas : array-like of shape (n_settings, n_alphas)
        The strengths of each setting.
    mean_scores, se_scores : array-like of shape (n_settings, n_alphas)
        Mean of the scores over the folds, and its standard error; larger scores are better.
    n_nonzeros : array-like of shape (n_settings, n_alphas)
        Numbers of coefficients that are not zero.
    settings : sequence of dict
        What else each setting fixes, such as ``{"p": 0.5, "alpha_l2": 0.1}``.
    choices : dict of str to (int, int), default=None
        Points to mark by name: setting and alpha that a rule chooses.
    correlations : array-like of shape (n_settings, n_alphas), default=None
        For each strength the correlation at which a zero coefficient leaves zero, relative to the
        largest, which is what may be compared between different p.
    score_name : str, default=None
        What the score is.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        Mean scores, a line for each setting drawn.
    bands_ : list of matplotlib FillBetweenPolyCollection
        One standard error to either side.
    choices_ : dict of str to matplotlib Line2D
        The marks of the choices that lie on a line drawn.
    nonzeros_ax_ : matplotlib SecondaryAxis or None
        The axis at the top.

    See Also
    --------
    BudgetDisplay : Scores against the number of columns.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import random_array
    >>> from skl_sparse import CVDisplay, SparseLpRegressorCV
    >>> rng = np.random.default_rng(0)
    >>> X = random_array((200, 50), density=0.2, format="csr", random_state=rng)
    >>> y = X[:, [3, 14, 15]] @ np.array([3.0, -2.0, 1.0]) + 0.1 * rng.standard_normal(200)
    >>> model = SparseLpRegressorCV(alphas=20, p=0.5).fit(X, y)
    >>> display = CVDisplay.from_estimator(model)
    >>> display.choices_["1se"].get_label()
    '1se: 3 columns'
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]
    bands_: list[Any]
    choices_: dict[str, Any]
    nonzeros_ax_: Any

    def __init__(
        self,
        alphas: npt.ArrayLike,
        *,
        mean_scores: npt.ArrayLike,
        se_scores: npt.ArrayLike,
        n_nonzeros: npt.ArrayLike,
        settings: Sequence[Mapping[str, Any]],
        choices: Mapping[str, tuple[int, int]] | None = None,
        correlations: npt.ArrayLike | None = None,
        score_name: str | None = None,
    ) -> None:
        alphas = np.asarray(alphas, dtype=np.float64)
        if alphas.ndim != 2 or not alphas.size:
            raise ValueError(
                f"alphas must have shape (n_settings, n_alphas), at least (1, 1), got {alphas.shape}"
            )
        if not alphas.min() >= 0:
            raise ValueError(f"alphas must be >= 0, got {alphas.min()}")
        self.alphas, shape = alphas, alphas.shape
        self.mean_scores = check_array_of("mean_scores", mean_scores, shape)
        self.se_scores = check_array_of("se_scores", se_scores, shape)
        self.n_nonzeros = check_array_of("n_nonzeros", n_nonzeros, shape).astype(np.int64)
        if len(settings) != len(alphas):
            raise ValueError(
                f"settings must have length {len(alphas)}, one a row of alphas, got {len(settings)}"
            )
        self.settings = [dict(setting) for setting in settings]
        self.choices = {} if choices is None else dict(choices)
        for name, index in self.choices.items():
            if np.shape(index) != (2,) or not all(
                0 <= i < n for i, n in zip(index, shape, strict=True)
            ):
                raise ValueError(
                    f"choices must be places in shape {shape}, got {index} for {name!r}"
                )
        self.correlations = None
        if correlations is not None:
            self.correlations = check_array_of("correlations", correlations, shape)
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator: SparseLpRegressorCV,
        *,
        x: Literal["auto", "alpha", "correlation"] = "auto",
        settings: Literal["chosen", "all"] | Sequence[int] = "chosen",
        ax: Any = None,
    ) -> Self:
        """Draw the scores of a fitted `SparseLpRegressorCV`.

        Parameters
        ----------
        estimator : SparseLpRegressorCV
        x : {"auto", "alpha", "correlation"}, default="auto"
            As for `plot`.
        settings : {"chosen", "all"} or sequence of int, default="chosen"
            As for `plot`.
        ax : matplotlib Axes, default=None
            None: those of a new figure.

        Returns
        -------
        display : CVDisplay
        """
        check_cross_validated(estimator)
        display = cls(
            estimator.alphas_,
            mean_scores=estimator.mean_score_path_,
            se_scores=estimator.se_score_path_,
            n_nonzeros=estimator.n_nonzeros_path_,
            settings=estimator.settings_,
            choices=_choices(estimator),
            correlations=estimator.correlations_,
            score_name=score_name(estimator),
        )
        return display.plot(ax, x=x, settings=settings)

    def plot(
        self,
        ax: Any = None,
        *,
        x: Literal["auto", "alpha", "correlation"] = "auto",
        settings: Literal["chosen", "all"] | Sequence[int] = "chosen",
    ) -> Self:
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None: those of a new figure.
        x : {"auto", "alpha", "correlation"}, default="auto"
            What the scores are drawn against. "auto": alpha for a single setting, the correlation
            for several, whose alphas mean different things.
        settings : {"chosen", "all"} or sequence of int, default="chosen"
            The settings to draw. "chosen": those of the choices.

        Returns
        -------
        self : CVDisplay
        """
        x = check_choice("x", x, ["auto", *X_AXES])
        drawn = self._settings_to_draw(settings)
        if x == "auto":
            x = "alpha" if len(drawn) == 1 or self.correlations is None else "correlation"
        places = self.alphas
        if x == "correlation":
            if self.correlations is None:
                raise ValueError('x must not be "correlation" if the display has no correlations')
            places = self.correlations
        self.figure_, (ax,) = axes_for(type(self).__name__, ax)
        self.ax_ = ax
        labels = setting_labels(self.settings)
        self.lines_, self.bands_ = [], []
        for k, setting in enumerate(drawn):
            how = style(k)
            self._draw(ax, places[setting], setting, labels[setting], how)
            self.bands_[-1].set_alpha(0.18 if len(drawn) <= FEW else 0.06)
        self.choices_ = {}
        for name, (setting, alpha) in self.choices.items():
            if setting in drawn:
                self.choices_[name] = self._mark(
                    ax, name, places[setting][alpha], setting, alpha, drawn.index(setting)
                )
        scale_strengths(ax, places[drawn].ravel())
        ax.set_xlabel(X_AXES[x])
        ax.set_ylabel(score_label("mean score", self.score_name))
        best = self._best_of(drawn)
        self.nonzeros_ax_ = self._count_on_top(
            ax, places[best], best, labels[best] if len(drawn) > 1 else None
        )
        handles = [line for line in self.lines_ if not line.get_label().startswith("_")]
        handles += self.choices_.values()
        if handles:
            legend_beside(ax, handles)
        return self

    def _settings_to_draw(self, settings):
        if isinstance(settings, str):
            settings = check_choice("settings", settings, ["chosen", "all"])
            if settings == "all":
                return list(range(len(self.settings)))
            chosen = [int(index[0]) for index in self.choices.values()]
            return list(dict.fromkeys(chosen)) or [self._best_of(range(len(self.settings)))]
        drawn = [
            check_integer("each of settings", setting, low=0, high=len(self.settings) - 1)
            for setting in settings
        ]
        if not drawn:
            raise ValueError("settings must name at least one setting, got none")
        return list(dict.fromkeys(drawn))

    def _best_of(self, settings):
        """The setting with the largest mean score, nan the least of all."""
        scores = np.where(np.isnan(self.mean_scores), -np.inf, self.mean_scores).max(axis=1)
        return max(settings, key=lambda setting: scores[setting])

    def _draw(self, ax, places, setting, label, how):
        order = np.argsort(-places, kind="stable")
        mean, error = self.mean_scores[setting][order], self.se_scores[setting][order]
        places = places[order]
        (line,) = ax.plot(
            places, mean, label=label, linewidth=1.6, marker="." if len(mean) == 1 else None, **how
        )
        self.lines_.append(line)
        if len(mean) == 1:
            ax.errorbar(places, mean, error, color=how["color"], capsize=3, label="_error")
        band = ax.fill_between(places, mean - error, mean + error, color=how["color"], linewidth=0)
        self.bands_.append(band)

    def _mark(self, ax, name, place, setting, alpha, k):
        color = style(k)["color"]
        shape, size, zorder = CHOICE_MARKERS.get(name, ("D", 7, 3.0))
        n_nonzeros = int(self.n_nonzeros[setting, alpha])
        ax.axvline(place, color=MUTED, linewidth=0.8, linestyle=":", zorder=0)
        return ax.plot(
            [place],
            [self.mean_scores[setting, alpha]],
            linestyle="none",
            marker=shape,
            markersize=size,
            markerfacecolor="white",
            markeredgecolor=color,
            markeredgewidth=1.6,
            zorder=zorder,
            clip_on=False,  # a choice may lie at the end of the grid
            label=f"{name}: {count(n_nonzeros, 'column')}",
        )[0]

    def _count_on_top(self, ax, places, setting, label):
        """Numbers of non-zeros at some of the strengths of one setting."""
        if places.min() <= 0:  # the axis at the top follows a logarithmic one, no other
            return None
        # Some evenly spaced on the logarithmic axis, each the nearest strength.
        marks = np.geomspace(places.max(), places.min(), 7)
        nearest = np.abs(np.log(places) - np.log(marks)[:, None]).argmin(axis=1)
        nearest = np.unique(nearest)
        top = ax.secondary_xaxis("top")
        top.set_xticks(places[nearest], [f"{k:,}" for k in self.n_nonzeros[setting][nearest]])
        top.minorticks_off()
        of = f" ({label})" if label is not None else ""
        top.set_xlabel(f"non-zero coefficients{of}", fontsize="small")
        top.tick_params(labelsize="small")
        return top


def setting_labels(settings):
    """Describe each setting by what differs among them; "_" and a number if nothing does."""
    keys = [key for key in SETTING_KEYS if len({setting.get(key) for setting in settings}) > 1]
    if "alpha_l2_ratio" in keys and "alpha_l2" in keys:
        keys.remove("alpha_l2")
    labels = []
    for k, setting in enumerate(settings):
        parts = [f"{key} = {setting[key]:.3g}" for key in keys if setting.get(key) is not None]
        labels.append(", ".join(parts) or f"_{k}")
    return labels


def _choices(estimator):
    """(setting, alpha) of the rules "min" and "1se", and of the chosen model if it is neither."""
    means, counts = estimator.mean_score_path_, estimator.n_nonzeros_path_.ravel()
    scores, every = means.ravel(), np.ones(means.size, dtype=bool)
    places = {
        "min": best_by_score(scores, counts, every),
        "1se": one_standard_error(scores, estimator.se_score_path_.ravel(), counts, every),
    }
    choices = {
        rule: tuple(int(i) for i in np.unravel_index(place, means.shape))
        for rule, place in places.items()
    }
    if tuple(estimator.best_index_) not in choices.values():
        choices["chosen"] = tuple(estimator.best_index_)
    return choices
