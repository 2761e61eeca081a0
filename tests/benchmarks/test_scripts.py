"""Every benchmark runs, here on data of a few rows, and tells what it is to tell."""

import os
from pathlib import Path
from types import SimpleNamespace

import accuracy
import cross_validation
import growth
import ideas
import numpy as np
import pytest
import scale
import scipy.sparse as sp
import solvers
import transformers
from tiny import problem

import skl_sparse

on_posix = pytest.mark.skipif(os.name == "nt", reason="needs what POSIX systems have")
on_linux = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="only Linux tells of another process"
)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """``run(benchmark, *arguments)`` -> the lines it prints, of the tiny problem as every data set."""
    X, y = problem()
    for name in ("spamassassin", "flights_onehot", "riboflavin"):
        sp.save_npz(tmp_path / f"{name}_X.npz", X)
        np.save(tmp_path / f"{name}_y.npy", y)
    monkeypatch.setenv("SKL_SPARSE_DATA", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(scale.__file__).parent))  # as the Makefile does

    def call(benchmark, *arguments):
        monkeypatch.setattr("sys.argv", [benchmark.__file__, *map(str, arguments)])
        benchmark.main()
        return capsys.readouterr().out.splitlines()

    return call


@on_linux
@pytest.mark.slow
def test_solvers(run, tmp_path):
    """Ours and a peer in processes of their own, warm and cold."""
    tables, figure = tmp_path / "new" / "tables.md", tmp_path / "new" / "figure.png"
    files = ["--markdown", tables]
    try:
        import matplotlib  # noqa: F401

        files += ["--figure", figure]
    except ImportError:
        pass
    names = ["--solvers", "skl_sparse", "scikit-learn"]
    lines = run(solvers, "--quick", "--only", "spamassassin p=1 /10", *names, *files)
    assert lines[0] == f"spamassassin: 60 x 30, {problem()[0].nnz} stored entries"
    told = tables.read_text("utf-8")
    assert "no certificate of ours" not in told
    assert any("scikit-learn" in line for line in lines)
    assert "| spamassassin | 10 |" in told and "|  | 100 |" in told
    assert all(file.stat().st_size > 1000 for file in files[1::2])


def test_growth(run, tmp_path):
    pytest.importorskip("matplotlib")
    _, first, second, goal = run(growth, "--rows", 300, 600, "--figure", tmp_path / "growth.png")
    assert [int(line.split()[0]) for line in (first, second)] == [300, 600]
    assert "goal <= 1.5" in goal
    assert (tmp_path / "growth.png").stat().st_size > 1000


def test_growth_with_threads(run):
    one = ["--repeats", 1, "--data", "absent", "spamassassin"]
    *_, absent, there, table = run(growth, "--threads", "--rows", 2000, *one)
    assert absent.split() == ["absent", "not", "found"]
    assert there.startswith("spamassassin") and table.startswith("2,000 rows")
    assert "goal >= 1.5" in there and "goal >= 1.5" in table


def test_growth_with_threads_of_blas(run):
    *_, absent, there = run(growth, "--blas", "--repeats", 1, "--data", "absent", "spamassassin")
    assert absent.split() == ["absent", "not", "found"]
    assert float(there.split()[-1]) > 0


@on_posix
def test_ideas(run, tmp_path, monkeypatch):
    monkeypatch.setattr(ideas, "TURNS", (1, 1))
    lines = run(ideas, "--only", "spamassassin p=1", "--markdown", tmp_path / "ideas.md")
    assert [line for line in lines if line.startswith("spamassassin p=1 /10:")]
    assert [line for line in lines if line.startswith("spamassassin p=1/2 /100:")]
    told = (tmp_path / "ideas.md").read_text("utf-8")
    assert all(f"| {idea.title} |" in told for idea in ideas.IDEAS)
    assert told.startswith("Written by `python benchmarks/ideas.py --only 'spamassassin p=1'")
    assert f"skl-sparse {skl_sparse.__version__}, scikit-learn" in told


@on_posix
@pytest.mark.slow
def test_scale(run):
    *_, line = run(scale, "--data", "spamassassin", "--p", 0.5)
    assert line.startswith("spamassassin")
    assert "optimality" in line and "asked 1e-04" in line


@pytest.mark.parametrize("generated", [False, True])
def test_transformers(run, tmp_path, monkeypatch, generated):
    if generated:
        monkeypatch.delenv("SKL_SPARSE_DATA")
    run(transformers, "--rounds", 2, "--rows", 500, "--markdown", tmp_path / "transformers.md")
    *_, last = (tmp_path / "transformers.md").read_text("utf-8").split("**")
    rows = [line for line in last.splitlines() if line.startswith("| Sparse")]
    assert [row.split("|")[5].strip() for row in rows] == ["", "3", "2.5", "2", "1.6"]
    assert "| X.copy() |" in last


@on_posix
@pytest.mark.slow
def test_accuracy(run, tmp_path, monkeypatch):
    monkeypatch.setattr(accuracy, "N_ALPHAS", 4)
    methods = ["--only", accuracy.TUNED, "LassoCV", "RidgeCV"]
    data = ["--data", "riboflavin", "absent", "generated"]
    lines = run(accuracy, "--quick", *methods, *data, "--markdown", tmp_path / "accuracy.md")
    assert "absent: absent, see data.py" in lines
    told = (tmp_path / "accuracy.md").read_text("utf-8")
    assert "riboflavin: 60 x 30, test R2" in told and "| k = 5 | k = 20 | no budget |" in told
    (tuned,) = (line for line in told.splitlines() if line.startswith("| ours") and "±" in line)
    assert all(0 < float(entry.split()[0]) < 1 for entry in tuned.split("|")[3:5])
    assert "F1, SNR 1" in told and "riboflavin, k = 20: " in told


def test_least_squares_on_all_true_columns_is_no_error_of_the_support():
    X, y, truth, covariance = accuracy.generated(1e12, 60, 40, draw=0)
    assert X.shape == (60, 40) and np.count_nonzero(truth) == accuracy.RELEVANT
    np.testing.assert_allclose(X @ truth, y, atol=1e-3)
    np.testing.assert_allclose(np.diag(covariance), 1)


@on_posix
@pytest.mark.slow
def test_cross_validation(run, tmp_path, monkeypatch):
    monkeypatch.setattr(cross_validation, "N_ALPHAS", 8)
    names = [
        *(cross_validation.OURS, cross_validation.FOLDS_10, cross_validation.ONE),
        *(cross_validation.LOOP, cross_validation.LASSO),
    ]
    lines = run(
        *(cross_validation, "--data", "riboflavin", "--limit", 20, "--only", *names),
        *("--markdown", tmp_path / "cross_validation.md"),
    )
    told = {line[:22].strip(): line[22:].split() for line in lines if line[:22].strip() in names}
    assert list(told) == names
    assert all(len(figures) == 4 for figures in told.values())  # none failed
    errors = [float(told[name][-1]) for name in (names[0], *names[3:])]
    np.testing.assert_allclose(errors, errors[0], rtol=1e-2)
    text = (tmp_path / "cross_validation.md").read_text("utf-8")
    assert "| riboflavin | 60 x 30 |" in text and "goal >= 4" in text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the choice lies at the end of the grid:UserWarning")
def test_every_contestant_of_cross_validation_answers(monkeypatch):
    monkeypatch.setattr(cross_validation, "N_ALPHAS", 4)
    X, y = problem()
    folds = {
        k: [(np.flatnonzero(np.arange(60) % k != f), np.arange(f, 60, k)) for f in range(k)]
        for k in (5, 10)
    }
    alphas = np.geomspace(0.1, 0.01, 4)
    for name, contestant in cross_validation.CONTESTANTS.items():
        if contestant.package == "skl-sparse" and name != cross_validation.ONE:
            assert 0 < contestant.call(X, y, alphas, folds) < np.var(y)


def test_a_cross_validation_over_the_limit_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(
        cross_validation.subprocess, "run", lambda *given, **more: SimpleNamespace(returncode=-9)
    )
    told = cross_validation.ask(cross_validation.LASSO, tmp_path, 7, "python")
    assert told == "> 7 s" and cross_validation.entry(told, 2) == "> 3.5"
