"""Proposing micro-grids in the terminal, on plain files."""

from __future__ import annotations

import json
import os
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import shapely
import typer
from rich.table import Table

from dashboard.commands.alignment import pool, progress, usable
from dashboard.commands.alignment_report import err, out, peak_mb
from dashboard.commands.grid_proposal import propose_grids
from data.boundary_files import require_writable
from data.errors import DataError
from data.proposal_files import Columns, Ground, locked_ids, read_ground, write_proposal
from geo.districting import GRID, MICRO_GRID, require_band
from geo.grid_rules import verified
from geo.proposal import Proposal, Wishes, propose
from models.enums import ProposalReason


class Level(StrEnum):
    """What is proposed."""

    MICRO_GRID = "micro_grid"
    GRID = "grid"


USUAL = {Level.MICRO_GRID: MICRO_GRID, Level.GRID: GRID}
_File = "矢量文件；多个图层时写作“文件|layername=图层”。"


def register(cli: typer.Typer) -> None:
    """Add the command to the command line."""
    cli.command("propose")(propose_micro_grids)


def propose_micro_grids(
    level: Annotated[
        Level, typer.Option(help="micro_grid 由楼栋划微网格；grid 把微网格合成网格。")
    ] = Level.MICRO_GRID,
    communities: Annotated[str | None, typer.Option(help=f"社区{_File}")] = None,
    buildings: Annotated[str | None, typer.Option(help=f"楼栋{_File}")] = None,
    compounds: Annotated[str | None, typer.Option(help=f"小区{_File}")] = None,
    roads: Annotated[str | None, typer.Option(help=f"道路{_File}")] = None,
    water: Annotated[str | None, typer.Option(help=f"水系{_File}")] = None,
    entrances: Annotated[
        str | None, typer.Option(help="单元文件：building_id、households，可以没有几何。")
    ] = None,
    micro_grids: Annotated[
        str | None, typer.Option(help=f"微网格{_File}--level grid 时以它为单元；不给则先由楼栋划。")
    ] = None,
    existing: Annotated[
        str | None, typer.Option(help=f"现有微网格（--level grid 时为网格）{_File}尽量保持。")
    ] = None,
    least: Annotated[float | None, typer.Option("--min", help="最少户数：微网格 30，网格 300。")] = None,
    most: Annotated[float | None, typer.Option("--max", help="最多户数：微网格 50，网格 500。")] = None,
    households: Annotated[
        str | None, typer.Option(help="楼栋和单元的户数列，默认 households；没有则由层数和占地估算。")
    ] = None,
    community_id: Annotated[str, typer.Option(help="社区的编号列。")] = "id",
    compound_id: Annotated[str, typer.Option(help="小区的编号列。")] = "id",
    building_id: Annotated[str, typer.Option(help="楼栋的编号列。")] = "id",
    existing_id: Annotated[str, typer.Option(help="现有微网格的编号列。")] = "id",
    lock: Annotated[
        Path | None,
        typer.Option(help="不许改动的现有微网格，每行一个编号。", exists=True, dir_okay=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="随机种子；同一输入和种子得到同一结果。")] = 0,
    result: Annotated[Path | None, typer.Option("--out", help="结果写入这个 GeoPackage。")] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="进程数；不给则用全部处理器。")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="只输出一个 JSON 对象。")] = False,
) -> None:
    """划分微网格，或把微网格合成网格：不切楼、不留缝、户数均衡；做不到的列明原因。"""
    started = time.perf_counter()
    if result is None:
        raise DataError("没有给出结果文件；请加 --out 结果.gpkg。")
    sources = {
        "community": communities,
        "building": buildings,
        "compound": compounds,
        "road": roads,
        "water": water,
        "entrance": entrances,
        "existing": existing,
        "micro_grid": micro_grids,
    }
    usual = USUAL[level]
    wanted = (usual.least if least is None else least, usual.most if most is None else most)
    require_writable(result, sources)
    columns = Columns(community_id, compound_id, building_id, existing_id, households)
    count = processes or os.cpu_count() or 1
    if level is Level.GRID:
        if lock:
            raise DataError("--lock 只用于微网格；划网格时请用 --existing 保持现有网格。")
        propose_grids(sources, columns, wanted, seed, result, count, as_json=as_json)
        return
    if micro_grids:
        raise DataError("--micro-grids 要与 --level grid 一起用；保持现有微网格请用 --existing。")
    del sources["micro_grid"]
    seconds: dict[str, float] = {}
    with usable(), progress("划分微网格") as tell:
        band = require_band(*wanted)
        ground = read_ground(sources, columns)
        locked = locked_ids(lock, ground) if lock else frozenset()
        seconds["read"] = time.perf_counter() - started
        wishes = Wishes(band, seed, locked)
        with pool(count) as executor:
            proposal = propose(
                ground.metric["community"],
                ground.metric["building"],
                ground.metric.get("compound"),
                ground.lines(),
                ground.metric.get("entrance"),
                ground.metric.get("existing"),
                wishes=wishes,
                executor=executor,
                progress=tell,
            )
        seconds["propose"] = time.perf_counter() - started - seconds["read"]
        summary = _summary(ground, proposal, wishes)
        seconds["verify"] = time.perf_counter() - started - sum(seconds.values())
        write_proposal(result, ground, proposal, columns)
        seconds["write"] = time.perf_counter() - started - sum(seconds.values())
    summary |= {
        "seconds": round(time.perf_counter() - started, 1),
        "seconds_by_step": {step: round(one, 1) for step, one in seconds.items()},
        "peak_memory_mb": peak_mb(count),
        "processes": count,
        "file": str(result),
        "crs": ground.crs.to_string(),
    }
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
    else:
        _show(summary)


def _summary(ground: Ground, proposal: Proposal, wishes: Wishes) -> dict[str, Any]:
    """Return what a proposal came to as plain data."""
    micro, refusals, band = proposal.micro_grids, proposal.refusals, wishes.band
    load = micro["households"].to_numpy(dtype=float) if len(micro) else np.zeros(0)
    lived = load[load > 0]
    apart = refusals["reason"].isin(["atom_above", "compound_below"]).sum()
    inside = int(((lived >= band.least) & (lived <= band.most)).sum())
    shape = np.asarray(micro.geometry.values)
    compactness = 4 * np.pi * shapely.area(shape) / np.maximum(shapely.length(shape), 1e-9) ** 2
    estimated = int(proposal.buildings["estimated"].sum())
    warnings = [f"社区 {code} 计算失败：{why}" for code, why in proposal.failures.items()]
    if estimated:
        warnings.insert(0, f"{estimated:,} 栋楼没有户数，由层数和占地面积估算。")
    return {
        "in": {role: len(frame) for role, frame in ground.metric.items()},
        "micro_grids": len(micro),
        "band": [band.least, band.most],
        "households": float(load.sum()),
        "estimated_buildings": estimated,
        "with_households": len(lived),
        "in_band": inside,
        "splittable": len(lived) - int(apart),
        "in_band_percent": round(100 * inside / max(len(lived) - int(apart), 1), 2),
        "compactness": round(float(compactness.mean()), 3) if len(micro) else None,
        "unassigned_buildings": int((refusals["layer"] == "building").sum()),
        "moved_households": proposal.moved if "existing" in ground.metric else None,
        "locked": len(wishes.locked),
        "refusals": {
            "total": len(refusals),
            "by_reason": {str(k): int(n) for k, n in refusals["reason"].value_counts().items()},
        },
        "verified": verified(micro, ground.metric["community"]),
        "warnings": warnings,
        "failures": {str(code): why for code, why in proposal.failures.items()},
    }


def _show(summary: dict[str, Any]) -> None:
    """Print what a proposal came to, the warnings first."""
    for warning in summary["warnings"]:
        err.print(f"[yellow]{warning}[/]", highlight=False, soft_wrap=True)
    low, high = summary["band"]
    share = f"{summary['in_band']:,} / {summary['splittable']:,}（{summary['in_band_percent']:.1f}%）"
    out.print(
        f"微网格 {summary['micro_grids']:,} 个，其中有住户 {summary['with_households']:,} 个；"
        f"可划分的在 {low:g}–{high:g} 户之内：{share}。",
        highlight=False,
    )
    if summary["moved_households"] is not None:
        out.print(f"与现有微网格相比，变动 {summary['moved_households']:,.0f} 户。", highlight=False)
    reasons = summary["refusals"]["by_reason"]
    if reasons:
        table = Table("未达到范围的原因", "数量")
        for reason in ProposalReason:
            if reasons.get(reason.value):
                table.add_row(reason.label, f"{reasons[reason.value]:,}")
        out.print(table)
    found = summary["verified"]
    words = "有效" if found["valid"] else "无效，请反馈"
    out.print(f"覆盖{words}，缝隙 {found['gap_m2']:.1f} 平方米。", highlight=False)
    memory = f"，内存 {summary['peak_memory_mb']:,} MB" if summary["peak_memory_mb"] else ""
    out.print(
        f"[bold green]已写入{summary['file']}。[/]用时 {summary['seconds']} 秒{memory}。", highlight=False
    )
