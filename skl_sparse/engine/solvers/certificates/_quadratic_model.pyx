"""The smooth part of the problem that the solvers solve: |y - z|^2 / 2 in the predictions z.

Least squares is this problem. Another loss is fitted by a sequence of them, with its curvature as
row weights.
"""


cdef class QuadraticModel:
    """|r|^2 / 2 of the residual r = y - z, and its dual on the rays s * theta.

    Both are functions of inner products alone, which a Gram keeps up to date without a residual:
    ``square`` = theta . theta and ``product`` = theta . y.

    Parameters
    ----------
    null : float, > 0
        The objective F(0) of the null model, to which gaps are relative. It is 1/2 for least
        squares in standardised units.
    """

    def __init__(self, double null=0.5):
        self.null = null

    def value(self, double square):
        """|r|^2 / 2, given ``square`` = r . r."""
        return self.value_at(square)

    def dual(self, double s, double square, double product):
        """Minus the conjugate at -s * theta, concave in s, and its first two derivatives."""
        at = self.dual_at(s, square, product)
        return at.value, at.slope, at.curvature

    def dual_peak(self, double square, double product):
        """The s at which `dual` is largest; infinite where there is none."""
        return self.peak_at(square, product)

    def gap(self, double primal, double dual):
        """(primal - dual) / F(0), clipped at 0."""
        return self.gap_of(primal, dual)
