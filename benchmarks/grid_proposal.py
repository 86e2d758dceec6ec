"""Micro-grids of the demo city through `pingqi propose`, judged from its files; what moves after changes.

    python benchmarks/grid_proposal.py [--scale small|district|city] [--outlines true|drawn] [--band 30-50]

The judge knows nothing of this code; `PINGQI_ACCEPT` names its folder (default ../shared/accept).
It counts the households of entrances only, so a building without any is given one here.
Then 6% of the buildings grow or shrink by a fifth, and the city is proposed again from its micro-grids.
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
from typing import Any

import geopandas as gpd
import pandas as pd
from grids import city, with_changes

ACCEPT = Path(os.environ.get("PINGQI_ACCEPT", "../shared/accept"))
BANDS = {"30-50": ("30", "50", "95"), "85-115": ("85", "115", "97")}
"""Least and most households, and the share in band that is wanted, in percent."""
LAYERS = ("communities", "buildings", "compounds", "entrances")


def main() -> None:
    """Print one table per band."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="city", choices=["small", "district", "city"])
    parser.add_argument("--outlines", default="true", choices=["true", "drawn"])
    parser.add_argument("--band", choices=list(BANDS), action="append")
    given = parser.parse_args()
    layers = city(given.scale, drawn=given.outlines == "drawn")
    for band in given.band or BANDS:
        with tempfile.TemporaryDirectory(prefix="pingqi-bench-") as folder:
            figures = measure(layers, band, Path(folder))
        sys.stdout.write(
            f"\n{band} ({given.scale}, outlines {given.outlines}, {os.cpu_count()} cores,"
            f" load {os.getloadavg()[0]:.1f})\n"
        )
        for name, value in figures.items():
            sys.stdout.write(f"{value!s:>12} {name}\n")
        sys.stdout.flush()


def measure(layers: dict[str, Any], band: str, folder: Path) -> dict[str, object]:
    """Propose, have it judged, and propose again after changes."""
    files = written(complete(layers), folder, "")
    first, again = folder / "first.gpkg", folder / "again.gpkg"
    told, seconds = proposed(files, band, first)
    figures: dict[str, object] = {
        "s, the whole command": round(seconds, 1),
        **{f"s, {step}": took for step, took in told["seconds_by_step"].items()},
        "MB at most": told["peak_memory_mb"],
        "micro-grids": told["micro_grids"],
        "% in band, own count": told["in_band_percent"],
        "compactness": told["compactness"],
        "the judge says": judged(files, band, first),
    }
    changed = written(complete(with_changes(layers)), folder, "changed_")
    told, seconds = proposed(changed, band, again, "--existing", f"{first}|layername=micro_grid")
    return figures | {
        "s, proposed again": round(seconds, 1),
        "% of households moved": round(100 * told["moved_households"] / told["households"], 2),
        "the judge says then": judged(changed, band, again),
    }


def complete(layers: dict[str, Any]) -> dict[str, Any]:
    """Return the city with an entrance in every building."""
    buildings, entrances = layers["buildings"], layers["entrances"]
    bare = buildings[~buildings["id"].isin(entrances["building_id"])]
    own = gpd.GeoDataFrame(
        {"building_id": bare["id"], "households": bare["households"]}, geometry=bare.representative_point()
    )
    columns = ["building_id", "households", "geometry"]
    return layers | {"entrances": pd.concat([entrances[columns], own], ignore_index=True)}


def written(layers: dict[str, Any], folder: Path, prefix: str) -> dict[str, Path]:
    """Write the layers in metres; return the files by option."""
    files = {}
    for option, table in layers.items():
        name = "roads" if option == "lines" else option
        files[name] = folder / f"{prefix}{name}.gpkg"
        columns = [c for c in ("id", "building_id", "households") if c in table]
        gpd.GeoDataFrame(table[[*columns, "geometry"]]).to_file(files[name])
    return files


def proposed(files: dict[str, Path], band: str, out: Path, *more: str) -> tuple[dict[str, Any], float]:
    """Return what the command told, and its seconds."""
    least, most, _share = BANDS[band]
    command = [Path(sys.executable).with_name("pingqi"), "propose", "--min", least, "--max", most, "--json"]
    for option, file in files.items():
        command += [f"--{option}", file]
    started = time.perf_counter()
    result = subprocess.run([*command, "--out", out, *more], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(result.stdout), time.perf_counter() - started


def judged(files: dict[str, Path], band: str, out: Path) -> str:
    """Return what the judge says, where it is there."""
    judge = ACCEPT / "judge_grids.py"
    if not judge.exists():
        return f"no judge at {judge}"
    least, most, share = BANDS[band]
    command = [sys.executable, judge, "--out", out, "--min", least, "--max", most, "--share", share]
    for option in LAYERS:
        command += [f"--{option}", files[option]]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
