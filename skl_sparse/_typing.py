"""Types of what the public functions and methods take."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt


class Sparse(Protocol):
    """A sparse matrix or array: SciPy has no type information of its own."""

    @property
    def nnz(self) -> Any: ...

    def toarray(self) -> Any: ...


class Frame(Protocol):
    """A pandas or polars data frame."""

    @property
    def columns(self) -> Any: ...

    def to_numpy(self) -> Any: ...


MatrixLike: TypeAlias = npt.ArrayLike | Sparse | Frame
FeatureWeights: TypeAlias = npt.ArrayLike | Mapping[str, float] | Callable[[Any], Any] | None
Norm: TypeAlias = Literal["l1", "l2", "max", "rms"]
NormMode: TypeAlias = Literal["unit", "max_norm"]
Replacement: TypeAlias = float | Literal["mean", "median", "feature_mean", "feature_median"]
Scope: TypeAlias = Literal["nonzero", "all"]
RandomState: TypeAlias = int | np.random.RandomState | None
