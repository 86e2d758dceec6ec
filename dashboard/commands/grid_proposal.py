"""Grouping micro-grids into grids in the terminal: ``pingqi propose --level grid``."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import typer

from dashboard.commands.alignment import pool, progress, usable
from dashboard.commands.alignment_report import err, out
from data.grid_files import read_micro_grids, write_grids
from data.proposal_files import Columns, Ground, read_ground
from geo.districting import require_band
from geo.grid_rules import verified
from geo.grids import Grids, group
from geo.partition import Band
from geo.proposal import Wishes, propose
from models.enums import ProposalReason


def propose_grids(
    sources: dict[str, str | None],
    columns: Columns,
    band: tuple[float, float],
    seed: int,
    path: Path,
    processes: int,
    *,
    as_json: bool,
) -> None:
    """Group micro-grids, those of a file or those proposed from buildings first, and write them."""
    started = time.perf_counter()
    with usable(), progress("划分网格") as tell:
        wanted = require_band(*band)
        micro, ground = _micro_grids(sources, columns, seed, processes, tell)
        grids = group(micro, ground.metric.get("existing"), ground.lines(), band=wanted, seed=seed)
        write_grids(path, ground, micro, grids)
        tell(1.0)
    summary = _summary(ground, micro, grids, wanted)
    summary |= {"seconds": round(time.perf_counter() - started, 1), "file": str(path)}
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
    else:
        _show(summary)


def _micro_grids(
    sources: dict[str, str | None], columns: Columns, seed: int, processes: int, tell: Any
) -> tuple[gpd.GeoDataFrame, Ground]:
    if sources.get("micro_grid"):
        ground = read_micro_grids(sources, columns)
        return gpd.GeoDataFrame(ground.metric["micro_grid"]), ground
    ground = read_ground({**sources, "existing": None}, columns)
    with pool(processes) as executor:
        found = propose(
            ground.metric["community"],
            ground.metric["building"],
            ground.metric.get("compound"),
            ground.lines(),
            ground.metric.get("entrance"),
            wishes=Wishes(seed=seed),
            executor=executor,
            progress=lambda share: tell(0.9 * share),
        )
    for code, why in found.failures.items():
        err.print(f"[yellow]社区 {code} 计算失败：{why}[/]", highlight=False, soft_wrap=True)
    return found.micro_grids, ground


def _summary(ground: Ground, micro: gpd.GeoDataFrame, grids: Grids, band: Band) -> dict[str, Any]:
    """Return what the grids came to as plain data."""
    load = grids.grids["households"].to_numpy(dtype=float)
    lived = load[load > 0]
    reasons: pd.Series = grids.grids["reason"]
    return {
        "level": "grid",
        "grids": len(load),
        "micro_grids": len(micro),
        "band": [band.least, band.most],
        "households": float(load.sum()),
        "with_households": len(lived),
        "in_band": int(np.sum((lived >= band.least) & (lived <= band.most))),
        "moved_households": grids.moved if "existing" in ground.metric else None,
        "refusals": {str(k): int(n) for k, n in reasons[reasons != ""].value_counts().items()},
        "verified": verified(grids.grids, ground.metric["community"]),
    }


def _show(summary: dict[str, Any]) -> None:
    low, high = summary["band"]
    out.print(
        f"网格 {summary['grids']:,} 个，由 {summary['micro_grids']:,} 个微网格组成；有住户的"
        f" {summary['with_households']:,} 个，其中 {summary['in_band']:,} 个在 {low:g}–{high:g} 户之内。",
        highlight=False,
    )
    if summary["moved_households"] is not None:
        out.print(f"与现有网格相比，变动 {summary['moved_households']:,.0f} 户。", highlight=False)
    for reason, count in summary["refusals"].items():
        out.print(f"未达到范围：{_WORDS[reason]}，{count:,} 个。", highlight=False)
    found = summary["verified"]
    words = "有效" if found["valid"] else "无效，请反馈"
    out.print(f"覆盖{words}，缝隙 {found['gap_m2']:.1f} 平方米。", highlight=False)
    out.print(f"[bold green]已写入{summary['file']}。[/]用时 {summary['seconds']} 秒。", highlight=False)


_WORDS = {reason.value: reason.label for reason in ProposalReason} | {
    "atom_above": "一个微网格就超过上限",
    "no_count": "小区总户数分不成整数个网格",
    "granular": "微网格户数凑不进范围",
    "island": "与其他微网格不相连",
}
"""Why a grid is outside the band: its atoms are micro-grids."""
