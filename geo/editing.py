"""Editing micro-grids: pure operations on which cell belongs to which, each reversible.

An operation looks at a draft and returns a `Change`; a change can be applied and reversed. Polygons follow
from the cells, so no edit cuts a building or opens a gap. What is locked no operation changes, nor undo.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from geo.codes import issued, series
from geo.edits import Change, MicroGrid, Siting
from geo.errors import GeoError
from geo.partition import NONE, Band, Graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from geo.fabric import Fabric

    Positions = NDArray[np.int64]

EVEN = 0.15
"""How uneven the parts of a split may be at best."""


class EditRefused(GeoError):  # noqa: N818  (an answer to the planner)
    """An edit that can't be done: ``reason`` for the page, ``ids`` of the micro-grids concerned."""

    def __init__(self, reason: str, message: str, ids: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.ids = tuple(ids)


class Figures(NamedTuple):
    """What a micro-grid comes to: ``parts`` is 1 where it is connected."""

    households: float
    buildings: int
    cells: int
    area_m2: float
    compactness: float
    parts: int
    in_band: bool


class Totals(NamedTuple):
    """What all micro-grids come to together; the range is that of micro-grids with households."""

    micro_grids: int
    in_band: int
    least: float
    most: float
    disconnected: tuple[str, ...]
    unassigned_cells: int
    unassigned_households: float


@dataclass
class Draft:
    """Micro-grids being edited, with their history and figures.

    Attributes
    ----------
    fabric
        The cells.
    owner
        (m,) id of the micro-grid of each cell, None for none.
    grids
        What there is, by id.
    band
        Households of a micro-grid.
    used_codes
        Codes that are not given again: published ones, of whatever lives no more too.
    locked
        Ids of micro-grids that stay as they are. Locks are no edits: undo neither sets nor opens one.
    done, undone
        History, oldest first, and what redo would do, next last.
    outlines
        Polygons that were asked for and have not changed since, by id.
    sited
        Stations that are tried elsewhere than they are in force, by id.
    compound
        (m,) in which of the fabric's compounds each cell is tried, -1 for open land; as in force where no
        boundary of a compound is tried.
    """

    fabric: Fabric
    owner: NDArray[np.object_]
    grids: dict[str, MicroGrid]
    band: Band
    used_codes: frozenset[str] = frozenset()
    locked: set[str] = field(default_factory=set)
    done: list[Change] = field(default_factory=list)
    undone: list[Change] = field(default_factory=list)
    figures: dict[str, Figures] = field(init=False)
    outlines: dict[str, shapely.Geometry] = field(init=False, default_factory=dict)
    sited: dict[str, Siting] = field(init=False, default_factory=dict)
    compound: Positions = field(init=False)

    def __post_init__(self) -> None:
        self.figures = {one: self._figures(one) for one in self.grids}
        self.compound = self.fabric.compound.copy()

    # --- history ---

    def do(self, change: Change) -> set[str]:
        """Apply an edit; return the ids whose polygon or figures are others now."""
        self._apply(change)
        self.done.append(change)
        self.undone.clear()
        return change.touched()

    def undo(self) -> set[str]:
        """Take the last edit back.

        Raises
        ------
        EditRefused
            If there is none, or it concerns what is locked.
        """
        if not self.done:
            raise EditRefused("nothing_to_undo", "There is no edit to undo.")
        change = self.done[-1].reversed()
        self.require_open(change.touched(), "undo")
        self._apply(change)
        self.undone.append(self.done.pop())
        return change.touched()

    def redo(self) -> set[str]:
        """Do again what was undone last.

        Raises
        ------
        EditRefused
            If there is nothing, or it concerns what is locked.
        """
        if not self.undone:
            raise EditRefused("nothing_to_redo", "There is no edit to redo.")
        change = self.undone[-1]
        self.require_open(change.touched(), "redo")
        self._apply(change)
        self.done.append(self.undone.pop())
        return change.touched()

    def lock(self, ids: Iterable[str] | None = None) -> None:
        """Lock some micro-grids, or all."""
        wanted = set(self.grids) if ids is None else set(ids)
        self.require_known(wanted)
        self.locked |= wanted

    def unlock(self, ids: Iterable[str] | None = None) -> None:
        """Unlock some micro-grids, or all."""
        self.locked -= self.locked.copy() if ids is None else set(ids)

    def _apply(self, change: Change) -> None:
        for cell, before, after in change.moves:
            if self.owner[cell] != before:
                raise EditRefused("stale", f"Cell {cell} is not in {before} any more; load the draft anew.")
            self.owner[cell] = after
        for old, new in change.grids:
            if old is not None:
                del self.grids[old.id]
                self.figures.pop(old.id, None)
            if new is not None:
                self.grids[new.id] = new
        self._sited(change)
        self._enclosed(change)
        for one in change.touched():
            self.outlines.pop(one, None)
            if one in self.grids:
                self.figures[one] = self._figures(one)

    def _sited(self, change: Change) -> None:
        for was, now in change.sites:
            if was is not None:
                del self.sited[was.station]
            if now is not None:
                self.sited[now.station] = now

    def _enclosed(self, change: Change) -> None:
        for cell, before, after in change.estates:
            if self.estate(cell) != before:
                raise EditRefused("stale", f"Cell {cell} is not in {before} any more; load the draft anew.")
            self.compound[cell] = NONE if after is None else self.fabric.compounds.index(after)

    def estate(self, cell: int) -> str | None:
        """Return the compound that a cell is tried in, None for open land."""
        number = int(self.compound[cell])
        return None if number == NONE else self.fabric.compounds[number]

    def data(self) -> dict[str, Any]:
        """Return history and locks as plain data for JSON; the state is rebuilt from the same start."""
        return {
            "fabric": self.fabric.key,
            "done": [change.data() for change in self.done],
            "undone": [change.data() for change in self.undone],
            "locked": sorted(self.locked),
        }

    def resumed(self, data: dict[str, Any]) -> Draft:
        """Return this draft, as it was before any edit, with a stored history.

        Raises
        ------
        EditRefused
            If the history belongs to other cells.
        """
        if data["fabric"] != self.fabric.key:
            raise EditRefused(
                "other_cells", "The buildings have changed since this draft was stored; start a new one."
            )
        fresh = Draft(self.fabric, self.owner.copy(), dict(self.grids), self.band, self.used_codes)
        for change in data["done"]:
            fresh.do(Change.read(change))
        fresh.undone = [Change.read(change) for change in data["undone"]]
        fresh.locked = set(data["locked"])
        return fresh

    # --- what there is ---

    def cells(self, one: str) -> Positions:
        """Return the cells of a micro-grid."""
        return np.flatnonzero(self.owner == one)

    def polygon(self, one: str) -> shapely.Geometry:
        """Return the polygon of a micro-grid, derived from its cells."""
        if one not in self.outlines:
            self.outlines[one] = self.fabric.outline(self.cells(one))
        return self.outlines[one]

    def polygons(self, ids: Sequence[str]) -> NDArray[np.object_]:
        """Return the polygons of micro-grids; those that no edit touched are made once."""
        number = {one: n for n, one in enumerate(ids)}
        label = np.array([number.get(one, -1) for one in self.owner.tolist()], dtype=np.int64)
        order = np.argsort(label, kind="stable")
        start = np.searchsorted(label[order], np.arange(len(ids) + 1))
        result = np.empty(len(ids), dtype=object)
        for n, one in enumerate(ids):
            if one not in self.outlines:
                self.outlines[one] = self.fabric.outline(order[start[n] : start[n + 1]])
            result[n] = self.outlines[one]
        return result

    def _figures(self, one: str) -> Figures:
        fabric, cells = self.fabric, self.cells(one)
        inside = set(cells.tolist())
        shared = sum(w for cell in inside for other, w in fabric.near[cell].items() if other in inside)
        area, perimeter = float(fabric.area_m2[cells].sum()), float(fabric.perimeter_m[cells].sum()) - shared
        load = float(fabric.households[cells].sum())
        buildings = len({name for name in fabric.building[cells] if name is not None})
        compactness = 4 * np.pi * area / perimeter**2 if perimeter > 0 else 0.0
        parts = len(fabric.parts(cells))
        return Figures(load, buildings, len(cells), area, compactness, parts, self.band.holds(load))

    def totals(self) -> Totals:
        """Return the figures of the whole."""
        lived = [one.households for one in self.figures.values() if one.households > 0]
        bare = self.owner == None  # noqa: E711  (an array of ids)
        return Totals(
            len(self.figures),
            sum(one.in_band for one in self.figures.values()),
            min(lived, default=0.0),
            max(lived, default=0.0),
            tuple(sorted(name for name, one in self.figures.items() if one.parts > 1)),
            int(bare.sum()),
            float(self.fabric.households[bare].sum()),
        )

    def require_open(self, ids: Iterable[str], what: str) -> None:
        """Raise where a micro-grid is locked."""
        shut = sorted(self.locked.intersection(ids))
        if shut:
            names = ", ".join(shut)
            raise EditRefused("locked", f"To {what} this would change {names}, locked; unlock first.", shut)

    def require_known(self, ids: Iterable[str]) -> None:
        """Raise where there is no such micro-grid."""
        unknown = sorted(one for one in ids if one not in self.grids)
        if unknown:
            raise EditRefused("unknown", f"There is no micro-grid {', '.join(unknown)}.", unknown)


# --- operations: each returns the change that it would be ---


def move(draft: Draft, cells: Positions, to: str, kind: str = "move") -> Change:
    """Move cells (a building, an entrance, land) to a micro-grid; one that is left empty goes.

    Raises
    ------
    EditRefused
        If a micro-grid concerned is locked, or the cells lie in another community.
    """
    draft.require_known([to])
    cells = np.unique(np.asarray(cells, dtype=np.int64))
    cells = cells[draft.owner[cells] != to]
    if not len(cells):
        raise EditRefused("nothing", f"All that was chosen is in {to} already.", [to])
    home = draft.fabric.community[draft.cells(to)[0]]
    if (draft.fabric.community[cells] != home).any():
        raise EditRefused("other_community", f"What was chosen lies outside {home}, where {to} is.", [to])
    moves = tuple((int(cell), draft.owner[cell], to) for cell in cells)
    emptied = [
        (draft.grids[one], None)
        for one in sorted({before for _, before, _ in moves if before is not None})
        if np.isin(draft.cells(one), cells).all()
    ]
    return _open(draft, Change(kind, moves, tuple(emptied)))


def move_building(draft: Draft, building: str, to: str) -> Change:
    """Move a building, with all its entrances."""
    return move(draft, draft.fabric.cells_of(building), to)


def take(draft: Draft, polygon: shapely.Geometry, to: str) -> Change:
    """Move what lies in a drawn polygon to a micro-grid; what is locked stays."""
    inside = shapely.intersects_xy(polygon, *draft.fabric.place.T)
    free = np.array([one not in draft.locked for one in draft.owner], dtype=bool)
    home = (
        draft.fabric.community == draft.fabric.community[draft.cells(to)[0]] if to in draft.grids else inside
    )
    return move(draft, np.flatnonzero(inside & free & home), to, "take")


def merge(draft: Draft, ids: Sequence[str]) -> Change:
    """Merge micro-grids into the first.

    Raises
    ------
    EditRefused
        If they do not hang together.
    """
    draft.require_known(ids)
    if len(set(ids)) <= 1:
        raise EditRefused("nothing", "Choose at least two micro-grids to merge.", ids)
    cells = np.concatenate([draft.cells(one) for one in dict.fromkeys(ids)])
    apart = len(draft.fabric.parts(cells)) - max(draft.figures[one].parts for one in ids)
    if apart > 0:
        raise EditRefused("apart", f"{', '.join(ids)} do not lie beside each other.", ids)
    return move(draft, cells, ids[0], "merge")


def split_by_line(draft: Draft, one: str, line: shapely.LineString, holder: str | None = None) -> Change:
    """Split a micro-grid by a drawn line; buildings that it crosses go with their middle.

    New codes begin with that of the `holder`, its grid, where those in use do.

    Raises
    ------
    EditRefused
        If the line does not part the buildings.
    """
    draft.require_known([one])
    cells = draft.cells(one)
    outline = draft.polygon(one)
    noded = shapely.union_all([shapely.boundary(outline), _through(line, outline)])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    points = shapely.points(draft.fabric.place[cells])
    side = shapely.STRtree(faces).nearest(points)
    groups = [cells[side == n] for n in np.unique(side)]
    return _split(draft, one, groups, holder, "The line does not part the buildings; draw it across.")


def _through(line: shapely.LineString, outline: shapely.Geometry) -> shapely.LineString:
    """Lengthen the ends of a line that begins or ends inside, straight on."""
    xy = shapely.get_coordinates(line)
    reach = float(np.ptp(shapely.get_coordinates(outline), axis=0).max())
    for at, before in ((0, 1), (-1, -2)):
        step = xy[at] - xy[before]
        if shapely.intersects_xy(outline, *xy[at]) and np.hypot(*step) > 0:
            xy[at] = xy[at] + step / np.hypot(*step) * reach
    return shapely.linestrings(xy)


def split_into(draft: Draft, one: str, count: int, holder: str | None = None) -> Change:
    """Split a micro-grid into a number of connected, compact parts of like load; codes as `split_by_line`.

    Raises
    ------
    EditRefused
        If it has fewer cells.
    """
    draft.require_known([one])
    cells = draft.cells(one)
    if count < 2 or len(cells) < count:  # noqa: PLR2004
        raise EditRefused("too_few", f"{one} has {len(cells)} cells; they can't make {count} parts.", [one])
    fabric = draft.fabric
    whole = [part for part in fabric.parts(cells) if len(part) == len(cells)]
    if not whole:
        raise EditRefused("apart", f"{one} is in several parts; mend it before it is split.", [one])
    share = max(float(fabric.households[cells].sum()) / count, 1.0)
    position = {int(cell): n for n, cell in enumerate(cells)}
    near = [{position[o]: w for o, w in fabric.near[c].items() if o in position} for c in cells.tolist()]
    graph = Graph(
        [max(float(load), 1e-3 * share) for load in fabric.households[cells]],
        near,
        [(x, y) for x, y in fabric.place[cells].tolist()],
        fabric.block[cells].tolist(),
        draft.compound[cells].tolist(),
        [NONE] * len(cells),
        float(np.sqrt(fabric.area_m2[cells].sum() / count)),
        Band(share * (1 - EVEN), share * (1 + EVEN)),
    )
    parts = graph.improved(graph.divided(list(range(len(cells))), count, 3))
    if len(parts) != count:
        raise EditRefused("too_few", f"{one} can't be split into {count} connected parts.", [one])
    return _split(draft, one, [cells[part] for part in parts], holder, "")


def _split(draft: Draft, one: str, groups: list[Positions], holder: str | None, message: str) -> Change:
    if len(groups) <= 1:
        raise EditRefused("nothing", message, [one])
    loads = draft.fabric.households
    groups.sort(key=lambda cells: (-loads[cells].sum(), -len(cells), cells[0]))
    community = str(draft.fabric.community[groups[0][0]])
    used = draft.used_codes | {grid.code for grid in draft.grids.values()}
    prefix, length = series(used, community, holder)
    polygons = np.array([draft.fabric.outline(cells) for cells in groups[1:]], dtype=object)
    codes = issued(polygons, prefix, used, length)
    fresh = [MicroGrid(code, code) for code in codes]
    moves = tuple(
        (int(cell), one, grid.id) for grid, cells in zip(fresh, groups[1:], strict=True) for cell in cells
    )
    return _open(draft, Change("split", moves, tuple((None, grid) for grid in fresh)))


def rename(draft: Draft, one: str, name: str) -> Change:
    """Give a micro-grid a name."""
    draft.require_known([one])
    old = draft.grids[one]
    return _open(draft, Change("rename", (), ((old, replace(old, name=name)),)))


def recode(draft: Draft, one: str, code: str) -> Change:
    """Give a micro-grid a code of its own.

    Raises
    ------
    EditRefused
        If the code is or ever was another's.
    """
    draft.require_known([one])
    others = {grid.code for grid in draft.grids.values() if grid.id != one}
    if code in others or (code in draft.used_codes and code != draft.grids[one].code):
        raise EditRefused(
            "code_used", f"The code {code} is given already; codes are never used again.", [one]
        )
    if not code.isdigit():
        raise EditRefused("code_form", f"The code {code!r} is not made of digits.", [one])
    old = draft.grids[one]
    return _open(draft, Change("recode", (), ((old, replace(old, code=code)),)))


def site(draft: Draft, station: str, stands: tuple[float, float], place: tuple[float, float]) -> Change:
    """Try a station at a place; it is as in force again where that is the place that it was moved from.

    Parameters
    ----------
    stands
        Where the store has it now, which is what it is moved from unless it was moved before.
    place
        Where it is tried, in the same coordinates.

    Raises
    ------
    EditRefused
        If it is there already.
    """
    was = draft.sited.get(station)
    stood = was.stood if was else stands
    now = None if place == stood else Siting(station, stood, place)
    if now == was:
        raise EditRefused("not_moved", f"Station {station} stands there already.")
    return Change("site", (), (), ((was, now),))


def enclose(draft: Draft, cells: Positions, to: str | None) -> Change:
    """Try another boundary for a compound: cells join it, or leave theirs for open land where `to` is None.

    Buildings go with all their entrances.

    Raises
    ------
    EditRefused
        If there is no such compound, all is in it already, or a compound would vanish or fall apart.
    """
    fabric = draft.fabric
    if to is not None and to not in fabric.compounds:
        raise EditRefused("no_compound", f"There is no compound {to} with a cell here.", [to])
    names = {one for one in fabric.building[cells] if one is not None}
    cells = np.union1d(np.asarray(cells, dtype=np.int64), np.flatnonzero(np.isin(fabric.building, [*names])))
    number = NONE if to is None else fabric.compounds.index(to)
    cells = cells[draft.compound[cells] != number]
    if not len(cells):
        raise EditRefused("same_compound", "All that was chosen is there already.")
    after = draft.compound.copy()
    after[cells] = number
    for one in {number, *draft.compound[cells].tolist()} - {NONE}:
        was, now = (np.flatnonzero(some == one) for some in (draft.compound, after))
        name = fabric.compounds[one]
        if not len(now):
            raise EditRefused("compound_emptied", f"Nothing would be left of compound {name}.", [name])
        if len(was) and len(fabric.parts(now)) > len(fabric.parts(was)):
            raise EditRefused("compound_apart", f"Compound {name} would fall apart.", [name])
    return Change("enclose", (), (), (), tuple((int(cell), draft.estate(cell), to) for cell in cells))


def _open(draft: Draft, change: Change) -> Change:
    draft.require_open(change.touched(), "do")
    return change
