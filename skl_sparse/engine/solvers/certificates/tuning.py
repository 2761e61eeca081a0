"""The figures that certificates go by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CertificateTuning:
    """What each figure trades, and the benchmark that set it."""
