"""Time, memory and certificate of fits on large sparse matrices.

    SKL_SPARSE_DATA=folder python benchmarks/scale.py [--data NAME ...] [--p P ...] [--share S]

The folder holds NAME_X.npz (scipy.sparse.save_npz, CSR) and NAME_y.npy. Each fit runs in a process
of its own, at alpha = share * alpha_max with alpha_max = max_j |x_j.(y - mean y)| / n whatever p.

- fit: processor time, also given in matvecs: one is the median time of X.T @ r by SciPy.
- memory: the highest resident memory of the process during the fit minus what was resident just
  before it, when X, y, the imported libraries and a first tiny fit are already there and freed
  memory has gone back to the system. On Linux the kernel's high-water mark (VmHWM) is reset before
  the fit. Elsewhere only the mark of the whole process is known, which loading X may have raised
  already: then the figure is a lower bound, and marked so.
"""

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

NAMES = ("flights_onehot", "spamassassin")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def resident(field):
    """A line of this process's status in bytes: VmRSS is now, VmHWM the highest so far."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return 1024 * int(line.split()[1])
    raise OSError(f"no {field}")


def release_freed_memory():
    """Give freed memory back, so that the fit cannot use it unseen."""
    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        pass  # another C library: its freed memory may hide some of the fit's


def highest():
    """Highest resident memory of this process in bytes, by the means every Unix has."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def peak_memory(function):
    """Call the function: its result, bytes it needed at its peak, whether that figure is exact."""
    release_freed_memory()
    try:
        Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
        before = resident("VmRSS")
        result = function()
        return result, resident("VmHWM") - before, True
    except OSError:
        before = highest()
        result = function()
        return result, highest() - before, False


def measure(name, p, share):
    """One fit in this process, as a dict of plain numbers."""
    import numpy as np
    import scipy.sparse as sp
    from clock import matvec

    from skl_sparse import SparseLpRegressor

    folder = Path(os.environ["SKL_SPARSE_DATA"])
    X = sp.load_npz(folder / f"{name}_X.npz")
    y = np.load(folder / f"{name}_y.npy").astype(np.float64)
    unit, correlation = matvec(X, y)
    alpha = share * np.abs(correlation).max() / len(y)
    SparseLpRegressor(0.01, p=p).fit(sp.eye(20, format="csr"), np.arange(20.0))

    model = SparseLpRegressor(alpha, p=p)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.process_time()
        _, memory, exact = peak_memory(lambda: model.fit(X, y))
        fit_time = time.process_time() - start
    return {
        "shape": X.shape,
        "bytes": X.data.nbytes + X.indices.nbytes + X.indptr.nbytes,
        "alpha": alpha,
        "seconds": fit_time,
        "matvec": unit,
        "memory": memory,
        "exact": exact,
        "n_nonzero": int(np.count_nonzero(model.coef_)),
        "r2": model.score(X, y),
        "certificate": float(model.dual_gap_ if p >= 1 else model.optimality_),
        "tol": model.tol,
        "warnings": [str(warning.message) for warning in caught],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="+", default=NAMES, help="names of the data sets")
    parser.add_argument("--p", nargs="+", type=float, default=(1.0, 0.5))
    parser.add_argument("--share", type=float, default=0.01, help="alpha / alpha_max")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if "SKL_SPARSE_DATA" not in os.environ:
        print("SKL_SPARSE_DATA is not set: no data, nothing measured.")
        return
    if arguments.here:
        print(json.dumps(measure(arguments.data[0], arguments.p[0], arguments.share)))
        return

    print(
        f"alpha = alpha_max * {arguments.share:g}\n"
        f"{'data':16}{'n x p':>18}{'p':>5}{'fit':>9}{'matvecs':>9}{'memory':>10}{'/ X':>7}"
        f"{'non-zeros':>11}{'R2':>7}  certificate"
    )
    for name in arguments.data:
        for p in arguments.p:
            command = [sys.executable, __file__, "--here", "--data", name, "--p", str(p)]
            command += ["--share", str(arguments.share)]
            done = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD
            )
            found = json.loads(done.stdout)
            print(
                f"{name:16}{'{:,} x {:,}'.format(*found['shape']):>18}{p:5.2g}"
                f"{found['seconds']:7.2f} s{found['seconds'] / found['matvec']:9,.0f}"
                f"{'' if found['exact'] else '>'}{found['memory'] / 1e6:7,.0f} MB"
                f"{found['memory'] / found['bytes']:7.2f}{found['n_nonzero']:11,}"
                f"{found['r2']:7.3f}  {'gap' if p >= 1 else 'optimality'} "
                f"{found['certificate']:.1e} (asked {found['tol']:.0e})",
                *found["warnings"],
                sep="\n    ",
                flush=True,
            )


if __name__ == "__main__":
    main()
