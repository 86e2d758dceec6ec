"""What the screens ask, counted by hand in the town, the same in both homes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import binomtest
from sqlalchemy import update
from sqlalchemy.orm import Session

from data.periods import Window
from data.queries import areas, compounds, details, kpis, names, organisations, points, records, search
from data.queries.kpis import Rate
from data.queries.records import Metric
from data.scope import Scope
from data.store import Store
from data.units import Level
from models import Organisation
from models.enums import (
    AreaLevel,
    CompoundKind,
    GridWorkerRole,
    OrganisationLevel,
    OrganisationRank,
    StationTier,
)
from tests import town

ALL = Scope()
NORTH = Scope(town.NORTH_GATE)
MEASURES = (Metric.CLAIMS_PER_1000, Metric.CLAIMS_PER_KM2, Metric.SATISFACTION)
UNITS = (Level.COMPOUND, Level.COMMUNITY, Level.SUBDISTRICT, Level.COUNTY)
YEAR = Window(date(2022, 1, 1), date(2022, 6, 30))
SPRING_FEATURES = {
    "compound": [1, 2, 3],
    "grid": [1, 2],
    "micro_grid": [1, 2, 3],
    "building": [1, 2, 3, 4],
    "station": [1, 2, 3],
    "assist_point": [1],
    "organisation": [1, 5, 6, 7, 11],
}


@pytest.fixture
def session(town_store: Store) -> Iterator[Session]:
    with town_store.reading() as opened:
        yield opened


# Scope: who is responsible for one community sees nothing of another


@pytest.mark.parametrize("prefix", [town.NORTH_GATE, town.OSMANTHUS, town.SOUTH_TOWN[:9], "99"])
def test_nothing_of_another_community_is_told(session: Session, prefix: str) -> None:
    scope = Scope(prefix)
    assert areas.by_code(session, scope, town.SPRING) is None
    assert areas.by_id(session, scope, 7) is None
    assert areas.path(session, scope, town.SPRING) == []
    assert town.SPRING not in [area.code for area in areas.children(session, scope, 4)]
    assert areas.geometry(session, scope, town.SPRING) is None
    assert areas.bounds(session, scope, town.SPRING) is None
    assert organisations.children(session, scope, "organisation:1") == []
    assert organisations.children(session, scope, f"area:{town.EAST_STREET}") == []
    assert organisations.of_community(session, scope, town.SPRING) is None
    assert organisations.building_ids(session, scope, 11) == []
    for organisation in SPRING_FEATURES["organisation"]:
        assert organisations.get(session, scope, organisation) is None
        assert organisations.path(session, scope, organisation) == []
        assert organisations.geometry(session, scope, organisation) is None
    for kind, ids in SPRING_FEATURES.items():
        for one in ids:
            assert details.get(session, scope, kind, one) is None
            assert organisations.seated_at(session, scope, kind, one) is None


def _told(store: Store, scope: Scope) -> dict[str, Any]:
    """Return all that the queries without a key tell of a scope."""
    with store.reading() as session:
        layers = ("county", "subdistrict", "community", "compound", "grid", "micro_grid", "building")
        return {
            "roots": organisations.roots(session, scope),
            "counts": organisations.counts(session, scope),
            "kinds": compounds.kinds(session, scope)["id"].tolist(),
            "points": [one["properties"]["name"] for one in points.points(session, scope)["features"]],
            "span": records.span(session, scope),
            "months": records.monthly(session, scope, Metric.CLAIMS_PER_1000, YEAR)["n"].sum(),
            "names": {layer: names.names(session, scope, layer) for layer in layers},
            "hits": [
                hit.key
                for words in ("春", "1", "420102", "c", "网格")
                for hit in search.search(session, scope, words)
            ],
            "measured": {
                (what, unit): records.measure(store, scope, what, unit, YEAR).frame["n"].tolist()
                for what in MEASURES
                for unit in UNITS
            },
        }


def test_a_community_is_told_only_its_own(town_store: Store) -> None:
    told = _told(town_store, NORTH)
    assert [node.key for node in told["roots"]] == [f"area:{town.NORTH_GATE}"]
    assert told["counts"] == {}
    assert told["kinds"] == [11, 12]
    assert told["points"] == []
    assert told["span"] is None
    assert told["months"] == 0
    assert told["names"] == {
        "county": ([], []),
        "subdistrict": ([], []),
        "community": ([11], ["北门社区"]),
        "compound": ([11, 12], ["北门里", "CBD公馆"]),
        "grid": ([], []),
        "micro_grid": ([], []),
        "building": ([7], ["北门里1号楼"]),
    }
    assert told["hits"] == ["compound:12"]  # by its initials
    for (_what, unit), counted in told["measured"].items():
        assert counted == {Level.COMPOUND: [0, 0], Level.COMMUNITY: [0]}.get(unit, [])


def test_a_scope_that_holds_nothing_is_told_nothing(town_store: Store) -> None:
    told = _told(town_store, Scope("99"))
    assert told["roots"] == told["kinds"] == told["points"] == told["hits"] == []
    with town_store.reading() as session:
        figures = kpis.kpis(session, Scope("99"), YEAR)
        assert (figures.compounds, figures.households, figures.grids, figures.canteens) == (0, 0, 0, 0)
        assert figures.organisation_cover.percent is None
        assert areas.top(session, Scope("99")) is None


# Areas


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ("", town.CITY),
        ("4201", town.CITY),
        ("420102", town.EAST),
        (town.SPRING[:9], town.EAST_STREET),
        (town.LAKE, town.LAKE),
    ],
)
def test_the_top_is_the_area_that_the_scope_is_about(session: Session, scope: str, code: str) -> None:
    top = areas.top(session, Scope(scope))
    assert top is not None
    assert top.code == code


def test_a_path_starts_at_the_top_of_the_scope(session: Session) -> None:
    assert [area.name for area in areas.path(session, ALL, town.LAKE)] == [
        "平城市",
        "江东区",
        "南镇",
        "南湖社区",
    ]
    assert [area.name for area in areas.path(session, Scope("420102"), town.LAKE)] == [
        "江东区",
        "南镇",
        "南湖社区",
    ]
    assert [area.name for area in areas.path(session, ALL, town.SOUTH_TOWN)] == ["平城市", "江东区", "南镇"]


def test_children_and_extent_of_an_area(session: Session) -> None:
    assert [area.code for area in areas.children(session, ALL, 2)] == [town.EAST_STREET, town.SOUTH_TOWN]
    assert areas.bounds(session, ALL, town.SPRING) == town.box(0, 0, 1000, 1000).bounds


# The tree: a node is a geometry


def test_the_tree_goes_from_the_city_to_the_communities_organisations(session: Session) -> None:
    (root,) = organisations.roots(session, ALL)
    assert (root.key, root.level, root.rank) == (f"area:{town.CITY}", AreaLevel.CITY, None)
    assert [node.name for node in organisations.children(session, ALL, root.key)] == ["江东区", "河西区"]
    below = organisations.children(session, ALL, f"area:{town.EAST_STREET}")
    assert [(node.key, node.level, node.rank) for node in below] == [
        ("organisation:1", OrganisationLevel.COMMUNITY, OrganisationRank.COMMITTEE),
        ("organisation:2", OrganisationLevel.COMMUNITY, OrganisationRank.GENERAL_BRANCH),
    ]
    # A community without an organisation stands there itself.
    assert [node.key for node in organisations.children(session, ALL, f"area:{town.WEST_STREET}")] == [
        "organisation:4",
        f"area:{town.NORTH_GATE}",
    ]


def test_the_middle_level_may_hold_two_ranks_either_way_round(session: Session) -> None:
    def below(key: int) -> list[tuple[str, Any, bool]]:
        found = organisations.children(session, ALL, f"organisation:{key}")
        return [(node.key, node.level, node.has_children) for node in found]

    assert below(1) == [
        ("organisation:5", OrganisationLevel.COMPOUND, True),
        ("organisation:6", OrganisationLevel.GRID, True),
    ]
    assert below(6) == [("organisation:7", OrganisationLevel.COMPOUND, False)]
    assert below(9) == [
        ("organisation:10", OrganisationLevel.GRID, False),
        ("organisation:12", OrganisationLevel.ENTRANCE, False),
    ]


def test_a_vacancy_shows_on_its_node(session: Session) -> None:
    (node,) = organisations.children(session, ALL, "organisation:6")
    assert node.secretary_filled is False


def test_the_path_to_a_node_is_what_the_tree_has_to_open(session: Session) -> None:
    whole = organisations.path(session, ALL, 7)
    assert whole == [
        f"area:{town.CITY}",
        f"area:{town.EAST}",
        f"area:{town.EAST_STREET}",
        "organisation:1",
        "organisation:6",
        "organisation:7",
    ]
    for scope in (ALL, Scope("420102"), Scope(town.SPRING)):
        chain = organisations.path(session, scope, 7)
        assert chain == whole[-len(chain) :]
        assert chain[0] == organisations.roots(session, scope)[0].key
        for above, below in pairwise(chain):
            assert below in [node.key for node in organisations.children(session, scope, above)]


@pytest.mark.parametrize("parent", [None, 4])  # none, or one in a community that the scope does not hold
@pytest.mark.parametrize(
    ("code", "top"), [(town.SPRING, "organisation:1"), (town.NORTH_GATE, f"area:{town.NORTH_GATE}")]
)
def test_a_branch_without_a_parent_in_the_scope_stands_in_its_community(
    town_copy: Store, parent: int | None, code: str, top: str
) -> None:
    with town_copy.writing("organisation") as session:
        session.execute(
            update(Organisation).where(Organisation.id == 13).values(area_code=code, parent_id=parent)
        )
    scope = Scope(code)
    with town_copy.reading() as session:
        (root,) = organisations.roots(session, scope)
        assert (root.key, root.has_children) == (top, True)
        below = [node.key for node in organisations.children(session, scope, top)]
        assert below.count("organisation:13") == 1
        assert organisations.path(session, scope, 13)[-2:] == [top, "organisation:13"]


@pytest.mark.parametrize(
    ("kind", "feature", "organisation"),
    [
        ("compound", 1, 5),
        ("compound", 3, 1),  # none of its own: the community's
        ("compound", 11, None),  # nor has the community one
        ("grid", 2, 6),
        ("grid", 1, 1),
        ("building", 1, 11),  # its group
        ("building", 3, 5),  # no group: the compound's
        ("building", 5, 2),  # in no compound: the community's
        ("building", 7, None),
        ("station", 1, None),
    ],
)
def test_every_feature_answers_with_the_organisation_seated_there(
    session: Session, kind: str, feature: int, organisation: int | None
) -> None:
    found = organisations.seated_at(session, ALL, kind, feature)
    assert (found and found.id) == organisation


@pytest.mark.parametrize(
    ("organisation", "drawn"),
    [
        (1, town.box(0, 0, 1000, 1000)),
        (5, town.box(100, 100, 200, 200)),
        (6, town.box(350, 0, 650, 1000)),
        (11, shapely.union(town.box(110, 110, 50, 15), town.box(210, 110, 50, 15))),
        (12, town.point(2420, 110)),
    ],
    ids=["community", "compound", "grid", "building group", "entrance group"],
)
def test_the_geometry_of_an_organisation_is_that_of_its_seat(
    session: Session, organisation: int, drawn: shapely.Geometry
) -> None:
    found = organisations.geometry(session, ALL, organisation)
    assert shapely.equals(found, drawn)


def test_organisations_are_counted_by_level(session: Session) -> None:
    level = OrganisationLevel
    assert organisations.counts(session, ALL) == {
        level.COMMUNITY: 4,
        level.COMPOUND: 5,
        level.GRID: 2,
        level.BUILDING: 1,
        level.ENTRANCE: 1,
    }


# Search


def _keys(session: Session, words: str, scope: Scope = ALL) -> list[str]:
    return [hit.key for hit in search.search(session, scope, words)]


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("桃园", ["compound:2", "organisation:7"]),
        ("  桃园 ", ["compound:2", "organisation:7"]),
        ("tyx", ["compound:2", "organisation:7"]),
        ("TYX", ["compound:2", "organisation:7"]),
        ("cbd", ["compound:12"]),
        ("CBD公", ["compound:12"]),
        ("420102001001x02", ["compound:2"]),
        (town.SPRING + "0010", ["micro_grid:1", "micro_grid:2", "micro_grid:3"]),
        (town.CITY, [f"area:{town.CITY}"]),
        ("%", ["compound:3"]),
        ("百分%", ["compound:3"]),
        ("_", ["compound:5"]),
        ("春_苑", []),
        ("春%苑", []),
        ("\\", []),
        ("不存在", []),
        ("", []),
        ("   ", []),
    ],
)
def test_search_by_name_initials_and_code(session: Session, words: str, keys: list[str]) -> None:
    assert _keys(session, words) == keys


def test_search_puts_names_that_begin_with_the_words_first(session: Session) -> None:
    found = [hit.name for hit in search.search(session, ALL, "网格") if hit.kind == "organisation"]
    assert found == ["春风第二网格党总支", "南湖第一网格党支部"]
    found = [hit.name for hit in search.search(session, ALL, "南湖") if hit.kind == "compound"]
    assert found == ["南湖新村", "南湖花园"]
    found = [hit.name for hit in search.search(session, ALL, "春晓") if hit.kind in {"compound", "station"}]
    assert found == ["春晓苑", "春晓苑", "春晓苑微站"]


def test_hits_of_one_name_are_told_apart_by_where_they_are(session: Session) -> None:
    hits = [hit for hit in search.search(session, ALL, "春晓苑") if hit.kind == "compound"]
    assert [(hit.key, hit.where, hit.code) for hit in hits] == [
        ("compound:1", "春风社区", town.SPRING + "X01"),
        ("compound:10", "西门社区", town.WEST_GATE + "X02"),
    ]
    assert _keys(session, "春晓苑", Scope.of_area(town.WEST)) == ["compound:10", "organisation:13"]


def test_a_micro_grid_without_a_name_is_called_by_its_code(session: Session) -> None:
    (hit,) = search.search(session, ALL, town.SPRING + "00101")
    assert hit.name == hit.code == town.SPRING + "00101"


def test_search_shows_so_many_hits_of_each_kind(session: Session) -> None:
    found = [hit.key for hit in search.search(session, ALL, "4201") if hit.kind == "compound"]
    assert found == [f"compound:{one}" for one in range(1, search.LIMIT + 1)]


# Figures: each with its numerator, its denominator and what is not known


def test_the_figures_of_the_city(session: Session) -> None:
    figures = kpis.kpis(session, ALL, YEAR)
    assert figures.as_of == date(2022, 6, 30)
    assert (figures.compounds, figures.households, figures.households_unknown) == (12, 3650, 1)
    assert figures.kinds == {
        CompoundKind.RESIDENTIAL: 4,
        CompoundKind.TRANSITIONAL: 2,
        CompoundKind.AGED: 3,
        CompoundKind.WORK_UNIT: 2,
        None: 1,
    }
    assert (figures.grids, figures.micro_grids) == (6, 2)  # those in force
    assert figures.full_time_workers == 4
    assert figures.pilots == 2
    assert figures.organisation_cover == Rate(5, 12)
    assert figures.property_cover == Rate(6, 9, unknown=3)
    assert figures.committee_cover == Rate(3, 8, unknown=4)
    assert figures.committee_of_eligible == Rate(3, 4, unknown=1)
    assert figures.secretary_filled == Rate(3, 4, unknown=1)
    assert figures.stations == {StationTier.SUBDISTRICT: 1, StationTier.COMMUNITY: 2, StationTier.MICRO: 1}
    assert (figures.assist_points, figures.canteens) == (1, 1)
    assert figures.satisfaction == Rate(39, 44)


def test_the_figures_of_a_community(session: Session) -> None:
    figures = kpis.kpis(session, Scope(town.SPRING), YEAR)
    assert (figures.compounds, figures.households, figures.households_unknown) == (3, 1000, 0)
    assert figures.organisation_cover == Rate(2, 3)
    assert figures.property_cover == Rate(2, 3)
    assert figures.property_cover.percent == pytest.approx(200 / 3)
    assert figures.secretary_filled == Rate(1, 2)
    assert figures.satisfaction == Rate(21, 24)


def test_the_counties_figures_add_up_to_the_citys(session: Session) -> None:
    whole = kpis.kpis(session, ALL, YEAR)
    parts = [kpis.kpis(session, Scope.of_area(code), YEAR) for code in (town.EAST, town.WEST)]
    for name in (
        "compounds",
        "households",
        "grids",
        "micro_grids",
        "full_time_workers",
        "pilots",
        "canteens",
    ):
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts)
    for name in (
        "organisation_cover",
        "property_cover",
        "committee_cover",
        "secretary_filled",
        "satisfaction",
    ):
        rates = [getattr(part, name) for part in parts]
        assert getattr(whole, name) == Rate(
            sum(rate.numerator for rate in rates),
            sum(rate.denominator for rate in rates),
            sum(rate.unknown for rate in rates),
        )


def test_without_a_window_there_is_no_satisfaction(session: Session) -> None:
    assert kpis.kpis(session, ALL, None).satisfaction == Rate(0, 0)


# Overlays


def _by_code(overlay: records.Measured) -> pd.DataFrame:
    return overlay.frame.set_index("code")


def _measure(
    store: Store, what: Metric, unit: Level, scope: Scope = ALL, window: Window = YEAR
) -> records.Measured:
    return records.measure(store, scope, what, unit, window)


def test_claims_per_thousand_households_of_each_compound(town_store: Store) -> None:
    overlay = _measure(town_store, Metric.CLAIMS_PER_1000, Level.COMPOUND)
    frame = overlay.frame.set_index("id")
    assert frame.index.tolist() == list(range(1, 13))
    assert frame["numerator"].tolist() == [5, 1, 0, 0, 0, 0, 0, 0, 2, 4, 0, 0]
    wanted = [10, 1000 / 300, 0, 0, 0, np.nan, 0, 0, np.nan, 4000 / 350, 0, 0]
    assert frame["value"].tolist() == pytest.approx(
        wanted, nan_ok=True
    )  # unknown and zero households: no rate
    assert overlay.above == 6  # three and one known only for a community, two for a subdistrict


def test_claims_per_square_kilometre_of_each_compound(town_store: Store) -> None:
    frame = _measure(town_store, Metric.CLAIMS_PER_KM2, Level.COMPOUND).frame.set_index("id")
    assert frame.loc[8, "denominator"] == pytest.approx(0.08, rel=1e-6)
    assert frame.loc[1, "value"] == pytest.approx(5 / 0.04, rel=1e-6)
    assert frame.loc[9, "value"] == pytest.approx(2 / 0.04, rel=1e-6)
    assert frame["value"].notna().all()


@pytest.mark.parametrize(
    ("unit", "counted", "above"),
    [
        (
            Level.COMMUNITY,
            {town.SPRING: 7, town.OSMANTHUS: 0, town.LAKE: 3, town.WEST_GATE: 6, town.NORTH_GATE: 0},
            2,
        ),
        (Level.SUBDISTRICT, {town.EAST_STREET: 9, town.SOUTH_TOWN: 3, town.WEST_STREET: 6}, 0),
        (Level.COUNTY, {town.EAST: 12, town.WEST: 6}, 0),
    ],
)
def test_claims_of_areas_hold_those_of_their_compounds(
    town_store: Store, unit: Level, counted: dict[str, int], above: int
) -> None:
    overlay = _measure(town_store, Metric.CLAIMS_PER_KM2, unit)
    frame = _by_code(overlay)
    assert frame["numerator"].to_dict() == counted
    assert overlay.above == above
    size = {Level.COMMUNITY: 1, Level.SUBDISTRICT: 2, Level.COUNTY: 3}[unit]
    assert frame["denominator"].iloc[0] == pytest.approx(size, rel=1e-6)


def test_households_of_an_area_are_its_own_figure_else_its_compounds(town_store: Store) -> None:
    frame = _by_code(_measure(town_store, Metric.CLAIMS_PER_1000, Level.COMMUNITY))
    assert frame["denominator"].to_dict() == {
        town.SPRING: 1000,
        town.OSMANTHUS: 650,
        town.LAKE: 1400,
        town.WEST_GATE: 350,
        town.NORTH_GATE: 999,
    }
    assert frame.loc[town.SPRING, "value"] == pytest.approx(7)


@pytest.mark.parametrize(
    "window",
    [YEAR, Window(date(2021, 1, 1), date(2022, 2, 28)), Window(date(2030, 1, 1), date(2030, 2, 1))],
    ids=["all", "the start", "none"],
)
@pytest.mark.parametrize("what", MEASURES)
def test_no_record_is_lost(town_store: Store, what: Metric, window: Window) -> None:
    if what is Metric.SATISFACTION:
        rows = [(area, day) for area, _compound, day, marks in town.RATINGS for _mark in marks]
    else:
        rows = [(area, day) for area, _compound, day in town.CLAIMS]
    for prefix in ("", "420102", town.SPRING[:9], town.SPRING, town.NORTH_GATE):
        inside = sum(area.startswith(prefix) and window.start <= day <= window.end for area, day in rows)
        for unit in UNITS:
            overlay = _measure(town_store, what, unit, Scope(prefix), window)
            assert overlay.frame["n"].sum() + overlay.above == inside
        with town_store.reading() as session:
            assert records.monthly(session, Scope(prefix), what, window)["n"].sum() == inside


def test_satisfaction_comes_with_n_and_its_wilson_interval(town_store: Store) -> None:
    overlay = _measure(town_store, Metric.SATISFACTION, Level.COMPOUND)
    frame = overlay.frame.set_index("id")
    assert frame.loc[[1, 2, 10], "n"].tolist() == [12, 9, 20]
    assert frame.loc[[1, 2, 10], "numerator"].tolist() == [10, 9, 18]
    assert frame.loc[[1, 10], "value"].tolist() == pytest.approx([1000 / 12, 90])
    for compound, satisfied, n in ((1, 10, 12), (10, 18, 20)):
        interval = binomtest(satisfied, n).proportion_ci(method="wilson")
        assert frame.loc[compound, ["low", "high"]].tolist() == pytest.approx(
            [interval.low * 100, interval.high * 100]
        )
    assert overlay.above == 3


def test_below_ten_ratings_nothing_is_said_and_nothing_ranked(town_store: Store) -> None:
    overlay = _measure(town_store, Metric.SATISFACTION, Level.COMPOUND)
    few = overlay.frame.set_index("id")["too_few"]
    assert few[few].index.tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 11, 12]
    assert overlay.frame["value"].isna().tolist() == few.tolist()
    # Nine out of nine would lead by its share; the lower bound decides among the others.
    assert records.ranking(overlay)["id"].tolist() == [10, 1]


def test_densities_rank_by_their_lower_bound_and_leave_out_what_has_no_denominator(town_store: Store) -> None:
    ranked = records.ranking(_measure(town_store, Metric.CLAIMS_PER_1000, Level.COMPOUND))
    assert ranked["low"].is_monotonic_decreasing
    # 10 has the higher density, of fewer claims: they could be chance.
    two = ranked.set_index("id").loc[[1, 10]]
    assert two["value"].is_monotonic_increasing
    assert two["n"].is_monotonic_decreasing
    assert ranked["id"].tolist() == [1, 10, 2, 3, 4, 5, 7, 8, 11, 12]


def test_both_ends_of_a_window_count(town_store: Store) -> None:
    def claims(start: date, end: date) -> int:
        frame = _measure(town_store, Metric.CLAIMS_PER_1000, Level.COUNTY, window=Window(start, end)).frame
        return int(frame["n"].sum())

    assert claims(date(2022, 1, 5), date(2022, 1, 31)) == 3
    assert claims(date(2022, 1, 6), date(2022, 1, 30)) == 1
    assert claims(date(2022, 6, 30), date(2022, 6, 30)) == 1


def test_counts_by_month(session: Session) -> None:
    claims = records.monthly(session, ALL, Metric.CLAIMS_PER_KM2, YEAR)
    assert claims["month"].tolist() == [date(2022, month, 1) for month in range(1, 7)]
    assert claims["n"].tolist() == [3, 4, 4, 4, 2, 1]
    ratings = records.monthly(session, ALL, Metric.SATISFACTION, YEAR)
    assert ratings.to_numpy().tolist() == [
        [date(2022, 2, 1), 12, 10],
        [date(2022, 3, 1), 12, 11],
        [date(2022, 6, 1), 20, 18],
    ]


def test_the_span_reaches_from_the_first_record_to_the_last(session: Session) -> None:
    assert records.span(session, ALL) == Window(date(2021, 12, 31), date(2022, 6, 30))
    assert records.span(session, Scope(town.LAKE)) == Window(date(2022, 4, 1), date(2022, 4, 1))


# The detail card


def test_the_detail_of_a_compound(session: Session) -> None:
    found = details.get(session, ALL, "compound", 1)
    assert found is not None
    assert [area.name for area in found.path] == ["平城市", "江东区", "东街街道", "春风社区"]
    assert (found.buildings, found.entrances, found.households) == (3, 0, 500)
    assert found.organisation is not None
    assert (found.organisation.id, found.is_own_seat) == (5, True)
    (post,) = found.posts
    assert (post.name, post.responsible_body) == ("春风第一网格", "社区居委会")
    assert post.workers == {GridWorkerRole.FULL_TIME: 2, GridWorkerRole.PART_TIME: 1}
    nearest = [(near.name, near.tier) for near in found.stations]
    assert nearest[0] == ("春晓苑微站", StationTier.MICRO)
    assert [round(near.distance_m) for near in found.stations][1:] == pytest.approx([500, 671], abs=2)


def test_the_detail_of_a_compound_without_an_organisation_names_the_one_above(session: Session) -> None:
    found = details.get(session, ALL, "compound", 3)
    assert found is not None
    assert found.organisation is not None
    assert (found.organisation.id, found.is_own_seat) == (1, False)


def test_the_detail_of_a_grid_names_its_compounds(session: Session) -> None:
    found = details.get(session, ALL, "grid", 5)
    assert found is not None
    assert found.compounds == [(8, "南湖花园")]
    assert (found.buildings, found.entrances, found.households) == (1, 2, 400)


def test_the_detail_of_a_building_group(session: Session) -> None:
    found = details.get(session, ALL, "organisation", 11)
    assert found is not None
    assert found.organisation is not None
    assert (found.buildings, found.below, found.organisation.id) == (2, 0, 5)


@pytest.mark.parametrize("key", [("compound", 999), ("palace", 1), ("organisation", 999), ("area", 1)])
def test_what_does_not_exist_has_no_detail(session: Session, key: tuple[str, int]) -> None:
    assert details.get(session, ALL, *key) is None


# Names and points for the map


def test_names_of_each_layer(session: Session) -> None:
    assert names.names(session, ALL, "county") == ([2, 3], ["江东区", "河西区"])
    assert names.names(session, ALL, "building") == (
        [1, 2, 3, 4, 5, 6, 7],
        ["春晓苑1号楼", "春晓苑2号楼", "春晓苑3号楼", "桃园小区", "", "南湖花园6号楼", "北门里1号楼"],
    )
    ids, found = names.names(session, Scope(town.SPRING), "micro_grid")
    assert (ids[:2], found[:2]) == ([1, 2], [town.SPRING + "00101", "二号微网格"])


def test_service_points_as_geojson(session: Session) -> None:
    features = points.points(session, ALL)["features"]
    assert [(one["properties"]["layer"], one["properties"].get("tier")) for one in features] == [
        ("canteen", None),
        ("assist_point", None),
        ("station", "subdistrict"),
        ("station", "community"),
        ("station", "micro"),
        ("station", "community"),
    ]
    drawn = town.point(500, 800)
    assert features[2]["geometry"]["coordinates"] == pytest.approx([drawn.x, drawn.y], abs=5e-7)
    assert len(points.points(session, Scope(town.SPRING))["features"]) == 4
