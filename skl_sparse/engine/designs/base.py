"""What a design is: anything that answers a few questions about a matrix X by sums over its rows."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ..threads import Threads
from .tuning import DesignTuning


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
class ColumnSums:
    """Sums of w*d and w*d**2 with d = x - shift, a row of columns for each part of the rows.

    In units of ``unit``; ``products`` = X^T v, if they were asked for.
    """

    first: np.ndarray
    second: np.ndarray
    shift: np.ndarray
    unit: float
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

    def to_dense(self, n_rows):
        """The lists, without the shift, as the rows of an array of shape (n_columns, n_rows)."""
        out = np.zeros((len(self.shift), n_rows))
        slots = np.repeat(np.arange(len(self.shift)), np.diff(self.indptr))
        out[slots, self.rows] = self.entries()
        return out


@dataclass
class DenseColumns:
    """Gathered columns as the rows of a contiguous array, centred where there is an intercept."""

    values: np.ndarray


@dataclass(frozen=True)
class Traits:
    """What a kind of matrix is good at: nothing but speed and rounding depends on it.

    Attributes
    ----------
    entry_cost : float
        Time to touch one entry of a gathered column, against one number of a contiguous array.
    lazy_offset : float
        Ratio of mean to deviation up to which a column may be centred lazily without losing digits.
    multiplies_in_single : bool
        Whether `Design.gram` may be asked for a result in single precision, which is faster then.
    centres_products : bool
        Whether `Design.gram` subtracts the centres before it multiplies, which loses no digits, and
        not afterwards.
    finds_products : bool
        Whether `Design.moments` takes a vector v and finds X^T v too: where X is read in order that is
        no other pass, elsewhere it would cost as much as one more.
    has_row_gram : bool
        Whether `Design.row_gram` is there, by BLAS.
    """

    entry_cost: float
    lazy_offset: float
    multiplies_in_single: bool = False
    centres_products: bool = False
    finds_products: bool = False
    has_row_gram: bool = False


class Design(ABC):
    """A matrix X of shape (n_rows, n_columns), seen only through sums over its rows.

    A new kind of matrix (row blocks on disk, on a cluster) is a new subclass; no solver changes. All
    results are float64, whatever the type of X, unless ``gram`` is asked for less. X is never modified
    and never copied whole. Weights of the rows that are all alike may be a single number, repeated
    with a stride of zero.

    A design does not change once it is made: any number of threads may ask it at once.

    Attributes
    ----------
    n_rows, n_columns : int
    n_stored : int
        Entries that a pass over X meets.
    nbytes : int
    traits : Traits
    threads : Threads
    tuning : DesignTuning
    """

    n_rows: int
    n_columns: int
    n_stored: int
    nbytes: int
    traits: Traits
    threads: Threads
    tuning: DesignTuning

    @property
    def pass_cost(self):
        """Time of a pass over X, in numbers of a contiguous array touched."""
        return self.traits.entry_cost * self.n_stored

    @abstractmethod
    def correlate(self, R):
        """X^T R for R of shape (n_rows, k)."""

    @abstractmethod
    def predict(self, W):
        """X W for W of shape (n_columns, k); rows of zeros in W cost nothing where possible."""

    @abstractmethod
    def gram(
        self, known, new, weights, out, center=None, scale=None, *, sums=None, rows=None, parts=None
    ):
        """out = Z_new^T D Z_[known, new] with D = diag(weights), for any weights >= 0.

        Z is X, or (X - 1 c^T) diag(s) where ``center`` c and ``scale`` s are given.

        Parameters
        ----------
        known, new : ndarray of int
        weights : ndarray of shape (n_rows,)
        out : ndarray of shape (len(new), len(known) + len(new))
            It may be part of the largest array of a fit, and is filled where it lies.
        center, scale : ndarray of shape (n_columns,), optional
            Both or neither.
        sums : ndarray of shape (n_columns,), optional
            X^T D 1, if the caller knows it and the weights sum to one: it need not be summed then.
        rows : list of slices, optional
            The rows to sum over instead of all.
        parts : ndarray of shape (n_rows,), int32, optional
            The part that each row belongs to. Then ``out`` has one more axis in front, with the sums
            of each part, found in the same pass.
        """

    @abstractmethod
    def gather(self, columns, row_scale, column_scale):
        """The named columns as `SparseColumns` (shift zero) or `DenseColumns`, scaled both ways."""

    @abstractmethod
    def gathered_bytes(self, columns, row_scale):
        """The memory of the entries that `gather` returns."""

    def moments(self, weights, center, v=None):
        """`Moments` of the columns under row weights that sum to one; about zero if not ``center``.

        Raises `NotFiniteError` if a row that counts holds nan or infinity.
        """
        sums = self.sums(weights, center, v)
        return self.moments_of(sums.first[0], sums.second[0], sums, weights, center, v)

    @abstractmethod
    def sums(self, weights, center, v=None, parts=None, n_parts=1):
        """`ColumnSums`, in one pass; of each part of the rows, if ``parts`` name that of each row."""

    @abstractmethod
    def moments_of(self, first, second, sums, weights, center, v=None):
        """`Moments` from sums of some parts, of which ``sums`` tells shift, unit and products.

        The weights are those of the rows that the sums are over: columns whose sums do not vouch for
        their variance are summed again. ``first`` and ``second`` may be overwritten.
        """

    @abstractmethod
    def stored_in(self, columns):
        """Number of stored entries of the named columns."""

    def row_gram(self):
        """X X^T, where the traits say so."""
        raise NotImplementedError(f"{type(self).__name__} does not form X X^T")

    @abstractmethod
    def _entries(self):
        """All stored entries, an array at a time."""

    def _check_finite(self, sums):
        """Find nan and infinity by what they leave in the sums of columns: no pass of their own."""
        if np.isfinite(sums).all() or all(np.isfinite(part).all() for part in self._entries()):
            return
        raise NotFiniteError("X contains nan or infinity")

    def _may_copy(self, out, n):
        return (n - 1) * out.size <= self.n_stored * self.tuning.most_copied
