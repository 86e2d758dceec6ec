"""What is edited in QGIS comes back as one step of the draft; what can't be taken is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from data import drawing_files, drawing_return, drawings
from data.errors import ConflictError, DataError
from data.scope import Scope
from data.store import Store
from geo import editing
from geo.draft import Draft
from models import Building
from models.enums import Difference, Doubt
from tests import lake as lake_houses
from tests import town
from tests.town import LAKE

CITY = Scope()


@pytest.fixture
def lake(store: Store) -> Store:
    return lake_houses.fill(store)


@pytest.fixture
def plan(lake: Store, tmp_path: Path) -> int:
    return lake_houses.begun(lake, tmp_path / "job")


@pytest.fixture
def edited(lake: Store, plan: int, tmp_path: Path) -> Callable[..., Path]:
    """Export the draft, let a test edit the layers as in QGIS, and give the file."""

    def edit(work: Callable[[gpd.GeoDataFrame, gpd.GeoDataFrame], Any] | None = None) -> Path:
        exported, back = tmp_path / "out.gpkg", tmp_path / "back.gpkg"
        for path in (exported, back):
            path.unlink(missing_ok=True)
        drawing_files.write_geopackage(lake, CITY, lake_houses.sheet_of(lake, plan), exported)
        grids = gpd.read_file(exported, layer="micro_grid")
        built = gpd.read_file(exported, layer="building")
        origin = pyogrio.read_dataframe(exported, layer=drawing_files.ORIGIN)
        changed = work(grids, built) if work else None
        grids, built = changed or (grids, built)
        pyogrio.write_dataframe(grids, back, layer="micro_grid")
        pyogrio.write_dataframe(built, back, layer="building", append=True)
        pyogrio.write_dataframe(origin, back, layer=drawing_files.ORIGIN, append=True)
        return back

    return edit


def border(sheet: drawings.Sheet) -> tuple[int, str, str]:
    """Return a cell with a house whose micro-grid touches another with houses, and both."""
    draft = sheet.draft
    lived = {one for one, figures in draft.figures.items() if figures.buildings > 2}
    return next(
        (cell, draft.owner[cell], draft.owner[other])
        for cell in range(len(draft.owner))
        for other in sorted(draft.fabric.near[cell])
        if draft.fabric.households[cell] == 12
        and draft.owner[cell] != draft.owner[other]
        and {draft.owner[cell], draft.owner[other]} <= lived
    )


def found(lake: Store, plan: int, path: Path) -> drawing_return.Returned:
    return drawing_return.returned(lake, CITY, lake_houses.sheet_of(lake, plan), path)


def kinds(result: drawing_return.Returned) -> list[Difference | Doubt]:
    return [one.kind for one in result.lines]


def test_what_was_not_edited_changes_nothing(lake: Store, plan: int, edited: Callable[..., Path]) -> None:
    path = edited()
    result = found(lake, plan, path)
    assert result.change is None
    assert result.lines == ()
    with pytest.raises(DataError, match="没有可以采纳的改动"):
        drawing_return.take(lake, CITY, plan, 1, path)


def test_a_building_whose_field_was_changed_moves_and_undo_takes_it_back(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    before = lake_houses.sheet_of(lake, plan)
    cell, one, other = border(before)
    building = before.draft.fabric.building[cell]

    def work(_grids: Any, built: Any) -> None:
        built.loc[built["id"] == building, "micro_grid_id"] = other

    path = edited(work)
    (line,) = found(lake, plan, path).lines
    assert line.kind is Difference.MOVE
    assert (line.what, line.before, line.after) == (before.cells.label[cell], one, other)
    assert line.cells == (cell,)
    after, _result = drawing_return.take(lake, CITY, plan, 1, path)
    assert after.version == 2
    assert after.draft.owner[cell] == other
    assert np.flatnonzero(after.draft.owner != before.draft.owner).tolist() == [cell]
    back = drawings.edit(lake, CITY, plan, 2, Draft.undo)
    assert back.draft.owner.tolist() == before.draft.owner.tolist()
    assert back.draft.grids == before.draft.grids
    drawings._cache.clear()
    forth = drawings.edit(lake, CITY, plan, 3, Draft.redo)
    assert forth.draft.owner.tolist() == after.draft.owner.tolist()


def test_a_shifted_edge_gives_each_cell_to_the_polygon_that_holds_most_of_it(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    cell, one, other = border(sheet)
    (piece,) = sheet.degrees(np.array([sheet.draft.fabric.polygon[cell].buffer(-1.5)], dtype=object))

    def work(grids: Any, _built: Any) -> None:
        shapes = dict(zip(grids["id"], grids.geometry, strict=True))
        shapes[one], shapes[other] = shapes[one].difference(piece), shapes[other].union(piece)
        grids.geometry = [shapes[key] for key in grids["id"]]

    path = edited(work)
    result = found(lake, plan, path)
    (move,) = [line for line in result.lines if line.kind is Difference.MOVE]
    assert (move.before, move.after, move.cells) == (one, other, (cell,))
    after, _result = drawing_return.take(lake, CITY, plan, 1, path)
    shapes = np.array([after.draft.polygon(name) for name in after.draft.grids], dtype=object)
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.area(sheet.draft.fabric.polygon).sum()
    assert shapely.area(shapes).sum() == pytest.approx(whole)


def test_an_edge_through_a_building_never_cuts_it_and_is_named(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    cell, one, other = border(sheet)
    x, _y = sheet.draft.fabric.place[cell]
    west, south, _east, north = sheet.draft.fabric.polygon[cell].bounds
    (piece,) = sheet.degrees(np.array([shapely.box(west, south, x - 3, north)], dtype=object))

    def work(grids: Any, _built: Any) -> None:
        shapes = dict(zip(grids["id"], grids.geometry, strict=True))
        shapes[one], shapes[other] = shapes[one].difference(piece), shapes[other].union(piece)
        grids.geometry = [shapes[key] for key in grids["id"]]

    result = found(lake, plan, edited(work))
    named = {line.what for line in result.lines if line.kind is Doubt.CUT}
    assert str(sheet.cells.label[cell]) in named
    assert result.change is None or {cell} >= {move[0] for move in result.change.moves}


def test_a_polygon_that_grew_over_another_takes_what_it_covers_and_says_so(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    cell, _one, other = border(sheet)
    (piece,) = sheet.degrees(np.array([sheet.draft.fabric.polygon[cell]], dtype=object))

    def work(grids: Any, _built: Any) -> None:
        grids.geometry = [
            shape.union(piece) if key == other else shape
            for key, shape in zip(grids["id"], grids.geometry, strict=True)
        ]

    result = found(lake, plan, edited(work))
    assert kinds(result) == [Difference.MOVE, Doubt.OVERLAP]
    assert result.lines[0].after == other


def test_a_polygon_split_in_qgis_is_a_new_micro_grid_with_the_next_code(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    _cell, one, _other = border(sheet)
    cells = sheet.draft.cells(one)
    axis = sheet.draft.fabric.place[cells][:, 0]
    west, south, _east, north = sheet.draft.polygon(one).bounds
    (half,) = sheet.degrees(
        np.array([shapely.box(west - 9, south - 9, np.median(axis) + 1, north + 9)], dtype=object)
    )

    def work(grids: Any, built: Any) -> tuple[Any, Any]:
        row = grids[grids["id"] == one]
        part = row.assign(geometry=row.geometry.intersection(half))
        grids.loc[grids["id"] == one, "geometry"] = row.geometry.difference(half).iloc[0]
        return gpd.GeoDataFrame(pd.concat([grids, part], ignore_index=True), crs=grids.crs), built

    path = edited(work)
    result = found(lake, plan, path)
    added = [line for line in result.lines if line.kind is Difference.ADD]
    assert len(added) == 1
    code = added[0].what
    assert code not in sheet.draft.grids
    assert code.startswith(LAKE)
    after, _result = drawing_return.take(lake, CITY, plan, 1, path)
    assert len(after.draft.grids) == len(sheet.draft.grids) + 1
    assert set(after.draft.owner[cells]) == {one, code}
    assert code > max(sheet.draft.grids)


def test_rows_renamed_recoded_and_added_are_taken_and_bad_codes_named(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    cell, one, other = border(sheet)
    building, new = sheet.draft.fabric.building[cell], LAKE + "00999"

    def work(grids: Any, built: Any) -> tuple[Any, Any]:
        grids.loc[grids["id"] == one, "name"] = "湖畔一组"
        grids.loc[grids["id"] == other, "code"] = LAKE + "00777"
        third = next(key for key in grids["id"] if key not in {one, other})
        grids.loc[grids["id"] == third, "code"] = "甲"
        built.loc[built["id"] == building, "micro_grid_id"] = new
        row = grids[grids["id"] == one].assign(id=None, code=new, name="新的", geometry=None)
        return gpd.GeoDataFrame(pd.concat([grids, row], ignore_index=True), crs=grids.crs), built

    path = edited(work)
    after, result = drawing_return.take(lake, CITY, plan, 1, path)
    assert after.draft.grids[one].name == "湖畔一组"
    assert after.draft.grids[other].code == LAKE + "00777"
    assert after.draft.grids[new].name == "新的"
    assert after.draft.owner[cell] == new
    assert {Difference.RENAME, Difference.RECODE, Difference.ADD, Difference.MOVE, Doubt.CODE} <= set(
        kinds(result)
    )
    (bad,) = [line for line in result.lines if line.kind is Doubt.CODE]
    assert bad.after == "甲"


def test_what_the_draft_changed_since_the_export_stays(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    cell, one, other = border(sheet)
    third = next(
        name
        for name, figures in sheet.draft.figures.items()
        if name not in {one, other} and figures.buildings
    )

    def work(_grids: Any, built: Any) -> None:
        built.loc[built["id"] == sheet.draft.fabric.building[cell], "micro_grid_id"] = other

    path = edited(work)
    drawings.do(lake, CITY, plan, 1, lambda draft: editing.move(draft, np.array([cell]), third))
    result = found(lake, plan, path)
    assert kinds(result) == [Doubt.CHANGED_SINCE]
    assert (result.lines[0].before, result.lines[0].after) == (third, other)
    assert result.change is None


def test_other_edits_of_the_draft_are_not_taken_back_by_a_file_that_does_not_know_them(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    cell, _one, other = border(sheet)
    last = max(sheet.draft.cells(max(sheet.draft.grids)).tolist())

    def work(_grids: Any, built: Any) -> None:
        built.loc[built["id"] == sheet.draft.fabric.building[cell], "micro_grid_id"] = other

    path = edited(work)
    mine = drawings.do(lake, CITY, plan, 1, lambda draft: editing.rename(draft, draft.owner[last], "改过"))
    after, _result = drawing_return.take(lake, CITY, plan, 2, path)
    assert after.draft.grids[mine.draft.owner[last]].name == "改过"
    assert after.draft.owner[cell] == other
    with pytest.raises(ConflictError):
        drawing_return.take(lake, CITY, plan, 2, path)


def test_locks_unknown_ids_and_contradictions_are_named_and_left(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    cell, one, other = border(sheet)
    building = sheet.draft.fabric.building[cell]
    rest = [name for name in sheet.draft.fabric.building if name not in {None, building, "6"}]

    def work(_grids: Any, built: Any) -> tuple[Any, Any]:
        built.loc[built["id"] == building, "micro_grid_id"] = other
        built.loc[built["id"] == rest[0], "micro_grid_id"] = "没有的"
        stranger = built[built["id"] == rest[1]].assign(id="9999")
        return _grids, gpd.GeoDataFrame(pd.concat([built, stranger], ignore_index=True), crs=built.crs)

    path = edited(work)
    drawings.edit(lake, CITY, plan, 1, lambda draft: draft.lock([one]))
    result = found(lake, plan, path)
    assert result.change is None
    assert sorted(kinds(result)) == sorted([Doubt.LOCKED, Doubt.NO_MICRO_GRID, Doubt.NO_BUILDING])
    places = {line.kind: line for line in result.lines}
    assert places[Doubt.LOCKED].cells == (cell,)
    assert places[Doubt.NO_MICRO_GRID].after == "没有的"
    assert places[Doubt.NO_BUILDING].what == "9999"


def test_a_moved_building_without_a_compound_is_named_with_where_it_lies(lake: Store, tmp_path: Path) -> None:
    with lake.writing("building") as session:
        lodge = {"id": 900, "code": "L900", "name": "老门房", "area_code": LAKE, "households": 12}
        session.add(Building(**lodge, geometry=town.box(2140, 320, 10, 10)))
    plan = lake_houses.begun(lake, tmp_path / "job")
    sheet = lake_houses.sheet_of(lake, plan)
    (cell,) = drawings.cells_of_buildings(sheet, ["900"])
    inside = next(n for n in sheet.draft.fabric.near[cell] if sheet.draft.fabric.compound[n] >= 0)
    other = next(one for one in sheet.draft.grids if one != sheet.draft.owner[cell])
    path = tmp_path / "out.gpkg"
    drawing_files.write_geopackage(lake, CITY, sheet, path)
    built = gpd.read_file(path, layer="building")
    neighbour = sheet.draft.fabric.building[inside]
    built.loc[built["id"].isin(["900", neighbour]), "micro_grid_id"] = other
    pyogrio.write_dataframe(built, path, layer="building")
    result = found(lake, plan, path)
    (doubt,) = [line for line in result.lines if line.kind is Doubt.NO_COMPOUND]
    assert (doubt.what, doubt.cells) == ("老门房", (cell,))
    assert "距最近的小区“南湖新村”20 米" in doubt.after
    assert doubt.after.startswith(f"{sheet.cells.grid[cell]} 网格内")
    assert cell in {move[0] for move in result.change.moves}  # it is taken all the same


def test_a_table_and_a_polygon_that_disagree_leave_the_building(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    cell, _one, other = border(sheet)
    (piece,) = sheet.degrees(np.array([sheet.draft.fabric.polygon[cell]], dtype=object))
    third = next(name for name in sheet.draft.grids if name not in {_one, other})

    def work(grids: Any, built: Any) -> None:
        built.loc[built["id"] == sheet.draft.fabric.building[cell], "micro_grid_id"] = third
        grids.geometry = [
            shape.union(piece) if key == other else shape.difference(piece)
            for key, shape in zip(grids["id"], grids.geometry, strict=True)
        ]

    result = found(lake, plan, edited(work))
    assert kinds(result) == [Doubt.TWO_ANSWERS]
    assert (result.lines[0].before, result.lines[0].after) == (third, other)


def test_what_the_step_would_break_is_named_by_rule(
    lake: Store, plan: int, edited: Callable[..., Path]
) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    draft = sheet.draft
    far = max(
        range(len(draft.owner)), key=lambda n: draft.fabric.place[n][0] * (draft.fabric.households[n] > 0)
    )
    first = draft.owner[border(sheet)[0]]

    def work(_grids: Any, built: Any) -> None:
        built.loc[built["id"] == draft.fabric.building[far], "micro_grid_id"] = first

    result = found(lake, plan, edited(work))
    assert {"one_piece"} <= set(result.broken["rule"])
    assert set(result.broken["severity"]) == {"error"}
    assert first in set(result.broken["feature_id"])


def test_what_is_no_such_file_is_refused_with_its_name(
    lake: Store, plan: int, edited: Callable[..., Path], tmp_path: Path
) -> None:
    text = tmp_path / "x.gpkg"
    text.write_text("<OGRVRTDataSource/>")
    with pytest.raises(DataError, match=r"“x\.gpkg”不是 GeoPackage"):
        found(lake, plan, text)
    (tmp_path / "half.gpkg").write_bytes(edited().read_bytes()[:5000])
    with pytest.raises(DataError, match=r"“half.gpkg”"):
        found(lake, plan, tmp_path / "half.gpkg")
    other = lake_houses.begun(lake, tmp_path / "job", anew=True)
    with pytest.raises(DataError, match=f"是从方案 {plan} 导出的，当前是方案 {other}"):
        found(lake, other, edited())

    def bare(grids: Any, built: Any) -> tuple[Any, Any]:
        return grids, built.drop(columns="micro_grid_id")

    with pytest.raises(DataError, match="图层 building 没有字段 micro_grid_id"):
        found(lake, plan, edited(bare))
