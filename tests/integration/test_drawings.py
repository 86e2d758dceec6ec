"""Micro-grids drawn in both homes: begun, edited over reloads, in conflict, published."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from sqlalchemy import func, select

from data import drawing_files, drawing_publishing, drawings, plans, versions
from data.drawing_begin import begin
from data.errors import ConflictError, DataError
from data.jobs import CANCELLED, Report, run
from data.scope import Scope
from data.store import Store
from geo import editing
from geo.draft import Draft, EditRefused
from geo.redistricting import redistricted
from models import BoundaryVersion, Building, Change, Drawing, Entrance, MicroGrid, Plan
from models.enums import GridRule, PlanKind, PlanStatus
from tests import lake as lake_houses
from tests import town
from tests.town import LAKE

CITY = Scope()
HOMES = lake_houses.HOMES


@pytest.fixture
def lake(store: Store) -> Store:
    return lake_houses.fill(store)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    folder = tmp_path / "job"
    folder.mkdir()
    return Report(folder, "试")


def begun(store, report, **more):
    wishes = {"scope_prefix": "", "account_id": 1, "communities": [LAKE], "band": (30, 50), "proposing": True}
    return begin(store, report, **wishes | more)["plan"]


def one(store, query):
    with store.reading() as session:
        return session.scalar(query)


def moved(store, plan, version, cell=None):
    """Move a cell of the first micro-grid into its neighbour; return the sheet after it."""
    sheet = drawings.load(store, CITY, plan)
    cell = first_cell(sheet) if cell is None else cell
    to = neighbour(sheet, cell)
    return drawings.do(store, CITY, plan, version, lambda draft: editing.move(draft, [cell], to))


def first_cell(sheet):
    """Return a cell of a micro-grid of several buildings that touches another such one."""
    return next(n for n in range(len(sheet.draft.owner)) if neighbour(sheet, n))


def neighbour(sheet, cell):
    draft = sheet.draft
    several = {name for name, figures in draft.figures.items() if figures.buildings > 1}
    if draft.fabric.households[cell] == 0 or draft.owner[cell] not in several:
        return None
    near = (draft.owner[k] for k in sorted(draft.fabric.near[cell]))
    return next((name for name in near if name in several and name != draft.owner[cell]), None)


def test_a_proposal_keeps_to_grids_and_to_the_band(lake: Store, report: Report) -> None:
    plan = begun(lake, report)
    sheet = drawings.load(lake, CITY, plan)
    assert one(lake, select(Plan.kind).where(Plan.id == plan)) is PlanKind.PROPOSAL
    assert sheet.draft.totals().unassigned_cells == 0
    loads = sorted(figures.households for figures in sheet.draft.figures.values() if figures.buildings > 1)
    assert loads
    assert all(30 <= load <= 50 for load in loads)
    for name in sheet.draft.grids:
        assert len(set(sheet.cells.grid[sheet.draft.cells(name)])) == 1
    assert all(grid.code.startswith(LAKE) for grid in sheet.draft.grids.values())
    found = drawing_publishing.broken(lake, CITY, sheet)
    assert not len(found[found["severity"] == "error"])
    assert set(found["rule"]) <= {rule.value for rule in GridRule}


def test_a_draft_survives_a_reload_with_undo_redo_and_locks(lake: Store, report: Report) -> None:
    plan = begun(lake, report)
    start = drawings.load(lake, CITY, plan).draft.owner.copy()
    after = moved(lake, plan, 1)
    locked = max(after.draft.grids)
    drawings.edit(lake, CITY, plan, 2, lambda draft: draft.lock([locked]))
    drawings._cache.clear()
    again = drawings.load(lake, CITY, plan)
    assert again.version == 3
    assert again.draft.owner.tolist() == after.draft.owner.tolist()
    assert again.draft.locked == {locked}
    assert again.draft.figures == after.draft.figures
    back = drawings.edit(lake, CITY, plan, 3, Draft.undo)
    assert back.draft.owner.tolist() == start.tolist()
    drawings._cache.clear()
    forth = drawings.edit(lake, CITY, plan, 4, Draft.redo)
    assert forth.draft.owner.tolist() == after.draft.owner.tolist()


def test_a_lock_holds_against_edits_undo_and_proposals(lake: Store, report: Report) -> None:
    plan = begun(lake, report)
    after = moved(lake, plan, 1)
    touched = sorted(after.draft.done[-1].touched())
    drawings.edit(lake, CITY, plan, 2, lambda draft: draft.lock(touched))
    with pytest.raises(EditRefused, match="locked"):
        drawings.edit(lake, CITY, plan, 3, Draft.undo)
    sheet = drawings.load(lake, CITY, plan)
    assert sheet.version == 3
    every = range(len(sheet.draft.owner))
    free = drawings.edit(
        lake,
        CITY,
        plan,
        3,
        lambda draft: draft.do(redistricted(draft, np.array(every), sheet.cells.grid, keep=False)),
    )
    for name in touched:
        assert free.draft.cells(name).tolist() == sheet.draft.cells(name).tolist()


def test_the_second_of_two_planners_is_told_and_nothing_is_lost(lake: Store, report: Report) -> None:
    plan = begun(lake, report)
    first = moved(lake, plan, 1)
    with pytest.raises(ConflictError, match="刚被他人修改"):
        moved(lake, plan, 1)
    drawings._cache.clear()
    assert drawings.load(lake, CITY, plan).draft.owner.tolist() == first.draft.owner.tolist()
    with pytest.raises(ConflictError, match="刚被他人修改"):
        drawing_publishing.publish(lake, CITY, plan, 1)
    assert one(lake, select(Plan.status).where(Plan.id == plan)) is PlanStatus.DRAFT


def test_publishing_makes_a_version_and_says_where_each_building_is(lake: Store, report: Report) -> None:
    plan = begun(lake, report)
    sheet = drawings.load(lake, CITY, plan)
    done = drawing_publishing.publish(lake, CITY, plan, 1, account_id=1)
    assert done.counts == {"add": len(sheet.draft.grids)}
    assert done.buildings >= HOMES
    with lake.reading() as session:
        stored = session.scalars(select(MicroGrid).where(MicroGrid.area_code == LAKE)).all()
        row_of = {one.code: one for one in stored}
        rows = dict(session.execute(select(Building.id, Building.micro_grid_id)).all())
        inside = dict(session.execute(select(Entrance.id, Entrance.micro_grid_id)).all())
    draft = sheet.draft
    for cell, building in enumerate(draft.fabric.building):
        if building is not None and building != "6":
            assert rows[int(building)] == row_of[draft.grids[draft.owner[cell]].code].id
    assert all(inside.values())
    assert len(set(inside.values())) == len(set(draft.owner[draft.fabric.building == "6"]))
    whole = shapely.union_all([one.geometry for one in stored])
    frame = town.box(2000, 0, 1000, 1000)
    centimetres = 2e-7  # a straight line in metres is none in degrees
    assert shapely.hausdorff_distance(shapely.boundary(whole), shapely.boundary(frame)) < centimetres
    assert shapely.coverage_is_valid([one.geometry for one in stored])
    assert sum(one.households for one in stored) == HOMES * 12 + 400
    assert {one.grid_id for one in stored} == {5, 6}
    with lake.reading() as session:
        assert versions.versions(session, CITY, LAKE)[0].plan_id == plan
    with pytest.raises(DataError, match="已发布"):
        moved(lake, plan, 1)


def test_what_is_published_opens_as_it_was_and_only_edits_change_it(lake: Store, report: Report) -> None:
    drawing_publishing.publish(lake, CITY, begun(lake, report), 1)
    plan = begun(lake, report, proposing=False)
    sheet = drawings.load(lake, CITY, plan)
    assert one(lake, select(Plan.kind).where(Plan.id == plan)) is PlanKind.DRAWING
    assert not sheet.draft.done
    with pytest.raises(DataError, match="没有需要发布的改动"):
        drawing_publishing.publish(lake, CITY, plan, 1)
    after = moved(lake, plan, 1)
    left, came = sorted(after.draft.done[-1].touched())
    done = drawing_publishing.publish(lake, CITY, plan, 2)
    assert done.counts == {"change": 2}
    assert done.buildings == 1
    codes = one(lake, select(func.count()).where(BoundaryVersion.plan_id == plan))
    assert codes == 2
    with lake.reading() as session:
        changed = set(session.scalars(select(Change.code).where(Change.plan_id == plan)))
    assert changed == {left, came}


def test_who_publishes_second_in_a_community_keeps_the_draft(lake: Store, report: Report) -> None:
    first, second = begun(lake, report), begun(lake, report, anew=True)
    drawing_publishing.publish(lake, CITY, first, 1)
    moved(lake, second, 1)
    with pytest.raises(ConflictError, match="已由他人发布新版本"):
        drawing_publishing.publish(lake, CITY, second, 2)
    assert one(lake, select(Plan.status).where(Plan.id == second)) is PlanStatus.DRAFT
    assert len(drawings.load(lake, CITY, second).draft.done) == 2


def test_what_is_apart_is_an_error_and_is_not_published(lake: Store, report: Report) -> None:
    plan = begun(lake, report)
    sheet = drawings.load(lake, CITY, plan)
    draft = sheet.draft
    far = max(
        range(len(draft.owner)), key=lambda n: draft.fabric.place[n][0] * (draft.fabric.households[n] > 0)
    )
    to = draft.owner[first_cell(sheet)]
    after = drawings.do(lake, CITY, plan, 1, lambda draft: editing.move(draft, [far], to))
    assert after.draft.totals().disconnected == (to,)
    with pytest.raises(DataError, match="违反必须遵守的规则"):
        drawing_publishing.publish(lake, CITY, plan, 2)
    assert one(lake, select(func.count()).where(MicroGrid.area_code == LAKE)) == 0


def test_nobody_sees_or_begins_a_draft_outside_the_scope(lake: Store, report: Report) -> None:
    plan = begun(lake, report)
    outside = Scope(town.WEST[:6])
    with pytest.raises(DataError, match="管辖范围内没有"):
        drawings.load(lake, outside, plan)
    with pytest.raises(DataError, match="管辖范围内的社区"):
        begun(lake, report, scope_prefix=outside.prefix, anew=True)
    with lake.reading() as session:
        assert drawings.listing(session, outside) == []
        assert [one.plan_id for one in drawings.listing(session, CITY, LAKE)] == [plan]


def test_the_city_is_begun_but_for_communities_with_a_draft(lake: Store, report: Report) -> None:
    begun(lake, report)
    told = begin(lake, report, scope_prefix="", account_id=1, communities=[], band=(30, 50), proposing=True)
    assert told["skipped"] == 1
    assert told["communities"] == len(town.COMMUNITIES) - 1
    assert one(lake, select(func.count()).select_from(Drawing)) == len(town.COMMUNITIES)
    with pytest.raises(DataError, match="都已有草稿"):
        begin(lake, report, scope_prefix="", account_id=1, communities=[], band=(30, 50), proposing=True)


def test_a_cancelled_job_leaves_nothing(lake: Store, tmp_path: Path) -> None:
    folder = tmp_path / "cancelled"
    folder.mkdir()
    (folder / "cancel").touch()
    arguments = {"scope_prefix": "", "account_id": 1, "communities": [LAKE], "band": (30, 50)}
    url = lake.engine.url.render_as_string(hide_password=False)
    run(folder, url, "试", begin, {**arguments, "proposing": True})
    assert f'"status": "{CANCELLED}"' in (folder / "state.json").read_text()
    assert one(lake, select(func.count()).select_from(Plan)) == 0


def test_a_dropped_draft_is_kept_but_not_edited(lake: Store, report: Report) -> None:
    plan = begun(lake, report)
    plans.drop(lake, plan, 1)
    with pytest.raises(DataError, match="已放弃"):
        moved(lake, plan, 1)


def test_files_hold_what_is_drawn(lake: Store, report: Report, tmp_path: Path) -> None:
    sheet = drawings.load(lake, CITY, begun(lake, report))
    count = len(sheet.draft.grids)
    for form, write in drawing_files.WRITERS.items():
        write(lake, CITY, sheet, tmp_path / f"out.{form}")
    grids = gpd.read_file(tmp_path / "out.gpkg", layer="micro_grid")
    assert len(grids) == count
    assert grids.crs.to_epsg() == 4490
    assert grids["households"].sum() == HOMES * 12 + 400
    built = gpd.read_file(tmp_path / "out.gpkg", layer="building").set_index("code")
    assert set(built.loc[[f"L{n}" for n in range(HOMES)], "micro_grid_id"]) <= set(grids["id"])
    plain = gpd.read_file(tmp_path / "out.geojson")
    assert sorted(plain["code"]) == sorted(grids["code"])
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == ["微网格", "楼栋", "变更"]
    assert book["微网格"].max_row == count + 1
    assert book["变更"]["B2"].value == "新增"
