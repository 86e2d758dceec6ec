"""Classes of a legend, against mapclassify and by trying all."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from geo.classes import MISSING, bivariate_codes, class_breaks, natural_breaks
from geo.errors import GeoError
from geo.statistics import class_codes

# the values of the Jenks example in mapclassify's documentation: Calhoun County, per cent
CALHOUN = [0.04, 0.13, 0.26, 0.45, 0.59, 0.8, 1.2, 1.33, 2.5, 2.8, 4.1, 5.6, 7.3, 9.8, 12.0, 13.5, 26.4, 29.1]


def spread(values: np.ndarray, breaks: np.ndarray) -> float:
    code = class_codes(values, breaks)
    return sum(((values[code == c] - values[code == c].mean()) ** 2).sum() for c in np.unique(code))


@pytest.mark.parametrize("seed", range(6))
def test_natural_breaks_leave_the_least_spread_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.round(rng.lognormal(0, 1, 14), 1)
    distinct = np.unique(values)
    least = min(
        spread(values, np.array(edges))
        for edges in itertools.combinations(distinct[1:], min(3, len(distinct) - 1))
    )
    assert spread(values, natural_breaks(values, 4)) == pytest.approx(least)


def test_natural_breaks_are_the_classes_of_mapclassify() -> None:
    """``mapclassify.FisherJenks``: the same members in every class."""
    import mapclassify  # noqa: PLC0415  (drags scikit-learn in: only where it is compared with)

    with pytest.warns(UserWarning, match="Numba"):
        theirs = mapclassify.FisherJenks(np.array(CALHOUN), k=5).yb
    assert class_codes(CALHOUN, natural_breaks(CALHOUN, 5)).tolist() == theirs.tolist()


def test_few_values_have_a_class_each() -> None:
    assert natural_breaks([3, 3, 7], 5).tolist() == [7]


def test_a_comparison_shares_its_classes() -> None:
    was, now = np.arange(50.0), np.arange(50.0) + 100
    both = class_breaks(was, now, scheme="natural", classes=2)
    assert both.tolist() == [100]
    assert class_breaks(now, was, scheme="natural", classes=2).tolist() == both.tolist()


def test_fixed_edges_are_kept_and_must_rise() -> None:
    assert class_breaks([1, 2], scheme="fixed", edges=[60, 80, 95]).tolist() == [60, 80, 95]
    with pytest.raises(GeoError, match="rising order"):
        class_breaks([1, 2], scheme="fixed", edges=[80, 60])


def test_an_unknown_scheme_names_the_choices() -> None:
    with pytest.raises(GeoError, match="quantiles, natural, fixed"):
        class_breaks([1, 2], scheme="equal")


def test_a_bivariate_class_tells_both_sides_and_nothing_of_the_unknown() -> None:
    codes = bivariate_codes([1, 5, 9, np.nan, 5], [9, 5, 1, 5, np.nan], [3, 7], [3, 7])
    assert codes.tolist() == [6, 4, 2, MISSING, MISSING]


def test_a_bivariate_map_has_three_classes_a_side() -> None:
    with pytest.raises(GeoError, match="3 x 3"):
        bivariate_codes([1, 9], [1, 9], [2, 4, 6], [3, 7])
