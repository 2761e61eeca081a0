"""Whom the benchmarks believe: the judge of an answer, and what is made of the answers of all."""

import math

import contest
import extrapolation
import ideas
import numpy as np
import pytest
import report
import scipy.sparse as sp
from contest import Cell, Fit, Result
from judge import judge
from tiny import penalty, problem

from skl_sparse import SparseLpRegressor
from skl_sparse.engine.penalties import LpPenalty
from skl_sparse.engine.solvers.working_set._sweeps import coordinate_descent
from skl_sparse.engine.solvers.working_set._systems import GramSystem


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_matrix.toarray])
@pytest.mark.parametrize(("p", "l2"), [(0, 0), (0.5, 0), (2 / 3, 0), (1, 0), (1, 0.01), (2, 0)])
def test_judge_agrees_with_the_certificates_of_a_fit(container, p, l2):
    X, y = problem()
    alpha = penalty(X, y, 10)
    model = SparseLpRegressor(alpha, p=p, alpha_l2=l2, tol=1e-9).fit(X, y)
    X = container(X)
    objective, certificate = judge(X, y, alpha, p, l2, model.coef_, model.intercept_)
    assert objective == pytest.approx(model.objective_, rel=1e-12)
    assert abs(certificate) < 1e-8
    worse, found = judge(X, y, alpha, p, l2, 1.05 * model.coef_, model.intercept_)
    null = np.mean((y - y.mean()) ** 2) / 2
    assert worse > objective
    assert found > (worse - objective) / null * (0.99 if p >= 1 else 0)


def test_a_gap_bounds_the_distance_to_the_minimum():
    X, y = problem()
    alpha = penalty(X, y, 10)
    best = SparseLpRegressor(alpha, tol=1e-12).fit(X, y).objective_
    for seed in range(20):
        coef = np.random.default_rng(seed).standard_normal(30)
        intercept = np.mean(y - X @ coef)
        objective, gap = judge(X, y, alpha, 1, 0.0, coef, intercept)
        assert gap * np.mean((y - y.mean()) ** 2) / 2 >= (objective - best) * (1 - 1e-9)


def exact(X, y, alpha, p, l2, tol):
    model = SparseLpRegressor(alpha, p=p, alpha_l2=l2, tol=1e-12).fit(X, y)
    return model.coef_, model.intercept_


def test_an_answer_counts_by_its_certificate_whatever_the_solver_says():
    X, y = problem()

    def last_of(solver):
        *_, last = contest.measure(solver, X, y, Cell("none", 1, 10), 1e-4, 0.01)
        return last

    assert last_of(exact).certificate <= contest.GAP
    wrong = last_of(
        lambda *given: (1.01 * exact(*given)[0], exact(*given)[1])
    )  # and it is given up
    assert wrong.certificate > contest.GAP
    nothing = last_of(lambda X, *given: (np.full(X.shape[1], np.nan), 0.0))
    assert math.isnan(nothing.certificate)


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


def test_a_report_takes_every_kind_of_result(table, tmp_path):
    text = report.markdown(table, 9, {"celer": "0.7", "glum": None})
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1
    assert "| spamassassin | 10 | 20 | 12 | 10 | fails | 2.5 | **2.5** |" in text
    assert "no certificate of ours: riboflavin p=0 /100 (over 9 s)" in text
    assert "riboflavin p=1/2 /10: best peer / ours 0.5, goal >= 3: not met" in text
    for cell, results in table.items():
        first, _, *lines = report.cell_lines(cell, results)
        assert first == str(cell)
        assert len(lines) > len(results)
    pytest.importorskip("matplotlib")
    report.figure(table, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


@pytest.mark.parametrize("idea", ideas.IDEAS, ids=lambda idea: idea.title)
def test_a_fit_with_an_idea_changed_has_its_certificate(idea):
    X, y = problem()
    alpha = penalty(X, y, 10)
    for p in (1, 0.5):
        with idea.applied():
            model = SparseLpRegressor(alpha, p=p, tol=1e-6).fit(X, y)
        assert judge(X, y, alpha, p, 0.0, model.coef_, model.intercept_)[1] <= 1e-6


def test_an_anderson_step_lowers_the_objective_more_than_its_sweeps():
    X, y = problem()
    X = X.toarray()
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
