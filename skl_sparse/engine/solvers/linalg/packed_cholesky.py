"""Cholesky factors in half the memory of their matrix, or in a quarter.

Rectangular full packed format: the lower triangle of a symmetric matrix [A11; A21 A22] as one
rectangle, A11 and A21 below, the transpose of A22 in the triangle that A11 leaves free. LAPACK works
on its blocks as fast as on a full matrix.

F. G. Gustavson, J. Wasniewski, J. J. Dongarra, J. Langou, "Rectangular full packed format for
Cholesky's algorithm", ACM Transactions on Mathematical Software 37(2), 2010.
"""

import numpy as np
from scipy.linalg import LinAlgError
from scipy.linalg.lapack import dpftrf, dpotrf, dpotrs, spftrf

from ._substitution import substitute

# Multiplications of BLAS in the time of one number touched once in memory: what factors cost.
BLAS_SPEED = 8
# Rows that are copied at a time. A matrix of no more is not worth the packing.
STRIPE = 256


def cholesky(block, columns, diagonal, single=False):
    """b -> (A + diag(diagonal))^-1 b for vectors b and the symmetric A = block(columns, columns).

    Parameters
    ----------
    block : callable
        ``block(rows, columns)`` is a part of the matrix.
    columns : ndarray of shape (n,)
        What to call its rows and columns by.
    diagonal : ndarray of shape (n,)
    single : bool
        Factorise in single precision where that is worth it; what solves is that much rounder.

    Raises
    ------
    LinAlgError
        If the matrix is not positive definite.
    """
    if len(columns) > STRIPE:
        info, solve = packed(block, columns, diagonal, single)
    else:
        info, solve = full(block, columns, diagonal)
    if info != 0:
        raise LinAlgError("the matrix is not positive definite")
    return solve


def full(block, columns, diagonal):
    """Where the matrix lies, which is small."""
    matrix, places = block(columns, columns).astype(np.float64, copy=False), np.arange(len(columns))
    matrix[places, places] += diagonal
    factor, info = dpotrf(matrix.T, lower=True, overwrite_a=True, clean=False)
    return info, lambda b: dpotrs(factor, b, lower=True)[0]


def packed(block, columns, diagonal, single=False):
    """In rectangular full packed format."""
    n = len(columns)
    below = 1 - n % 2  # a row is free above A11 where n is even, else a column left of A22
    upper, lower = columns[: (n + 1) // 2], columns[(n + 1) // 2 :]
    factorise, dtype = (spftrf, np.float32) if single else (dpftrf, np.float64)
    entries = np.empty((n + below, len(upper)), dtype=dtype, order="F")
    for start in range(0, n, STRIPE):
        stop = min(start + STRIPE, n)
        left = upper[:stop]
        entries[below + start : below + stop, : len(left)] = block(columns[start:stop], left)
    corner = entries[: len(lower), 1 - below : 1 - below + len(lower)]
    for start in range(0, len(lower), STRIPE):
        stripe = block(lower[start : start + STRIPE], lower[start:])
        for k, row in enumerate(stripe, start):
            corner[k, k:] = row[k - start :]
    places = np.arange(len(upper))
    entries[below + places, places] += diagonal[: len(upper)]
    corner[places[: len(lower)], places[: len(lower)]] += diagonal[len(upper) :]
    factor, info = factorise(n, entries.ravel(order="F"), transr="N", uplo="L", overwrite_a=True)

    def solve(b):
        x = b.astype(dtype)
        substitute(factor, x)
        return x.astype(np.float64, copy=False)

    return info, solve
