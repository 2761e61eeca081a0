"""Every benchmark runs, here on data of a few rows, and tells what it is to tell."""

import os
from pathlib import Path

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
