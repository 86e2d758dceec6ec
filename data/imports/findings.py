"""What an import finds wrong beyond what the readers find: the sentences, and one list to collect them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.readers import TEMPLATES, Problem
from data.readers.problems import Severity, Unit, problem

SENTENCES: dict[str, tuple[Severity, str, str]] = {
    "no_geometry": (
        "error",
        "文件没有几何，也没有经纬度列；请提供带坐标的文件。",
        "the file holds no geometry and no coordinate columns; supply one that does.",
    ),
    "no_rows": (
        "error",
        "没有可导入的记录；请检查图层和筛选条件。",
        "there is no row to import; check layer and filter.",
    ),
    "where_column": (
        "error",
        "筛选条件中的列“{value}”不存在；现有：{choices}。",
        "the filter's column '{value}' does not exist; there are: {choices}.",
    ),
    "column_unknown": (
        "error",
        "文件没有“{value}”列，“{label}”无从读取；现有：{choices}。",
        "the file has no column '{value}' for '{label}'; there are: {choices}.",
    ),
    "column_missing": (
        "error",
        "缺少“{label}”：请指定对应的列，或给出统一的值。",
        "'{label}' is missing: name its column, or give one value for all.",
    ),
    "columns_personal": (
        "warning",
        "含个人信息的列不导入：{value}。",
        "columns with personal data are not imported: {value}.",
    ),
    "column_not_code": (
        "warning",
        "值多有重复，未作编码；如确是编码，请手工对应。",
        "its values are mostly repeated: not taken as codes; map it by hand if they are.",
    ),
    "value_missing": ("error", "“{label}”为空；请补填。", "'{label}' is blank; fill it in."),
    "value_number": (
        "error",
        "“{value}”不是{what}；请更正。",
        "'{value}' is not a number that fits ({what}); correct it.",
    ),
    "value_range": (
        "error",
        "“{value}”超出 {low:,.0f}—{high:,.0f}；请更正。",
        "'{value}' is not within {low:,.0f}–{high:,.0f}; correct it.",
    ),
    "value_yes_no": (
        "error",
        "“{value}”不是“是/否”；请改填“是”或“否”。",
        "'{value}' is neither yes nor no; write 是 or 否.",
    ),
    "value_day": (
        "error",
        "“{value}”不是日期；请写成 2024-05-01。",
        "'{value}' is not a date; write it like 2024-05-01.",
    ),
    "value_choice": (
        "error",
        "“{value}”不是已知的{label}；可填：{choices}。",
        "'{value}' is not a known value of '{label}'; use one of: {choices}.",
    ),
    "value_left_out": (
        "warning",
        "“{value}”不是已知的{label}，已留空；可填：{choices}。",
        "'{value}' is not a known value of '{label}' and was left out; use one of: {choices}.",
    ),
    "value_long": (
        "error",
        "文字有 {length} 字，超过 {limit} 字；请缩短。",
        "the text has {length} characters, the limit is {limit}; shorten it.",
    ),
    "code_area": (
        "error",
        "“{value}”不是 12 位{label}代码；请更正。",
        "'{value}' is not the 12-digit code of a {label}; correct it.",
    ),
    "area_unknown": (
        "error",
        "没有代码为“{value}”的区划；请先导入，或更正代码。",
        "there is no area with the code '{value}'; import it first, or correct the code.",
    ),
    "area_differs": (
        "warning",
        "编码属社区 {owner}，位置却在 {found}；请核对。",
        "the code belongs to community {owner}, the place to {found}; check it.",
    ),
    "code_duplicate": (
        "error",
        "编码“{value}”与第 {other} 条重复；请更正。",
        "the code '{value}' is also that of record {other}; correct it.",
    ),
    "code_retired": (
        "error",
        "编码“{value}”已停用，不得再用；请给新编码。",
        "the code '{value}' has been retired and is never used again; give a new one.",
    ),
    "codes_given": (
        "warning",
        "{count:,} 条没有编码，已编号（如 {value}）。",
        "{count:,} rows have no code and were given one (such as {value}).",
    ),
    "codes_matched": (
        "warning",
        "{count:,} 条没有编码，按位置沿用已有编码。",
        "{count:,} rows have no code and keep that of the stored feature at their place.",
    ),
    "names_given": (
        "warning",
        "{count:,} 条没有名称，以“{value}”的形式代替。",
        "{count:,} rows have no name and are called like '{value}'.",
    ),
    "geometry_duplicate": (
        "warning",
        "几何与第 {other} 条完全相同；请核对。",
        "the geometry is the same as that of record {other}; check it.",
    ),
    "repaired": (
        "warning",
        "自相交已修复，修复后面积 {area_m2:,.2f} 平方米；请核对。",
        "the self-crossing was repaired, the area is now {area_m2:,.2f} m²; check it.",
    ),
    "overlaps": (
        "warning",
        (
            "{count:,} 对图形重叠（大于 {threshold_m2:f} 平方米；其中大于 1 平方米的 {large:,} 对），"
            "共 {area_m2:,.0f} 平方米；导入后可拉平对齐。"
        ),
        (
            "{count:,} pairs overlap (by more than {threshold_m2:f} m²; {large:,} by more than 1 m²), "
            "{area_m2:,.0f} m² in all; align them later."
        ),
    ),
    "outside": (
        "error",
        "位于（{x:.5f}, {y:.5f}），距本市 {distance_km:,.0f} 公里；请核对坐标。",
        "lies at ({x:.5f}, {y:.5f}), {distance_km:,.0f} km from the city; check the coordinates.",
    ),
    "out_of_scope": (
        "error",
        "位于 {value}，不在您的管辖范围内；请去掉该记录。",
        "lies in {value}, outside your part of the city; remove the record.",
    ),
    "place_unknown": (
        "warning",
        "没有编码为“{value}”的对象（{count:,} 条）；改按其他位置信息落图，或请更正编码。",
        "nothing stored has the code '{value}' ({count:,} rows); placed by what else is known.",
    ),
    "records_nowhere": (
        "warning",
        "{count:,} 条没有可用的位置，已导入并列入“未能落图”。",
        "{count:,} rows have no usable place; they are imported and listed as lying nowhere.",
    ),
    "times_reversed": (
        "error",
        "“{label}”早于开始时间；请更正。",
        "'{label}' is before the record began; correct it.",
    ),
    "value_moment": (
        "error",
        "“{value}”不是时间；请写成 2024-05-01 14:30。",
        "'{value}' is not a time; write it like 2024-05-01 14:30.",
    ),
    "building_unknown": (
        "error",
        "找不到所属楼栋；请先导入楼栋，或更正楼栋编码。",
        "its building is not found; import buildings first, or correct the building's code.",
    ),
    "city_missing": (
        "error",
        "还没有任何区划；请给出城市名称和六位代码（如 杭州市:330100），或先导入区划。",
        "there is no area yet; give the city's name and six-digit code (City:330100), or import areas first.",
    ),
    "city_above": (
        "error",
        "还没有它们共同的上级；请给出城市名称和六位代码（如 杭州市:330100），或先导入市的边界。",
        "there is no area above them; give the city's name and six digits (City:330100), or import it first.",
    ),
    "city_other": (
        "error",
        "代码“{value}”不在 {city} 之下；请更正代码，或改城市的代码。",
        "the code '{value}' is not below {city}; correct it, or the city's code.",
    ),
    "city_code": (
        "error",
        "“{value}”不是市或县（区）的六位代码，如 330100。",
        "'{value}' is not the six-digit code of a city or county, such as 330100.",
    ),
    "city_kept": (
        "warning",
        "已有区划，未新建城市“{value}”。",
        "there are areas already: the city '{value}' was not made.",
    ),
    "city_made": (
        "warning",
        "新建城市“{value}”，范围取本次数据的外包；请再导入正式区划。",
        "the city '{value}' is made, as wide as this file; import its true boundary later.",
    ),
    "crs_other_datum": (
        "warning",
        "坐标系 {name} 不属 CGCS2000 或 WGS 84，换算可能有数十米误差；请核对。",
        "{name} is neither on CGCS2000 nor on WGS 84: the conversion may be off by tens of metres; check it.",
    ),
    "datum_shifted": (
        "error",
        "位置与已有数据相差约 {shift_m:,.0f} 米，像是 {name}；请选择坐标基准（--datum）后再导入。",
        "lies some {shift_m:,.0f} m off what is stored, as {name} would; choose the datum and import again.",
    ),
    "datum_offset": (
        "error",
        (
            "位置与已有数据整体相差约 {shift_m:,.0f} 米（方位 {direction_deg:.0f}°），不属已知的偏移；"
            "请核对，确认无误可指定坐标基准。"
        ),
        (
            "lies some {shift_m:,.0f} m off what is stored (azimuth {direction_deg:.0f}°), by no known "
            "shift; check it, or declare the datum if it is right."
        ),
    ),
    "datum_disagrees": (
        "warning",
        "按 {name} 换算后与已有数据仍相差约 {shift_m:,.0f} 米；请核对。",
        "taken as {name} it still lies some {shift_m:,.0f} m off what is stored; check it.",
    ),
    "imported_before": (
        "error",
        "该文件已于 {day} 导入过；确要再追加一次，请选“再次导入”（--again）。",
        "this file was imported on {day}; choose 'again' (--again) to append it once more.",
    ),
}
TEMPLATES.update(SENTENCES)  # a Problem finds its sentence by code there

TEXT_CODES = {
    "replacement",
    "mojibake",
    "text_cut",
    "formula",
    "formula_sign",
    "formula_text",
    "formula_uncomputed",
    "cell_error",
    "scientific",
}
"""Problems of a cell's text: of no account where the column is not imported."""
GEOMETRY_CODES = {"self_crossing", "invalid"}
"""Problems that a repair may remove."""


@dataclass
class Findings:
    """Problems of the rows under import, and which rows can't be stored.

    Attributes
    ----------
    file, unit
        As every problem names them.
    rows
        Shape (n,): the source's number of each row.
    bad
        Shape (n,): rows with an error.
    problems
        Everything found.
    """

    file: str
    unit: Unit
    rows: NDArray[np.int64]
    problems: list[Problem] = field(default_factory=list)
    bad: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.bad = np.zeros(len(self.rows), dtype=bool)

    @property
    def stops(self) -> list[Problem]:
        """The errors that concern the file as a whole."""
        return [one for one in self.problems if one.row is None and one.severity == "error"]

    @property
    def errors(self) -> list[Problem]:
        """All errors."""
        return [one for one in self.problems if one.severity == "error"]

    def take(self, problems: Iterable[Problem]) -> None:
        """Take over what the readers found, of the rows that are here."""
        index = pd.Index(self.rows)
        found = list(problems)
        places = index.get_indexer(pd.Index([-1 if one.row is None else one.row for one in found]))
        for one, place in zip(found, places, strict=True):
            if one.row is None or place >= 0:
                self.problems.append(one)
                if place >= 0 and one.severity == "error":
                    self.bad[place] = True

    def note(self, code: str, position: int | None = None, **details: Any) -> None:
        """Add a problem, of the row at `position` if given."""
        row = None if position is None else int(self.rows[position])
        found = problem(code, self.file, row=row, unit=self.unit, **details)
        self.problems.append(found)
        if position is not None and found.severity == "error":
            self.bad[position] = True

    def forget(self, codes: set[str], positions: NDArray[np.int64]) -> None:
        """Drop the problems with these codes of these rows, and judge the rows anew."""
        rows = set(self.rows[positions].tolist())
        self.problems = [one for one in self.problems if not (one.code in codes and one.row in rows)]
        still = {one.row for one in self.errors if one.row in rows}
        self.bad[positions] = [row in still for row in self.rows[positions].tolist()]
