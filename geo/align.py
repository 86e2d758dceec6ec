"""Levelling and aligning (拉平对齐): compounds, grids and micro-grids made to fit, community by community."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, as_completed
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.community import LAYERS, Outcome, Task, attempt, left_as_drawn
from geo.errors import GeoError
from geo.faces import complex_of, polygonal
from geo.relate import COMPARABLE, relate

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from geo.refusals import Refusal

ON_EDGE_M = 1e-6
"""A node this close to an edge lies on it."""
SHOWN = 5
DIED = "the process ended unexpectedly"
BATCH = 8
"""Communities that travel to a process together."""


class Cancelled(GeoError):  # noqa: N818  (an outcome that was asked for, no error of input)
    """The alignment was cancelled; nothing was changed."""


@dataclass(frozen=True)
class Choices:
    """What the planner decides.

    Attributes
    ----------
    tolerance
        How far a boundary may move, in metres.
    lead
        Which layer's outlines stand where both run beside each other; ``neither`` takes their mean, but
        walls lead.
    wide
        What becomes of overlaps and gaps wider than the tolerance: ``refuse`` leaves and lists them,
        ``longest-border`` gives them to the neighbour that borders on them most.
    frozen
        (layer, id) of outlines that stay; layer is ``compound``, ``grid`` or ``micro_grid``.
    comparable
        Share that a compound and a grid must hold of each other to be comparable.
    """

    tolerance: float = 5.0
    lead: Literal["neither", "compound", "grid"] = "neither"
    wide: Literal["refuse", "longest-border"] = "refuse"
    frozen: frozenset[tuple[str, Hashable]] = frozenset()
    comparable: float = COMPARABLE


@dataclass(frozen=True)
class Alignment:
    """The result: layers with the rows, index and order of the input, and what was done and not done.

    Attributes
    ----------
    compounds, grids, micro_grids
        New geometry; the last is None where none were given.
    relations
        See `geo.relate.relate`.
    changes
        The ledger, a row per layer, ``from_id`` and ``to_id`` in a community: ``area_m2``, ``households``,
        ``displacement_m``, ``reason`` (``levelled``, ``wide``, ``cut_back``) and the piece.
    refusals
        A row per feature and reason that was not levelled: ``step`` (``repaired`` or ``as_drawn``),
        ``needed_m``, and where.
    failures
        Communities that could not be solved, with the reason; their features are as drawn and refused.
    """

    compounds: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    micro_grids: gpd.GeoDataFrame | None
    relations: pd.DataFrame
    changes: gpd.GeoDataFrame
    refusals: gpd.GeoDataFrame
    failures: dict[Hashable, str] = field(default_factory=dict)


def align(
    communities: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    micro_grids: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    *,
    choices: Choices | None = None,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Alignment:
    """Level and align compounds and grids; micro-grids follow, and no building is cut.

    Parameters
    ----------
    communities
        The fixed frame, a valid coverage.
    compounds, grids, micro_grids
        As drawn; ``walled`` of the compounds (missing: walled) is used.
    buildings
        What is never cut; ``households`` is used for the ledger.
    choices
        See `Choices`.
    executor
        Where communities are solved; in this process by default.
    progress
        Called with the share of communities done.
    cancelled
        Asked between communities; once true, `Cancelled` is raised.

    All frames have a column ``id`` and one CRS in metres.

    Raises
    ------
    GeoError
        Where the input can't be used: every reason in one message.
    Cancelled
        Where ``cancelled`` said so.
    """
    choices = choices or Choices()
    layers = [compounds, grids] + ([micro_grids] if micro_grids is not None else [])
    _require_usable(communities, layers, buildings)
    city = _City.of(communities, compounds, grids, micro_grids, buildings)
    outcomes: dict[int, Outcome] = {}
    for batch in _solved(city, choices, executor):
        outcomes.update(batch)
        if progress:
            progress(len(outcomes) / len(city.frames))
        if cancelled and cancelled():
            raise Cancelled("对齐已取消，没有任何改动。")
    return _put_together(city, choices, outcomes, layers)


class _City(NamedTuple):
    """Everything as arrays, and by community what belongs to it."""

    frames: NDArray[np.object_]
    frame_ids: NDArray[Any]
    layers: list[NDArray[np.object_]]
    ids: list[NDArray[Any]]
    members: list[list[NDArray[np.int64]]]
    walled: NDArray[np.bool_]
    atoms: NDArray[np.object_]
    households: NDArray[np.float64]
    atoms_in: list[NDArray[np.int64]]

    @classmethod
    def of(
        cls,
        communities: gpd.GeoDataFrame,
        compounds: gpd.GeoDataFrame,
        grids: gpd.GeoDataFrame,
        micro_grids: gpd.GeoDataFrame | None,
        buildings: gpd.GeoDataFrame | None,
    ) -> _City:
        frames = _geometry(communities)
        tree = shapely.STRtree(frames)
        layers = [_geometry(frame) for frame in (compounds, grids, micro_grids)]
        ids = [
            np.zeros(0) if frame is None else frame["id"].to_numpy()
            for frame in (compounds, grids, micro_grids)
        ]
        members = [
            _by_home(_home(frames, tree, layer), ids_, len(frames))
            for layer, ids_ in zip(layers, ids, strict=True)
        ]
        walled = np.ones(len(compounds), dtype=bool)
        if "walled" in compounds:
            known = compounds["walled"].notna().to_numpy()
            walled[known] = compounds["walled"].to_numpy()[known].astype(bool)
        atoms = _geometry(buildings)
        households = np.full(len(atoms), np.nan)
        if buildings is not None and "households" in buildings:
            households = pd.to_numeric(buildings["households"]).fillna(0).to_numpy(dtype=float)
        atom, frame = tree.query(atoms, predicate="intersects")
        order = np.argsort(frame, kind="stable")
        start = np.searchsorted(frame[order], np.arange(len(frames) + 1))
        atoms_in = [np.sort(atom[order[a:b]]) for a, b in pairwise(start)]
        return cls(
            frames, communities["id"].to_numpy(), layers, ids, members, walled, atoms, households, atoms_in
        )

    def task(self, k: int, choices: Choices, frozen: list[NDArray[np.bool_]]) -> Task:
        mine = [of_layer[k] for of_layer in self.members]
        layers = [layer[m] for layer, m in zip(self.layers, mine, strict=True)]
        held = [f[m] for f, m in zip(frozen, mine, strict=True)]
        atoms = self.atoms_in[k]
        return Task(
            self.frames[k],
            (layers[0], layers[1], layers[2]),
            (held[0], held[1], held[2]),
            self.walled[mine[0]],
            self.atoms[atoms],
            self.households[atoms],
            choices.tolerance,
            choices.lead,
            choices.wide,
        )


def _geometry(frame: gpd.GeoDataFrame | None) -> NDArray[np.object_]:
    return np.array([], dtype=object) if frame is None else np.asarray(frame.geometry.values)


def _home(
    frames: NDArray[np.object_], tree: shapely.STRtree, polygons: NDArray[np.object_]
) -> NDArray[np.int64]:
    """Return the community that holds most of each polygon, -1 where none does."""
    home = np.full(len(polygons), -1)
    p, f = tree.query(polygons, predicate="intersects")
    count = np.bincount(p, minlength=len(polygons))
    home[p[count[p] == 1]] = f[count[p] == 1]
    unsure = count[p] > 1
    p, f = p[unsure], f[unsure]
    area = shapely.area(shapely.intersection(polygons[p], frames[f]))
    order = np.lexsort((-f, area))
    home[p[order]] = f[order]
    return home


def _by_home(home: NDArray[np.int64], ids: NDArray[Any], count: int) -> list[NDArray[np.int64]]:
    """Return what lies in each community, sorted by id: the order of the rows is not to matter."""
    by_id = np.argsort(ids.astype(str), kind="stable")
    order = by_id[np.argsort(home[by_id], kind="stable")]
    start = np.searchsorted(home[order], np.arange(count + 1))
    return [order[a:b] for a, b in pairwise(start)]


def _solved(city: _City, choices: Choices, executor: Executor | None) -> Iterator[dict[int, Outcome]]:
    frozen = [
        np.array([(name, i) in choices.frozen for i in ids], dtype=bool)
        for name, ids in zip(LAYERS, city.ids, strict=True)
    ]
    order = np.argsort(
        [-sum(len(m[k]) for m in city.members) for k in range(len(city.frames))], kind="stable"
    )
    if executor is None:
        for k in order.tolist():
            yield {k: attempt(city.task(k, choices, frozen))}
        return
    batches = [order[n :: max(1, len(order) // BATCH)].tolist() for n in range(max(1, len(order) // BATCH))]
    waiting = {
        executor.submit(_attempts, [city.task(k, choices, frozen) for k in batch]): batch for batch in batches
    }
    try:
        for future in as_completed(waiting):
            batch = waiting.pop(future)
            try:
                solved = future.result()
            except BrokenExecutor:
                # a process died, and with it whatever it or its fellows still had to do
                solved = [left_as_drawn(city.task(k, choices, frozen), DIED) for k in batch]
            yield dict(zip(batch, solved, strict=True))
    finally:
        for future in waiting:
            future.cancel()


def _attempts(tasks: list[Task]) -> list[Outcome]:
    return [attempt(task) for task in tasks]


def _put_together(
    city: _City,
    choices: Choices,
    outcomes: dict[int, Outcome],
    frames: list[gpd.GeoDataFrame],
) -> Alignment:
    layers = [layer.copy() for layer in city.layers]
    for k, outcome in outcomes.items():
        for n in range(3):
            layers[n][city.members[n][k]] = outcome.layers[n]
    layers = _noded_across(city, layers)
    _add_what_stays_beyond(city, outcomes, layers[0])
    crs = frames[0].crs
    result = [
        frame.set_geometry(gpd.GeoSeries(layer, index=frame.index, crs=crs))
        for frame, layer in zip(frames, layers, strict=False)
    ]
    return Alignment(
        result[0],
        result[1],
        result[2] if len(frames) == len(LAYERS) else None,
        relate(result[0], result[1], tolerance=choices.tolerance, comparable=choices.comparable),
        _changes(city, outcomes, crs),
        _refusals(city, outcomes, crs),
        {city.frame_ids[k]: outcome.failure for k, outcome in outcomes.items() if outcome.failure},
    )


def _add_what_stays_beyond(city: _City, outcomes: dict[int, Outcome], compounds: NDArray[np.object_]) -> None:
    """Give refused compounds what they hold beyond their community, where no other compound lies."""
    tree = shapely.STRtree(compounds)
    solved = compounds.copy()
    for k, outcome in sorted(outcomes.items()):
        for position, beyond in sorted(outcome.beyond.items()):
            mine = city.members[0][k][position]
            others = tree.query(beyond, predicate="intersects")
            others = others[others != mine]
            rest = shapely.difference(beyond, shapely.union_all(solved[others])) if len(others) else beyond
            compounds[mine] = polygonal(shapely.union(compounds[mine], rest))[0]


def _noded_across(city: _City, layers: list[NDArray[np.object_]]) -> list[NDArray[np.object_]]:
    """Give every polygon the nodes that its neighbours have on its edges: communities were solved apart."""
    everything = np.concatenate(layers)
    home = np.full(len(everything), -1)
    offset = 0
    for n, layer in enumerate(layers):
        for k, members in enumerate(city.members[n]):
            home[offset + members] = k
        offset += len(layer)
    borders = shapely.boundary(city.frames)
    xy, owner = shapely.get_coordinates(everything, return_index=True)
    z, first = np.unique(complex_of(xy), return_index=True)
    own = complex_of(shapely.get_coordinates(city.frames))
    new = ~np.isin(z, own)
    points, source = shapely.points(xy[first[new]]), home[owner[first[new]]]
    p, f = shapely.STRtree(borders).query(points, predicate="dwithin", distance=ON_EDGE_M)
    across = source[p] != f
    points, target = points[p[across]], f[across]
    tree = shapely.STRtree(shapely.boundary(everything))
    p, polygon = tree.query(points, predicate="dwithin", distance=ON_EDGE_M)
    here = home[polygon] == target[p]
    p, polygon = p[here], polygon[here]
    node = complex_of(shapely.get_coordinates(points))[p]
    order = np.argsort(polygon, kind="stable")
    start = np.flatnonzero(np.append(True, np.diff(polygon[order]) != 0)) if len(order) else order
    for a, b in pairwise([*start.tolist(), len(order)]):
        k = polygon[order[a]]
        everything[k] = _with_points(everything[k], node[order[a:b]])
    return np.split(everything, np.cumsum([len(layer) for layer in layers])[:-1])


def _with_points(polygon: shapely.Geometry, nodes: NDArray[np.complex128]) -> shapely.Geometry:
    """Insert points into the edges on which they lie."""
    parts = []
    for part in shapely.get_parts(polygon):
        rings = []
        for ring in shapely.get_rings(part):
            z = complex_of(shapely.get_coordinates(ring))
            fresh = nodes[~np.isin(nodes, z)]
            a, b = z[:-1], z[1:]
            along = b - a
            share = ((fresh[:, None] - a) * along.conj()).real / np.maximum(np.abs(along) ** 2, 1e-30)
            away = np.abs(fresh[:, None] - (a + np.clip(share, 0, 1) * along))
            edge = np.argmin(away, axis=1)
            on = away[np.arange(len(fresh)), edge] <= 2 * ON_EDGE_M
            order = np.lexsort((share[np.arange(len(fresh)), edge][on], edge[on]))
            z = np.insert(z, edge[on][order] + 1, np.unique(fresh)[0:0] if not on.any() else fresh[on][order])
            rings.append(shapely.linearrings(z.view(np.float64).reshape(-1, 2)))
        parts.append(shapely.Polygon(rings[0], rings[1:]))
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _changes(city: _City, outcomes: dict[int, Outcome], crs: Any) -> gpd.GeoDataFrame:
    rows = []
    for k in sorted(outcomes):
        moved = outcomes[k].moves
        for n in range(len(moved.layer)):
            layer = int(moved.layer[n])
            rows.append(
                (
                    LAYERS[layer],
                    _id(city, layer, k, int(moved.source[n])),
                    _id(city, layer, k, int(moved.target[n])),
                    city.frame_ids[k],
                    float(moved.area[n]),
                    float(moved.households[n]),
                    float(moved.displacement[n]),
                    moved.reason[n],
                    moved.piece[n],
                )
            )
    names = [
        "layer",
        "from_id",
        "to_id",
        "community_id",
        "area_m2",
        "households",
        "displacement_m",
        "reason",
        "geometry",
    ]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=names), geometry="geometry", crs=crs)


def _id(city: _City, layer: int, community: int, position: int) -> Any:
    return None if position < 0 else city.ids[layer][city.members[layer][community][position]]


def _refusals(city: _City, outcomes: dict[int, Outcome], crs: Any) -> gpd.GeoDataFrame:
    rows = []
    for k in sorted(outcomes):
        rows += [_refusal_row(city, k, refusal) for refusal in outcomes[k].refusals]
    names = ["layer", "feature_id", "community_id", "step", "reason", "needed_m", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=names), geometry="geometry", crs=crs)


def _refusal_row(city: _City, k: int, refusal: Refusal) -> tuple[Any, ...]:
    return (
        LAYERS[refusal.layer],
        _id(city, refusal.layer, k, refusal.feature),
        city.frame_ids[k],
        refusal.step,
        refusal.reason,
        float(refusal.needed_m),
        refusal.place,
    )


def _require_usable(
    communities: gpd.GeoDataFrame, layers: list[gpd.GeoDataFrame], buildings: gpd.GeoDataFrame | None
) -> None:
    """Raise a GeoError that names everything that makes the input unusable."""
    problems = []
    named = [("communities", communities), *zip(("compounds", "grids", "micro-grids"), layers, strict=False)]
    for name, frame in named:
        problems += _problems(name, frame)
    if buildings is not None and buildings.crs != communities.crs:
        problems.append("buildings are in another CRS than communities")
    for name, frame in named[1:]:
        if frame.crs != communities.crs:
            problems.append(f"{name} are in another CRS than communities")
    if problems:
        raise GeoError("; ".join(problems) + ".")


def _problems(name: str, frame: gpd.GeoDataFrame) -> list[str]:
    if frame.crs is None or frame.crs.is_geographic or frame.crs.axis_info[0].unit_conversion_factor != 1:
        return [f"{name}: the CRS must be in metres, found {frame.crs.name if frame.crs else 'none'}"]
    if "id" not in frame:
        return [f"{name}: there is no column id"]
    found = []
    shapes = _geometry(frame)
    twice = frame["id"][frame["id"].duplicated()].unique()
    if len(twice):
        found.append(f"{name}: id given twice: {_listed(twice)}")
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        found.append(f"{name}: no geometry: {_listed(frame['id'].to_numpy()[empty])}")
    wrong = ~empty & ~(np.isin(shapely.get_type_id(shapes), (3, 6)) & shapely.is_valid(shapes))
    if wrong.any():
        found.append(f"{name}: invalid polygon: {_listed(frame['id'].to_numpy()[wrong])}")
    return found


def _listed(values: NDArray[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:SHOWN])
    return shown if len(values) <= SHOWN else f"{shown} and {len(values) - SHOWN} more"
