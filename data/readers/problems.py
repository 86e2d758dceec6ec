"""What can be wrong with a file, said in one short sentence with its place and its remedy.

A problem keeps a machine-readable code and its parameters; the sentence is made from a template when it is
shown, so that each exists once in Chinese and once in English.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from data.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Severity = Literal["error", "warning"]
Unit = Literal["row", "feature"]

# code -> (severity, Chinese, English)
TEMPLATES: dict[str, tuple[Severity, str, str]] = {
    # the file as a whole
    "not_found": ("error", "找不到文件;请检查路径。", "no such file; check the path."),
    "file_type": (
        "error",
        "不支持“{extension}”文件;可用格式:{accepted}。",
        "'{extension}' files are not read; use one of {accepted}.",
    ),
    "old_excel": (
        "error",
        "旧版 Excel(.xls)不能读取;请另存为 .xlsx。",
        "old Excel (.xls) is not read; save it as .xlsx.",
    ),
    "too_large": (
        "error",
        "文件 {size_mb:,.0f} MB,超过上限 {limit_mb:,.0f} MB;请拆分后分批导入。",
        "the file has {size_mb:,.0f} MB, the limit is {limit_mb:,.0f} MB; split it.",
    ),
    "file_empty": ("error", "文件是空的;请重新导出。", "the file is empty; export it again."),
    "content": (
        "error",
        "内容不是{expected};请确认扩展名与内容一致。",
        "the content is not {expected}; check that it is what its name says.",
    ),
    "cut_short": (
        "error",
        "文件不完整({detail});请重新复制或导出。",
        "the file is cut short ({detail}); copy or export it again.",
    ),
    "damaged": (
        "error",
        "文件已损坏,无法读取({detail});请重新导出。",
        "the file is damaged and can't be read ({detail}); export it again.",
    ),
    "companion_missing": (
        "error",
        "缺少同名的 {extension} 文件;请与 .shp 一并提供。",
        "the {extension} of the same name is missing; supply it beside the .shp.",
    ),
    "companion_wanted": (
        "warning",
        "缺少同名的 {extension} 文件,读入时没有属性。",
        "the {extension} of the same name is missing: read without attributes.",
    ),
    "archive_ratio": (
        "error",
        "压缩包解压后过大({size_mb:,.0f} MB,压缩比 {ratio:,.0f});请只打包需要的图层。",
        "the archive unpacks to {size_mb:,.0f} MB (ratio {ratio:,.0f}); pack only the layers needed.",
    ),
    "archive_members": (
        "error",
        "压缩包内有 {count:,} 个文件,超过上限 {limit:,};请只打包需要的图层。",
        "the archive holds {count:,} files, the limit is {limit:,}; pack only the layers needed.",
    ),
    "archive_nested": (
        "error",
        "压缩包内还有压缩文件“{name}”;请解压后再导入。",
        "the archive holds another one, '{name}'; unpack it first.",
    ),
    "archive_path": (
        "error",
        "压缩包内的路径“{name}”不安全;请重新打包。",
        "the archive's path '{name}' is unsafe; pack it again.",
    ),
    "archive_encrypted": (
        "error",
        "压缩包内“{name}”已加密;请去掉密码后再导入。",
        "'{name}' in the archive is encrypted; remove the password.",
    ),
    "archive_empty": (
        "error",
        "压缩包内没有可读的图层;可用格式:{accepted}。",
        "the archive holds no readable layer; use one of {accepted}.",
    ),
    "xml_unsafe": (
        "error",
        "XML 含有 {what},不予读取;请去掉后重新导出。",
        "the XML holds {what} and is refused; export it without.",
    ),
    "virtual_table": (
        "error",
        "数据库含有虚拟表“{name}”,不予读取;请另存为新的 GeoPackage。",
        "the database holds the virtual table '{name}' and is refused; save it as a new GeoPackage.",
    ),
    "too_many_features": (
        "error",
        "要素超过上限 {limit:,} 个;请拆分后分批导入。",
        "more than {limit:,} features; split the file.",
    ),
    "too_many_vertices": (
        "error",
        "顶点约 {count:,} 个,超过上限 {limit:,};请简化或拆分后导入。",
        "about {count:,} vertices, the limit is {limit:,}; simplify or split the file.",
    ),
    "layer_missing": (
        "error",
        "没有图层“{name}”;现有:{choices}。",
        "there is no layer '{name}'; there are: {choices}.",
    ),
    "layer_chosen": (
        "warning",
        "有多个图层,读取了“{name}”;另有:{choices}。",
        "of several layers '{name}' was read; there are also: {choices}.",
    ),
    "no_layer": ("error", "文件中没有图层;请重新导出。", "the file holds no layer; export it again."),
    "table_empty": (
        "error",
        "没有找到表头和数据;请把表头放在前 {limit} 行内。",
        "no header and data were found; put the header into the first {limit} rows.",
    ),
    "header_row": (
        "error",
        "没有第 {value} 行可作表头;表格共 {count} 行。",
        "there is no row {value} for the header; the table has {count}.",
    ),
    "driver": ("warning", "读取时提示:{detail}。", "the reader said: {detail}."),
    # takes the severity of those that it counts
    "more": (
        "warning",
        "同类问题另有 {count:,} 处(共 {total:,} 处)。",
        "{count:,} more of this kind ({total:,} in all).",
    ),
    # text
    "encoding": (
        "error",
        "不能按 {encoding} 解码;请改选编码(如 {choices})。",
        "can't be decoded as {encoding}; choose another (such as {choices}).",
    ),
    "encoding_conflict": (
        "warning",
        "声明的编码 {declared} 与内容不符,已按 {used} 读取;请核对中文。",
        "the declared encoding {declared} does not fit: read as {used}; check the text.",
    ),
    "replacement": (
        "error",
        "“{value}”含无法识别的字符;请改选编码或更正原文。",
        "'{value}' holds unreadable characters; choose another encoding or correct it.",
    ),
    "mojibake": (
        "error",
        "“{value}”像是乱码(应为“{guess}”);请改选编码 {encoding}。",
        "'{value}' looks garbled ('{guess}'?); choose the encoding {encoding}.",
    ),
    "text_cut": (
        "warning",
        "“{value}”末字不完整,已略去半个字;请核对原文。",
        "'{value}' ends in half a character, which was left out; check it.",
    ),
    "formula": (
        "error",
        "“{value}”以公式符号开头;请改为普通文字。",
        "'{value}' begins like a formula; make it plain text.",
    ),
    "formula_sign": (
        "warning",
        "“{value}”以“{sign}”开头,表格软件会当作公式;请核对。",
        "'{value}' begins with '{sign}' and spreadsheets take it for a formula; check it.",
    ),
    "formula_text": (
        "warning",
        "文字由公式得出,已读取其值“{value}”;请核对。",
        "the text comes from a formula; its value '{value}' was read; check it.",
    ),
    "formula_uncomputed": (
        "error",
        "公式“{value}”没有计算结果;请在 Excel 中打开并保存。",
        "the formula '{value}' holds no result; open and save it in Excel.",
    ),
    "cell_error": (
        "error",
        "单元格是错误值“{value}”;请更正。",
        "the cell holds the error '{value}'; correct it.",
    ),
    "scientific": (
        "error",
        "“{value}”是科学计数,编码已丢失位数;请设为文本格式后重新导出。",
        "'{value}' is in scientific notation and has lost digits; export the column as text.",
    ),
    "ragged": (
        "error",
        "有 {count} 个单元格,表头只有 {expected} 列;请检查分隔符和引号。",
        "{count} cells under a header of {expected}; check delimiters and quotes.",
    ),
    "duplicate_column": (
        "warning",
        "列名“{value}”重复,已改为“{name}”。",
        "the column '{value}' occurs twice and was renamed '{name}'.",
    ),
    "row_skipped": (
        "warning",
        "“{value}”是合计或说明,未作为记录读取。",
        "'{value}' is a total or a note and was not read as a record.",
    ),
    # coordinate systems
    "crs_missing": (
        "error",
        "没有坐标系,也无法由坐标判断;请指定坐标系。",
        "no coordinate system is declared or can be told from the coordinates; name it.",
    ),
    "crs_guessed": (
        "warning",
        "没有声明坐标系,按坐标判断为 {name};请核对。",
        "no coordinate system is declared; the coordinates suggest {name}; check it.",
    ),
    "crs_unknown": (
        "error",
        "没有坐标系“{value}”;请用 EPSG 编号,如 EPSG:4490。",
        "there is no coordinate system '{value}'; give an EPSG code such as EPSG:4490.",
    ),
    "crs_unreadable": (
        "warning",
        "声明的坐标系无法识别,已改按坐标判断;请核对。",
        "the declared coordinate system can't be read; it was told from the coordinates; check it.",
    ),
    "crs_mismatch": (
        "error",
        "声明的坐标系 {declared} 与坐标({x:.6g}, {y:.6g})不符;请改为 {name}。",
        "the declared {declared} does not fit the coordinates ({x:.6g}, {y:.6g}); name {name}.",
    ),
    "axes_swapped": (
        "error",
        "坐标轴颠倒:({x:.6g}, {y:.6g})应为({y:.6g}, {x:.6g});请交换两轴后导入。",
        "the axes are swapped: ({x:.6g}, {y:.6g}) should be ({y:.6g}, {x:.6g}); swap them.",
    ),
    "coordinate_range": (
        "error",
        "坐标({x:.6g}, {y:.6g})超出经纬度范围;请更正。",
        "the coordinates ({x:.6g}, {y:.6g}) are outside longitude and latitude; correct them.",
    ),
    "coordinate_invalid": (
        "error",
        "坐标“{value}”不是数字;请改为十进制数。",
        "the coordinate '{value}' is not a number; use decimals.",
    ),
    "not_finite": (
        "error",
        "坐标含无穷大或非数字;请更正。",
        "a coordinate is infinite or not a number; correct it.",
    ),
    # geometry
    "ring_unclosed": (
        "error",
        "环未闭合:起点({x:.8g}, {y:.8g})与终点({x2:.8g}, {y2:.8g})不同;请在来源软件中闭合。",
        "a ring is not closed: it starts at ({x:.8g}, {y:.8g}) and ends at ({x2:.8g}, {y2:.8g}); close it.",
    ),
    "ring_short": (
        "error",
        "环只有 {count} 个点;请补足至少 4 个(首尾相同)。",
        "a ring has only {count} points; it needs 4, the last being the first.",
    ),
    "self_crossing": (
        "error",
        "边界自相交,位于({x:.8g}, {y:.8g});请在该处改正。",
        "the boundary crosses itself at ({x:.8g}, {y:.8g}); correct it there.",
    ),
    "invalid": (
        "error",
        "几何无效:{reason},位于({x:.8g}, {y:.8g});请改正。",
        "invalid geometry: {reason} at ({x:.8g}, {y:.8g}); correct it.",
    ),
    "geometry_null": (
        "error",
        "没有几何;请补绘或删除该记录。",
        "there is no geometry; draw it or remove the record.",
    ),
    "geometry_empty": (
        "error",
        "几何为空;请补绘或删除该记录。",
        "the geometry is empty; draw it or remove the record.",
    ),
    "geometry_type": (
        "error",
        "几何是{found},应为{expected};请改正。",
        "the geometry is a {found}, expected a {expected}; correct it.",
    ),
    "geometry_damaged": (
        "error",
        "几何无法解析({detail});请重新导出。",
        "the geometry can't be parsed ({detail}); export it again.",
    ),
    "z_dropped": (
        "warning",
        "{count:,} 个要素的高程或量测值已略去。",
        "the height or measure of {count:,} features was left out.",
    ),
    "text_outside": (
        "warning",
        "文字“{value}”不在任何面内,未作为名称。",
        "the text '{value}' lies in no polygon and names nothing.",
    ),
    "texts_several": (
        "warning",
        "面内有多个文字:{choices};名称取“{value}”。",
        "several texts in one polygon: {choices}; '{value}' became the name.",
    ),
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file.

    Attributes
    ----------
    code
        Key of :data:`TEMPLATES`.
    file
        Name of the file (for a member of an archive ``archive.zip/member``).
    row
        Row (tables; 1-based, as a spreadsheet or editor counts) or feature number (1-based), if one is meant.
    column
        Name of the column, if one is meant.
    value
        The value found, as text.
    severity
        ``error``: the record (without a row: the file) can't be used as it is; ``warning``: it can.
    unit
        Whether ``row`` counts rows or features.
    params
        What the template names besides ``value``.
    """

    code: str
    file: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    severity: Severity = "error"
    unit: Unit = "row"
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message_zh(self) -> str:
        """The sentence in Chinese, without its place."""
        return self.message("zh")

    def message(self, language: str = "zh") -> str:
        """Return the sentence in ``zh`` or ``en``, without its place."""
        template = TEMPLATES[self.code][1 if language.startswith("zh") else 2]
        return template.format(**{"value": self.value, **self.params})

    def place(self, language: str = "zh") -> str:
        """Return where it is: file, row or feature, column."""
        zh = language.startswith("zh")
        parts = [self.file]
        if self.row is not None:
            noun = {"row": ("第 {} 行", "row {}"), "feature": ("第 {} 个要素", "feature {}")}[self.unit]
            parts.append(noun[0 if zh else 1].format(self.row))
        if self.column is not None:
            parts.append(f"“{self.column}”列" if zh else f"column '{self.column}'")
        return " ".join(parts)

    def __str__(self) -> str:
        return f"{self.place()}:{self.message()}"


def problem(
    code: str,
    file: str,
    *,
    row: int | None = None,
    column: str | None = None,
    value: object = None,
    unit: Unit = "row",
    **params: object,
) -> Problem:
    """Make a problem; its severity is its template's.

    Parameters
    ----------
    value
        Shown cut to 60 characters.
    **params
        What the template names besides ``value``.
    """
    text = None if value is None else str(value)
    if text is not None and len(text) > _SHOWN:
        text = text[:_SHOWN] + "…"
    return Problem(code, file, row, column, text, TEMPLATES[code][0], unit, params)


def fail(code: str, file: str, **place_and_params: Any) -> ReadError:
    """Make the error for a file that can't be read at all; the caller raises it."""
    return ReadError(problem(code, file, **place_and_params))


def capped(problems: Iterable[Problem], limit: int = 500) -> list[Problem]:
    """Keep the first ``limit`` problems of each code and say how many more there are.

    A file of two million bad records must not become two million sentences.
    """
    kept: list[Problem] = []
    last: dict[str, Problem] = {}
    counts: Counter[str] = Counter()
    for one in problems:
        counts[one.code] += 1
        if counts[one.code] <= limit:
            kept.append(one)
            last[one.code] = one
    for code, count in counts.items():
        if count > limit:
            params = {"count": count - limit, "total": count}
            kept.append(replace(last[code], code="more", row=None, column=None, params=params))
    return kept


_SHOWN = 60
