"""Which column of the file becomes which field: guessed from the headers, changed by the user."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import pandas as pd

from data.imports.fields import Field, Target
from data.imports.findings import Findings

PERSONAL = re.compile(
    r"姓名|联系人|户主|电话|手机|联系方式|身份证|证件号|出生日期|出生年月|微信|邮箱|网格长|网格员|楼长|单元长|书记|责任人|"
    r"^(?:full_?name|phone|mobile|tel|telephone|email|e-mail|id_?card|contact|contact_name)$",
    re.IGNORECASE,
)
"""Headers of columns about a person: never read into the store."""

_UNIT = re.compile(r"[((\[【].*?[))\]】]")
_DISTINCT, _FILLED = 0.5, 0.5
_LONG_ENOUGH = 3
_GENERAL = {"编码", "代码", "编号", "code", "objectid", "osm_id", "osm_way_id"}
"""Headers of codes of anything, perhaps of the row's class."""
_OFTEN_PARTIAL = {"objectid", "osm_id", "osm_way_id"}
_SAMPLE = 2_000


def is_personal(header: str) -> bool:
    """Tell whether a column, by its header, is about a person."""
    return any(PERSONAL.search(part.strip()) for part in header.split("/"))


def guess(frame: pd.DataFrame, target: Target, findings: Findings) -> dict[str, str]:
    """Return the file's header for each field of the target that has one.

    An exact synonym comes first, then one that the last part of a merged header is, then (Chinese synonyms of
    three characters or more) one that a header holds. No header serves twice. A column that looks like codes
    but repeats itself is left out and reported.
    """
    headers = [str(one) for one in frame.columns if one != "geometry" and not is_personal(str(one))]
    ranked: list[tuple[int, int, int, str, Field]] = []
    for field in target.fields:
        for order, synonym in enumerate(field.synonyms):
            for header in headers:
                rank = _rank(header, synonym)
                if rank is not None:
                    ranked.append((rank, order, -len(synonym), header, field))
    ranked.sort(key=lambda one: one[:3])
    found: dict[str, str] = {}
    told: set[str] = set()
    for _, _, _, header, field in ranked:
        if field.column in found or header in found.values():
            continue
        if field.column == "code" and _bare(header) in _GENERAL and not _identifies(frame[header]):
            if _bare(header) not in _OFTEN_PARTIAL | told:
                findings.note("column_not_code", column=header, value=header)
            told.add(_bare(header))
            continue
        found[field.column] = header
    return found


def _rank(header: str, synonym: str) -> int | None:
    whole, last, wanted = _bare(header), _bare(header.rpartition("/")[2]), _bare(synonym)
    if whole == wanted:
        return 0
    if last == wanted:
        return 1
    if not wanted.isascii() and len(wanted) >= _LONG_ENOUGH and wanted in last:
        return 2
    return None


def _bare(header: str) -> str:
    """Return a header without units in brackets, spaces and differences of width and case."""
    return re.sub(r"\s+", "", _UNIT.sub("", unicodedata.normalize("NFKC", header))).lower()


def _identifies(values: pd.Series[Any]) -> bool:
    present = values.dropna()
    return len(values) == 0 or bool(
        len(present) >= _FILLED * len(values) and present.nunique() >= _DISTINCT * len(present)
    )


def decide(
    frame: pd.DataFrame,
    target: Target,
    wishes: Mapping[str, str],
    constants: Mapping[str, str],
    findings: Findings,
) -> dict[str, str]:
    """Return field -> header: the guess, changed by the user's `wishes`; report what is missing."""
    mapping = guess(frame, target, findings)
    headers = [str(one) for one in frame.columns if one != "geometry"]
    for column, header in wishes.items():
        mapping = {field: one for field, one in mapping.items() if field != column and one != header}
        if not header or column not in target.columns or is_personal(header):
            continue
        if header in headers:
            mapping[column] = header
        else:
            label = target.columns[column].label
            findings.note("column_unknown", value=header, label=label, choices="、".join(headers[:30]))
    mapping = {column: header for column, header in mapping.items() if column not in constants}
    for field in target.fields:
        if field.required and field.column not in mapping and field.column not in constants:
            findings.note("column_missing", label=field.label)
    return mapping


def sample(values: pd.Series[Any]) -> str | None:
    """Return the first few distinct values of a column, to be recognised by."""
    texts = [str(one) for one in values.head(_SAMPLE).dropna().unique()[:3]]
    return "、".join(one if len(one) <= 20 else one[:20] + "…" for one in texts) or None  # noqa: PLR2004
