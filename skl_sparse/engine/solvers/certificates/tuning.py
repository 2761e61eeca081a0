"""The figures that certificates go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CertificateTuning:
    """What each figure trades."""

    #: Strength in standard units below which the bound that a penalty sets to correlations drowns in
    #: their rounding: the dual point is made orthogonal to such columns instead.
    weak: float = 1e-9
    #: Up to so many such columns, of so many numbers in all (64 MiB), are projected off through a
    #: dense basis. More take conjugate gradients, two passes over X a step.
    most_columns: int = 2000
    most_numbers: int = 1 << 23
    #: Where those end: at this share of the correlations, and after so many steps.
    share_left: float = 1e-14
    most_steps: int = 1000
    #: What may be left of the correlations in units of the target: rounding. With more the dual point
    #: is not taken.
    left: float = 1e-12
