"""Levelling: the demo city as drawn through `pingqi align`, judged from its files, beside GEOS's cleaner.

The judge knows nothing of this code; `PINGQI_ACCEPT` names its folder (default ../shared/accept).
Times of the peer and of ours are of one run on one machine: read the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from data.demo import DemoCity, build

LAYERS = ("compound", "grid", "micro_grid", "building")
ACCEPT = Path(os.environ.get("PINGQI_ACCEPT", "../shared/accept"))
MOST_WRONG = {False: ("3.01", "1.26"), True: ("0.42", "1.15")}
"""Misassigned compounds and grids in percent, at most: with roads between compounds, and where they tile."""


def main() -> None:
    """Print one table per city."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="city", choices=["small", "district", "city"])
    parser.add_argument("--tolerance", default=10.0, type=float)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures = {}
    for tiled in (False, True):
        with tempfile.TemporaryDirectory(prefix="pingqi-bench-") as folder:
            figures["tiled" if tiled else "roads"] = measure(
                given.scale, given.tolerance, Path(folder), tiled=tiled
            )
    if given.json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for city, of_city in figures.items():
        sys.stdout.write(
            f"\n{city} ({given.scale}, tolerance {given.tolerance:g} m, {os.cpu_count()} cores)\n"
        )
        for name, value in of_city.items():
            sys.stdout.write(f"{value:>12} {name}\n")


def measure(scale: str, tolerance: float, folder: Path, *, tiled: bool) -> dict[str, object]:
    """Write a city, clean its micro-grids with GEOS, level it, and have the result judged."""
    files = written(build(scale, tiled=tiled), folder)
    micro_grids = np.asarray(gpd.read_file(files["micro_grid"]).geometry.values)
    started = time.perf_counter()
    shapely.coverage_clean(micro_grids, snapping_distance=5, gap_width=10)
    peer = time.perf_counter() - started
    out = folder / "out.gpkg"
    command = [Path(sys.executable).with_name("pingqi"), "align", "--tolerance", str(tolerance), "--json"]
    for option, name in (("communities", "community"), ("compounds", "compound"), ("grids", "grid"),
                         ("micro-grids", "micro_grid"), ("buildings", "building")):  # fmt: skip
        command += [f"--{option}", files[name]]
    started = time.perf_counter()
    told = json.loads(
        subprocess.run([*command, "--out", out], check=True, capture_output=True, text=True).stdout
    )
    ours = time.perf_counter() - started
    return {
        "s, the whole command": round(ours, 1),
        "s, coverage_clean of the micro-grids": round(peer, 1),
        "ratio": round(ours / peer, 1),
        "MB at most": told.get("peak_memory_mb"),
        **judged(files, out, tolerance, tiled=tiled),
    }


def written(city: DemoCity, folder: Path) -> dict[str, Path]:
    """Write the drawn layers and their truth in metres; return the files by name."""
    metric = int(city.settings["metric_epsg"])
    tables = {name: city.tables[name] for name in LAYERS}
    area, truth = city.tables["area"], city.tables["reference_boundary"]
    tables["community"] = area[area["level"] == "community"]
    for name in ("compound", "grid"):
        mine = truth[truth["layer"] == name].drop(columns="id", errors="ignore")
        tables[f"truth_{name}"] = mine.rename(columns={"feature_id": "id"})
    files = {}
    for name, table in tables.items():
        columns = ["id", *(c for c in ("walled", "kind", "households") if c in table), "geometry"]
        files[name] = folder / f"{name}.gpkg"
        table[columns].to_crs(metric).to_file(files[name])
    return files


def judged(files: dict[str, Path], out: Path, tolerance: float, *, tiled: bool) -> dict[str, object]:
    """Return what the judge says, where it is there."""
    judge = ACCEPT / "judge_align.py"
    if not judge.exists():
        return {f"no judge at {judge}": "-"}
    command = [sys.executable, judge, "--out", out, "--tolerance", str(tolerance), "--json"]
    options = (
        "communities:community compounds:compound grids:grid micro-grids:micro_grid buildings:building"
        " truth-compounds:truth_compound truth-grids:truth_grid"
    )
    for option in options.split():
        name, _, layer = option.partition(":")
        command += [f"--{name}", files[layer]]
    command += ["--max-misassigned", *MOST_WRONG[tiled], *(["--tiled-compounds"] if tiled else [])]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    return {**json.loads(result.stdout), "falls short in": result.stderr.strip() or "-"}


if __name__ == "__main__":
    main()
