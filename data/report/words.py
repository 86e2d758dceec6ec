"""The words of a report, in both languages."""

from __future__ import annotations

from typing import Literal

from data.catalogue import Text
from data.queries.records import Metric

Language = Literal["zh", "en"]

METRICS: dict[Metric, tuple[Text, Text, Text, str]] = {
    Metric.RESPONSE_RATE: (
        Text("诉求响应率", "Response rate"),
        Text("期末前已响应的诉求", "requests answered by the end"),
        Text("期内诉求", "requests of the period"),
        "percent",
    ),
    Metric.RESOLUTION_RATE: (
        Text("诉求办结率", "Resolution rate"),
        Text("期末前已办结的诉求", "requests settled by the end"),
        Text("期内诉求", "requests of the period"),
        "percent",
    ),
    Metric.SATISFACTION: (
        Text("群众满意率", "Satisfaction"),
        Text("4 分及以上的评价", "ratings of 4 or 5"),
        Text("期内评价", "ratings of the period"),
        "percent",
    ),
    Metric.THREE_RATES: (
        Text("三率加权平均", "Three rates, weighted"),
        Text("响应率×{a}＋办结率×{b}＋满意率×{c}", "response × {a} + resolution × {b} + satisfaction × {c}"),
        Text("权重之和", "sum of the weights"),
        "percent",
    ),
    Metric.MATCH_RATE: (
        Text("诉求认领率", "Requests claimed"),
        Text("期末前有人认领的诉求", "requests taken on by the end"),
        Text("期内诉求", "requests of the period"),
        "percent",
    ),
    Metric.OPEN: (
        Text("未办结诉求（件）", "Open requests"),
        Text("期末未办结的诉求", "requests not settled by the end"),
        Text("期内诉求", "requests of the period"),
        "count",
    ),
    Metric.OVERDUE: (
        Text("逾期未办结诉求（件）", "Overdue requests"),
        Text("期末逾期未办结的诉求", "requests past their day and not settled"),
        Text("期内诉求", "requests of the period"),
        "count",
    ),
    Metric.CLAIMS_PER_1000: (
        Text("认领密度（件／千户）", "Claims per 1,000 households"),
        Text("认领件数", "claims"),
        Text("户数", "households"),
        "per_1000",
    ),
    Metric.CLAIMS_PER_KM2: (
        Text("认领密度（件／平方公里）", "Claims per km²"),
        Text("认领件数", "claims"),
        Text("面积（平方公里）", "km²"),
        "per_km2",
    ),
}
"""Metric -> what it is called, what is counted, of what, unit."""

TEXTS: dict[str, Text] = {
    "title": Text("{area}覆盖与服务报告", "{area}: coverage and service"),
    "about": Text("说明", "About"),
    "area": Text("区划", "Area"),
    "period": Text("时段", "Period"),
    "before": Text("对照期", "Compared with"),
    "as_of": Text("存量数据截至", "Stocks as of"),
    "hidden": Text("隐去", "hidden"),
    "page": Text("第 {n} 页，共 {all} 页", "Page {n} of {all}"),
    "rows_more": Text("另有 {n} 行，见 Excel 附表。", "{n} more rows are in the workbook."),
    "unknown_date": Text("数据日期未填", "no date is given"),
    "figures": Text("主要指标", "Key figures"),
    "figures_intro": Text(
        "每个数字注明分子、分母和日期。变化为本期减对照期（百分点或件）；标 ● 的变化，其 95% 区间不含零。",
        "Every figure has its numerator, denominator and date. Changes are this period less that "
        "compared with; ● marks those whose 95% interval leaves zero out.",
    ),
    "no_before": Text(
        "对照期记录不全，不作比较。",
        "Records do not reach through the period compared with: no changes are given.",
    ),
    "name": Text("名称", "Name"),
    "rate": Text("指标", "Figure"),
    "value": Text("数值", "Value"),
    "numerator": Text("分子", "Numerator"),
    "denominator": Text("分母", "Denominator"),
    "date": Text("日期", "Date"),
    "change": Text("变化", "Change"),
    "clear": Text("明显", "Clear"),
    "rank": Text("名次", "Rank"),
    "interval": Text("95% 区间", "95% interval"),
    "code": Text("编码", "Code"),
    "n": Text("记录数", "Records"),
    "unknown": Text("未知", "Unknown"),
    "reach": Text("步行覆盖", "Within a walk"),
    "reach_intro": Text(
        "沿道路步行到最近的党群服务阵地（每分钟 {speed} 米）。颜色为小区半数住户可达的时间；红点为阵地。"
        "只计户数和小区数，不计人数。",
        "On foot along streets to the nearest service station, {speed} m a minute. The colour tells "
        "within how many "
        "minutes half of a compound's dwellings reach one; red points are stations. Dwellings and "
        "compounds are "
        "counted, never people.",
    ),
    "reach_rate": Text("{minutes} 分钟步行覆盖的户数", "Dwellings within a {minutes} minutes' walk"),
    "reach_compounds": Text("{minutes} 分钟步行覆盖的小区", "Compounds within a {minutes} minutes' walk"),
    "reach_over": Text("可达的户数", "dwellings within the walk"),
    "reach_under": Text("全部户数", "all dwellings"),
    "reach_over_compounds": Text("半数住户可达的小区", "compounds half of whose dwellings are"),
    "reach_under_compounds": Text("全部小区", "all compounds"),
    "within": Text("{minutes} 分钟以内", "within {minutes} minutes"),
    "beyond": Text("{minutes} 分钟以上", "beyond {minutes} minutes"),
    "minutes": Text("步行（分钟）", "Walk (minutes)"),
    "straight": Text(
        "其中 {n} 户因附近没有道路，按直线距离计。",
        "{n} of these dwellings are measured in a straight line, for want of a street.",
    ),
    "satisfaction_map": Text("群众满意率分布", "Satisfaction on the map"),
    "claims_map": Text("认领密度分布", "Claim density on the map"),
    "too_few": Text("不足 {n} 条，不作评价", "fewer than {n}: not judged"),
    "no_value": Text("无法计算", "not known"),
    "map_note": Text(
        "共 {n} 条，其中 {above} 条只知所在的更大区划或不在任何{level}内，未上图。",
        "{n} records; {above} of them are known only for a larger area or lie in none, and are not on "
        "the map.",
    ),
    "classes": Text("分级按五分位。", "Classes are fifths."),
    "monthly": Text("逐月情况", "Month by month"),
    "month": Text("月份", "Month"),
    "ranking": Text("{rate}排名", "Ranking by {rate}"),
    "ranking_intro": Text(
        "按 95% 区间下限排名：记录少的区间宽，不会因偶然的高分排到前面。不足 {n} 条的列在最后，不排名。",
        "Ranked by the lower bound of the 95% interval: where records are few it is wide, so that chance "
        "puts nobody "
        "first. Below {n} records a place stands last and has no rank.",
    ),
    "by_area": Text("各{level}的覆盖率", "Coverage by {level}"),
    "by_area_note": Text(
        "各率的分母不同，不能相加或互比；分母不含未知的。只知所在更大区划的未列入各行，但计入合计。",
        "Denominators differ and can't be added or compared; what is unknown is in none. What is known "
        "only for a "
        "larger area is in no row, but in the key figures.",
    ),
    "gaps": Text("未覆盖的小区", "Compounds that nothing reaches"),
    "gaps_intro": Text(
        "半数住户步行 {minutes} 分钟内到不了任何党群服务阵地的小区，按够不着的户数排列。",
        "Compounds half of whose dwellings reach no station within {minutes} minutes, those with most "
        "left out first.",
    ),
    "no_gaps": Text("没有这样的小区。", "There is none."),
    "place": Text("所在社区", "Community"),
    "dwellings": Text("户数", "Dwellings"),
    "left_out": Text("够不着的户数", "Left out"),
    "hour": Text("一小时以上", "over an hour"),
    "people": Text("登记党员", "Members registered"),
    "people_intro": Text(
        "不足 {k} 人的不显示；为防止由合计倒推，另有一些也隐去。只按固定区划和固定日期公布，不按时段统计。",
        "Counts below {k} are not shown; some others are hidden so that these can't be worked out from "
        "totals. They are "
        "given for fixed areas and one fixed day only.",
    ),
    "people_count": Text("登记党员（人）", "Members"),
    "method": Text("方法与口径", "Method and denominators"),
}

METHODS: tuple[tuple[Text, Text], ...] = (
    (
        Text("覆盖率", "Coverage rates"),
        Text(
            "分母为已知情况的对象，情况不明的不计入分子和分母，另行列出。各率的分母各不相同。覆盖率是截至日期的存量，"
            "系统没有上期存量，不作比较。",
            "The denominator holds what is known; the unknown is in neither and is listed apart. Each "
            "rate has its own "
            "denominator. They are stocks of a day; the store keeps none of a period before, so no "
            "change is given.",
        ),
    ),
    (
        Text("诉求、认领、评价", "Requests, claims, ratings"),
        Text(
            "按日期归入时段（北京时间），按现行区划归属；响应、办结、认领、逾期都以期末为准。"
            "满意指 4 分及以上。记录不含个人信息，不作隐去；不足 {few} 条的比率不显示数值、不排名。",
            "Records belong to a period by China's clocks and to areas by today's boundaries; answered, "
            "settled, claimed "
            "and overdue are as of the period's end. Satisfied means 4 or 5. Records carry no person and "
            "are not "
            "suppressed; below {few} a share is neither shown nor ranked.",
        ),
    ),
    (
        Text("区间与排名", "Intervals and ranks"),
        Text(
            "比率用 Wilson 区间，密度用泊松精确区间，变化用 Newcombe 法，均为 95%。排名按区间下限。",
            "Shares have Wilson intervals, densities exact Poisson ones, changes Newcombe's, all 95%. "
            "Ranks go by the "
            "lower bound.",
        ),
    ),
    (
        Text("步行覆盖", "Walks"),
        Text(
            "步行沿已导入的道路计算（不含快速路和铁路），住宅和阵地就近接到道路；附近没有道路的按直线距离计并注明。"
            "小区半数住户可达即算覆盖。",
            "Ways go along the imported streets (no expressways or railways); dwellings and stations are "
            "joined to the "
            "nearest. Where there is no street near, a straight line counts and is told. A compound is "
            "covered where half "
            "of its dwellings are.",
        ),
    ),
    (
        Text("人数", "People"),
        Text(
            "少于 {k} 人的数字和可据以倒推的数字一律隐去，全市统一，与查看者和时段无关；"
            "本报告不提供其他人数。",
            "Counts below {k}, and those that would give them away, are hidden, in the same way for the "
            "whole city, "
            "whoever looks and whatever the period. This report has no other counts of people.",
        ),
    ),
)


def say(key: str, language: Language, **values: object) -> str:
    """Return a text of `TEXTS` in a language, with ``{name}`` filled in from `values`."""
    text = TEXTS[key][language]
    return text.format(**values) if values else text
