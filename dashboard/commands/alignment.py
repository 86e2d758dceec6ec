"""Checking and levelling in the terminal, on plain files or on the store."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dashboard.commands.alignment_report import (
    FRAMED,
    Run,
    err,
    findings_data,
    show,
    show_findings,
    summary_of,
)
from data import alignments
from data.alignment_layers import Layers, read_layers
from data.alignment_wishes import Wishes
from data.boundary_files import (
    ROLES,
    frozen_ids,
    read_boundaries,
    require_writable,
    write_alignment,
)
from data.errors import DataError
from data.inspections import communities as communities_of
from data.scope import Scope
from data.settings import Settings
from data.store import Store
from geo.align import Alignment, Choices, align
from geo.coverage import check
from geo.errors import GeoError
from geo.road_widths import roads_between


class Lead(StrEnum):
    """Whose outlines stand."""

    NEITHER = "neither"
    COMPOUND = "compound"
    GRID = "grid"


class Wide(StrEnum):
    """What becomes of overlaps and gaps wider than the tolerance."""

    REFUSE = "refuse"
    LONGEST_BORDER = "longest-border"


_File = "矢量文件；多个图层时写作“文件|layername=图层”。"
Communities = Annotated[str | None, typer.Option(help=f"社区{_File}不给则以小区和网格合并成的片区为框。")]
Compounds = Annotated[str | None, typer.Option(help=f"小区{_File}")]
Grids = Annotated[str | None, typer.Option(help=f"网格{_File}")]
MicroGrids = Annotated[str | None, typer.Option(help=f"微网格{_File}")]
Buildings = Annotated[str | None, typer.Option(help=f"楼栋{_File}")]
CommunityId = Annotated[str, typer.Option(help="社区的编号列。")]
CompoundId = Annotated[str, typer.Option(help="小区的编号列。")]
GridId = Annotated[str, typer.Option(help="网格的编号列。")]
MicroGridId = Annotated[str, typer.Option(help="微网格的编号列。")]
BuildingId = Annotated[str, typer.Option(help="楼栋的编号列。")]
Tolerance = Annotated[float, typer.Option(min=0.1, help="边界最多移动的距离（米）；更宽的不算绘图误差。")]
Area = Annotated[str, typer.Option(help="不给文件时用数据库：区划代码前缀；留空为全市。")]
AsJson = Annotated[bool, typer.Option("--json", help="只输出一个 JSON 对象。")]


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command("check")(check_layers)
    cli.command("align")(align_layers)


# --- check ---


def check_layers(
    communities: Communities = None,
    compounds: Compounds = None,
    grids: Grids = None,
    micro_grids: MicroGrids = None,
    buildings: Buildings = None,
    community_id: CommunityId = "id",
    compound_id: CompoundId = "id",
    grid_id: GridId = "id",
    micro_grid_id: MicroGridId = "id",
    building_id: BuildingId = "id",
    tolerance: Tolerance = 5.0,
    area: Area = "",
    as_json: AsJson = False,
) -> None:
    """检查小区、网格、微网格是否平齐：重叠、缝隙、碎片、跨社区、不嵌套、楼栋被切等，一次列出。"""
    sources = _sources(communities, compounds, grids, micro_grids, buildings)
    ids = _ids(community_id, compound_id, grid_id, micro_grid_id, building_id)
    with usable(), progress("检查") as tell:
        if any(sources.values()):
            boundaries = read_boundaries(sources, ids, tolerance=tolerance)
            layers, crs, framed = boundaries.layers(), boundaries.crs, boundaries.framed
        else:
            stored = _stored(_store(), Scope(area))
            layers, crs, framed = stored.parts, stored.layers.plane.crs, False
        tell(0.3)
        findings = check(*layers, tolerance=tolerance)
    if as_json:
        typer.echo(json.dumps(findings_data(findings, crs, framed=framed), ensure_ascii=False))
    else:
        if framed:
            err.print(f"[yellow]{FRAMED}[/]", highlight=False)
        show_findings(findings)
    if len(findings):
        raise typer.Exit(1)


# --- align ---


def align_layers(
    communities: Communities = None,
    compounds: Compounds = None,
    grids: Grids = None,
    micro_grids: MicroGrids = None,
    buildings: Buildings = None,
    community_id: CommunityId = "id",
    compound_id: CompoundId = "id",
    grid_id: GridId = "id",
    micro_grid_id: MicroGridId = "id",
    building_id: BuildingId = "id",
    tolerance: Tolerance = 5.0,
    lead: Annotated[Lead, typer.Option(help="以谁的边界为准；neither 取中线，围墙优先。")] = Lead.NEITHER,
    wide: Annotated[
        Wide, typer.Option(help="宽于容差的争议：refuse 保留并列出，longest-border 归公共边最长的一方。")
    ] = Wide.REFUSE,
    freeze: Annotated[
        Path | None,
        typer.Option(help="不许移动的编号，每行“图层 编号”或“编号”。", exists=True, dir_okay=False),
    ] = None,
    result: Annotated[
        Path | None, typer.Option("--out", help="结果写入这个 GeoPackage；用数据库时不需要。")
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="进程数；不给则用全部处理器。")] = None,
    area: Area = "",
    as_json: AsJson = False,
) -> None:
    """拉平对齐：小区与网格边界一致或嵌套；每处变化记入台账，做不到的列明原因。"""
    sources = _sources(communities, compounds, grids, micro_grids, buildings)
    ids = _ids(community_id, compound_id, grid_id, micro_grid_id, building_id)
    started = time.perf_counter()
    count = processes or os.cpu_count() or 1
    frozen: frozenset[tuple[str, Any]] = frozenset()
    plan: int | None = None
    with usable(), progress("拉平对齐") as tell:
        if any(sources.values()):
            if result is None:
                raise DataError("没有给出结果文件；请加 --out 结果.gpkg。")
            require_writable(result, sources)
            boundaries = read_boundaries(sources, ids, tolerance=tolerance)
            if freeze:
                frozen = frozen_ids(freeze, boundaries)
            read = time.perf_counter()
            run = _aligned(
                boundaries.layers(), Choices(tolerance, lead.value, wide.value, frozen), count, tell
            )
            written = time.perf_counter()
            write_alignment(result, boundaries, run.alignment)
            if boundaries.framed:
                run.warnings.insert(0, FRAMED)
            run.seconds["write"] = time.perf_counter() - written
        else:
            if freeze or result:
                raise DataError("--freeze 和 --out 只用于文件；数据库的方案请在“拉平对齐”页面中调整和导出。")
            store = _store()
            stored = _stored(store, Scope(area))
            read = time.perf_counter()
            run = _aligned(stored.parts, Choices(tolerance, lead.value, wide.value), count, tell)
            plan = _draft(
                store,
                stored.layers,
                run.alignment,
                Wishes(tolerance, lead.value, wide.value),
            )
        run.seconds["read"] = read - started
    run.seconds["total"] = time.perf_counter() - started
    summary = summary_of(run, count)
    summary |= {"plan": plan} if result is None else {"file": str(result), "crs": boundaries.crs.to_string()}
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
    else:
        show(summary, run.warnings)


def _aligned(layers: list[gpd.GeoDataFrame | None], choices: Choices, processes: int, tell: Any) -> Run:
    """Check, level, check again; the first check beside the levelling where there are processes."""
    started = time.perf_counter()
    with pool(processes) as executor:
        before: Future[gpd.GeoDataFrame] | None = None
        if executor is not None:
            before = executor.submit(check, *layers, tolerance=choices.tolerance)
        alignment = align(*layers, choices=choices, executor=executor, progress=tell)
        aligned = time.perf_counter()
        fresh = [layers[0], alignment.compounds, alignment.grids, alignment.micro_grids, layers[4]]
        after = check(*fresh, tolerance=choices.tolerance)
        found = before.result() if before else check(*layers, tolerance=choices.tolerance)
    checked = time.perf_counter()
    run = Run(alignment, found, after, dict(zip(ROLES, layers, strict=True)))
    run.seconds = {"align": aligned - started, "check": checked - aligned}
    roads = roads_between(layers[1], choices.tolerance)
    if roads.many_narrow:
        run.warnings.append(
            f"容差 {choices.tolerance:g} 米超过许多道路宽度的一半（小区之间的 {roads.total:,} 段路有"
            f" {roads.narrow:,} 段不足 {2 * choices.tolerance:g} 米），两侧边界可能被拉到路中，请减小容差。"
        )
    run.warnings += [f"社区 {code} 计算失败，保持原样：{why}" for code, why in alignment.failures.items()]
    return run


@contextmanager
def pool(processes: int) -> Iterator[Executor | None]:
    """Give worker processes, or None where one process is to do it all."""
    if processes == 1:
        yield None
        return
    workers = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    try:
        yield workers
    finally:
        workers.shutdown(cancel_futures=True)


# --- files and the store ---


def _sources(*files: str | None) -> dict[str, str | None]:
    return dict(zip(ROLES, files, strict=True))


def _ids(*columns: str) -> dict[str, str]:
    return dict(zip(ROLES, columns, strict=True))


def _store() -> Store:
    return Store.open(Settings.from_environment().database_url)


@dataclass(frozen=True)
class _Stored:
    layers: Layers

    @property
    def parts(self) -> list[gpd.GeoDataFrame | None]:
        one = self.layers
        return [one.communities, one.compounds, one.grids, one.micro_grids, one.buildings]


def _stored(store: Store, scope: Scope) -> _Stored:
    with store.reading() as session:
        codes = communities_of(session, scope)["code"].tolist()
    return _Stored(read_layers(store, scope, codes))


def _draft(store: Store, layers: Layers, alignment: Alignment, wishes: Wishes) -> int:
    title = f"拉平对齐（{len(layers.communities):,} 个社区）"
    return alignments.draft_alignment(store, None, alignment, layers, wishes, title)


@contextmanager
def usable() -> Iterator[None]:
    """Turn what the engine says of unusable input into an error of the command line."""
    try:
        yield
    except GeoError as error:
        raise DataError(f"输入不能使用：{error}") from error


@contextmanager
def progress(what: str) -> Iterator[Any]:
    """Show how far a job is; give the function that tells it."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)
