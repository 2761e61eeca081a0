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
processor time, the best of a few repetitions (warm), and for some cells import and first fit in a
new process (cold). A matvec is one X.T @ r, as SciPy or NumPy do it. Memory is the peak of a fit beyond
X, in sizes of X. A fit that does not end within the limit is stopped, and reported so.
Data: see data.py. Peers: `pip install --group bench`.
"""

import argparse
import importlib.util
import multiprocessing
import os
import resource
import time
import warnings
from dataclasses import dataclass, replace

for variable in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMBA", "RAYON"):
    os.environ[f"{variable}_NUM_THREADS".replace("MAXIMUM_NUM", "MAXIMUM")] = "1"

import numpy as np
import scipy.sparse as sp
from data import load
from scale import peak_memory
from scipy.optimize import minimize_scalar

MEMORY_LIMIT = 12 << 30  # of a process, in bytes: one that asks for more has failed
GAP, OPTIMALITY = 1e-6, 1e-4  # the certificates asked for
COMPILING = 30  # seconds that a solver's first fit of a cell may take longer, if it compiles then


@dataclass(frozen=True)
class Cell:
    """A problem to solve: the data set's name and the parameters of the objective."""

    data: str
    p: float
    share: int  # alpha_max / alpha
    elastic: bool = False  # l2 = alpha
    cold: bool = False  # measure the cold start too

    def __str__(self):
        penalty = {0.5: "p=1/2", 2 / 3: "p=2/3"}.get(self.p, f"p={self.p:g}")
        return f"{self.data} {'elastic net' if self.elastic else penalty} /{self.share}"


def quick_cells():
    for name in ("spamassassin", "riboflavin", "dense_1000x5000"):
        cold = name == "spamassassin"
        yield from (Cell(name, 1, 10, cold=cold), Cell(name, 1, 100), Cell(name, 0.5, 10))


def all_cells():
    for name in (
        "spamassassin", "riboflavin", "prostate_singh", "dense_1000x5000", "dense_100000x200",
        "news20", "flights_onehot",
    ):  # fmt: skip
        yield from (Cell(name, 1, share, cold=share == 10) for share in (10, 100, 300))
        yield Cell(name, 1, 100, elastic=True)
        yield from (Cell(name, p, share) for p in (0.5, 2 / 3) for share in (10, 100))
        yield Cell(name, 2, 100)
        yield Cell(name, 0, 100)


# The contestants: fit(X, y, alpha, p, l2, tol) -> coefficients, intercept. Each imports its library
# when called, so that a first call is a cold start.


def skl_sparse(X, y, alpha, p, l2, tol):
    from skl_sparse import SparseLpRegressor

    model = SparseLpRegressor(alpha, p=p, alpha_l2=l2, tol=tol).fit(X, y)
    return model.coef_, model.intercept_


def sklearn(X, y, alpha, p, l2, tol):
    from sklearn.linear_model import ElasticNet

    total = alpha + l2
    model = ElasticNet(total, l1_ratio=alpha / total, tol=tol, max_iter=1_000_000).fit(X, y)
    return model.coef_, model.intercept_


def ridge(solver):
    def fit(X, y, alpha, p, l2, tol):
        from sklearn.linear_model import Ridge

        strength = len(y) * (2 * alpha + l2)
        model = Ridge(strength, solver=solver, tol=tol, max_iter=100_000, random_state=0).fit(X, y)
        return model.coef_, model.intercept_

    return fit


def celer(X, y, alpha, p, l2, tol):
    from celer import ElasticNet, Lasso

    if l2:  # its Lasso is the faster one
        model = ElasticNet(alpha + l2, l1_ratio=alpha / (alpha + l2), tol=tol)
    else:
        model = Lasso(alpha, tol=tol)
    model.fit(X, y)
    return model.coef_, model.intercept_


def skglm(X, y, alpha, p, l2, tol):
    from skglm import GeneralizedLinearEstimator
    from skglm.datafits import Quadratic
    from skglm.penalties import L0_5, L1, L2_3, L1_plus_L2
    from skglm.solvers import AndersonCD

    if p == 1:
        penalty = L1_plus_L2(alpha + l2, alpha / (alpha + l2)) if l2 else L1(alpha)
        strategy = "subdiff"
    else:  # by subgradients w = 0 would always be optimal
        penalty = L0_5(alpha) if p == 0.5 else L2_3(alpha)
        strategy = "fixpoint"
    # Its tolerance has the unit of a gradient, or of a coefficient.
    scale = alpha if p == 1 else np.abs(y).max()
    solver = AndersonCD(tol=tol * scale, ws_strategy=strategy)
    model = GeneralizedLinearEstimator(Quadratic(), penalty, solver).fit(X, y)
    return model.coef_, model.intercept_


def glum(X, y, alpha, p, l2, tol):
    from glum import GeneralizedLinearRegressor

    l1, l2 = (alpha, l2) if p == 1 else (0, 2 * alpha + l2)
    model = GeneralizedLinearRegressor(
        alpha=l1 + l2, l1_ratio=l1 / (l1 + l2), gradient_tol=tol * alpha, max_iter=1000
    ).fit(X, y)
    return model.coef_, model.intercept_


def skein(X, y, alpha, p, l2, tol):
    from skein_glm import BridgeRegressor, ElasticNetRegressor

    if p == 1:
        model = ElasticNetRegressor(alpha + l2, alpha / (alpha + l2), tol=tol, max_iter=100_000)
    else:
        model = BridgeRegressor(alpha, p, tol=tol, outer_tol=tol, max_iter=100_000, max_outer=1000)
    model.fit(X, y)
    return model.coef_, model.intercept_


def abess(X, y, alpha, p, l2, size):
    # It looks for the best subset of a given size: it is told that of our answer.
    from abess import LinearRegression

    model = LinearRegression(support_size=size, thread=1).fit(X, y)
    return model.coef_, model.intercept_


@dataclass(frozen=True)
class Solver:
    """A contestant: the module it needs, the exponents it solves for, and its function."""

    module: str
    exponents: tuple
    fit: object
    compiles: bool = False
    asks_size: bool = False  # takes the number of non-zeros in the place of tol


SOLVERS = {
    "skl_sparse": Solver("skl_sparse", (0, 0.5, 2 / 3, 1, 2), skl_sparse),
    "scikit-learn": Solver("sklearn", (1,), sklearn),
    "celer": Solver("celer", (1,), celer),
    "skglm": Solver("skglm", (0.5, 2 / 3, 1), skglm, compiles=True),
    "glum": Solver("glum", (1, 2), glum),
    "skein-glm": Solver("skein_glm", (0.5, 2 / 3, 1), skein),
    "abess": Solver("abess", (0,), abess, asks_size=True),
    **{
        f"Ridge {solver}": Solver("sklearn", (2,), ridge(solver))
        for solver in ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga")
    },
}
OURS = "skl_sparse"


# The judge: objective and certificate of an answer.


def judge(X, y, alpha, p, l2, coef, intercept):
    """Objective and certificate (see the module's docstring) of coefficients and intercept."""
    n = len(y)
    coef = np.asarray(coef, dtype=np.float64).ravel()
    residual = y - X @ coef - intercept
    null = np.sum((y - y.mean()) ** 2) / (2 * n)
    objective = residual @ residual / (2 * n) + alpha * lp(coef, p).sum()
    objective += l2 / 2 * (coef @ coef)
    dual_point = residual - residual.mean()
    gradient = X.T @ dual_point / n
    if p < 1:
        return objective, step_left(X, gradient, coef, alpha, p) / np.sqrt(2 * null)
    l1, l2 = (0.0, 2 * alpha + l2) if p == 2 else (alpha, l2)
    linear, quadratic = y @ dual_point / n, dual_point @ dual_point / n
    if l2:

        def dual_at(scale):
            excess = np.maximum(scale * np.abs(gradient) - l1, 0)
            return scale * linear - scale**2 / 2 * quadratic - excess @ excess / (2 * l2)

        best = minimize_scalar(lambda scale: -dual_at(scale), bounds=(0, 2), method="bounded")
        dual = max(dual_at(1.0), -best.fun)  # a solution's own scale is 1
    else:
        scale = min(linear / quadratic, l1 / np.abs(gradient).max())
        dual = scale * linear - scale**2 / 2 * quadratic
    return objective, (objective - dual) / null


def lp(w, p):
    return np.where(w == 0, 0, np.abs(w) ** p)  # 0 ** 0 is 0 here


def step_left(X, gradient, coef, alpha, p):
    """Largest exact step of a single coefficient: min of its length and what it would gain.

    The intercept stays where it is: some peers take it for one more coordinate, and stop where only
    moving both together would gain. SparseLpRegressor asks more of itself.
    """
    if sp.issparse(X):
        squares = np.bincount(X.indices, X.data**2, X.shape[1])
    else:
        squares = np.einsum("ij,ij->j", X, X)
    n = X.shape[0]
    columns = np.flatnonzero(squares)
    curvature, w = squares[columns] / n, coef[columns]
    target = w + gradient[columns] / curvature
    weight = alpha / curvature
    step = prox(target, weight, p) - w

    def value(x):
        return curvature * ((x - target) ** 2 / 2 + weight * lp(x, p))

    gain = np.maximum(value(w) - value(w + step), 0)
    return np.minimum(np.sqrt(curvature) * np.abs(step), np.sqrt(2 * gain)).max()


def prox(z, weight, p):
    """Global minimiser of (x - z)^2 / 2 + weight |x|^p for p < 1, by Newton from |z| down."""
    tip = (2 * weight * (1 - p)) ** (1 / (2 - p))
    nonzero = np.abs(z) > tip + weight * p * tip ** (p - 1)
    size, weight = np.abs(z[nonzero]), weight[nonzero]
    x = size.copy()
    for _ in range(50):
        slope = 1 - weight * p * (1 - p) * x ** (p - 2)
        x -= (x - size + weight * p * x ** (p - 1)) / slope
    result = np.zeros_like(z)
    result[nonzero] = np.sign(z[nonzero]) * x
    return result


# Measuring. A worker answers each request with one message a fit, so that the parent knows how far
# it got when the limit ends it.


@dataclass
class Fit:
    """What one fit came to."""

    tol: float
    seconds: float
    matvec: float
    objective: float = np.nan
    certificate: float = np.nan
    n_nonzero: int = 0
    memory: float = np.nan


def worker(connection, solver):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    warnings.simplefilter("ignore")  # solvers warn of a tol not reached; the certificate decides
    name, X, y = None, None, None
    while True:
        cell, tol, repeat = connection.recv()
        try:
            if cell.data != name:
                (X, y), name = load(cell.data), cell.data
            for fit in measure(SOLVERS[solver].fit, X, y, cell, tol, repeat):
                connection.send(fit)
            connection.send("done")
        except Exception as error:  # noqa: BLE001 (whatever a peer fails of is reported)
            connection.send(f"{type(error).__name__}: {error}".splitlines()[0][:90])


def measure(function, X, y, cell, tol, repeat):
    """Yield fits: with decreasing tol until one is certified, then repetitions of that one."""
    gradients, times = [], []
    for _ in range(9):
        start = time.process_time()
        gradients.append(X.T @ (y - y.mean()))
        times.append(time.process_time() - start)
    matvec = float(np.median(times))
    alpha = np.abs(gradients[0]).max() / len(y) / cell.share
    problem = (alpha, cell.p, alpha if cell.elastic else 0.0)
    asked = GAP if cell.p >= 1 else OPTIMALITY

    def fit(tol):
        start = time.process_time()
        coef, intercept = function(X, y, *problem, tol)
        return coef, intercept, time.process_time() - start

    lowest, stalled = np.inf, 0
    while True:
        coef, intercept, seconds = fit(tol)
        objective, certificate = judge(X, y, *problem, coef, intercept)
        done = Fit(tol, seconds, matvec, objective, certificate, np.count_nonzero(coef))
        yield done
        stalled = 0 if certificate < 0.9 * lowest else stalled + 1
        lowest = min(lowest, certificate)
        if certificate <= asked or stalled == 3 or not repeat or isinstance(tol, int):
            break
        tol *= np.clip(asked / certificate, 0.01, 0.3)
    if certificate > asked or not repeat:
        return
    size = X.data.nbytes + (X.indices.nbytes + X.indptr.nbytes if sp.issparse(X) else 0)
    (_, _, seconds), memory, _ = peak_memory(lambda: fit(tol))
    yield replace(done, seconds=seconds, memory=memory / size)
    spent = 0
    for _ in range(20):
        spent += seconds
        if spent > 1:
            break
        seconds = fit(tol)[2]
        yield replace(done, seconds=seconds)


class Contestant:
    """A solver in a process, started anew when a fit had to be stopped."""

    def __init__(self, solver, limit):
        self.solver, self.limit, self.process = solver, limit, None

    def ask(self, cell, tol, repeat=True):
        """All fits of a cell, and "done" or what stopped them."""
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.connection, theirs = context.Pipe()
            self.process = context.Process(target=worker, args=(theirs, self.solver), daemon=True)
            self.process.start()
            theirs.close()
        self.connection.send((cell, tol, repeat))
        fits = []
        while self.connection.poll(
            self.limit + COMPILING * (SOLVERS[self.solver].compiles and not fits)
        ):
            try:
                message = self.connection.recv()
            except EOFError:
                self.stop()
                return fits, "the process died"
            if isinstance(message, str):
                return fits, message
            fits.append(message)
        self.stop()
        return fits, f"over {self.limit:g} s"

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


@dataclass
class Result:
    """Of a solver on a cell: its best certified fit, or the last it made and why that is all."""

    solver: str
    fit: Fit | None
    certified: bool
    note: str
    cold: float = np.nan


def run(cell, contestant, ours):
    """Result of a contestant on a cell, given ours if there is one yet."""
    tol = 1e-4
    if SOLVERS[contestant.solver].asks_size:
        if ours is None or ours.fit is None:
            return Result(contestant.solver, None, False, "no size to look for")
        tol = int(ours.fit.n_nonzero)
    fits, end = contestant.ask(cell, tol)
    asked = GAP if cell.p >= 1 else OPTIMALITY
    certified = [fit for fit in fits if fit.certificate <= asked]
    if not certified:
        note = end if end != "done" else "no certificate"
        return Result(contestant.solver, fits[-1] if fits else None, False, note)
    best = min(certified, key=lambda fit: fit.seconds)
    best.memory = float(np.nanmax([*(fit.memory for fit in certified), -1]))
    result = Result(contestant.solver, best, True, "")
    if cell.cold:
        contestant.stop()
        cold, _ = contestant.ask(cell, best.tol, repeat=False)
        result.cold = cold[0].seconds if cold else np.nan
    return result


# Reporting.

HEADER = (
    "solver", "seconds", "matvecs", "times ours", "cold s", "memory / X", "non-zeros",
    "objective over best", "certificate",
)  # fmt: skip


def rows(results):
    """Cells of the table, as text, a row for each solver."""
    ours = next((r.fit.seconds for r in results if r.solver == OURS and r.certified), np.nan)
    lowest = min((r.fit.objective for r in results if r.certified), default=np.nan)
    matvec = np.median([r.fit.matvec for r in results if r.fit])
    for r in results:
        fit = r.fit
        if fit is None:
            yield (r.solver, r.note, *[""] * (len(HEADER) - 2))
            continue
        yield (
            r.solver,
            f"{fit.seconds:.3g}",
            f"{fit.seconds / matvec:.0f}",
            r.note if not r.certified else "" if np.isnan(ours) else f"{fit.seconds / ours:.2f}",
            "" if np.isnan(r.cold) else f"{r.cold:.2f}",
            f"{fit.memory:.2f}" if r.certified and fit.memory >= 0 else "",
            str(fit.n_nonzero),
            f"{fit.objective / lowest - 1:.1e}",
            f"{fit.certificate:.1e}",
        )


def lead(results):
    """Best certified peer's time over ours; nan if either has none."""
    times = {r.solver: r.fit.seconds for r in results if r.certified}
    ours = times.pop(OURS, np.nan)
    return min(times.values(), default=np.nan) / ours


def summary(table):
    """Lines that say how the cells went together."""
    leads = {cell: lead(results) for cell, results in table.items()}
    known = np.array([value for value in leads.values() if np.isfinite(value)])
    if len(known):
        mean = np.exp(np.log(known).mean())
        yield f"best peer / skl_sparse: geometric mean {mean:.2f} over {len(known)} cells"
    peers = {r.solver for results in table.values() for r in results} - {OURS}
    for peer in sorted(peers):
        ratios = [
            lead([r for r in results if r.solver in (OURS, peer)]) for results in table.values()
        ]
        ratios = np.array([ratio for ratio in ratios if np.isfinite(ratio)])
        if len(ratios):
            mean = np.exp(np.log(ratios).mean())
            yield f"{peer} / skl_sparse: geometric mean {mean:.2f} over {len(ratios)} cells"
    for cell, value in leads.items():
        if value < 1:
            yield f"slower than the best peer: {cell}, {1 / value:.2f} times"
        elif not any(r.certified for r in table[cell] if r.solver == OURS):
            yield f"no certificate of ours: {cell}"
        elif not np.isfinite(value):
            yield f"no peer with a certificate: {cell}"


def markdown(table):
    lines = ["| cell | " + " | ".join(HEADER) + " |", "|---" * (len(HEADER) + 1) + "|"]
    for cell, results in table.items():
        title = str(cell)
        for row in rows(results):
            lines.append(f"| {title} | " + " | ".join(row) + " |")
            title = ""
    return "\n".join([*lines, "", *(f"- {line}" for line in summary(table))]) + "\n"


def figure(table, path):
    """A row for each cell, a dot for each solver's certified time in matvecs."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(8, 1.2 + 0.26 * len(table)), layout="constrained")
    axes = canvas.add_subplot()
    solvers = list(dict.fromkeys(r.solver for results in table.values() for r in results))
    for number, solver in enumerate(solvers):
        points = [
            (r.fit.seconds / r.fit.matvec, height)
            for height, results in enumerate(table.values())
            for r in results
            if r.solver == solver and r.certified
        ]
        if points:
            style = {"color": colormaps["tab20"](number), "s": 25}
            if solver == OURS:
                style = {"color": "black", "marker": "D", "s": 45, "zorder": 3}
            axes.scatter(*zip(*points, strict=True), label=solver, **style)
    axes.set(xscale="log", xlabel="time of a certified fit, in matvecs (X.T @ r)")
    axes.set_yticks(range(len(table)), [str(cell) for cell in table], fontsize=8)
    axes.invert_yaxis()
    axes.grid(alpha=0.3)
    canvas.legend(loc="outside upper center", ncols=5, fontsize=8)
    canvas.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few cells, about two minutes")
    parser.add_argument("--only", default="", help="only cells whose name contains this")
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=list(SOLVERS))
    parser.add_argument("--limit", type=float, help="seconds a fit may take, default 60, quick 5")
    parser.add_argument("--markdown", metavar="FILE", help="write the table")
    parser.add_argument("--figure", metavar="FILE", help="write a picture of it")
    arguments = parser.parse_args()

    limit = arguments.limit or (5 if arguments.quick else 60)
    present = []
    for name in arguments.solvers:
        if importlib.util.find_spec(SOLVERS[name].module):
            present.append(name)
        else:
            print(f"absent: {name}")
    cells = [
        cell
        for cell in (quick_cells() if arguments.quick else all_cells())
        if arguments.only in str(cell)
    ]
    for name in {cell.data: None for cell in cells}:
        data = load(name)
        if data is None:
            print(f"absent: {name}, see data.py")
            cells = [cell for cell in cells if cell.data != name]
        else:  # what is rebuilt need not be what was measured elsewhere
            X = data[0]
            size = f"{X.nnz} stored entries" if sp.issparse(X) else "dense"
            print(f"{name}: {X.shape[0]} x {X.shape[1]}, {size}")

    table = {}
    contestants = {name: Contestant(name, limit) for name in present}
    line = "{:14}{:>10}{:>9}{:>16}{:>8}{:>12}{:>11}{:>21}{:>13}"
    for cell in cells:
        print(f"\n{cell}\n" + line.format(*HEADER), flush=True)
        table[cell] = results = []
        for name in present:
            if cell.p in SOLVERS[name].exponents:
                ours = next((r for r in results if r.solver == OURS), None)
                results.append(run(cell, contestants[name], ours))
        for row in rows(results):
            print(line.format(*row), flush=True)
    for contestant in contestants.values():
        contestant.stop()
    print()
    for text in summary(table):
        print(text)
    if arguments.markdown:
        with open(arguments.markdown, "w", encoding="utf-8") as file:
            file.write(markdown(table))
    if arguments.figure:
        figure(table, arguments.figure)


if __name__ == "__main__":
    main()
