"""Losses: functions of one row, one small file each; `LOSSES` is the table that drives all else."""

from ._log_cosh import LogCosh
from ._loss import Loss
from ._squared_error import SquaredError

LOSSES = {loss.name: loss for loss in (SquaredError, LogCosh)}

__all__ = ["LOSSES", "LogCosh", "Loss", "SquaredError"]
