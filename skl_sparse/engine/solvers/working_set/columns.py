"""The working set of columns, and the cheaper of two ways to descend on them."""

import numpy as np

from ...designs.base import SparseColumns
from ._systems import DenseSystem, GramSystem, SparseSystem
from .gram import GrowingGram
from .tuning import DEFAULT


class WorkingSet:
    """Columns of X in order of arrival, shared by the problems of a batch and by fits of a path.

    Either the Gram matrix of each view is kept and grown by what is new, or the columns themselves
    are gathered. A descent on the Gram pays the size of the working set for each changed coordinate,
    one on the columns pays their stored entries, for every correlation.

    A large Gram is in single precision, as long as that will do. Its sums are ``exact`` where there
    are many minima, of which rounding that depends on the container must not choose one.

    Parameters
    ----------
    views : list of WeightedView
        Those of the problems; problems of the same weights share one.
    exact : bool
    tuning : WorkingSetTuning
    """

    def __init__(self, views, exact=True, tuning=DEFAULT):
        self.views = list({id(view): view for view in views}.values())
        self.exact, self.tuning = exact, tuning
        self.n_columns, self.design = views[0].n_columns, views[0].design
        self.columns = np.empty(0, dtype=np.intp)
        self.member = np.zeros(self.n_columns, dtype=bool)
        #: Whether a sample of the rows has told columns apart so far.
        self.samples_well = True
        self._has_gram = all(view.has_gram for view in self.views)
        self._single_will_do = True
        self._grams = {}
        self._gathered = {}

    def __len__(self):
        return len(self.columns)

    def fits(self, columns):
        """Whether these columns may be held, one way or the other."""
        return self.holds_gram(columns) or self._gathered_bytes(columns) <= self._most_bytes

    def holds_gram(self, columns):
        """Whether these columns would be held as their Gram matrices."""
        if not self._has_gram:
            return False
        if len(columns) <= self.tuning.small:
            return True
        size = self._dtype(len(columns)).itemsize * len(columns) ** 2
        most = self.tuning.gram_first * self._gathered_bytes(columns)
        return size <= min(self._most_bytes / len(self.views), most)

    def hold(self, columns):
        """Let those of the columns enter that are not there yet."""
        new = columns[~self.member[columns]]
        if len(new):
            self.add(np.unique(new))

    def add(self, new):
        if len(new) == 0:
            return
        self.columns = np.concatenate([self.columns, new])
        self.member[new] = True
        self._gathered = {}

    def reset(self, columns):
        """Forget all but these columns, keeping what is known of their Gram matrices."""
        wanted = np.zeros(self.n_columns, dtype=bool)
        wanted[columns] = True
        stay = wanted[self.columns]
        for gram in self._grams.values():
            gram.keep(np.flatnonzero(stay[: gram.known]))
        kept = self.columns[stay]
        wanted[kept] = False
        self.columns = np.concatenate([kept, np.flatnonzero(wanted)])
        self.member[:] = False
        self.member[self.columns] = True
        self._gathered = {}

    def system(self, view, r, c):
        """The columns of a view for a residual r, and their correlations c with it."""
        if self.holds_gram(self.columns):
            return GramSystem(self.gram(view), c)
        self._grams = {}
        block = self._gathered.get(view)
        if block is None:
            block = view.gather(self.columns)
            if len(self.views) == 1:  # those of many views might be many times as large
                self._gathered[view] = block
        if isinstance(block, SparseColumns):
            return SparseSystem(
                block.values, block.starts, block.rows, block.indptr, block.shift, r
            )
        return DenseSystem(block.values, r)

    def prepare(self, views):
        """Bring up to date what `system` reads, so that threads may call it at once."""
        if self.holds_gram(self.columns):
            for view in views:
                self.gram(view)

    def hold_in_double(self):
        """Hold the Gram matrices in double precision from now on, whatever their size."""
        self._single_will_do = False
        self._grams = {view: gram for view, gram in self._grams.items() if gram.dtype == np.float64}

    def gram(self, view):
        """The Gram matrix of a view, brought up to date, with those of others in the same pass."""
        m = len(self.columns)
        for each in self.views:
            if each not in self._grams:
                self._grams[each] = GrowingGram(self.tuning.moved)
        known = self._grams[view].known
        if known < m:
            together = [view]
            if view.parts is not None:
                together = [
                    other
                    for other in self.views
                    if other.parts is view.parts and self._grams[other].known == known
                ]
            self._extend(together, known)
        return self._grams[view].view(m)

    def _extend(self, views, known):
        m, grams = len(self.columns), [self._grams[view] for view in views]
        for gram in grams:
            gram.stretch(m, self._dtype(m))
        at = self.columns[:known], self.columns[known:]
        if len(views) == 1:
            views[0].gram(*at, grams[0].view(m)[known:], self.exact)
        else:
            views[0].parts.fill_grams(views, *at, [gram.view(m)[known:] for gram in grams])
        for gram in grams:
            matrix = gram.view(m)
            matrix[:known, known:] = matrix[known:, :known].T
            gram.known = m

    def _dtype(self, size):
        single = size > self.tuning.in_double and self._single_will_do
        return np.dtype(np.float32 if single else np.float64)

    def _gathered_bytes(self, columns):
        return self.views[0].gathered_bytes(columns)

    @property
    def _most_bytes(self):
        return max(self.tuning.free_bytes, self.tuning.most_share * self.design.nbytes)
