"""What rates are called, what they divide by what, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.components.kpi import span_text
from dashboard.i18n import DASH, _, day, language, number
from data.periods import Period
from data.queries.records import SHARES, TOO_FEW, Metric
from data.queries.standing import Standing
from data.queries.three_rates import EQUAL, RATES, Weights

METRIC_LABELS = {
    Metric.CLAIMS_PER_1000: "认领密度（每千户）",
    Metric.CLAIMS_PER_KM2: "认领密度（每平方公里）",
    Metric.REQUESTS_PER_1000: "诉求密度（每千户）",
    Metric.OPEN: "未办结诉求",
    Metric.OVERDUE: "逾期未办结诉求",
    Metric.MATCH_RATE: "诉求认领率",
    Metric.RESPONSE_RATE: "诉求响应率",
    Metric.RESOLUTION_RATE: "诉求办结率",
    Metric.SATISFACTION: "群众满意率",
    Metric.THREE_RATES: "三率加权平均",
}
NUMERATORS = {
    Metric.CLAIMS_PER_1000: "认领件数",
    Metric.CLAIMS_PER_KM2: "认领件数",
    Metric.REQUESTS_PER_1000: "诉求件数",
    Metric.OPEN: "期末未办结的诉求",
    Metric.OVERDUE: "期末逾期未办结的诉求",
    Metric.MATCH_RATE: "期末前有人认领的诉求",
    Metric.RESPONSE_RATE: "期末前已响应的诉求",
    Metric.RESOLUTION_RATE: "期末前已办结的诉求",
    Metric.SATISFACTION: "4 分及以上的评价",
    Metric.THREE_RATES: "响应率×{a}＋办结率×{b}＋满意率×{c}",
}
DENOMINATORS = {
    Metric.CLAIMS_PER_1000: "户数",
    Metric.CLAIMS_PER_KM2: "面积（平方公里）",
    Metric.REQUESTS_PER_1000: "户数",
    Metric.OPEN: "",
    Metric.OVERDUE: "",
    Metric.MATCH_RATE: "期内诉求",
    Metric.RESPONSE_RATE: "期内诉求",
    Metric.RESOLUTION_RATE: "期内诉求",
    Metric.SATISFACTION: "期内评价",
    Metric.THREE_RATES: "权重之和",
}
METRIC_UNITS = {
    Metric.CLAIMS_PER_1000: "件／千户",
    Metric.CLAIMS_PER_KM2: "件／平方公里",
    Metric.REQUESTS_PER_1000: "件／千户",
    Metric.OPEN: "件诉求",
    Metric.OVERDUE: "件诉求",
} | dict.fromkeys((*SHARES, Metric.THREE_RATES), "%")


@dataclass(frozen=True)
class Words:
    """What a rate is called and what it divides by what, in the reader's language."""

    label: str
    numerator: str
    denominator: str
    unit: str


def words(found: Standing) -> Words:
    """Return the words of a rate."""
    one = found.rate
    if isinstance(one, Metric):
        return metric_words(one, found.weights or EQUAL)
    lang = language()
    unit = "%" if one.unit == "percent" else _("每千")
    return Words(one.label[lang], one.numerator_label[lang], one.denominator_label[lang], unit)


def metric_words(metric: Metric, weights: Weights = EQUAL) -> Words:
    """Return the words of a rate on records; the weights are those of the three rates together."""
    under = DENOMINATORS[metric]
    named = dict(zip("abc", (f"{one:g}" for one in weights), strict=True))
    return Words(
        _(METRIC_LABELS[metric]),
        _(NUMERATORS[metric], **(named if metric is Metric.THREE_RATES else {})),
        _(under) if under else "",
        _(METRIC_UNITS[metric]),
    )


def when(found: Standing) -> str:
    """Return the day or the span of days that a rate is of."""
    if found.window is not None:
        return span_text(found.window)
    return _("截至 {day}", day=day(found.as_of)) if found.as_of else _("数据日期未填")


def digits(metric: Metric) -> int:
    """Return with how many decimals a metric is written: a number of records with none."""
    return 0 if metric.is_number else 1


def value_text(value: float | None, unit: str, digits: int = 1) -> str:
    """Return a value with its unit; a dash where there is none."""
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return DASH
    return number(value, digits) + (unit if unit == "%" else f" {unit}")


def change_text(row: Any) -> str:
    """Return a change on the other period; a mark goes only with one whose interval leaves zero out."""
    change = row["change"]
    if change is None or change != change:  # noqa: PLR0124
        return ""
    size = f"{abs(change):.1f}"
    if row["clear"]:
        return ("▲" if change > 0 else "▼") + size
    return ("+" if change >= 0 else "−") + size


def told(found: Standing, row: Any) -> str:
    """Return all that belongs to a figure: its parts, unknowns, interval, change and date."""
    text = words(found)
    lines = [
        f"{text.label}  {value_text(row['value'], text.unit)}",
        f"{text.numerator}  {number(row['numerator'])}",
        f"{text.denominator}  {number(row['denominator'])}",
    ]
    if found.rate is Metric.THREE_RATES:
        lines[1:3] = [made_of(row), f"{text.numerator}  ÷ {text.denominator} {number(row['denominator'], 2)}"]
    if row["unknown"]:
        lines.append(_("未填、不计入  {n}", n=number(row["unknown"])))
    if row["too_few"]:
        lines.append(_("不足 {k} 条，不显示比率", k=TOO_FEW))
    elif row["low"] == row["low"] and found.window is not None:
        lines.append(_("95% 区间  {low}—{high}", low=f"{row['low']:.1f}", high=f"{row['high']:.1f}"))
    if row["change"] == row["change"] and found.before is not None:
        lines.append(
            _(
                "较 {span} {change}，95% 区间 {low}—{high}",
                span=span_text(found.before),
                change=f"{row['change']:+.1f}",
                low=f"{row['change_low']:+.1f}",
                high=f"{row['change_high']:+.1f}",
            )
        )
        if not row["clear"]:
            lines.append(_("区间含 0，不能说有变化"))
    lines.append(when(found))
    return "\n".join(lines)


def made_of(row: Any) -> str:
    """Return each of the three rates with its numerator and denominator."""
    return "\n".join(
        f"{_(METRIC_LABELS[Metric(rate)])}  {value_text(row[rate], '%')}"
        f"（{number(row[f'{rate}_numerator'])}/{number(row[f'{rate}_n'])}）"
        for rate in RATES
    )


def period_label(period: Period) -> str:
    """Return a period in words."""
    year = period.start.year
    if period.number is None:
        first, last = (month_label(one) for one in (period.window.start, period.window.end))
        return first if first == last else _("{first}至 {last}", first=first, last=last)
    if period.months == 3:  # noqa: PLR2004
        return _("{year} 年第 {n} 季度", year=year, n=period.number)
    if period.months == 6:  # noqa: PLR2004
        half = _("上半年") if period.number == 1 else _("下半年")
        return _("{year} 年{half}", year=year, half=half)
    return _("{year} 年", year=year)


def month_label(day: date) -> str:
    """Return the month of a day in words."""
    return _("{year} 年 {n} 月", year=day.year, n=day.month)
