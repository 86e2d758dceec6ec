"""Values as people write them, read for a field: one look at each distinct value, not at each row."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype
from pypinyin import Style, lazy_pinyin

from data.imports.fields import Field
from data.imports.findings import Findings
from models.areas import CODE_LENGTH

LONGEST = 200
_YES = {"是", "有", "y", "yes", "true", "t", "1", "√", "✓", "已"}
_NO = {"否", "无", "没有", "n", "no", "false", "f", "0", "×", "未"}
_SAYS_NOTHING = {"", "-", "—", "--", "/", "\\", "无数据", "未知", "不详", "n/a", "na", "null", "none"}
_NUMBER = re.compile(
    r"(?P<number>[-+]?\d+(?:\.\d+)?)\s*(?:户|层|年|人|人次|次|项|件|米|平方米|平米|㎡|m2|m²|m|个)?"
)
_DAY = re.compile(
    r"(?P<y>\d{4})\s*(?:[-/.]|年)\s*(?P<m>\d{1,2})\s*(?:[-/.]|月)\s*(?P<d>\d{1,2})\s*日?(?:[ T]\d\d?:.*)?"
)
_DAY_DIGITS = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})")
_SHORT_CODES = (6, 9)
CLOCKS = timezone(timedelta(hours=8))
_MOMENTS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日%H时%M分",
    "%Y年%m月%d日",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
)


@dataclass(frozen=True)
class _Wrong:
    """A value that can't be read: the problem's code and its details."""

    code: str
    details: dict[str, Any]


def as_text(value: Any) -> str:
    """Return a value as it is meant: whole numbers without a point, full-width characters as usual ones."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def convert(series: pd.Series[Any], field: Field, header: str, findings: Findings) -> pd.Series[Any]:
    """Return the values of a column as the store wants them; what can't be read is missing and reported.

    Parameters
    ----------
    series
        Values as found, index 0..n-1.
    field
        What they mean.
    header
        Name of the column, for the problems.
    """
    if field.kind == "moment":
        return _moments(series, header, findings)
    present = np.flatnonzero(series.notna())
    given = series.to_numpy(dtype=object)[present]
    read = _READERS[field.kind]
    codes, distinct = pd.factorize(given)
    readings = np.empty(len(distinct), dtype=object)
    readings[:] = [read(value, field) for value in distinct]
    wrong = np.array([isinstance(found, _Wrong) for found in readings], dtype=bool)
    for at in np.flatnonzero(wrong[codes]):
        found = readings[codes[at]]
        findings.note(found.code, int(present[at]), column=header, value=given[at], **found.details)
    readings[wrong] = None
    values = np.full(len(series), None, dtype=object)
    values[present] = readings[codes]
    return pd.Series(values, index=series.index, dtype=object)


def _text(value: Any, _field: Field) -> str | _Wrong | None:
    text = as_text(value) if isinstance(value, float) else str(value).strip()
    if len(text) > LONGEST:
        return _Wrong("value_long", {"length": len(text), "limit": LONGEST})
    return text or None


def _code(value: Any, field: Field) -> str | _Wrong | None:
    text = _text(as_text(value), field)
    return text.upper() if isinstance(text, str) else text


def _area_code(value: Any, field: Field) -> str | _Wrong | None:
    text = as_text(value)
    if text.isdigit() and len(text) in _SHORT_CODES:
        text = text.ljust(CODE_LENGTH, "0")
    if len(text) != CODE_LENGTH or not text.isdigit():
        return _Wrong("code_area", {"label": field.label.removesuffix("代码")})
    return text


def _number(value: Any, field: Field, what: str) -> float | _Wrong | None:
    if isinstance(value, bool):
        return _Wrong("value_number", {"what": what})
    text = as_text(value).replace(",", "")
    if text.lower() in _SAYS_NOTHING:
        return None
    found = _NUMBER.fullmatch(text)
    if not found or not math.isfinite(number := float(found["number"])):
        return _Wrong("value_number", {"what": what})
    if not field.low <= number <= field.high:
        return _Wrong("value_range", {"low": field.low, "high": field.high})
    return number


def _whole(value: Any, field: Field) -> int | _Wrong | None:
    number = _number(value, field, "整数")
    if isinstance(number, float):
        return int(number) if number.is_integer() else _Wrong("value_number", {"what": "整数"})
    return number


def _real(value: Any, field: Field) -> float | _Wrong | None:
    return _number(value, field, "数字")


def _yes_no(value: Any, field: Field) -> bool | _Wrong | None:
    text = as_text(value).lower()
    if text in field.words:
        answer: bool | None = field.words[text]
        return answer
    if text in _YES:
        return True
    if text in _NO:
        return False
    return None if text in _SAYS_NOTHING else _Wrong("value_yes_no", {})


def _day(value: Any, _field: Field) -> date | _Wrong | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = as_text(value)
    if text.lower() in _SAYS_NOTHING:
        return None
    found = _DAY.fullmatch(text) or _DAY_DIGITS.fullmatch(text)
    try:
        return date(int(found["y"]), int(found["m"]), int(found["d"])) if found else _Wrong("value_day", {})
    except ValueError:
        return _Wrong("value_day", {})


def _moments(series: pd.Series[Any], header: str, findings: Findings) -> pd.Series[Any]:
    """Return times in UTC; files tell them by China's clocks. A day without a time is its midnight."""
    result = pd.Series(pd.NaT, index=series.index, dtype="datetime64[s]")
    given = series.where(series.notna(), None)
    dated = np.zeros(len(given), dtype=bool)
    if infer_dtype(given, skipna=True) != "string":
        dated = given.map(lambda one: isinstance(one, (datetime, date))).to_numpy(dtype=bool)
    result[dated] = pd.to_datetime(given[dated]).astype("datetime64[s]")
    texts = given[~dated & given.notna()].astype(str).str.strip()
    for form in _MOMENTS:
        if texts.empty:
            break
        read = pd.to_datetime(texts, format=form, errors="coerce")
        known = read.notna()
        result[read[known].index] = read[known].astype("datetime64[s]")
        texts = texts[~known]
    for position, value in texts.items():
        if as_text(value).lower() not in _SAYS_NOTHING:
            findings.note("value_moment", int(str(position)), column=header, value=value)
    moments: pd.Series[Any] = result.dt.tz_localize(CLOCKS).dt.tz_convert("UTC")
    return moments


def _choice(value: Any, field: Field) -> str | _Wrong | None:
    if field.choices is None:
        raise AssertionError
    text = as_text(value)
    lower = text.lower()
    if lower in _SAYS_NOTHING:
        return None
    for member in field.choices:
        if lower in {member.value, member.label.lower()} or text == member.label.removesuffix("型"):
            return member.value
    if lower in field.words:
        word = field.words[lower]
        return None if word is None else str(word.value)
    choices = "、".join(member.label for member in field.choices)
    code = "value_left_out" if field.lenient else "value_choice"
    return _Wrong(code, {"label": field.label, "choices": choices})


_READERS: dict[str, Callable[[Any, Field], Any]] = {
    "text": _text,
    "code": _code,
    "area_code": _area_code,
    "whole": _whole,
    "real": _real,
    "yes_no": _yes_no,
    "day": _day,
    "choice": _choice,
}


def initials(names: Iterable[str]) -> list[str]:
    """Return the pinyin initials of each name in lower case, by which it is searched."""
    return ["".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower() for name in names]
