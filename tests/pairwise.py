"""Few cases in which every two options still meet, for a test that takes several.

With four options of ten values each their product has 10,000 cases. A fault that depends on one
value, or on two together, shows in any set of cases that has all pairs: little more than 100.
"""

import itertools

import pytest


def pairwise(**options):
    """Return cases, dicts of a value for each of two or more options: all pairs of values occur.

    Greedy: each case starts from the first pair that no case has yet, and gives every other option
    the value that brings the most new pairs. The same options give the same cases, always.
    """
    names = sorted(options, key=lambda name: -len(list(options[name])))  # gives the fewest cases
    values = [list(options[name]) for name in names]
    numbers = range(len(names))

    def pair(i, a, j, b):
        return (i, a, j, b) if i < j else (j, b, i, a)

    missing = dict.fromkeys(  # an ordered set
        (i, a, j, b)
        for i, j in itertools.combinations(numbers, 2)
        for a in range(len(values[i]))
        for b in range(len(values[j]))
    )
    cases, unused = [], [[0] * len(of_one) for of_one in values]
    while missing:
        i, a, j, b = next(iter(missing))
        case = {i: a, j: b}
        for k in numbers:
            if k in case:
                continue
            new_pairs = [
                sum(pair(k, c, other, d) in missing for other, d in case.items())
                for c in range(len(values[k]))
            ]
            # Of values that bring as many, the one that was used least.
            merits = list(zip(new_pairs, unused[k], strict=True))
            case[k] = merits.index(max(merits))
        for (k, c), (other, d) in itertools.combinations(case.items(), 2):
            missing.pop(pair(k, c, other, d), None)
        for k, c in case.items():
            unused[k][c] -= 1
        chosen = {names[k]: values[k][c] for k, c in case.items()}
        cases.append({name: chosen[name] for name in options})
    return cases


def label(value):
    """The name of a value in the id of a test."""
    return getattr(value, "__name__", None) or str(value)


def parametrize_pairwise(**options):
    """``pytest.mark.parametrize`` over all options at once, by the cases of `pairwise`.

    An option is a list of its values, or a dict of names to values.
    """
    named = {
        name: list(of_one.items())
        if isinstance(of_one, dict)
        else [(label(value), value) for value in of_one]
        for name, of_one in options.items()
    }
    return pytest.mark.parametrize(
        tuple(options),
        [
            pytest.param(
                *(value for _, value in case.values()), id="-".join(n for n, _ in case.values())
            )
            for case in pairwise(**named)
        ],
    )
