"""Importing files in the terminal, and publishing or dropping the drafts that come of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from data import imports, plans
from data.errors import DataError
from data.imports.csv_report import write_csv
from data.imports.options import City, Options, Where
from data.imports.outcome import Outcome, Preview, Report
from data.imports.targets import TARGETS
from data.plans import UNCHANGED
from data.scope import Scope
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles
from models.enums import ChangeAction, Datum, PlanStatus

_SHOWN = 20
out = Console()
err = Console(stderr=True)
_ACTIONS = {action.value: action.label for action in ChangeAction} | {UNCHANGED: "不变"}


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command("import")(import_file)
    cli.command("plans")(list_plans)
    cli.command("publish")(publish)
    cli.command("drop")(drop)


def import_file(
    file: Annotated[
        Path, typer.Argument(help="GeoPackage、GeoJSON、Shapefile（含 zip）、KML、DXF、CSV、Excel 或 OSM。")
    ],
    target: Annotated[str, typer.Option("--as", help=f"导入为：{'、'.join(TARGETS)}。")],
    layer: Annotated[str | None, typer.Option(help="图层或工作表；不给则取第一个有记录的。")] = None,
    where: Annotated[
        str | None, typer.Option(help="只导入这些行：“列=值1,值2”“列!=值”或“列”（非空）。")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option("--map", help="字段对应：“字段=表头”；“字段=”表示不导入。可多次给出。")
    ] = None,
    constant: Annotated[
        list[str] | None, typer.Option("--set", help="统一的值：“字段=值”。可多次给出。")
    ] = None,
    datum: Annotated[str | None, typer.Option(help=f"坐标基准：{'、'.join(Datum)}；不给则自动判断。")] = None,
    crs: Annotated[
        str | None, typer.Option(help="坐标系，如 EPSG:4549；文件没有声明或声明有误时给出。")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="文字编码，如 GB18030；不给则自动判断。")] = None,
    header_row: Annotated[int | None, typer.Option(help="表头所在行；不给则自动判断。")] = None,
    city: Annotated[
        str | None, typer.Option(help="还没有区划时新建城市：“名称:六位代码”，如 杭州市:330100。")
    ] = None,
    good_rows: Annotated[bool, typer.Option("--good-rows", help="只导入没有问题的行。")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="修复可修的自相交图形，并逐一报告。")] = False,
    swap_axes: Annotated[bool, typer.Option("--swap-axes", help="交换两轴（坐标写反时）。")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="文件是该图层的全部：没有列入的将停用。")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="同一文件再次追加。")] = False,
    reach: Annotated[float, typer.Option(help="允许超出本市的距离（公里）。")] = 50.0,
    only_preview: Annotated[bool, typer.Option("--preview", help="只预览，不导入。")] = False,
    report: Annotated[Path | None, typer.Option(help="把全部问题写入这个 CSV 文件。")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="只输出一个 JSON 对象。")] = False,
) -> None:
    """导入文件：全部导入，或一行也不导入；问题逐条列出文件、行和列。"""
    if target not in TARGETS:
        raise DataError(f"没有导入目标“{target}”；可用：{'、'.join(TARGETS)}。")
    if datum is not None and datum not in set(Datum):
        raise DataError(f"没有坐标基准“{datum}”；可用：{'、'.join(Datum)}。")
    options = Options(
        layer=layer,
        encoding=encoding,
        crs=crs,
        header_row=header_row,
        datum=Datum(datum) if datum else None,
        mapping=_pairs(column or [], target),
        constants=_pairs(constant or [], target),
        where=Where.parse(where) if where else None,
        good_rows_only=good_rows,
        repair=repair,
        swap_axes=swap_axes,
        complete=complete,
        again=again,
        city=City.parse(city) if city else None,
        reach_m=reach * 1000,
    )
    settings = Settings.from_environment()
    store = Store.open(settings.database_url)
    outcome: Outcome
    with _progress() as progress:
        task = progress.add_task("导入", total=1.0)

        def tell(what: str, share: float) -> None:
            progress.update(task, description=what, completed=share)

        work = imports.preview if only_preview else imports.run
        outcome = work(store, file, target, options, progress=tell)
    if report is not None:
        write_csv(report, outcome.problems)
    if isinstance(outcome, Report) and outcome.stored:
        _build_tiles(Tiles(store, settings.tiles))
    if as_json:
        typer.echo(json.dumps(outcome.as_dict(), ensure_ascii=False, default=str))
    else:
        _show(outcome)
    if outcome.stopped:
        raise typer.Exit(1)


def _pairs(texts: list[str], target: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name.strip() not in TARGETS[target].columns:
            fields = "、".join(f"{one.column}（{one.label}）" for one in TARGETS[target].fields)
            raise DataError(f"“{text}”应写成“字段=值”；字段有：{fields}。")
        pairs[name.strip()] = value.strip()
    return pairs


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )


def _build_tiles(tiles: Tiles) -> None:
    with _progress() as progress:
        task = progress.add_task("绘制地图", total=len(tiles.missing()) or 1)
        tiles.build(progress=lambda done, _total: progress.update(task, completed=done))


def _show(outcome: Outcome) -> None:
    """Print what was found and done, the problems first."""
    if isinstance(outcome, Preview):
        _show_preview(outcome)
    if outcome.problems:
        _show_problems(outcome)
    if len(outcome.overlaps):
        _show_overlaps(outcome)
    words = f"读取 {outcome.read:,} 行，其中 {outcome.rejected:,} 行有错误。"
    if outcome.stopped:
        remedy = (
            "请按上表改正后重试。"
            if outcome.only_as_whole
            else "改正后重试，或加 --good-rows 只导入没有错误的行。"
        )
        out.print(f"[bold red]没有导入。[/] {words}{remedy}", highlight=False)
    elif isinstance(outcome, Report):
        out.print(f"[bold green]{_done(outcome)}[/] {words}", highlight=False)
    else:
        first = isinstance(outcome, Preview) and outcome.first
        out.print(
            f"可以导入 {outcome.good:,} 行（{'直接发布' if first else '比对后生成草稿'}）。{words}",
            highlight=False,
        )


def _done(report: Report) -> str:
    if report.plan_id is not None:
        return (
            f"已生成草稿方案 {report.plan_id}：{counts(report.changes)}。"
            f"用 pingqi plans {report.plan_id} 查看，"
            f"pingqi publish {report.plan_id} 发布，pingqi drop {report.plan_id} 放弃。"
        )
    if report.changes:
        return f"没有变化：{counts(report.changes)}。"
    return f"已导入 {report.stored:,} 行为{TARGETS[report.target].label}。"


def counts(changes: Any) -> str:
    """Return the number of lines of a ledger by action, in words."""
    return "、".join(f"{_ACTIONS[action]} {count:,}" for action, count in changes.items())


def _show_preview(preview: Preview) -> None:
    out.print(
        f"图层 {preview.layer or '—'}；编码 {preview.encoding or '—'}；坐标系 {preview.crs or '—'}；"
        f"基准 {Datum(preview.datum).label if preview.datum else '—'}（{preview.datum_how}）；"
        f"表头第 {preview.header_row or '—'} 行",
        highlight=False,
    )
    table = Table("表头", "字段", "示例")
    fields = TARGETS[preview.target].columns
    for one in preview.columns:
        meaning = "不导入（个人信息）" if one.personal else fields[one.field].label if one.field else "—"
        table.add_row(one.header, meaning, one.sample or "")
    out.print(table)


def _show_problems(outcome: Outcome) -> None:
    table = Table("级别", "位置", title=f"{outcome.file} 的问题")
    table.add_column("问题", overflow="fold", ratio=1)
    for one in outcome.problems[:_SHOWN]:
        red = one.severity == "error"
        table.add_row("[red]错误[/]" if red else "提示", one.place(), one.message_zh)
    out.print(table, highlight=False, markup=True)
    if len(outcome.problems) > _SHOWN:
        out.print(
            f"另有 {len(outcome.problems) - _SHOWN:,} 条；用 --report 问题.csv 写入全部。", highlight=False
        )


def _show_overlaps(outcome: Outcome) -> None:
    table = Table("行", "编码", "名称", "行", "编码", "名称", "重叠（平方米）", title="重叠最大的几对")
    for pair in outcome.overlaps.head(10).to_dict("records"):
        cells = [pair[f"{name}_{end}"] for end in (1, 2) for name in ("row", "code", "name")]
        table.add_row(*(str(one) if one is not None else "—" for one in cells), f"{pair['area_m2']:,.2f}")
    out.print(table, highlight=False)


def list_plans(
    plan: Annotated[int | None, typer.Argument(help="方案编号；不给则列出全部方案。")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="只输出一个 JSON 对象。")] = False,
) -> None:
    """列出方案，或一个方案的变更台账。"""
    store = Store.open(Settings.from_environment().database_url)
    with store.reading() as session:
        if plan is None:
            found = plans.listing(session, Scope())
        else:
            ledger = plans.ledger_of(session, Scope(), plan)
    if plan is not None:
        if ledger.empty:
            raise DataError(f"没有编号为 {plan} 的方案。")
        if as_json:
            typer.echo(
                json.dumps(
                    ledger.astype(object).where(ledger.notna(), None).to_dict("records"), ensure_ascii=False
                )
            )
        else:
            _show_ledger(ledger)
        return
    if as_json:
        typer.echo(json.dumps([vars_of(one) for one in found], ensure_ascii=False, default=str))
        return
    table = Table("编号", "标题", "来源", "状态", "区划", "变更", "起草时间")
    for one in found:
        cells = (str(one.id), one.title, one.kind.label, one.status.label, one.area_code, counts(one.counts))
        table.add_row(*cells, one.created_at.astimezone().strftime("%Y-%m-%d %H:%M"))
    out.print(table, highlight=False)


def vars_of(plan: plans.PlanRef) -> dict[str, Any]:
    """Return a plan as plain data."""
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__}


def _show_ledger(ledger: Any) -> None:
    table = Table("编码", "名称", "变更", "面积变化（平方米）", "最大位移（米）", "户数", "内容", "采纳")
    for line in ledger.to_dict("records"):
        changed = "；".join(f"{name}：{old}→{new}" for name, (old, new) in line["attributes"].items())
        table.add_row(
            line["code"],
            line["name"] or "—",
            _ACTIONS[line["action"].value],
            "—" if line["area_m2"] is None else f"{line['area_m2']:,.1f}",  # an organisation has none
            "—"
            if line["displacement_m"] is None or line["displacement_m"] != line["displacement_m"]
            else f"{line['displacement_m']:,.2f}",
            "—"
            if line["households"] is None or line["households"] != line["households"]
            else f"{line['households']:,.0f}",
            changed if line["action"] is ChangeAction.CHANGE else "",
            "是" if line["accepted"] else "否",
        )
    out.print(table, highlight=False)


def publish(plan: Annotated[int, typer.Argument(help="方案编号。")]) -> None:
    """发布草稿方案：采纳的变更成为新版本。"""
    settings = Settings.from_environment()
    store = Store.open(settings.database_url)
    changed = plans.publish(store, plan)
    _build_tiles(Tiles(store, settings.tiles))
    typer.echo(f"方案 {plan} {PlanStatus.PUBLISHED.label}：{counts(changed)}。")


def drop(plan: Annotated[int, typer.Argument(help="方案编号。")]) -> None:
    """放弃草稿方案。"""
    store = Store.open(Settings.from_environment().database_url)
    plans.drop(store, plan)
    typer.echo(f"方案 {plan} {PlanStatus.DROPPED.label}。")
