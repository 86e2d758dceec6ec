"""Rates, intervals and classes."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.rates import confint_poisson

from geo.errors import GeoError
from geo.statistics import (
    class_codes,
    difference,
    poisson_interval,
    quantile_breaks,
    ranks,
    rate,
    weighted_score,
    wilson_interval,
)


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


def test_a_poisson_interval_is_garwoods() -> None:
    """``statsmodels.stats.rates.confint_poisson``, method ``exact-c``."""
    for count in (0, 1, 7, 40, 1000):
        low, high = confint_poisson(count, 1, method="exact-c")
        ours = [float(bound[0]) for bound in poisson_interval([count])]
        assert ours == pytest.approx([float(low), float(high)], abs=1e-9)


def test_the_difference_of_two_shares_is_newcombes() -> None:
    """His table II, 56/70 against 48/80; and ``statsmodels``' ``newcomb`` for others."""
    change, low, high = _difference((48, 80), (56, 70))
    assert (change, round(low, 4), round(high, 4)) == (pytest.approx(0.2), 0.0524, 0.3339)
    for first, second in (((9, 10), (3, 10)), ((0, 12), (5, 40)), ((188, 200), (170, 200))):
        theirs = confint_proportions_2indep(*second, *first, compare="diff", method="newcomb")
        assert _difference(first, second)[1:] == pytest.approx(theirs, abs=1e-9)


def _difference(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float, float]:
    sides = [([s / n], *wilson_interval([s], [n])) for s, n in (first, second)]
    return tuple(float(one[0]) for one in difference(*sides))


def test_a_score_weighs_its_rates_and_needs_all_that_count() -> None:
    rates = np.array([[100.0, 80, 60], [100, np.nan, 60]])
    score, low, high = weighted_score(rates, rates - 3, rates + 4, [2, 0, 2])
    assert score.tolist() == [80, 80]
    assert low.tolist() == pytest.approx([80 - 3 / np.sqrt(2)] * 2)
    assert high.tolist() == pytest.approx([80 + 4 / np.sqrt(2)] * 2)
    assert np.isnan(weighted_score(rates, rates, rates, [1, 1, 1])[0][1])
    with pytest.raises(GeoError, match="not all zero"):
        weighted_score(rates, rates, rates, [0, 0, 0])


def test_a_handful_of_full_marks_ranks_below_many_good_ones() -> None:
    low, _ = wilson_interval([3, 180], [3, 200])
    assert ranks([1.0, 0.9], [3, 200]).tolist() == [1, 2]
    assert ranks(low, [3, 200]).tolist() == [2, 1]


def test_too_few_are_not_ranked_and_equals_share_their_rank() -> None:
    assert ranks([5, 9, 9, 1, np.nan], [20, 20, 20, 3, 20], least=10).tolist() == [3, 1, 1, 0, 0]
