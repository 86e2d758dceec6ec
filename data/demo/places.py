"""Tables of areas, compounds, buildings, entrances, grids and micro-grids, in metres."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.demo import buildings as rows
from data.demo.city import City, centres, order_within
from data.demo.figures import KINDS, METRIC_EPSG, PILOTS, WITH_OWNERS_COMMITTEE, WITH_PROPERTY_SERVICE
from data.demo.names import initials

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.demo.works import Built

CRS = f"EPSG:{METRIC_EPSG}"
WALLED_SHARE = np.array([0.99, 0.34, 0.21, 0.93])
BUILT = np.array([[1996, 2021], [1985, 2016], [1958, 1996], [1962, 1999]])
SERVICE_WEIGHT = np.array([60.0, 1.2, 1.0, 4.0])
COMMITTEE_WEIGHT = np.array([9.0, 0.35, 1.0, 2.0])
PILOT_WEIGHT = np.array([1.5, 0.8, 0.9, 1.0])
DUTIES = "信息采集；隐患排查；矛盾调处；政策宣传；便民代办；应急值守"


def frame(columns: dict[str, object], geometry: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Return a table with ids from 1 and its geometry in the metric CRS."""
    return gpd.GeoDataFrame({"id": np.arange(1, len(geometry) + 1), **columns}, geometry=geometry, crs=CRS)


def nothing(count: int) -> NDArray[np.object_]:
    """Return a column of unknowns."""
    return np.full(count, None, dtype=object)


def nullable(values: NDArray[np.int64], missing: int = 0) -> pd.Series[int]:
    """Return integers with `missing` unknown."""
    return pd.Series(values).astype("Int64").mask(pd.Series(values) == missing)


def areas(city: City) -> gpd.GeoDataFrame:
    """Return the table of areas; the part that is built, with the areas above it."""
    codes = city.community_code
    load = np.bincount(city.partition.grid_community, city.partition.grid_households, len(codes)).astype(
        np.int64
    )
    shapes: dict[str, shapely.Polygon] = dict(zip(codes, city.partition.community, strict=True))
    households = dict(zip(codes, load, strict=True))
    below, shape_below = codes, city.partition.community
    for digits in (9, 6, 4):
        above, label = np.unique([code[:digits].ljust(12, "0") for code in below], return_inverse=True)
        shape_below = joined(shape_below, label, len(above))
        sums = np.bincount(label, [households[code] for code in below]).astype(np.int64)
        shapes.update(zip(above, shape_below, strict=True))
        households.update(zip(above, sums, strict=True))
        below = above
    places = sorted((p for p in city.places if p.code in shapes), key=lambda p: p.code)
    number = {p.code: n for n, p in enumerate(places, start=1)}
    names = [p.name for p in places]
    return frame(
        {
            "code": [p.code for p in places],
            "level": [p.level for p in places],
            "name": names,
            "initials": initials(names),
            "parent_id": pd.array([number.get(p.parent or "") for p in places], dtype="Int64"),
            "households": [int(households[p.code]) for p in places],
        },
        np.array([shapes[p.code] for p in places]),
    )


def joined(polygons: NDArray[np.object_], label: NDArray[np.int64], count: int) -> NDArray[np.object_]:
    """Join polygons that share all nodes by label; the result may have several parts."""
    return np.array([shapely.coverage_union_all(polygons[label == n]) for n in range(count)])


def compounds(city: City, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the table of compounds with their true boundaries."""
    part = city.partition
    n = len(part.compound)
    kind = np.concatenate([b.lot_kind[b.lot_kind >= 0] for b in city.built])
    load = np.concatenate(
        [np.bincount(b.building_lot, b.households, len(b.lot_use))[b.lot_kind >= 0] for b in city.built]
    ).astype(np.int64)
    code = city.community_code[part.compound_community]
    serial = order_within(centres(part.compound), part.compound_community)
    roads = city.roads
    name = [
        city.names.compound(c[:6], int(k), roads[int(rng.integers(len(roads)))], city.communities[m].name)
        for c, k, m in zip(code, kind, part.compound_community, strict=True)
    ]
    young = np.array([b.lot_style[lot] not in ("cramped", "village") for b, lot in _lots(city)])
    year = (BUILT[kind, 0] + (BUILT[kind, 1] - BUILT[kind, 0]) * rng.beta(2.2, 1.6, n)).astype(
        int
    ) - 4 * ~young
    service = top(SERVICE_WEIGHT[kind] * load**0.3, city.scaled(WITH_PROPERTY_SERVICE), rng)
    committee = top(COMMITTEE_WEIGHT[kind] * load**0.4, city.scaled(WITH_OWNERS_COMMITTEE), rng)
    firm = np.array([city.names.firm() for _ in range(n)], dtype=object)
    firm[~service | ((kind != 0) & (rng.random(n) < 0.45))] = None
    return frame(
        {
            "code": [f"{c}X{s:03d}" for c, s in zip(code, serial, strict=True)],
            "name": name,
            "initials": initials(name),
            "area_code": code,
            "kind": np.array(KINDS, dtype=object)[kind],
            "walled": rng.random(n) < WALLED_SHARE[kind],
            "households": load,
            "households_estimated": np.zeros(n, bool),
            "built_year": year,
            "property_service": service,
            "property_firm": firm,
            "committee_eligible": committee,
            "owners_committee": committee,
            "pilot": top(PILOT_WEIGHT[kind] * np.sqrt(load), city.scaled(PILOTS), rng),
            "valid_from": np.full(n, date(2021, 7, 1)),
            "plan_id": nothing(n),
            "source_id": nothing(n),
        },
        part.compound,
    )


def _lots(city: City) -> list[tuple[Built, int]]:
    return [
        (city.built[c], int(lot))
        for c, lot in zip(city.partition.compound_community, city.partition.compound_lot, strict=True)
    ]


def top(weight: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw exactly `count` items without replacement, by weight."""
    race = rng.exponential(size=len(weight)) / weight
    chosen = np.zeros(len(weight), bool)
    chosen[np.argsort(race, kind="stable")[:count]] = True
    return chosen


def grids(city: City) -> gpd.GeoDataFrame:
    """Return the table of grids with their true boundaries; codes run in reading order."""
    part = city.partition
    n = len(part.grid)
    community = city.community_code[part.grid_community]
    serial = order_within(centres(part.grid), part.grid_community)
    name = [city.communities[c].name for c in part.grid_community]
    exclusive = part.grid_households == 0
    return frame(
        {
            "code": [f"{c}{s:03d}" for c, s in zip(community, serial, strict=True)],
            "name": [
                f"{a}第{s}{'专属' if e else ''}网格" for a, s, e in zip(name, serial, exclusive, strict=True)
            ],
            "area_code": community,
            "households": part.grid_households,
            "responsible_body": [f"{a}社区居民委员会" for a in name],
            "duties": np.full(n, DUTIES, dtype=object),
            "valid_from": np.full(n, date(2022, 3, 1)),
            "valid_to": nothing(n),
            "plan_id": nothing(n),
            "source_id": nothing(n),
        },
        part.grid,
    )


def micro_grids(city: City, grid: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the table of micro-grids."""
    part = city.partition
    n = len(part.micro)
    of = part.micro_grid_of
    serial = order_within(centres(part.micro), of)
    number = {
        (c, lot): i
        for i, (c, lot) in enumerate(zip(part.compound_community, part.compound_lot, strict=True), start=1)
    }
    community = part.grid_community[of]
    compound = np.array([number.get((c, lot), 0) for c, lot in zip(community, part.micro_lot, strict=True)])
    return frame(
        {
            "code": [f"{c}{s:02d}" for c, s in zip(grid["code"].to_numpy()[of], serial, strict=True)],
            "name": [f"{s}号微网格" for s in serial],
            "area_code": grid["area_code"].to_numpy()[of],
            "grid_id": of + 1,
            "compound_id": nullable(compound),
            "households": part.micro_households,
            "responsible_body": nothing(n),
            "valid_from": np.full(n, date(2022, 3, 1)),
            "valid_to": nothing(n),
            "plan_id": nothing(n),
            "source_id": nothing(n),
        },
        part.micro,
    )


def buildings(city: City, compound: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the table of buildings; their groups come later."""
    part = city.partition
    corner = np.concatenate([b.corner for b in city.built])
    n = len(corner)
    table = np.concatenate([b.rows for b in city.built])
    community = np.repeat(np.arange(len(city.built)), [len(b.households) for b in city.built])
    lot = np.concatenate([b.building_lot for b in city.built])
    number = {
        (c, k): i
        for i, (c, k) in enumerate(zip(part.compound_community, part.compound_lot, strict=True), start=1)
    }
    compound_id = np.array([number.get((c, k), 0) for c, k in zip(community, lot, strict=True)])
    micro = np.concatenate(part.building_micro)
    code = city.community_code[community]
    base = np.where(compound_id > 0, compound["code"].to_numpy()[compound_id - 1], code)
    group = np.where(compound_id > 0, compound_id, -1 - community)
    serial = order_within(corner.mean(axis=1), group)
    housing = table[:, rows.USE] == rows.HOUSING
    names = np.array([f"{s}栋" for s in serial], dtype=object)
    names[~housing] = None
    households = np.concatenate([b.households for b in city.built])
    return frame(
        {
            "code": [f"{b}{s:04d}" for b, s in zip(base, serial, strict=True)],
            "name": names,
            "area_code": code,
            "compound_id": nullable(compound_id),
            "grid_id": part.micro_grid_of[micro] + 1,
            "micro_grid_id": micro + 1,
            "organisation_id": pd.array([None] * n, dtype="Int64"),
            "use": np.array(rows.USES, dtype=object)[table[:, rows.USE].astype(int)],
            "floors": table[:, rows.FLOORS].astype(int),
            "households": households,
            "source_id": nothing(n),
        },
        shapely.polygons(corner),
    )


def entrances(city: City, building: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the table of entrances, on the north side of their buildings, just inside."""
    table = np.concatenate([b.rows for b in city.built])
    known = np.flatnonzero((table[:, rows.KNOWN] > 0) & (table[:, rows.UNITS] > 0))
    count = table[known, rows.UNITS].astype(int)
    of = np.repeat(known, count)
    turn = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    row = table[of]
    u = row[:, rows.CU] + row[:, rows.WIDTH] * ((turn + 0.5) / row[:, rows.UNITS] - 0.5)
    v = row[:, rows.CV] + row[:, rows.DEPTH] / 2 - 0.6
    xy = rows.turned(np.stack([u, v], axis=1)[:, None], row[:, -1])[:, 0]
    return frame(
        {
            "name": [f"{t}单元" for t in turn + 1],
            "area_code": building["area_code"].to_numpy()[of],
            "building_id": of + 1,
            "micro_grid_id": building["micro_grid_id"].to_numpy()[of],
            "organisation_id": pd.array([None] * len(of), dtype="Int64"),
            "households": (row[:, rows.FLOORS] * row[:, rows.PER_FLOOR]).astype(int),
        },
        shapely.points(xy),
    )
