"""Drawing hits, learning what replaces them, and replacing them, on dense, CSR and CSC arrays."""

import numbers
import os

import numpy as np
import scipy.sparse as sp

import skl_sparse.preprocessing._dropout_kernels as kernels

from .._storage import layout, rebuild, without_zeros
from .._validation import check_choice, check_real
from ._columns import column_means, column_medians

LEARNED = ("mean", "median", "feature_mean", "feature_median")
CHUNK = 1 << 14  # draws at a time: their temporaries stay in the cache
SPARE = 8  # standard deviations of the number of hits that memory is set aside for


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
    room = np.empty(min(CHUNK, len(hits)))
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


def add_noise(X, rng, *, rate, replacement, scope, rescale, in_place):
    """Return canonical ``X`` with hits replaced."""
    everywhere, replacement, keep = _prepare(X, rate, replacement, scope, rescale)
    if not sp.issparse(X):
        return _replace_dense(X, rng, rate, replacement, everywhere, keep, in_place)
    if everywhere:
        _refuse_if_too_large(X, rate)
        return _replace_cells(X, rng, rate, replacement, keep, in_place)
    return _replace_stored(X, rng, rate, replacement, keep, in_place)


def with_noisy_copies(X, rng, n_copies, *, rate, replacement, scope, rescale):
    """Return ``X``, canonical and without stored zeros, and below it copies with hits replaced."""
    everywhere, replacement, keep = _prepare(X, rate, replacement, scope, rescale)
    n_rows = X.shape[0]
    if not sp.issparse(X):
        order = "F" if X.flags.f_contiguous and not X.flags.c_contiguous else "C"
        out = np.empty(((1 + n_copies) * n_rows, X.shape[1]), X.dtype, order)
        for block in np.split(out, 1 + n_copies):
            block[...] = X
        for block in np.split(out, 1 + n_copies)[1:]:
            _replace_dense(block, rng, rate, replacement, everywhere, keep, in_place=True)
        return out
    if everywhere:
        _refuse_if_too_large(X, rate, n_copies, with_original=True)
    result = _csr_with_noisy_copies(X.tocsr(), rng, n_copies, rate, replacement, everywhere, keep)
    return result.asformat(X.format)


def _prepare(X, rate, replacement, scope, rescale):
    """Return whether zeros can be hit, a replacement for each column, and what kept ones divide by."""
    replacement = np.broadcast_to(np.asarray(replacement, dtype=np.float64), X.shape[1])
    # Replacing a zero by 0 changes nothing: there is no need to draw for the zeros.
    everywhere = scope == "all" and bool(replacement.any())
    return everywhere, replacement, 1.0 - rate if rescale and rate < 1 else 1.0


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
        X, _ = without_zeros(X, True)
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
        X, in_place = without_zeros(X, False)
        data, indices, indptr, columns_major = layout(X)
        hits = hits[: np.searchsorted(hits, len(data))]


def _replace_cells(X, rng, rate, replacement, keep, in_place):
    X, in_place = without_zeros(X, in_place)
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


def _csr_with_noisy_copies(X, rng, n_copies, rate, replacement, everywhere, keep):
    """Each copy is written where it belongs in the result, so that no row is held twice."""
    data, indices, indptr, _ = layout(X)
    n_rows, n_columns = X.shape
    n_positions = n_rows * n_columns if everywhere else len(data)
    most = (1 + n_copies) * len(data)
    if everywhere:
        expected = n_copies * rate * n_positions
        most += int(expected + SPARE * np.sqrt(expected))
    if most > np.iinfo(indptr.dtype).max:
        indices, indptr = indices.astype(np.int64), indptr.astype(np.int64)
    out_data, out_indices = np.empty(most, data.dtype), np.empty(most, indices.dtype)
    out_indptr = np.empty((1 + n_copies) * n_rows + 1, indptr.dtype)
    end = len(data)
    out_data[:end], out_indices[:end], out_indptr[: n_rows + 1] = data, indices, indptr
    for copy in range(1, 1 + n_copies):
        hits = draw_hits(rng, rate, n_positions)
        stop = end + len(data) + (len(hits) if everywhere else 0)
        if stop > len(out_data):  # more hits than chance allows
            out_data, out_indices = (
                np.concatenate([part[:end], np.empty(stop - end, part.dtype)])
                for part in (out_data, out_indices)
            )
        rows = np.empty_like(indptr)
        out = out_data[end:stop], out_indices[end:stop], rows
        if everywhere:
            stored = kernels.replace_cells(
                data, indices, indptr, n_columns, False, hits, replacement, keep, *out
            )
        else:
            stored = kernels.replace_stored(
                data, indices, indptr, False, hits, replacement, keep, *out
            )
        np.add(rows[1:], end, out=out_indptr[copy * n_rows + 1 : (copy + 1) * n_rows + 1])
        end += stored
        del hits  # before the next are drawn
    shape = (1 + n_copies) * n_rows, n_columns
    result = type(X)((out_data[:end], out_indices[:end], out_indptr), shape=shape)
    result.has_canonical_format = True
    return result


def _refuse_if_too_large(X, rate, n_copies=1, with_original=False):
    """Raise ValueError if noisy copies of ``X``, its zeros hit too, would not fit in memory."""
    hits = rate * X.shape[0] * X.shape[1]
    entries = n_copies * (hits + X.nnz) + with_original * X.nnz
    index_bytes = 8 if entries > np.iinfo(np.int32).max else X.indices.itemsize
    size = entries * (X.data.itemsize + index_bytes)
    needed = size + 8 * hits  # the positions of one copy's
    if with_original and X.format == "csc":  # rows are appended to CSR, which is converted
        needed = max(needed, 2 * size)
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
