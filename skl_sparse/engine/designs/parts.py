"""Rows in parts, such as the folds of a cross-validation: what views that leave one out share."""

import numpy as np

from ..cuts import blocks
from ._view import standardise_gram
from .view import WeightedView


class Parts:
    """A design whose rows each belong to a part, and the views that leave out one part or none.

    The means and deviations of all views come from one pass over X, and so do their Gram matrices: a
    row adds to the sums of its own part. A view adds up those of the parts that it has: nothing is
    taken from a total, where it might cancel. Where products are centred before they are summed, all
    parts have a common centre and unit, those of the whole; each view then moves them to its own.

    Parameters
    ----------
    design : Design
    weights : ndarray of shape (n_rows,)
        Of the whole; not negative, not all zero.
    labels : ndarray of shape (n_rows,), int
        The part of each row, 0 ... n_parts - 1.
    center : bool
        Whether there is an intercept.
    """

    def __init__(self, design, weights, labels, center):
        self.design, self.center = design, center
        self.labels = np.ascontiguousarray(labels, dtype=np.int32)
        self.n_parts = int(self.labels.max(initial=0)) + 1
        self.weights = weights / weights.sum()
        self.weight_of = np.bincount(self.labels, self.weights, self.n_parts)
        self._sums = design.sums(self.weights, center, None, self.labels, self.n_parts)
        self.whole = self.without(None)

    def without(self, part):
        """The view that leaves out one part, or none."""
        weights, has = self.weights, [k for k in range(self.n_parts) if k != part]
        if part is not None:
            weights = np.where(self.labels == part, 0.0, weights)
            weights /= weights.sum()
        first, second = (self._added(sums, has) for sums in (self._sums.first, self._sums.second))
        moments = self.design.moments_of(first, second, self._sums, weights, self.center)
        return WeightedView(
            self.design, weights, self.center, moments=moments, parts=self, left_out=part
        )

    def _added(self, sums, has):
        """The sums of some parts over their weight, as a new array; added, never taken from a total."""
        total = np.array(sums[has[0]])
        for part in has[1:]:
            total += sums[part]
        total /= self.weight_of[has].sum()
        return total

    def fill_grams(self, views, known, new, outs):
        """A_new^T A_[known, new] of every view, in one pass, each in an array of its own.

        Those may be in single precision: sums are in double, and rounded at the end.
        """
        columns, n_known = np.concatenate([known, new]), len(known)
        whole, apart = self._frame(columns), np.zeros(len(views), dtype=bool)
        moves = []
        for k, view in enumerate(views):
            mean, scale = view.mean[columns], view.scale[columns]
            if whole is not None:
                center, unit = whole
                mean = (mean - center) * unit
                scale = np.divide(scale, unit, out=np.zeros_like(scale), where=unit > 0)
                # What is far from the common centre, by its own deviation, would lose its digits.
                apart[k] = (np.abs(mean * scale) > view.tuning.most_shifted).any()
            moves.append((mean, scale))
        most = self.whole.room() // (8 * max(1, len(columns)))
        for some in blocks(len(new), max(1, most)):
            before, after = n_known + some.start, n_known + some.stop
            sums = np.empty((self.n_parts, after - before, after))
            frame = () if whole is None else (self.whole.mean, self.whole.scale)
            with np.errstate(over="ignore", invalid="ignore"):
                self.design.gram(
                    columns[:before], new[some], self.weights, sums, *frame, parts=self.labels
                )
            for products, out, (mean, scale), far in zip(
                self._left(sums, views), outs, moves, apart, strict=True
            ):
                if far:
                    continue
                standardise_gram(products, mean[:after], scale[:after], mean[:after], 1.0)
                out[some, :after] = products
                out[: some.start, before:after] = products[:, n_known:before].T
        for view, out, far in zip(views, outs, apart, strict=True):
            if far:
                view.gram(known, new, out)
            else:
                view.correct_gram(known, new, out)

    def _frame(self, columns):
        """Centre and unit in which products are summed, where they are centred before that."""
        if not self.design.traits.centres_products:
            return None
        return self.whole.mean[columns], self.whole.scale[columns]

    def _left(self, sums, views):
        """For each view the sums of the parts that it has, over their weight, as a new array."""
        for view in views:
            yield self._added(sums, [k for k in range(self.n_parts) if k != view.left_out])
