"""Imports, plans and their versions, in both homes."""

from __future__ import annotations

from datetime import date

import pytest
import shapely
from sqlalchemy import func, select

from data import plans
from data.errors import ConflictError
from data.imports import City, Options, run
from data.scope import Scope
from models import BoundaryVersion, Building, Change, Compound, Plan, Source
from models.areas import Area
from models.enums import CompoundKind, PlanStatus
from tests import town
from tests.files import write_csv, write_gpkg

CITY = City("平城市", "420100")


def compounds(shift=0.0):
    return [
        {
            "小区编码": f"C{n}",
            "小区名称": f"{name}",
            "小区类型": kind,
            "geometry": town.box(x + shift, 100, 90, 90),
        }
        for n, (name, kind, x) in enumerate(
            [("甲苑", "居住型", 0), ("乙苑", None, 100), ("丙苑", "老旧型", 200)], 1
        )
    ]


def test_a_first_import_makes_the_city_and_reads_back_the_same(store, tmp_path):
    path = write_gpkg(tmp_path / "小区.gpkg", compounds(), "EPSG:4547")
    assert run(store, path, "compound", Options(city=CITY)).stored == 3
    with store.reading() as session:
        rows = session.scalars(select(Compound).order_by(Compound.code)).all()
        assert [one.kind for one in rows] == [CompoundKind.RESIDENTIAL, None, CompoundKind.AGED]
        wanted = [one["geometry"] for one in compounds()]
        assert max(shapely.hausdorff_distance([one.geometry for one in rows], wanted)) < 1e-8
        assert session.scalars(select(Area.code)).all() == [town.CITY]


def test_a_failure_while_writing_leaves_nothing_behind(store, tmp_path, monkeypatch):
    path = write_gpkg(tmp_path / "小区.gpkg", compounds())

    def fail(*_arguments):
        raise OSError("disk full")

    monkeypatch.setattr("data.siting.relink", fail)
    with pytest.raises(OSError, match="disk full"):
        run(store, path, "compound", Options(city=CITY))
    with store.reading() as session:
        assert [
            session.scalar(select(func.count()).select_from(one)) for one in (Compound, Area, Source)
        ] == [0, 0, 0]


def test_a_plan_is_drafted_refused_in_conflict_and_published_with_its_former_version(store, tmp_path):
    run(store, write_gpkg(tmp_path / "小区.gpkg", compounds()), "compound", Options(city=CITY))
    moved = write_gpkg(
        tmp_path / "新.gpkg",
        [*compounds(2.0)[:2], {"小区编码": "C9", "小区名称": "丁苑", "geometry": town.box(400, 100, 90, 90)}],
    )
    first = run(store, moved, "compound", Options(complete=True))
    second = run(store, moved, "compound")
    assert first.changes == {"change": 2, "add": 1, "remove": 1, "unchanged": 0}
    assert plans.publish(store, first.plan_id, on=date(2030, 1, 1)) == {"change": 2, "add": 1, "remove": 1}
    with pytest.raises(ConflictError, match="平城市"):
        plans.publish(store, second.plan_id)
    plans.drop(store, second.plan_id)
    with store.reading() as session:
        assert session.scalars(select(Compound.code).order_by(Compound.code)).all() == ["C1", "C2", "C9"]
        former = session.scalars(select(BoundaryVersion).order_by(BoundaryVersion.code)).all()
        assert [one.code for one in former] == ["C1", "C2", "C3"]
        assert {one.valid_to for one in former} == {date(2030, 1, 1)}
        assert shapely.hausdorff_distance(former[0].geometry, compounds()[0]["geometry"]) < 1e-9
        assert [one.status for one in plans.listing(session, Scope())] == [
            PlanStatus.DROPPED,
            PlanStatus.PUBLISHED,
        ]
        ledger = plans.ledger_of(session, Scope(), first.plan_id)
        assert ledger.loc[ledger["action"] == "change", "displacement_m"].tolist() == pytest.approx(
            [2, 2], abs=1e-3
        )
        assert session.scalar(select(func.count()).select_from(Change)) == len(ledger) + 3
        assert session.scalar(select(func.count()).select_from(Plan)) == 2


def test_buildings_are_inserted_then_updated_by_code(store, tmp_path):
    run(store, write_gpkg(tmp_path / "小区.gpkg", compounds()), "compound", Options(city=CITY))
    rows = [{"编码": f"B{n}", "层数": n, "geometry": town.box(10 * n, 120, 8, 8)} for n in range(1, 9)]
    run(store, write_gpkg(tmp_path / "楼.gpkg", rows), "building")
    rows = [one | {"层数": 30} for one in rows[:3]] + [
        {"编码": "B99", "层数": None, "geometry": town.box(300, 120, 8, 8)}
    ]
    assert run(store, write_gpkg(tmp_path / "楼二.gpkg", rows), "building").stored == 4
    with store.reading() as session:
        found = session.execute(
            select(Building.code, Building.floors, Building.compound_id).order_by(Building.code)
        )
        floors = {code: (count, owner) for code, count, owner in found}
    assert len(floors) == 9
    assert [floors[f"B{n}"][0] for n in range(1, 6)] == [30, 30, 30, 4, 5]
    assert floors["B1"][1] is not None
    assert floors["B99"] == (None, None)


def test_points_of_a_table_are_stored_with_dates_and_numbers(store, tmp_path):
    run(store, write_gpkg(tmp_path / "小区.gpkg", compounds()), "compound", Options(city=CITY))
    x, y = town.point(50, 150).coords[0]
    headers = ["站点名称", "级别", "建筑面积", "启用日期", "经度", "纬度"]
    path = write_csv(
        tmp_path / "站.csv", headers, [["甲苑微站", "微站", "36.1", "2022年5月1日", x, y]], "gbk"
    )
    assert run(store, path, "station").stored == 1
