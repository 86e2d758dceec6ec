"""Proposing micro-grids for communities: cells, districts, polygons, codes, and what can't be met."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.cells import noded_across
from geo.codes import SERIAL, issued
from geo.crs import require_metric
from geo.districting import MICRO_GRID
from geo.errors import GeoError
from geo.partition import NONE, Band
from geo.proposal_city import City, texts
from geo.proposal_community import Outcome, solved

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Positions = NDArray[np.int64]

OUTSIDE, FAILED = "outside", "failed"
_MICRO_GRID = ("id", "code", "households", "estimated", "buildings", "community_id", "compound_id")
_CELL = ("micro_grid_id", "community_id", "compound_id", "block", "households", "building_id", "x", "y")
_REFUSAL = ["layer", "feature_id", "community_id", "reason", "households", "geometry"]


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
    city = City.of(communities, buildings, compounds, lines, entrances, existing, wishes.locked)
    outcomes: dict[int, Outcome] = {}
    failures: dict[Hashable, str] = {}
    for done, (k, outcome) in enumerate(solved(city, wishes.band, wishes.seed, executor), 1):
        if isinstance(outcome, str):
            failures[communities["id"].iloc[k]] = outcome
        else:
            outcomes[k] = outcome
        if progress:
            progress(done / len(city.frames))
        if cancelled and cancelled():
            raise ProposalCancelled("划分已取消，没有任何改动。")
    return _put_together(city, outcomes, failures, communities, wishes)


def _put_together(
    city: City,
    outcomes: dict[int, Outcome],
    failures: dict[Hashable, str],
    communities: gpd.GeoDataFrame,
    wishes: Wishes,
) -> Proposal:
    crs = communities.crs
    community_ids = communities["id"].to_numpy()
    prefix = texts(communities, "code" if "code" in communities else "id")
    done = sorted(outcomes)
    frames = city.frames[done]
    polygons = noded_across(frames, [outcomes[k].polygon for k in done]) if done else []
    pieces = noded_across(frames, [outcomes[k].cell for k in done]) if done else []
    micro, cells, refused = [], [], []
    of_atom = np.full(len(city.atoms.footprint), None, dtype=object)
    taken = {*city.existing_codes, *wishes.used_codes}
    for k, polygon, cell in zip(done, polygons, pieces, strict=True):
        one = outcomes[k]
        ids, codes = _named(city, k, one, polygon, str(prefix[k]), taken, wishes.serial)
        mine = city.atoms_in[k]
        there = one.of_atom >= 0
        district = np.where(there, one.district[one.of_atom], NONE)
        of_atom[mine[there]] = ids[district[there]]
        held = np.array([*city.compound_ids[city.compounds_in[k]], None], dtype=object)
        estimated = city.atoms.estimated[mine] & (city.atoms.households[mine] > 0)
        of_polygon = (
            ids,
            codes,
            one.load,
            _any(district, estimated, len(ids)),
            _buildings(district, city.atoms.building[mine], len(ids)),
            community_ids[k],
            held[_main_compound(one)],
        )
        micro.append(_frame(_MICRO_GRID, of_polygon, polygon, crs))
        building = np.full(len(cell), None, dtype=object)
        building[one.of_atom[there]] = city.building_ids[city.atoms.building[mine[there]]]
        of_cell = (
            ids[one.district],
            community_ids[k],
            held[one.compound],
            one.block,
            one.households,
            building,
            *one.place.T,
        )
        cells.append(_frame(_CELL, of_cell, cell, crs))
        refused += [
            ("micro_grid", ids[n], community_ids[k], one.reason[n], one.load[n], polygon[n])
            for n in np.flatnonzero(one.reason != "").tolist()
        ]
    refused += _outside(city, outcomes, community_ids)
    refused += [
        ("community", str(name), name, FAILED, np.nan, shape)
        for name, shape in zip(community_ids, city.frames, strict=True)
        if name in failures
    ]
    refusals = gpd.GeoDataFrame(pd.DataFrame(refused, columns=_REFUSAL), geometry="geometry", crs=crs)
    buildings, entrances = _tables(city, of_atom)
    return Proposal(
        _joined(_MICRO_GRID, micro, crs),
        buildings,
        entrances,
        _joined(_CELL, cells, crs),
        refusals,
        _moved(city, of_atom),
        failures,
    )


def _frame(
    names: tuple[str, ...], columns: tuple[Any, ...], shapes: Geometries, crs: Any
) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(dict(zip(names, columns, strict=True)), geometry=shapes, crs=crs)


def _joined(names: tuple[str, ...], some: list[gpd.GeoDataFrame], crs: Any) -> gpd.GeoDataFrame:
    """Join the tables of communities; with their columns too where no community could be solved."""
    if not some:
        return gpd.GeoDataFrame({name: [] for name in names}, geometry=[], crs=crs)
    return gpd.GeoDataFrame(pd.concat(some, ignore_index=True), crs=crs)


def _named(
    city: City, k: int, one: Outcome, polygon: Geometries, prefix: str, taken: set[str], serial: int
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return ids and codes: those of the micro-grid that each continues, else new ones."""
    old = one.follows >= 0
    mine = city.existing_in[k]
    codes = np.full(len(polygon), "", dtype=object)
    ids = codes.copy()
    codes[old] = city.existing_codes[mine[one.follows[old]]]
    ids[old] = city.existing_ids[mine[one.follows[old]]]
    codes[~old] = issued(polygon[~old], prefix, taken, serial)
    taken.update(codes)
    ids[~old] = codes[~old]
    return ids, codes


def _main_compound(one: Outcome) -> Positions:
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
    city: City, outcomes: dict[int, Outcome], community_ids: NDArray[Any]
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


def _tables(city: City, of_atom: NDArray[np.object_]) -> tuple[pd.DataFrame, pd.DataFrame | None]:
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


def _moved(city: City, of_atom: NDArray[np.object_]) -> float:
    """Return the households that lay in one existing micro-grid and are in another."""
    place = shapely.point_on_surface(city.atoms.footprint)
    k, a = shapely.STRtree(place).query(city.existing, predicate="intersects")
    a, first = np.unique(a, return_index=True)
    other = city.existing_ids[k[first]] != of_atom[a]
    return float(city.atoms.households[a[other]].sum())
