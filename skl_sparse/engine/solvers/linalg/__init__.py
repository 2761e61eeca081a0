"""Linear systems: conjugate gradients and Cholesky factors."""
