"""Texts: which encoding, trimmed, and what looks wrong in them."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.readers.problems import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from data.readers.draft import Draft

UTF8 = "UTF-8"
GB18030 = "GB18030"
_PREVIEWS = 5
_CHUNK = 1024 * 1024
_BLANK = re.compile(r"[\s\u3000\u200b\ufeff]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_UNCLEAN = re.compile(r"^\s|\s$|[^\S ]|  |[\x00-\x1f\x7f-\x9f\u200b\ufeff]")
_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?%?")
_PHONE_OR_DASHES = re.compile(r"[-+\d\s()()—]+")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+\d{2}")
_SUSPECT = re.compile(r"^(?:[=@+-]|\d(?:\.\d+)?[eE]\+\d{2}$)", re.MULTILINE)
"""Of many ASCII texts, one a line: that `judge` would find something in one of them."""
_SOILED = re.compile(r"^ | $|  |[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\ufeff]", re.MULTILINE)
"""Of many texts, one a line: that `clean` would change one of them, or that one is of two lines."""
_CJK = re.compile(r"[\u4e00-\u9fff]")
_CJK_OR_ASCII = re.compile(r"[\x20-\x7e\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
_HIGH = re.compile(r"[\x80-\xff]")
_LOST = ("\ufffd", "锟斤拷")
_CODE_PAGES = {"65001": UTF8, "UTF8": UTF8, "936": GB18030, "GBK": GB18030, "GB2312": GB18030}
_MIN_HIGH = 4
_MIN_GARBLED = 3


def canonical(name: str) -> str | None:
    """Return the name of an encoding as a .cpg or a person gives it (``936``, ``ANSI 936``, ``utf8``)."""
    bare = re.sub(r"^(ANSI|OEM|CP|WINDOWS)[ _-]*(?=\d)", "", name.strip().upper())
    bare = _CODE_PAGES.get(bare.replace("-", ""), bare)
    for candidate in (bare, f"CP{bare}"):
        try:
            found = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        same = {"utf-8": UTF8, "gb18030": GB18030, "gbk": GB18030, "gb2312": GB18030}
        # Python's table also holds codecs between bytes, such as "hex": they decode no text.
        return same.get(found.name, found.name.upper()) if found._is_text_encoding else None  # noqa: SLF001
    return None


def fits(value: bytes, encoding: str, *, cut: bool = False) -> bool:
    """Tell whether bytes decode; ``cut`` allows half a character at the end, as in fixed-width fields."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(value, final=not cut)
    except UnicodeError:
        return False
    return True


def choose(values: Iterable[bytes], *, cut: bool = False) -> str | None:
    """Choose strict UTF-8, else GB18030, for values that must all decode; None if neither does."""
    values = list(values)
    for encoding in (UTF8, GB18030):
        if all(fits(one, encoding, cut=cut) for one in values):
            return encoding
    return None


def previews(values: Iterable[bytes]) -> dict[str, tuple[str, ...]]:
    """Decode the first texts that are not ASCII in both encodings, so that a person can choose."""
    chosen = [one for one in values if not one.isascii()][:_PREVIEWS]
    if not chosen:
        return {}
    return {name: tuple(one.decode(name, "replace").strip() for one in chosen) for name in (UTF8, GB18030)}


def file_encoding(path: Path, shown: str, wished: str | None) -> str:
    """Return the encoding of a text file: as wished, by its byte order mark, strict UTF-8, else GB18030.

    Raises
    ------
    ReadError
        If it decodes as none of them, or is not text.
    """
    with path.open("rb") as file:
        head = file.read(_CHUNK)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["UTF-16"]
    elif b"\x00" in head:
        raise fail("content", shown, expected="文本")
    elif head.startswith(codecs.BOM_UTF8):
        candidates = ["UTF-8-SIG"]
    else:
        candidates = [UTF8, GB18030]
    if wished is not None:
        candidates = [canonical(wished) or ""]
    for candidate in candidates:
        if candidate and _decodes(path, candidate):
            return candidate
    raise fail("encoding", shown, encoding=wished or "、".join(candidates), choices=f"{UTF8}、{GB18030}")


def _decodes(path: Path, encoding: str) -> bool:
    try:
        for _ in decoded(path, encoding):
            pass
    except UnicodeError:
        return False
    return True


def decoded(path: Path, encoding: str) -> Iterator[str]:
    """Yield a text file's content piece by piece, newlines kept."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def unclean(texts: set[str]) -> dict[str, object]:
    """Return those of many texts that `clean` changes, with what they become."""
    whole = "\n".join(texts)
    if _SOILED.search(whole) or whole.count("\n") != max(len(texts) - 1, 0):
        return {one: new for one in texts if (new := clean(one)) is not one}
    return {"": None} if "" in texts else {}


def clean(value: object) -> object:
    """Trim a text, drop control characters, make inner blanks single; a blank text is missing."""
    if not isinstance(value, str) or (value and not _UNCLEAN.search(value)):
        return value
    return _BLANK.sub(" ", _CONTROL.sub("", value)).strip() or None


def per_unique(values: Any, function: Callable[[Any], object]) -> Any:
    """Apply a function to each distinct value of an array once; other than texts stay."""
    array = np.asarray(values, dtype=object)
    is_text = np.fromiter((isinstance(one, str) for one in array), dtype=bool, count=len(array))
    codes, uniques = pd.factorize(array[is_text])
    results = np.empty(len(uniques), dtype=object)
    results[:] = [function(one) for one in uniques]
    out = array.copy()
    out[is_text] = results[codes]
    return out


def garbled(value: str) -> tuple[str, str] | None:
    """Return what a garbled text should read and the encoding it is in; None if it looks sound.

    Finds Chinese bytes that were decoded as Latin-1, and UTF-8 that was decoded as GB18030.
    """
    high = len(_HIGH.findall(value))
    if high >= _MIN_HIGH and high * 2 >= len(value) and max(value) <= "\xff":
        for encoding, name in (("utf-8", UTF8), ("gb2312", GB18030)):
            guess = _recoded(value, "latin-1", encoding)
            if guess:
                return guess, name
    if len(value) >= _MIN_GARBLED and _CJK.search(value):
        guess = _recoded(value, "gb18030", "utf-8")
        if guess:
            return guess, UTF8
    return None


def _recoded(value: str, wrong: str, right: str) -> str | None:
    try:
        guess = value.encode(wrong).decode(right)
    except UnicodeError:
        return None
    return guess if _CJK.search(guess) and _CJK_OR_ASCII.fullmatch(guess) and guess != value else None


def judge(value: str) -> tuple[str, dict[str, str]] | None:
    """Return the code and parameters of what is wrong with a cleaned text, if anything is."""
    if value.isascii() and value[0].isalpha():
        return None
    if any(one in value for one in _LOST):
        return "replacement", {}
    if value[0] in "=@":
        return "formula", {}
    if _SCIENTIFIC.fullmatch(value):
        return "scientific", {}
    if value[0] in "+-" and not (_NUMBER.fullmatch(value) or _PHONE_OR_DASHES.fullmatch(value)):
        return "formula_sign", {"sign": value[0]}
    found = None if value.isascii() else garbled(value)
    return ("mojibake", {"guess": found[0], "encoding": found[1]}) if found else None


def check_texts(draft: Draft) -> None:
    """Report what is wrong with the (cleaned) texts of a draft, record by record."""
    for column, values in draft.columns.items():
        if values.dtype != object:
            continue
        texts = {one for one in values if isinstance(one, str)}
        whole = "\n".join(texts)
        if whole.isascii() and not _SUSPECT.search(whole):
            continue
        wrong = {one: found for one in texts if (found := judge(one))}
        if not wrong:
            continue
        for position in np.flatnonzero(pd.Series(values, dtype=object).isin(list(wrong))):
            code, params = wrong[values[position]]
            draft.note(code, int(position), column=column, value=values[position], **params)
