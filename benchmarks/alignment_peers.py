"""Levelling beside what others offer: the same drawn compounds and grids, the same figures, one process each.

The peers know one layer at a time; each gets the compounds of the tiled demo city, which are to cover their
communities, and the grids. Pingqi solves both together. Displacement is Hausdorff's, against each polygon's
own drawing. maup only runs where it is installed, mapshaper where npx is there (`npx --yes mapshaper@0.7`).
Times are of whole processes on one machine: read ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from alignment import written

from data.demo import build
from geo.align import Choices, align

TOLERANCE_M = 10.0
SNAP_M = 5.0
LAYERS = ("compound", "grid")
COLUMNS = ("s", "MB", "overlaps", "gaps", "valid", "lost", "max_m", "over_10_m", "misassigned_%", "exact")


def main() -> None:
    """Print a table of tools per layer, and how Pingqi's time grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="district", choices=["small", "district", "city"])
    parser.add_argument("--tool", help="run one tool on a folder and stop")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.tool:
        TOOLS[given.tool](given.folder)
        return
    with tempfile.TemporaryDirectory(prefix="pingqi-peers-") as name:
        folder = Path(name)
        written(build(given.scale, tiled=True), folder)
        rows = [{"tool": "as drawn", **figures(folder, None, layer)} for layer in LAYERS]
        for tool in TOOLS:
            if tool == "maup" and not find_spec("maup"):
                sys.stdout.write("maup is not installed; left out\n")
                continue
            if tool == "mapshaper" and not shutil.which("npx"):
                sys.stdout.write("npx is not there; mapshaper left out\n")
                continue
            spent = run(tool, folder)
            rows += [{"tool": tool, **spent, **figures(folder, tool, layer)} for layer in LAYERS]
        show(rows)
        grow(folder)


def run(tool: str, folder: Path) -> dict[str, Any]:
    """Run one tool in a process of its own; return its time and the memory of it and its children."""
    command = [sys.executable, __file__, "--tool", tool, "--folder", str(folder)]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"s": round(time.perf_counter() - started, 1), "MB": json.loads(done.stdout.splitlines()[-1])}


def read(folder: Path, layer: str) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / f"{layer}.gpkg")


def write(folder: Path, tool: str, layer: str, frame: gpd.GeoDataFrame) -> None:
    frame[["id", "geometry"]].to_file(folder / f"{tool}_{layer}.gpkg")


def spent() -> None:
    """Print the peak memory of this process and its children, in MB."""
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    sys.stdout.write(f"{peak // 1024}\n")


def coverage_clean(folder: Path) -> None:
    """GEOS's cleaner, through shapely."""
    for layer in LAYERS:
        frame = read(folder, layer)
        cleaned = shapely.coverage_clean(
            frame.geometry.to_numpy(), snapping_distance=SNAP_M, gap_width=TOLERANCE_M
        )
        write(folder, "coverage_clean", layer, frame.set_geometry(gpd.GeoSeries(cleaned, crs=frame.crs)))
    spent()


def mapshaper(folder: Path) -> None:
    """Clean by mapshaper."""
    for layer in LAYERS:
        source, target = folder / f"ms_{layer}.json", folder / f"ms_{layer}_out.json"
        frame = read(folder, layer)
        frame[["id", "geometry"]].to_file(source, driver="GeoJSON")
        options = [f"snap-interval={SNAP_M}", f"gap-fill-area={TOLERANCE_M * 100}"]
        subprocess.run(
            ["npx", "--yes", "mapshaper@0.7", source, "-clean", *options, "-o", target, "format=geojson"],
            check=True, capture_output=True, env={**os.environ, "npm_config_ignore_scripts": "true"},
        )  # fmt: skip
        write(folder, "mapshaper", layer, gpd.read_file(target).set_crs(frame.crs, allow_override=True))
    spent()


def maup(folder: Path) -> None:
    """Repair by maup, nested in the communities."""
    from maup import smart_repair  # noqa: PLC0415  (a peer that may not be there)

    communities = read(folder, "community")
    for layer in LAYERS:
        frame = read(folder, layer)
        repaired = smart_repair(frame[["id", "geometry"]], nest_within_regions=communities.geometry)
        write(folder, "maup", layer, repaired)
    spent()


def pingqi(folder: Path) -> None:
    """Level both layers together."""
    communities, compounds, grids = (read(folder, name) for name in ("community", *LAYERS))
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes, mp_context=get_context("forkserver")) as executor:
        result = align(communities, compounds, grids, choices=Choices(TOLERANCE_M), executor=executor)
    refused = result.refusals.groupby("layer")["feature_id"].nunique().to_dict()
    (folder / "pingqi_refused.json").write_text(json.dumps(refused))
    write(folder, "pingqi", "compound", result.compounds)
    write(folder, "pingqi", "grid", result.grids)
    spent()


TOOLS = {"coverage_clean": coverage_clean, "mapshaper": mapshaper, "maup": maup, "pingqi": pingqi}


def figures(folder: Path, tool: str | None, layer: str) -> dict[str, Any]:
    """Measure one layer, whoever made it."""
    drawn, truth = read(folder, layer).set_index("id"), read(folder, f"truth_{layer}").set_index("id")
    frames = read(folder, "community").geometry.to_numpy()
    made = drawn if tool is None else gpd.read_file(folder / f"{tool}_{layer}.gpkg").set_index("id")
    made = made[~(made.geometry.is_empty | made.geometry.isna())]
    shapes = made.geometry.to_numpy()
    valid = np.where(shapely.is_valid(shapes), shapes, shapely.make_valid(shapes))
    a, b = shapely.STRtree(valid).query(valid, predicate="intersects")
    common = shapely.area(shapely.intersection(valid[a[a < b]], valid[b[a < b]]))
    rest = shapely.get_parts(shapely.difference(shapely.union_all(frames), shapely.union_all(valid)))
    old = drawn.geometry.reindex(made.index).to_numpy()
    moved = shapely.hausdorff_distance(shapely.boundary(old), shapely.boundary(valid))
    right = truth.geometry.reindex(made.index).to_numpy()
    wrong = shapely.area(shapely.symmetric_difference(valid, right)).sum() / 2
    home = shapely.STRtree(frames).query(shapely.point_on_surface(valid), predicate="intersects")
    unions = [shapely.union_all(valid[home[0][home[1] == k]]) for k in range(len(frames))]
    exact = shapely.area(shapely.symmetric_difference(np.array(unions, dtype=object), frames)) < 1e-2
    return {
        "layer": layer,
        "overlaps": int((common > 1e-3).sum()),
        "gaps": int((shapely.area(rest) > 1e-3).sum()),
        "valid": bool(shapely.is_valid(shapes).all() and shapely.coverage_is_valid(valid)),
        "lost": len(drawn) - len(made),
        "max_m": round(float(np.nanmax(moved)), 1),
        "over_10_m": int((moved > TOLERANCE_M + 0.02).sum()),
        "misassigned_%": round(100 * float(wrong) / float(shapely.area(right).sum()), 3),
        "exact": f"{int(exact.sum())}/{len(frames)}",
    }


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    for layer in LAYERS:
        sys.stdout.write(f"\n{layer} ({os.cpu_count()} cores, one run)\n| tool | {' | '.join(COLUMNS)} |\n")
        sys.stdout.write("|---" * (len(COLUMNS) + 1) + "|\n")
        for row in rows:
            if row["layer"] == layer:
                cells = " | ".join(str(row.get(column, "–")) for column in COLUMNS)
                sys.stdout.write(f"| {row['tool']} | {cells} |\n")


def grow(folder: Path) -> None:
    """Print how long Pingqi takes for more and more communities, one process."""
    communities, compounds, grids = (read(folder, name) for name in ("community", *LAYERS))
    home = shapely.STRtree(communities.geometry.to_numpy())
    inside = [
        home.query(f.representative_point().to_numpy(), predicate="intersects") for f in (compounds, grids)
    ]
    sys.stdout.write("\n| communities | compounds | grids | CPU s | ms a grid |\n|---|---|---|---|---|\n")
    for share in (0.125, 0.25, 0.5, 1.0):
        count = max(1, int(share * len(communities)))
        some = [
            f.iloc[np.unique(i[i_f < count])] for f, (i, i_f) in zip((compounds, grids), inside, strict=True)
        ]
        started = time.process_time()
        align(communities.iloc[:count], *some, choices=Choices(TOLERANCE_M))
        cpu = time.process_time() - started
        sys.stdout.write(
            f"| {count} | {len(some[0])} | {len(some[1])} | {cpu:.1f} | {1000 * cpu / len(some[1]):.1f} |\n"
        )


if __name__ == "__main__":
    main()
