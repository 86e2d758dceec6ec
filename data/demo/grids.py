"""Grids that nest with compounds, and micro-grids made of whole buildings: by straight cuts through gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from data.demo.cutting import Ring, area, cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.demo.lots import Node

FULL = 540
"""Households up to which neighbouring lots share a grid."""
SPLIT = 600
"""Households from which a compound holds several grids."""
USUAL = 395
EXCLUSIVE_M2 = 52_000.0
"""Land without households from which a grid of its own is set up (a school, a park, works)."""
GAP_M = 0.3


class Stock(NamedTuple):
    """The buildings of a lot: frame angle, extents (low u, high u, low v, high v) in it, and households."""

    angle: float
    extent: NDArray[np.float64]
    households: NDArray[np.int64]


class Cell(NamedTuple):
    """The part of one lot that lies in one grid, with the positions of its buildings in the lot."""

    lot: int
    ring: Ring
    buildings: NDArray[np.int64]


@dataclass
class GridPlan:
    """A grid as its cells."""

    cells: list[Cell]
    households: int


def group(node: Node, rings: list[Ring], stock: list[Stock]) -> list[GridPlan]:
    """Make grids of neighbouring lots, following the streets that parted them."""
    grids, small = _group(node, rings, stock)
    if small and not grids:
        return [GridPlan(small, 0)]
    owned = [(n, cell.ring) for n, grid in enumerate(grids) for cell in grid.cells]
    owner = adopt([ring for _, ring in owned], [n for n, _ in owned], [cell.ring for cell in small])
    for cell, n in zip(small, owner, strict=True):
        grids[n].cells.append(cell)
    return grids


def _group(node: Node, rings: list[Ring], stock: list[Stock]) -> tuple[list[GridPlan], list[Cell]]:
    whole = [Cell(lot, rings[lot], np.arange(len(stock[lot].households))) for lot in node.lots]
    total = int(sum(stock[lot].households.sum() for lot in node.lots))
    if total == 0:
        if sum(area(cell.ring) for cell in whole) >= EXCLUSIVE_M2:
            return [GridPlan(whole, 0)], []
        return [], whole
    if len(whole) == 1 and total >= SPLIT:
        lot = node.lots[0]
        parts = divide(rings[lot], stock[lot], whole[0].buildings, round(total / USUAL))
        return [GridPlan([Cell(lot, r, b)], int(stock[lot].households[b].sum())) for r, b in parts], []
    if node.children is None or total <= FULL:
        return [GridPlan(whole, total)], []
    grids: list[GridPlan] = []
    small: list[Cell] = []
    for child in node.children:
        more, rest = _group(child, rings, stock)
        grids += more
        small += rest
    return grids, small


def adopt(rings: list[Ring], owner: list[int], orphans: list[Ring]) -> list[int]:
    """Return an owner for each orphan: that of the neighbour with the longest border, the best fits first.

    An orphan among orphans waits until one of them has an owner, so that what an owner holds stays connected.
    """
    if not orphans:
        return []
    polygons = shapely.polygons([shapely.linearrings([v[:2] for v in ring]) for ring in [*rings, *orphans]])
    first = len(rings)
    rims = shapely.buffer(polygons[first:], 0.5, quad_segs=1, join_style="mitre")
    orphan, other = shapely.STRtree(polygons).query(rims)
    near = other != orphan + first
    orphan, other = orphan[near], other[near]
    border = shapely.area(shapely.intersection(rims[orphan], polygons[other]))
    result = np.append(np.array(owner), np.full(len(orphans), -1))
    while (result < 0).any():
        open_pairs = (result[orphan + first] < 0) & (result[other] >= 0)
        best = int(np.argmax(np.where(open_pairs, border, -1.0)))
        result[orphan[best] + first] = result[other[best]]
    return [int(n) for n in result[first:]]


def divide(
    ring: Ring, stock: Stock, buildings: NDArray[np.int64], parts: int
) -> list[tuple[Ring, NDArray[np.int64]]]:
    """Cut `ring` through gaps between buildings into `parts` of like load; fewer where no gap allows it.

    Parameters
    ----------
    ring
        The piece of land.
    stock
        All buildings of its lot.
    buildings
        Positions in `stock` of those that stand on `ring`.
    parts
        How many pieces are wanted.

    Returns
    -------
    list
        Each piece with the positions of its buildings.
    """
    homes = int((stock.households[buildings] > 0).sum())
    parts = min(parts, homes)
    if parts <= 1:
        return [(ring, buildings)]
    for nx, ny, c, behind, first in _gaps(ring, stock, buildings, parts):
        halves = cut(ring, nx, ny, c)
        if halves is not None:
            return divide(halves[0], stock, buildings[behind], first) + divide(
                halves[1], stock, buildings[~behind], parts - first
            )
    return [(ring, buildings)]


def _gaps(
    ring: Ring, stock: Stock, buildings: NDArray[np.int64], parts: int
) -> list[tuple[float, float, float, NDArray[np.bool_], int]]:
    """Return lines between buildings, best first: normal, offset, what lies behind, its parts."""
    extent, households = stock.extent[buildings], stock.households[buildings]
    ca, sa = np.cos(stock.angle), np.sin(stock.angle)
    whole = households.sum()
    found = []
    xy = np.array(ring)[:, :2]
    reach = [np.ptp(xy @ np.array([ca, sa])), np.ptp(xy @ np.array([-sa, ca]))]
    for axis in (0, 1):
        low, high = extent[:, 2 * axis], extent[:, 2 * axis + 1]
        order = np.argsort(low, kind="stable")
        edge = np.maximum.accumulate(high[order])[:-1]
        gap = low[order][1:] - edge
        at = np.flatnonzero(gap > GAP_M)
        if not len(at):
            continue
        load = np.cumsum(households[order])[at]
        homes = np.cumsum(households[order] > 0)[at]
        total = int((households > 0).sum())
        first = np.clip(np.round(parts * load / whole), 1, parts - 1)
        first = np.clip(first, np.maximum(parts - (total - homes), 1), np.minimum(homes, parts - 1))
        good = (homes >= first) & (total - homes >= parts - first) & (first >= 1) & (first <= parts - 1)
        uneven = (
            np.abs(load / np.maximum(first, 1) - (whole - load) / np.maximum(parts - first, 1))
            * parts
            / whole
        )
        cost = uneven + 0.30 * (reach[axis] < reach[1 - axis]) - 0.01 * np.minimum(gap[at], 20)
        c = edge[at] + gap[at] / 2
        normal = (ca, sa) if axis == 0 else (-sa, ca)
        found += [(cost[n], *normal, float(c[n]), high <= c[n], int(first[n])) for n in np.flatnonzero(good)]
    found.sort(key=lambda f: f[0])
    return [f[1:] for f in found[:16]]


def shares(households: NDArray[np.int64], most: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Return how many micro-grids each cell gets: at least one, at most `most`, `total` in all."""
    load = households.sum() / total
    for _ in range(40):
        count = np.clip(np.round(households / load), 1, most)
        load *= float(count.sum() / total) ** 0.7
        if abs(int(count.sum()) - total) < 3:
            break
    count = np.asarray(count, dtype=np.int64)
    while (missing := total - int(count.sum())) != 0:
        step = 1 if missing > 0 else -1
        after = households / np.maximum(count + step, 1)
        able = (count + step >= 1) & (count + step <= most)
        order = np.argsort(np.where(able, -step * after, np.inf), kind="stable")
        chosen = order[: min(abs(missing), int(able.sum()))]
        if not len(chosen):
            raise ValueError(
                f"{total} micro-grids cannot be cut: {int(most.sum())} buildings have households"
            )
        count[chosen] += step
    return count
