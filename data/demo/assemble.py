"""Putting the demo city together, in stages, with the work on communities spread over processes."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from data.demo import (
    basemap,
    drawing,
    events,
    network,
    organisations,
    partition,
    places,
    plan,
    programme,
    services,
)
from data.demo.city import City, Place, choose, name_places
from data.demo.figures import (
    CITY_CODE,
    CITY_NAME,
    COMPOUND_COUNT,
    HOUSEHOLDS,
    METRIC_EPSG,
    MICRO_GRIDS,
    REPORTED,
    REPORTED_ON,
    STORED_EPSG,
    Scale,
)
from data.demo.names import Names
from data.demo.works import build as build_community
from data.demo.works import subdivide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from data.demo.plan import Community, Layout
    from data.demo.works import Built, Piece

    Spread = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]

DISPUTED_SHARE = 0.03
"""Share of communities with a block that two grids claim, or none."""
PARTIAL_SHARE = 0.006
"""Share of compounds that a grid's edge cuts through."""
OVER_THE_EDGE_SHARE = 0.02
"""Share of unwalled aged compounds by a community's edge that are drawn across it."""
SERIAL_BELOW = 30
"""Communities up to which processes cost more than they save."""


@dataclass(frozen=True)
class DemoCity:
    """The demo city: tables by name, with the columns of the models, and settings.

    Geometry is in EPSG:4490. ``compound`` and ``grid`` are as drawn; ``reference_boundary`` holds the truth.
    ``disputed`` and ``partial`` list the codes of micro-grids where grids were misunderstood.
    """

    tables: dict[str, pd.DataFrame | gpd.GeoDataFrame]
    settings: dict[str, str]
    disputed: list[str]
    partial: list[str]

    def content_hash(self) -> str:
        """Return the SHA-256 of all tables' values and geometries."""
        digest = hashlib.sha256()
        for name in sorted(self.tables):
            table = self.tables[name]
            digest.update(name.encode())
            for column in table.columns:
                digest.update(str(column).encode())
                if column == "geometry":
                    for wkb in shapely.to_wkb(table.geometry.to_numpy(), byte_order=1):
                        digest.update(wkb)
                else:
                    values = pd.util.hash_pandas_object(table[column].astype(object).map(str), index=False)
                    digest.update(values.to_numpy().tobytes())
        return digest.hexdigest()


def build(
    scale: Scale | str,
    seed: int = 2026,
    processes: int | None = None,
    progress: Callable[[str, float], None] | None = None,
    *,
    tiled: bool = False,
) -> DemoCity:
    """Build the demo city.

    Parameters
    ----------
    scale
        ``small`` (about 100 compounds), ``district`` (a county) or ``city`` (5,743 compounds).
    seed
        The same seed gives the same content, whatever the number of processes.
    processes
        How many to use; the machine's by default, and one for what is too small to share out.
    progress
        Called with a label and the share done.
    tiled
        Whether compounds fill their communities, without streets or open land between them.
    """
    tell = progress or (lambda _label, _share: None)
    scale = Scale(scale)
    roots = np.random.SeedSequence(seed).spawn(4)
    layout, places_, names = _lay_out(roots[0], tiled=tiled)
    tell("规划", 0.04)
    chosen = choose(layout, scale)
    communities = [layout.communities[n] for n in chosen]
    seeds = [roots[1].spawn(len(layout.communities))[n] for n in chosen]
    workers = processes or (os.cpu_count() or 1 if len(communities) >= SERIAL_BELOW else 1)
    with ExitStack() as stack:
        spread = _spread(workers, stack)
        built = list(spread(_build, list(zip(communities, seeds, strict=True))))
        tell("建设", 0.3)
        total = _micro_grid_total(built, scale)
        pieces, counts = _micro_grids(built, total, spread)
    tell("划分", 0.5)
    parts = partition.assemble(built, pieces)
    tell("拓扑", 0.65)
    del pieces, counts
    share = 1.0 if scale == Scale.CITY else len(parts.compound) / COMPOUND_COUNT
    city = City(communities, built, parts, places_, names, share, _road_names(layout))
    rngs = [np.random.default_rng(s) for s in roots[2].spawn(12)]
    tables = _tables(city, layout, rngs)
    tell("台账", 0.8)
    disputed, partial = _draw(city, tables, rngs[7])
    _place_records(city, tables, rngs[9], rngs[10])
    tell("描绘", 0.9)
    finished = _stored(tables)
    tell("完成", 1.0)
    settings = {
        "city_name": CITY_NAME,
        "city_code": CITY_CODE,
        "metric_epsg": str(METRIC_EPSG),
        "demo_seed": str(seed),
        "demo_scale": scale.value,
    }
    code = [str(value) for value in tables["micro_grid"]["code"]]
    return DemoCity(finished, settings, [code[n] for n in disputed], [code[n] for n in partial])


def _lay_out(seed: np.random.SeedSequence, *, tiled: bool = False) -> tuple[Layout, list[Place], Names]:
    rng = np.random.default_rng(seed)
    layout = plan.lay_out(network.skeleton(rng), rng)
    programme.assign(layout.communities, rng, tiled=tiled)
    for community in layout.communities:
        community.tiled = tiled
    names = Names(rng)
    return layout, name_places(layout, names), names


def _spread(workers: int, stack: ExitStack) -> Spread:
    """Return a ``map`` over this process or a pool; results come in order."""
    if workers <= 1:
        return map
    context = get_context("forkserver")
    context.set_forkserver_preload(["data.demo.works"])
    pool = stack.enter_context(ProcessPoolExecutor(workers, mp_context=context))
    return lambda function, tasks: pool.map(function, tasks, chunksize=6)


def _build(task: tuple[Community, np.random.SeedSequence]) -> Built:
    return build_community(*task)


def _micro_grid_total(built: list[Built], scale: Scale) -> int:
    if scale == Scale.CITY:
        return MICRO_GRIDS
    return round(MICRO_GRIDS * sum(int(b.households.sum()) for b in built) / HOUSEHOLDS)


def _micro_grids(
    built: list[Built], total: int, spread: Spread
) -> tuple[list[list[Piece]], list[list[list[int]]]]:
    counts = partition.micro_grid_counts(built, total)
    tasks = [(b.grids, b.stock, count) for b, count in zip(built, counts, strict=True)]
    pieces = list(spread(subdivide, tasks))
    partition.settle(built, pieces, counts, total, lambda c: subdivide(tasks[c]))
    return pieces, counts


def _road_names(layout: Layout) -> list[str]:
    return sorted({street.name for street in layout.streets if street.name.endswith(("路", "街"))})


def _tables(
    city: City, layout: Layout, rngs: list[np.random.Generator]
) -> dict[str, pd.DataFrame | gpd.GeoDataFrame]:
    """Return all tables but the drawn boundaries, in metres."""
    t: dict[str, gpd.GeoDataFrame] = {"area": places.areas(city)}
    t["compound"] = places.compounds(city, rngs[0])
    t["grid"] = places.grids(city)
    t["micro_grid"] = places.micro_grids(city, t["grid"])
    t["building"] = places.buildings(city, t["compound"])
    t["entrance"] = places.entrances(city, t["building"])
    t["organisation"] = organisations.organisations(city, t, rngs[1])
    t["grid_worker"] = organisations.grid_workers(city, t, rngs[2])
    t["grid_post"] = organisations.grid_posts(t, rngs[11])
    t["station"] = services.stations(city, t, rngs[3])
    t["assist_point"] = services.assist_points(city, t, rngs[4])
    t["canteen"] = services.canteens(city, t, rngs[5])
    t["claim"] = events.claims(city, t, rngs[6])
    t["rating"] = events.ratings(t, t["claim"], rngs[8])
    t["figure"] = services.figures(city, REPORTED, date(*REPORTED_ON))
    t["road"] = basemap.roads(city, layout, t["area"])
    t["water"] = basemap.water(layout, t["area"])
    t["green"] = basemap.greens(city, layout, t["area"])
    return t


def _place_records(
    city: City, tables: dict[str, Any], of_requests: np.random.Generator, of_claims: np.random.Generator
) -> None:
    """Give records their places, in the boundaries as drawn; a rating lies where its claim does."""
    tables["request"] = events.requests(city, tables, of_requests)
    claim = events.located(tables["claim"], tables, of_claims)
    claim["request_id"] = events.answered(claim, tables["request"])
    claim["code"] = claim["source_id"] = places.nothing(len(claim))
    tables["claim"] = claim
    where = claim.set_index("id")[events.PLACE]
    rating = tables["rating"]
    own = where.reindex(rating["claim_id"]).reset_index(drop=True)
    rating = rating.drop(columns="compound_id").assign(**{name: own[name] for name in events.PLACE})
    answers = claim.set_index("id")["request_id"].reindex(rating["claim_id"]).reset_index(drop=True)
    tables["rating"] = rating.assign(request_id=answers, source_id=places.nothing(len(rating)))


def _draw(
    city: City, tables: dict[str, gpd.GeoDataFrame], rng: np.random.Generator
) -> tuple[list[int], list[int]]:
    """Put the true boundaries aside and draw compounds and grids as hands would."""
    compound, grid = tables["compound"], tables["grid"]
    truth = [
        ("compound", compound[["id", "code", "area_code"]], compound.geometry.to_numpy()),
        ("grid", grid[["id", "code", "area_code"]], grid.geometry.to_numpy()),
    ]
    rows = pd.concat(
        [head.rename(columns={"id": "feature_id"}).assign(layer=layer) for layer, head, _ in truth]
    )
    columns = {name: rows[name].to_numpy() for name in ("layer", "feature_id", "code", "area_code")}
    tables["reference_boundary"] = places.frame(columns, np.concatenate([shapes for _, _, shapes in truth]))
    disputed = max(2, round(DISPUTED_SHARE * len(city.communities)))
    partial = max(2, round(PARTIAL_SHARE * len(compound)))
    grids, in_dispute, cut = partition.mistaken(city.partition, disputed, partial, rng)
    aged = (compound["kind"] == "aged").to_numpy() & ~compound["walled"].to_numpy()
    wide = np.where(aged, rng.uniform(*drawing.LOOSE_M, len(compound)), 0.0)
    strength = np.ones(len(compound))
    across = _across(city, aged, rng)
    wide[across], strength[across] = drawing.LOOSEST_M - 1.8, 0.25
    compound["geometry"] = drawing.draw(compound.geometry.to_numpy(), wide, strength, rng)
    grid["geometry"] = drawing.draw(grids, np.zeros(len(grid)), np.ones(len(grid)), rng)
    return in_dispute, cut


def _across(city: City, able: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose unwalled compounds close to their community's edge, to be drawn across it."""
    part = city.partition
    edge = shapely.get_exterior_ring(part.community)[part.compound_community]
    near = np.flatnonzero(able & (shapely.distance(part.compound, edge) < 9.5))
    count = max(1, round(OVER_THE_EDGE_SHARE * int(able.sum())))
    chosen: NDArray[np.int64] = np.sort(rng.permutation(near)[:count])
    return chosen


def _stored(tables: dict[str, pd.DataFrame | gpd.GeoDataFrame]) -> dict[str, pd.DataFrame | gpd.GeoDataFrame]:
    """Turn all geometry to the stored CRS: the same point always becomes the same point."""
    transformer = pyproj.Transformer.from_crs(METRIC_EPSG, STORED_EPSG, always_xy=True)

    def degrees(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    result: dict[str, pd.DataFrame | gpd.GeoDataFrame] = {}
    for name, table in tables.items():
        if isinstance(table, gpd.GeoDataFrame):
            shapes = shapely.transform(table.geometry.to_numpy(), degrees)
            result[name] = gpd.GeoDataFrame(
                table.drop(columns="geometry"), geometry=shapes, crs=f"EPSG:{STORED_EPSG}"
            )
        else:
            result[name] = table
    return result
