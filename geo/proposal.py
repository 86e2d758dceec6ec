"""Proposing micro-grids for communities: cells, districts, polygons, codes, and what can't be met."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, as_completed
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import QhullError

from geo.atoms import Atoms, atoms_of
from geo.cells import Land, cells_of, noded_across
from geo.codes import SERIAL, issued
from geo.crs import require_metric
from geo.districting import MICRO_GRID, Units, districts_of
from geo.errors import GeoError
from geo.layers import measurable
from geo.partition import NONE, Band

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Positions = NDArray[np.int64]

BATCH = 6
"""Communities that travel to a process together."""
OUTSIDE, FAILED = "outside", "failed"


class ProposalCancelled(GeoError):  # noqa: N818  (an outcome that was asked for, no error of input)
    """The proposal was cancelled; nothing was written."""


@dataclass(frozen=True)
class Wishes:
    """What the planner decides.

    Attributes
    ----------
    band
        Least and most households of a micro-grid.
    seed
        The same input and seed give the same result.
    locked
        Ids of existing micro-grids that stay as they are.
    used_codes
        Codes of micro-grids that live no more; they are not given again.
    serial
        Digits of the serial in a code.
    """

    band: Band = MICRO_GRID
    seed: int = 0
    locked: frozenset[str] = frozenset()
    used_codes: frozenset[str] = frozenset()
    serial: int = SERIAL


@dataclass(frozen=True)
class Proposal:
    """Proposed micro-grids.

    Attributes
    ----------
    micro_grids
        ``id`` (of the existing one that it continues, else its code), ``code``, ``households``,
        ``estimated``, ``buildings``, ``community_id``, ``compound_id`` (of most households), polygons.
    buildings
        Index of the input; ``micro_grid_id`` (None where its entrances differ or it is outside),
        ``households``, ``estimated``.
    entrances
        Index of the input; ``micro_grid_id``. None where none were given.
    cells
        ``micro_grid_id``, ``community_id``, ``compound_id``, ``block``, ``households``, ``building_id``
        (one of them), ``x`` and ``y`` (in the building, else in the cell), polygons.
    refusals
        What can't be met: ``layer`` (micro_grid, building or community), ``feature_id``, ``reason``,
        ``households`` and the place.
    moved
        Households whose existing micro-grid is not theirs any more.
    """

    micro_grids: gpd.GeoDataFrame
    buildings: pd.DataFrame
    entrances: pd.DataFrame | None
    cells: gpd.GeoDataFrame
    refusals: gpd.GeoDataFrame
    moved: float
    failures: dict[Hashable, str] = field(default_factory=dict)


class _Task(NamedTuple):
    """One community, as it travels to a process."""

    land: Land
    households: NDArray[np.float64]
    building: Positions
    existing: Geometries
    locked: NDArray[np.bool_]
    band: Band
    seed: int


class _Outcome(NamedTuple):
    cell: Geometries
    place: NDArray[np.float64]
    of_atom: Positions
    compound: Positions
    block: Positions
    households: NDArray[np.float64]
    district: Positions
    polygon: Geometries
    load: NDArray[np.float64]
    follows: Positions
    reason: NDArray[np.object_]


def propose(
    communities: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame | None = None,
    lines: gpd.GeoDataFrame | None = None,
    entrances: pd.DataFrame | None = None,
    existing: gpd.GeoDataFrame | None = None,
    *,
    wishes: Wishes | None = None,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Proposal:
    """Propose micro-grids.

    Parameters
    ----------
    communities
        ``id``, and ``code`` where there is one; the fixed frame.
    buildings
        ``id``; ``households`` and ``floors`` where known.
    compounds
        ``id``.
    lines
        Roads, walls and shores: lines, or polygons of which the outline counts.
    entrances
        ``building_id``; ``households`` and points where known.
    existing
        ``id``, and ``code`` where there is one: micro-grids that are to be kept where they can.
    wishes
        See `Wishes`.
    executor
        Where communities are solved; in this process by default.
    progress
        Called with the share of communities done.
    cancelled
        Asked between communities; once true, `ProposalCancelled` is raised.

    All layers are in one CRS in metres.

    Raises
    ------
    GeoError
        Where the input can't be used.
    ProposalCancelled
        Where ``cancelled`` said so.
    """
    wishes = wishes or Wishes()
    crs = require_metric(communities)
    layers = {"buildings": buildings, "compounds": compounds, "lines": lines, "existing": existing}
    for name, frame in layers.items():
        if frame is not None and require_metric(frame) != crs:
            raise GeoError(f"The layer {name} is in {frame.crs.name}, the communities are not; project one.")
    city = _City.of(communities, buildings, compounds, lines, entrances, existing, wishes)
    outcomes: dict[int, _Outcome] = {}
    failures: dict[Hashable, str] = {}
    for done, (k, outcome) in enumerate(_solved(city, executor), 1):
        if isinstance(outcome, str):
            failures[communities["id"].iloc[k]] = outcome
        else:
            outcomes[k] = outcome
        if progress:
            progress(done / len(city.frames))
        if cancelled and cancelled():
            raise ProposalCancelled("划分已取消，没有任何改动。")
    return _put_together(city, outcomes, failures, communities, wishes)


class _City(NamedTuple):
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
    wishes: Wishes

    @classmethod
    def of(
        cls,
        communities: gpd.GeoDataFrame,
        buildings: gpd.GeoDataFrame,
        compounds: gpd.GeoDataFrame | None,
        lines: gpd.GeoDataFrame | None,
        entrances: pd.DataFrame | None,
        existing: gpd.GeoDataFrame | None,
        wishes: Wishes,
    ) -> _City:
        frames = _shapes(communities)
        footprint = measurable(_shapes(buildings))
        atoms = _atoms(buildings, footprint, entrances)
        drawn = [measurable(_shapes(frame)) for frame in (compounds, existing)]
        ids = [_texts(frame, "id") for frame in (compounds, existing)]
        codes = _texts(existing, "code" if existing is not None and "code" in existing else "id")
        unknown = sorted(wishes.locked.difference(ids[1]))
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
            np.isin(ids[1], list(wishes.locked)),
            _members(_home(tree, frames, atoms.footprint), len(frames)),
            _meeting(tree, drawn[0], len(frames)),
            _meeting(tree, road, len(frames)),
            _members(_home(tree, frames, drawn[1]), len(frames)),
            _texts(buildings, "id"),
            buildings.index,
            ids[0],
            ids[1],
            codes,
            None if entrances is None else entrances.index,
            wishes,
        )

    def task(self, k: int) -> _Task:
        atoms, mine = self.atoms_in[k], self.existing_in[k]
        walls = self.existing[mine[self.locked[mine]]]
        lines = np.concatenate([self.lines[self.lines_in[k]], walls])
        land = Land(self.frames[k], self.compounds[self.compounds_in[k]], lines, self.atoms.footprint[atoms])
        return _Task(
            land,
            self.atoms.households[atoms],
            np.where(self.atoms.entrance[atoms] >= 0, self.atoms.building[atoms], NONE),
            self.existing[mine],
            self.locked[mine],
            self.wishes.band,
            self.wishes.seed,
        )


def _shapes(frame: gpd.GeoDataFrame | None) -> Geometries:
    if frame is None:
        return np.array([], dtype=object)
    return np.asarray(shapely.force_2d(np.asarray(frame.geometry.values, dtype=object)), dtype=object)


def _texts(frame: pd.DataFrame | None, column: str) -> NDArray[np.object_]:
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
    index = pd.Index(_texts(buildings, "id"))
    if index.has_duplicates:
        twice = ", ".join(index[index.duplicated()].unique()[:5])
        raise GeoError(f"Buildings share ids ({twice}); entrances can't tell them apart.")
    of = index.get_indexer(pd.Index(_texts(entrances, "building_id")))
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


# --- one community ---


def _solved(city: _City, executor: Executor | None) -> Iterator[tuple[int, _Outcome | str]]:
    size = [len(some) for some in city.atoms_in]
    every = sorted(range(len(city.frames)), key=lambda k: -size[k])
    batches = [every[n : n + BATCH] for n in range(0, len(every), BATCH)]
    if executor is None:
        for k in every:
            yield k, _attempt(city.task(k))
        return
    waiting = {executor.submit(_attempts, [city.task(k) for k in batch]): batch for batch in batches}
    for future in as_completed(waiting):
        try:
            answers: list[_Outcome | str] = future.result()
        except BrokenExecutor as error:
            answers = [f"a process died ({error})"] * len(waiting[future])
        yield from zip(waiting[future], answers, strict=True)


def _attempts(tasks: list[_Task]) -> list[_Outcome | str]:
    return [_attempt(task) for task in tasks]


def _attempt(task: _Task) -> _Outcome | str:
    """Solve one community, or say why it can't be."""
    try:
        return _solve(task)
    except (GeoError, shapely.errors.GEOSException, QhullError) as error:
        return str(error).splitlines()[0]


def _solve(task: _Task) -> _Outcome:
    cells = cells_of(task.land)
    count = len(cells.polygon)
    there = np.flatnonzero(cells.of_atom >= 0)
    of = cells.of_atom[there]
    households = np.bincount(of, weights=task.households[there], minlength=count).astype(float)
    building = np.full(count, NONE)
    building[of] = task.building[there]
    place = shapely.point_on_surface(cells.polygon)
    place[of] = shapely.point_on_surface(task.land.footprints[there])
    before = np.full(count, NONE)
    k, c = shapely.STRtree(place).query(task.existing, predicate="intersects")
    before[c[::-1]] = k[::-1]
    locked = np.append(task.locked, False)[before] & (before >= 0)
    units = Units(
        households,
        shapely.area(cells.polygon),
        shapely.get_coordinates(shapely.centroid(cells.polygon)),
        cells.one,
        cells.other,
        cells.border_m,
        cells.block,
        cells.compound,
        building,
        before,
        locked,
    )
    found = districts_of(units, task.band, task.seed)
    polygon = dissolved(cells.polygon, found.of_unit, len(found.households))
    return _Outcome(
        cells.polygon,
        shapely.get_coordinates(place),
        cells.of_atom,
        cells.compound,
        cells.block,
        households,
        found.of_unit,
        polygon,
        found.households,
        found.follows,
        found.reason,
    )


def dissolved(cells: Geometries, label: Positions, count: int) -> Geometries:
    """Return the union of the cells of each label."""
    order = np.argsort(label, kind="stable")
    start = np.searchsorted(label[order], np.arange(count + 1))
    result = np.empty(count, dtype=object)
    for n, (a, b) in enumerate(pairwise(start.tolist())):
        result[n] = shapely.coverage_union_all(cells[order[a:b]])
    return result


# --- the whole ---


def _put_together(
    city: _City,
    outcomes: dict[int, _Outcome],
    failures: dict[Hashable, str],
    communities: gpd.GeoDataFrame,
    wishes: Wishes,
) -> Proposal:
    crs = communities.crs
    community_ids = communities["id"].to_numpy()
    prefix = _texts(communities, "code" if "code" in communities else "id")
    solved = sorted(outcomes)
    frames = city.frames[solved]
    polygons = noded_across(frames, [outcomes[k].polygon for k in solved]) if solved else []
    pieces = noded_across(frames, [outcomes[k].cell for k in solved]) if solved else []
    micro, cells, refused = [], [], []
    of_atom = np.full(len(city.atoms.footprint), None, dtype=object)
    taken = {*city.existing_codes, *wishes.used_codes}
    for k, polygon, cell in zip(solved, polygons, pieces, strict=True):
        one = outcomes[k]
        ids, codes = _named(city, k, one, polygon, str(prefix[k]), taken)
        mine = city.atoms_in[k]
        there = one.of_atom >= 0
        district = np.where(there, one.district[one.of_atom], NONE)
        of_atom[mine[there]] = ids[district[there]]
        held = np.array([*city.compound_ids[city.compounds_in[k]], None], dtype=object)
        compound = _main_compound(one)
        micro.append(
            gpd.GeoDataFrame(
                {
                    "id": ids,
                    "code": codes,
                    "households": one.load,
                    "estimated": _any(
                        district, city.atoms.estimated[mine] & (city.atoms.households[mine] > 0), len(ids)
                    ),
                    "buildings": _buildings(district, city.atoms.building[mine], len(ids)),
                    "community_id": community_ids[k],
                    "compound_id": held[compound],
                },
                geometry=polygon,
                crs=crs,
            )
        )
        bad = np.flatnonzero(one.reason != "")
        refused += [
            ("micro_grid", ids[n], community_ids[k], one.reason[n], one.load[n], polygon[n])
            for n in bad.tolist()
        ]
        building = np.full(len(one.cell), None, dtype=object)
        building[one.of_atom[there]] = city.building_ids[city.atoms.building[mine[there]]]
        cells.append(
            gpd.GeoDataFrame(
                {
                    "micro_grid_id": ids[one.district],
                    "community_id": community_ids[k],
                    "compound_id": held[one.compound],
                    "block": one.block,
                    "households": one.households,
                    "building_id": building,
                    "x": one.place[:, 0],
                    "y": one.place[:, 1],
                },
                geometry=cell,
                crs=crs,
            )
        )
    refused += _outside(city, outcomes, community_ids)
    refused += [
        ("community", str(name), name, FAILED, np.nan, shape)
        for name, shape in zip(community_ids, city.frames, strict=True)
        if name in failures
    ]
    names = ["layer", "feature_id", "community_id", "reason", "households", "geometry"]
    refusals = gpd.GeoDataFrame(pd.DataFrame(refused, columns=names), geometry="geometry", crs=crs)
    buildings, entrances = _tables(city, of_atom)
    return Proposal(
        gpd.GeoDataFrame(pd.concat(micro, ignore_index=True), crs=crs) if micro else _nothing(crs),
        buildings,
        entrances,
        gpd.GeoDataFrame(pd.concat(cells, ignore_index=True), crs=crs) if cells else _nothing(crs),
        refusals,
        _moved(city, of_atom),
        failures,
    )


def _nothing(crs: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": []}, geometry=[], crs=crs)


def _named(
    city: _City, k: int, one: _Outcome, polygon: Geometries, prefix: str, taken: set[str]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return ids and codes: those of the micro-grid that each continues, else new ones."""
    old = one.follows >= 0
    mine = city.existing_in[k]
    codes = np.full(len(polygon), "", dtype=object)
    ids = codes.copy()
    codes[old] = city.existing_codes[mine[one.follows[old]]]
    ids[old] = city.existing_ids[mine[one.follows[old]]]
    codes[~old] = issued(polygon[~old], prefix, taken, city.wishes.serial)
    taken.update(codes)
    ids[~old] = codes[~old]
    return ids, codes


def _main_compound(one: _Outcome) -> Positions:
    """Return the compound of most households of each district, of most cells where nobody lives."""
    best = np.full(len(one.polygon), NONE)
    inside = one.compound >= 0
    pair, row = np.unique(
        np.stack([one.district[inside], one.compound[inside]], 1), axis=0, return_inverse=True
    )
    weight = np.bincount(row.ravel(), weights=one.households[inside] + 1e-3, minlength=len(pair))
    order = np.argsort(weight, kind="stable")
    best[pair[order, 0]] = pair[order, 1]
    return best


def _any(label: Positions, flag: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    return np.asarray(np.bincount(label[flag & (label >= 0)], minlength=count)[:count] > 0)


def _buildings(label: Positions, building: Positions, count: int) -> Positions:
    """Return how many buildings have an atom in each district."""
    pair = np.unique(np.stack([label, building], axis=1)[label >= 0], axis=0)
    return np.bincount(pair[:, 0], minlength=count)


def _outside(
    city: _City, outcomes: dict[int, _Outcome], community_ids: NDArray[Any]
) -> Iterable[tuple[Any, ...]]:
    """List atoms in no community and those that a boundary leaves nothing of."""
    inside = np.zeros(len(city.atoms.footprint), dtype=bool)
    home = np.full(len(inside), NONE)
    for k, members in enumerate(city.atoms_in):
        home[members] = k
        inside[members] = outcomes[k].of_atom >= 0 if k in outcomes else True
    ids = np.array([*community_ids, None], dtype=object)[home]
    for n in np.flatnonzero(~inside).tolist():
        place = city.atoms.footprint[n]
        name = city.building_ids[city.atoms.building[n]]
        yield "building", name, ids[n], OUTSIDE, city.atoms.households[n], place


def _tables(city: _City, of_atom: NDArray[np.object_]) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    atoms = city.atoms
    table = pd.DataFrame({"building": atoms.building, "id": of_atom, "households": atoms.households})
    grouped = table.groupby("building")
    first, last = grouped["id"].agg("min"), grouped["id"].agg("max")
    same = (first == last) & (grouped["id"].count() == grouped.size())
    buildings = pd.DataFrame(
        {
            "micro_grid_id": first.where(same, None).reindex(range(len(city.building_ids))).to_numpy(),
            "households": grouped["households"].sum().reindex(range(len(city.building_ids))).to_numpy(),
            "estimated": _any(atoms.building, atoms.estimated, len(city.building_ids)),
        },
        index=city.building_index,
    )
    if city.entrance_index is None:
        return buildings, None
    placed = np.full(len(city.entrance_index), None, dtype=object)
    known = atoms.entrance >= 0
    placed[atoms.entrance[known]] = of_atom[known]
    return buildings, pd.DataFrame({"micro_grid_id": placed}, index=city.entrance_index)


def _moved(city: _City, of_atom: NDArray[np.object_]) -> float:
    """Return the households that lay in one existing micro-grid and are in another."""
    place = shapely.point_on_surface(city.atoms.footprint)
    k, a = shapely.STRtree(place).query(city.existing, predicate="intersects")
    a, first = np.unique(a, return_index=True)
    other = city.existing_ids[k[first]] != of_atom[a]
    return float(city.atoms.households[a[other]].sum())
