"""Assigning and counting 1,000,000 records over six levels, against geopandas and DuckDB in the same run.

    python benchmarks/overlays.py [--runs 3] [--records 1000000] [--home DIR] [--json]

Assigning: from points in memory to how many lie in each county, subdistrict, community, compound, grid and
micro-grid of the demo city. The peer is `geopandas.sjoin` and `groupby`, level by level, on the same
points and polygons; results are compared row by row, each run. (DuckDB's `spatial` extension is not on PyPI
and would be fetched from outside, so DuckDB takes no part in this.)
Counting: once records name what they lie in, how many and how many satisfied are in each unit, in a period.
The peers are DuckDB's `GROUP BY` and pandas' `groupby`, over the same columns in memory.
Answers: what the server needs for an overlay of ratings with intervals and ranks, over every level.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from map_data import city_home, open_home

from data.assigning import LAYERS, areas_at, features_at
from data.bulk import geo_frame_of, insert_frame
from data.periods import Window
from data.queries.records import SATISFIED, Metric, measure
from data.scope import Scope
from data.store import Store
from data.units import Level
from geo.hexagons import cells
from geo.locate import Points
from models import Area, Building, Rating
from models.areas import SIGNIFICANT
from models.enums import AreaLevel, PlaceKind

AREAS = (AreaLevel.COUNTY, AreaLevel.SUBDISTRICT, AreaLevel.COMMUNITY)
LEVELS = (Level.COUNTY, Level.SUBDISTRICT, Level.COMMUNITY, Level.COMPOUND, Level.GRID, Level.MICRO_GRID)
FIRST = date(2024, 1, 1)
DAYS = 730
HALF = Window(date(2024, 7, 1), date(2024, 12, 31))
ANSWERS = 20
Counts = dict[str, pd.Series]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--home", type=Path, help="a folder with the demo city, instead of making one")
    options.add_argument("--json", action="store_true", help="one object on standard output")
    args = options.parse_args()
    out = sys.stderr if args.json else sys.stdout
    print(f"{os.cpu_count()} cores, {args.runs} runs, load {os.getloadavg()[0]:.1f}", file=out)
    with TemporaryDirectory(prefix="pingqi-overlays-") as folder, city_home(args.home) as home:
        shutil.copy(home / "city.gpkg", Path(folder) / "city.gpkg")
        store, _ = open_home(Path(folder))
        points = scattered(store, args.records)
        result = {"records": args.records, "runs": args.runs, "load": os.getloadavg()[0]}
        result["assign"] = assigning(store, points, args.runs, out)
        fill(store, points)
        result["count"] = counting(store, args.runs, out)
        result["answer_ms"] = answering(store, out)
        store.close()
    if args.json:
        print(json.dumps(result))


def scattered(store: Store, count: int) -> np.ndarray:
    """Return points around the city's dwellings, shape (n, 2) in degrees; some lie on open land."""
    rng = np.random.default_rng(2026)
    with store.reading() as session:
        frame = geo_frame_of(session, Building, ["households"], Building.households > 0)
    weight = frame["households"].to_numpy(dtype=float)
    at = rng.choice(len(frame), count, p=weight / weight.sum())
    middle = shapely.get_coordinates(shapely.centroid(frame.geometry.values))[at]
    return middle + rng.normal(0, 2e-4, (count, 2))


# --- assigning ---


def assigning(store: Store, points: np.ndarray, runs: int, out: Any) -> dict[str, Any]:
    """Assign and count by both, in turns, and compare every row."""
    polygons = polygons_of(store)
    frame = gpd.GeoDataFrame(geometry=shapely.points(points), crs=4490)
    ours, peers = [], []
    for _ in range(runs):
        mine, taken = timed(lambda: pingqi(store, points))
        ours.append(taken)
        theirs, taken = timed(lambda: geopandas(frame, polygons))
        peers.append(taken)
        compare(mine, theirs)
    tell("assign, six levels", ours, {"geopandas sjoin + groupby": peers}, out)
    return {"pingqi_s": ours, "geopandas_s": peers, "rows": sum(map(len, mine.values())), "equal": True}


def polygons_of(store: Store) -> dict[str, gpd.GeoDataFrame]:
    """Return the polygons of each level, by code."""
    with store.reading() as session:
        found = {
            level.value: geo_frame_of(session, Area, ["code"], Area.level == level).set_index("code")
            for level in AREAS
        }
        for layer, model in LAYERS.items():
            in_force = [model.valid_to.is_(None)] if hasattr(model, "valid_to") else []
            found[layer] = geo_frame_of(session, model, ["code"], *in_force).set_index("code")
    return found


def pingqi(store: Store, points: np.ndarray) -> Counts:
    """Assign as an import does, from the store's polygons, and count."""
    with store.reading() as session:
        at = Points(points[:, 0], points[:, 1])
        features = features_at(session, at)
        codes = areas_at(session, at)
        names = {
            layer: geo_frame_of(session, model, ["id", "code"]).set_index("id")["code"]
            for layer, model in LAYERS.items()
        }
    seats, distinct = pd.factorize(codes)
    number = pd.Series(np.bincount(seats[seats >= 0], minlength=len(distinct)), index=distinct)
    counts = {}
    for level in AREAS:
        prefix = number.index.str[: SIGNIFICANT[level]]
        deep = deep_enough(prefix, level)
        counts[level.value] = number[deep].groupby(prefix[deep].str.ljust(12, "0")).sum()
    for layer, ids in features.items():
        held = np.bincount(ids)
        held[0] = 0
        there = np.flatnonzero(held)
        counts[layer] = pd.Series(held[there], index=names[layer].loc[there])
    return counts


def deep_enough(prefix: Any, level: AreaLevel) -> Any:
    """Tell which prefixes name an area of a level, and not a larger one."""
    own = 2 if level is AreaLevel.COUNTY else 3
    return prefix.str[-own:] != "0" * own


def geopandas(frame: gpd.GeoDataFrame, polygons: dict[str, gpd.GeoDataFrame]) -> Counts:
    """Join and group level by level; a point in two polygons counts in the first."""
    counts = {}
    for level, layer in polygons.items():
        joined = gpd.sjoin(frame, layer.reset_index(), predicate="intersects")
        joined = joined.sort_values("index_right", kind="stable")
        joined = joined[~joined.index.duplicated()]
        counts[level] = joined.groupby("code").size()
    return counts


def compare(mine: Counts, theirs: Counts) -> None:
    """Stop where a row differs."""
    for level, found in theirs.items():
        own = mine[level].sort_index().astype(int)
        other = found.sort_index().astype(int)
        if own.index.tolist() != other.index.tolist() or (own.to_numpy() != other.to_numpy()).any():
            both = pd.DataFrame({"mine": own, "theirs": other}).fillna(0)
            raise SystemExit(f"{level}: {both[both['mine'] != both['theirs']].head()}")


# --- counting ---


def fill(store: Store, points: np.ndarray) -> None:
    """Put ratings at the points into the store, in place of the demo's."""
    rng = np.random.default_rng(7)
    with store.writing("rating") as session:
        at = Points(points[:, 0], points[:, 1])
        features = features_at(session, at)
        codes = areas_at(session, at)
        codes[codes == None] = "".ljust(12, "0")  # noqa: E711  (element by element)
        session.execute(Rating.__table__.delete())
        day = rng.integers(0, DAYS, len(points))
        frame = pd.DataFrame(
            {
                "area_code": codes,
                "place": np.where(codes == "0" * 12, PlaceKind.NOWHERE.value, PlaceKind.POINT.value),
                "lon": points[:, 0],
                "lat": points[:, 1],
                "cell": cells(points[:, 0], points[:, 1]).astype(np.int64),
                "score": rng.choice(5, len(points), p=[0.03, 0.05, 0.12, 0.4, 0.4]) + 1,
                "rated_on": np.array([FIRST + timedelta(days=n) for n in range(DAYS)], dtype=object)[day],
            }
        )
        for layer, ids in features.items():
            frame[f"{layer}_id"] = pd.Series(ids).astype("Int64").mask(ids == 0)
        insert_frame(session, Rating, frame)


def counting(store: Store, runs: int, out: Any) -> dict[str, Any]:
    """Count ratings by level in a period: our columns in memory, DuckDB's and pandas'."""
    with store.reading() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT area_code, compound_id, grid_id, micro_grid_id, score, rated_on FROM rating"
        )
        table = pd.DataFrame(
            rows.all(), columns=["area_code", "compound", "grid", "micro_grid", "score", "day"]
        )
    table["day"] = pd.to_datetime(table["day"])
    for level in AREAS:
        prefix = table["area_code"].str[: SIGNIFICANT[level]]
        table[level.value] = prefix.where(deep_enough(prefix, level)).astype("category")
    base = duckdb.connect()
    base.register("ratings", table)
    base.execute("CREATE TABLE rating AS SELECT * FROM ratings")
    for level in LEVELS:  # what a process does once
        measure(store, Scope(), Metric.SATISFACTION, level, HALF)
    ours: list[float] = []
    peers: dict[str, list[float]] = {"DuckDB GROUP BY": [], "pandas groupby": []}
    for _ in range(runs):
        mine, taken = timed(lambda: [measured(store, level) for level in LEVELS])
        ours.append(taken)
        duck, taken = timed(lambda: [by_duckdb(base, level.value) for level in LEVELS])
        peers["DuckDB GROUP BY"].append(taken)
        panda, taken = timed(lambda: by_pandas(table))
        peers["pandas groupby"].append(taken)
        for own, one, other in zip(mine, duck, panda, strict=True):
            if not own == one == other:
                raise SystemExit(f"counts differ: {np.sum(own, 0)} {np.sum(one, 0)} {np.sum(other, 0)}")
    tell("count, six levels", ours, peers, out)
    return {"pingqi_s": ours, "peers_s": peers, "equal": True}


def measured(store: Store, level: Level) -> list[tuple[int, int]]:
    """Return how many and how many satisfied in each unit that has any, with all that an overlay tells."""
    frame = measure(store, Scope(), Metric.SATISFACTION, level, HALF).frame
    frame = frame[frame["n"] > 0]
    return sorted(zip(frame["n"].tolist(), frame["numerator"].tolist(), strict=True))


def by_duckdb(base: duckdb.DuckDBPyConnection, level: str) -> list[tuple[int, int]]:
    """Return the same from DuckDB; ids and prefixes name the units."""
    rows = base.execute(
        f"SELECT count(*), count(*) FILTER (score >= {SATISFIED}) FROM rating"  # noqa: S608  (our own names)
        f" WHERE day BETWEEN '{HALF.start}' AND '{HALF.end}' AND {level} IS NOT NULL GROUP BY {level}"
    ).fetchall()
    return sorted((int(n), int(over)) for n, over in rows)


def by_pandas(table: pd.DataFrame) -> list[list[tuple[int, int]]]:
    """Return the same from pandas."""
    inside = table[table["day"].between(pd.Timestamp(HALF.start), pd.Timestamp(HALF.end))]
    inside = inside.assign(over=lambda one: one["score"] >= SATISFIED)
    found = []
    for level in LEVELS:
        grouped = inside.groupby(level.value, observed=True)["over"].agg(["size", "sum"])
        found.append(sorted(zip(grouped["size"].tolist(), grouped["sum"].tolist(), strict=True)))
    return found


def answering(store: Store, out: Any) -> dict[str, float]:
    """Return how long an overlay with intervals and ranks takes, over all levels and several periods."""
    taken: list[float] = []
    for n in range(ANSWERS):
        start = FIRST + timedelta(days=17 * n)
        window = Window(start, start + timedelta(days=180))
        taken += [answered(store, level, window) for level in (*LEVELS, Level.CELL)]
    spread = {"p50": float(np.percentile(taken, 50) * 1000), "p95": float(np.percentile(taken, 95) * 1000)}
    print(f"answer, {len(taken)} overlays: p50 {spread['p50']:.1f} ms, p95 {spread['p95']:.1f} ms", file=out)
    return spread


def answered(store: Store, level: Level, window: Window) -> float:
    """Return the seconds that one overlay takes."""
    return timed(lambda: measure(store, Scope(), Metric.SATISFACTION, level, window))[1]


# --- telling ---


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def tell(what: str, ours: list[float], peers: dict[str, list[float]], out: Any) -> None:
    own = statistics.median(ours)
    print(f"{what}: Pingqi {spread(ours)} s, results equal row by row", file=out)
    for name, times in peers.items():
        print(
            f"  {name}: {spread(times)} s, {statistics.median(times) / own:.1f} times ours",
            file=out,
            flush=True,
        )


def spread(values: list[float]) -> str:
    return f"{min(values):.2f} / {statistics.median(values):.2f} / {max(values):.2f}"


if __name__ == "__main__":
    main()
