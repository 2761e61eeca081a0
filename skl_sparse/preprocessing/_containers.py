"""Resampled rows in the containers that came in, as the next step of a pipeline expects them.

pandas and polars are imported only if the user's data have done so.
"""

import sys

import numpy as np
import scipy.sparse as sp


def take_rows(y, rows):
    """Return ``y[rows]`` for an array, a list, or a series or frame of pandas or polars."""
    if isinstance(y, list):
        return [y[row] for row in rows]
    if _comes_from("pandas", y):
        return y.iloc[rows].reset_index(drop=True)
    if _comes_from("polars", y):
        return y[rows]
    return np.asarray(y)[rows]


def as_given(entries, X):
    """Return ``entries``, which have the columns of ``X``, in the container that ``X`` is.

    A column of a frame keeps its type where that holds its new values; else it becomes one of floats.
    """
    if isinstance(X, list):
        return entries.tolist()
    if _comes_from("pandas", X):
        return _as_pandas(entries, X)
    if _comes_from("polars", X):
        return _as_polars(entries, X)
    return entries


def _comes_from(library, data):
    module = sys.modules.get(library)
    return module is not None and isinstance(data, (module.DataFrame, module.Series))


def _as_pandas(entries, X):
    import pandas as pd

    def kept(values, dtype):
        column = values if isinstance(dtype, np.dtype) else pd.Series(values)
        try:
            with np.errstate(invalid="ignore"):
                return bool((column.astype(dtype).astype(entries.dtype) == values).all())
        except (TypeError, ValueError):
            return False

    positions = range(entries.shape[1])
    if sp.issparse(entries):
        frame = pd.DataFrame.sparse.from_spmatrix(entries)
        columns = entries.tocsc()
        parts = [columns.data[columns.indptr[j] : columns.indptr[j + 1]] for j in positions]
        types = [dtype.subtype for dtype in X.dtypes]
    else:
        frame = pd.DataFrame(entries, columns=positions)
        parts, types = entries.T, list(X.dtypes)
    frame = frame.astype(
        {
            j: X.dtypes.iloc[j]
            for j in positions
            if types[j] != entries.dtype and kept(parts[j], types[j])
        }
    )
    frame.columns = X.columns
    return frame


def _as_polars(entries, X):
    import polars as pl

    frame = pl.DataFrame(np.ascontiguousarray(entries), schema=X.columns, orient="row")

    def kept(column):
        values, dtype = frame[column], X.schema[column]
        try:
            cast = values.cast(dtype)
            return cast if bool((cast.cast(values.dtype) == values).all()) else values
        except pl.exceptions.PolarsError:
            return values

    return frame.with_columns(kept(column) for column in X.columns)
