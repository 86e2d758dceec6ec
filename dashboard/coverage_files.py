"""The figures of 全市覆盖 as files: each with its numerator, its denominator and its date."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pandas as pd

from dashboard.components import rates
from dashboard.i18n import _
from data.periods import Window
from data.queries.standing import Standing
from data.spreadsheets import csv_bytes, write_tables
from models.enums import AreaLevel


def long_table(found: Sequence[Standing], level: AreaLevel, whole_name: str) -> pd.DataFrame:
    """Return one row for each area and rate, the whole first, with all that belongs to the figure."""
    parts = []
    for one in found:
        text = rates.words(one)
        whole = one.total.to_frame().T.assign(code="", name=whole_name)
        frame = pd.concat([whole.astype(object), one.frame.astype(object)], ignore_index=True)
        few = frame["too_few"].astype(bool)
        numbers = {
            name: pd.to_numeric(frame[name]).round(2)
            for name in ("value", "low", "high", "was", "change", "change_low", "change_high")
        }
        parts.append(
            pd.DataFrame(
                {
                    _("代码"): frame["code"],
                    _(level.label): frame["name"],
                    _("指标"): text.label,
                    _("数值"): numbers["value"],
                    _("单位"): text.unit,
                    _("分子"): pd.to_numeric(frame["numerator"]).round(2),
                    _("分子口径"): text.numerator,
                    _("分母"): frame["denominator"],
                    _("分母口径"): text.denominator,
                    _("构成"): _made_of(one, frame),
                    _("未填（不计入）"): frame["unknown"],
                    _("记录过少"): few.map({True: _("是"), False: ""}),
                    _("95% 下限"): numbers["low"],
                    _("95% 上限"): numbers["high"],
                    _("日期或时段"): _span(one.window) or (one.as_of.isoformat() if one.as_of else _("未填")),
                    _("对照期数值"): numbers["was"],
                    _("对照期"): _span(one.before),
                    _("变化"): numbers["change"],
                    _("变化下限"): numbers["change_low"],
                    _("变化上限"): numbers["change_high"],
                    _("可以说有变化"): [
                        "" if pd.isna(change) else _("是") if clear else _("否")
                        for change, clear in zip(frame["change"], frame["clear"], strict=True)
                    ],
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _made_of(found: Standing, frame: pd.DataFrame) -> list[str]:
    """Return what the three rates together are made of; nothing for a rate that stands by itself."""
    if found.weights is None:
        return [""] * len(frame)
    return [rates.made_of(one).replace("\n", "；") for one in frame.to_dict("records")]


def wide_table(found: Sequence[Standing], level: AreaLevel, whole_name: str) -> pd.DataFrame:
    """Return one row an area, the whole first, and a column a rate, beside it its change."""
    if not found:
        return pd.DataFrame()
    first = found[0].frame
    table = pd.DataFrame({_("代码"): ["", *first["code"]], _(level.label): [whole_name, *first["name"]]})
    for one in found:
        text = rates.words(one)
        unit = "" if text.unit in text.label else f"（{text.unit}）"
        values = [one.total["value"], *one.frame["value"]]
        table[f"{text.label}{unit}"] = pd.to_numeric(pd.Series(values)).round(2)
        if one.before is not None:
            changes = [one.total["change"], *one.frame["change"]]
            heading = _("{rate}较 {span} 的变化", rate=text.label, span=_span(one.before))
            table[heading] = pd.to_numeric(pd.Series(changes)).round(2)
    return table


def workbook(
    found: Sequence[Standing], level: AreaLevel, whole_name: str, people: pd.DataFrame | None = None
) -> bytes:
    """Return an Excel workbook: the rates side by side, every figure with its parts, counts of people."""
    out = io.BytesIO()
    sheets = {
        _("各区域对比"): wide_table(found, level, whole_name),
        _("分子分母与日期"): long_table(found, level, whole_name),
    }
    if people is not None:
        sheets[_("人数")] = people
    write_tables(out, sheets, keys=2)
    return out.getvalue()


def csv(found: Sequence[Standing], level: AreaLevel, whole_name: str) -> bytes:
    """Return every figure with its parts, UTF-8 with a mark that Excel knows it by."""
    return csv_bytes(long_table(found, level, whole_name))


def _span(window: Window | None) -> str:
    return f"{window.start.isoformat()}—{window.end.isoformat()}" if window else ""
