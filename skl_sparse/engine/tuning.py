"""All figures that the engine goes by, in one object that a fit is given.

A benchmark or test that asks what a figure is worth passes another instance
(``dataclasses.replace``); nothing patches the names of a module.
"""

from dataclasses import dataclass, field

from .designs.tuning import DesignTuning
from .solvers.certificates.tuning import CertificateTuning
from .solvers.multistart.tuning import MultistartTuning
from .solvers.proximal.tuning import ProximalTuning
from .solvers.smooth.tuning import SmoothTuning
from .solvers.working_set.tuning import WorkingSetTuning


@dataclass(frozen=True)
class Tuning:
    """The figures of each folder."""

    designs: DesignTuning = field(default_factory=DesignTuning)
    working_set: WorkingSetTuning = field(default_factory=WorkingSetTuning)
    multistart: MultistartTuning = field(default_factory=MultistartTuning)
    smooth: SmoothTuning = field(default_factory=SmoothTuning)
    proximal: ProximalTuning = field(default_factory=ProximalTuning)
    certificates: CertificateTuning = field(default_factory=CertificateTuning)


DEFAULT = Tuning()
