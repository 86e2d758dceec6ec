"""Rates, intervals and classes."""

from __future__ import annotations

import numpy as np
import pytest

from geo.statistics import class_codes, quantile_breaks, rate, wilson_interval


def test_a_rate_is_per_what_is_asked() -> None:
    assert rate([5, 0, 3], [500, 100, 8], 1000).tolist() == [10, 0, 375]


def test_nothing_is_divided_by_nothing() -> None:
    assert np.isnan(rate([0, 1, 1, 1], [0, 0, np.nan, -3])).all()
    assert rate([], []).size == 0


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # R. G. Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_bounds_are_those_in_the_literature(successes: int, n: int, low: float, high: float) -> None:
    found = wilson_interval([successes], [n])
    assert [float(bound[0]) for bound in found] == pytest.approx([low, high], abs=5e-5)


def test_a_hundred_percent_of_a_handful_is_no_certainty() -> None:
    low, high = wilson_interval([3, 300], [3, 300])
    assert high.tolist() == pytest.approx([1, 1])
    assert low[0] < 0.5
    assert low[1] > 0.98


def test_without_observations_there_is_no_interval() -> None:
    low, high = wilson_interval([0], [0])
    assert np.isnan([low[0], high[0]]).all()


def test_breaks_put_as_many_in_each_class() -> None:
    values = np.arange(100.0)
    breaks = quantile_breaks(values, 4)
    assert breaks.tolist() == [25, 50, 74]
    assert np.bincount(class_codes(values, breaks)).tolist() == [25, 25, 24, 26]


def test_ties_merge_classes() -> None:
    assert quantile_breaks([2.0] * 50).tolist() == [2]
    assert quantile_breaks([1.0] * 90 + [7.0] * 10).tolist() == [1]


def test_what_is_not_known_makes_no_break() -> None:
    assert quantile_breaks([np.nan, np.inf]).size == 0
    assert quantile_breaks([]).size == 0
    assert quantile_breaks([np.nan, 3.0]).tolist() == [3]


def test_breaks_are_short_numbers() -> None:
    assert quantile_breaks([0.012345, 0.023456, 1234.5, 98765.0], 4).tolist() == [0.021, 620, 26000]


def test_a_value_on_an_edge_belongs_to_the_class_above() -> None:
    assert class_codes([74.9, 75, 79.9, 80, 100], [75, 80]).tolist() == [0, 1, 1, 2, 2]


def test_what_is_missing_has_no_class() -> None:
    codes = class_codes([np.nan, 1, np.inf], [], missing=9)
    assert codes.dtype == np.uint8
    assert codes.tolist() == [9, 0, 9]
