"""What 叠加分析 shows, as files: each figure with its parts, its interval and its dates."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard.components import rates
from dashboard.i18n import _
from data.periods import Window
from data.queries.comparisons import Comparison
from data.queries.records import Measured, Metric
from data.spreadsheets import csv_bytes, write_tables


def of_one(found: Measured) -> pd.DataFrame:
    """Return one row a unit of a metric in one period, ranked ones first."""
    frame, text = found.frame, rates.metric_words(found.metric, found.view.weights)
    order = frame["rank"].where(frame["rank"] > 0)
    table = pd.DataFrame(
        {
            _("代码"): frame["code"],
            _("名称"): frame["name"],
            _("指标"): text.label,
            _("数值"): frame["value"].round(2),
            _("单位"): text.unit,
            _("分子"): frame["numerator"].round(2),
            _("分子口径"): text.numerator,
            _("分母"): frame["denominator"].round(2) if text.denominator else None,
            _("分母口径"): text.denominator,
            _("构成"): [_made_of(found.metric, one) for one in frame.to_dict("records")],
            _("记录数"): frame["n"],
            _("记录过少"): frame["too_few"].map({True: _("是"), False: ""}),
            _("95% 下限"): frame["low"].round(2),
            _("95% 上限"): frame["high"].round(2),
            _("名次"): order.astype("Int64"),
            _("时段"): dates(found.window),
        }
    )
    return table.assign(order=order, code=frame["code"]).sort_values(["order", "code"]).iloc[:, :-2]


def of_two(found: Comparison) -> pd.DataFrame:
    """Return one row a unit of a metric in two periods; changes that can be told come first."""
    text = rates.metric_words(found.second.metric, found.second.view.weights)
    frame = found.frame.assign(size=found.frame["change"].abs())
    frame = frame.sort_values(["clear", "size", "code"], ascending=[False, False, True])
    return pd.DataFrame(
        {
            _("代码"): frame["code"],
            _("名称"): frame["name"],
            _("指标"): text.label,
            _("单位"): text.unit,
            _("对照期"): dates(found.first.window),
            _("对照期数值"): frame["was"].round(2),
            _("对照期记录数"): frame["n_was"],
            _("本期"): dates(found.second.window),
            _("本期数值"): frame["now"].round(2),
            _("本期记录数"): frame["n_now"],
            _("变化"): frame["change"].round(2),
            _("变化下限"): frame["low"].round(2),
            _("变化上限"): frame["high"].round(2),
            _("可以说有变化"): [
                "" if pd.isna(change) else _("是") if clear else _("否")
                for change, clear in zip(frame["change"], frame["clear"], strict=True)
            ],
        }
    )


def of_pair(frame: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return one row a unit: density of claims beside satisfaction, as `bivariate` gives them."""
    density, liked = (rates.metric_words(one) for one in (Metric.CLAIMS_PER_1000, Metric.SATISFACTION))
    return pd.DataFrame(
        {
            _("代码"): frame["code"],
            _("名称"): frame["name"],
            f"{density.label}（{density.unit}）": frame["density"].round(2),
            _("认领件数"): frame["n_claims"],
            f"{liked.label}（{liked.unit}）": frame["satisfaction"].round(2),
            _("评价数"): frame["n_ratings"],
            _("时段"): dates(window),
        }
    )


def workbook(table: pd.DataFrame, about: Mapping[str, Any]) -> bytes:
    """Return an Excel workbook: the figures, and how they were counted."""
    out = io.BytesIO()
    basis = pd.DataFrame({_("项目"): list(about), _("说明"): [str(one) for one in about.values()]})
    write_tables(out, {_("数据"): table, _("统计口径"): basis}, keys=2)
    return out.getvalue()


def csv(table: pd.DataFrame) -> bytes:
    """Return the figures as CSV."""
    return csv_bytes(table)


def dates(window: Window) -> str:
    """Return the first and the last day of a period."""
    return f"{window.start.isoformat()}—{window.end.isoformat()}"


def _made_of(metric: Metric, record: dict[Any, Any]) -> str:
    return rates.made_of(record).replace("\n", "；") if metric is Metric.THREE_RATES else ""
