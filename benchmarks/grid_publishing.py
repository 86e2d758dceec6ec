"""How long all drafts of a city take to be published, and one that moves a station takes beside it.

    python benchmarks/grid_publishing.py [--scale small]

Every community of the demo city is divided into micro-grids of 30–50 households from its true outlines, all
drafts are published as the job of 微网格工作台 does, then once more a station is moved in each community that
has one and these drafts are published. Times are of one run; read them with the load.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from data import drawing_stations, drawings
from data.cities import write_demo
from data.demo import build
from data.drawing_batch import publish_all, waiting
from data.drawing_begin import begin
from data.drawing_stations import StationRef
from data.drawings import Sheet
from data.jobs import Report
from data.scope import Scope
from data.store import Store

CITY = Scope()
PUBLISH: dict[str, Any] = {"scope_prefix": "", "account_id": None}
ALL: dict[str, Any] = {**PUBLISH, "communities": [], "band": (30, 50)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="small")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        store = Store.open(f"sqlite:///{home / 'city.gpkg'}")
        write_demo(store, build(given.scale))
        report = Report(home, "")
        print(f"{platform.machine()}, {os.cpu_count()} cores, scale {given.scale}, one run")
        timed("divided", lambda: begin(store, report, **ALL, proposing=True), "communities")
        timed("published", lambda: publish_all(store, report, **PUBLISH), "published", "buildings", "left")
        begin(store, report, **ALL, proposing=False)
        moved = sum(move(store, one.plan_id) for one in drafts(store))
        print(f"a station moved in each of {moved} drafts")
        timed("published", lambda: publish_all(store, report, **PUBLISH), "published", "left")
        store.close()


def drafts(store: Store) -> list[Any]:
    """Return the drafts that wait to be published."""
    with store.reading() as session:
        return waiting(session, CITY)


def move(store: Store, plan: int) -> bool:
    """Move the first station of a draft's community into another of its cells; tell whether there is one."""
    sheet = drawings.load(store, CITY, plan)
    with store.reading() as session:
        found = drawing_stations.stations(session, CITY, sheet)
        if not found:
            return False
        change = drawing_stations.moved(session, CITY, sheet, found[0].id, elsewhere(sheet, found[0]))
    drawings.edit(store, CITY, plan, sheet.version, lambda draft: draft.do(change))
    return True


def elsewhere(sheet: Sheet, station: StationRef) -> tuple[float, float]:
    """Return the place of the cell that is furthest from a station."""
    points = sheet.degrees(shapely.point_on_surface(sheet.draft.fabric.polygon))
    xy = shapely.get_coordinates(points)
    x, y = xy[np.hypot(*(xy - station.place).T).argmax()]
    return float(x), float(y)


def timed(what: str, work: Any, *fields: str) -> None:
    """Do something; print how long it took and what it came to."""
    load, start, cpu = os.getloadavg()[0], time.perf_counter(), time.process_time()
    result = work()
    took, used = time.perf_counter() - start, time.process_time() - cpu
    told = ", ".join(
        f"{name} {len(result[name]) if isinstance(result[name], list) else result[name]:,}" for name in fields
    )
    print(f"{what}: {took:.1f} s ({used:.1f} s of CPU in this process), load {load:.1f}; {told}")
    for one in result.get("left", []):
        print(*one)


if __name__ == "__main__":
    main()
