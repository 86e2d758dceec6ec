"""Colours of the map, and the legend that says what they mean."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dashboard.components import legend
from dashboard.map import NOT_SHOWN
from dashboard.services import Services
from dashboard.theme import DARK, LIGHT, Theme
from dashboard.view import ALL_KINDS, MEASURES
from data.periods import Window
from data.queries import compounds, records
from data.queries.records import Metric
from data.scope import Scope
from data.units import Level
from models.enums import CompoundKind

YEAR = Window(date(2022, 1, 1), date(2022, 6, 30))


def decoded(values: dict[str, Any]) -> dict[int, int]:
    """Return the code of each id, as the browser reads them."""
    codes: dict[int, int] = {}
    for group in values["groups"]:
        ids = np.cumsum(np.frombuffer(base64.b64decode(group["ids"]), "<i4"))
        codes |= dict(zip(ids.tolist(), base64.b64decode(group["codes"]), strict=True))
    return codes


def _map(shown: legend.Coloured) -> dict[str, Any]:
    return shown.values  # noqa: PD011  (no frame)


def texts(component: Any) -> list[str]:
    """Return all the text in a component, in order."""
    if isinstance(component, str):
        return [component]
    children = component if isinstance(component, list) else getattr(component, "children", None)
    if children is None:
        return []
    parts = children if isinstance(children, list) else [children]
    return [text for part in parts for text in texts(part)]


def rows(component: Any) -> list[tuple[str, str]]:
    """Return the classes of a legend with their counts."""
    return [
        tuple(texts(row))  # type: ignore[misc]
        for row in component.children
        if getattr(row, "className", "") == "legend-row"
    ]


@pytest.fixture
def kinds(town_services: Services) -> pd.DataFrame:
    with town_services.store.reading() as session:
        return compounds.kinds(session, Scope())


def _measured(services: Services, what: Metric, unit: Level = Level.COMPOUND, window: Window = YEAR) -> Any:
    found = records.measure(services.store, Scope(), what, unit, window)
    counties = found.frame["code"].str[:6]
    return found, counties


def test_every_kind_has_its_colour_and_count(kinds: pd.DataFrame) -> None:
    shown = legend.kinds(kinds, ALL_KINDS, LIGHT)
    assert rows(shown.legend) == [
        ("居住型", "4"),
        ("过渡型", "2"),
        ("老旧型", "3"),
        ("单位型", "2"),
        ("未分类", "1"),
    ]
    codes = decoded(_map(shown))
    order = [*CompoundKind, None]
    for compound, kind in zip(kinds["id"], kinds["kind"], strict=True):
        colour = _map(shown)["colors"][codes[compound]]
        assert colour == LIGHT.kinds[order[codes[compound]]]
        assert order[codes[compound]] == (None if pd.isna(kind) else kind)
    assert [group["source"] for group in _map(shown)["groups"]] == ["compound:420102", "compound:420103"]


def test_a_kind_that_is_not_shown_is_neither_drawn_nor_listed(kinds: pd.DataFrame) -> None:
    shown = legend.kinds(kinds, ("aged", "none"), LIGHT)
    assert rows(shown.legend) == [("老旧型", "3"), ("未分类", "1")]
    drawn = {compound for compound, code in decoded(_map(shown)).items() if code != NOT_SHOWN}
    assert drawn == {2, 4, 6, 11}


def test_without_compounds_there_is_nothing_to_draw(kinds: pd.DataFrame) -> None:
    shown = legend.kinds(kinds.head(0), ALL_KINDS, LIGHT)
    assert _map(shown)["groups"] == []
    assert rows(shown.legend) == []


def test_satisfaction_has_fixed_classes_and_too_few_apart(town_services: Services) -> None:
    found, counties = _measured(town_services, Metric.SATISFACTION)
    shown = legend.overlay(found, counties, np.zeros(12, dtype=bool), LIGHT)
    assert rows(shown.legend) == [
        ("90% 及以上", "1"),
        ("85—90%", "0"),
        ("80—85%", "1"),
        ("75—80%", "0"),
        ("低于 75%", "0"),
        ("评价不足 10 条，不排名", "10"),
    ]
    codes = decoded(_map(shown))
    assert (codes[10], codes[1]) == (4, 2)
    assert codes[2] == 5  # nine of nine
    assert _map(shown)["hatched"] == [5]
    assert _map(shown)["colors"][5] == LIGHT.too_few
    said = texts(shown.legend)
    assert "2022.01.01—2022.06.30 · 评价 41 条；4 分及以上为满意" in said
    assert any(text.startswith("另有 3 条") for text in said)


def test_a_density_without_a_denominator_is_said_not_drawn_as_zero(town_services: Services) -> None:
    found, counties = _measured(town_services, Metric.CLAIMS_PER_1000)
    shown = legend.overlay(found, counties, np.zeros(12, dtype=bool), LIGHT)
    codes = decoded(_map(shown))
    assert codes[6] == codes[9] == len(_map(shown)["colors"]) - 1
    assert ("缺分母，不计算", "2") in rows(shown.legend)
    assert codes[3] == 0  # no claim among known households: the lowest class
    assert sum(int(count) for _text, count in rows(shown.legend)) == 12


def test_a_filter_takes_rows_out_of_map_and_counts(town_services: Services) -> None:
    found, counties = _measured(town_services, Metric.CLAIMS_PER_KM2)
    hidden = np.arange(12) >= 3
    shown = legend.overlay(found, counties, hidden, DARK)
    codes = decoded(_map(shown))
    assert [codes[one] for one in range(4, 13)] == [NOT_SHOWN] * 9
    assert sum(int(count) for _text, count in rows(shown.legend)) == 3


def test_an_overlay_without_a_record_has_one_class(town_services: Services) -> None:
    nothing = Window(YEAR.start.replace(year=2030), YEAR.end.replace(year=2030))
    found, counties = _measured(town_services, Metric.CLAIMS_PER_KM2, window=nothing)
    shown = legend.overlay(found, counties, np.zeros(12, dtype=bool), LIGHT)
    assert rows(shown.legend) == [("全部", "12")]
    assert set(decoded(_map(shown)).values()) == {0}


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_a_theme_has_a_colour_for_every_kind_and_five_for_every_measure(theme: Theme) -> None:
    assert set(theme.kinds) == {*CompoundKind, None}
    assert len(set(theme.kinds.values())) == 5
    for measure in MEASURES:
        assert len(set(theme.ramps[measure])) == 5 == len(legend.SATISFACTION_BREAKS) + 1
