"""How fast a million requests, claims and ratings are imported from CSV, and with how much memory.

    python benchmarks/record_import.py [--rows 1000000] [--home DIR] [--json]

Each import runs in a process of its own, so that its peak memory is its own: reading, recognising columns,
checking every cell, finding what each record lies in on seven levels and its H3 cell, and storing it with
indexes, in one transaction, into a copy of the demo city. The peer is `pandas.read_csv` and `to_sql` into an
empty SQLite file: it checks nothing, finds nothing and has no index.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import shapely
from map_data import city_home, open_home

from data.bulk import geo_frame_of
from data.imports import Options, run
from data.store import Store
from models import Building

FIRST = np.datetime64("2024-01-01T00:00:00")
TARGETS = ("request", "claim", "rating")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--home", type=Path, help="a folder with the demo city, instead of making one")
    options.add_argument("--json", action="store_true", help="one object on standard output")
    options.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    args = options.parse_args()
    if args.one:
        print(json.dumps(one(*args.one)))
        return
    out = sys.stderr if args.json else sys.stdout
    print(f"{os.cpu_count()} cores, {args.rows:,} rows, load {os.getloadavg()[0]:.1f}", file=out)
    rows = []
    with TemporaryDirectory(prefix="pingqi-records-") as scratch, city_home(args.home) as home:
        folder = Path(scratch)
        write_files(home, folder, args.rows)
        for target in TARGETS:
            ours, peer = (child(who, target, folder, home) for who in ("pingqi", "pandas"))
            rows.append({"target": target, "rows": args.rows, "pingqi": ours, "pandas": peer})
            print(
                f"{target:8} Pingqi {ours['seconds']:6.1f} s ({args.rows / ours['seconds']:7,.0f} rows/s,"
                f" {ours['cpu_s']:.1f} s of CPU, {ours['peak_mb']:,.0f} MB)"
                f"  pandas {peer['seconds']:6.1f} s ({peer['peak_mb']:,.0f} MB)"
                f"  Pingqi ÷ pandas {ours['seconds'] / peer['seconds']:.1f}",
                file=out,
                flush=True,
            )
    if args.json:
        print(json.dumps(rows))


def write_files(home: Path, folder: Path, count: int) -> None:
    """Write a CSV file of each kind with Chinese headers; coordinates around dwellings."""
    store, _ = open_home(home)
    with store.reading() as session:
        frame = geo_frame_of(session, Building, ["households"], Building.households > 0)
    store.close()
    rng = np.random.default_rng(2026)
    middle = shapely.get_coordinates(shapely.centroid(frame.geometry.values))
    xy = (middle[rng.integers(0, len(middle), count)] + rng.normal(0, 2e-4, (count, 2))).round(6)
    asked = FIRST + rng.integers(0, 700 * 86_400, count).astype("timedelta64[s]")
    done = asked + rng.integers(3_600, 20 * 86_400, count).astype("timedelta64[s]")
    place = {"经度": xy[:, 0], "纬度": xy[:, 1]}
    settled = rng.random(count) < 0.9
    number = np.char.zfill(np.arange(count).astype(str), 8)
    tables = {
        "request": {
            "工单编号": np.char.add("G", number),
            "诉求类别": rng.choice(["修灯", "停车", "噪音", "漏水"], count),
            "承办单位": rng.choice(["城管", "物业", "街道"], count),
            "受理时间": moments(asked),
            "办理期限": moments(asked + np.timedelta64(7 * 86_400, "s")),
            "响应时间": moments(asked + np.timedelta64(3_600, "s")),
            "办结时间": np.where(settled, moments(done), ""),
        },
        "claim": {
            "认领编号": np.char.add("R", number),
            "服务项目": rng.choice(["修灯", "打扫楼道", "送餐"], count),
            "项目来源": rng.choice(["必选", "自选", "推荐"], count),
            "认领主体": rng.choice(["驻区单位", "党组织", "党员"], count),
            "认领日期": days(asked),
            "完成日期": np.where(settled, days(done), ""),
        },
        "rating": {"评分": rng.integers(1, 6, count), "评价日期": days(done)},
    }
    for target, columns in tables.items():
        pd.DataFrame(columns | place).to_csv(folder / f"{target}.csv", index=False)


def moments(times: np.ndarray) -> np.ndarray:
    return np.char.replace(np.datetime_as_string(times), "T", " ")


def days(times: np.ndarray) -> np.ndarray:
    return np.datetime_as_string(times.astype("datetime64[D]"))


def child(who: str, target: str, folder: Path, home: Path) -> dict[str, float]:
    """Import one file in a process of its own."""
    path = folder / "into.gpkg"
    if who == "pingqi":
        shutil.copy(home / "city.gpkg", path)
    else:
        path.unlink(missing_ok=True)
    command = [sys.executable, __file__, "--one", who, str(folder / f"{target}.csv"), str(path)]
    ended = subprocess.run(command, capture_output=True, check=False, text=True)
    if ended.returncode:
        raise SystemExit(ended.stderr[-2000:])
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def one(who: str, source: str, path: str) -> dict[str, float]:
    """Import a file and tell what it took."""
    start, cpu = time.perf_counter(), time.process_time()
    (pingqi if who == "pingqi" else pandas)(Path(source), Path(path))
    return {
        "seconds": time.perf_counter() - start,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": peak_mb(),
    }


def peak_mb() -> float:
    """Return the peak memory of this process: on Linux a child's ``ru_maxrss`` begins with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pingqi(source: Path, path: Path) -> None:
    store = Store.open(f"sqlite:///{path}")
    report = run(store, source, source.stem, Options())
    store.close()
    if report.stored != report.read:
        raise SystemExit(f"{source.name}: {report.stored} of {report.read} rows; {report.problems[:3]}")


def pandas(source: Path, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        pd.read_csv(source).to_sql(source.stem, connection, index=False)


if __name__ == "__main__":
    main()
