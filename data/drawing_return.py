"""A drawing that was exported and edited in QGIS, brought back: what is different, what can't be taken.

The file tells how the draft stood when it was exported. What differs from that is what was edited in QGIS;
it is taken where the draft still stands so, and named where the draft has been changed otherwise meanwhile. A
changed ``building.micro_grid_id`` moves the building; a changed polygon gives each cell to the polygon that
holds most of it. So nothing that is drawn can cut a building or open a gap.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from data import drawings
from data.drawing_files import ORIGIN
from data.drawing_ground import read_ground
from data.drawing_publishing import broken
from data.drawings import Sheet
from data.errors import DataError
from data.readers import Limits
from data.scope import Scope
from data.store import Store
from geo.codes import issued, series
from geo.editing import Change, MicroGrid
from models.enums import Difference, Doubt

HALF, WHOLE = 0.5, 0.99
"""Shares of a cell from which a polygon holds it, and of a footprint from which it is not cut."""
_MAGIC = b"SQLite format 3\x00"
_UNSAID = object()
_FEW = 1e-3
Owners = NDArray[np.object_]


@dataclass(frozen=True)
class Edited:
    """A file as it was read, polygons in metres.

    Attributes
    ----------
    owner, grids
        How the draft stood when it was exported: the micro-grid of each cell, and what there was.
    polygons
        ``key`` (id; for those that are new a name of ours), ``code``, ``name``, ``geometry``; None where the
        file has no such layer.
    new
        Keys of micro-grids that were not there.
    buildings
        Building id -> id of its micro-grid as the table says, None where it is empty.
    """

    owner: Owners
    grids: dict[str, MicroGrid]
    polygons: gpd.GeoDataFrame | None
    new: frozenset[str]
    buildings: dict[str, str | None]


@dataclass(frozen=True)
class Line:
    """A change or a doubt: what it is about, from where to where, and where that is.

    Attributes
    ----------
    kind
        What happens, or why it does not.
    what
        The building or the micro-grid.
    cells
        Where it is.
    """

    kind: Difference | Doubt
    what: str
    before: str = ""
    after: str = ""
    cells: tuple[int, ...] = ()


@dataclass(frozen=True)
class Returned:
    """What a file would do to a drawing.

    Attributes
    ----------
    change
        One step of the draft; None where there is nothing to take.
    lines
        Changes, then doubts.
    broken
        Errors by the rules that the drawing would have and does not have now, as `broken` returns them.
    """

    change: Change | None
    lines: tuple[Line, ...]
    broken: gpd.GeoDataFrame

    @property
    def changes(self) -> int:
        """How many lines would be taken."""
        return sum(isinstance(one.kind, Difference) for one in self.lines)


def returned(store: Store, scope: Scope, sheet: Sheet, path: Path) -> Returned:
    """Compare a file with the drawing that it was exported from; nothing is stored.

    Raises
    ------
    DataError
        Where the file can't be read or was exported from another draft.
    """
    edited = read(sheet, path)
    with store.reading() as session:
        ground = read_ground(session, scope, [sheet.area_code])
    change, lines = compared(sheet, edited, ground.buildings)
    if change is None:
        return Returned(None, lines, broken(store, scope, sheet).iloc[:0])
    before, after = (broken(store, scope, one) for one in (sheet, drawings.tried(sheet, change)))
    known = set(zip(before["rule"], before["feature_id"], strict=True))
    fresh = [(rule, one) not in known for rule, one in zip(after["rule"], after["feature_id"], strict=True)]
    return Returned(change, lines, after[np.array(fresh, dtype=bool) & (after["severity"] == "error")])


def take(store: Store, scope: Scope, plan_id: int, version: int, path: Path) -> tuple[Sheet, Returned]:
    """Take what a file changes as one step of the draft, which undo takes back.

    Raises
    ------
    ConflictError
        Where somebody edited the draft meanwhile.
    DataError
        As :func:`returned`, and where nothing can be taken.
    """
    sheet = drawings.load(store, scope, plan_id)
    if sheet.version != version:
        raise drawings.conflict(plan_id)
    found = returned(store, scope, sheet, path)
    change = found.change
    if change is None:
        raise DataError("文件里没有可以采纳的改动；请核对列出的各条。")
    return drawings.edit(store, scope, plan_id, version, lambda draft: draft.do(change)), found


# --- reading ---


def read(sheet: Sheet, path: Path) -> Edited:
    """Read a GeoPackage that was exported from a drawing.

    Raises
    ------
    DataError
        Where it is none, has neither layer, or belongs to another draft.
    """
    most = Limits().file_bytes
    if path.stat().st_size > most:
        raise DataError(f"“{path.name}”超过 {most // 2**20} MB；请只带回本社区导出的 GeoPackage。")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DataError(f"“{path.name}”不是 GeoPackage；请带回从本页导出、在 QGIS 中改过的 .gpkg 文件。")
    try:
        layers = {str(name) for name, _kind in pyogrio.list_layers(path)}
    except DataSourceError as error:
        raise DataError(f"“{path.name}”读不出来，可能没有存完；请在 QGIS 中保存后重新带回。") from error
    if not layers & {"micro_grid", "building"}:
        raise DataError(f"“{path.name}”里没有图层 micro_grid 或 building；请用本页导出的 GeoPackage。")
    owner, grids = _origin(sheet, path, layers)
    polygons, new = None, frozenset[str]()
    if "micro_grid" in layers:
        polygons, new = _polygons(sheet, _layer(path, "micro_grid", ["id", "code", "name"]), grids)
    buildings = _layer(path, "building", ["id", "micro_grid_id"]) if "building" in layers else None
    known = set() if polygons is None else set(polygons["key"])
    return Edited(owner, grids, polygons, new, _said(buildings, known | set(grids), polygons))


def _origin(sheet: Sheet, path: Path, layers: set[str]) -> tuple[Owners, dict[str, MicroGrid]]:
    """Return how the draft stood when it was exported; how it stands now where the file does not tell."""
    if ORIGIN not in layers:
        return sheet.draft.owner.copy(), dict(sheet.draft.grids)
    row = _layer(path, ORIGIN, ["plan_id", "fabric", "state"]).iloc[0]
    if int(row["plan_id"]) != sheet.plan_id:
        raise DataError(
            f"“{path.name}”是从方案 {row['plan_id']} 导出的，当前是方案 {sheet.plan_id}；"
            f"请打开那份草稿后带回。"
        )
    if row["fabric"] != sheet.draft.fabric.key:
        raise DataError(f"“{path.name}”导出后楼栋数据已更新，对不上了；请重新导出再改。")
    try:
        state = json.loads(row["state"])
        owner = np.array([*state["owner"], None], dtype=object)[:-1]
        grids = {one[0]: MicroGrid(*one) for one in state["grids"]}
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"“{path.name}”的表 {ORIGIN} 被改过，读不出来；请重新导出再改。") from error
    if len(owner) != len(sheet.draft.owner):
        raise DataError(f"“{path.name}”的表 {ORIGIN} 被改过，与楼栋对不上；请重新导出再改。")
    return owner, grids


def _layer(path: Path, layer: str, needed: list[str]) -> Any:
    most = Limits().features
    try:
        frame = pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore", max_features=most + 1)
    except (DataLayerError, DataSourceError) as error:
        raise DataError(f"“{path.name}”的图层 {layer} 读不出来；请在 QGIS 中保存后重新带回。") from error
    if len(frame) > most:
        raise DataError(f"“{path.name}”的图层 {layer} 超过 {most} 个要素；请只带回本社区导出的 GeoPackage。")
    gone = [one for one in needed if one not in frame]
    if gone:
        raise DataError(f"“{path.name}”的图层 {layer} 没有字段 {'、'.join(gone)}；请不要删改这些字段。")
    if layer == ORIGIN and frame.empty:
        raise DataError(f"“{path.name}”的表 {ORIGIN} 是空的；请重新导出再改。")
    return frame


def _polygons(
    sheet: Sheet, frame: Any, grids: dict[str, MicroGrid]
) -> tuple[gpd.GeoDataFrame, frozenset[str]]:
    """Return the polygons by key; of several with one id the largest that kept its code keeps it."""
    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None:
        raise DataError("图层 micro_grid 没有图形或坐标系；请用本页导出的 GeoPackage。")
    metric = frame.to_crs(sheet.cells.frame.crs)
    table = pd.DataFrame(
        {
            "key": [_text(one) or _text(code) for one, code in zip(frame["id"], frame["code"], strict=True)],
            "code": [_text(one) for one in frame["code"]],
            "name": [_text(one) for one in frame["name"]],
        }
    )
    shapes = np.asarray(metric.geometry.values, dtype=object)
    result = gpd.GeoDataFrame(table, geometry=shapes, crs=metric.crs)
    area = np.nan_to_num(shapely.area(shapes))
    keys, codes, names = (result[column].tolist() for column in ("key", "code", "name"))
    was = [grids.get(key, MicroGrid("", "")) for key in keys]
    seen: set[str] = set()
    for n in sorted(range(len(keys)), key=lambda n: (codes[n] != was[n].code, -area[n])):
        if keys[n] in seen or not keys[n]:  # split in QGIS: both parts bear the id
            codes[n] = "" if codes[n] == was[n].code else codes[n]
            names[n] = "" if names[n] == was[n].name else names[n]
            keys[n] = f"{keys[n]}#{n}"
        seen.add(keys[n])
    return result.assign(key=keys, code=codes, name=names), frozenset(seen - set(grids))


def _said(frame: Any, known: set[str], polygons: gpd.GeoDataFrame | None) -> dict[str, str | None]:
    """Return what the table says of each building; codes stand for ids where they are none themselves."""
    if frame is None:
        return {}
    by_code: dict[str, str] = {}
    if polygons is not None:
        by_code = {code: key for code, key in zip(polygons["code"], polygons["key"], strict=True) if code}
    said: dict[str, str | None] = {}
    for building, value in zip(frame["id"], frame["micro_grid_id"], strict=True):
        text = _text(value)
        said[_text(building)] = (text if text in known else by_code.get(text, text)) or None
    return said


def _text(value: Any) -> str:
    """Return a cell of a table as text; numbers without a fraction, as codes turned into numbers have one."""
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124  (NaN)
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


# --- comparing ---


@dataclass
class _Comparison:
    """The draft, the file, and what is found out about them."""

    sheet: Sheet
    edited: Edited
    lines: list[Line] = field(default_factory=list)
    doubts: list[Line] = field(default_factory=list)

    def doubt(
        self, kind: Doubt, what: str, cells: Iterable[int] = (), before: Any = "", after: Any = ""
    ) -> None:
        self.doubts.append(Line(kind, what, str(before), str(after), tuple(int(one) for one in cells)))

    def called(self, key: str | None) -> str:
        """Return the code of a micro-grid, as the file has it where it is new."""
        if key is None:
            return ""
        for grids in (self.sheet.draft.grids, self.edited.grids):
            if key in grids:
                return grids[key].code
        return key.partition("#")[0] or "—"

    def building(self, cells: Iterable[int]) -> str:
        """Return what the building of cells is called; nothing on open land."""
        first = next(iter(cells))
        label = str(self.sheet.cells.label[first])
        name = self.sheet.draft.fabric.building[first]
        return label or ("" if name is None else str(name))


def compared(
    sheet: Sheet, edited: Edited, footprints: gpd.GeoDataFrame
) -> tuple[Change | None, tuple[Line, ...]]:
    """Return the step that a file would be, None where it changes nothing, and its lines.

    Parameters
    ----------
    footprints
        ``id`` and the outline of each building, in metres.
    """
    found = _Comparison(sheet, edited)
    drawn = _drawn(found, footprints)
    wish = _wished(found, drawn, _tabled(found))
    wish = _possible(found, wish)
    after, owner = _grids_after(found, wish)
    change = _step(sheet, owner, after)
    _told(found, owner, after)
    lines = (*found.lines, *found.doubts)
    return change, lines


def _drawn(found: _Comparison, footprints: gpd.GeoDataFrame) -> Owners:
    """Return the key of the polygon that holds most of each cell; unsaid where none can be told."""
    fabric, edited = found.sheet.draft.fabric, found.edited
    result = np.full(len(fabric.polygon), _UNSAID, dtype=object)
    if edited.polygons is None:
        return result
    shapes = np.asarray(edited.polygons.geometry.values, dtype=object)
    keys = edited.polygons["key"].to_numpy(dtype=object)
    good = shapely.is_valid(shapes) & ~shapely.is_empty(shapes) & ~shapely.is_missing(shapes)
    unread = set(keys[~good])
    for key in sorted(unread):
        found.doubt(Doubt.BAD_POLYGON, found.called(key), np.flatnonzero(edited.owner == key))
    shapes, keys = shapes[good], keys[good]
    cell, shape = shapely.STRtree(shapes).query(fabric.polygon, predicate="intersects")
    area = shapely.area(shapely.intersection(fabric.polygon[cell], shapes[shape]))
    held = pd.DataFrame({"cell": cell, "key": keys[shape], "share": area / fabric.area_m2[cell]})
    held = held[held["share"] > _FEW]
    held["fresh"] = (held["share"] >= HALF) & (held["key"].to_numpy() != edited.owner[held["cell"]])
    held = held.sort_values(["cell", "fresh", "share"], ascending=[True, False, False], kind="stable")
    best = held.drop_duplicates("cell")
    result[best["cell"].to_numpy()] = best["key"].to_numpy(dtype=object)
    _overlaps(found, held[held["share"] >= HALF])
    _uncovered(found, result, unread)
    _cuts(found, result, dict(zip(keys, shapes, strict=True)), footprints)
    return result


def _overlaps(found: _Comparison, held: pd.DataFrame) -> None:
    """Name buildings that two polygons hold."""
    twice = held[held["cell"].duplicated(keep=False)]
    codes: dict[int, list[str]] = {}
    for cell, key in zip(twice["cell"].tolist(), twice["key"], strict=True):
        codes.setdefault(cell, []).append(found.called(key))
    for cell, some in codes.items():
        name = found.building([cell])
        if name:
            found.doubt(Doubt.OVERLAP, name, [cell], before="、".join(some), after=some[0])


def _uncovered(found: _Comparison, drawn: Owners, unread: set[str]) -> None:
    """Name buildings that no polygon holds although one did."""
    owner = found.edited.owner
    for cell in np.flatnonzero(drawn == _UNSAID).tolist():
        name = found.building([cell])
        if name and owner[cell] is not None and owner[cell] not in unread:
            found.doubt(Doubt.NO_POLYGON, name, [cell], before=found.called(owner[cell]))


def _cuts(found: _Comparison, drawn: Owners, shapes: dict[str, Any], footprints: gpd.GeoDataFrame) -> None:
    """Name buildings that are one atom and lie in their polygon only in part."""
    fabric = found.sheet.draft.fabric
    place = {str(one): n for n, one in enumerate(footprints["id"])}
    outline = np.asarray(footprints.geometry.values, dtype=object)
    names, count = np.unique(fabric.building[fabric.building != None].astype(str), return_counts=True)  # noqa: E711
    whole = set(names[count == 1])
    cells = [
        n
        for n, name in enumerate(fabric.building.tolist())
        if name in whole and name in place and drawn[n] is not _UNSAID
    ]
    mine = np.array([outline[place[fabric.building[n]]] for n in cells], dtype=object)
    around = np.array([shapes[drawn[n]] for n in cells], dtype=object)
    mine = shapely.intersection(mine, fabric.polygon[cells])  # one on the border lies here in part only
    inside = shapely.area(shapely.intersection(mine, around))
    for n in np.flatnonzero(inside < WHOLE * shapely.area(mine)).tolist():
        cell = cells[n]
        found.doubt(Doubt.CUT, found.building([cell]), [cell], after=found.called(drawn[cell]))


def _tabled(found: _Comparison) -> Owners:
    """Return what the table of buildings says of each cell, where it says otherwise than when exported."""
    fabric, edited = found.sheet.draft.fabric, found.edited
    result = np.full(len(fabric.polygon), _UNSAID, dtype=object)
    known = set(edited.grids) | (set() if edited.polygons is None else set(edited.polygons["key"]))
    at: dict[str, list[int]] = {}
    for cell, name in enumerate(fabric.building.tolist()):
        if name is not None:
            at.setdefault(name, []).append(cell)
    for name, value in edited.buildings.items():
        cells = at.get(name)
        if cells is None:
            if value is not None:
                found.doubt(Doubt.NO_BUILDING, name, after=found.called(value))
            continue
        owners = {edited.owner[cell] for cell in cells}
        before = next(iter(owners)) if len(owners) == 1 else None
        if value == before:
            continue
        if value is None or value not in known:
            found.doubt(Doubt.NO_MICRO_GRID, found.building(cells), cells, found.called(before), value or "")
            continue
        result[cells] = value
    return result


def _wished(found: _Comparison, drawn: Owners, tabled: Owners) -> Owners:
    """Return what each cell is to belong to; where table and polygon say different things, as it was."""
    owner, fabric = found.edited.owner, found.sheet.draft.fabric
    moved = (drawn != _UNSAID) & (drawn != owner)
    told = tabled != _UNSAID
    both = moved & told & (drawn != tabled)
    wish = np.where(told, tabled, np.where(moved, drawn, owner))
    for name in dict.fromkeys(fabric.building[both].tolist()):
        cells = np.flatnonzero(fabric.building == name)
        found.doubt(
            Doubt.TWO_ANSWERS,
            found.building(cells),
            cells,
            found.called(tabled[cells[0]]),
            found.called(drawn[np.flatnonzero(both & (fabric.building == name))[0]]),
        )
        wish[cells] = owner[cells]
    return np.asarray(wish, dtype=object)


def _possible(found: _Comparison, wish: Owners) -> Owners:
    """Return what each cell will belong to: where locks or later edits forbid the wish, what it does now."""
    draft, edited = found.sheet.draft, found.edited
    now = draft.owner
    result = now.copy()
    late: dict[Any, list[int]] = {}
    shut: dict[Any, list[int]] = {}
    for cell in np.flatnonzero((wish != edited.owner) & (wish != now)).tolist():
        key = draft.fabric.building[cell] or ("land", wish[cell])
        gone = wish[cell] not in draft.grids and wish[cell] not in edited.new
        if now[cell] != edited.owner[cell] or gone:
            late.setdefault(key, []).append(cell)
        elif {now[cell], wish[cell]} & draft.locked:
            shut.setdefault(key, []).append(cell)
        else:
            result[cell] = wish[cell]
    for kind, groups in ((Doubt.CHANGED_SINCE, late), (Doubt.LOCKED, shut)):
        for cells in groups.values():
            first = cells[0]
            what = found.building(cells)
            if what:
                found.doubt(kind, what, cells, found.called(now[first]), found.called(wish[first]))
    return result


def _grids_after(found: _Comparison, owner: Owners) -> tuple[dict[str, MicroGrid], Owners]:
    """Return the micro-grids that there will be, by id, and who holds each cell."""
    draft, edited = found.sheet.draft, found.edited
    after = dict(draft.grids)
    rows = (
        {} if edited.polygons is None else {row.key: row for row in edited.polygons.itertuples(index=False)}
    )
    for key in sorted(set(rows) & set(edited.grids)):
        if key in after:
            _renamed(found, after, key, rows[key])
    owner = _new(found, after, owner, rows)
    left = set(owner.tolist())
    emptied = [one for one in draft.grids if one not in left and len(draft.cells(one))]
    return {one: grid for one, grid in after.items() if one not in emptied}, owner


def _renamed(found: _Comparison, after: dict[str, MicroGrid], key: str, row: Any) -> None:
    """Give a micro-grid the name and the code that the file gives it."""
    draft, was, now = found.sheet.draft, found.edited.grids[key], after[key]
    cells = draft.cells(key)
    wanted = MicroGrid(key, row.code or was.code, row.name)
    if (wanted.code, wanted.name) == (was.code, was.name):
        return
    if (now.code, now.name) != (was.code, was.name):
        if now != wanted:
            found.doubt(Doubt.CHANGED_SINCE, now.code, cells, now.name, row.name)
        return
    if key in draft.locked:
        found.doubt(Doubt.LOCKED, now.code, cells)
        return
    code = now.code
    if wanted.code != code:
        if _is_free(found, after, wanted.code, key):
            code = wanted.code
        else:
            found.doubt(Doubt.CODE, now.code, cells, now.code, wanted.code)
    after[key] = MicroGrid(key, code, wanted.name)


def _is_free(found: _Comparison, after: dict[str, MicroGrid], code: str, key: str | None) -> bool:
    """Tell whether a code is of this community's form and nobody else's, now or ever."""
    others = {grid.code for one, grid in after.items() if one != key} | (set(after) - {key})
    mine = found.sheet.draft.grids[key].code if key in found.sheet.draft.grids else None
    ours = code.isdigit() and code.startswith(found.sheet.area_code)
    return ours and code not in others and (code not in found.sheet.draft.used_codes or code == mine)


def _new(found: _Comparison, after: dict[str, MicroGrid], owner: Owners, rows: dict[str, Any]) -> Owners:
    """Add the micro-grids that are new and hold buildings; those without a code get the next one."""
    draft, fabric = found.sheet.draft, found.sheet.draft.fabric
    owner = owner.copy()
    nameless = []
    for key in sorted(found.edited.new):
        row, cells = rows[key], np.flatnonzero(owner == key)
        if all(name is None for name in fabric.building[cells]):
            found.doubt(Doubt.NO_BUILDINGS, row.code or row.name or "—", cells)
            owner[cells] = draft.owner[cells]
        elif not row.code:
            nameless.append(key)
        elif _is_free(found, after, row.code, None):
            after[row.code] = MicroGrid(row.code, row.code, row.name)
            owner[cells] = row.code
        else:
            found.doubt(Doubt.CODE, row.code, cells)
            owner[cells] = draft.owner[cells]
    for key in nameless:
        cells = np.flatnonzero(owner == key)
        used = draft.used_codes | {grid.code for grid in after.values()} | set(after)
        prefix, length = series(used, found.sheet.area_code, found.sheet.cells.grid[cells[0]])
        outline = np.array([fabric.outline(cells)], dtype=object)
        code = issued(outline, prefix, used, length)[0]
        after[code] = MicroGrid(code, code, rows[key].name)
        owner[cells] = code
    return owner


def _step(sheet: Sheet, owner: Owners, after: dict[str, MicroGrid]) -> Change | None:
    """Return the one step from the draft as it is."""
    before = sheet.draft.owner
    moves = tuple((int(cell), before[cell], owner[cell]) for cell in np.flatnonzero(owner != before).tolist())
    ids = sorted(set(sheet.draft.grids) | set(after))
    pairs = [(sheet.draft.grids.get(one), after.get(one)) for one in ids]
    grids = tuple(pair for pair in pairs if pair[0] != pair[1])
    return Change("return", moves, grids) if moves or grids else None


def _told(found: _Comparison, owner: Owners, after: dict[str, MicroGrid]) -> None:
    """Say what the step does: micro-grids that come, go or are called otherwise, then each building."""
    draft, fabric = found.sheet.draft, found.sheet.draft.fabric
    for one in sorted(set(after) - set(draft.grids)):
        grid = after[one]
        _line(found, Difference.ADD, grid.code, "", grid.name, np.flatnonzero(owner == one))
    for one in sorted(set(draft.grids) - set(after)):
        _line(found, Difference.REMOVE, draft.grids[one].code, draft.grids[one].name, "", draft.cells(one))
    for one in sorted(set(draft.grids) & set(after)):
        was, now = draft.grids[one], after[one]
        if was.code != now.code:
            _line(found, Difference.RECODE, now.name or was.code, was.code, now.code, draft.cells(one))
        if was.name != now.name:
            _line(found, Difference.RENAME, now.code, was.name, now.name, draft.cells(one))
    groups: dict[Any, list[int]] = {}
    for cell in np.flatnonzero(owner != draft.owner).tolist():
        name = fabric.building[cell]
        groups.setdefault((name, draft.owner[cell], owner[cell]), []).append(cell)
    for (name, _was, _now), cells in groups.items():
        was, now = draft.owner[cells[0]], owner[cells[0]]
        what = found.building(cells) if name is not None else "空地"
        before = draft.grids[was].code if was is not None else ""
        _line(found, Difference.MOVE, what, before, after[now].code, cells)


def _line(
    found: _Comparison, kind: Difference, what: str, before: str, after: str, cells: Iterable[int]
) -> None:
    found.lines.append(Line(kind, what, before, after, tuple(int(one) for one in cells)))
