"""Cells to balanced, contiguous, compact micro-grids, and micro-grids to grids (网格).

A micro-grid stays inside its compound and on one side of inner roads where their households can be divided
within the band; only what can't is joined with a neighbour. Where there are micro-grids already, they stay
but for those outside the band. A locked one stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geo.errors import GeoError
from geo.partition import NONE, Band, Graph, shuffled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.int64]
    Floats = NDArray[np.float64]

MICRO_GRID, GRID = Band(30, 50), Band(300, 500)
"""Usual bands of households."""
TOUCH_M = 0.5
"""Cells that share less do not hold a micro-grid together."""
ALONG_WALL = 0.15
"""What a border along a road or wall counts, since that is where micro-grids are meant to end."""
SAME_BUILDING_M = 30.0
"""What is added to the border of two entrances of one building, which should stay together."""
LAND_M2 = 10_000.0
"""Blocks without households that are larger are districts of their own: a school, a park, works."""

REASONS = (
    "atom_above",
    "island",
    "locked",
    "compound_below",
    "no_count",
    "granular",
    "empty",
)
"""Why a district is outside the band: one atom above it; cut off from others; locked; in a compound with
fewer households than it; no number of districts fits the compound's households; atoms do not add up; nobody
lives there."""


class Units(NamedTuple):
    """What is grouped: cells of a community, or its micro-grids.

    Attributes
    ----------
    households, area_m2
        (m,) of each unit.
    place
        (m, 2) a point of each, in metres.
    one, other, border_m
        Neighbours and the length of their common border.
    block, compound, building
        (m,) where each lies; -1 for open land, or where a unit holds no entrance of a larger building.
    before
        (m,) existing district, -1 for none.
    locked
        (m,) whether that district stays as it is.
    """

    households: Floats
    area_m2: Floats
    place: Floats
    one: Positions
    other: Positions
    border_m: Floats
    block: Positions
    compound: Positions
    building: Positions
    before: Positions
    locked: NDArray[np.bool_]


class Districts(NamedTuple):
    """The result: (m,) district of each unit, and per district (k,) what it is.

    Attributes
    ----------
    of_unit
        Positions of districts.
    households
        In each.
    follows
        The existing district that it continues, -1 where it is new.
    reason
        One of `REASONS`, empty within the band.
    """

    of_unit: Positions
    households: Floats
    follows: Positions
    reason: NDArray[np.object_]


def require_band(least: float, most: float) -> Band:
    """Return a band of households.

    Raises
    ------
    GeoError
        If it holds nothing.
    """
    if not 0 < least <= most:
        raise GeoError(f"The band {least:g}-{most:g} holds nothing; give 0 < min <= max.")
    return Band(least, most)


def districts_of(units: Units, band: Band, seed: int = 0) -> Districts:
    """Group the units of one community.

    Parameters
    ----------
    units
        See `Units`.
    band
        Least and most households of a district.
    seed
        The same units, band and seed give the same districts.
    """
    count = len(units.households)
    order = np.array(shuffled(count, seed), dtype=np.int64)
    graph = _graph(units, band)
    free = [int(u) for u in order if not units.locked[u]]
    parts = _kept(units, graph, free) if (units.before >= 0).any() else _fresh(units, graph, free)
    empty = [part for part in parts if graph_load(graph, part) == 0]
    lived = [part for part in parts if graph_load(graph, part) > 0]
    alone = _absorb(units, graph, lived, empty)
    lived = graph.mended(lived)
    of_unit = np.full(count, NONE)
    locked = [np.flatnonzero(units.locked & (units.before == k)).tolist() for k in _locked(units)]
    every = [*locked, *lived, *alone]
    for n, part in enumerate(every):
        of_unit[part] = n
    follows = _follows(units, every, len(locked))
    load = np.array([graph_load(graph, part) for part in every])
    reason = np.full(len(every), "", dtype=object)
    for n, part in enumerate(every):
        if not band.holds(load[n]):
            reason[n] = "locked" if n < len(locked) else _reason(units, graph, part, float(load[n]))
    return Districts(of_unit, load, follows, reason)


def graph_load(graph: Graph, part: list[int]) -> float:
    """Return the households of a part."""
    return sum(graph.load[u] for u in part)


def _graph(units: Units, band: Band) -> Graph:
    count = len(units.households)
    near: list[dict[int, float]] = [{} for _ in range(count)]
    apart = (units.block[units.one] != units.block[units.other]) | (
        units.compound[units.one] != units.compound[units.other]
    )
    together = (units.building[units.one] >= 0) & (units.building[units.one] == units.building[units.other])
    weight = units.border_m * np.where(apart, ALONG_WALL, 1.0) + np.where(together, SAME_BUILDING_M, 0.0)
    enough = (units.border_m >= TOUCH_M) & ~(units.locked[units.one] | units.locked[units.other])
    rows = (units.one[enough], units.other[enough], weight[enough])
    for a, b, w in zip(*(row.tolist() for row in rows), strict=True):
        near[a][b] = near[b][a] = w
    middle = (band.least + band.most) / 2
    number = max(float(units.households.sum()) / middle, 1.0)
    lived = float(units.area_m2[units.compound >= 0].sum()) or float(units.area_m2.sum())
    return Graph(
        units.households.tolist(),
        near,
        [(x, y) for x, y in units.place.tolist()],
        units.block.tolist(),
        units.compound.tolist(),
        units.before.tolist(),
        max(float(np.sqrt(lived / number)), 1.0),
        band,
    )


def _by(keys: Positions, members: list[int]) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for unit in members:
        found.setdefault(int(keys[unit]), []).append(unit)
    return list(found.values())


def _fresh(units: Units, graph: Graph, free: list[int]) -> list[list[int]]:
    parts = []
    for block in _by(units.block, free):
        towers = [unit for unit in block if graph.load[unit] > graph.band.most]
        parts += [[unit] for unit in towers]
        for piece in graph.parts(set(block).difference(towers)):
            parts += graph.planned(piece) if graph_load(graph, piece) else [piece]
    return parts


def _kept(units: Units, graph: Graph, free: list[int]) -> list[list[int]]:
    """Return the existing districts with what is new beside them."""
    parts, loose = [], []
    for members in _by(units.before, free):
        pieces = graph.parts(members)
        if units.before[members[0]] == NONE:
            loose += members
            continue
        pieces.sort(key=lambda p: (-graph_load(graph, p), -len(p), p[0]))
        parts.append(pieces[0])
        loose += [unit for piece in pieces[1:] for unit in piece]
    fresh = []
    for block in _by(units.block, loose):
        for piece in graph.parts(block):
            if graph_load(graph, piece) >= graph.band.least:
                parts += graph.planned(piece)
            else:
                fresh += [[unit] for unit in piece]
    return parts + _attach(units, graph, parts, fresh)


def _attach(units: Units, graph: Graph, parts: list[list[int]], loose: list[list[int]]) -> list[list[int]]:
    """Add pieces to the parts that they border on most, own block first; return what borders on none."""
    of = {unit: n for n, part in enumerate(parts) for unit in part}
    left = sorted(loose, key=lambda piece: piece[0])
    while left:
        best: tuple[tuple[bool, bool, float], int, int] | None = None
        for k, piece in enumerate(left):
            border: dict[int, tuple[bool, bool, float]] = {}
            for unit in piece:
                for other, length in graph.near[unit].items():
                    if other in of:
                        same = units.block[unit] == units.block[other]
                        kin = units.compound[unit] == units.compound[other]
                        old = border.get(of[other], (False, False, 0.0))
                        border[of[other]] = (old[0] or same, old[1] or kin, old[2] + length)
            for n, rank in border.items():
                if best is None or rank > best[0]:
                    best = (rank, k, n)
        if best is None:
            return left
        _, k, n = best
        piece = left.pop(k)
        parts[n].extend(piece)
        for unit in piece:
            of[unit] = n
    return left


def _absorb(units: Units, graph: Graph, lived: list[list[int]], empty: list[list[int]]) -> list[list[int]]:
    """Add small land without households to a neighbour; return what stays alone."""
    large = [p for p in empty if (units.before[p] >= 0).all() or units.area_m2[p].sum() >= LAND_M2]
    small = [p for p in empty if not any(p is one for one in large)]
    rest = _attach(units, graph, lived, small)
    rest = _attach(units, graph, large, rest)
    return large + rest


def _locked(units: Units) -> list[int]:
    return [int(k) for k in np.unique(units.before[units.locked]) if k >= 0]


def _follows(units: Units, parts: list[list[int]], locked: int) -> Positions:
    """Return which existing district each part continues: that of most of its households, each once."""
    follows = np.full(len(parts), NONE)
    shares: dict[tuple[int, int], tuple[float, float]] = {}
    for n, part in enumerate(parts):
        for unit in part:
            if units.before[unit] >= 0:
                key = (int(units.before[unit]), n)
                load, area = shares.get(key, (0.0, 0.0))
                shares[key] = (load + units.households[unit], area + units.area_m2[unit])
    taken: set[int] = set()
    for (before, n), _ in sorted(
        shares.items(), key=lambda s: (s[0][1] >= locked, (-s[1][0], -s[1][1]), s[0])
    ):
        if follows[n] == NONE and before not in taken:
            follows[n] = before
            taken.add(before)
    return follows


def _reason(units: Units, graph: Graph, part: list[int], load: float) -> str:
    band = graph.band
    if load == 0:
        return "empty"
    lived = [unit for unit in part if graph.load[unit] > 0]
    if len(lived) == 1 and load > band.most:
        return "atom_above"
    if not any(other not in part for unit in part for other in graph.near[unit]):
        return "island"
    compound = units.compound[lived]
    mine = np.isin(units.compound, compound[compound >= 0])
    whole = float(units.households[mine].sum()) if mine.any() else load
    if whole < band.least:
        return "compound_below"
    if not len(band.counts(whole)):
        return "no_count"
    return "granular"
