"""How fast files are imported into an empty store, against geopandas reading and writing the same rows.

    python benchmarks/import_rate.py [--runs 3] [--home DIR] [--json]

Pingqi's import reads, finds out encoding and coordinates, checks every row and every geometry, looks for
overlaps, numbers, stores and indexes, in one transaction; the peer is `geopandas.read_file` (for CSV,
`pandas.read_csv` and `points_from_xy`) and `to_file` into a new GeoPackage, which checks nothing. The rows
are the demo city's 37,000 micro-grids and all of its buildings, and, for CSV, a point in each building.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pandas as pd
import shapely
from map_data import city_home, open_home

from data.bulk import geo_frame_of
from data.imports import City, Options, run
from data.store import Store
from models import Building, MicroGrid

CITY = City("云江市", "990100")
FORMATS = {"GPKG": ".gpkg", "ESRI Shapefile": ".shp", "GeoJSON": ".geojson"}
GPKG = "GPKG"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--home", type=Path, help="a folder with the demo city, instead of making one")
    options.add_argument("--json", action="store_true", help="one object on standard output")
    args = options.parse_args()
    out = sys.stderr if args.json else sys.stdout
    print(f"{os.cpu_count()} cores, {args.runs} runs, load {os.getloadavg()[0]:.1f}", file=out)
    print(
        f"{'':38}{'rows/s':>9}   s: min / median / max    peer: min / median / max   Pingqi ÷ peer", file=out
    )
    rows = []
    with TemporaryDirectory(prefix="pingqi-import-") as scratch, city_home(args.home) as home:
        for target, path, count in write_files(home, Path(scratch)):
            row = compare(target, path, count, args.runs)
            rows.append(row)
            times = "  ".join(spread(row[name]) for name in ("pingqi_s", "peer_s"))
            print(
                f"{count:7,} {target:12} {path.suffix:17}{row['rows_per_s']:10,.0f}  {times}",
                end="",
                file=out,
            )
            print(f"  {row['ratio']:10.1f}", file=out, flush=True)
    if args.json:
        print(json.dumps(rows))


def write_files(home: Path, folder: Path) -> list[tuple[str, Path, int]]:
    """Write the demo city's rows as files; return target, path and number of rows of each."""
    store, _ = open_home(home)
    with store.reading() as session:
        micro_grids = geo_frame_of(session, MicroGrid, ["code", "name", "area_code", "households"])
        buildings = geo_frame_of(session, Building, ["code", "name", "area_code", "floors", "households"])
    store.close()
    files = []
    for target, frame in (("micro_grid", micro_grids), ("building", buildings)):
        for driver, suffix in FORMATS.items():
            path = folder / f"{target}{suffix}"
            frame.to_file(path, driver=driver, engine="pyogrio")
            files.append((target, path, len(frame)))
    inside = shapely.point_on_surface(buildings.geometry.values)
    table = {"帮办代办点名称": buildings["code"], "办理事项": buildings["floors"]}
    table |= {"经度": shapely.get_x(inside), "纬度": shapely.get_y(inside)}
    path = folder / "assist_point.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    return [*files, ("assist_point", path, len(buildings))]


def compare(target: str, path: Path, count: int, runs: int) -> dict[str, object]:
    """Import a file and let the peer do it, in turns."""
    ours, peers = [], []
    for _ in range(runs):
        with TemporaryDirectory(dir=path.parent) as folder:
            ours.append(seconds(lambda: pingqi(target, path, Path(folder), count)))
            peers.append(seconds(lambda: peer(path, Path(folder))))
    own, other = statistics.median(ours), statistics.median(peers)
    return {
        "target": target,
        "format": path.suffix,
        "rows": count,
        "pingqi_s": ours,
        "peer_s": peers,
        "rows_per_s": count / own,
        "ratio": own / other,
    }


def pingqi(target: str, path: Path, folder: Path, count: int) -> None:
    store = Store.open(f"sqlite:///{folder}/city.gpkg")
    report = run(store, path, target, Options(city=CITY))
    store.close()
    if report.stored != count:
        raise SystemExit(f"{path.name}: {report.stored} of {count} rows stored; {report.problems[:3]}")


def peer(path: Path, folder: Path) -> None:
    if path.suffix == ".csv":
        table = pd.read_csv(path)
        frame = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["经度"], table["纬度"]), crs=4490)
    else:
        frame = gpd.read_file(path)
    frame.to_file(folder / "peer.gpkg", driver=GPKG)


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(values: list[float]) -> str:
    return f"{min(values):7.1f} {statistics.median(values):7.1f} {max(values):7.1f}"


if __name__ == "__main__":
    main()
