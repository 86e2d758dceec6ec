"""Dragging the boundary of two micro-grids: from one vertex of the cells' borders to another.

The boundary leaves its old course on both sides of the vertex and runs along borders of cells through the new
one, by the shortest way; what lies between the old and the new course changes hands.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from geo.draft import Draft, EditRefused
from geo.editing import move
from geo.edits import Change

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geo.fabric import Lattice

    Positions = NDArray[np.int64]

OUTER, LOOSE = -2, -1
"""Number of the land outside, and of what is in no micro-grid."""
SIDES = 2


class _Borders(NamedTuple):
    """Edges of the lattice where two hands meet, and whose: (m,) each."""

    low: Positions
    high: Positions
    edge: Positions
    names: list[str]

    @classmethod
    def of(cls, draft: Draft) -> _Borders:
        lattice, names = draft.fabric.lattice, sorted(draft.grids)
        number = {one: n for n, one in enumerate(names)}
        hand = np.array([*(number.get(one, LOOSE) for one in draft.owner.tolist()), OUTER], dtype=np.int64)
        one, other = hand[lattice.one], hand[lattice.other]
        edge = np.flatnonzero(one != other)
        return cls(np.minimum(one, other)[edge], np.maximum(one, other)[edge], edge, names)


def handles(draft: Draft) -> Positions:
    """Return the vertices that can be dragged: those where two micro-grids meet and no third."""
    lattice, border = draft.fabric.lattice, _Borders.of(draft)
    count = len(lattice.vertex)
    ends = np.concatenate([lattice.start[border.edge], lattice.end[border.edge]])
    low, high = np.full(count, len(border.names)), np.full(count, OUTER)
    lowest, highest = np.full(count, OUTER), np.full(count, len(border.names))
    for seen, value, pick in (
        (low, border.low, np.minimum),
        (lowest, border.low, np.maximum),
        (high, border.high, np.maximum),
        (highest, border.high, np.minimum),
    ):
        pick.at(seen, ends, np.concatenate([value, value]))
    two = np.bincount(ends, minlength=count) == SIDES
    return np.flatnonzero(two & (low >= 0) & (low == lowest) & (high == highest))


def drag(draft: Draft, vertex: int, to: int) -> Change:
    """Drag the boundary of two micro-grids from a vertex of the lattice to another.

    Parameters
    ----------
    vertex
        A vertex where two micro-grids meet, one of `handles`.
    to
        A vertex inside one of the two, or on its border with others.

    Raises
    ------
    EditRefused
        If no boundary of two runs there (``no_boundary``); the boundary can't get to the new vertex
        (``out_of_reach``); a micro-grid would be taken whole (``swallowed``) or fall apart (``parted``); a
        building that is in one micro-grid would be in two (``building_cut``); one of them is locked.
    """
    lattice, border = draft.fabric.lattice, _Borders.of(draft)
    meets = border.edge[(lattice.start[border.edge] == vertex) | (lattice.end[border.edge] == vertex)]
    pair = _pair(draft, lattice, meets)
    giver = _giver(draft, lattice, to, pair)
    taker = pair[0] if giver == pair[1] else pair[1]
    draft.require_open(pair, "drag")
    before, after = _arc(lattice, border, vertex, pair)
    course = _course(draft, lattice, giver, to, before, after, vertex)
    if course is None:
        raise EditRefused("out_of_reach", f"The boundary can't be led through vertex {to}.", pair)
    xy = lattice.vertex[course].view(np.float64).reshape(-1, 2)
    cells = draft.cells(giver)
    inside = shapely.contains(shapely.polygons(xy), shapely.point_on_surface(draft.fabric.polygon[cells]))
    return _handed_over(draft, cells[inside], giver, taker)


def _pair(draft: Draft, lattice: Lattice, meets: Positions) -> tuple[str, str]:
    """Return the two micro-grids whose boundary runs through a vertex by these edges."""
    sides = {(draft.owner[a], draft.owner[b] if b >= 0 else None) for a, b in _cells(lattice, meets)}
    names = sorted({str(one) for pair in sides for one in pair if one is not None})
    whole = all(one is not None for pair in sides for one in pair)
    if len(meets) != SIDES or len(names) != SIDES or not whole:
        raise EditRefused("no_boundary", "Drag a point where exactly two micro-grids meet.", names)
    return names[0], names[1]


def _cells(lattice: Lattice, edges: Positions) -> list[tuple[int, int]]:
    return list(zip(lattice.one[edges].tolist(), lattice.other[edges].tolist(), strict=True))


def _giver(draft: Draft, lattice: Lattice, to: int, pair: tuple[str, str]) -> str:
    """Return which of two micro-grids a vertex lies in, and not on their boundary."""
    around = np.flatnonzero((lattice.start == to) | (lattice.end == to))
    there = {draft.owner[cell] for both in _cells(lattice, around) for cell in both if cell >= 0}
    found = [one for one in pair if one in there]
    if len(found) != 1:
        raise EditRefused("out_of_reach", f"Vertex {to} does not lie in one of {', '.join(pair)}.", pair)
    return found[0]


def _arc(
    lattice: Lattice, border: _Borders, vertex: int, pair: tuple[str, str]
) -> tuple[list[int], list[int]]:
    """Return the vertices of the boundary on both sides of one, outwards, to where a third one meets it."""
    low, high = (border.names.index(one) for one in pair)
    near: dict[int, list[int]] = {}
    count: dict[int, int] = {}
    mine = (border.low == low) & (border.high == high)
    for edge, ours in zip(border.edge.tolist(), mine.tolist(), strict=True):
        a, b = int(lattice.start[edge]), int(lattice.end[edge])
        for end, other in ((a, b), (b, a)):
            count[end] = count.get(end, 0) + 1
            if ours:
                near.setdefault(end, []).append(other)
    sides: list[list[int]] = []
    for first in near[vertex]:
        side, last = [first], vertex
        while count[side[-1]] == SIDES and side[-1] != vertex:
            last, here = side[-1], next(one for one in near[side[-1]] if one != last)
            side.append(here)
        sides.append(side)
    if sides[0][-1] == vertex:  # the boundary goes round: it ends on the far side
        half = (len(sides[0]) - 1) // 2
        sides = [side[:half] for side in sides]
    return sides[0], sides[1]


def _course(
    draft: Draft,
    lattice: Lattice,
    giver: str,
    to: int,
    before: list[int],
    after: list[int],
    vertex: int,
) -> list[int] | None:
    """Return the ring of the new course and of the old one between its ends; None where there is no way.

    Two ways lead from the new vertex to the boundary on either side of the old one, and share nothing.
    """
    near = _ways(draft, lattice, giver, {*before, *after, vertex})
    best: tuple[float, list[int]] | None = None
    for first, second in ((before, after), (after, before)):
        one = _shortest(lattice, near, to, set(first), {vertex, *second})
        if one is None:
            continue
        two = _shortest(lattice, near, to, set(second), {vertex, *first, *one[1][1:]})
        if two is None:
            continue
        old = [
            *reversed(first[: first.index(one[1][-1])]),
            vertex,
            *second[: second.index(two[1][-1])],
        ]
        ring = [*one[1], *old, *reversed(two[1][1:])]
        if best is None or one[0] + two[0] < best[0]:
            best = one[0] + two[0], ring
    return None if best is None else best[1]


def _ways(draft: Draft, lattice: Lattice, giver: str, arc: set[int]) -> dict[int, list[int]]:
    """Return the borders of the cells of a micro-grid as a graph, without the boundary that is dragged."""
    inside = np.append(draft.owner == giver, False)
    edges = np.flatnonzero(inside[lattice.one] | inside[lattice.other])
    near: dict[int, list[int]] = {}
    for a, b in zip(lattice.start[edges].tolist(), lattice.end[edges].tolist(), strict=True):
        if a in arc and b in arc:
            continue
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    return near


def _shortest(
    lattice: Lattice, near: dict[int, list[int]], start: int, goals: set[int], shut: set[int]
) -> tuple[float, list[int]] | None:
    """Return the length and the vertices of the shortest way from a vertex to one of some others."""
    heap = [(0.0, start, -1)]
    came: dict[int, int] = {}
    while heap:
        length, here, last = heapq.heappop(heap)
        if here in came:
            continue
        came[here] = last
        if here in goals:
            way = [here]
            while came[way[-1]] >= 0:
                way.append(came[way[-1]])
            return length, way[::-1]
        for other in near.get(here, []):
            if other not in came and other not in shut:
                step = abs(complex(lattice.vertex[other] - lattice.vertex[here]))
                heapq.heappush(heap, (length + step, other, here))
    return None


def _handed_over(draft: Draft, cells: Positions, giver: str, taker: str) -> Change:
    """Return the change that gives cells to the neighbour, if nothing is torn by it."""
    pair = (giver, taker)
    if not len(cells):
        raise EditRefused("out_of_reach", "Nothing lies between the old course and the new one.", pair)
    rest = np.setdiff1d(draft.cells(giver), cells)
    if not len(rest):
        raise EditRefused("swallowed", f"{giver} would be taken whole; merge it instead.", pair)
    both = np.concatenate([draft.cells(taker), cells])
    for one, some in ((giver, rest), (taker, both)):
        if len(draft.fabric.parts(some)) > draft.figures[one].parts:
            raise EditRefused("parted", f"{one} would fall apart.", [one])
    _require_whole(draft, cells, giver)
    return move(draft, cells, taker, "drag")


def _require_whole(draft: Draft, cells: Positions, giver: str) -> None:
    """Raise where the entrances of a building that lie together would be parted."""
    moved = set(cells.tolist())
    for building in _texts(draft.fabric.building[cells]):
        all_ = draft.fabric.cells_of(building)
        if (draft.owner[all_] == giver).all() and not moved.issuperset(all_.tolist()):
            raise EditRefused("building_cut", f"The building {building} would be cut.", [giver])


def _texts(names: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(one for one in names if one is not None))
