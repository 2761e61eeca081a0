"""The benchmark's own parts: whom it believes, when it gives up, what it says of the results."""

import dataclasses
import math
import os
import pickle
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import contest
import extrapolation
import growth
import ideas
import numpy as np
import pytest
import report
import scipy.sparse as sp
import transformers
from alone import required
from contest import Cell, Contestant, Fit, Result, Watch
from contestants import SOLVERS, Solver
from judge import judge

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.parallel import one_blas_thread
from skl_sparse.engine.penalties import LpPenalty
from skl_sparse.engine.solvers.working_set import outer_loop
from skl_sparse.engine.solvers.working_set._coordinate_descent import coordinate_descent
from skl_sparse.engine.solvers.working_set._systems import GramSystem
from skl_sparse.linear_model import regressor


@pytest.fixture
def problem():
    rng = np.random.default_rng(3)
    X = sp.random(60, 30, 0.3, format="csr", random_state=4)
    return X, X @ rng.standard_normal(30) + 0.1 * rng.standard_normal(60)


def penalties(X, y, share):
    return np.abs(X.T @ (y - y.mean())).max() / len(y) / share


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_matrix.toarray])
@pytest.mark.parametrize(("p", "l2"), [(0, 0), (0.5, 0), (2 / 3, 0), (1, 0), (1, 0.01), (2, 0)])
def test_judge_agrees_with_the_certificates_of_a_fit(problem, container, p, l2):
    X, y = problem
    alpha = penalties(X, y, 10)
    model = SparseLpRegressor(alpha, p=p, alpha_l2=l2, tol=1e-9).fit(X, y)
    X = container(X)
    objective, certificate = judge(X, y, alpha, p, l2, model.coef_, model.intercept_)
    assert objective == pytest.approx(model.objective_, rel=1e-12)
    assert abs(certificate) < 1e-8
    worse, found = judge(X, y, alpha, p, l2, 1.05 * model.coef_, model.intercept_)
    null = np.mean((y - y.mean()) ** 2) / 2
    assert worse > objective
    assert found > (worse - objective) / null * (0.99 if p >= 1 else 0)


def test_a_gap_bounds_the_distance_to_the_minimum(problem):
    X, y = problem
    alpha = penalties(X, y, 10)
    best = SparseLpRegressor(alpha, tol=1e-12).fit(X, y).objective_
    for seed in range(20):
        coef = np.random.default_rng(seed).standard_normal(30)
        intercept = np.mean(y - X @ coef)
        objective, gap = judge(X, y, alpha, 1, 0.0, coef, intercept)
        assert gap * np.mean((y - y.mean()) ** 2) / 2 >= (objective - best) * (1 - 1e-9)


def fits(problem, error, tol=1e-4):
    """What `measure` yields for a solver whose answers are wrong by the share ``error(tol)``."""
    X, y = problem
    calls = []

    def function(X, y, alpha, p, l2, tol):
        calls.append(tol)
        model = SparseLpRegressor(alpha, p=p, tol=1e-12).fit(X, y)
        return model.coef_ * (1 + error(tol)), model.intercept_

    found = list(contest.measure(function, X, y, Cell("none", 1, 10), tol, 0.01))
    return found, calls


def test_the_same_answer_counts_only_once_tol_asks_for_a_better_one(problem):
    """A solver may keep its answer as long as that is as good as its tol."""
    (rough, *_), _ = fits(problem, lambda tol: 2e-6)
    found, _ = fits(problem, lambda tol: 2e-6 if tol > rough.certificate else 1e-12, tol=0.1)
    same = [fit for fit in found if fit.certificate == rough.certificate]
    assert len(same) > contest.STALLED + 1
    assert found[-1].certificate <= contest.GAP


def test_a_solver_that_does_not_get_better_is_given_up(problem):
    found, calls = fits(problem, lambda tol: 1e-2)
    assert found[-1].certificate > contest.GAP
    assert contest.STALLED < len(calls) < 20


def test_short_fits_are_repeated_in_turns():
    """All of them meet what else the machine does; of each the best counts."""
    asked = []

    class Told(Contestant):
        def ask(self, cell, tol, repeat, known=None):
            asked.append((self.solver, known is not None))
            fit = known or Fit(tol, times[self.solver], 0.5, 1.0, 0.0, 3, 0.25)
            times[self.solver] *= 0.9
            return [dataclasses.replace(fit, seconds=times[self.solver], matvec=0.4)], "done", 0.0

    times = {"skl_sparse": 0.1, "scikit-learn": 0.15, "celer": 2 * contest.SHORT}
    results = contest.contest(Cell("none", 1, 10), [Told(name, 1.0, 1.0, {}) for name in times])
    short = ["skl_sparse", "scikit-learn"]
    assert asked == [(name, False) for name in times] + contest.TURNS * [
        (name, True) for name in short
    ]
    assert [r.fit.seconds for r in results] == pytest.approx(list(times.values()))
    assert all(r.fit.memory == 0.25 and r.fit.matvec == 0.4 for r in results)


def test_repetitions_are_of_the_fit_that_is_known(problem):
    X, y = problem
    asked = []

    def function(X, y, alpha, p, l2, tol):
        asked.append(tol)
        return np.zeros(X.shape[1]), 0.0

    known = Fit(1e-7, 5.0, 1.0, 2.0, 3e-8, 4, 0.5)
    found = list(contest.measure(function, X, y, Cell("none", 1, 10), 1e-4, 0.1, known))
    assert asked == [known.tol] * len(found) and 0 < len(found) <= contest.REPETITIONS
    assert {(fit.objective, fit.certificate, fit.memory) for fit in found} == {(2.0, 3e-8, 0.5)}
    assert all(fit.seconds < 5.0 and fit.matvec < 1.0 for fit in found)


def test_an_answer_that_is_no_number_is_no_answer(problem):
    X, y = problem

    def function(X, y, *problem):
        return np.full(X.shape[1], np.nan), 0.0

    (fit,) = contest.measure(function, X, y, Cell("none", 1, 10), 1e-4, 1)
    assert math.isnan(fit.certificate)


def test_limits_are_of_one_fit_and_of_all():
    watch = Watch(2.0, 3.0)
    assert watch.next == 5.0
    watch.add(4.5)  # imports are not held against it
    assert (watch.next, watch.left) == (2.0, 4.0)
    watch.add(1.0)
    watch.add(1.5)
    assert (watch.next, watch.left) == (1.5, 1.5)


def test_who_starts_a_program_for_each_fit_may_take_longer_each_time():
    watch = Watch(2.0, 3.0, always=True)
    watch.add(1.5)
    assert (watch.next, watch.left) == (5.0, 4.5)


ON_LINUX = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="only Linux tells of another process"
)


@ON_LINUX
def test_a_fit_is_stopped_by_processor_time_not_by_wall_time():
    before = contest.processor_time(os.getpid())
    time.sleep(0.3)
    slept = contest.processor_time(os.getpid()) - before
    start = time.process_time()
    while time.process_time() - start < 0.3:
        pass
    worked = contest.processor_time(os.getpid()) - before - slept
    assert slept < 0.2 < worked


# What stands for R: reads a problem, solves glmnet's (y of unit variance), tells what time it likes.
STAND_IN = """\
#!{python}
import os, sys, time
if sys.argv[1] == "-e":
    sys.exit(print("4.1.6", end=""))
if os.environ.get("STUCK"):
    while True:
        time.process_time()
import numpy as np, scipy.sparse as sp
from skl_sparse import SparseLpRegressor
stream = open(sys.argv[2] + "/problem", "rb")
sparse, n, p, size, steps = np.fromfile(stream, np.int32, 5)
share, thresh, *rest = np.fromfile(stream, np.float64, 2 + steps + n)
path, y = rest[:steps], np.array(rest[steps:])
assert abs(y.mean()) < 1e-12 and abs(y.std() - 1) < 1e-12
values = np.fromfile(stream, np.float64, size)
if sparse:
    indices, indptr = np.fromfile(stream, np.int32, size), np.fromfile(stream, np.int32, n + 1)
    X = sp.csr_matrix((values, indices, indptr), (n, p))
else:
    X = values.reshape(p, n).T
assert not stream.read() and sorted(path, reverse=True) == path
alpha, alpha_l2 = share * path[-1], (1 - share) * path[-1]
exponent = 1 if share else 2
model = SparseLpRegressor(
    alpha if share else alpha_l2 / 2, p=exponent, alpha_l2=alpha_l2 if share else 0, tol=thresh
).fit(X, y)
np.concatenate([[0.25, model.intercept_], model.coef_]).tofile(sys.argv[2] + "/answer")
"""


@pytest.fixture
def rscript(tmp_path, monkeypatch):
    if os.name == "nt":
        pytest.skip("a script is no program here")
    file = tmp_path / "bin" / "Rscript"
    file.parent.mkdir()
    file.write_text(STAND_IN.format(python=sys.executable))
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(file.parent), prepend=os.pathsep)


EXPONENTS = [(1, False), (1, True), (2, False)]


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_matrix.toarray])
@pytest.mark.parametrize(("p", "elastic"), EXPONENTS)
def test_glmnet_is_handed_the_same_problem(problem, rscript, container, p, elastic):
    X, y = problem
    alpha = penalties(X, y, 10)
    X, y = container(X), 1e3 * y + 7  # its own conventions depend on the scale of y
    settings = (alpha if p == 2 else 1e3 * alpha), p, alpha if elastic else 0.0
    name = "glmnet path" if elastic else "glmnet"
    coef, intercept, seconds = SOLVERS[name].fit(X, y, *settings, 1e-10)
    assert judge(X, y, *settings, coef, intercept)[1] < 1e-9
    assert seconds == 0.25


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_matrix.toarray])
@pytest.mark.parametrize(("p", "elastic"), EXPONENTS)
@pytest.mark.parametrize("name", ["glmnet", "glmnet path"])
def test_glmnet_solves_the_problem(problem, container, p, elastic, name):
    if SOLVERS[name].version() is None:
        pytest.skip("R or its package glmnet is not installed")
    X, y = problem
    X, alpha = container(X), penalties(X, y, 10)
    settings = alpha, p, alpha if elastic else 0.0
    coef, intercept, _ = SOLVERS[name].fit(X, y, *settings, 1e-16)
    assert judge(X, y, *settings, coef, intercept)[1] < 1e-6


@pytest.fixture
def adelie(monkeypatch):
    """What stands for adelie: solves as it documents."""

    def grpnet(X, y, *, alpha, lmda_path, tol, **options):
        assert not sp.issparse(X) or X.format == "csc"
        assert sorted(lmda_path, reverse=True) == list(lmda_path)
        l1, l2 = alpha * lmda_path[-1], (1 - alpha) * lmda_path[-1]
        model = SparseLpRegressor(l1, alpha_l2=l2, tol=tol).fit(X, y)
        return SimpleNamespace(betas=sp.csr_matrix(model.coef_), intercepts=[model.intercept_])

    module = SimpleNamespace(
        grpnet=grpnet,
        matrix=SimpleNamespace(sparse=lambda X, method: X),
        glm=SimpleNamespace(gaussian=lambda y: y),
    )
    monkeypatch.setitem(sys.modules, "adelie", module)


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_matrix.toarray])
@pytest.mark.parametrize("elastic", [False, True])
@pytest.mark.parametrize("name", ["adelie", "adelie path"])
def test_adelie_is_handed_the_same_problem(problem, adelie, container, elastic, name):
    X, y = problem
    X, alpha = container(X), penalties(X, y, 10)
    settings = alpha, 1, alpha if elastic else 0.0
    coef, intercept = SOLVERS[name].fit(X, y, *settings, 1e-10)
    assert judge(X, y, *settings, coef, intercept)[1] < 1e-9


def test_what_is_not_installed_has_no_version(tmp_path, monkeypatch):
    nothing = Solver("no-such-package", (1,), None)
    assert nothing.version() is None
    assert nothing.version(str(tmp_path / "no-python")) is None
    assert SOLVERS["skl_sparse"].version().count(".") == 2
    monkeypatch.setenv("PATH", str(tmp_path))
    assert SOLVERS["glmnet"].version() is None


def test_a_library_finds_only_what_it_requires():
    assert {"joblib", "scikit-learn", "threadpoolctl"} <= required(["skl_sparse"])  # and theirs
    assert required(["no-such.package"]) == {"no-such-package"}
    look = (
        "from alone import hide_all_but; hide_all_but('scikit-learn')\n"
        "import sklearn.linear_model\n"
        "for name in ('pytest', 'hypothesis'):\n"
        "    try: __import__(name)\n"
        "    except ModuleNotFoundError as error: print(error)"
    )
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", look], env=os.environ | {"PYTHONPATH": path}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "No module named 'pytest'\nNo module named 'hypothesis'\n"


@pytest.fixture
def files(problem, tmp_path):
    file = tmp_path / "problem.pickle"
    file.write_bytes(pickle.dumps(problem))
    return {"problem": file}


@ON_LINUX
def test_contestants_work_in_processes_of_their_own(files, rscript, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "skl_sparse.py").write_text("raise ImportError('not what is installed')")
    cell = Cell("problem", 1, 10, cold=True)
    (contestant,) = contestants = [Contestant("skl_sparse", 20.0, 0.01, files, sys.executable)]
    (own,) = contest.contest(cell, contestants)
    assert own.certified and own.cold > own.fit.seconds and own.fit.memory >= 0
    contestant.stop()
    in_r = Contestant("glmnet", 20.0, 0.01, files)
    (told,) = contest.contest(cell, [in_r])
    in_r.stop()
    # Of what happens in R only what it tells is known.
    assert told.certified and told.fit.seconds == 0.25
    assert math.isnan(told.cold) and not told.fit.memory >= 0
    assert told.fit.objective == pytest.approx(own.fit.objective, rel=1e-5)


@ON_LINUX
def test_a_program_that_a_contestant_started_is_stopped_with_it(files, rscript, monkeypatch):
    monkeypatch.setenv("STUCK", "yes")
    monkeypatch.setattr(contest, "IMPORTING", 1.0)
    monkeypatch.setattr(contest, "BUSY", 50)  # however busy the machine is
    contestant = Contestant("glmnet", 0.5, 0.01, files)
    contestant.start()
    worker = contestant.process.pid
    (found,) = contest.contest(Cell("problem", 1, 10), [contestant])
    assert not found.certified and found.note == "over 0.5 s"
    deadline = time.monotonic() + 10
    while running(worker):
        assert time.monotonic() < deadline


def running(session):
    """Processes of a session, but for those that have ended and nobody has asked about."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, found, *_ = file.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(found) == session and state != "Z":
            return True
    return False


def result(solver, seconds, certified=True, **parts):
    fit = Fit(1e-4, seconds, 0.01, parts.pop("objective", 1.0), 1e-7, 12, parts.pop("memory", 0.4))
    return Result(solver, fit, certified, **parts)


def verdicts(cell, results):
    return {goal.what: goal.met for goal in report.goals(cell, results)}


def test_goals_are_told_met_from_not_met():
    cell = Cell("spamassassin", 1, 100)
    peers = [result("celer", 3.0), result("skglm", 1.2), result("glum", 0.1, certified=False)]
    results = [result("skl_sparse", 0.9), *peers]
    assert report.best_peer(results) == "skglm"
    assert report.lead(results) == pytest.approx(1.2 / 0.9)
    assert verdicts(cell, results) == {
        "matvecs": True, "best peer / ours": True, "memory / X": True,
    }  # fmt: skip
    results[0] = result("skl_sparse", 1.3, memory=0.6)
    assert not any(verdicts(cell, results).values())
    # Without a certificate nothing is met; without a peer there is nothing to compare with.
    results[0] = result("skl_sparse", 0.1, certified=False)
    assert set(verdicts(cell, results).values()) == {False}
    assert verdicts(cell, [result("skl_sparse", 0.9)])["best peer / ours"] is None
    # A peer that was stopped tells as much as how long it had taken.
    results = [result("skl_sparse", 2.0), Result("celer", None, False, "over 9 s", over=9.0)]
    assert verdicts(cell, results)["best peer / ours at least"]
    assert math.isnan(report.lead(results))
    results = [result("skl_sparse", 20.0), results[1]]
    assert verdicts(cell, results)["best peer / ours"] is None


def test_a_lower_objective_of_a_peer_counts_with_or_without_its_certificate():
    cell = Cell("riboflavin", 0.5, 10)
    results = [result("skl_sparse", 0.1, objective=1.001), result("skglm", 1.0, objective=1.1)]
    assert report.excess(results) == pytest.approx(1.001 / 1.1 - 1)
    assert verdicts(cell, results)["objective over best peer's"]
    results.append(result("skein-glm", 1.0, certified=False, objective=1.0))
    assert report.excess(results) == pytest.approx(1e-3)
    assert not verdicts(cell, results)["objective over best peer's"]


@pytest.fixture
def table():
    """Results of every kind there is: certified, stopped, without certificate, failed, slower."""
    return {
        Cell("spamassassin", 1, 10, cold=True): [
            result("skl_sparse", 0.2, cold=0.5), result("scikit-learn", 2.0, cold=2.5),
            Result("glum", None, False, "MemoryError"), result("skglm", 0.5, cold=4.0),
        ],
        Cell("spamassassin", 1, 300): [
            result("skl_sparse", 0.2), Result("scikit-learn", None, False, "over 9 s", over=9.0),
        ],
        Cell("riboflavin", 0.5, 10): [result("skl_sparse", 0.2), result("skglm", 0.1)],
        Cell("riboflavin", 2, 100): [
            result("skl_sparse", 0.2), result("Ridge auto", 50.0), result("Ridge svd", 3.0, False),
        ],
        Cell("riboflavin", 0, 100): [
            result("skl_sparse", 0.2, False, note="over 9 s"), result("abess", 0.1),
        ],
    }  # fmt: skip


def test_markdown_has_a_row_for_each_cell_and_as_many_columns_everywhere(table):
    text = report.markdown(table, 9, {"celer": "0.7", "glum": None})
    assert "celer 0.7, scipy" in text
    assert "glum" not in text.partition("\n")[0]
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1
    assert "| spamassassin | 10 | 20 | 12 | 10 | fails | 2.5 | **2.5** |" in text
    assert "|  | 300 | 20 | 12 | > 45 |  |  | > 45 |" in text
    assert "| riboflavin | p=0 /100 | over 9 s |" in text
    assert "no certificate of ours: riboflavin p=0 /100 (over 9 s)" in text
    assert "riboflavin p=1/2 /10: best peer / ours 0.5, goal >= 3: not met" in text


def test_text_of_every_kind_of_result(table):
    for cell, results in table.items():
        first, _, *lines = report.cell_lines(cell, results)
        assert first == str(cell)
        assert len(lines) > len(results)


def test_figure_shows_every_mark_inside_its_panels(table, tmp_path, monkeypatch):
    figure = pytest.importorskip("matplotlib.figure")
    saved = []
    monkeypatch.setattr(figure.Figure, "savefig", lambda canvas, *_, **__: saved.append(canvas))
    report.figure(table, tmp_path / "figure.png")
    (canvas,) = saved
    canvas.draw_without_rendering()
    marks = [c.get_offsets()[0, 0] for a in canvas.axes for c in a.collections]
    assert sorted(marks) == pytest.approx([0.5, 2.5, 10, 45, 250])
    for axes in canvas.axes:
        low, high = axes.get_xlim()
        assert 0.1 < low < 0.5
        assert 250 < high < 1000


@pytest.mark.parametrize("p", [1, 0.5])
@pytest.mark.parametrize("idea", ideas.IDEAS, ids=lambda idea: idea.title)
def test_a_fit_with_an_idea_changed_has_its_certificate(problem, idea, p):
    X, y = problem
    alpha = penalties(X, y, 10)
    with idea.applied():
        model = SparseLpRegressor(alpha, p=p, tol=1e-6).fit(X, y)
    assert judge(X, y, alpha, p, 0.0, model.coef_, model.intercept_)[1] <= 1e-6


def test_extrapolation_gains_on_a_linear_iteration():
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    A, b = Q @ np.diag(np.linspace(0.1, 0.9, 20)) @ Q.T, rng.standard_normal(20)
    points = [rng.standard_normal(20)]
    for _ in range(extrapolation.DIFFERENCES):
        points.append(A @ points[-1] + b)
    w = extrapolation.weights(points)
    left = np.array(points[1:]) - np.linalg.solve(np.eye(20) - A, b)
    assert w.sum() == pytest.approx(1.0)
    as_many_more = np.linalg.matrix_power(A, extrapolation.DIFFERENCES) @ left[-1]
    assert np.linalg.norm(w @ left) < np.linalg.norm(as_many_more)
    assert extrapolation.weights(np.outer([1, 2, 3], [1, 0])) is None


def test_an_anderson_step_lowers_the_objective_more_than_its_sweeps(problem):
    X, y = problem[0].toarray(), problem[1]
    X = (X - X.mean(axis=0)) / np.linalg.norm(X - X.mean(axis=0), axis=0)
    y = (y - y.mean()) / np.linalg.norm(y - y.mean())
    lam = 0.05 * np.abs(X.T @ y).max()
    penalty, gram = LpPenalty(np.full(X.shape[1], lam), np.zeros(X.shape[1]), 1.0), X.T @ X

    def after(step):
        system, u = GramSystem(gram, X.T @ y), np.zeros(X.shape[1])
        coordinate_descent(system, penalty, u, np.arange(len(u)), 3, 0.0, np.inf)
        step(system, penalty, u, np.flatnonzero(u))
        np.testing.assert_allclose(system.correlations(), X.T @ (y - X @ u), atol=1e-12)
        return 0.5 * np.sum((y - X @ u) ** 2) + penalty.value(u)

    def sweeps(system, penalty, u, support):
        for _ in range(extrapolation.DIFFERENCES):
            coordinate_descent(system, penalty, u, support, 1, 0.0, np.inf)

    assert after(extrapolation.anderson_step) < after(sweeps)


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_a_change_is_timed_next_to_fits_as_they_are_or_stopped(monkeypatch):
    def fit():
        start = time.process_time()
        while time.process_time() < start + {0.1: 0.001, 0.5: 0.01, 0.7: 60.0}[outer_loop.INNER]:
            pass
        return SimpleNamespace(objective_=2.0 + outer_loop.INNER)

    slower, stopped = (
        ideas.Idea("", {"solvers.working_set.outer_loop.INNER": to}) for to in (0.5, 0.7)
    )
    monkeypatch.setattr(ideas, "TURNS", (2, 2))
    usual, objective, found = ideas.measure(fit, [slower, stopped])
    assert objective == 2.1
    assert 0.01 <= found[0][0] < 60 * usual
    assert found[0][1] == 2.5
    assert found[1][0] == math.inf
    assert math.isnan(found[1][1])
    assert outer_loop.INNER == 0.1


def test_the_worth_of_an_idea_is_told_for_each_kind_of_cell():
    results = {
        ("one", "p = 1, sparse"): ideas.Change([2.0, 8.0], [1.0, 1.0]),
        ("one", "p < 1, dense"): ideas.Change([5.0], [0.99]),
        ("two", "p < 1, dense"): ideas.Change([1.0], [1.02]),
    }
    results["one", "p < 1, dense"].add(math.inf, math.nan)
    rows = list(ideas.rows(results, ["p = 1, sparse", "p < 1, dense"]))
    assert rows == [
        ["one", "4.00 (2.00 to 8.00)", "> 10.00 (5.00 to 20.00)", "-1.00 (-1.00 to -1.00)"],
        ["two", "", "1.00 (1.00 to 1.00)", "+2.00 (+2.00 to +2.00)"],
    ]


@pytest.fixture
def one_set(monkeypatch, rng):
    """A small data set in the place of those that benchmarks load, but for one that is absent."""
    X = rng.standard_normal((40, 5))
    monkeypatch.setattr(growth.data, "load", {"absent": None, "there": (X, X[:, 0])}.get)
    return X


def test_blas_is_compared_as_it_is_and_as_fits_hold_it(one_set, monkeypatch, capsys):
    seen = []

    class Model(SparseLpRegressor):
        def fit(self, X, y):
            seen.append(regressor.one_blas_thread)
            return super().fit(X, y)

    monkeypatch.setattr(growth, "SparseLpRegressor", Model)
    monkeypatch.setattr(growth, "ASLEEP", 0)
    growth.blas(["absent", "there"], 0.1, 2)
    assert seen == 2 * [nullcontext, one_blas_thread]
    assert regressor.one_blas_thread is one_blas_thread
    *_, absent, there = capsys.readouterr().out.splitlines()
    assert absent.split() == ["absent", "not", "found"]
    assert there.split()[0] == "there"
    assert float(there.split()[-1]) > 0


def test_a_second_thread_is_compared_on_data_sets_and_on_a_table(one_set, monkeypatch, capsys):
    fitted = []

    class Model(SparseLpRegressor):
        def fit(self, X, y):
            fitted.append((X.shape[0], self.n_jobs))
            return super().fit(X, y)

    monkeypatch.setattr(growth, "SparseLpRegressor", Model)
    growth.threads(["absent", "there"], 2000, 0.5, 1)
    assert fitted == [(40, 1), (40, 2), (2000, 1), (2000, 2)]
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split()[0] for line in lines] == ["absent", "there", "2,000"]
    assert all("goal >= 1.5" in line for line in lines[1:])


def test_growth_is_told_for_each_number_of_rows(capsys):
    nanoseconds = growth.growth([300, 600])
    first, second, goal = capsys.readouterr().out.splitlines()[1:]
    assert [int(line.split()[0]) for line in (first, second)] == [300, 600]
    assert [float(line.split()[-3]) for line in (first, second)] == pytest.approx(
        nanoseconds, rel=0.01, abs=0.1
    )
    assert "goal <= 1.5" in goal


def test_transformers_are_told_in_copies_of_the_data(rng):
    X = rng.random((50, 20))
    X = sp.csr_array(np.where(X < 0.3, X, 0.0))
    table = transformers.measure(X, 2)
    assert [row[0] for row in table] == [name for name, *_ in transformers.contestants(X)]
    assert table[0][2] == "1.00"
    assert [row[4] for row in table if row[4]] == ["3", "2.5", "2", "1.6"]
    assert all(row[5] == "yes" or row[5].startswith("no, ") for row in table if row[4])
