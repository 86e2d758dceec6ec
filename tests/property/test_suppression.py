"""No small count of people can be worked out from what is shown, whatever the city."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from geo.errors import GeoError
from geo.suppression import K, suppress

COLUMNS = st.integers(1, 3)


@st.composite
def cities(draw, columns=COLUMNS):
    """Draw a tree of areas and people in it, some of them known only for a larger area."""
    n = draw(st.integers(1, 14))
    parent = np.array([-1, *(draw(st.integers(0, i - 1)) for i in range(1, n))])
    m = draw(columns)
    size = st.one_of(st.integers(0, 12), st.integers(0, 60))
    own = np.array([[draw(size) for _ in range(m)] for _ in range(n)])
    leaf = ~np.isin(np.arange(n), parent)
    at_large = np.array([draw(st.booleans()) for _ in range(n)])
    own[~leaf & ~at_large] = 0
    counts = own.copy()
    for node in range(n - 1, 0, -1):
        counts[parent[node]] += counts[node]
    return counts, parent


def system(counts, parent, result):
    """Return the published numbers as equations over the smallest sets of people: leaves and remainders."""
    n = len(counts)
    loose = np.flatnonzero((result.remainder != 0).any(axis=1))
    leaves = [i for i in range(n) if not (parent == i).any()]
    column = {("leaf", i): c for c, i in enumerate(leaves)}
    column |= {("rest", int(i)): len(leaves) + c for c, i in enumerate(loose)}
    sets = np.zeros((n + len(loose), len(column)))
    for (kind, i), c in column.items():
        if kind == "rest":
            sets[n + int(np.flatnonzero(loose == i)[0]), c] = 1
        node = i
        while node >= 0:
            sets[node, c] = 1
            node = parent[node]
    values = np.concatenate([counts, result.remainder[loose]])
    hidden = np.concatenate([result.hidden, result.remainder_hidden[loose]])
    atoms = np.array([counts[i] for i in leaves] + [result.remainder[i] for i in loose])
    assert (sets @ atoms == values).all()
    return sets, values, hidden


def derivable(shown, wanted):
    if not len(shown):
        return False
    found, *_ = np.linalg.lstsq(shown.T, wanted, rcond=None)
    return np.allclose(shown.T @ found, wanted, atol=1e-7)


@settings(deadline=None, max_examples=150)
@given(cities())
def test_no_hidden_count_follows_from_totals_levels_and_periods(city) -> None:
    """Areas x periods with all totals: the last period is the sum of the others, as a year of its months."""
    counts, parent = city
    counts = np.column_stack([counts, counts.sum(axis=1)])
    result = suppress(counts, parent)
    sets, _, hidden = system(counts, parent, result)
    # unknowns: sets of people x single periods; the total's column is their sum
    months = counts.shape[1] - 1
    calendar = np.vstack([np.eye(months), np.ones(months)])
    shown = np.array([np.kron(row, when) for row in sets[~hidden] for when in calendar])
    for row in sets[hidden]:
        for when in calendar:
            assert not derivable(shown, np.kron(row, when))


@settings(deadline=None, max_examples=100)
@given(cities(columns=st.just(1)))
def test_what_is_left_of_a_total_is_never_small_and_leaves_room_for_doubt(city) -> None:
    counts, parent = city
    result = suppress(counts, parent)
    sets, values, hidden = system(counts, parent, result)
    if hidden.all():
        return
    shown, known = sets[~hidden], values[~hidden, 0]
    for row in sets[hidden]:
        bounds = [linprog(sign * row, A_eq=shown, b_eq=known, method="highs").fun for sign in (1, -1)]
        low, high = bounds[0], -bounds[1]
        assert high - low >= K - 1e-6


@settings(deadline=None, max_examples=100)
@given(cities())
def test_every_small_count_is_hidden_and_a_hidden_city_shows_nothing(city) -> None:
    counts, parent = city
    result = suppress(counts, parent)
    assert result.hidden[(counts < K).any(axis=1)].all()
    assert (result.primary <= result.hidden).all()
    if result.hidden[0]:
        assert result.hidden.all()


def test_two_small_communities_take_no_third_with_them() -> None:
    counts, parent = [40, 4, 6, 30], [-1, 0, 0, 0]
    assert suppress(counts, parent).hidden.tolist() == [False, True, True, False]


def test_one_small_community_takes_the_smallest_other_with_it() -> None:
    counts, parent = [74, 4, 30, 40], [-1, 0, 0, 0]
    assert suppress(counts, parent).hidden.tolist() == [False, True, True, False]


def test_two_that_together_are_few_need_a_third() -> None:
    counts, parent = [77, 3, 4, 30, 40], [-1, 0, 0, 0, 0]
    assert suppress(counts, parent).hidden.tolist() == [False, True, True, True, False]


def test_a_street_hidden_for_another_hides_a_community_of_its_own() -> None:
    #        city, small street, its community, large street, two communities of it, a third street
    counts, parent = [205, 5, 5, 60, 20, 40, 140], [-1, 0, 1, 0, 3, 3, 0]
    assert suppress(counts, parent).hidden.tolist() == [False, True, True, True, True, False, False]


def test_people_known_only_for_the_street_can_hide_a_community() -> None:
    result = suppress([62, 5, 45], [-1, 0, 0])
    assert result.remainder.ravel().tolist() == [12, 0, 0]
    assert result.hidden.tolist() == [False, True, False]
    assert result.remainder_hidden.tolist() == [True, False, False]


def test_areas_that_hold_more_than_the_one_above_are_refused() -> None:
    with pytest.raises(GeoError, match="more than its own"):
        suppress([10, 20], [-1, 0])
