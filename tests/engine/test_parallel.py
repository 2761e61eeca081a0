"""BLAS has one setting for the whole process: a fit changes it, and gives it back."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from itertools import permutations
from threading import Barrier

import joblib
import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.ensemble import BaggingRegressor
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info, threadpool_limits

from skl_sparse import SparseLpRegressor
from skl_sparse.engine import parallel
from skl_sparse.engine.parallel import one_blas_thread
from skl_sparse.engine.problems.least_squares import LeastSquares


def blas_threads():
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, "blas"):
        assert blas_threads() == {2}
        yield
        assert blas_threads() == {2}


@pytest.fixture
def seen(monkeypatch):
    """What the fits of a test find BLAS set to."""
    found = []
    usual = LeastSquares.fit

    def fit(*args, **kwargs):
        found.append(blas_threads())
        return usual(*args, **kwargs)

    monkeypatch.setattr(LeastSquares, "fit", fit)
    return found


def data(container=np.asarray):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 8))
    return container(X), X[:, 0] + 0.1 * rng.standard_normal(30)


@pytest.mark.parametrize(
    ("container", "p", "n_jobs", "n_threads"),
    [
        (np.asarray, 1.0, None, 1),
        (np.asarray, 0.5, None, 1),
        (np.asarray, 2.0, None, 2),  # products of all data, which BLAS shares among threads
        (np.asarray, 1.5, None, 2),
        (np.asarray, 2.0, 2, 1),  # threads of ours share the data
        (csr_array, 1.0, None, 1),
        (csr_array, 2.0, None, 1),
        (csr_array, 1.0, 2, 1),
    ],
)
def test_a_fit_holds_blas_to_one_thread(seen, container, p, n_jobs, n_threads):
    SparseLpRegressor(0.01, p=p, n_jobs=n_jobs).fit(*data(container))
    assert seen == [{n_threads}]


def test_a_fit_that_fails_gives_it_back():
    X, y = data()
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        SparseLpRegressor(0.01).fit(X, y)
    # the fixture looks at what is left


def test_fits_that_overlap_in_threads(seen, monkeypatch):
    """All eight are inside at once, and they leave in any order."""
    together, usual = Barrier(8), LeastSquares.fit

    def fit(*args, **kwargs):
        together.wait(timeout=60)
        return usual(*args, **kwargs)

    monkeypatch.setattr(LeastSquares, "fit", fit)
    X, y = data()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda alpha: SparseLpRegressor(alpha).fit(X, y), [0.01] * 80))
    assert seen == [{1}] * 80


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_last_one_out_gives_it_back(order):
    holds = [one_blas_thread() for _ in range(3)]
    for hold in holds:
        hold.__enter__()
    for k in order:
        assert blas_threads() == {1}
        holds[k].__exit__(None, None, None)
    assert blas_threads() == {2}


def test_nested_holds_and_exceptions():
    with one_blas_thread():
        with pytest.raises(ZeroDivisionError), one_blas_thread(), one_blas_thread():
            raise ZeroDivisionError
        assert blas_threads() == {1}
    assert blas_threads() == {2}
    with ExitStack() as stack:  # what is set between two fits is what the second one restores
        stack.enter_context(threadpool_limits(1, "blas"))
        with one_blas_thread():
            pass
        assert blas_threads() == {1}


def test_a_grid_search_leaves_blas_as_it_was():
    X, y = data()
    search = GridSearchCV(SparseLpRegressor(), {"alpha": np.geomspace(1e-4, 1, 12)}, n_jobs=2, cv=3)
    with joblib.parallel_config("threading"):
        search.fit(X, y)
    assert blas_threads() == {2}


def test_bagging_leaves_blas_as_it_was():
    X, y = data()
    bagging = BaggingRegressor(SparseLpRegressor(0.01), n_estimators=40, n_jobs=4, random_state=0)
    with joblib.parallel_config("threading"):
        bagging.fit(X, y)
    assert blas_threads() == {2}


class BlasOnOpenMP(threading.local):
    """A library whose number of threads is each thread's own."""

    threading_layer = "openmp"
    num_threads = 4

    def set_num_threads(self, n_threads):
        self.num_threads = n_threads


def test_a_setting_of_each_thread(monkeypatch):
    library = BlasOnOpenMP()
    monkeypatch.setattr(parallel, "_libraries", lambda: [library])
    together = Barrier(3)

    def hold(nested):
        with one_blas_thread():
            together.wait(timeout=60)
            with one_blas_thread() if nested else nullcontext():
                inside = library.num_threads
            inside = max(inside, library.num_threads)
        return inside, library.num_threads

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(hold, [False, True, True])) == [(1, 4)] * 3
    assert library.num_threads == 4


FORKED = """
import os
import threading

from threadpoolctl import ThreadpoolController

from skl_sparse.engine.parallel import one_blas_thread

blas = ThreadpoolController().select(user_api="blas")


def threads():
    return {info["num_threads"] for info in blas.info()}


def in_child(check):
    child = os.fork()
    if child == 0:
        os._exit(0 if check() else 1)
    assert os.waitpid(child, 0)[1] == 0


def hold():
    with one_blas_thread():
        inside.set()
        leave.wait(60)


blas.limit(limits=2)
assert threads() == {2}
inside, leave = threading.Event(), threading.Event()
other = threading.Thread(target=hold, daemon=True)
other.start()
inside.wait(60)
in_child(lambda: threads() == {2})  # whoever held BLAS is not there
with one_blas_thread():
    in_child(lambda: threads() == {1})  # whoever forked still holds it
assert threads() == {1}
leave.set()
other.join()
assert threads() == {2}
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_process_takes_along_its_own_hold_only():
    # Python warns of forks next to threads, which is what is tested.
    command = [sys.executable, "-W", "ignore", "-c", FORKED]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
