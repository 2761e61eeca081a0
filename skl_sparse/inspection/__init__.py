"""Pictures and tables of fitted models; matplotlib and pandas are imported when used."""

from .budget_display import BudgetDisplay
from .coefficient_display import CoefficientDisplay
from .coefficient_table import coefficient_table
from .cv_display import CVDisplay
from .path_display import PathDisplay
from .pattern_display import PatternDisplay
from .penalty_display import PenaltyDisplay

__all__ = [
    "BudgetDisplay",
    "CVDisplay",
    "CoefficientDisplay",
    "PathDisplay",
    "PatternDisplay",
    "PenaltyDisplay",
    "coefficient_table",
]
