"""The squared error, |y - z|^2 / 2 in standardised units."""


class SquaredError:
    """The loss of a residual r = y - z, and its dual along the ray s * theta.

    A solver knows a loss by these functions of inner products alone, which a Gram keeps up to date
    without a residual: ``square`` = theta . theta and ``product`` = theta . y. Its gradient in the
    predictions is -r, its curvature one: a single least-squares problem is the whole fit. Losses
    with other curvatures are fitted by a sequence of such problems, the curvature as row weights.
    """

    def value(self, square):
        """|r|^2 / 2, given ``square`` = r . r."""
        return 0.5 * square

    def dual_value(self, s, square, product):
        """Minus the conjugate at -s * theta: s theta.y - s^2 |theta|^2 / 2."""
        return s * product - 0.5 * s * s * square

    def dual_slope(self, s, square, product):
        """Derivative of `dual_value` in s, a decreasing function."""
        return product - s * square

    def dual_peak(self, square, product):
        """The s at which `dual_value` is largest; infinite where theta is zero."""
        return product / square if square > 0.0 else float("inf")
