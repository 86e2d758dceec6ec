"""Empirical Bayes against esda, and by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from libpysal.weights import W

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from esda.smoothing import Empirical_Bayes, Spatial_Empirical_Bayes

from geo.errors import GeoError
from geo.smoothing import empirical_bayes, local_empirical_bayes

EVENTS = np.array([12, 3, 45, 8, 0, 22, 17, 30, 5, 60])
PEOPLE = np.array([900, 150, 2600, 1100, 90, 800, 2200, 1500, 700, 1900])
RING = {i: [(i - 1) % 10, (i + 1) % 10] for i in range(10)}


def neighbours() -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(np.arange(10), 2), np.array([j for i in range(10) for j in RING[i]])


def test_marshalls_global_estimator_is_that_of_esda() -> None:
    """``esda.smoothing.Empirical_Bayes`` (PySAL)."""
    theirs = np.asarray(Empirical_Bayes(EVENTS, PEOPLE).r).ravel()
    assert empirical_bayes(EVENTS, PEOPLE, keep_total=False) == pytest.approx(theirs, rel=1e-12)


def test_marshalls_local_estimator_is_that_of_esda() -> None:
    """``esda.smoothing.Spatial_Empirical_Bayes``, whose neighbourhoods hold the place itself."""
    w = W(RING, id_order=list(range(10)))
    theirs = np.asarray(Spatial_Empirical_Bayes(EVENTS, PEOPLE, w).r).ravel()
    ours = local_empirical_bayes(EVENTS, PEOPLE, neighbours(), keep_total=False)
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_with_the_total_kept_the_centre_is_the_mean_by_precision() -> None:
    mean = EVENTS.sum() / PEOPLE.sum()
    rate = EVENTS / PEOPLE
    between = (PEOPLE * (rate - mean) ** 2).sum() / PEOPLE.sum() - mean / PEOPLE.mean()
    precision = 1 / (between + mean / PEOPLE)
    centre = (precision * rate).sum() / precision.sum()
    trust = between / (between + mean / PEOPLE)
    assert empirical_bayes(EVENTS, PEOPLE) == pytest.approx(centre + trust * (rate - centre))


def test_places_that_differ_by_chance_only_all_get_the_mean() -> None:
    assert empirical_bayes([10, 11, 9], [100, 100, 100]).tolist() == pytest.approx([0.1] * 3)


def test_a_place_where_nobody_lives_has_no_rate_and_changes_none() -> None:
    with_empty = empirical_bayes([*EVENTS, 0], [*PEOPLE, 0])
    assert np.isnan(with_empty[-1])
    assert with_empty[:-1].tolist() == empirical_bayes(EVENTS, PEOPLE).tolist()


def test_shares_vary_less_than_counts_so_less_is_put_down_to_chance() -> None:
    satisfied, n = np.array([9, 45, 88]), np.array([10, 60, 90])
    as_share = empirical_bayes(satisfied, n, kind="share")
    as_count = empirical_bayes(satisfied, n)
    raw, mean = satisfied / n, satisfied.sum() / n.sum()
    assert (np.abs(as_share - mean) >= np.abs(as_count - mean) - 0.02).all()
    assert np.ptp(as_share) <= np.ptp(raw)


def test_more_events_than_people_are_no_share() -> None:
    with pytest.raises(GeoError, match="no share"):
        empirical_bayes([5], [4], kind="share")
