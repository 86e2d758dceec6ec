"""Drafts, their ledgers, publishing, conflicts. The town's compounds and grids are in tests/town.py."""

from __future__ import annotations

from datetime import date

import pytest
import shapely
from sqlalchemy import func, select

from data import plans
from data.errors import ConflictError, DataError
from data.imports import Options, run
from data.scope import Scope
from models import Area, BoundaryVersion, Building, Compound, Grid, Plan
from models.enums import PlanStatus
from tests import town
from tests.files import write_gpkg

SPRING_COMPOUNDS = (("X01", "春晓苑", 100), ("X02", "桃园小区", 400), ("X03", "百分%家园", 700))


def spring(**moved):
    """Return the compounds of 春风社区 as a file would hold them; each may lie elsewhere."""
    return [
        {
            "小区编码": town.SPRING + code,
            "小区名称": name,
            "geometry": moved.get(code, town.box(x, 100, 200, 200)),
        }
        for code, name, x in SPRING_COMPOUNDS
    ]


def imported(store, tmp_path, rows, target="compound", name="小区", **options):
    return run(store, write_gpkg(tmp_path / f"{name}.gpkg", rows), target, Options(**options))


def ledger(store, plan_id):
    with store.reading() as session:
        return plans.ledger_of(session, Scope(), plan_id).set_index("code")


def test_the_same_boundaries_again_change_nothing(town_copy, tmp_path):
    report = imported(town_copy, tmp_path, spring())
    assert (report.plan_id, report.changes, report.stored) == (None, {"unchanged": 3}, 0)


def test_a_ledger_says_what_changes_and_how_far(town_copy, tmp_path):
    rows = spring(X01=town.box(103, 100, 200, 200))
    rows[1]["小区名称"] = "桃园新村"
    rows.append({"小区编码": "NEW", "小区名称": "新苑", "geometry": town.box(100, 500, 50, 40)})
    report = imported(town_copy, tmp_path, rows)
    assert report.changes == {"add": 1, "change": 2, "unchanged": 1}
    lines = ledger(town_copy, report.plan_id)
    moved, renamed, new = (lines.loc[code] for code in (town.SPRING + "X01", town.SPRING + "X02", "NEW"))
    assert moved["displacement_m"] == pytest.approx(3.0, abs=1e-3)
    assert moved["area_m2"] == pytest.approx(2 * 3 * 200, rel=1e-3)
    assert moved["households"] == 500
    assert renamed["attributes"] == {"name": ["桃园小区", "桃园新村"]}
    assert renamed["displacement_m"] == 0
    assert new["action"] == "add"
    assert new["area_m2"] == pytest.approx(2000, rel=1e-3)
    with town_copy.reading() as session:
        plan = session.get_one(Plan, report.plan_id)
        assert (plan.status, plan.area_code) == (PlanStatus.DRAFT, town.SPRING)
        assert session.scalar(select(func.count()).select_from(Compound)) == 12


def test_publishing_keeps_the_former_boundary_with_its_dates(town_copy, tmp_path):
    rows = spring(X01=town.box(103, 100, 200, 200))
    rows.append({"小区编码": "NEW", "小区名称": "新苑", "geometry": town.box(100, 500, 50, 40)})
    report = imported(town_copy, tmp_path, rows)
    revision = town_copy.revision()
    assert plans.publish(town_copy, report.plan_id, on=date(2024, 5, 1)) == {"add": 1, "change": 1}
    assert town_copy.table_revisions()["compound"] > revision
    with town_copy.reading() as session:
        now = session.scalars(select(Compound).where(Compound.code == town.SPRING + "X01")).one()
        assert shapely.hausdorff_distance(now.geometry, rows[0]["geometry"]) < 1e-9
        assert (now.valid_from, now.plan_id, now.households) == (date(2024, 5, 1), report.plan_id, 500)
        former = session.scalars(select(BoundaryVersion)).one()
        assert (former.layer, former.feature_id, former.code) == ("compound", now.id, now.code)
        assert former.valid_to == date(2024, 5, 1)
        assert shapely.hausdorff_distance(former.geometry, town.box(100, 100, 200, 200)) < 1e-9
        new = session.scalars(select(Compound).where(Compound.code == "NEW")).one()
        assert (new.name, new.initials, new.valid_from) == ("新苑", "xy", date(2024, 5, 1))
        assert session.get_one(Plan, report.plan_id).status is PlanStatus.PUBLISHED
    with pytest.raises(DataError, match="已发布"):
        plans.publish(town_copy, report.plan_id)


def test_only_accepted_lines_are_published(town_copy, tmp_path):
    report = imported(
        town_copy, tmp_path, spring(X01=town.box(103, 100, 200, 200), X02=town.box(404, 100, 200, 200))
    )
    refused = ledger(town_copy, report.plan_id).loc[town.SPRING + "X02", "id"]
    plans.set_accepted(town_copy, report.plan_id, [int(refused)], accepted=False, scope=Scope())
    assert plans.publish(town_copy, report.plan_id) == {"change": 1}
    with town_copy.reading() as session:
        kept = session.scalar(select(Compound.geometry).where(Compound.code == town.SPRING + "X02"))
    assert shapely.hausdorff_distance(kept, town.box(400, 100, 200, 200)) < 1e-9


def test_a_draft_without_an_accepted_line_is_not_published(town_copy, tmp_path):
    report = imported(town_copy, tmp_path, spring(X01=town.box(103, 100, 200, 200)))
    ids = ledger(town_copy, report.plan_id)["id"].tolist()
    plans.set_accepted(town_copy, report.plan_id, ids, accepted=False, scope=Scope())
    with pytest.raises(DataError, match="没有采纳"):
        plans.publish(town_copy, report.plan_id)


def test_the_second_planner_on_a_community_gets_a_conflict_and_keeps_the_draft(town_copy, tmp_path):
    first = imported(town_copy, tmp_path, spring(X01=town.box(103, 100, 200, 200)), name="甲")
    second = imported(town_copy, tmp_path, spring(X02=town.box(404, 100, 200, 200)), name="乙")
    elsewhere = [
        {"小区编码": town.LAKE + "X01", "小区名称": "南湖新村", "geometry": town.box(2103, 100, 200, 200)}
    ]
    third = imported(town_copy, tmp_path, elsewhere, name="丙")
    plans.publish(town_copy, first.plan_id)
    revision = town_copy.revision()
    with pytest.raises(ConflictError, match="春风社区"):
        plans.publish(town_copy, second.plan_id)
    assert town_copy.revision() == revision
    with town_copy.reading() as session:
        assert session.get_one(Plan, second.plan_id).status is PlanStatus.DRAFT
    assert len(ledger(town_copy, second.plan_id)) == 1
    assert plans.publish(town_copy, third.plan_id) == {"change": 1}


def test_a_complete_file_retires_what_it_does_not_hold(town_copy, tmp_path):
    rows = [
        {"网格编码": town.SPRING + "001", "网格名称": "春风第一网格", "geometry": town.box(0, 0, 1000, 1000)}
    ]
    path = write_gpkg(tmp_path / "网格.gpkg", rows)
    report = run(town_copy, path, "grid", Options(complete=True), scope=Scope.of_area(town.SPRING))
    assert report.changes == {"change": 1, "remove": 1, "unchanged": 0}
    with pytest.raises(DataError, match="春风第二网格党总支"):
        plans.publish(town_copy, report.plan_id)
    rows = [
        {"网格编码": town.LAKE + "001", "网格名称": "南湖第一网格", "geometry": town.box(2000, 0, 1000, 1000)}
    ]
    path = write_gpkg(tmp_path / "南湖.gpkg", rows)
    report = run(town_copy, path, "grid", Options(complete=True), scope=Scope.of_area(town.LAKE))
    assert plans.publish(town_copy, report.plan_id, on=date(2024, 5, 1)) == {"change": 1, "remove": 1}
    with town_copy.reading() as session:
        gone = session.scalars(select(Grid).where(Grid.code == town.LAKE + "002")).one()
        assert gone.valid_to == date(2024, 5, 1)
        assert session.scalar(select(func.count()).select_from(BoundaryVersion)) == 2


def test_a_removed_compound_lets_go_of_its_buildings_and_can_be_restored_from_the_ledger(town_copy, tmp_path):
    rows = [
        {
            "小区编码": town.NORTH_GATE + "X02",
            "小区名称": "CBD公馆",
            "geometry": town.box(4400, 100, 200, 200),
        }
    ]
    path = write_gpkg(tmp_path / "北门.gpkg", rows)
    report = run(town_copy, path, "compound", Options(complete=True), scope=Scope.of_area(town.NORTH_GATE))
    assert plans.publish(town_copy, report.plan_id) == {"remove": 1}
    code = town.NORTH_GATE + "X01"
    with town_copy.reading() as session:
        assert session.scalar(select(func.count()).where(Compound.code == code)) == 0
        assert session.scalars(select(Building.compound_id).where(Building.code == "B7")).one() is None
        assert session.scalars(select(BoundaryVersion.code)).one() == code
    line = ledger(town_copy, report.plan_id).loc[code]
    assert line["attributes"]["name"] == ["北门里", None]
    assert line["attributes"]["households"] == [150, None]


def test_a_new_compound_takes_in_the_buildings_that_stand_in_it(town_copy, tmp_path):
    rows = [{"小区编码": "SHOP", "小区名称": "商铺院", "geometry": town.box(1390, 590, 100, 50)}]
    report = imported(town_copy, tmp_path, rows)
    plans.publish(town_copy, report.plan_id)
    with town_copy.reading() as session:
        owner = session.scalar(select(Compound.id).where(Compound.code == "SHOP"))
        assert session.get_one(Building, 5).compound_id == owner


def test_a_dropped_draft_changes_nothing_and_stays_readable(town_copy, tmp_path):
    report = imported(town_copy, tmp_path, spring(X01=town.box(103, 100, 200, 200)))
    plans.drop(town_copy, report.plan_id)
    with pytest.raises(DataError, match="已放弃"):
        plans.publish(town_copy, report.plan_id)
    with pytest.raises(DataError, match="已放弃"):
        plans.set_accepted(town_copy, report.plan_id, [1], accepted=False, scope=Scope())
    assert len(ledger(town_copy, report.plan_id)) == 1


def test_a_plan_is_seen_and_decided_in_its_scope_only(town_copy, tmp_path):
    report = imported(town_copy, tmp_path, spring(X01=town.box(103, 100, 200, 200)))
    with town_copy.reading() as session:
        assert [one.id for one in plans.listing(session, Scope.of_area(town.EAST))] == [report.plan_id]
        assert plans.listing(session, Scope.of_area(town.WEST)) == []
        assert plans.ledger_of(session, Scope.of_area(town.WEST), report.plan_id).empty
    for work in (plans.publish, plans.drop):
        with pytest.raises(DataError, match="没有编号"):
            work(town_copy, report.plan_id, scope=Scope.of_area(town.WEST))


def test_a_code_taken_meanwhile_is_a_conflict(town_copy, tmp_path):
    rows = [{"小区编码": "NEW", "小区名称": "新苑", "geometry": town.box(100, 500, 50, 40)}]
    first = imported(town_copy, tmp_path, rows, name="甲")
    rows[0]["geometry"] = town.box(4100, 500, 50, 40)
    second = imported(town_copy, tmp_path, rows, name="乙")
    plans.publish(town_copy, first.plan_id)
    with pytest.raises(ConflictError, match="NEW"):
        plans.publish(town_copy, second.plan_id)


@pytest.mark.parametrize(
    ("codes", "area"),
    [
        ([town.SPRING], town.SPRING),
        ([town.SPRING, town.OSMANTHUS], town.EAST_STREET),
        ([town.SPRING, town.LAKE], town.EAST),
        ([town.SPRING, town.WEST_GATE], town.CITY),
        ([town.SPRING, town.EAST], town.EAST),
    ],
)
def test_a_plan_belongs_to_the_smallest_area_that_holds_all_of_it(codes, area):
    assert plans.common_area(codes) == area


def test_areas_are_not_changed_by_plans(town_copy):
    assert "area" not in plans.LAYERS
    with town_copy.reading() as session:
        assert session.scalar(select(func.count()).select_from(Area)) == 11
