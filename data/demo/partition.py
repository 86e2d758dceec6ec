"""The finest partition of the city, and every layer above it as unions of its faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.demo.grids import shares
from data.demo.noding import node, shared_edges

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from data.demo.works import Built, Piece


NARROWEST_M, WIDEST_M = 30.0, 130.0
"""How wide a block is that grids dispute: wider than any tolerance."""


@dataclass
class Partition:
    """Layers that share every node. Micro-grids run grid by grid, grids community by community.

    ``border`` has rows ``micro-grid, other micro-grid, metres``.
    """

    micro: NDArray[np.object_]
    micro_grid_of: NDArray[np.int64]
    micro_lot: NDArray[np.int64]
    micro_households: NDArray[np.int64]
    grid: NDArray[np.object_]
    grid_community: NDArray[np.int64]
    grid_households: NDArray[np.int64]
    community: NDArray[np.object_]
    compound: NDArray[np.object_]
    compound_community: NDArray[np.int64]
    compound_lot: NDArray[np.int64]
    border: NDArray[np.float64]
    building_micro: list[NDArray[np.int64]]


def micro_grid_counts(built: list[Built], total: int) -> list[list[list[int]]]:
    """Return how many micro-grids each cell of each grid of each community is cut into; `total` in all."""
    counts = [[[0] * len(grid.cells) for grid in b.grids] for b in built]
    places, load, most = [], [], []
    exclusive = 0
    for c, b in enumerate(built):
        for g, grid in enumerate(b.grids):
            if grid.households == 0:
                counts[c][g][0] = 1
                exclusive += 1
                continue
            for k, cell in enumerate(grid.cells):
                households = b.stock[cell.lot].households[cell.buildings]
                if households.any():
                    places.append((c, g, k))
                    load.append(int(households.sum()))
                    most.append(int((households > 0).sum()))
    share = shares(np.array(load), np.array(most), total - exclusive)
    for (c, g, k), count in zip(places, share, strict=True):
        counts[c][g][k] = int(count)
    return counts


def settle(
    built: list[Built],
    pieces: list[list[Piece]],
    counts: list[list[list[int]]],
    total: int,
    again: Callable[[int], list[Piece]],
) -> None:
    """Where cells could not be cut as wished, cut others more finely, until there are `total` micro-grids."""

    def number(community: int) -> int:
        return len({piece.micro_grid for piece in pieces[community]})

    have = sum(number(c) for c in range(len(built)))
    order = sorted(
        (
            (load / count, c, g, k)
            for c, b in enumerate(built)
            for g, grid in enumerate(b.grids)
            for k, cell in enumerate(grid.cells)
            if (count := counts[c][g][k]) > 0
            and cell.lot >= 0
            and (load := int(b.stock[cell.lot].households[cell.buildings].sum())) > 0
        ),
        reverse=True,
    )
    for _, c, g, k in order:
        if have == total:
            return
        before = number(c)
        counts[c][g][k] += 1
        former, pieces[c] = pieces[c], again(c)
        gained = number(c) - before
        if gained != 1:
            counts[c][g][k] -= 1
            pieces[c] = former
        else:
            have += 1
    if have != total:
        raise ValueError(f"{have} micro-grids were cut where {total} are wanted; try another seed")


def assemble(built: list[Built], pieces: list[list[Piece]]) -> Partition:
    """Node all faces and walls together and join the faces to micro-grids, grids and communities."""
    flat = [(c, piece) for c, of in enumerate(pieces) for piece in of]
    housing = [np.flatnonzero(b.lot_kind >= 0) for b in built]
    walls = np.concatenate([b.walls[h] for b, h in zip(built, housing, strict=True)])
    wall_xy, wall_ring = shapely.get_coordinates(
        shapely.get_exterior_ring(shapely.orient_polygons(walls)), return_index=True
    )
    open_end = np.append(wall_ring[1:] == wall_ring[:-1], False)
    wall_xy, wall_ring = np.round(wall_xy[open_end], 4), wall_ring[open_end]
    distinct = np.append(
        True, np.any(wall_xy[1:] != wall_xy[:-1], axis=1) | (wall_ring[1:] != wall_ring[:-1])
    )
    xy = np.concatenate([np.array([v[:2] for _, piece in flat for v in piece.ring]), wall_xy[distinct]])
    ring = np.concatenate([np.repeat(np.arange(len(flat)), [len(piece.ring) for _, piece in flat]),
                           wall_ring[distinct] + len(flat)])  # fmt: skip
    xy, ring = node(xy, ring)
    polygons = shapely.polygons(shapely.linearrings(xy, indices=ring))
    faces, compound = polygons[: len(flat)], polygons[len(flat) :]
    border = shared_edges(xy[ring < len(flat)], ring[ring < len(flat)])

    offset = np.cumsum([0, *(len(b.grids) for b in built)])
    face_grid = np.array([offset[c] + piece.grid for c, piece in flat])
    key = np.array([(offset[c] + piece.grid, piece.micro_grid) for c, piece in flat])
    labels, face_micro = np.unique(key, axis=0, return_inverse=True)
    face_micro = face_micro.ravel()
    micro = union(faces, face_micro, len(labels))
    grid = union(faces, face_grid, int(offset[-1]))
    grid_community = np.repeat(np.arange(len(built)), np.diff(offset))
    community = union(grid, grid_community, len(built))

    lot = np.full(len(labels), -1)
    load = np.zeros(len(labels), np.int64)
    building_micro = [np.full(len(b.households), -1) for b in built]
    first = [np.searchsorted(b.building_lot, np.arange(len(b.lot_use))) for b in built]
    for m, (c, piece) in zip(face_micro, flat, strict=True):
        if piece.lot < 0:
            continue
        mine = first[c][piece.lot] + piece.buildings
        building_micro[c][mine] = m
        households = int(built[c].households[mine].sum())
        if households:
            lot[m] = piece.lot
            load[m] += households
    pair = np.column_stack([face_micro[border[:, 0].astype(int)], face_micro[border[:, 1].astype(int)]])
    pairs, where = np.unique(pair[pair[:, 0] != pair[:, 1]], axis=0, return_inverse=True)
    metres = np.bincount(where.ravel(), weights=border[pair[:, 0] != pair[:, 1], 2], minlength=len(pairs))
    return Partition(
        micro=micro,
        micro_grid_of=labels[:, 0],
        micro_lot=lot,
        micro_households=load,
        grid=grid,
        grid_community=grid_community,
        grid_households=np.bincount(labels[:, 0], weights=load, minlength=int(offset[-1])).astype(np.int64),
        community=community,
        compound=compound,
        compound_community=np.repeat(np.arange(len(built)), [len(h) for h in housing]),
        compound_lot=np.concatenate(housing),
        border=np.column_stack([pairs, metres]),
        building_micro=building_micro,
    )


def union(polygons: NDArray[np.object_], label: NDArray[np.int64], count: int) -> NDArray[np.object_]:
    """Join polygons that share all nodes by label."""
    order = np.argsort(label, kind="stable")
    size = np.bincount(label, minlength=count)
    start = np.cumsum(size) - size
    result = polygons[order[start]]
    for n in np.flatnonzero(size > 1):
        joined = shapely.coverage_union_all(polygons[order[start[n] : start[n] + size[n]]])
        result[n] = joined if joined.geom_type == "Polygon" else shapely.get_geometry(joined, 0)
        if shapely.get_num_geometries(joined) != 1:
            raise ValueError(
                f"piece {n} falls into {shapely.get_num_geometries(joined)} parts near {joined.centroid.wkt}"
            )
    oriented: NDArray[np.object_] = shapely.orient_polygons(result)
    return oriented


def mistaken(
    partition: Partition, disputed: int, partial: int, rng: np.random.Generator
) -> tuple[NDArray[np.object_], list[int], list[int]]:
    """Return grids as some were misunderstood before being drawn, with the micro-grids at issue.

    A disputed block is a whole compound or open land of at least 30 m width that two grids claim, or none. A
    partial overlap is part of a compound that the neighbouring grid took.
    """
    grid_of = partition.micro_grid_of
    width = 4 * shapely.area(partition.micro) / shapely.length(partition.micro)
    community = partition.grid_community[grid_of]
    compound = community * 10_000 + partition.micro_lot
    _, same, count = np.unique(compound, return_inverse=True, return_counts=True)
    of_compound = np.where(partition.micro_lot >= 0, count[same], 1)
    size = np.bincount(grid_of)
    a, b = partition.border[:, 0].astype(int), partition.border[:, 1].astype(int)
    able = (community[a] == community[b]) & (grid_of[a] != grid_of[b]) & (partition.border[:, 2] > 20)
    able &= (width[a] > NARROWEST_M) & (width[a] < WIDEST_M) & (size[grid_of[a]] > 2) & (size[grid_of[b]] > 1)
    grids = partition.grid.copy()
    touched: set[int] = set()
    result: tuple[list[int], list[int]] = ([], [])
    order = rng.permutation(np.flatnonzero(able))
    for turn, (wanted, whole) in enumerate(((disputed, True), (partial, False))):
        for n in order:
            if len(result[turn]) >= wanted:
                break
            block, loser, winner = int(a[n]), int(grid_of[a[n]]), int(grid_of[b[n]])
            if (
                (of_compound[block] == 1) != whole
                or {loser, winner} & touched
                or int(community[block]) + 10**7 in touched
            ):
                continue
            more = shapely.coverage_union_all([partition.grid[winner], partition.micro[block]])
            rest = np.flatnonzero((grid_of == loser) & (np.arange(len(grid_of)) != block))
            less = shapely.coverage_union_all(partition.micro[rest])
            if any(g.geom_type != "Polygon" and shapely.get_num_geometries(g) > 1 for g in (more, less)):
                continue
            claim = int(rng.integers(2)) if whole else 2
            if claim != 1:
                grids[winner] = shapely.get_geometry(more, 0)
            if claim != 0:
                grids[loser] = shapely.get_geometry(less, 0)
            touched |= {loser, winner, int(community[block]) + 10**7}
            result[turn].append(block)
    return grids, *result
