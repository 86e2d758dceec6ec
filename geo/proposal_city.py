"""A city as arrays, and what of it belongs to each community: the input of a proposal of micro-grids."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.atoms import Atoms, atoms_of
from geo.cells import Land
from geo.errors import GeoError
from geo.layers import measurable
from geo.partition import NONE, Band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Positions = NDArray[np.int64]


class Task(NamedTuple):
    """One community, as it travels to a process."""

    land: Land
    households: NDArray[np.float64]
    building: Positions
    existing: Geometries
    locked: NDArray[np.bool_]
    band: Band
    seed: int


class City(NamedTuple):
    """Everything as arrays, and by community what belongs to it."""

    frames: Geometries
    atoms: Atoms
    compounds: Geometries
    lines: Geometries
    existing: Geometries
    locked: NDArray[np.bool_]
    atoms_in: list[Positions]
    compounds_in: list[Positions]
    lines_in: list[Positions]
    existing_in: list[Positions]
    building_ids: NDArray[np.object_]
    building_index: pd.Index
    compound_ids: NDArray[np.object_]
    existing_ids: NDArray[np.object_]
    existing_codes: NDArray[np.object_]
    entrance_index: pd.Index | None

    @classmethod
    def of(
        cls,
        communities: gpd.GeoDataFrame,
        buildings: gpd.GeoDataFrame,
        compounds: gpd.GeoDataFrame | None,
        lines: gpd.GeoDataFrame | None,
        entrances: pd.DataFrame | None,
        existing: gpd.GeoDataFrame | None,
        locked: frozenset[str],
    ) -> City:
        """Return the layers of `geo.proposal.propose` as arrays, by community.

        Raises
        ------
        GeoError
            If a locked micro-grid or the building of an entrance is unknown, or ids stand twice.
        """
        frames = _shapes(communities)
        footprint = measurable(_shapes(buildings))
        atoms = _atoms(buildings, footprint, entrances)
        drawn = [measurable(_shapes(frame)) for frame in (compounds, existing)]
        ids = [texts(frame, "id") for frame in (compounds, existing)]
        codes = texts(existing, "code" if existing is not None and "code" in existing else "id")
        unknown = sorted(locked.difference(ids[1]))
        if unknown:
            raise GeoError(
                f"No existing micro-grid is called {', '.join(unknown[:5])}; check what is locked."
            )
        road = _shapes(lines)
        road = road[~(shapely.is_missing(road) | shapely.is_empty(road))]
        tree = shapely.STRtree(frames)
        return cls(
            frames,
            atoms,
            drawn[0],
            road,
            drawn[1],
            np.isin(ids[1], list(locked)),
            _members(_home(tree, frames, atoms.footprint), len(frames)),
            _meeting(tree, drawn[0], len(frames)),
            _meeting(tree, road, len(frames)),
            _members(_home(tree, frames, drawn[1]), len(frames)),
            texts(buildings, "id"),
            buildings.index,
            ids[0],
            ids[1],
            codes,
            None if entrances is None else entrances.index,
        )

    def task(self, k: int, band: Band, seed: int) -> Task:
        """Return what it takes to solve a community; locked micro-grids are walls."""
        atoms, mine = self.atoms_in[k], self.existing_in[k]
        walls = self.existing[mine[self.locked[mine]]]
        lines = np.concatenate([self.lines[self.lines_in[k]], walls])
        land = Land(self.frames[k], self.compounds[self.compounds_in[k]], lines, self.atoms.footprint[atoms])
        return Task(
            land,
            self.atoms.households[atoms],
            np.where(self.atoms.entrance[atoms] >= 0, self.atoms.building[atoms], NONE),
            self.existing[mine],
            self.locked[mine],
            band,
            seed,
        )


def _shapes(frame: gpd.GeoDataFrame | None) -> Geometries:
    if frame is None:
        return np.array([], dtype=object)
    return np.asarray(shapely.force_2d(np.asarray(frame.geometry.values, dtype=object)), dtype=object)


def texts(frame: pd.DataFrame | None, column: str) -> NDArray[np.object_]:
    """Return a column as texts; nothing of no table."""
    if frame is None:
        return np.array([], dtype=object)
    return np.asarray(frame[column].astype(str), dtype=object)


def _numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    if column not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _atoms(buildings: gpd.GeoDataFrame, footprint: Geometries, entrances: pd.DataFrame | None) -> Atoms:
    households, floors = _numbers(buildings, "households"), _numbers(buildings, "floors")
    if entrances is None:
        return atoms_of(footprint, households, floors)
    index = pd.Index(texts(buildings, "id"))
    if index.has_duplicates:
        twice = ", ".join(index[index.duplicated()].unique()[:5])
        raise GeoError(f"Buildings share ids ({twice}); entrances can't tell them apart.")
    of = index.get_indexer(pd.Index(texts(entrances, "building_id")))
    if (of < 0).any():
        unknown = ", ".join(entrances["building_id"].astype(str)[of < 0].unique()[:5])
        raise GeoError(f"Entrances name buildings that do not exist: {unknown}; check building_id.")
    points = None
    if isinstance(entrances, gpd.GeoDataFrame):
        points = _shapes(entrances)
        points[shapely.get_type_id(points) != shapely.GeometryType.POINT] = None
    return atoms_of(footprint, households, floors, of, _numbers(entrances, "households"), points)


def _home(tree: shapely.STRtree, frames: Geometries, polygons: Geometries) -> Positions:
    """Return the community that holds most of each polygon, -1 where none does."""
    home = np.full(len(polygons), NONE)
    i, j = tree.query(polygons, predicate="intersects")
    several = np.bincount(i, minlength=len(polygons))[i] > 1
    area = np.ones(len(i))
    area[several] = shapely.area(shapely.intersection(polygons[i[several]], frames[j[several]]))
    order = np.lexsort((-j, area))
    home[i[order]] = j[order]
    return home


def _members(home: Positions, count: int) -> list[Positions]:
    order = np.argsort(home, kind="stable")
    start = np.searchsorted(home[order], np.arange(count + 1))
    return [order[a:b] for a, b in pairwise(start)]


def _meeting(tree: shapely.STRtree, shapes: Geometries, count: int) -> list[Positions]:
    i, j = tree.query(shapes, predicate="intersects")
    order = np.lexsort((i, j))
    start = np.searchsorted(j[order], np.arange(count + 1))
    return [i[order[a:b]] for a, b in pairwise(start)]
