"""Frames to rows and back."""

from __future__ import annotations

import pandas as pd
import shapely
from sqlalchemy import func, select

from data.bulk import frame_of, geo_frame_of, insert_frame, restart_sequences, table_of
from data.store import Store
from models import Area, Compound, Green, Road
from tests import town


def test_an_empty_frame_writes_nothing(store: Store) -> None:
    with store.writing("compound") as session:
        assert insert_frame(session, Compound, town.tables()["compound"].head(0)) == 0


def test_columns_that_are_left_out_get_their_defaults(store: Store) -> None:
    frame = town.tables()["compound"][["code", "name", "area_code", "geometry"]].head(2)
    with store.writing("compound") as session:
        assert insert_frame(session, Compound, frame) == 2
        restart_sequences(session, [Compound])
    with store.reading() as session:
        found = session.scalars(select(Compound).order_by(Compound.id)).all()
    assert [(one.id, one.initials, one.households_estimated, one.kind) for one in found] == [
        (1, "", False, None),
        (2, "", False, None),
    ]


def test_single_and_multi_may_stand_in_one_column(store: Store) -> None:
    box = town.box(0, 0, 10, 10)
    shapes = [box, shapely.MultiPolygon([box, town.box(20, 0, 10, 10)]), shapely.MultiPolygon()]
    lines = [shapely.LineString([(114, 30), (115, 31)]), shapely.MultiLineString([[(114, 30), (115, 31)]])]
    frame = pd.DataFrame({"area_code": town.SPRING, "geometry": shapes})
    with store.writing("green", "road") as session:
        insert_frame(session, Green, frame)
        insert_frame(
            session, Road, pd.DataFrame({"area_code": town.CITY, "road_class": "rail", "geometry": lines})
        )
    with store.reading() as session:
        greens = geo_frame_of(session, Green, ["id"]).geometry
        roads = geo_frame_of(session, Road, ["id"]).geometry
    assert set(greens.geom_type) == {"MultiPolygon"}
    assert [len(one.geoms) for one in greens] == [1, 2, 0]
    assert roads.iloc[0] == roads.iloc[1]


def test_the_callers_frame_is_left_as_it_was(store: Store) -> None:
    frame = town.tables()["compound"]
    before = frame.copy(deep=True)
    with store.writing("compound") as session:
        insert_frame(session, Compound, frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_frame_of_geometries_holds_the_rows_that_meet_every_condition_by_id(town_copy: Store) -> None:
    with town_copy.reading() as session:
        found = geo_frame_of(
            session, Compound, ["code", "id"], Compound.kind == "aged", Compound.households > 200
        )
        none = geo_frame_of(session, Compound, ["id"], Compound.id > 99)
    assert list(found.columns) == ["code", "id", "geometry"]
    assert found["id"].tolist() == [2, 4]
    assert (len(none), none.crs.to_epsg()) == (0, 4490)


def test_a_plain_frame_has_the_columns_as_selected(town_copy: Store) -> None:
    with town_copy.reading() as session:
        query = select(Area.level, func.count().label("areas")).group_by(Area.level).order_by(func.count())
        found = frame_of(session, query)
        none = frame_of(session, query.where(Area.id > 99))
    assert found.to_numpy().tolist() == [["city", 1], ["county", 2], ["subdistrict", 3], ["community", 5]]
    assert list(none.columns) == ["level", "areas"]


def test_every_model_has_a_table() -> None:
    assert table_of(Compound).name == "compound"
