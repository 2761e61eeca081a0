"""The figures that fits without zeros go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SmoothTuning:
    """What each figure trades.

    Measured on riboflavin, prostate_singh and spamassassin for p in {1.1, 1.5, 3}, and on small
    collinear problems for p down to 1.0001.
    """

    # -- semismooth Newton (`newton`) --------------------------------------------------------------
    #: Length of the first proximal point step, and the factor to the next. Longer: fewer steps, each
    #: of more Newton steps and, where those are iterative, of more conjugate gradients.
    first_step: float = 1e3
    growth: float = 100.0
    #: Newton steps within one, and proximal point steps without progress before the fit ends.
    most_steps: int = 50
    most_idle: int = 8
    #: A proximal point step is solved to these shares of its length and of what the gap may be.
    share_of_step: float = 0.1
    share_of_gap: float = 0.3
    #: Share of its slope that a line search leaves, and that for the length of the first dual point,
    #: whose slope is huge. Less takes more proximal steps of all columns.
    slope_left: float = 0.1
    slope_left_at_first: float = 1e-2
    #: Share of the gradient that an inexact direction may leave. With 0.3 there are more Newton
    #: steps, with 0.01 twice the conjugate gradients.
    inexactness: float = 0.1
    #: Where correlations cancel to less than this share, a pass over X gives them anew.
    cancelled: float = 1e-3
    #: Steps of conjugate gradients for one system.
    most_conjugate: int = 500
    #: Least share of the penalty in a column's curvature, as far as the preconditioner minds.
    least_share: float = 1e-3

    # -- after coordinate descent (`newton.solve_after_descent`) -----------------------------------
    #: Passes of the outer loop before: fits to a certificate take some tens for p <= 1. For p > 1 the
    #: sweeps may take forever.
    passes_if_sparse: int = 100
    passes_if_dense: int = 5
    #: A gap so small is rounding: to ask for less is no reason to go on.
    proven: float = 1e-13

    # -- both ---------------------------------------------------------------------------------------
    #: Up to so many columns, or rows, systems are factorised.
    most_factorised: int = 1000
    #: Up to so many numbers in all, few rows are held dense for that: 32 MiB.
    most_numbers: int = 1 << 22

    # -- p = 2 (`linear_fit`) -------------------------------------------------------------------------
    #: A factorisation that costs no more than so many steps of conjugate gradients needs no contest.
    #: Else they go on while the steps foreseen, of which the first are the best, stay below a share.
    few_steps: float = 8
    share_of_steps: float = 0.5
    #: Steps of conjugate gradients before the certificate is looked at, whatever they foresee.
    most_linear: int = 2000
    #: Evaluations without progress before a factorisation is no longer trusted.
    patience: int = 3
    #: Share of its norm that a column keeps if the sample misses it.
    unseen: float = 0.01
    #: Numbers touched in the time that the calls of a step take, however small the data.
    calls: int = 1 << 16
    #: Numbers of a block of columns that is gathered for products of rows.
    block: int = 1 << 18
    #: Trace of K, which magnifies the rounding of b, up to which the coefficients come from there.
    #: They are of full precision where they are refined themselves.
    most_magnified: float = 4e7
    #: Curvature at which a column counts as penalised when the gap is foreseen, and the least that
    #: a system divides by.
    least_weight: float = 1e-8
    least_curvature: float = 1e-12
