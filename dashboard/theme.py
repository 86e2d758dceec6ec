"""Colours: one dark theme for the wall, one light for desks; map, charts and cards take them from here."""

from __future__ import annotations

from dataclasses import dataclass

from data.queries.records import Metric
from models.enums import CompoundKind

FONT = "'Noto Sans SC', system-ui, sans-serif"


@dataclass(frozen=True)
class Theme:
    """A set of colours.

    Attributes
    ----------
    kinds
        Colour of each compound kind and, under None, of compounds not yet classified; they can be told
        apart without red and green.
    mark
        Dots and bars of charts that show one thing.
    ramps
        Five classes from low to high; the most conspicuous end is the high one on this background.
    """

    name: str
    page: str
    panel: str
    line: str
    text: str
    faint: str
    accent: str
    kinds: dict[CompoundKind | None, str]
    ramps: dict[Metric, tuple[str, ...]]
    too_few: str
    mark: str


_KINDS = CompoundKind

DARK = Theme(
    name="dark",
    page="#0b1320",
    panel="#111c2d",
    line="#23324a",
    text="#e8eef7",
    faint="#93a4bd",
    accent="#f2b84b",
    kinds={
        _KINDS.RESIDENTIAL: "#4f9be6",
        _KINDS.TRANSITIONAL: "#f0a93b",
        _KINDS.AGED: "#d3698f",
        _KINDS.WORK_UNIT: "#3fb8a2",
        None: "#7b8798",
    },
    ramps={
        Metric.CLAIMS_PER_1000: ("#1f3a5f", "#1f6b8f", "#2aa198", "#8fd06c", "#fbe45b"),
        Metric.CLAIMS_PER_KM2: ("#1f3a5f", "#1f6b8f", "#2aa198", "#8fd06c", "#fbe45b"),
        Metric.SATISFACTION: ("#c0504d", "#d98b5f", "#d9cfae", "#7fb4d6", "#4687c7"),
    },
    too_few="#5d6a7e",
    mark="#4f9be6",
)

LIGHT = Theme(
    name="light",
    page="#f3f5f8",
    panel="#ffffff",
    line="#dfe4eb",
    text="#1b2738",
    faint="#5c6b80",
    accent="#b4232a",
    kinds={
        _KINDS.RESIDENTIAL: "#3f7fc4",
        _KINDS.TRANSITIONAL: "#d98a1c",
        _KINDS.AGED: "#b9507a",
        _KINDS.WORK_UNIT: "#2a9684",
        None: "#9aa5b4",
    },
    ramps={
        Metric.CLAIMS_PER_1000: ("#e3f1c9", "#a5d8b3", "#52b5bb", "#2a78b0", "#1f3f80"),
        Metric.CLAIMS_PER_KM2: ("#e3f1c9", "#a5d8b3", "#52b5bb", "#2a78b0", "#1f3f80"),
        Metric.SATISFACTION: ("#b5403d", "#e09a6b", "#efe6c8", "#86b5d9", "#2f6fb3"),
    },
    too_few="#aab4c2",
    mark="#2a78b0",
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}
COOKIE = "pingqi_theme"
