"""The engine: designs, losses, penalties and the solvers that know them by interface only."""
