"""Losses: value, gradient, curvature and conjugate, one file each."""
