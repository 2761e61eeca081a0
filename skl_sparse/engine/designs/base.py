"""What a design is: anything that answers three questions about a matrix X."""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

# Entries that one call into compiled code passes over: an interrupt waits no longer than that.
MOST_ENTRIES = 1 << 26
# Numbers that threads may take for sums of their own, as a share of the stored entries: to fill and
# add large copies costs more than it gains.
COPIED = 1 / 8
# Columns looked at at a time, where NumPy needs room for intermediate results.
STRETCH = 1 << 14
# Columns that take part in one pass, where it needs a number for each of them and all others.
PER_PASS = 64


class NotFiniteError(ValueError):
    """X holds nan or infinity."""


@dataclass
class Moments:
    """Weighted mean and root mean square deviation of each column; the weights sum to one.

    And ``products`` = X^T v, if they were asked for.
    """

    mean: np.ndarray
    deviation: np.ndarray
    products: np.ndarray | None = None


@dataclass
class SparseColumns:
    """Gathered columns, each a list of rows and of their values, and the lazy shift of each.

    The rows of column j begin at ``indptr[j]``, its values at ``starts[j]``: as many, or a single one
    that they share, as in a one-hot table. It stands for ``sparse_j - shift[j] * q``, where q is the
    unit vector that the intercept spans (the roots of the row weights).
    """

    values: np.ndarray
    starts: np.ndarray
    rows: np.ndarray
    indptr: np.ndarray
    shift: np.ndarray

    def entries(self):
        """A value for each row."""
        if len(self.values) == len(self.rows):
            return self.values
        sizes, counts = np.diff(self.starts), np.diff(self.indptr)
        return np.repeat(self.values, np.repeat(np.where(sizes == 1, counts, 1), sizes))

    def spread(self, n_rows):
        """The lists, without the shift, as the rows of an array of shape (n_columns, n_rows)."""
        out = np.zeros((len(self.shift), n_rows))
        slots = np.repeat(np.arange(len(self.shift)), np.diff(self.indptr))
        out[slots, self.rows] = self.entries()
        return out


@dataclass
class DenseColumns:
    """Gathered columns as the rows of a contiguous array, centred where there is an intercept."""

    values: np.ndarray


class Design(ABC):
    """A matrix X of shape (n_rows, n_columns), seen only through sums over its rows.

    A new kind of matrix (row blocks on disk, on a cluster) is a new subclass; no solver changes.
    All results are float64, whatever the type of X, unless ``gram`` is asked for less. X is never
    modified and never copied whole. Weights of the rows that are all alike may be a single number,
    repeated with a stride of zero.
    """

    n_rows: int
    n_columns: int
    n_threads: int
    nbytes: int
    #: Entries that a pass over X meets.
    n_stored: int
    #: Time to touch one entry of a gathered column, against one number of a contiguous array.
    entry_cost: float
    #: Whether `gram` may be asked for a result in single precision, which is faster then.
    multiplies_in_single = False
    #: Whether `moments` takes a vector v, zero where the weights are, and finds X^T v too: where X is
    #: read in order that is no other pass, elsewhere it would cost as much as one more.
    finds_products = False
    #: A method that returns X X^T, where BLAS does it.
    row_gram = None
    #: Ratio of mean to deviation up to which a column may be centred lazily without losing digits.
    lazy_offset: float

    @property
    def pass_cost(self):
        """Time of a pass over X, in numbers of a contiguous array touched."""
        return self.entry_cost * self.n_stored

    @abstractmethod
    def correlate(self, R):
        """X^T R for R of shape (n_rows, k)."""

    @abstractmethod
    def predict(self, W):
        """X W for W of shape (n_columns, k); rows of zeros in W cost nothing where possible."""

    @abstractmethod
    def gram(self, known, new, row_weights, center, scale, out, rows=None):
        """out = Z_new^T D Z_[known, new], where Z = (X - c) diag(scale) and D = diag(row_weights).

        The weights sum to one and ``center``, c, holds the weighted means of the columns, or zeros.
        ``rows``, a list of slices, are those to sum over instead of all.
        ``out``, of shape (len(new), len(known) + len(new)), is part of what may be the largest
        array of a fit: it is filled where it lies.
        """

    @abstractmethod
    def gather(self, columns, row_scale, column_scale):
        """The named columns as `SparseColumns` (shift zero) or `DenseColumns`, scaled both ways."""

    @abstractmethod
    def gathered_bytes(self, columns, row_scale):
        """The memory of the entries that `gather` returns."""

    @abstractmethod
    def moments(self, weights, center):
        """`Moments` of the columns under row weights; about zero instead if not ``center``.

        Raises `NotFiniteError` if a row that counts holds nan or infinity.
        """

    @abstractmethod
    def stored_in(self, columns):
        """Number of stored entries of the named columns."""

    @abstractmethod
    def _entries(self):
        """All stored entries, an array at a time."""

    def _check_finite(self, sums):
        """Find nan and infinity by what they leave in the sums of columns: no pass of their own."""
        if np.isfinite(sums).all() or all(np.isfinite(part).all() for part in self._entries()):
            return
        raise NotFiniteError("X contains nan or infinity")

    def _run(self, task, parts):
        """Call ``task(part)`` for every part, on ``n_threads`` threads, results in order."""
        if self.n_threads == 1 or len(parts) == 1:
            return [task(part) for part in parts]
        others = self._others.map(task, parts[1:])
        return [task(parts[0]), *others]

    def _may_copy(self, out, n):
        return (n - 1) * out.size <= self.n_stored * COPIED

    def _add_up(self, add, parts, out):
        """Call ``add(part, to)``, which adds to an array, for every part, on ``n_threads`` threads.

        The first adds to ``out`` where it lies, each other to an array of its own.
        """
        sums = [out, *(self._spare(k, out) for k in range(1, len(parts)))]

        def task(k):
            if k:
                sums[k][...] = 0
            add(parts[k], sums[k])

        self._run(task, range(len(parts)))
        for some in sums[1:]:
            out += some

    def _spare(self, k, like):
        """An array like another for the sums of thread k.

        It is kept for the passes to come: pages that are new in every pass cost more than its sums.
        And they are touched here, since threads that ask for new pages at once wait for each other.
        """
        spare = self._spares.get(k)
        if spare is None or spare.nbytes < like.nbytes:
            spare = self._spares[k] = np.full(like.nbytes, 0, dtype=np.uint8)
        return spare[: like.nbytes].view(like.dtype).reshape(like.shape)

    @cached_property
    def _spares(self):
        return {}

    @cached_property
    def _others(self):
        """The threads next to the caller's; starting them anew for every pass would be felt."""
        return ThreadPoolExecutor(self.n_threads - 1)


def repeated(weights):
    """Whether the weights are a single number, repeated without taking memory."""
    return weights.strides == (0,)


def roots(weights):
    """Repeated where the weights are."""
    if repeated(weights):
        return np.broadcast_to(np.sqrt(weights[0]), len(weights))
    return np.sqrt(weights)


def weighted_sums(weights, R):
    """weights @ R"""
    if not repeated(weights):
        return weights @ R
    ones = np.ones(min(len(R), STRETCH))
    parts = (R[some] for some in blocks(len(R), STRETCH))
    return weights[0] * sum(ones[: len(part)] @ part for part in parts)


def moments_about(first, second, guess, unit, center):
    """Mean and deviation from the sums of w*d and w*d**2 with d = (x - guess) / unit.

    The guess carries the rounding error of a plain sum, of order n eps; its own mean deviation
    corrects it, so that a constant column is told from one that varies (deviation at the level of
    the mean's rounding, not of the sum's error) and a mean of 1e8 leaves a unit deviation intact.
    """
    if not center:
        return np.zeros_like(guess), unit * np.sqrt(second)
    variance = np.maximum(second - first * first, 0.0)
    deviation = unit * np.sqrt(variance)
    mean = guess + unit * first
    deviation[deviation <= 8 * np.finfo(np.float64).eps * np.abs(mean)] = 0.0
    return mean, deviation


def starts_of(sizes):
    """Where lists of these sizes start that follow each other, and where the last of them ends."""
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def blocks(n, step):
    """Slices of length ``step`` that cover range(n)."""
    step = max(1, step)
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def line_parts(indptr, n_parts, most=MOST_ENTRIES):
    """Cut the lines into ``n_parts`` parts of like size, each a list of ranges of ``most`` entries.

    There are fewer parts where there are fewer lines, at least one.
    """
    n_lines = len(indptr) - 1
    entries = int(indptr[-1])
    n_ranges = n_parts * max(1, -(-(entries + n_lines) // (most * n_parts)))
    goals = np.linspace(0, entries, n_ranges + 1)[1:-1].astype(indptr.dtype)
    cuts = np.searchsorted(indptr, goals)
    edges = [0, *np.clip(cuts, 0, n_lines).tolist(), n_lines]
    ranges = list(pairwise(edges))
    each = n_ranges // n_parts
    parts = [ranges[start : start + each] for start in range(0, n_ranges, each)]
    parts = [[(a, b) for a, b in part if a < b] for part in parts]
    return [part for part in parts if part] or [[]]
