"""What smoothing keeps and does, whatever the places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.smoothing import empirical_bayes, local_empirical_bayes

PLACES = st.lists(
    st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=25
)
KINDS = st.sampled_from(["count", "share"])


@settings(deadline=None)
@given(PLACES, KINDS)
def test_smoothing_keeps_the_total(places, kind) -> None:
    events, people = np.array(places).T
    smoothed = empirical_bayes(events, people, kind=kind)
    assert (smoothed * people).sum() == pytest.approx(events.sum(), rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(PLACES, KINDS)
def test_every_rate_moves_towards_one_mean_and_none_beyond_it(places, kind) -> None:
    events, people = np.array(places).T
    raw, smoothed = events / people, empirical_bayes(events, people, kind=kind)
    assert raw.min() - 1e-12 <= smoothed.min()
    assert smoothed.max() <= raw.max() + 1e-12
    order = np.argsort(raw)
    steps = np.diff(smoothed[order])[np.diff(people[order]) == 0]
    assert (steps >= -1e-12).all()  # of two places of one size the better stays the better
    moved = np.abs(smoothed - raw) > 1e-12
    up, down = raw[moved & (smoothed > raw)], raw[moved & (smoothed < raw)]
    if len(up) and len(down):
        assert up.max() <= down.min() + 1e-12  # one value lies between them: the mean


@settings(deadline=None)
@given(PLACES, st.randoms(use_true_random=False))
def test_smoothing_by_neighbours_keeps_the_total_too(places, random) -> None:
    events, people = np.array(places).T
    n = len(events)
    pairs = [(i, j) for i in range(n) for j in range(i) if random.random() < 0.3]
    first = np.array([a for a, b in pairs] + [b for a, b in pairs], dtype=int)
    second = np.array([b for a, b in pairs] + [a for a, b in pairs], dtype=int)
    smoothed = local_empirical_bayes(events, people, (first, second))
    assert (smoothed >= -1e-12).all()
    assert (smoothed * people).sum() == pytest.approx(events.sum(), rel=1e-9, abs=1e-9)
