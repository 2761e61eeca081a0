"""Every solver is handed the same problem, and knows nothing of the others."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import scipy.sparse as sp
from alone import required
from contestants import SOLVERS, Solver
from judge import judge
from tiny import penalty, problem

from skl_sparse import SparseLpRegressor

# What stands for R: reads a problem, solves glmnet's (y of unit variance), tells what time it likes.
STAND_IN = """\
#!{python}
import sys
if sys.argv[1] == "-e":
    sys.exit(print("4.1.6", end=""))
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


# A program is started for each: all exponents and both containers, not each with each.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("p", "elastic", "container"),
    [(1, False, sp.csr_matrix), (1, True, sp.csr_matrix.toarray), (2, False, sp.csr_matrix)],
)
def test_glmnet_is_handed_the_same_problem(rscript, container, p, elastic):
    X, y = problem()
    alpha = penalty(X, y, 10)
    X, y = container(X), 1e3 * y + 7  # its own conventions depend on the scale of y
    settings = (alpha if p == 2 else 1e3 * alpha), p, alpha if elastic else 0.0
    name = "glmnet path" if elastic else "glmnet"
    coef, intercept, seconds = SOLVERS[name].fit(X, y, *settings, 1e-10)
    assert judge(X, y, *settings, coef, intercept)[1] < 1e-9
    assert seconds == 0.25


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csr_matrix.toarray])
@pytest.mark.parametrize(("p", "elastic"), [(1, False), (1, True), (2, False)])
@pytest.mark.parametrize("name", ["glmnet", "glmnet path"])
def test_glmnet_solves_the_problem(container, p, elastic, name):
    if SOLVERS[name].version() is None:
        pytest.skip("R or its package glmnet is not installed")
    X, y = problem()
    X, alpha = container(X), penalty(X, y, 10)
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
def test_adelie_is_handed_the_same_problem(adelie, container, elastic, name):
    X, y = problem()
    X, alpha = container(X), penalty(X, y, 10)
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


@pytest.mark.slow
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
