"""A boundary change neither loses a record nor counts it twice, and history can be read both ways."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from data import plans
from data.assigning import LAYERS, features_at, lay_then
from data.bulk import insert_frame
from data.cubes import days_of
from data.imports import Options, run
from data.periods import Window
from data.queries.records import Metric, View, conserved, measure
from data.scope import Scope
from data.units import Level
from geo.locate import Points
from models import Claim, FormerPlace, Organisation
from tests import town
from tests.files import write_gpkg

ALL = Scope()
YEAR = Window(date(2020, 1, 1), date(2030, 12, 31))
X01, X02 = town.SPRING + "X01", town.SPRING + "X02"


def claims(store, spots, days):
    """Put claims at places of 春风社区, in metres from the town's corner, and give them their compounds."""
    lon, lat = np.array([town.point(*xy).coords[0] for xy in spots]).T
    with store.writing("claim") as session:
        session.query(Claim).delete()
        found = features_at(session, Points(lon, lat))
        frame = pd.DataFrame(
            {
                "id": np.arange(1, len(spots) + 1),
                "area_code": town.SPRING,
                "place": "point",
                "lon": lon,
                "lat": lat,
                "item": "打扫楼道",
                "source": "elective",
                "body": "unit",
                "claimed_on": days,
            }
        )
        for layer in LAYERS:
            frame[f"{layer}_id"] = pd.Series(found[layer]).astype("Int64").mask(found[layer] == 0)
        insert_frame(session, Claim, frame)


def published(store, tmp_path, rows, on, *, removes=(), target="compound"):
    """Publish boundaries; of what the file does not hold only `removes` goes."""
    path = write_gpkg(tmp_path / f"{on}.gpkg", rows)
    report = run(store, path, target, Options(complete=bool(removes), again=True))
    with store.reading() as session:
        lines = plans.ledger_of(session, ALL, report.plan_id)
    kept = lines[(lines["action"] == "remove") & ~lines["code"].isin(removes)]["id"]
    plans.set_accepted(store, report.plan_id, kept, accepted=False, scope=ALL)
    plans.publish(store, report.plan_id, on=on)


def compounds(**boxes):
    return [{"小区编码": town.SPRING + code, "geometry": town.box(*one)} for code, one in boxes.items()]


def by_code(store, boundaries="today", level=Level.COMPOUND):
    found = measure(store, ALL, Metric.CLAIMS_PER_KM2, level, YEAR, View(boundaries=boundaries))
    return {
        code: int(n) for code, n in zip(found.frame["code"], found.frame["n"], strict=True) if n
    }, found.above


def test_a_moved_boundary_moves_records_and_history_keeps_them(town_copy, tmp_path) -> None:
    """春晓苑 (100 to 300 m east) gives its eastern half to 桃园小区 (400 to 600 m, now from 200 m)."""
    old, new = date(2026, 1, 1), date(2026, 3, 1)
    claims(
        town_copy,
        [(150, 150), (250, 150), (250, 150), (350, 150), (800, 150)],
        [old, old, date(2026, 4, 1), old, old],
    )
    before = by_code(town_copy)
    assert before == ({X01: 3, town.SPRING + "X03": 1}, 1)
    published(town_copy, tmp_path, compounds(X01=(100, 100, 100, 200), X02=(200, 100, 400, 200)), new)
    assert by_code(town_copy) == ({X01: 1, X02: 3, town.SPRING + "X03": 1}, 0)
    # the claim of April was made when the new boundary was in force; one of January lay in no compound
    assert by_code(town_copy, "then") == ({X01: 2, X02: 1, town.SPRING + "X03": 1}, 1)
    assert conserved(town_copy, ALL, "claim", YEAR)["total"].tolist() == [5] * 8


def test_a_second_change_does_not_rewrite_the_first_day(town_copy, tmp_path) -> None:
    claims(town_copy, [(250, 150)], [date(2026, 1, 1)])
    published(
        town_copy, tmp_path, compounds(X01=(100, 100, 100, 200), X02=(200, 100, 400, 200)), date(2026, 3, 1)
    )
    published(town_copy, tmp_path, compounds(X02=(400, 100, 200, 200)), date(2026, 5, 1))
    assert by_code(town_copy) == ({}, 1)
    assert by_code(town_copy, "then") == ({X01: 1}, 0)


def test_a_removed_compound_leaves_its_records_to_the_community(town_copy, tmp_path) -> None:
    day = date(2026, 1, 1)
    claims(town_copy, [(150, 150), (450, 150)], [day, day])
    with town_copy.writing("claim") as session:
        session.add(
            Claim(
                area_code=town.SPRING,
                compound_id=2,
                place="compound",
                item="修灯",
                source="elective",
                body="unit",
                claimed_on=day,
            )
        )
    rest = [(code, town.box(x, 100, 200, 200)) for code, x in (("X01", 100), ("X03", 700))]
    rows = [{"小区编码": town.SPRING + code, "geometry": shape} for code, shape in rest]
    with town_copy.writing("organisation") as session:  # a compound with an organisation can't be removed
        session.get(Organisation, 7).compound_id = 3
    published(town_copy, tmp_path, rows, date(2026, 3, 1), removes=[X02])
    assert by_code(town_copy)[0].get(X02) is None
    assert by_code(town_copy, level=Level.COMMUNITY)[0] == {town.SPRING: 3}
    assert by_code(town_copy, "then")[0] == {X01: 1, X02: 2}
    with town_copy.reading() as session:
        assert set(session.scalars(select(FormerPlace.code))) == {X02}


def test_a_retired_grid_is_read_under_its_own_name(town_copy, tmp_path) -> None:
    claims(town_copy, [(150, 150), (800, 150)], [date(2026, 1, 1)] * 2)
    rows = [
        {"网格编码": town.SPRING + "003", "网格名称": "春风新网格", "geometry": town.box(0, 0, 1000, 1000)}
    ]
    with town_copy.reading() as session:
        seats = session.scalars(select(Organisation.id).where(Organisation.grid_id == 2)).all()
    with town_copy.writing("organisation") as session:
        for one in seats:
            session.get(Organisation, one).grid_id = 3
    gone = [town.SPRING + "001", town.SPRING + "002"]
    published(town_copy, tmp_path, rows, date(2026, 3, 1), removes=gone, target="grid")
    assert by_code(town_copy, level=Level.GRID) == ({town.SPRING + "003": 2}, 0)
    found = measure(town_copy, ALL, Metric.CLAIMS_PER_KM2, Level.GRID, YEAR, View(boundaries="then")).frame
    assert found[found["n"] > 0][["code", "name", "n"]].to_numpy().tolist() == [
        [town.SPRING + "001", "春风第一网格", 1],
        [town.SPRING + "002", "春风第二网格", 1],
    ]


def test_a_record_written_late_finds_the_boundaries_of_its_day(town_copy, tmp_path) -> None:
    published(
        town_copy, tmp_path, compounds(X01=(100, 100, 100, 200), X02=(200, 100, 400, 200)), date(2026, 3, 1)
    )
    lon, lat = np.array([town.point(x, 150).coords[0] for x in (150, 250, 250, 350, 350)]).T
    day = np.array([days_of(date(2026, month, 1)) for month in (1, 1, 4, 1, 4)])
    with town_copy.reading() as session:
        position, codes = lay_then(session, "compound", lon, lat, day)
    assert dict(zip(position.tolist(), codes, strict=True)) == {1: X01, 3: None}


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 999), st.integers(101, 299)), min_size=1, max_size=25),
    st.integers(150, 390),
)
def test_counts_are_conserved_wherever_the_line_is_drawn(town_copy, tmp_path_factory, spots, line) -> None:
    folder = tmp_path_factory.mktemp("line")
    undo = compounds(X01=(100, 100, 200, 200), X02=(400, 100, 200, 200))
    claims(town_copy, spots, [date(2026, 1, 1)] * len(spots))
    with town_copy.writing("former_place") as session:
        session.query(FormerPlace).delete()
    before = by_code(town_copy)
    published(
        town_copy,
        folder,
        compounds(X01=(100, 100, line - 100, 200), X02=(line, 100, 600 - line, 200)),
        date(2026, 3, 1),
    )
    sums = conserved(town_copy, ALL, "claim", YEAR)
    assert (sums["total"] == len(spots)).all()
    assert (sums["inside"] <= len(spots)).all()
    assert by_code(town_copy, "then") == before
    published(town_copy, folder, undo, date(2026, 5, 1))
    assert by_code(town_copy) == before


@pytest.mark.parametrize("layer", list(LAYERS))
def test_a_point_on_a_common_edge_lies_in_one_of_the_two(town_store, layer) -> None:
    lon, lat = np.array([town.point(350, y).coords[0] for y in (10, 500)]).T
    with town_store.reading() as session:
        found = features_at(session, Points(lon, lat))[layer]
    assert found.tolist() == ([1, 1] if layer == "grid" else [0, 0])
