"""Measuring: each contestant in a process of its own, asked for one cell after the other."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from copy import copy
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from alone import hide_all_but
from clock import matvec
from contestants import OURS, SOLVERS
from data import SPARSE
from judge import judge
from scale import peak_memory

MEMORY_LIMIT = 12 << 30  # of a process, in bytes: one that asks for more has failed
GAP, OPTIMALITY = 1e-6, 1e-4  # the certificates asked for
FIRST_TOL = 1e-4
# Seconds that the first fit of a cell may take longer: imports, and for some compilation.
IMPORTING, COMPILING = 3, 30
LIMITS = 3  # a solver's fits of one cell, all tolerances together, end after so many limits
OVER = "over the limit"
BUSY = 4  # wall time over processor time that a busy machine may come to
STALLED = 3  # answers no better, for a tol that asks for better, after which there is none
REPETITIONS = 20  # of a fit, at most, one after the other
# Fits up to so many seconds are repeated in so many turns, in each by one solver after the other: if
# the machine is faster for a while, all solvers profit.
SHORT, TURNS = 0.2, 4


@dataclass(frozen=True)
class Cell:
    """A problem to solve: the data set's name and the parameters of the objective."""

    data: str
    p: float
    share: int  # alpha_max / alpha
    elastic: bool = False  # l2 = alpha
    cold: bool = False  # measure the cold start too

    @property
    def penalty(self):
        name = {0.5: "p=1/2", 2 / 3: "p=2/3"}.get(self.p, f"p={self.p:g}")
        return f"{'elastic net' if self.elastic else name} /{self.share}"

    @property
    def sparse(self):
        return self.data in SPARSE

    @property
    def asked(self):
        return GAP if self.p >= 1 else OPTIMALITY

    def problem(self, y, gradient):
        """alpha, p and l2, given X.T @ (y - mean y)."""
        alpha = np.abs(gradient).max() / len(y) / self.share
        return alpha, self.p, alpha if self.elastic else 0.0

    def __str__(self):
        return f"{self.data} {self.penalty}"


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


@dataclass
class Result:
    """Of a solver on a cell: its best certified fit, or the last it made and why that is all.

    ``over``: seconds of its longest fit that was not enough, where it was stopped.
    """

    solver: str
    fit: Fit | None
    certified: bool
    note: str = ""
    over: float = np.nan
    cold: float = np.nan


def work(descriptor, solver):
    """Answer each request with one message a fit: the parent knows how far it got."""
    import resource

    connection = Connection(descriptor)
    hide_all_but("numpy", "scipy", SOLVERS[solver].package)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    warnings.simplefilter("ignore")  # solvers warn of a tol not reached; the certificate decides
    path, X, y = None, None, None
    while True:
        try:
            cell, file, tol, repeat, known = connection.recv()
        except EOFError:  # nobody asks any more
            return
        try:
            if file != path:
                path = file
                with open(path, "rb") as stream:
                    X, y = pickle.load(stream)
            for fit in measure(SOLVERS[solver].fit, X, y, cell, tol, repeat, known):
                connection.send(fit)
            connection.send("done")
        except Exception as error:  # noqa: BLE001 (whatever a peer fails of is reported)
            connection.send(f"{type(error).__name__}: {error}".splitlines()[0][:90])


def processor_time(pid):
    """Seconds that a process and its children have used; wall time if the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # and of children that ended
    except (OSError, IndexError, AttributeError):
        return time.monotonic()
    return own + sum(processor_time(child) for child in children(pid))


def children(pid):
    """Processes that a process has started and that have not ended."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [child for child in listed if Path("/proc", child).exists()]


@dataclass
class Watch:
    """How much processor time the next fit of a cell may take; wall time depends on the machine."""

    limit: float
    first: float  # what the first may take longer: imports and compilation
    always: bool = False  # so may the others: each starts a program
    spent: float = 0.0

    @property
    def left(self):
        """What all fits of the cell leave."""
        return LIMITS * self.limit - self.spent

    @property
    def next(self):
        return min(self.limit, self.left) + (0.0 if self.spent and not self.always else self.first)

    def add(self, seconds):
        self.spent += seconds if self.spent else min(seconds, self.limit)


def measure(function, X, y, cell, tol, repeat, known=None):
    """Yield fits: with decreasing tol until one is certified, then repetitions of that one.

    Those take about ``repeat`` seconds; zero: the first fit is all that is asked for. If a fit is
    ``known``, repetitions of that.
    """
    unit, gradient = matvec(X, y)
    problem = cell.problem(y, gradient)
    if known:
        yield from repetitions(function, X, y, problem, replace(known, matvec=unit), repeat)
        return
    lowest, stalled = np.inf, 0
    while True:
        coef, intercept, seconds = timed(function, X, y, problem, tol)
        objective, certificate = judge(X, y, *problem, coef, intercept)
        done = Fit(tol, seconds, unit, objective, certificate, np.count_nonzero(coef))
        yield done
        if certificate < 0.9 * lowest:
            stalled = 0
        elif tol < lowest:  # before that, the same answer is all that was asked for
            stalled += 1
        lowest = min(lowest, certificate)
        hopeless = stalled == STALLED or np.isnan(certificate) or isinstance(tol, int)
        if certificate <= cell.asked or hopeless or not repeat:
            break
        tol *= np.clip(cell.asked / certificate, 0.01, 0.3)
    if not certificate <= cell.asked or not repeat:
        return
    size = X.data.nbytes + (X.indices.nbytes + X.indptr.nbytes if sp.issparse(X) else 0)
    (_, _, seconds), memory, _ = peak_memory(lambda: timed(function, X, y, problem, tol))
    yield replace(done, seconds=seconds, memory=memory / size)
    yield from repetitions(function, X, y, problem, done, repeat - seconds)


def repetitions(function, X, y, problem, known, repeat):
    """Yield a fit that is known as timed anew, for about ``repeat`` seconds."""
    for _ in range(REPETITIONS):
        if repeat < 0:
            break
        start = time.monotonic()
        *_, seconds = timed(function, X, y, problem, known.tol)
        yield replace(known, seconds=seconds)
        repeat -= time.monotonic() - start  # of which starting a program, too, may take most


def timed(function, X, y, problem, tol):
    """Coefficients and intercept, and the seconds of processor time that they took."""
    start = time.process_time()
    coef, intercept, *reported = function(X, y, *problem, tol)
    return coef, intercept, *(reported or [time.process_time() - start])


class Contestant:
    """A solver in a process, started anew when a fit had to be stopped.

    Parameters
    ----------
    solver : str
    limit : float
        Seconds of processor time that a fit may take.
    repeat : float
        Seconds of repetitions.
    files : dict
        By the name of a data set, the file with the pickled (X, y): to read it imports nothing
        that a cold start would.
    python : str, optional
        The interpreter that has the solver, if it is another.
    cold_starts : int
        New processes, of which the best counts, as of warm fits.
    """

    def __init__(self, solver, limit, repeat, files, python=None, cold_starts=1):
        self.solver, self.limit, self.repeat, self.files = solver, limit, repeat, files
        self.python, self.process = python or sys.executable, None
        self.cold_starts = cold_starts

    def start(self):
        here = [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, here))}
        self.connection, theirs = multiprocessing.Pipe()
        with theirs:
            call = f"import contest; contest.work({theirs.fileno()}, {self.solver!r})"
            self.process = subprocess.Popen(
                [self.python, "-P", "-c", call], env=environment, pass_fds=[theirs.fileno()],
                start_new_session=True,
            )  # fmt: skip

    def ask(self, cell, tol, repeat, known=None):
        """All fits of a cell; "done" or what ended them; if a limit, the longest fit until then.

        If a fit is ``known``, repetitions of that.
        """
        if self.process is None:
            self.start()
        solver = SOLVERS[self.solver]
        watch = Watch(self.limit, COMPILING if solver.compiles else IMPORTING, solver.in_r)
        self.connection.send((cell, self.files[cell.data], tol, repeat, known))
        fits, end = [], ""
        while not end:
            message = self.wait(watch.next)
            if isinstance(message, Fit):
                fits.append(message)
                watch.add(message.seconds)
            else:
                end = message
        if end != OVER:
            return fits, end, np.nan
        if watch.left >= self.limit:
            return fits, f"over {self.limit:g} s", self.limit
        return fits, f"none in {LIMITS * self.limit:g} s", max(fit.seconds for fit in fits)

    def wait(self, seconds):
        """The next message; or what is wrong, and no process is left."""
        started, wall, message = processor_time(self.process.pid), time.monotonic(), ""
        while not message:
            try:
                if self.connection.poll(0.05):
                    return self.connection.recv()
            except EOFError:
                message = "the process died"
            if processor_time(self.process.pid) - started > seconds:
                message = OVER
            elif time.monotonic() - wall > BUSY * (seconds + IMPORTING):
                message = "no sign of life"
        self.stop()
        return message

    def stop(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)  # with what it started
            self.process.wait()
            self.connection.close()
            self.process = None


def run(cell, contestant, ours):
    """Result of a contestant on a cell, given ours if there is one yet."""
    solver, tol = contestant.solver, FIRST_TOL
    if SOLVERS[solver].asks_size:
        if ours is None or ours.fit is None:
            return Result(solver, None, False, "no size to look for")
        tol = int(ours.fit.n_nonzero)
    fits, end, over = contestant.ask(cell, tol, contestant.repeat)
    certified = [fit for fit in fits if fit.certificate <= cell.asked]
    if not certified:
        note = end if end != "done" else "no certificate"
        return Result(solver, fits[-1] if fits else None, False, note, over)
    best = min(certified, key=lambda fit: fit.seconds)
    in_r = SOLVERS[solver].in_r
    best.memory = float(np.nanmax([*(fit.memory for fit in certified if not in_r), -1]))
    result = Result(solver, best, True)
    if cell.cold and not in_r:
        times = [cold_start(contestant, cell, best.tol) for _ in range(contestant.cold_starts)]
        result.cold = min(times)
    return result


def cold_start(contestant, cell, tol):
    """Seconds of import and first fit in a new process; nan if it fails."""
    newcomer = copy(contestant)
    newcomer.process = None  # the other goes on, with what it has compiled
    try:
        fits, *_ = newcomer.ask(cell, tol, repeat=0)
    finally:
        newcomer.stop()
    return fits[0].seconds if fits else np.nan


def contest(cell, contestants):
    """Results of all contestants that solve for the cell's exponent, ours first if it is one."""
    results, short = [], []
    for contestant in contestants:
        solver = SOLVERS[contestant.solver]
        if cell.p in solver.exponents:
            ours = next((r for r in results if r.solver == OURS), None)
            result = run(cell, contestant, ours)
            results.append(result)
            # What starts a program for each fit takes too long for turns.
            if result.certified and result.fit.seconds <= SHORT and not solver.in_r:
                short.append((contestant, result.fit))
    for _ in range(TURNS):
        for contestant, fit in short:
            fits, *_ = contestant.ask(cell, fit.tol, contestant.repeat / TURNS, fit)
            fit.seconds = min([fit.seconds, *(again.seconds for again in fits)])
            fit.matvec = min([fit.matvec, *(again.matvec for again in fits)])
    return results
