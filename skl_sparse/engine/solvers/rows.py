"""What is as long as the rows: targets and residuals, next to the data that they belong to."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Look:
    """Sums over the rows at a point of one problem.

    Attributes
    ----------
    correlations : ndarray of shape (n_columns,)
        A^T r of the residual r.
    square : float
        r . r
    product : float
        r . y
    residual : ndarray of shape (n_rows,)
        r itself: rows that are in memory can tell it.
    """

    correlations: np.ndarray
    square: float
    product: float
    residual: np.ndarray


class Rows:
    """The rows of a batch of problems, in memory.

    Parameters
    ----------
    views : list of WeightedView
        One for each problem; problems of the same row weights share one.
    Y : ndarray of shape (n_rows, n_problems)
        The target of each problem, of unit norm (or zero).
    """

    def __init__(self, views, Y):
        self.views, self.Y = views, Y
        self.n_rows, self.n_columns = views[0].n_rows, views[0].n_columns
        self.design = views[0].design

    def subset(self, problems):
        """The rows of some of the problems."""
        return Rows([self.views[t] for t in problems], self.Y[:, problems])

    def look(self, points, problems):
        """A `Look` for each of some problems at its `Coefficients`: two passes over X for all."""
        if not len(problems):
            return []
        R = self.residuals(points, problems)
        correlations = self.correlate(R, problems)
        return [
            self.describe(t, R[:, k], c)
            for k, (t, c) in enumerate(zip(problems, correlations, strict=True))
        ]

    def describe(self, t, r, c):
        """The `Look` of problem t with residual r and its correlations c."""
        return Look(c, float(r @ r), float(r @ self.Y[:, t]), r)

    def residuals(self, points, problems):
        """y - A u for some problems and their `Coefficients`, one a column."""
        Y = self.Y if len(problems) == self.Y.shape[1] else self.Y[:, problems]
        if not any(u.values.any() for u in points):
            return Y
        views = [self.views[t] for t in problems]
        if alike(views):
            R = views[0].combine(points)
        else:
            scaled = [view.unscaled([u]) for view, u in zip(views, points, strict=True)]
            with np.errstate(over="ignore", invalid="ignore"):
                R = self.design.predict(np.hstack([W for W, _ in scaled]))
            for k, (view, (W, held)) in enumerate(zip(views, scaled, strict=True)):
                view.weigh_rows(R[:, k : k + 1], W, held)
        return np.subtract(Y, R, out=R)

    def correlate(self, R, problems):
        """A^T r for each column r of R, in the view of its problem; contiguous vectors."""
        views = [self.views[t] for t in problems]
        if alike(views):
            products = views[0].correlate(R)
            return [np.ascontiguousarray(c) for c in products.T]
        weighted = np.empty(R.shape)
        for k, view in enumerate(views):
            np.multiply(view.q, R[:, k], out=weighted[:, k])
        products, correlations = self.design.correlate(weighted), []
        for k, view in enumerate(views):
            c = np.ascontiguousarray(products[:, k : k + 1])
            view.standardise(c, 1.0, R[:, k : k + 1])
            correlations.append(c[:, 0])
        return correlations


def alike(views):
    """Whether all are the same view."""
    return all(view is views[0] for view in views)
