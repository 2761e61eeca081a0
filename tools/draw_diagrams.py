"""Draw the diagrams of the documentation: docs/images/fit.svg and docs/images/layers.svg.

    python tools/draw_diagrams.py

Plain SVG, so that the pages need no drawing tool. tests/test_package.py compares the files with
what this draws.
"""

from html import escape
from pathlib import Path

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
LINE = 17  # height of a line of text
COLOURS = {  # fill and edge
    "rows": ("#dceaf7", "#2f6fa7"),  # a pass over X
    "columns": ("#fdf1d8", "#b07d1c"),  # vectors over columns and small matrices
    "user": ("#eeeeee", "#666666"),
    "plain": ("#ffffff", "#999999"),
}


def text(x, y, words, *, size=13, bold=False, anchor="middle", fill="#222222"):
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}"{weight} text-anchor="{anchor}" '
        f'fill="{fill}">{escape(words)}</text>'
    )


def box(x, y, width, height, title, *lines, kind="plain"):
    """A box with a bold title and lines below it, centred."""
    fill, edge = COLOURS[kind]
    top = y + height / 2 - LINE * len(lines) / 2 + 5
    yield (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" fill="{fill}" '
        f'stroke="{edge}" stroke-width="1.5"/>'
    )
    yield text(x + width / 2, top, title, bold=True)
    for k, line in enumerate(lines, 1):
        yield text(x + width / 2, top + k * LINE, line, size=12)


def arrow(*points, label="", at=None, anchor="middle"):
    """A line through the points with a head at its end, and a label at a place."""
    path = " ".join(f"{x},{y}" for x, y in points)
    yield (
        f'<polyline points="{path}" fill="none" stroke="#444444" stroke-width="1.5" '
        'marker-end="url(#head)"/>'
    )
    if label:
        yield text(*at, label, size=12, anchor=anchor, fill="#444444")


def picture(width, height, title, *parts):
    lines = [line for part in parts for line in ([part] if isinstance(part, str) else part)]
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                f'width="{width}" height="{height}" font-family="DejaVu Sans, Arial, sans-serif">'
            ),
            f"<title>{escape(title)}</title>",
            (
                '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
                'markerHeight="7" orient="auto"><path d="M0,0 L10,5 L0,10 z" fill="#444444"/>'
                "</marker></defs>"
            ),
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *lines,
            "</svg>\n",
        ]
    )


def legend(x, y):
    for k, (kind, words) in enumerate(
        [("rows", "passes over X"), ("columns", "no pass: working set and vectors over columns")]
    ):
        fill, edge = COLOURS[kind]
        left = x + 160 * k
        yield (
            f'<rect x="{left}" y="{y - 11}" width="16" height="13" rx="3" fill="{fill}" '
            f'stroke="{edge}"/>'
        )
        yield text(left + 23, y, words, size=12, anchor="start")


def fit():
    """The path of one fit, from data to certificate."""
    return picture(
        860, 620, "A fit, from the data to the certificate",
        box(20, 20, 230, 66, "Data", "X as it is, y, weights", "checked once", kind="user"),
        arrow((250, 53), (310, 53)),
        box(310, 20, 240, 66, "Standard units", "means and norms of the columns",
            "1 pass", kind="rows"),
        arrow((550, 53), (610, 53), label="p > 1", at=(580, 43)),
        box(610, 20, 230, 66, "All columns at once", "augmented Lagrangian;",
            "p = 2: one linear system", kind="rows"),
        arrow((430, 86), (430, 136), label="p ≤ 1: start at zero", at=(440, 115), anchor="start"),
        box(290, 136, 280, 86, "Full evaluation", "residual, correlations Xᵀr, violations of",
            "optimality, certificate", "2 passes", kind="rows"),
        arrow((290, 179), (160, 179), (160, 262), label="not certified", at=(170, 170),
              anchor="start"),
        box(20, 262, 280, 66, "Working set", "the worst violators enter,",
            "inactive columns leave", kind="columns"),
        arrow((160, 328), (160, 362)),
        box(20, 362, 280, 66, "Gram matrix or columns", "whichever is cheaper;",
            "1 pass for the new columns", kind="rows"),
        arrow((160, 428), (160, 462)),
        box(20, 462, 280, 86, "Descent on the working set", "coordinate descent finds the signs,",
            "then Newton steps on the", "non-zero coefficients", kind="columns"),
        arrow((300, 505), (350, 505), (350, 222)),
        text(358, 480, "the evaluation corrects", size=12, anchor="start", fill="#444444"),
        text(358, 496, "what rounding spoiled", size=12, anchor="start", fill="#444444"),
        arrow((570, 179), (700, 179), (700, 262), label="certified, p = 1", at=(710, 225),
              anchor="start"),
        arrow((520, 222), (520, 362), label="certified, p < 1", at=(512, 300), anchor="end"),
        box(480, 362, 180, 86, "Multistart, search", "other starts, exchanges;",
            "on the working set", kind="columns"),
        arrow((480, 430), (420, 430), (420, 222), label="better", at=(427, 402), anchor="start"),
        text(427, 418, "point", size=12, anchor="start", fill="#444444"),
        arrow((660, 405), (735, 405), (735, 328), label="no better point", at=(728, 349),
              anchor="end"),
        box(610, 262, 230, 66, "Units of the data", "threshold, refit on the mask",
            kind="columns"),
        arrow((815, 86), (815, 262), label="certified", at=(807, 145), anchor="end"),
        arrow((825, 328), (825, 505)),
        box(560, 505, 280, 66, "Answer", "coef_, intercept_,", "dual_gap_ or optimality_",
            kind="user"),
        legend(190, 604),
    )  # fmt: skip


def layers():
    """The layers of the package, and which part of a fit is done in each."""
    left, width, right = 20, 520, 570

    def layer(y, height, title, *lines, kind="plain"):
        return box(left, y, width, height, title, *lines, kind=kind)

    def steps(y, *lines):
        for k, line in enumerate(lines):
            yield text(right, y + k * LINE, line, size=12, anchor="start")

    down = (left + width / 2,)
    return picture(
        940, 544, "The layers of the package and the path of a fit",
        text(left + width / 2, 24, "imports go down only", size=12, fill="#444444"),
        text(right, 24, "one fit", size=12, bold=True, anchor="start"),
        layer(36, 70, "linear_model · preprocessing · operators",
              "estimators: parameters, checks, attributes, scikit-learn's conventions", kind="user"),
        steps(58, "1  check parameters and data; choose a design for X",
              "8  set coef_, intercept_, mask_; warn if not certified"),
        arrow((*down, 106), (*down, 130)),
        layer(130, 70, "engine/problems",
              "units in and out, weights, offsets, folds, masks", kind="columns"),
        steps(152, "2  weights, means, scales: problems in standard units",
              "7  coefficients in the units of the data; threshold, refit"),
        arrow((*down, 200), (*down, 224)),
        layer(224, 104, "engine/solvers",
              "working_set (p ≤ 1) · multistart (p < 1) · smooth (p > 1)",
              "proximal · certificates · linalg",
              "know losses, penalties and designs by interface only", kind="columns"),
        steps(250, "3  full evaluation, certificate",
              "4  working set: its Gram matrix or its columns",
              "5  descent, Newton steps; back to 3 until certified",
              "6  p < 1: other starts and local search, once more 3 to 5"),
        arrow((105, 328), (105, 352)),
        arrow((280, 328), (280, 352)),
        arrow((455, 328), (455, 352)),
        box(left, 352, 165, 84, "engine/losses", "functions of", "one row", kind="columns"),
        box(left + 177, 352, 165, 84, "engine/penalties", "functions of", "one coefficient",
            kind="columns"),
        box(left + 354, 352, 166, 84, "engine/designs", "sums over the rows", "of X",
            kind="rows"),
        steps(374, "each knows nothing of the other two;",
              "only a design touches X: moments, correlations,", "Gram matrices, predictions"),
        arrow((457, 436), (457, 460)),
        box(left + 177, 460, 343, 44, "dense, CSR, CSC", kind="rows"),
        steps(480, "later: blocks of rows on disk or on a cluster"),
        legend(left, 530),
    )  # fmt: skip


DIAGRAMS = {"fit.svg": fit, "layers.svg": layers}

if __name__ == "__main__":
    for name, draw in DIAGRAMS.items():
        (IMAGES / name).write_text(draw(), encoding="utf-8")
