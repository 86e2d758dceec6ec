"""Coverage rates in both homes: each over its own denominator."""

from __future__ import annotations

import pytest

from data.bulk import insert_frame
from data.catalogue import read_catalogue
from data.errors import DataError
from data.queries import rates
from data.queries.kpis import kpis
from data.scope import Scope
from models import GridPost
from models.enums import AreaLevel
from tests import town

CATALOGUE = read_catalogue()


def table(store, key, level=AreaLevel.COUNTY, scope=Scope()):  # noqa: B008  (frozen)
    with store.reading() as session:
        return rates.coverage(session, scope, CATALOGUE.rates[key], level)


def counts(found) -> list[tuple[int, int, int]]:
    return list(found.frame[["numerator", "denominator", "unknown"]].itertuples(index=False, name=None))


def test_each_rate_has_a_denominator_of_its_own(town_store) -> None:
    """Organisations over all compounds, committees over those that tell, secretaries over organisations."""
    totals = {
        key: tuple(int(table(town_store, key).total[one]) for one in ("numerator", "denominator", "unknown"))
        for key in ("organisation_cover", "property_cover", "committee_cover", "committee_of_eligible")
    }
    assert totals == {
        "organisation_cover": (5, 12, 0),
        "property_cover": (6, 9, 3),
        "committee_cover": (3, 8, 4),
        "committee_of_eligible": (3, 4, 1),
    }
    assert counts(table(town_store, "secretary_filled")) == [(2, 3, 1), (1, 1, 0)]


def test_the_rates_are_those_of_the_figures_on_the_wall(town_store) -> None:
    with town_store.reading() as session:
        found = kpis(session, Scope(), None)
    for key in (
        "organisation_cover",
        "property_cover",
        "committee_cover",
        "committee_of_eligible",
        "secretary_filled",
    ):
        share, total = getattr(found, key), table(town_store, key).total
        assert (share.numerator, share.denominator, share.unknown) == (
            total["numerator"],
            total["denominator"],
            total["unknown"],
        )


def test_all_eligible_having_one_is_not_all_having_one(town_store) -> None:
    of_all, of_eligible = (
        table(town_store, key).total["value"] for key in ("committee_cover", "committee_of_eligible")
    )
    assert of_eligible == 75
    assert of_all == 37.5


def test_grids_that_ended_count_neither_way(town_store) -> None:
    found = table(town_store, "grid_worker_cover", AreaLevel.COMMUNITY)
    by_code = found.frame.set_index("code")
    assert by_code.loc[town.OSMANTHUS, ["numerator", "denominator"]].tolist() == [1, 1]
    assert by_code.loc[town.LAKE, ["numerator", "denominator"]].tolist() == [0, 2]
    assert by_code.loc[town.SPRING, "value"] == 50
    assert by_code["value"].isna().tolist() == [
        False,
        False,
        False,
        False,
        True,
    ]


def test_three_plus_needs_all_three(town_copy) -> None:
    posts = [
        (1, "cadre"),
        (1, "secretary"),
        (1, "police"),
        (2, "cadre"),
        (2, "cadre"),
        (2, "member"),
        (3, "police"),
    ]
    rows = [(town.SPRING if grid < 3 else town.OSMANTHUS, grid, post) for grid, post in posts]
    with town_copy.writing("grid_post") as session:
        insert_frame(session, GridPost, town._frame("area_code grid_id post", rows))
    assert counts(table(town_copy, "three_plus_cover")) == [(1, 5, 0), (0, 1, 0)]


def test_the_parts_add_up_to_the_whole_at_every_level(town_store) -> None:
    for key in CATALOGUE.rates:
        for level in AreaLevel:
            found = table(town_store, key, level)
            columns = ["numerator", "denominator", "unknown"]
            assert (found.frame[columns].sum() + found.above == found.total[columns]).all()


def test_a_scope_sees_only_its_own(town_store) -> None:
    found = table(town_store, "property_cover", AreaLevel.COMMUNITY, Scope.of_area(town.WEST))
    assert found.frame["code"].tolist() == [town.WEST_GATE, town.NORTH_GATE]
    assert (found.total["numerator"], found.total["denominator"]) == (2, 3)


def test_a_rate_tells_its_day(town_store) -> None:
    assert str(table(town_store, "property_cover").as_of) == "2022-06-30"


def test_points_carry_their_fields(town_store) -> None:
    with town_store.reading() as session:
        found = rates.points(session, Scope.of_area(town.WEST), CATALOGUE.points["stations"])
    assert found[["name", "tier", "floor_area_m2"]].to_dict("records") == [
        {"name": "西门党群服务站", "tier": "community", "floor_area_m2": 120.0}
    ]
    assert 114 < found["lon"].iloc[0] < 115


def test_canteens_and_assist_points_are_not_added(town_store) -> None:
    canteens, assist, stations = (CATALOGUE.points[key] for key in ("canteens", "assist_points", "stations"))
    with town_store.reading() as session:
        assert rates.number_of(session, Scope(), [stations, canteens]) == 5
        with pytest.raises(DataError, match="不能相加"):
            rates.number_of(session, Scope(), [canteens, assist])
