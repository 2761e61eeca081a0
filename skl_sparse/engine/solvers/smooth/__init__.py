"""p > 1: no coefficient is zero, so Newton steps on all columns; p = 2: one linear system."""
