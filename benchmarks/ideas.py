"""What the ideas and tuning constants of the solver are worth: fits with one of them changed.

    python benchmarks/ideas.py [--only TEXT] [--ideas TEXT] [--markdown FILE]

Each change gives fits another `Tuning`, or replaces a function of the engine while it is measured.
Fits of solvers.py's cells with p = 1, 2/3 and 1/2, one thread: as they are, then with each change in
turn, several times, so that other work of the machine slows all of them. Times are processor time
over that of fits as they are, the best of several: a geometric mean over the cells of a kind, with
the least and the most. Above 1 the change is slower. For p < 1 minima differ, so the objective is
shown too, relative to that of fits as they are. A fit without its certificate ends the benchmark.

A change that takes more than `MOST_TIMES` as long counts as so much, and its mean is marked ">".
"""

import argparse
import gc
import math
import signal
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from unittest.mock import patch

import extrapolation
import numpy as np
import sklearn
from clock import matvec, times
from contest import BUSY
from data import load
from report import command, geometric_mean, machine, markdown_table
from sklearn.exceptions import ConvergenceWarning
from solvers import all_cells
from threadpoolctl import threadpool_limits

import skl_sparse
from skl_sparse import SparseLpRegressor
from skl_sparse.engine.solvers.working_set.columns import WorkingSet
from skl_sparse.engine.tuning import DEFAULT, Tuning

MOST_TIMES = 20
SECONDS, TURNS = 0.1, (3, 20)  # of each change on each cell, and in how many turns
CONVEX, BELOW_ONE = "p = 1", "p < 1"
GRAM = WorkingSet.gram


def gram_anew(working_set, view):
    working_set._grams = {}
    return GRAM(working_set, view)


@dataclass(frozen=True)
class Idea:
    """A title, what is changed, and the family of penalties that it matters for, if not all.

    What is changed are constants of `Tuning` ("working_set.inner"), which the fit is given, or
    functions of the engine ("solvers.multistart.local_search.brief"), which are replaced.
    """

    title: str
    change: dict
    family: str | None = None

    @contextmanager
    def applied(self):
        with ExitStack() as stack:
            tuning = DEFAULT
            for name, value in self.change.items():
                folder, _, constant = name.partition(".")
                if folder in {known.name for known in fields(Tuning)}:
                    part = replace(getattr(tuning, folder), **{constant: value})
                    tuning = replace(tuning, **{folder: part})
                else:
                    stack.enter_context(patch(f"skl_sparse.engine.{name}", value))
            stack.enter_context(patch.object(SparseLpRegressor, "_tuning", tuning))
            yield


IDEAS = [
    Idea("nothing (shows the noise)", {}),
    Idea("no Newton steps", {"solvers.working_set.descent.newton_step": lambda *given: False}),
    Idea("Newton steps that end at the first zero", {"working_set.most_held": 0}),
    Idea(
        "Anderson's extrapolation instead of Newton steps",
        {"solvers.working_set.descent.newton_step": extrapolation.anderson_step},
    ),
    Idea(
        "an extrapolated dual point in addition",
        {"solvers.batch.Batch._rays": extrapolation.rays},
        CONVEX,
    ),
    Idea("every Gram computed anew", {"solvers.working_set.columns.WorkingSet.gram": gram_anew}),
    Idea("every Gram in double precision", {"working_set.in_double": math.inf}),
    Idea(
        "columns, never their Gram",
        {"working_set.small": 0, "working_set.gram_first": 0},
    ),
    Idea("no sample of the rows", {"designs.least_spared": math.inf}),
    Idea("the sample is always used", {"working_set.most_kept": 1.0}),
    Idea(
        "3 sweeps over the non-zeros instead of 10",
        {"working_set.active_sweeps": 3},
    ),
    Idea(
        "30 sweeps over the non-zeros instead of 10",
        {"working_set.active_sweeps": 30},
    ),
    Idea("inner tolerance 0.5 instead of 0.1", {"working_set.inner": 0.5}),
    Idea("inner tolerance 0.01 instead of 0.1", {"working_set.inner": 0.01}),
    Idea(
        "no descent beyond the inner tolerance",
        {
            "working_set.free_passes": 0.0,
            "working_set.free_of_many": 0.0,
        },
    ),
    Idea("near columns do not enter", {"working_set.close": 1.0}),
    Idea("no column leaves", {"working_set.nearly": math.inf}, CONVEX),
    Idea(
        "columns leave late: inactive share 1 instead of 0.5",
        {"working_set.most_inactive": 1.0},
        CONVEX,
    ),
    Idea(
        "at least 96 new columns instead of 192",
        {"working_set.least_new": 96},
        CONVEX,
    ),
    Idea(
        "at least 384 new columns instead of 192",
        {"working_set.least_new": 384},
        CONVEX,
    ),
    Idea(
        "at least 64 new columns instead of 128 to 192",
        {"working_set.least_new_of_many": (64, 64)},
        BELOW_ONE,
    ),
    Idea(
        "at least 256 new columns instead of 128 to 192",
        {"working_set.least_new_of_many": (256, 256)},
        BELOW_ONE,
    ),
    Idea("one start", {"solvers.multistart.starts.other_starts": lambda *given: ()}, BELOW_ONE),
    Idea("a path of 5 steps instead of 10", {"multistart.path_steps": 5}, BELOW_ONE),
    Idea(
        "no perturbed penalty",
        {"solvers.multistart.starts.perturbed": lambda point, tol, work: point},
        BELOW_ONE,
    ),
    Idea(
        "penalty perturbed to 0.5 instead of 0.8",
        {"multistart.perturbed": 0.5},
        BELOW_ONE,
    ),
    Idea(
        "no exchanges",
        {"solvers.multistart.local_search.brief": lambda point, work: point},
        BELOW_ONE,
    ),
    Idea("64 exchanges instead of 16", {"multistart.fewest": 64}, BELOW_ONE),
    Idea(
        "a quarter of the budget of exchanges",
        {"multistart.brief_work": (2.5e5, 4), "multistart.starting": 32},
        BELOW_ONE,
    ),
    Idea(
        "four times the budget of exchanges",
        {"multistart.brief_work": (4e6, 64), "multistart.starting": 2},
        BELOW_ONE,
    ),
    Idea(
        "exchanges settle at 1e-4 instead of 1e-5",
        {"multistart.settled": 1e-4},
        BELOW_ONE,
    ),
    Idea(
        "exchanges settle at 1e-7 instead of 1e-5",
        {"multistart.settled": 1e-7},
        BELOW_ONE,
    ),
]


@dataclass
class Change:
    """What an idea's change came to on the cells of a kind: ratios to fits as they are."""

    seconds: list = field(default_factory=list)
    objectives: list = field(default_factory=list)
    stopped: bool = False

    def add(self, seconds, objective):
        self.stopped |= seconds > MOST_TIMES
        self.seconds.append(min(seconds, MOST_TIMES))
        if not math.isnan(objective):
            self.objectives.append(objective)


class Stopped(Exception):
    pass


@contextmanager
def at_most(seconds):
    """Stop what takes longer: compiled code looks for signals every now and then.

    By the clock on the wall: a timer of processor time would make that clock a coarse one.
    """

    def stop(*given):
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def family(cell):
    return CONVEX if cell.p == 1 else BELOW_ONE


def kind(cell):
    return f"{family(cell)}, {'sparse' if cell.sparse else 'dense'}"


def measure(fit, ideas):
    """Best seconds and objective of fits as they are, then of each idea's, nan where none ended."""
    first, objective = best_of(fit, 1)
    usual, found = math.inf, [(math.inf, math.nan)] * len(ideas)
    for turn in range(int(np.clip(SECONDS / first, *TURNS))):
        usual = min(usual, best_of(fit, 2)[0])
        for k, idea in enumerate(ideas):
            if turn and found[k][0] > MOST_TIMES * usual:
                continue
            try:
                with idea.applied(), at_most(2 * BUSY * MOST_TIMES * usual + 1):
                    seconds, value = best_of(fit, 2)
            except Stopped:
                continue
            found[k] = min(found[k][0], seconds), value
    return usual, objective, found


def best_of(fit, repeats):
    seconds, model = times(fit, repeats)
    return min(seconds), model.objective_


def ratio(values, stopped=False):
    """Geometric mean, least and most."""
    if not values:
        return ""
    mean, _ = geometric_mean(values)
    return f"{'> ' if stopped else ''}{mean:.2f} ({min(values):.2f} to {max(values):.2f})"


def excess(values):
    """Mean, least and most of an objective in percent above that of fits as they are."""
    if not values:
        return ""
    percent = 100 * (np.array(values) - 1)
    return f"{percent.mean():+.2f} ({percent.min():+.2f} to {percent.max():+.2f})"


def rows(results, kinds):
    """A row for each idea: its title, times for each kind of cell, objectives below one."""
    for title in dict.fromkeys(title for title, _ in results):
        changes = {k: results[title, k] for k in kinds if (title, k) in results}
        objectives = [r for k, c in changes.items() if BELOW_ONE in k for r in c.objectives]
        shown = (changes.get(k, Change()) for k in kinds)
        yield [title, *(ratio(c.seconds, c.stopped) for c in shown), excess(objectives)]


def compare(cell, X, y, ideas, results):
    """Print what the ideas are worth on a cell, and add that to the results."""
    alpha, p, l2 = cell.problem(y, matvec(X, y)[1])
    fit = partial(SparseLpRegressor(alpha, p=p, alpha_l2=l2, tol=cell.asked).fit, X, y)
    usual, objective, found = measure(fit, ideas)
    print(f"\n{cell}: {1e3 * usual:.2f} ms", flush=True)
    for idea, (seconds, value) in zip(ideas, found, strict=True):
        change = results.setdefault((idea.title, kind(cell)), Change())
        change.add(seconds / usual, value / objective)
        print(f"  {idea.title:50}{seconds / usual:6.2f}{value / objective - 1:+10.1e}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="only cells whose name contains this")
    parser.add_argument("--ideas", default="", help="only ideas whose title contains this")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table")
    arguments = parser.parse_args()
    cells = [c for c in all_cells() if 0 < c.p <= 1 and arguments.only in str(c)]
    ideas = [idea for idea in IDEAS if arguments.ideas in idea.title]
    results = {}
    for name, of_data in groupby(cells, attrgetter("data")):
        data = load(name)
        if data is None:
            print(f"absent: {name}, see data.py")
            continue
        gc.freeze()  # to look for garbage would take longer than small fits
        for cell in of_data:
            meant = [idea for idea in ideas if idea.family in (None, family(cell))]
            compare(cell, *data, meant, results)
    kinds = list(dict.fromkeys(kind for _, kind in results))
    head = ["changed", *kinds, "objective, p < 1, %"]
    table = [head, *rows(results, kinds)]
    print()
    for row in table:
        print("  ".join(f"{entry:32}" for entry in row))
    if arguments.markdown:
        packages = {"skl-sparse": skl_sparse.__version__, "scikit-learn": sklearn.__version__}
        text = f"{command()} {machine(packages)}\n\n{markdown_table(table)}"
        arguments.markdown.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with threadpool_limits(1), warnings.catch_warnings(action="error", category=ConvergenceWarning):
        main()
