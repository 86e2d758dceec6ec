"""What is done for each community apart, in any process: lots, buildings and grids; then micro-grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from data.demo import buildings as rows
from data.demo.figures import KINDS
from data.demo.grids import Cell, GridPlan, Stock, adopt, divide, group
from data.demo.lots import parcel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.demo.cutting import Ring
    from data.demo.lots import Lot
    from data.demo.plan import Community


@dataclass
class Built:
    """A community with everything on it. Arrays of buildings run lot by lot.

    ``lot_kind`` is −1 where a lot is not housing; ``walls`` are wall or kerb lines; ``corner`` is (n, 4, 2).
    """

    lot_use: list[str]
    lot_kind: NDArray[np.int64]
    lot_style: list[str]
    walls: NDArray[np.object_]
    building_lot: NDArray[np.int64]
    corner: NDArray[np.float64]
    rows: NDArray[np.float64]
    households: NDArray[np.int64]
    stock: list[Stock]
    grids: list[GridPlan]
    streets: list[tuple[str, NDArray[np.float64]]]
    greens: list[shapely.Polygon]


class Piece(NamedTuple):
    """A face of the finest partition: its ring, grid, micro-grid within the community, lot and buildings."""

    ring: Ring
    grid: int
    micro_grid: int
    lot: int
    buildings: NDArray[np.int64]


def build(community: Community, seed: np.random.SeedSequence) -> Built:
    """Cut a community's land into lots, put up the buildings, and form its grids."""
    rng = np.random.default_rng(seed)
    parcels, tree = parcel(community.land, community.programme, community.axis, rng)
    lots = parcels.lots
    if community.tiled:
        for lot in lots:
            lot.ring = [(x, y, 0.0) for x, y, _ in lot.ring]
    walls = rows.insets(lots)
    sites = [rows.stand(lot, wall, rng) for lot, wall in zip(lots, walls, strict=True)]
    stock = [_stock(site) for site in sites]
    grids = group(tree, [lot.ring for lot in lots], stock)
    none = np.empty(0, np.int64)
    for ring in community.water:
        grids.append(GridPlan([Cell(-1, ring, none)], 0))
    count = [len(site.buildings) for site in sites]
    table = np.concatenate([site.buildings for site in sites])
    angle = np.repeat([site.angle for site in sites], count)
    streets = [(name, np.array([a[:2], b[:2]])) for name, a, b in parcels.streets]
    streets += [
        ("local", line)
        for lot, site in zip(lots, sites, strict=True)
        if (line := _drive(lot, site)) is not None
    ]
    return Built(
        lot_use=[lot.item.use for lot in lots],
        lot_kind=np.array([lot.item.kind for lot in lots]),
        lot_style=[site.style for site in sites],
        walls=walls,
        building_lot=np.repeat(np.arange(len(lots)), count),
        corner=rows.turned(rows.corners(table), angle),
        rows=np.column_stack([table, angle]),
        households=np.concatenate([s.households for s in stock]),
        stock=stock,
        grids=grids,
        streets=streets,
        greens=[site.green for site in sites if site.green is not None],
    )


def _stock(site: rows.Site) -> Stock:
    corner = rows.corners(site.buildings)
    extent = np.stack(
        [corner[..., 0].min(1), corner[..., 0].max(1), corner[..., 1].min(1), corner[..., 1].max(1)], 1
    )
    b = site.buildings
    return Stock(
        site.angle, extent, (b[:, rows.UNITS] * b[:, rows.PER_FLOOR] * b[:, rows.FLOORS]).astype(np.int64)
    )


def _drive(lot: Lot, site: rows.Site) -> NDArray[np.float64] | None:
    """Return the inner road of a large compound: through the widest gap between rows, gate to gate."""
    if lot.item.kind < 0 or site.polygon.area < 40_000 or KINDS[lot.item.kind] == "transitional":
        return None
    b = site.buildings
    low, high = b[:, rows.CV] - b[:, rows.DEPTH] / 2, b[:, rows.CV] + b[:, rows.DEPTH] / 2
    order = np.argsort(low)
    edge = np.maximum.accumulate(high[order])[:-1]
    gap = low[order][1:] - edge
    middle = (low.min() + high.max()) / 2
    score = np.where(gap > 8, np.abs(edge + gap / 2 - middle), np.inf)
    if not np.isfinite(score).any():
        return None
    n = int(np.argmin(score))
    v = float(edge[n] + gap[n] / 2)
    start, end = rows.Scan(site.polygon, site.angle).reach(np.array([v]), 0.01)
    line = np.array([[[start[0] - 4, v], [end[0] + 4, v]]])
    drive: NDArray[np.float64] = rows.turned(line, np.array([site.angle]))[0]
    return drive


def subdivide(task: tuple[list[GridPlan], list[Stock], list[list[int]]]) -> list[Piece]:
    """Cut a community's grids into micro-grids.

    Parameters
    ----------
    task
        The grids, the buildings by lot, and per grid and cell the number of micro-grids (0 for open land
        beside housing, which joins a neighbour).

    Returns
    -------
    list of Piece
        The faces; those with the same ``micro_grid`` make one micro-grid.
    """
    grids, stock, counts = task
    pieces: list[Piece] = []
    serial = 0
    for number, (grid, wanted) in enumerate(zip(grids, counts, strict=True)):
        first = len(pieces)
        open_land: list[Cell] = []
        for cell, parts in zip(grid.cells, wanted, strict=True):
            if parts == 0:
                open_land.append(cell)
                continue
            cut = (
                divide(cell.ring, stock[cell.lot], cell.buildings, parts)
                if cell.lot >= 0
                else [(cell.ring, cell.buildings)]
            )
            for ring, buildings in cut:
                pieces.append(Piece(ring, number, serial, cell.lot, buildings))
                serial += 1
        _join_open_land(pieces, first, open_land, number)
    return pieces


def _join_open_land(pieces: list[Piece], first: int, open_land: list[Cell], grid: int) -> None:
    """Label open land with the micro-grid of the same grid that has the longest border along it."""
    own = pieces[first:]
    owner = adopt(
        [piece.ring for piece in own], [piece.micro_grid for piece in own], [cell.ring for cell in open_land]
    )
    for cell, micro_grid in zip(open_land, owner, strict=True):
        pieces.append(Piece(cell.ring, grid, micro_grid, cell.lot, cell.buildings))
