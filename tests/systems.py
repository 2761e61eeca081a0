"""The systems that a working set can be, made of a plain matrix."""

import numpy as np
import scipy.sparse as sp

from skl_sparse.engine.solvers.working_set._systems import (
    DenseSystem,
    GramSystem,
    SparseSystem,
)


def system_of(kind, A, r):
    """The columns of A, which have unit norm, with the residual r."""
    if kind == "gram":
        return GramSystem(A.T @ A, A.T @ r)
    if kind == "single":
        return GramSystem((A.T @ A).astype(np.float32), A.T @ r)
    if kind == "dense":
        return DenseSystem(np.ascontiguousarray(A.T), r)
    columns = sp.csc_array(A)
    indices, indptr = columns.indices.astype(np.int32), columns.indptr.astype(np.int64)
    return SparseSystem(columns.data, indptr, indices, indptr, np.zeros(A.shape[1]), r)
