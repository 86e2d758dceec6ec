"""A report set as a PDF by Typst, in the fonts that the pages ship: no browser, nothing from outside.

What users typed reaches Typst as data and never as markup: ``#``, ``*``, ``$`` and ``@`` mean nothing there.
"""

from __future__ import annotations

import json
import re
import string
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import typst
from fontTools.ttLib import woff2

from data.report.blocks import Bars, Map, Report, Section, Table, cell, measure_text
from data.report.words import say

TEMPLATE = Path(__file__).with_name("report.typ")
_FACE = re.compile(r"url\(\./([\w-]+)\.woff2\).*?unicode-range:\s*([^;]+);", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u2028\u2029\ufeff]")


def pdf(report: Report, fonts: Path, cache: Path) -> bytes:
    """Return a report as a PDF.

    Parameters
    ----------
    fonts
        Folder of Fontsource's slices: ``fonts.css`` and WOFF2 files, which the pages use too.
    cache
        Folder where the slices in use are kept as TrueType, which Typst reads.
    """
    return _compile(report, fonts, cache, "pdf")[0]


def pictures(report: Report, fonts: Path, cache: Path, ppi: float = 100) -> list[bytes]:
    """Return the pages of a report as PNG files."""
    return _compile(report, fonts, cache, "png", ppi)


def _compile(report: Report, fonts: Path, cache: Path, kind: Any, ppi: float = 144) -> list[bytes]:
    drawings: list[str] = []
    text = json.dumps(_content(report, drawings), ensure_ascii=False, allow_nan=False)
    text = _CONTROL.sub(" ", text)
    with TemporaryDirectory(prefix="pingqi-report-") as folder:
        root = Path(folder)
        (root / "report.typ").write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
        (root / "report.json").write_text(text, encoding="utf-8")
        for n, svg in enumerate(drawings):
            (root / f"map{n}.svg").write_text(svg, encoding="utf-8")
        prepare_fonts(text, fonts, cache)
        found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(cache)])
        result = typst.compile(root / "report.typ", root=root, font_paths=found, format=kind, ppi=ppi)
    return [result] if isinstance(result, bytes) else list(result or [])


# --- fonts ---


def prepare_fonts(text: str, fonts: Path, cache: Path) -> list[Path]:
    """Return the slices that hold the letters of a text as TrueType files, made where they are not there yet.

    Of 101 slices a report needs some fifteen to forty; to unpack one takes a tenth of a second, once.
    """
    letters = np.unique(np.array([ord(one) for one in set(text + string.printable)]))
    cache.mkdir(parents=True, exist_ok=True)
    found = []
    for name, ranges in _FACE.findall((fonts / "fonts.css").read_text(encoding="utf-8")):
        if not any(_holds(letters, one) for one in ranges.split(",")):
            continue
        source, path = fonts / f"{name}.woff2", cache / f"{name}.ttf"
        if not path.exists() or path.stat().st_mtime < source.stat().st_mtime:
            part = path.with_suffix(".part")
            woff2.decompress(str(source), str(part))
            part.replace(path)
        found.append(path)
    return found


def _holds(letters: np.ndarray[Any, np.dtype[np.int64]], span: str) -> bool:
    first, _, last = span.strip().removeprefix("U+").partition("-")
    low, high = int(first, 16), int(last or first, 16)
    return bool(np.searchsorted(letters, high, side="right") > np.searchsorted(letters, low))


# --- content ---


def _content(report: Report, drawings: list[str]) -> dict[str, Any]:
    return {
        "language": report.language,
        "title": report.title,
        "facts": [list(one) for one in report.facts],
        "footer": report.footer,
        "page": say("page", report.language, n="{n}", all="{all}"),
        "sections": [_section(one, report, drawings) for one in report.sections],
    }


def _section(section: Section, report: Report, drawings: list[str]) -> dict[str, Any]:
    return {
        "title": section.title,
        "intro": section.intro,
        "new_page": section.new_page,
        "paragraphs": [list(one) for one in section.paragraphs],
        "blocks": [_block(one, report, drawings) for one in section.blocks],
    }


def _block(block: Table | Map | Bars, report: Report, drawings: list[str]) -> dict[str, Any]:
    if isinstance(block, Table):
        return _table(block, report)
    if isinstance(block, Bars):
        return _bars(block)
    drawing = block.drawing
    drawings.append(drawing.svg)
    metres = drawing.bar_m
    return {
        "kind": "map",
        "file": f"map{len(drawings) - 1}.svg",
        "width": drawing.width,
        "height": drawing.height,
        "names": [{"text": name, "x": x, "y": y} for name, x, y in drawing.names],
        "bar": drawing.bar,
        "bar_text": f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m",  # noqa: PLR2004
        "legend": [{"colour": colour, "label": label, "n": f"{n:,}"} for colour, label, n in block.legend],
        "note": block.note,
    }


def _table(table: Table, report: Report) -> dict[str, Any]:
    hidden = say("hidden", report.language)
    shown = table.frame if table.most is None else table.frame.head(table.most)
    records: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in shown.to_dict("records")]
    rows = [[cell(one, row, hidden) for one in table.columns] for row in records]
    notes = [table.note] if table.note else []
    if len(shown) < len(table.frame):
        notes.append(say("rows_more", report.language, n=f"{len(table.frame) - len(shown):,}"))
    return {
        "kind": "table",
        "columns": [
            {"label": one.label, "right": one.kind not in {"text", "interval"}, "width": one.width}
            for one in table.columns
        ],
        "rows": rows,
        "note": " ".join(notes),
    }


def _bars(bars: Bars) -> dict[str, Any]:
    frame = bars.table.frame
    labels = {one.key: one.label for one in bars.table.columns}
    return {
        "kind": "bars",
        "series": [
            {
                "label": labels[f"{key}_value"],
                "under": f"{labels[f'{key}_numerator']} / {labels[f'{key}_n']}",
                "bars": [
                    {
                        "month": row["month"],
                        "value": None if np.isnan(row[f"{key}_value"]) else row[f"{key}_value"],
                        "text": measure_text(row[f"{key}_value"], "percent"),
                        "counts": f"{row[f'{key}_numerator']:,.0f} / {row[f'{key}_n']:,.0f}",
                    }
                    for row in frame.to_dict("records")
                ],
            }
            for key in bars.series
        ],
        "note": bars.note,
    }
