"""Chinese first, English by a switch: text, numbers, dates and shares in the reader's language.

The Chinese text in the code is the key of its translation; ``translations/en.po`` holds the English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import IO, Any

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from flask import has_request_context, request

LANGUAGES = {"zh": "中文", "en": "English"}
COOKIE = "pingqi_language"
DASH = "—"
"""Stands for what is not known."""


def language() -> str:
    """Return the language of the request, Chinese where none is chosen."""
    chosen = request.cookies.get(COOKIE, "zh") if has_request_context() else "zh"
    return chosen if chosen in LANGUAGES else "zh"


@cache
def catalogue(code: str) -> dict[str, str]:
    """Return the translations into a language; Chinese needs none."""
    if code == "zh":
        return {}
    with (files("dashboard") / "translations" / f"{code}.po").open("rb") as file:
        return {
            str(message.id): str(message.string) for message in read_po(file) if message.id and message.string
        }


def _(text: str, **values: object) -> str:
    """Return `text` in the language of the request, with ``{name}`` filled in from `values`."""
    translated = catalogue(language()).get(text, text)
    return translated.format(**values) if values else translated


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with thousands separators; a dash where there is none."""
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return DASH
    return f"{value:,.{digits}f}"  # both languages write numbers so; Babel takes a millisecond for each


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share given in percent; a dash where there is none."""
    return DASH if value is None or value != value else f"{value:.{digits}f}%"  # noqa: PLR0124


def day(value: date | None) -> str:
    """Return a date as people write it; a dash where there is none."""
    if value is None:
        return DASH
    return str(
        format_date(
            value, format="y年M月d日" if language() == "zh" else "d MMM y", locale=_locale(language())
        )
    )


@cache
def _locale(code: str) -> Locale:
    return Locale.parse("zh_CN" if code == "zh" else "en_GB")


def extract_template(
    file: IO[bytes],
    keywords: Any,  # noqa: ARG001  (Babel's signature)
    comment_tags: Any,  # noqa: ARG001
    options: Any,  # noqa: ARG001
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield the texts of ``_("…")`` in a template, for Babel's message extraction."""
    for line_number, line in enumerate(file, start=1):
        for text in re.findall(r'_\("([^"]+)"\)', line.decode()):
            yield line_number, "_", text, []
