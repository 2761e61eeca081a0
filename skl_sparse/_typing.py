"""Types of what the public functions and methods take."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

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
