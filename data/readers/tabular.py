"""Tables as people make them: a title above, headers of two rows, merged cells, totals and notes below."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from data.readers.draft import Draft
from data.readers.problems import Problem, fail, problem
from data.readers.text import unclean
from data.readers.vector import unique_name

if TYPE_CHECKING:
    from collections.abc import Sequence

SEARCHED = 30
_SAMPLE = 200
_WIDE = 0.5
_TALLEST = 4
_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?%?")
_FILLED_IN = re.compile(r"[::]\s*\S")
_TOTAL = re.compile(r"(?:合\s*计|总\s*计|小\s*计|共\s*计)[::]?|(?:grand\s+)?total", re.IGNORECASE)
_NOTE = re.compile(r"(?:注|备注|说明|附注|填表|制表|审核|数据来源|联系)[^,,]{0,6}[::].*|[※*].*")
_REMARKS = frozenset("合总小共gGtT注备说附填制审数联※*")
"""What totals and notes begin with."""
_SPACES = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")

Cells = list[Any]
Merge = tuple[int, int, int, int]


@dataclass
class Grid:
    """Cells of a sheet, cleaned (None where blank), all rows of one width.

    Attributes
    ----------
    cells
        Rows of cells.
    rows
        The source's number of each row.
    merges
        First row, first column, last row, last column of merged cells, as positions in ``cells``.
    """

    cells: list[Cells]
    rows: list[int]
    merges: list[Merge] = field(default_factory=list)


def grid_of(cells: Sequence[Sequence[object]], rows: list[int], merges: Sequence[Merge] = ()) -> Grid:
    """Clean the cells and bring all rows to one width."""
    width = max(map(len, cells), default=0)
    changed = unclean({one for one in chain.from_iterable(cells) if isinstance(one, str)})
    if changed.keys() <= {""}:
        cleaned = [[None if one == "" else one for one in row] if "" in row else list(row) for row in cells]
    else:
        cleaned = [[changed.get(one, one) if isinstance(one, str) else one for one in row] for row in cells]
    for row in cleaned:
        if len(row) < width:
            row.extend([None] * (width - len(row)))
    return Grid(cleaned, rows, [one for one in merges if one[2] < len(cleaned) and one[3] < width])


def tabulate(draft: Draft, grid: Grid, header_row: int | None) -> list[str | None]:
    """Find the header and fill the draft's columns and rows; return the names found, by column of the grid.

    Raises
    ------
    ReadError
        If no header is found, or there is no such row.
    """
    first, last = _header(draft, grid, header_row)
    names = _names(grid, first, last)
    below = range(last + 1, len(grid.cells))
    body = [one for one in below if grid.cells[one].count(None) < len(names)]
    _fill_down(grid, last)
    kept = [one for one in body if not _is_remark(draft, grid, one)]
    draft.header_row = grid.rows[first]
    draft.cleaned = True
    draft.rows = np.array([grid.rows[one] for one in kept], dtype=np.int64)
    columns = list(zip(*(grid.cells[one] for one in kept), strict=True)) or [()] * len(names)
    _report_ragged(draft, names, columns)
    for cells, name in zip(columns, names, strict=True):
        if name is not None:
            values = np.empty(len(kept), dtype=object)
            values[:] = cells
            draft.columns[unique_name(draft, name)] = values
    return names


def _report_ragged(draft: Draft, names: list[str | None], columns: list[tuple[Any, ...]]) -> None:
    """Report rows that have more cells than there are names."""
    named = sum(name is not None for name in names)
    nameless = [column for column, name in zip(columns, names, strict=True) if name is None]
    for position, cells in enumerate(zip(*nameless, strict=True)):
        if extra := len(cells) - cells.count(None):
            draft.note("ragged", position, count=named + extra, expected=named)


def _header(draft: Draft, grid: Grid, header_row: int | None) -> tuple[int, int]:
    filled = _filled(grid)
    if header_row is not None:
        if header_row not in grid.rows:
            raise fail("header_row", draft.file, value=header_row, count=max(grid.rows, default=0))
        first = grid.rows.index(header_row)
        return first, _last_header(grid, filled, first)
    typical = max((sum(cell is not None for cell in row) for row in filled[:_SAMPLE]), default=0)
    for first, row in enumerate(filled[:SEARCHED]):
        present = [cell for cell in row if cell is not None]
        enough = len(present) >= max(1, _WIDE * typical) and len(set(present)) >= min(2, typical)
        if enough and all(map(_is_name, present)):
            return first, _last_header(grid, filled, first)
    raise fail("table_empty", draft.file, limit=SEARCHED)


def _is_name(cell: object) -> bool:
    return isinstance(cell, str) and not _NUMBER.fullmatch(cell) and not _FILLED_IN.search(cell)


def _filled(grid: Grid) -> list[Cells]:
    """Return the rows that may be a header with every merged cell showing its value."""
    cells = [list(row) for row in grid.cells[:_SAMPLE]]
    for top, left, bottom, right in grid.merges:
        for row in range(top, min(bottom + 1, len(cells))):
            cells[row][left : right + 1] = [grid.cells[top][left]] * (right + 1 - left)
    return cells


def _last_header(grid: Grid, filled: list[Cells], first: int) -> int:
    """Return the last row of a header: where its merged cells end, or the row below a merged group."""
    last = first
    row = first
    while row <= last:
        for top, left, bottom, right in grid.merges:
            if top == row and bottom - first < _TALLEST:
                last = max(last, bottom + (1 if right > left and row - first < _TALLEST else 0))
        row += 1
    below = filled[first + 1] if first + 1 < len(filled) else []
    if last == first and _is_second_row(filled[first], below):
        _spread(grid, first, below)
        last = first + 1
    return min(last, len(grid.cells) - 1)


def _is_second_row(above: Cells, below: Cells) -> bool:
    """Tell whether a row splits the header above it, as in a CSV saved from merged cells."""
    present = [index for index, cell in enumerate(below) if cell is not None]
    if not present or not all(_is_name(below[index]) for index in present):
        return False
    groups = {
        index for index in range(len(above) - 1) if above[index] is not None and above[index + 1] is None
    }
    splits = [index for index in present if above[index] is None]
    return bool(splits) and all(above[index] is None or index in groups for index in present)


def _spread(grid: Grid, first: int, below: Cells) -> None:
    """Repeat a group's name over the columns that the row below splits it into."""
    row = grid.cells[first]
    for index in range(1, len(row)):
        if row[index] is None and below[index] is not None:
            row[index] = row[index - 1]


def _names(grid: Grid, first: int, last: int) -> list[str | None]:
    filled = _filled(grid)[first : last + 1]
    names: list[str | None] = []
    for index in range(len(grid.cells[first]) if grid.cells else 0):
        parts = [_SPACES.sub("", str(row[index])) for row in filled if row[index] is not None]
        names.append("/".join(dict.fromkeys(parts)) or None)
    return names


def _fill_down(grid: Grid, last_header: int) -> None:
    """Give every row of a merged data cell its value; nothing is filled where nothing is merged."""
    for top, left, bottom, _ in grid.merges:
        if top > last_header:
            for row in range(top + 1, bottom + 1):
                grid.cells[row][left] = grid.cells[top][left]


def _is_remark(draft: Draft, grid: Grid, position: int) -> bool:
    """Tell totals and notes from records, and report them."""
    first = list(islice((cell for cell in grid.cells[position] if cell is not None), 2))
    texts = [cell for cell in first if isinstance(cell, str)]
    if _REMARKS.isdisjoint([text[0] for text in texts]):
        return False
    total = any(_TOTAL.fullmatch(text) for text in texts)
    note = len(first) == 1 and bool(texts) and bool(_NOTE.fullmatch(texts[0]))
    if total or note:
        from_row = grid.rows[position]
        draft.problems.append(_skipped(draft, from_row, str(texts[0])))
    return total or note


def _skipped(draft: Draft, row: int, text: str) -> Problem:
    return problem("row_skipped", draft.file, row=row, unit="row", value=text)
