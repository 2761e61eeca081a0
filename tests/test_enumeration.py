"""The enumeration of supports against brute force that knows nothing of its bounds."""

import numpy as np
import pytest
from enumeration import DRAWS, RHOS, Supports, draw, minima_of, planted, stored_minima
from reference import Problem, prox

POWERS = (0.0, 0.1, 0.5, 0.9)


def many_descents(X, y, alpha, p, rng, starts=300):
    """Coordinate descent from random starts, all at once."""
    n = len(y)
    Xc, yc = X - X.mean(axis=0), y - y.mean()
    G, c = Xc.T @ Xc / n, Xc.T @ yc / n
    w = rng.normal(size=(starts, len(c))) * 2 * rng.integers(0, 2, (starts, len(c)))
    for _ in range(200):
        before = w.copy()
        for j in range(len(c)):
            z = w[:, j] + (c[j] - w @ G[j]) / G[j, j]
            w[:, j] = prox(z, alpha / G[j, j], p)
        if np.abs(w - before).max() <= 1e-14 * np.abs(w).max():
            break
    objective = yc @ yc / (2 * n) + np.einsum("si,ij,sj->s", w, G, w) / 2 - w @ c
    return float(np.min(objective + alpha * (np.abs(w) ** p * (w != 0)).sum(axis=1)))


@pytest.mark.slow
@pytest.mark.parametrize("p", POWERS)
def test_no_descent_goes_lower(p):
    rng = np.random.default_rng(0)
    for rho in (0.3, 0.7):
        X, y = planted(rng, 20, 5, rho, nonzeros=3)
        table = Supports(X, y)
        for factor in (0.3, 0.03):
            alpha = factor * table.alpha_max
            best, w, _ = table.minimum(alpha, p)
            problem = Problem(X, y, alpha=alpha, p=p)
            assert problem.objective(w, problem.best_intercept(w)) == pytest.approx(best, rel=1e-12)
            assert problem.optimality(w) < 1e-7
            found = many_descents(X, y, alpha, p, rng, starts=60)
            assert best == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize("p", POWERS[1:])
def test_bounds_prune_nothing_of_worth(p):
    X, y = planted(np.random.default_rng(1), 50, 8, 0.7)
    table = Supports(X, y)
    alpha = 0.1 * table.alpha_max
    best, _, solved = table.minimum(alpha, p)
    assert solved < 2**8
    for sweeps in (0, 3):
        bounds = table.lower_bounds(alpha, p, sweeps=sweeps)
        # every support from its least-squares start, without pruning
        w, value = table._descend(table.ols.copy(), alpha, p)
        kept = np.all((w != 0) == table.supports, axis=1)
        kept &= np.array([Problem(X, y, alpha=alpha, p=p).optimality(row) < 1e-6 for row in w])
        assert kept.sum() >= 1
        assert np.all(bounds[kept] <= value[kept] * (1 + 1e-12))
        assert value.min() >= best * (1 - 1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, DRAWS, 50))
@pytest.mark.parametrize("rho", RHOS)
def test_what_is_stored_is_what_enumeration_finds(rho, seed):
    found = stored_minima()[RHOS.index(rho), seed]
    np.testing.assert_allclose(found, minima_of(*draw(rho, seed)), rtol=1e-11)
