"""A compound's boundary tried in a draft, in both homes: kept, published, in conflict, brought back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import select, update

from data import drawing_compounds, drawing_publishing, drawings, plans, versions
from data.errors import ConflictError, DataError
from data.scope import Scope
from data.store import Store
from geo import editing
from geo.draft import Draft
from geo.enclosure import NEAR_M
from models import BoundaryVersion, Building, Change, Compound, MicroGrid
from tests import lake as lake_houses
from tests.town import LAKE

CITY = Scope()
OLD = f"{LAKE}X01"
"""南湖新村."""


@pytest.fixture
def lake(store: Store) -> Store:
    return lake_houses.fill(store)


@pytest.fixture
def plan(lake: Store, tmp_path: Path) -> int:
    return lake_houses.begun(lake, tmp_path / "job")


def enclosed(lake: Store, plan: int, version: int, to: str | None, *houses: int) -> drawings.Sheet:
    """Try a compound's boundary around, or without, the cells of some houses."""
    sheet = drawings.load(lake, CITY, plan)
    cells = drawings.cells_of_buildings(sheet, [str(one) for one in houses])
    return drawings.do(lake, CITY, plan, version, lambda draft: editing.enclose(draft, cells, to))


def shape(lake: Store, row: int) -> shapely.Geometry:
    with lake.reading() as session:
        return session.get_one(Compound, row).geometry


def edge_house(sheet: drawings.Sheet) -> int:
    """Return a house at the edge of 南湖新村: what is left of it hangs together."""
    fabric = sheet.draft.fabric
    for name in sorted(set(fabric.building.tolist()) - {None}, key=int):
        cells = fabric.cells_of(name)
        if sheet.draft.estate(int(cells[0])) is None or not 100 <= int(name) < 100 + lake_houses.HOMES:
            continue
        beside = {other for cell in cells.tolist() for other in fabric.near[cell]}
        if any(sheet.draft.estate(other) is None for other in beside):
            return int(name)
    raise AssertionError("no house stands at the edge")


def test_a_boundary_is_kept_over_reloads_and_undone_like_any_edit(lake: Store, plan: int) -> None:
    sheet = drawings.load(lake, CITY, plan)
    house = edge_house(sheet)
    before = shape(lake, 7)
    after = enclosed(lake, plan, 1, None, house)
    assert after.enclosed()
    drawings._cache.clear()
    sheet = drawings.load(lake, CITY, plan)
    (tried,) = drawing_compounds.tried(sheet)
    assert tried.code == OLD
    assert tried.households[0] - tried.households[1] == 12
    assert tried.buildings[0] - tried.buildings[1] == 1
    assert shape(lake, 7).equals(before)
    undone = drawings.edit(lake, CITY, plan, 2, Draft.undo)
    assert drawing_compounds.tried(undone) == []
    redone = drawings.edit(lake, CITY, plan, 3, Draft.redo)
    assert (redone.draft.compound == sheet.draft.compound).all()


def test_publishing_moves_what_was_moved_and_nothing_else(lake: Store, plan: int) -> None:
    house = edge_house(drawings.load(lake, CITY, plan))
    before, garden = shape(lake, 7), shape(lake, 8)
    sheet = enclosed(lake, plan, 1, None, house)
    cell = sheet.degrees(sheet.draft.fabric.outline(sheet.draft.fabric.cells_of(str(house))))
    done = drawing_publishing.publish(lake, CITY, plan, 2, account_id=1)
    assert done.compounds == 1
    after = shape(lake, 7)
    lost, won = (shapely.area(one) for one in (before.difference(after), after.difference(before)))
    chosen = shapely.area(shapely.intersection(before, cell))
    assert lost == pytest.approx(chosen, rel=1e-3)  # edges straight in metres are not in degrees
    assert won < 1e-3 * lost
    assert shape(lake, 8).equals(garden)
    with lake.reading() as session:
        assert session.get_one(Compound, 7).households == 600 - 12
        assert session.get_one(Building, house).compound_id is None
        assert session.get_one(Building, house + 1).compound_id == 7
        kept = session.scalars(select(BoundaryVersion.code).where(BoundaryVersion.layer == "compound")).all()
        layers = set(session.scalars(select(Change.layer).where(Change.plan_id == plan)))
    assert kept == [OLD]
    assert layers == {"compound", "micro_grid"}


def test_a_dropped_draft_leaves_it_and_a_former_version_brings_it_back(
    lake: Store, plan: int, tmp_path: Path
) -> None:
    drawing_publishing.publish(lake, CITY, plan, 1)
    before = shape(lake, 7)
    second, third = (lake_houses.begun(lake, tmp_path / "job", proposing=False, anew=True) for _n in range(2))
    house = edge_house(drawings.load(lake, CITY, second))
    enclosed(lake, second, 1, None, house)
    plans.drop(lake, second, 1)
    assert shape(lake, 7).equals(before)
    enclosed(lake, third, 1, None, house)
    done = drawing_publishing.publish(lake, CITY, third, 2, account_id=1)
    assert done.compounds == 1
    assert not shape(lake, 7).equals(before)
    versions.restore(lake, 1, [LAKE], plan, scope=CITY)
    assert shape(lake, 7).equals(before)


def test_a_boundary_published_by_another_meanwhile_is_a_conflict(
    lake: Store, plan: int, tmp_path: Path
) -> None:
    drawing_publishing.publish(lake, CITY, plan, 1)
    first, second = (lake_houses.begun(lake, tmp_path / "job", proposing=False, anew=True) for _n in range(2))
    house = edge_house(drawings.load(lake, CITY, first))
    for one in (first, second):
        enclosed(lake, one, 1, None, house)
    drawing_publishing.publish(lake, CITY, first, 2)
    with pytest.raises(ConflictError, match="由他人发布新版本"):
        drawing_publishing.publish(lake, CITY, second, 2)
    assert drawings.load(lake, CITY, second).enclosed()


@pytest.mark.parametrize("east_deg", [0.00006, 0.003])
def test_a_boundary_drawn_beside_the_cells_changes_nearby_only(
    lake: Store, plan: int, east_deg: float
) -> None:
    """Drawn some 6 m beside the cells the compound stays whole; 300 m away it would fall apart."""
    house = edge_house(drawings.load(lake, CITY, plan))
    enclosed(lake, plan, 1, None, house)
    away = shapely.transform(shape(lake, 7), lambda xy: xy + np.array([east_deg, 0.0]))
    with lake.writing("compound") as session:
        session.execute(update(Compound).where(Compound.id == 7).values(geometry=away))
    if east_deg > 0.001:
        with pytest.raises(DataError, match=r"“南湖新村”的边界与楼栋地块相差太远.*先在“拉平对齐”里拉平"):
            drawing_publishing.publish(lake, CITY, plan, 2)
        with lake.reading() as session:
            assert not session.scalars(select(MicroGrid.id).where(MicroGrid.area_code == LAKE)).all()
        return
    drawing_publishing.publish(lake, CITY, plan, 2)
    (tried,) = drawing_compounds.tried(drawings.load(lake, CITY, plan))
    sheet = drawings.load(lake, CITY, plan)
    before, after = (sheet.metres(one) for one in (away, shape(lake, 7)))
    assert shapely.get_num_geometries(after) == 1
    beyond = shapely.buffer(tried.moved, NEAR_M + 0.1, join_style="mitre")
    assert shapely.area(shapely.difference(shapely.symmetric_difference(before, after), beyond)) < 0.1
    assert shapely.area(shapely.intersection(after, tried.moved)) < 0.1


def test_the_rules_are_those_of_the_tried_boundary(lake: Store, plan: int) -> None:
    sheet = drawings.load(lake, CITY, plan)
    frame = drawing_publishing.micro_grids(sheet)
    one = frame[frame["compound"] == OLD].iloc[0]["id"]
    mine = sheet.draft.cells(one)
    names = [int(name) for name in set(sheet.draft.fabric.building[mine].tolist()) - {None}]
    after = enclosed(lake, plan, 1, None, *names)
    told = drawing_publishing.micro_grids(after).set_index("id")["compound"]
    assert pd.isna(told[one])
