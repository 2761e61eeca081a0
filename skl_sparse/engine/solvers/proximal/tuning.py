"""The figures that proximal methods go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProximalTuning:
    """What each figure trades."""

    #: Steps between two certificates, each of which costs about as much as a step.
    check: int = 10
    #: Certificates without progress after which rounding error is all that is left.
    most_idle: int = 20
    #: Square of what rounding leaves of a prediction: a smaller change tells no curvature.
    rounding: float = 1e-28
    #: Steps of the power iteration for the largest eigenvalue. The line search mends what it lacks.
    power_steps: int = 20
