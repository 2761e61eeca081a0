"""What the displays share: axes, colours, scales, names that fit, legends beside the data."""

import numpy as np
from sklearn.isotonic import isotonic_regression

# Okabe and Ito's colours, which colour-blind readers tell apart, without the yellow, which is too pale.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
POSITIVE, NEGATIVE = PALETTE[:2]
MUTED = "#999999"
# Where the colours begin anew, another style and another marker tell lines apart.
STYLES = ("-", "--", ":", "-.")
MARKERS = "osD^vPX"
LONGEST_NAME = 28


def axes_for(caller, ax=None, *, n_axes=1, figsize=None):
    """Return the figure and an array of ``n_axes`` axes: the caller's own, or those of a new figure."""
    pyplot = import_pyplot(caller)
    if ax is None:
        figure, ax = pyplot.subplots(
            1, n_axes, figsize=figsize, layout="constrained", squeeze=False
        )
        return figure, ax[0]
    axes = np.ravel(np.asarray(ax, dtype=object))
    if len(axes) != n_axes or not all(hasattr(one, "plot") for one in axes):
        allowed = "matplotlib axes" if n_axes == 1 else f"an array of {n_axes} matplotlib axes"
        raise ValueError(f"ax must be None or {allowed}, got {ax!r}")
    return axes[0].figure, axes


def import_pyplot(caller):
    try:
        import matplotlib.pyplot
    except ImportError as error:
        raise ImportError(
            f"{caller}.plot needs matplotlib, which is not installed. Install it with "
            '`pip install "skl-sparse[plot]"`.'
        ) from error
    return matplotlib.pyplot


def style(k):
    """Colour and line style of the k-th of several lines."""
    return {
        "color": PALETTE[k % len(PALETTE)],
        "linestyle": STYLES[k // len(PALETTE) % len(STYLES)],
    }


def marker(k):
    return MARKERS[k % len(MARKERS)]


def shorten(name, length=LONGEST_NAME):
    """Return the name, its middle left out if it is longer than ``length``: its ends tell most."""
    name = str(name)
    if len(name) <= length:
        return name
    head = length // 2
    return f"{name[:head]}…{name[len(name) - (length - head - 1) :]}"


def count(number, what):
    """``1 column``, ``1,234 columns``"""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def score_label(what, name):
    return what if name is None else f"{what} ({name})"


def scale_counts(ax, most):
    """Put numbers of columns from zero on an axis, a logarithmic one beyond 50."""
    if most > 50:
        ax.set_xscale("symlog", linthresh=1.0)
        ax.set_xticks([0, *10 ** np.arange(int(np.log10(most)) + 1)])
        ax.xaxis.set_major_formatter("{x:,.0f}")
    else:
        ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlim(0.0, max(most, 1.0))


def scale_strengths(ax, strengths):
    """Put strengths on a logarithmic axis, the largest at the left: models grow from left to right."""
    low, high = np.min(strengths), np.max(strengths)
    positive = strengths[strengths > 0]
    if low > 0:
        ax.set_xscale("log")
        factor = 1.0 if low < high else 2.0
        low, high = low / factor, high * factor
    elif len(positive):
        ax.set_xscale("symlog", linthresh=positive.min())
    else:
        low, high = -1.0, 1.0
    ax.set_xlim(high, low)


def legend_beside(ax, handles=None, title=None):
    """Put the legend to the right of the axes, where it covers nothing."""
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    return ax.legend(
        handles=handles,
        title=title,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize="small",
        alignment="left",
    )


def label_ends(ax, heights, names, colors):
    """Write names to the right of the axes, each next to its line's end, none over another."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high)  # the places hold for these limits
    ends = np.clip((np.asarray(heights) - low) / (high - low), 0.0, 1.0)
    size = 8.5
    points = ax.get_window_extent().height / ax.figure.dpi * 72
    places = spread_out(ends, 1.25 * size / points)
    return [
        ax.annotate(
            shorten(name),
            (1.0, end),
            (1.04, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=size,
            color=color,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": color,
                "lw": 0.7,
                "relpos": (0.0, 0.5),
                "shrinkA": 1,
                "shrinkB": 0,
            },
        )
        for name, end, place, color in zip(names, ends, places, colors, strict=True)
    ]


def spread_out(places, gap):
    """Return the places nearest to those given that are ``gap`` apart, in [0, 1] if there is room."""
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(order))
    # In units in which every gap is taken off, apart means in order.
    top = max(1.0 - gap * (len(order) - 1), 0.0)
    out = np.empty(len(order))
    if len(order):
        out[order] = isotonic_regression(places[order] - steps, y_min=0.0, y_max=top) + steps
    return out


def say_empty(ax, text="no coefficient is non-zero"):
    return ax.text(
        0.5,
        0.5,
        text,
        transform=ax.transAxes,
        ha="center",
        va="center",
        color="#555555",
        bbox={"facecolor": "white", "edgecolor": "none"},  # over the line of zero
    )
