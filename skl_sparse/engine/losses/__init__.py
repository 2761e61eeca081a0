"""Losses: functions of one row, one small file each; `LOSSES` is the table that drives all else."""

from ._huber import Huber
from ._log_cosh import LogCosh
from ._log_loss import LogLoss
from ._loss import Loss
from ._poisson import Poisson
from ._squared_error import SquaredError
from ._squared_hinge import SquaredHinge

LOSSES = {
    loss.name: loss for loss in (SquaredError, Huber, LogCosh, LogLoss, Poisson, SquaredHinge)
}

__all__ = [
    "LOSSES",
    "Huber",
    "LogCosh",
    "LogLoss",
    "Loss",
    "Poisson",
    "SquaredError",
    "SquaredHinge",
]
