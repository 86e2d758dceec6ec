"""Chinese first, English by a switch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

import dashboard
from dashboard import i18n
from dashboard.i18n import _
from models.enums import Labelled


@pytest.fixture
def english() -> Iterator[None]:
    with Flask("dashboard").test_request_context(headers={"Cookie": f"{i18n.COOKIE}=en"}):
        yield


@pytest.mark.parametrize("cookie", ["", *(f"{i18n.COOKIE}={code}" for code in ("zh", "fr", "")), "other=en"])
def test_chinese_unless_told_otherwise(cookie: str) -> None:
    with Flask("dashboard").test_request_context(headers={"Cookie": cookie}):
        assert i18n.language() == "zh"
        assert _("小区") == "小区"


def test_outside_a_request_it_is_chinese() -> None:
    assert i18n.language() == "zh"


@pytest.mark.usefixtures("english")
def test_the_cookie_switches_to_english() -> None:
    assert i18n.language() == "en"
    assert i18n.number(1234567.891, 1) == "1,234,567.9"
    assert i18n.day(date(2022, 6, 30)) == "30 Jun 2022"


@pytest.mark.usefixtures("english")
def test_a_text_without_a_translation_stays_chinese() -> None:
    assert _("没有这句话") == "没有这句话"
    assert _("没有 {n} 句话", n=3) == "没有 3 句话"


def test_numbers_and_days_as_the_chinese_write_them() -> None:
    assert i18n.number(1234567) == "1,234,567"
    assert i18n.number(0.25, 2) == "0.25"
    assert i18n.day(date(2022, 6, 30)) == "2022年6月30日"
    assert i18n.percent(200 / 3) == "66.7%"


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_what_is_not_known_is_a_dash_and_never_zero(unknown: float | None) -> None:
    assert i18n.number(unknown) == i18n.percent(unknown) == i18n.DASH
    assert i18n.day(None) == i18n.DASH
    assert i18n.number(0) == "0"
    assert i18n.percent(0.0) == "0.0%"


def test_translations_keep_the_values_of_their_sentence() -> None:
    for source, english in i18n.catalogue("en").items():
        fields = {part.split("}")[0] for part in source.split("{")[1:]}
        assert fields == {part.split("}")[0] for part in english.split("{")[1:]}, source


def test_the_catalogue_knows_every_label_of_the_vocabulary() -> None:
    labels = {member.label for enum in Labelled.__subclasses__() for member in enum}
    chinese = {label for label in labels if not label.isascii()}
    assert chinese <= set(i18n.catalogue("en"))


def test_every_text_in_the_code_is_in_the_catalogue() -> None:
    """What is hidden in an f-string is not found by the extraction, and would stay Chinese."""
    texts = {
        call.args[0].value
        for path in Path(dashboard.__file__).parent.rglob("*.py")
        if "node_modules" not in path.parts
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_"
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert len(texts) > 500
    assert texts <= set(i18n.catalogue("en")), texts - set(i18n.catalogue("en"))
