"""What a file edited in QGIS would do to the drawing that it was exported from, and what can't be taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.drawing_ground import Ground
from data.drawing_return_file import Edited, Owners
from data.drawings import Sheet
from geo.codes import issued, series
from geo.edits import Change, MicroGrid
from models.enums import Difference, Doubt

HALF, WHOLE = 0.5, 0.99
"""Shares of a cell from which a polygon holds it, and of a footprint from which it is not cut."""
_UNSAID = object()
_FEW = 1e-3


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


def compared(sheet: Sheet, edited: Edited, ground: Ground) -> tuple[Change | None, tuple[Line, ...]]:
    """Return the step that a file would be, None where it changes nothing, and its lines.

    Parameters
    ----------
    ground
        What lies in the community now: outlines of its buildings and compounds.
    """
    found = _Comparison(sheet, edited)
    drawn = _drawn(found, ground.buildings)
    wish = _wished(found, drawn, _tabled(found))
    wish = _possible(found, wish)
    after, owner = _grids_after(found, wish)
    change = _step(sheet, owner, after)
    _told(found, owner, after)
    _outside(found, owner, ground)
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


def _outside(found: _Comparison, owner: Owners, ground: Ground) -> None:
    """Name buildings that the step moves and that lie in no compound, and where that is."""
    draft, fabric, grid = found.sheet.draft, found.sheet.draft.fabric, found.sheet.cells.grid
    moved = (owner != draft.owner) & (fabric.building != None) & (draft.compound < 0)  # noqa: E711
    outline = dict(zip(ground.buildings["id"].astype(str), ground.buildings.geometry, strict=True))
    estates = np.asarray(ground.compounds.geometry.values, dtype=object)
    for name in dict.fromkeys(fabric.building[moved].tolist()):
        cells = np.flatnonzero(moved & (fabric.building == name))
        place = outline.get(name, shapely.points(fabric.place[cells[0]]))
        away = shapely.distance(estates, place)
        text = f"{grid[cells[0]]} 网格内" if grid[cells[0]] is not None else "网格外"
        if len(away):
            near = ground.compounds.iloc[int(away.argmin())]
            text += f"，距最近的小区“{near['name'] or near['id']}”{away.min():.0f} 米"
        found.doubt(
            Doubt.NO_COMPOUND, found.building(cells), cells, found.called(draft.owner[cells[0]]), text
        )


def _line(
    found: _Comparison, kind: Difference, what: str, before: str, after: str, cells: Iterable[int]
) -> None:
    found.lines.append(Line(kind, what, before, after, tuple(int(one) for one in cells)))
