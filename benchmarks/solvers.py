"""SparseLpRegressor side by side with its peers: time, memory and objective of single fits.

    python benchmarks/solvers.py [--quick] [--only TEXT] [--markdown FILE] [--figure FILE]

minimise  |y - X w - b|^2 / (2 n) + alpha |w|_p^p + l2/2 |w|^2,  alpha = alpha_max / share with
alpha_max = max_j |x_j.(y - mean y)| / n whatever p. Every solver gets the same arrays (CSR, as a
pipeline hands it over, conversion included; dense in Fortran order) in a process of its own with
one thread, and is judged by the same certificate, computed here from its answer:

- p >= 1: duality gap relative to that of the null model, at most 1e-6;
- p < 1: the largest exact coordinate step left, relative to the null model (as `optimality_` of
  SparseLpRegressor, but with the intercept fixed), at most 1e-4. Minima differ: compare objectives.

A solver is run with decreasing `tol` until it has the certificate, and that run's time counts:
processor time, the best of several repetitions (warm), those of short fits in turns, one solver after
the other; and for some cells import and first fit in a new process (cold, the best of three, quick
one), where each library finds only what it requires itself (see alone.py). A matvec is one X.T @ r,
as SciPy or NumPy do it. Memory is the peak of a fit beyond X, in sizes of X. A fit that does not end
within the limit is stopped, and reported so; so is a solver whose fits of one cell take three times the limit.
Each cell's goals are printed with it.
Data: see data.py. Peers: `pip install --group bench`. adelie needs an older NumPy than the others,
so it gets an environment of its own: `pip install adelie numpy scipy` there, and `--python
adelie=that/bin/python` here (`make bench` does so). glmnet takes part where `Rscript` finds it; its
time is measured inside R, its memory and cold start are not, and its fits are not repeated in turns.
"""

import argparse
import os
import pickle
import sys
import tempfile
from pathlib import Path

for variable in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA", "RAYON"):
    os.environ[f"{variable}_NUM_THREADS"] = "1"
os.environ["VECLIB_MAXIMUM_THREADS"] = "1"

import report
import scipy.sparse as sp
from contest import Cell, Contestant, contest
from contestants import SOLVERS
from data import SPARSE, load

DENSE = ("riboflavin", "prostate_singh", "dense_1000x5000", "dense_100000x200")


def quick_cells():
    for name in ("spamassassin", "riboflavin", "dense_1000x5000"):
        cold = name == "spamassassin"
        yield from (Cell(name, 1, 10, cold=cold), Cell(name, 1, 100), Cell(name, 0.5, 10))
    yield Cell("riboflavin", 2, 100)


def all_cells():
    for name in (*SPARSE, *DENSE):
        yield from (Cell(name, 1, share, cold=share == 10) for share in (10, 100, 300))
        yield Cell(name, 1, 100, elastic=True)
        yield from (Cell(name, p, share) for p in (0.5, 2 / 3) for share in (10, 100))
        yield from (Cell(name, 2, share) for share in (1, 100))
        yield Cell(name, 0, 100)


def hand_over(cells, folder):
    """Write the data of the cells to files: by name, where there are any. Prints their sizes."""
    files = {}
    for name in dict.fromkeys(cell.data for cell in cells):
        data = load(name)
        if data is None:
            print(f"absent: {name}, see data.py")
            continue
        X = data[0]  # rebuilt data may differ from those of the published tables
        size = f"{X.nnz} stored entries" if sp.issparse(X) else "dense"
        print(f"{name}: {X.shape[0]} x {X.shape[1]}, {size}", flush=True)
        files[name] = folder / f"{name}.pickle"
        with open(files[name], "wb") as stream:
            pickle.dump(data, stream, protocol=4)  # which older NumPy reads
    return files


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few cells, under two minutes")
    parser.add_argument("--only", default="", help="only cells whose name contains this")
    parser.add_argument(
        "--solvers", nargs="+", choices=SOLVERS,
        help="default all; quick: all but those in R, which takes seconds to start for each fit",
    )  # fmt: skip
    parser.add_argument(
        "--python", nargs="+", default=[], metavar="PACKAGE=PATH",
        help="the interpreter of an environment that has a package, for those with pins that clash",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=float, help="processor seconds of a fit, default 30, quick 0.5"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="write a picture of them")
    arguments = parser.parse_args()

    limit, repeat, cold_starts = (0.5, 0.1, 1) if arguments.quick else (30, 1, 3)
    limit = arguments.limit or limit
    solvers = arguments.solvers or [
        name for name, solver in SOLVERS.items() if not (arguments.quick and solver.in_r)
    ]
    pythons = dict(given.split("=", 1) for given in arguments.python)
    versions = {}
    for name in solvers:
        package = SOLVERS[name].package
        if package not in versions:
            versions[package] = SOLVERS[name].version(pythons.get(package, sys.executable))
        if versions[package] is None:
            print(f"absent: {name}")
    present = [name for name in solvers if versions[SOLVERS[name].package]]
    cells = [
        cell
        for cell in (quick_cells() if arguments.quick else all_cells())
        if arguments.only in str(cell)
    ]
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        files = hand_over(cells, Path(folder))
        contestants = [
            Contestant(name, limit, repeat, files, pythons.get(SOLVERS[name].package), cold_starts)
            for name in present
        ]
        try:
            for cell in cells:
                if cell.data in files:
                    table[cell] = contest(cell, contestants)
                    print("", *report.cell_lines(cell, table[cell]), sep="\n", flush=True)
        finally:
            for contestant in contestants:
                contestant.stop()
    print("", *report.summary(table), sep="\n")
    for file in (arguments.markdown, arguments.figure):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
    if arguments.markdown:
        arguments.markdown.write_text(report.markdown(table, limit, versions), encoding="utf-8")
    if arguments.figure:
        report.figure(table, arguments.figure)


if __name__ == "__main__":
    main()
