"""What checking and levelling come to, as plain data and as words for the terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rich.console import Console
from rich.table import Table

from data.boundary_files import ROLES
from geo.align import Alignment
from models.enums import FindingKind, Labelled, MoveReason, OverlapCase, RefusalReason

out = Console()
err = Console(stderr=True)
FRAMED = "没有社区图层：以重叠的小区和网格合并成的片区为框。"


@dataclass
class Run:
    """What an alignment came to, with the time of each step in seconds."""

    alignment: Alignment
    before: gpd.GeoDataFrame
    after: gpd.GeoDataFrame
    given: dict[str, gpd.GeoDataFrame | None]
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def findings_data(findings: gpd.GeoDataFrame, crs: Any, *, framed: bool) -> dict[str, Any]:
    """Return findings as plain data, each with a point of its place in the coordinate system `crs`."""
    point = shapely.point_on_surface(np.asarray(findings.geometry.to_crs(crs).values))
    rows = pd.DataFrame(findings.drop(columns="geometry")).assign(
        x=shapely.get_x(point), y=shapely.get_y(point)
    )
    rows["community_id"] = [None if one is None else str(one) for one in rows["community_id"]]
    return {
        "findings": len(findings),
        "by_kind": _counts(findings["kind"]),
        "frame": "clusters" if framed else "communities",
        "crs": crs.to_string(),
        "rows": rows.astype(object).where(rows.notna(), None).to_dict("records"),
    }


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in column.value_counts(sort=False).items()}


def show_findings(findings: gpd.GeoDataFrame) -> None:
    """Print findings by kind and layer."""
    if findings.empty:
        out.print("[bold green]平齐：没有发现问题。[/]")
        return
    table = Table("问题", "图层", "数量", "面积（平方米）", "最大一处", "举例（编号）")
    for (kind, layer), group in findings.groupby(["kind", "layer"], sort=False):
        largest = group.loc[group["area_m2"].idxmax()]
        numbers = (f"{len(group):,}", f"{group['area_m2'].sum():,.1f}", f"{largest['area_m2']:,.1f}")
        table.add_row(FindingKind(kind).label, ROLES[layer], *numbers, largest["ids"].replace(",", "、")[:40])
    out.print(table, highlight=False)
    out.print(f"共 {len(findings):,} 处；用 --json 列出全部。", highlight=False)


def summary_of(run: Run, processes: int) -> dict[str, Any]:
    """Return what an alignment came to as plain data."""
    alignment = run.alignment
    results = {
        "compound": alignment.compounds,
        "grid": alignment.grids,
        "micro_grid": alignment.micro_grids,
    }
    changes, refusals = alignment.changes, alignment.refusals
    refused = refusals[["layer", "feature_id"]].astype(str).drop_duplicates()
    return {
        "in": {role: len(frame) for role, frame in run.given.items() if frame is not None},
        "out": {role: len(frame) for role, frame in results.items() if frame is not None},
        "relations": _counts(alignment.relations["case"]),
        "findings": {"before": _counts(run.before["kind"]), "after": _counts(run.after["kind"])},
        "changes": {
            "total": len(changes),
            "area_m2": round(float(changes["area_m2"].sum()), 1),
            "by_reason": _counts(changes["reason"]),
        },
        "refusals": {
            "total": len(refusals),
            "features": len(refused),
            "by_reason": _counts(refusals["reason"]),
            "by_step": _counts(refusals["step"]),
        },
        "max_displacement_m": round(_largest_displacement(run, results), 3),
        "seconds": round(run.seconds.pop("total"), 1),
        "seconds_by_step": {step: round(seconds, 1) for step, seconds in run.seconds.items()},
        "peak_memory_mb": peak_mb(processes),
        "processes": processes,
        "warnings": run.warnings,
        "failures": {str(code): why for code, why in alignment.failures.items()},
    }


def _largest_displacement(run: Run, results: Mapping[str, gpd.GeoDataFrame | None]) -> float:
    """Return the largest Hausdorff distance of outlines from what was drawn, but for refused and decided."""
    changes, refusals = run.alignment.changes, run.alignment.refusals
    largest = 0.0
    for role, frame in results.items():
        if frame is None:
            continue
        decided = changes[(changes["layer"] == role) & changes["reason"].isin(["wide", "decided"])]
        exempt = {*refusals["feature_id"][refusals["layer"] == role], *decided["from_id"], *decided["to_id"]}
        free = ~frame["id"].isin(exempt).to_numpy()
        old = np.asarray(run.given[role].geometry.values)[free]
        new = np.asarray(frame.geometry.values)[free]
        moved = ~shapely.equals_exact(old, new, 0)
        if moved.any():
            distance = shapely.hausdorff_distance(shapely.boundary(old[moved]), shapely.boundary(new[moved]))
            largest = max(largest, float(np.nanmax(distance)))
    return largest


def peak_mb(processes: int) -> int | None:
    """Return the most memory that this process and its workers held, each worker counted as the largest."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  (not on Windows)

    unit = 1 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if processes > 1 else 0
    return round((own + processes * worker) * unit / 1e6)


def show(summary: dict[str, Any], warnings: list[str]) -> None:
    """Print what an alignment came to, the warnings first."""
    for warning in warnings:
        err.print(f"[yellow]{warning}[/]", highlight=False, soft_wrap=True)
    table = Table("问题", "之前", "之后")
    before, after = summary["findings"]["before"], summary["findings"]["after"]
    for kind in FindingKind:
        if before.get(kind) or after.get(kind):
            table.add_row(kind.label, f"{before.get(kind, 0):,}", f"{after.get(kind, 0):,}")
    out.print(table)
    changes, refusals = summary["changes"], summary["refusals"]
    out.print(f"关系：{_words(summary['relations'], OverlapCase)}。", highlight=False)
    ledger = f"台账 {changes['total']:,} 条，{changes['area_m2']:,.1f} 平方米"
    moved = f"最大位移 {summary['max_displacement_m']:.2f} 米"
    refused = f"未拉平 {refusals['features']:,} 个：{_words(refusals['by_reason'], RefusalReason)}"
    out.print(f"{ledger}：{_words(changes['by_reason'], MoveReason)}；{moved}。", highlight=False)
    out.print(f"{refused}。", highlight=False)
    memory = f"，内存 {summary['peak_memory_mb']:,} MB" if summary["peak_memory_mb"] else ""
    plan = summary.get("plan")
    place = summary.get("file") or f"草稿方案 {plan}（pingqi plans {plan} 查看，pingqi publish {plan} 发布）"
    out.print(f"[bold green]已写入{place}。[/]用时 {summary['seconds']} 秒{memory}。", highlight=False)


def _words(counts: Mapping[str, int], names: type[Labelled]) -> str:
    return "、".join(f"{names(name).label} {count:,}" for name, count in counts.items()) or "无"
