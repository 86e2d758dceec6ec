"""CSV and Excel: from text and workbook to a grid of cells."""

from __future__ import annotations

import csv
import gc
import io
import warnings
import xml.parsers.expat
import zipfile
import zlib
from collections import Counter
from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from data.readers.archive import check_members
from data.readers.coordinates import locate
from data.readers.draft import Draft, Options, Source
from data.readers.problems import fail, problem
from data.readers.table import LayerInfo
from data.readers.tabular import SEARCHED, Grid, Merge, grid_of, tabulate
from data.readers.text import decoded, file_encoding, previews

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl.workbook import Workbook

_DELIMITERS = ",\t;|"
_LOOKED_AT = 20
_PREVIEWED = 64 * 1024
_DECODED, _SPLIT, _TABULATED = 0.05, 0.25, 0.7
"""How much of a CSV file is read when its text, its cells and its columns are there."""
_TOLD_EVERY = 50_000
# A workbook takes some fifty times its XML in memory.
_WORKBOOK_BYTES = 256 * 1024 * 1024
_BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ET.ParseError,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    NotImplementedError,
)
Place = tuple[int, int]
csv.field_size_limit(2**31 - 1)  # a boundary as WKT is longer than the default of 128 KiB


def csv_layers(source: Source, _options: Options) -> list[LayerInfo]:
    """Return the one table that a CSV file is."""
    return [LayerInfo(source.stem)]


def read_csv(source: Source, layer: str, options: Options) -> Draft:
    """Read a CSV file: encoding and delimiter recognised, header found, coordinates or WKT as geometry."""
    encoding = file_encoding(source.path, source.shown, options.encoding)
    text = "".join(decoded(source.path, encoding))
    draft = Draft(source.shown, {}, np.empty(0, dtype=np.int64), unit="row", layer=layer, encoding=encoding)
    with source.path.open("rb") as file:
        draft.previews = previews(file.read(_PREVIEWED).splitlines())
    delimiter = "\t" if source.extension == ".tsv" else _delimiter(text)
    with _no_collection():
        options.progress(_DECODED)
        cells, rows = _records(text, delimiter, source.shown, options)
        del text
        options.progress(_SPLIT)
        tabulate(draft, grid_of(cells, rows), options.header_row)
    del cells
    options.progress(_TABULATED)
    locate(draft, options.limits.vertices)
    return draft


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the collector of cycles: rows hold none, and to look through a million takes its time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _delimiter(text: str) -> str:
    """Return the delimiter that splits the first lines into the same number of cells most often."""
    lines = [one for one in text[:_PREVIEWED].splitlines() if one.strip()][:_LOOKED_AT]

    def regular(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(one) for one in csv.reader(lines, delimiter=delimiter))
        width, count = max(
            ((w, c) for w, c in widths.items() if w > 1), key=lambda pair: pair[1], default=(1, 0)
        )
        return count, width

    return max(_DELIMITERS, key=regular)


def _records(text: str, delimiter: str, shown: str, options: Options) -> tuple[list[list[str]], list[int]]:
    """Return records and the line on which each begins."""
    if "\x00" in text:
        raise fail("content", shown, expected="文本")
    lines = text.count("\n") + 1
    for strict in (True, False):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
        cells: list[list[str]] = []
        rows: list[int] = []
        begin = 1
        try:
            for record in reader:
                cells.append(record)
                rows.append(begin)
                begin = reader.line_num + 1
                if not len(rows) % _TOLD_EVERY:  # against the lines that the text has at most
                    options.progress(_DECODED + (_SPLIT - _DECODED) * min(begin / lines, 1))
                if len(rows) > options.limits.features:
                    raise fail("too_many_features", shown, limit=options.limits.features)
        except csv.Error as error:
            if "unexpected end" in str(error) or not strict:
                raise fail("damaged", shown, row=begin, detail="引号未闭合") from error
            continue
        break
    return cells, rows


def excel_layers(source: Source, options: Options) -> list[LayerInfo]:
    """List the visible sheets that hold something."""
    with closing(_workbook(source, options, values=True)) as book:
        return [
            LayerInfo(sheet.title)
            for sheet in book.worksheets
            if sheet.sheet_state == "visible" and _holds_something(sheet, source)
        ]


def read_excel(source: Source, layer: str, options: Options) -> Draft:
    """Read a sheet: merged headers joined, merged cells filled down, values of formulas, coordinates."""
    draft = Draft(source.shown, {}, np.empty(0, dtype=np.int64), unit="row", layer=layer)
    with closing(_workbook(source, options)) as book:
        sheet: Any = book[layer]
        try:
            cells = sorted(sheet._cells.items())  # noqa: SLF001 - what there is: iterating makes every blank cell
            merges = [one.bounds for one in sheet.merged_cells.ranges]
        except _BROKEN as error:
            raise fail("damaged", source.shown, detail=str(error)) from error
    formulas = {place: cell.value for place, cell in cells if cell.data_type == "f"}
    errors = {place: cell.value for place, cell in cells if cell.data_type == "e"}
    values = {place: cell.value for place, cell in cells if place not in errors}
    if formulas:
        computed = _computed(source, layer, list(formulas))
        errors |= {place: value for place, value in computed.items() if str(value).startswith("#")}
        values |= {place: None if place in errors else value for place, value in computed.items()}
    if len({row for row, _ in values}) > options.limits.features:
        raise fail("too_many_features", source.shown, limit=options.limits.features)
    grid = _grid(values, merges)
    names = tabulate(draft, grid, options.header_row)
    # A row of nothing but formulas without values is no record, and must not vanish unsaid.
    lost = {row for row, _ in formulas if row > (draft.header_row or 0)} - set(grid.rows)
    judged = lost | set(draft.rows.tolist())
    for place in sorted({*formulas, *errors}):
        column = names[place[1] - 1] if place[1] <= len(names) else None
        code, value = _verdict(formulas.get(place), errors.get(place), values.get(place))
        if code and place[0] in judged:
            draft.problems.append(problem(code, source.shown, row=place[0], column=column, value=value))
    locate(draft, options.limits.vertices)
    return draft


def _holds_something(sheet: Any, source: Source) -> bool:
    try:
        rows = islice(sheet.iter_rows(values_only=True), SEARCHED)
        return any(cell is not None for row in rows for cell in row)
    except _BROKEN as error:
        raise fail("damaged", source.shown, detail=type(error).__name__) from error


def _workbook(source: Source, options: Options, *, values: bool = False) -> Workbook:
    """Open a workbook once its archive and its XML are known to be harmless and whole."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = check_members(archive, source.path, options.limits)
            if sum(one.file_size for one in members) > _WORKBOOK_BYTES:
                raise fail(
                    "too_large",
                    source.shown,
                    size_mb=sum(one.file_size for one in members) / 2**20,
                    limit_mb=_WORKBOOK_BYTES / 2**20,
                )
            for one in members:
                _check_member(archive.read(one), source.shown)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(source.path, data_only=values, read_only=values)
    except zipfile.BadZipFile as error:
        raise fail("content", source.shown, expected=" Excel 工作簿") from error
    except _BROKEN as error:
        raise fail("damaged", source.shown, detail=type(error).__name__) from error


def _check_member(content: bytes, shown: str) -> None:
    """Refuse document types, and so entities, in a workbook's XML."""
    if not content.lstrip()[:5].startswith((b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return

    def doctype(*_: object) -> None:
        raise fail("xml_unsafe", shown, what="DOCTYPE 或实体")

    parser = xml.parsers.expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except xml.parsers.expat.ExpatError as error:
        raise fail("damaged", shown, detail=str(error)) from error


def _computed(source: Source, layer: str, places: list[Place]) -> dict[Place, Any]:
    """Return the values that Excel computed for formulas when the workbook was saved."""
    out: dict[Place, Any] = dict.fromkeys(places)
    columns: dict[int, list[int]] = {}
    for row, column in places:
        columns.setdefault(row, []).append(column)
    last_row, last_column = max(columns), max(column for _, column in places)
    with closing(_workbook(source, Options(), values=True)) as book:
        try:
            rows = book[layer].iter_rows(max_row=last_row, max_col=last_column, values_only=True)
            for row, cells in enumerate(rows, start=1):
                for column in columns.get(row, ()):
                    out[row, column] = cells[column - 1]
        except _BROKEN as error:
            raise fail("damaged", source.shown, detail=type(error).__name__) from error
    return out


def _grid(values: dict[Place, Any], merges: list[Merge]) -> Grid:
    """Arrange the cells that hold something; merges change from (column, row) to positions."""
    filled = {place: value for place, value in values.items() if value is not None}
    height = max((row for row, _ in filled), default=0)
    merged_rows = {row for _, top, _, bottom in merges for row in range(top, min(bottom, height) + 1)}
    rows = sorted({row for row, _ in filled} | merged_rows)
    where = {row: position for position, row in enumerate(rows)}
    width = max((column for _, column in filled), default=0)
    cells: list[list[Any]] = [[None] * width for _ in rows]
    for (row, column), value in filled.items():
        cells[where[row]][column - 1] = value
    places = [
        (where[top], left - 1, where[min(bottom, height)], min(right, width) - 1)
        for left, top, right, bottom in merges
        if top <= height and left <= width
    ]
    return grid_of(cells, rows, places)


def _verdict(formula: object, error: object, value: object) -> tuple[str | None, object]:
    """Tell what is wrong with a cell: an error, a formula without a value, or a formula for a text."""
    if error is not None:
        return "cell_error", error
    if value is None:
        return "formula_uncomputed", formula
    return ("formula_text", value) if isinstance(value, str) else (None, value)
