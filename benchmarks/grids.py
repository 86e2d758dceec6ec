"""Micro-grids of the demo city, by Pingqi and by others on the same cells; stability; how fast an edit is.

    python benchmarks/grids.py [--scale small|district|city] [--processes N]

The others are those of `grid_peers.py` that are installed. Stability: 6% of the buildings change their
households; those in another micro-grid afterwards are counted, and a relabelling is no move.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from grid_peers import installed
from scipy.optimize import linear_sum_assignment

from data.demo import build
from geo.draft import Draft
from geo.editing import move
from geo.edits import MicroGrid
from geo.fabric import Fabric
from geo.partition import Band
from geo.proposal import Proposal, Wishes, propose

Divide = Callable[[Fabric, int, Band], np.ndarray]
CHANGED = 0.06
BANDS = (Band(30, 50), Band(85, 115))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="city")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    layers = city(given.scale)
    print(
        f"{platform.machine()}, {given.processes} processes, one run; {len(layers['buildings']):,} buildings"
    )
    print("band      tool    s    in band  disconnected  compact  spanning  moved")
    with ProcessPoolExecutor(given.processes, multiprocessing.get_context("spawn")) as pool:
        for band in BANDS:
            started = time.perf_counter()
            first = propose(**layers, wishes=Wishes(band), executor=pool)
            seconds = time.perf_counter() - started
            changed = with_changes(layers)
            again = propose(**changed, existing=first.micro_grids, wishes=Wishes(band), executor=pool)
            row(band, "pingqi", seconds, first.cells, moved(again))
            for name, divide in installed().items():
                peer(name, divide, band, first, again)
            if band == BANDS[0]:
                edits(first)


def city(scale: str, *, drawn: bool = False) -> dict[str, Any]:
    """Return the demo city in metres, with the true outlines of compounds or those that were drawn."""
    made = build(scale)
    tables, epsg = made.tables, int(made.settings["metric_epsg"])
    area, truth = tables["area"], tables["reference_boundary"]
    truth = truth[truth["layer"] == "compound"].drop(columns="id").rename(columns={"feature_id": "id"})
    layers = {
        "communities": area[area["level"].astype(str) == "community"],
        "buildings": tables["building"],
        "compounds": tables["compound"] if drawn else truth,
        "lines": pd.concat([tables["road"][["geometry"]], tables["water"][["geometry"]]]),
        "entrances": tables["entrance"],
    }
    return {name: gpd.GeoDataFrame(one, crs=tables["area"].crs).to_crs(epsg) for name, one in layers.items()}


def with_changes(layers: dict[str, Any]) -> dict[str, Any]:
    """Return the city after some buildings, and their entrances, have grown or shrunk by a fifth."""
    buildings, entrances = layers["buildings"].copy(), layers["entrances"].copy()
    draw = np.random.default_rng(1)
    factor = np.where(draw.random(len(buildings)) < CHANGED, draw.choice([0.8, 1.2], len(buildings)), 1.0)
    own = pd.Series(factor, index=buildings["id"].to_numpy()).reindex(entrances["building_id"]).to_numpy()
    buildings["households"] = np.round(buildings["households"].astype(float) * factor)
    entrances["households"] = np.round(entrances["households"].astype(float) * own)
    return layers | {"buildings": buildings, "entrances": entrances}


def row(band: Band, tool: str, seconds: float, cells: gpd.GeoDataFrame, share: float) -> None:
    """Print one row: lone cells above the band and compounds below it are left out of the share."""
    lived = cells[cells["households"] > 0]
    load = lived.groupby("micro_grid_id")["households"].agg(["sum", "size"])
    whole = lived.groupby("compound_id")["households"].sum()
    home = lived.drop_duplicates("micro_grid_id").set_index("micro_grid_id")["compound_id"]
    small = home.map(whole).reindex(load.index) < band.least
    counted = load[~((load["size"] == 1) & (load["sum"] > band.most)) & ~small]
    inside = counted["sum"].between(band.least, band.most).mean()
    by = cells.groupby("micro_grid_id").indices
    shapes = np.array([shapely.coverage_union_all(cells.geometry.to_numpy()[i]) for i in by.values()])
    apart = int((shapely.get_num_geometries(shapes) > 1).sum())
    compact = float(np.mean(4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2))
    blocks = lived[lived["compound_id"].notna()].drop_duplicates(["micro_grid_id", "compound_id", "block"])
    spanning = blocks.duplicated(["micro_grid_id", "compound_id"]).sum() / len(load)
    print(
        f"{band.least:g}-{band.most:g}\t{tool}\t{seconds:.1f}\t{inside:.1%}\t{apart}\t{compact:.2f}"
        f"\t{spanning:.1%}\t{share:.2%}"
    )


def moved(again: Proposal) -> float:
    """Return the share of households in another micro-grid than before."""
    return again.moved / float(again.micro_grids["households"].sum())


def peer(name: str, divide: Divide, band: Band, first: Proposal, again: Proposal) -> None:
    """Divide the cells of each community into as many parts as the band's middle asks for."""
    started = time.perf_counter()
    labels = divided(first.cells, divide, band)
    seconds = time.perf_counter() - started
    later = divided(again.cells, divide, band)
    share = relabelled(first.cells, labels, again.cells, later)
    row(band, name, seconds, first.cells.assign(micro_grid_id=labels), share)


def divided(cells: gpd.GeoDataFrame, divide: Divide, band: Band) -> np.ndarray:
    result = np.full(len(cells), "", dtype=object)
    for name, at in cells.groupby("community_id").indices.items():
        fabric = Fabric.of(cells.iloc[at])
        count = round(fabric.households.sum() / ((band.least + band.most) / 2))
        if count < 2 or count >= len(at):
            result[at] = f"{name}"
        else:
            result[at] = [f"{name}/{one}" for one in divide(fabric, count, band)]
    return result


def relabelled(a: gpd.GeoDataFrame, first: np.ndarray, b: gpd.GeoDataFrame, second: np.ndarray) -> float:
    """Return the share of households that no matching of old and new parts keeps, by building."""
    key = ["building_id", "x", "y"]
    both = a.assign(old=first)[[*key, "old", "community_id"]].merge(
        b.assign(new=second)[[*key, "new", "households"]]
    )
    kept = 0.0
    for _, some in both.groupby("community_id"):
        shares = some.pivot_table(
            index="old", columns="new", values="households", aggfunc="sum", fill_value=0
        )
        i, j = linear_sum_assignment(-shares.to_numpy())
        kept += shares.to_numpy()[i, j].sum()
    return 1 - kept / both["households"].sum()


def edits(proposal: Proposal) -> None:
    """Time edits in communities joined until they hold 3,000 buildings."""
    cells = proposal.cells
    size = cells.groupby("community_id", sort=False).size().cumsum()
    chosen = size.index[: int((size < 3_000).sum()) + 1]
    fabric = Fabric.of(cells[cells["community_id"].isin(chosen)].reset_index(drop=True))
    owner = cells["micro_grid_id"][cells["community_id"].isin(chosen)].to_numpy(dtype=object)
    draft = Draft(fabric, owner.copy(), {one: MicroGrid(one, one) for one in dict.fromkeys(owner)}, BANDS[0])
    draw = np.random.default_rng(2)
    took = []
    while len(took) < 200:
        cell = int(draw.integers(len(owner)))
        others = [draft.owner[o] for o in fabric.near[cell] if draft.owner[o] != draft.owner[cell]]
        others = [o for o in others if fabric.community[draft.cells(o)[0]] == fabric.community[cell]]
        if others:
            started = time.perf_counter()
            changed = draft.do(move(draft, np.array([cell]), others[0]))
            _ = [draft.polygon(one) for one in changed if one in draft.grids]
            draft.totals()
            took.append(time.perf_counter() - started)
    usual, most = np.median(took) * 1e3, max(took) * 1e3
    print(f"edit with polygons and totals, {len(owner):,} cells: median {usual:.1f} ms, most {most:.1f} ms")


if __name__ == "__main__":
    main()
