"""Reports of the benchmarks: goals and whether they are met, tables, a figure."""

import math
import os
import platform
import re
import shlex
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from contestants import OURS

# A section of the report for each family of exponents: title, and whether a cell is of it.
SECTIONS = {
    "p = 1": lambda cell: cell.p == 1,
    "p = 1/2 and 2/3": lambda cell: 0 < cell.p < 1,
    "p = 2": lambda cell: cell.p == 2,
    "p = 0": lambda cell: cell.p == 0,
}
# Cells whose leads are summed up by one geometric mean.
GROUPS = {
    "all cells": lambda cell: True,
    "p = 1, sparse": lambda cell: cell.p == 1 and cell.sparse,
    "p = 1, dense": lambda cell: cell.p == 1 and not cell.sparse,
    "p < 1": lambda cell: 0 < cell.p < 1,
    "p = 2": lambda cell: cell.p == 2,
    "p = 0": lambda cell: cell.p == 0,
}
OVERALL = 3.0  # the goal of the geometric mean over all cells
# Of a processor, what decides most: its widest vectors, by the flag of each.
VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2", "sse2": "SSE2"}


# What the results of one cell come to.


def ours(results):
    """Our certified result, or None."""
    return next((r for r in results if r.solver == OURS and r.certified), None)


def lead(results, peers=None):
    """Time of the fastest certified peer over ours; nan if either has none."""
    own = ours(results)
    times = [
        r.fit.seconds
        for r in results
        if r.certified and r.solver != OURS and (peers is None or r.solver in peers)
    ]
    return min(times) / own.fit.seconds if own and times else math.nan


def least_lead(results):
    """What the lead is at least where no peer was certified, but some were stopped; or nan."""
    own = ours(results)
    stopped = [r.over for r in results if r.solver != OURS and not r.certified and r.over >= 0]
    return min(stopped) / own.fit.seconds if own and stopped else math.nan


def best_peer(results):
    """Name of the fastest certified peer, or ""."""
    peers = [r for r in results if r.certified and r.solver != OURS]
    return min(peers, key=lambda r: r.fit.seconds).solver if peers else ""


def matvecs(result, results):
    return result.fit.seconds / np.median([r.fit.matvec for r in results if r.fit])


def excess(results):
    """How much higher our objective is than the lowest of any peer, certified or not, relatively."""
    own = ours(results)
    peers = [r.fit.objective for r in results if r.fit and r.solver != OURS]
    peers = [objective for objective in peers if np.isfinite(objective)]
    return own.fit.objective / min(peers) - 1 if own and peers else math.nan


def cold_lead(results, peer):
    """Import and first fit of the peer over ours."""
    own = ours(results)
    times = [r.cold for r in results if r.solver == peer and r.certified]
    return times[0] / own.cold if own and times else math.nan


@dataclass
class Goal:
    """A figure and what it should be: at most the bound, or at least."""

    what: str
    value: float
    bound: float
    least: bool = False

    @property
    def met(self):
        """Whether it is; None where there is nothing to measure it by."""
        if math.isnan(self.value):
            return None
        return bool(self.value >= self.bound if self.least else self.value <= self.bound)

    def __str__(self):
        verdict = {True: "met", False: "not met", None: "nothing to compare with"}[self.met]
        bound = f"{'>=' if self.least else '<='} {self.bound:g}"
        value = f" {self.value:.3g}" if 0 < abs(self.value) < math.inf else ""
        return f"{self.what}{value}, goal {bound}: {verdict}"


def goals(cell, results):
    """Yield the goals of a cell. Without a certificate of ours, what depends on it is not met."""
    own = ours(results)
    failed = own is None
    plain = cell.p == 1 and not cell.elastic

    def at_most(what, bound, value):
        return Goal(what, math.inf if failed else value(), bound)

    most = {10: 25, 100: 100}.get(cell.share) if cell.sparse else None
    if cell.data == "dense_1000x5000" and cell.share == 100:
        most = 120
    if plain and most:
        yield at_most("matvecs", most, lambda: matvecs(own, results))
    least = 1
    if cell.data == "riboflavin" and cell.p == 1:
        least = 2
    if (plain and cell.sparse and cell.share == 300) or 0 < cell.p < 1:
        least = 3
    what, value = "best peer / ours", 0.0 if failed else lead(results)
    if least_lead(results) >= least and math.isnan(value):
        what, value = f"{what} at least", least_lead(results)
    yield Goal(what, value, least, least=True)
    if 0 < cell.p < 1:
        yield at_most("objective over best peer's", 1e-6, lambda: excess(results))
    if cell.sparse and cell.p <= 1 and cell.share in (100, 300):
        yield at_most("memory / X", 0.5 if cell.share == 100 else 1, lambda: known(own.fit.memory))
    if cell.cold:
        for peer, bound in (("scikit-learn", 1), ("skglm", 10)):
            value = 0.0 if failed else cold_lead(results, peer)
            yield Goal(f"cold start, {peer} / ours", value, bound, least=True)


def known(memory):
    return memory if memory >= 0 else math.nan


# As text.

HEADER = (
    "solver", "seconds", "matvecs", "times ours", "cold s", "memory / X", "non-zeros",
    "objective over best", "certificate",
)  # fmt: skip
LINE = "{:14}{:>10}{:>9}{:>16}{:>8}{:>12}{:>11}{:>21}{:>13}"


def cell_lines(cell, results):
    """Lines of text: a table with a row for each solver, the best peer, the goals."""
    own = ours(results)
    lowest = min((r.fit.objective for r in results if r.fit), default=math.nan)
    yield str(cell)
    yield LINE.format(*HEADER)
    for r in results:
        fit = r.fit
        if fit is None:
            yield f"{r.solver:14}  {r.note}"
            continue
        yield LINE.format(
            r.solver,
            f"{fit.seconds:.3g}",
            f"{matvecs(r, results):.0f}",
            r.note if not r.certified else f"{fit.seconds / own.fit.seconds:.2f}" if own else "",
            "" if math.isnan(r.cold) else f"{r.cold:.2f}",
            f"{fit.memory:.2f}" if r.certified and fit.memory >= 0 else "",
            fit.n_nonzero,
            f"{fit.objective / lowest - 1:.1e}",
            f"{fit.certificate:.1e}",
        )
    if best_peer(results):
        compared = f", {lead(results):.2f} times ours" if own else ""
        if cell.p < 1 and own:
            compared += f"; objective, ours over the best peer's: {excess(results):+.1e}"
        yield f"  best peer: {best_peer(results)}{compared}"
    for goal in goals(cell, results):
        yield f"  {goal}"


def geometric_mean(values):
    values = np.array([value for value in values if np.isfinite(value)])
    return np.exp(np.log(values).mean()) if len(values) else math.nan, len(values)


def summary(table):
    """Lines that say how the cells went together, what is not met last."""
    for name, member in GROUPS.items():
        leads = [lead(results) for cell, results in table.items() if member(cell)]
        mean, count = geometric_mean(leads)
        if count:
            goal = Goal("", mean, OVERALL, least=True)
            verdict = f", goal{str(goal).partition('goal')[2]}" if name == "all cells" else ""
            yield f"best peer / ours, {name}: geometric mean {mean:.2f} of {count}{verdict}"
    peers = {r.solver: None for results in table.values() for r in results if r.solver != OURS}
    means = {
        peer: geometric_mean([lead(results, [peer]) for results in table.values()])
        for peer in peers
    }
    shown = ", ".join(f"{peer} {mean:.2f} of {n}" for peer, (mean, n) in means.items() if n)
    yield f"each peer / ours, geometric means: {shown}"
    checks = [(cell, goal) for cell, results in table.items() for goal in goals(cell, results)]
    met = sum(goal.met is True for _, goal in checks)
    open_ = sum(goal.met is None for _, goal in checks)
    yield f"goals of single cells: {met} of {len(checks) - open_} met, {open_} without comparison"
    for cell, results in table.items():
        if ours(results) is None:
            notes = [r.note for r in results if r.solver == OURS]
            yield f"no certificate of ours: {cell}" + "".join(f" ({note})" for note in notes)
        elif not best_peer(results):
            yield f"no peer with a certificate: {cell}"
    for cell, goal in checks:
        if goal.met is False:
            yield f"{cell}: {goal}"


# As Markdown: a table for each family of exponents, rows are cells, columns are peers.


def ratio(value):
    """Two digits, no exponent."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def entry(result, own):
    """A peer's time over ours, or what is shown instead."""
    if result is None or own is None:
        return ""
    if result.certified:
        return ratio(result.fit.seconds / own.fit.seconds)
    if not math.isnan(result.over):
        return f"> {ratio(result.over / own.fit.seconds)}"
    return "none" if result.fit else "fails"


def best_entry(results):
    if not math.isnan(lead(results)):
        return f"**{ratio(lead(results))}**"
    return "" if math.isnan(least_lead(results)) else f"> {ratio(least_lead(results))}"


def section_rows(cells, names):
    """The header and the rows of one table."""
    nonconvex = any(cell.p < 1 for cell in cells)
    yield ["data", "alpha_max /", "ours: matvecs", "non-zeros", *names, "best peer"] + [
        "objective"
    ] * nonconvex
    last = ""
    for cell, results in cells.items():
        by_name = {r.solver: r for r in results}
        own = ours(results)
        row = ["" if cell.data == last else cell.data, cell.penalty.replace("p=1 /", "")]
        if own:
            row += [f"{matvecs(own, results):.0f}", f"{own.fit.n_nonzero}"]
        else:
            row += [by_name[OURS].note if OURS in by_name else "", ""]
        row += [entry(by_name.get(name), own) for name in names]
        row.append(best_entry(results))
        if nonconvex:
            difference = excess(results)
            row.append("" if math.isnan(difference) else percent(difference))
        last = cell.data
        yield row


def percent(value):
    return "same" if abs(value) < 1e-6 else f"{100 * value:+.2g} %"


def markdown_table(rows):
    header, *body = rows
    rule = ["---", "---", *["---:"] * (len(header) - 2)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, rule, *body)) + "\n"


def side_table(table, what, member, value):
    """Rows of cells, columns of solvers, of some other figure."""
    cells = {cell: results for cell, results in table.items() if member(cell)}
    names = list(dict.fromkeys(r.solver for results in cells.values() for r in results))
    rows = [["data", what, *names]]
    last = ""
    for cell, results in cells.items():
        by_name = {r.solver: value(r) for r in results if r.certified}
        shown = [by_name.get(name, math.nan) for name in names]
        row = ["" if cell.data == last else cell.data, cell.penalty]
        rows.append(row + ["" if math.isnan(v) else ratio(v) for v in shown])
        last = cell.data
    return markdown_table(rows) if len(rows) > 1 else ""


def markdown(table, limit, versions):
    """The tables, what they mean, and the goals; versions of the packages by name."""
    about = (
        f"{command()} {machine(versions)} One thread, processor time, best of several repetitions. Entries are a peer's "
        "time divided by ours, each with the same certificate, checked from outside: above 1 we "
        f'are faster. "> x": stopped (limit: {limit:g} s a fit) when its longest fit was that long; '
        '"none": no certificate at any tolerance; "fails": an error, memory included. A matvec is '
        "one X.T @ r."
    )
    parts = [about]
    for title, member in SECTIONS.items():
        cells = {cell: results for cell, results in table.items() if member(cell)}
        if not cells:
            continue
        names = dict.fromkeys(r.solver for results in cells.values() for r in results)
        names.pop(OURS, None)
        parts += [f"**{title}**", markdown_table(section_rows(cells, list(names)))]
        if "1/2" in title:
            parts.append(
                "Objective: ours relative to the lowest of any peer, certified or not; below zero "
                "is better."
            )
    cold = side_table(table, "cold start, seconds", lambda cell: cell.cold, lambda r: r.cold)
    memory = side_table(
        table,
        "memory beyond X, in sizes of X",
        lambda cell: cell.sparse and cell.p <= 1,
        lambda r: known(r.fit.memory),
    )
    if cold:
        parts += ["**Import and first fit in a new process**", cold]
    if memory:
        parts += ["**Peak memory of a fit**", memory]
    parts += ["**Together, and against the goals**", "\n".join(f"- {x}" for x in summary(table))]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def machine(versions):
    """The processor and the versions that were measured."""
    name = platform.processor()
    try:
        info = dict(re.findall(r"(.*?)\s*: (.*)", Path("/proc/cpuinfo").read_text()))
        widest = [shown for flag, shown in VECTORS.items() if flag in info["flags"].split()]
        name = ", ".join([info["model name"], *widest[:1], f"{info['cache size']} of cache a core"])
    except (OSError, KeyError):
        pass
    versions = versions | {package: version(package) for package in ("scipy", "numpy")}
    shown = ", ".join(f"{package} {number}" for package, number in versions.items() if number)
    return f"Measured on {os.cpu_count()} cores ({name}) with {shown}."


def command():
    """The command that this process was started by, for the table that it writes."""
    script, *arguments = sys.argv
    return f"Written by `{shlex.join(['python', f'benchmarks/{Path(script).name}', *arguments])}`."


# As a picture.

# Colours of Okabe and Ito, told apart by the colour-blind, each with a marker of its own.
STYLES = {
    "scikit-learn": ("#0072B2", "o"),
    "celer": ("#E69F00", "^"),
    "skglm": ("#009E73", "v"),
    "glum": ("#56B4E9", "P"),
    "skein-glm": ("#CC79A7", "X"),
    "Ridge": ("#D55E00", "d"),
    "abess": ("#999999", "*"),
    "adelie": ("#F0E442", "s"),
    "glmnet": ("#000000", "h"),
}
# Inches: a row, what a panel needs beside its rows, its title of that; the margins.
ROW, BESIDE, TITLE, HEAD, LABELS, PANEL = 0.17, 0.62, 0.25, 0.55, 2.1, 3.6
RIGHT_COLUMN = ("p = 1/2 and 2/3", "p = 0")


def figure(table, path):
    """A row for each cell, a mark for each peer's time over ours; open marks were stopped."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    columns = [[], []]
    for title, member in SECTIONS.items():
        cells = {
            cell: results for cell, results in table.items() if member(cell) and len(results) > 1
        }
        if cells:
            columns[title in RIGHT_COLUMN].append((title, cells))
    columns = [column for column in columns if column]
    tallest = max(sum(BESIDE + ROW * len(cells) for _, cells in column) for column in columns)
    width, height = (LABELS + PANEL) * len(columns), HEAD + tallest
    canvas = Figure(figsize=(width, height))
    shared, shown, values = None, set(), [1.0]
    for place, column in enumerate(columns):
        left, top = place * (LABELS + PANEL) + LABELS, height - HEAD
        for title, cells in column:
            bottom = top - TITLE - ROW * len(cells)
            box = (left / width, bottom / height, (PANEL - 0.1) / width, ROW * len(cells) / height)
            axes = shared = canvas.add_axes(box, sharex=shared)
            for name, value in draw(axes, title, cells):
                shown.add(name)
                values.append(value)
            top -= BESIDE + ROW * len(cells)
    shared.set(xscale="log", xlim=(0.7 * min(values), 1.5 * max(values)))
    order = [name for name in STYLES if name in shown]
    marks = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=5)
        for colour, marker in (STYLES[name] for name in order)
    ]
    canvas.legend(
        marks, order, loc="upper center", ncols=len(order),
        title="time of a certified fit, peer / skl_sparse (open marks: stopped by the limit)",
        fontsize=8, title_fontsize=9, frameon=False,
    )  # fmt: skip
    canvas.savefig(path, dpi=110)


def draw(axes, title, cells):
    """One panel. Yields the peer and the place of each of its marks."""
    axes.axvline(1.0, color="black", linewidth=1)
    axes.axvspan(1e-9, 1, color="0.93", zorder=0)  # here the peer is faster
    axes.set_yticks(range(len(cells)), [str(cell) for cell in cells], fontsize=7)
    axes.set_ylim(len(cells) - 0.5, -0.5)
    axes.set_title(title, fontsize=9, loc="left")
    axes.tick_params(axis="x", labelsize=7)
    axes.grid(axis="both", alpha=0.3, linewidth=0.5)
    for height, results in enumerate(cells.values()):
        own = ours(results)
        for r in results:
            if own is None or r.solver == OURS or not (r.certified or r.over >= 0):
                continue
            name = r.solver.split()[0]  # of several ways to ask one library
            colour, marker = STYLES[name]
            value = (r.fit.seconds if r.certified else r.over) / own.fit.seconds
            axes.scatter(
                value, height, s=24, marker=marker, edgecolors=colour, linewidths=0.8, zorder=3,
                facecolors=colour if r.certified else "none",
            )  # fmt: skip
            yield name, value
