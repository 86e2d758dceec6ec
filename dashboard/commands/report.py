"""The report on an area and a period, written in the terminal."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from data.errors import DataError
from data.report.contents import as_long, months
from data.scope import Scope
from data.settings import Settings
from data.store import Store


class _Language(StrEnum):
    ZH = "zh"
    EN = "en"


def register(cli: typer.Typer) -> None:
    """Add the command to the command line."""
    cli.command("report")(write_report)


def write_report(
    area: Annotated[str, typer.Option(help="区划的 12 位代码。")],
    first: Annotated[str, typer.Option("--from", help="起始月份，如 2026-01。")],
    last: Annotated[str, typer.Option("--to", help="终止月份，如 2026-06。")],
    against: Annotated[
        str | None, typer.Option(help="对照期的起始月份，如 2025-01；与本期一样长，不给出时为上期。")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="报告写入这个 PDF 文件。")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="各图表的数据写入这个 Excel 文件。")] = None,
    lang: Annotated[_Language, typer.Option(help="语言：zh 或 en。")] = _Language.ZH,
) -> None:
    """生成一个区划、一个时段的报告：PDF 和 Excel，每个数字注明分子、分母和日期。"""
    from dashboard.report_files import assembled, pdf_bytes, workbook_bytes  # noqa: PLC0415  (Typst loads slowly)

    wanted = [(one, suffix) for one, suffix in ((out, ".pdf"), (xlsx, ".xlsx")) if one is not None]
    if not wanted:
        raise DataError("没有给出结果文件；请加 --out 报告.pdf 或 --xlsx 数据.xlsx。")
    for path, suffix in wanted:
        if path.suffix.lower() != suffix:
            raise DataError(f"结果文件“{path}”应以 {suffix} 结尾。")
        if not path.absolute().parent.is_dir():
            raise DataError(f"没有文件夹“{path.absolute().parent}”；请先建好。")
    window = months(first, last)
    settings = Settings.from_environment()
    store = Store.open(settings.database_url)
    former = as_long(window, against) if against else None
    found = assembled(store, settings, Scope(), area, window, "en" if lang is _Language.EN else "zh", former)
    for path, suffix in wanted:
        path.write_bytes(pdf_bytes(settings, found) if suffix == ".pdf" else workbook_bytes(found))
        typer.echo(f"已写入 {path}")
