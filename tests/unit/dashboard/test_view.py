"""The state of a view is in the URL and nowhere else."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.view import ALL_KINDS, KINDS, MEASURES, OPTIONAL_LAYERS, UNITS, View
from data.periods import Window
from data.queries.details import FEATURES as FEATURE_TABLES
from data.units import Level

CODES = st.text("0123456789", min_size=12, max_size=12)
FEATURES = ("organisation", *FEATURE_TABLES)


def _some_of(known: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(known)).map(lambda chosen: tuple(one for one in known if one in chosen))


VIEWS = st.builds(
    View,
    area=st.none() | CODES,
    chosen=st.none()
    | CODES.map("area:{}".format)
    | st.tuples(st.sampled_from(FEATURES), st.integers(0, 999_999_999)).map(lambda key: f"{key[0]}:{key[1]}"),
    show=st.sampled_from([KINDS, *(measure.value for measure in MEASURES)]),
    unit=st.sampled_from(UNITS),
    start=st.none() | st.dates(),
    end=st.none() | st.dates(),
    kinds=_some_of(ALL_KINDS),
    layers=_some_of(OPTIONAL_LAYERS),
)


@settings(deadline=None)
@given(VIEWS)
def test_a_view_comes_back_from_its_url(view: View) -> None:
    assert View.of(view.search()) == view


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_a_view_whose_url_is_read_back_alike(text: str) -> None:
    view = View.of(text)
    assert View.of(view.search()) == view


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([field.name for field in fields(View)]), st.text(max_size=20)))
def test_no_value_breaks_the_view(pairs: dict[str, str]) -> None:
    view = View.of("?" + "&".join(f"{key}={value}" for key, value in pairs.items()))
    assert view.measure is None or view.measure in MEASURES
    assert view.chosen_kind in {None, "area", *FEATURES}
    assert view.chosen_id is None or view.chosen_id >= 0


def test_the_usual_view_has_an_empty_url() -> None:
    assert View().search() == ""
    for nothing in (None, "", "?"):
        assert View.of(nothing) == View()


@pytest.mark.parametrize(
    "search",
    [
        "?area=420102",
        "?area=42010200100x",
        "?area=４２０１０２００１００１",
        "?area=420102001001%0a",
        "?area=' OR 1=1 --",
        "?chosen=palace:1",
        "?chosen=compound:",
        "?chosen=compound:-1",
        "?chosen=compound:1;2",
        "?chosen=compound:9999999999",
        "?chosen=area:4201",
        "?show=palace",
        "?unit=city",
        "?start=yesterday&end=2022-02-30",
        "?%ff%fe",
        "?area",
        "?&&==&",
        "?unknown=1",
    ],
)
def test_garbage_gives_the_usual_view(search: str) -> None:
    assert View.of(search) == View()


def test_what_can_be_read_is_kept_beside_what_cannot() -> None:
    view = View.of("?area=420102001001&chosen=palace:1&show=satisfaction&kinds=aged,palace&layers=")
    assert view == View(area="420102001001", show="satisfaction", kinds=("aged",), layers=())


def test_the_last_of_two_counts() -> None:
    assert View.of("?unit=county&unit=community").unit is Level.COMMUNITY


def test_nothing_shown_is_not_everything_shown() -> None:
    assert View.of(View(kinds=(), layers=()).search()) == View(kinds=(), layers=())


def test_the_window_stays_within_what_there_is() -> None:
    whole = Window(date(2022, 1, 1), date(2022, 6, 30))
    assert View().window(whole) == whole
    assert View(start=date(2021, 1, 1), end=date(2022, 2, 28)).window(whole) == Window(
        date(2022, 1, 1), date(2022, 2, 28)
    )
    assert View(start=date(2022, 2, 1)).window(None) is None


def test_a_chosen_feature_is_told_in_parts() -> None:
    view = View(chosen="compound:17")
    assert (view.chosen_kind, view.chosen_id) == ("compound", 17)
    assert (View().chosen_kind, View().chosen_id) == (None, None)
