"""How far from optimal a point is."""
