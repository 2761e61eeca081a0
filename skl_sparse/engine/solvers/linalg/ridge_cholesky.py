"""Cholesky of a matrix of products plus a diagonal, however unequal that is."""

import numpy as np
from scipy.linalg import cho_factor, cho_solve


def ridge_cholesky(matrix, ridge):
    """b -> (matrix + diag(ridge))^-1 b, for a diagonal of the matrix of about one.

    The sum is scaled to a diagonal of about one too. The matrix is overwritten.

    Raises
    ------
    LinAlgError
        If the sum is not positive definite.
    """
    root = np.sqrt(1.0 / (1.0 + ridge))
    matrix *= root
    matrix *= root[:, None]
    matrix[np.diag_indices(len(ridge))] += ridge / (1.0 + ridge)
    factor = cho_factor(matrix.T, overwrite_a=True, check_finite=False)
    return lambda b: root * cho_solve(factor, root * b, check_finite=False)
