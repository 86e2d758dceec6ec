"""Operations on a draft of micro-grids: each looks at it and returns the `Change` that it would be.

`Draft.do` applies a change, and undo reverses it. What is locked no operation changes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.codes import issued, series
from geo.draft import Draft, EditRefused
from geo.edits import Change, MicroGrid, Siting
from geo.partition import NONE, Band, Graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Positions = NDArray[np.int64]

EVEN = 0.15
"""How uneven the parts of a split may be at best."""


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
