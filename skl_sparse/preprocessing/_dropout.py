"""Drawing hits, learning what replaces them, and replacing them, on dense, CSR and CSC arrays."""

import numbers
import os

import numpy as np
import scipy.sparse as sp

import skl_sparse.preprocessing._dropout_kernels as kernels

from .._storage import layout, rebuild, strip_zeros
from .._validation import check_choice, check_real
from ._columns import column_means, column_medians

LEARNED = ("mean", "median", "feature_mean", "feature_median")
_CHUNK = 1 << 14  # draws at a time: their temporaries stay in the cache


def draw_hits(rng, rate, n):
    """Return the sorted positions in range(n) that are hit, each with probability ``rate``.

    The gap before a hit has the geometric distribution, P(gap >= g) = (1 - rate)**g, which a uniform
    variate gives by inversion. So a draw is needed for each hit, not for each position. ``rng`` only
    seeds what draws them: a RandomState takes twice as long for it.
    """
    if rate == 0 or n == 0:
        return np.empty(0, dtype=np.int64)
    if rate == 1:
        return np.arange(n, dtype=np.int64)
    seed = rng.randint(1 << 32, size=4, dtype=np.uint32)
    uniform = np.random.Generator(np.random.SFC64(seed)).random
    log_miss = np.log1p(-rate)
    expected = n * rate
    hits = np.empty(int(expected + 5 * np.sqrt(expected)) + 1, dtype=np.int64)
    room = np.empty(min(_CHUNK, len(hits)))
    last, placed = -1, 0
    with np.errstate(over="ignore"):
        while True:
            gaps = room[: len(hits) - placed]
            uniform(out=gaps)
            np.subtract(1.0, gaps, out=gaps)  # exact, and log takes half the time of log1p
            np.log(gaps, out=gaps)
            np.divide(gaps, log_miss, out=gaps)
            new = kernels.place_hits(gaps, last, n, hits[placed:])
            placed += new
            if new < len(gaps):
                return hits[:placed]
            last = hits[placed - 1]
            if placed == len(hits):
                hits = np.concatenate([hits, np.empty_like(hits)])


def check_replacement(name, value):
    """Return ``value`` if it is a finite number or one of the kinds that are learned."""
    if isinstance(value, str):
        return check_choice(name, value, LEARNED)
    if not isinstance(value, numbers.Real):
        kinds = " or ".join([", ".join(map(repr, LEARNED[:-1])), repr(LEARNED[-1])])
        raise TypeError(f"{name} must be a finite real number, {kinds}, got {value!r}")
    return check_real(name, value)


def learn_replacement(X, kind):
    """Return the number ``kind``, or what ``kind`` says of the non-zeros of canonical ``X``."""
    if kind == "feature_mean":
        replacement = column_means(X)
    elif kind == "feature_median":
        replacement = column_medians(X)
    elif kind in LEARNED:
        entries = X.data[: X.nnz] if sp.issparse(X) else X
        entries = entries[entries != 0]
        if entries.size == 0:
            replacement = 0.0
        elif kind == "mean":
            replacement = float(entries.mean(dtype=np.float64))
        else:
            replacement = float(np.median(entries))
    else:
        replacement = float(kind)
    with np.errstate(over="ignore"):
        if not np.isfinite(np.asarray(replacement).astype(X.dtype)).all():
            raise ValueError(f"replacement_value must lie in the range of {X.dtype}, got {kind!r}")
    return replacement


def add_noise(X, rng, *, rate, replacement, scope, rescale, in_place=False, n_copies=1):
    """Return canonical ``X`` with hits replaced; it is one of ``n_copies`` that memory must hold."""
    keep = 1.0 - rate if rescale and rate < 1 else 1.0
    replacement = np.broadcast_to(np.asarray(replacement, dtype=np.float64), X.shape[1])
    # Replacing a zero by 0 changes nothing: there is no need to draw for the zeros.
    everywhere = scope == "all" and bool(replacement.any())
    if not sp.issparse(X):
        return _replace_dense(X, rng, rate, replacement, everywhere, keep, in_place)
    if everywhere:
        _refuse_if_too_large(X, rate, n_copies)
        return _replace_cells(X, rng, rate, replacement, keep, in_place)
    return _replace_stored(X, rng, rate, replacement, keep, in_place)


def _replace_dense(X, rng, rate, replacement, everywhere, keep, in_place):
    # Flat positions are row-major whatever the order in memory, so that CSR is hit alike.
    if everywhere:
        cells = draw_hits(rng, rate, X.size)
    else:
        cells = np.flatnonzero(X)
        cells = cells[draw_hits(rng, rate, len(cells))]
    out = X if in_place else X.copy(order="K")
    if keep != 1.0:
        # In double, as the compiled passes do it.
        np.divide(X, np.float64(keep), out=out, dtype=np.float64, casting="same_kind")
    out.flat[cells] = replacement[cells % X.shape[1]]
    return out


def _replace_stored(X, rng, rate, replacement, keep, in_place):
    if in_place:  # look before writing
        X, _ = strip_zeros(X, True)
    data, indices, indptr, columns_major = layout(X)
    hits = draw_hits(rng, rate, len(data))
    while True:
        out = (data, indices) if in_place else (np.empty_like(data), np.empty_like(indices))
        out += (np.empty_like(indptr),)
        stored = kernels.replace_stored(
            data, indices, indptr, columns_major, hits, replacement, keep, *out
        )
        if stored >= 0:
            return rebuild(X, out[0][:stored], out[1][:stored], out[2], in_place)
        # Found on the way, which saves a pass over ordinary data. Hits count non-zeros.
        X, in_place = strip_zeros(X, False)
        data, indices, indptr, columns_major = layout(X)
        hits = hits[: np.searchsorted(hits, len(data))]


def _replace_cells(X, rng, rate, replacement, keep, in_place):
    X, in_place = strip_zeros(X, in_place)
    data, indices, indptr, columns_major = layout(X)
    hits = draw_hits(rng, rate, X.shape[0] * X.shape[1])
    most = len(data) + len(hits)
    if most > np.iinfo(indptr.dtype).max:
        indices, indptr = indices.astype(np.int64), indptr.astype(np.int64)
    out = np.empty(most, data.dtype), np.empty(most, indices.dtype), np.empty_like(indptr)
    n_minor = X.shape[0] if columns_major else X.shape[1]
    stored = kernels.replace_cells(
        data, indices, indptr, n_minor, columns_major, hits, replacement, keep, *out
    )
    return rebuild(X, out[0][:stored], out[1][:stored], out[2], in_place)


def _refuse_if_too_large(X, rate, n_copies):
    """Raise ValueError if ``n_copies`` of ``X``, its zeros hit too, would not fit in memory."""
    hits = rate * X.shape[0] * X.shape[1]
    entries = hits + X.nnz
    index_bytes = 8 if entries > np.iinfo(np.int32).max else X.indices.itemsize
    # The positions of the hits are held twice while they are put together.
    needed = n_copies * entries * (X.data.itemsize + index_bytes) + 16 * hits
    available = available_memory()
    if needed > available:
        raise ValueError(
            f"scope='all' with dropout_rate={rate} on {X.shape[0]} x {X.shape[1]} data must fit in "
            f"memory: about {entries:.2g} entries need {needed / 2**30:.3g} GiB, "
            f"{available / 2**30:.3g} GiB are available"
        )


def available_memory():
    """Return the bytes of memory that can still be allocated, as far as the system tells.

    Linux tells what is available, most others what is installed; elsewhere 8 GiB are assumed.
    """
    try:
        with open("/proc/meminfo") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return 1024 * int(line.split()[1])
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 8 * 2**30
