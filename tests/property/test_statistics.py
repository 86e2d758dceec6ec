"""What holds of rates, intervals and classes whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.statistics import Z_95, class_codes, quantile_breaks, wilson_interval

COUNTS = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
DENSITIES = st.floats(-1e9, 1e9).map(lambda value: round(value, 9))  # none is of the size of an atom
VALUES = st.lists(st.one_of(DENSITIES, st.just(float("nan"))), min_size=1, max_size=60)


@settings(deadline=None)
@given(COUNTS)
def test_the_interval_holds_the_share_and_lies_between_none_and_all(counts: tuple[int, int]) -> None:
    successes, n = counts
    low, high = (float(bound[0]) for bound in wilson_interval([successes], [n]))
    assert 0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1
    assert low < high


@settings(deadline=None)
@given(COUNTS)
def test_the_bounds_are_where_the_score_test_just_refuses(counts: tuple[int, int]) -> None:
    successes, n = counts
    for bound in wilson_interval([successes], [n]):
        p = float(bound[0])
        assert (successes / n - p) ** 2 == pytest.approx(Z_95**2 * p * (1 - p) / n, rel=1e-6, abs=1e-12)


@settings(deadline=None)
@given(COUNTS, st.integers(2, 50))
def test_more_of_the_same_narrows_the_interval(counts: tuple[int, int], times: int) -> None:
    successes, n = counts
    low, high = wilson_interval([successes, successes * times], [n, n * times])
    assert high[1] - low[1] < high[0] - low[0]


@settings(deadline=None)
@given(COUNTS)
def test_the_interval_of_the_others_is_its_mirror_image(counts: tuple[int, int]) -> None:
    successes, n = counts
    low, high = wilson_interval([successes, n - successes], [n, n])
    assert low[0] == pytest.approx(1 - high[1], abs=1e-12)


@settings(deadline=None)
@given(VALUES, st.integers(2, 9))
def test_breaks_rise_and_are_fewer_than_the_classes(values: list[float], classes: int) -> None:
    breaks = quantile_breaks(values, classes)
    assert len(breaks) < classes
    assert np.isfinite(breaks).all()
    assert (np.diff(breaks) > 0).all()


@settings(deadline=None)
@given(VALUES, st.integers(2, 9))
def test_classes_keep_the_order_of_the_values(values: list[float], classes: int) -> None:
    known = np.sort([value for value in values if np.isfinite(value)])
    codes = class_codes(known, quantile_breaks(values, classes)).astype(int)
    assert (np.diff(codes) >= 0).all()
    assert set(codes.tolist()) <= set(range(classes))
