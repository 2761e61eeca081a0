"""What a design is: anything that answers three questions about a matrix X."""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

# Entries that one call into compiled code passes over: an interrupt waits no longer than that.
MOST_ENTRIES = 1 << 26


@dataclass
class Moments:
    """Weighted mean and root mean square deviation of each column; the weights sum to one."""

    mean: np.ndarray
    deviation: np.ndarray


@dataclass
class SparseColumns:
    """Gathered columns, each a list of (row, value), and the lazy shift of each.

    Column j stands for ``sparse_j - shift[j] * q``, where q is the unit vector that the intercept
    spans (the roots of the row weights).
    """

    values: np.ndarray
    rows: np.ndarray
    indptr: np.ndarray
    shift: np.ndarray

    def spread(self, n_rows):
        """The lists, without the shift, as the rows of an array of shape (n_columns, n_rows)."""
        out = np.zeros((len(self.shift), n_rows))
        slots = np.repeat(np.arange(len(self.shift)), np.diff(self.indptr))
        out[slots, self.rows] = self.values
        return out


@dataclass
class DenseColumns:
    """Gathered columns as the rows of a contiguous array, centred where there is an intercept."""

    values: np.ndarray


class Design(ABC):
    """A matrix X of shape (n_rows, n_columns), seen only through sums over its rows.

    A new kind of matrix (row blocks on disk, on a cluster) is a new subclass; no solver changes.
    All results are float64, whatever the type of X. X is never modified and never copied whole.
    """

    n_rows: int
    n_columns: int
    n_threads: int
    nbytes: int
    #: Entries that a pass over X meets.
    n_stored: int
    #: Time to touch one entry of a gathered column, against one number of a contiguous array.
    entry_cost: float
    #: Memory of one entry of a gathered column.
    gathered_entry_bytes: int
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
    def gram(self, known, new, row_weights, center, out):
        """out = (X_new - c_new)^T D (X_[known, new] - c_[known, new]), D = diag(row_weights).

        The weights sum to one and ``center`` holds the weighted means of the columns, or zeros.
        ``out``, of shape (len(new), len(known) + len(new)), is part of what may be the largest
        array of a fit: it is filled where it lies.
        """

    @abstractmethod
    def gather(self, columns, row_scale, column_scale):
        """The named columns as `SparseColumns` (shift zero) or `DenseColumns`, scaled both ways."""

    @abstractmethod
    def moments(self, weights, center):
        """`Moments` of the columns under row weights; about zero instead if not ``center``."""

    @abstractmethod
    def stored_in(self, columns):
        """Number of stored entries of the named columns."""

    def _run(self, task, ranges):
        """Call ``task(*range)`` for every range, on ``n_threads`` threads, results in order."""
        if self.n_threads == 1 or len(ranges) == 1:
            return [task(*r) for r in ranges]
        with ThreadPoolExecutor(self.n_threads) as pool:
            return list(pool.map(lambda r: task(*r), ranges))


def moments_about(first, second, guess, unit, largest, center):
    """Moments from the sums of w*d and w*d**2 with d = (x - guess) / unit.

    The guess carries the rounding error of a plain sum, of order n eps; its own mean deviation
    corrects it, so that a constant column is told from one that varies (deviation at the level of
    rounding, not of the sum's error) and a mean of 1e8 leaves a unit deviation intact.
    """
    if not center:
        return Moments(np.zeros_like(guess), unit * np.sqrt(second))
    variance = np.maximum(second - first * first, 0.0)
    deviation = unit * np.sqrt(variance)
    deviation[deviation <= 8 * np.finfo(np.float64).eps * largest] = 0.0
    return Moments(guess + unit * first, deviation)


def line_ranges(indptr, n_parts, most=MOST_ENTRIES):
    """Cut the lines into at least ``n_parts`` ranges of like size, each of about ``most`` entries."""
    n_lines = len(indptr) - 1
    stored = int(indptr[-1]) + n_lines
    n_ranges = max(1, min(n_lines, max(n_parts, -(-stored // most))))
    goals = np.linspace(0, int(indptr[-1]), n_ranges + 1)[1:-1]
    cuts = np.searchsorted(indptr, goals)
    edges = [0, *np.clip(cuts, 0, n_lines).tolist(), n_lines]
    return [(a, b) for a, b in pairwise(edges) if a < b]
