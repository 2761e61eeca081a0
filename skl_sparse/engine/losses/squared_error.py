"""The squared error (y - z)^2 / 2."""

import numpy as np


class SquaredError:
    """Half the squared error, element by element, and what a solver may ask of a loss."""

    def value(self, y, z):
        """loss(y, z)"""
        return 0.5 * (y - z) ** 2

    def gradient(self, y, z):
        """d loss / d z"""
        return z - y

    def curvature(self, y, z):
        """d^2 loss / d z^2: constant, so one weighted least-squares problem is the whole fit."""
        return np.ones_like(z)

    def conjugate(self, y, theta):
        """sup_z theta z - loss(y, z)"""
        return 0.5 * theta**2 + theta * y
