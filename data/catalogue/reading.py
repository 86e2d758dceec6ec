"""Entries from their TOML files; whatever is wrong in them is told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Table
from sqlalchemy.types import Boolean, Double, Integer

from data.catalogue.entries import (
    AS_OF,
    PALETTES,
    PER,
    Catalogue,
    CatalogueError,
    Condition,
    CoverageRate,
    Linked,
    PointLayer,
    Scale,
    Text,
)
from geo.classes import SCHEMES
from models import Base
from models.base import EnumText
from models.geometry import Geometry

OURS = Path(__file__).parent
RATE, POINTS = "coverage_rate", "point_layer"
SYMBOLS = ("circle", "square", "diamond", "triangle", "star")
PERSONAL = {"account"}
"""Tables of people, never counted here."""
_MOST_CLASSES = 9


def read_catalogue(*folders: Path) -> Catalogue:
    """Read all entries: ours, then those of `folders` (missing ones are empty); the last of a name counts.

    Raises
    ------
    CatalogueError
        With a line for every fault of every file.
    """
    faults: list[str] = []
    rates: dict[str, CoverageRate] = {}
    points: dict[str, PointLayer] = {}
    files = {path.stem: path for folder in (OURS, *folders) for path in sorted(folder.glob("*.toml"))}
    for key in sorted(files):
        entry = _Entry(files[key].name, faults)
        found = entry.read(key, files[key])
        if isinstance(found, CoverageRate):
            rates[key] = found
        elif found is not None:
            points[key] = found
    for layer in points.values():
        for other in layer.shares_places_with:
            if other not in points:
                _Entry(f"{layer.key}.toml", faults).wrong("shares_places_with", other, points)
    if faults:
        raise CatalogueError(faults)
    return Catalogue(rates, points)


class _Entry:
    """A file being read; faults are noted, and reading goes on."""

    def __init__(self, file: str, faults: list[str]) -> None:
        self.file = file
        self.faults = faults

    def wrong(self, key: str, value: object, choices: Iterable[object] | str) -> None:
        told = choices if isinstance(choices, str) else "、".join(str(one) for one in choices)
        self.faults.append(f"{self.file}：{key} 的值“{value}”无效；可用：{told}。")

    def read(self, key: str, path: Path) -> CoverageRate | PointLayer | None:
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.faults.append(f"{self.file}：不是有效的 TOML 文件（{error}）。")
            return None
        before = len(self.faults)
        shape = self.one_of(raw, "shape", (RATE, POINTS))
        if shape == RATE:
            found: CoverageRate | PointLayer | None = self._rate(key, raw)
        elif shape == POINTS:
            found = self._points(key, raw)
        else:
            found = None
        return found if len(self.faults) == before else None

    def _rate(self, key: str, raw: Mapping[str, Any]) -> CoverageRate:
        self.known(raw, "", ("shape", "label", "unit", "date", "denominator", "numerator", "scale"))
        over, under = self.part(raw, "numerator"), self.part(raw, "denominator")
        self.known(under, "denominator.", ("label", "table", "where"))
        self.known(over, "numerator.", ("label", "where", "linked"))
        table = self.table(under, "denominator.")
        linked = tuple(
            self._linked(one, f"numerator.linked[{n}].", table)
            for n, one in enumerate(self.several(over, "linked", "numerator."))
        )
        has = self.conditions(over, "numerator.", table)
        if not has and not linked:
            self.wrong("numerator", "{}", "where、linked")
        return CoverageRate(
            key=key,
            label=self.text(raw, "label"),
            numerator_label=self.text(over, "label", "numerator."),
            denominator_label=self.text(under, "label", "denominator."),
            table="" if table is None else table.name,
            where=self.conditions(under, "denominator.", table),
            has=has,
            linked=linked,
            unit=self.one_of(raw, "unit", PER, default="percent"),
            date=self._date(raw.get("date", AS_OF)),
            scale=self._scale(self.part(raw, "scale", required=False)),
        )

    def _points(self, key: str, raw: Mapping[str, Any]) -> PointLayer:
        self.known(raw, "", ("shape", "label", "table", "where", "symbol", "fields", "shares_places_with"))
        table = self.table(raw, "", with_geometry=True)
        fields = self.part(raw, "fields", required=False)
        for column in fields:
            self.column(column, "fields", table)
        shares = raw.get("shares_places_with", [])
        return PointLayer(
            key=key,
            label=self.text(raw, "label"),
            table="" if table is None else table.name,
            where=self.conditions(raw, "", table),
            fields={column: self.text(fields, column, "fields.") for column in fields},
            symbol=self.one_of(raw, "symbol", SYMBOLS, default=SYMBOLS[0]),
            shares_places_with=tuple(shares) if isinstance(shares, list) else (str(shares),),
        )

    def _linked(self, raw: Mapping[str, Any], at: str, table: Table | None) -> Linked:
        self.known(raw, at, ("table", "by", "where", "at_least"))
        other = self.table(raw, at)
        by = raw.get("by", "")
        if other is not None and table is not None:
            names = [
                column.name
                for column in other.columns
                if any(key.column.table is table for key in column.foreign_keys)
            ]
            if by not in names:
                self.wrong(f"{at}by", by, names or f"（表 {other.name} 没有指向 {table.name} 的列）")
        least = raw.get("at_least", 1)
        if not isinstance(least, int) or isinstance(least, bool) or least < 1:
            self.wrong(f"{at}at_least", least, "1 以上的整数")
            least = 1
        name = "" if other is None else other.name
        return Linked(name, str(by), self.conditions(raw, at, other), least)

    def _scale(self, raw: Mapping[str, Any]) -> Scale:
        self.known(raw, "scale.", ("scheme", "palette", "classes", "edges"))
        scheme: Any = self.one_of(raw, "scheme", SCHEMES, default="quantiles", at="scale.")
        palette = self.one_of(raw, "palette", PALETTES, default=PALETTES[0], at="scale.")
        edges = raw.get("edges", [])
        numbers = isinstance(edges, list) and all(_is_number(one) for one in edges)
        if not numbers or sorted(set(edges)) != edges or (scheme == "fixed") != bool(edges):
            self.wrong("scale.edges", edges, "scheme 为 fixed 时由小到大的数字，否则不写")
            edges = []
        classes = raw.get("classes", 5)
        if not isinstance(classes, int) or not 1 < classes <= _MOST_CLASSES:
            self.wrong("scale.classes", classes, f"2—{_MOST_CLASSES} 的整数")
            classes = 5
        return Scale(scheme, palette, classes, tuple(float(one) for one in edges))

    def _date(self, value: object) -> str | date:
        if value == AS_OF or type(value) is date:
            return value
        self.wrong("date", value, f"{AS_OF}、日期（如 2022-12-31）")
        return AS_OF

    # --- parts of any entry ---

    def known(self, raw: Mapping[str, Any], at: str, keys: Sequence[str]) -> None:
        """Note keys that mean nothing here: they are misspelt, and would be passed over."""
        for key in raw:
            if key not in keys:
                self.faults.append(f"{self.file}：没有 {at}{key} 这一项；可用：{'、'.join(keys)}。")

    def part(self, raw: Mapping[str, Any], key: str, *, required: bool = True) -> Mapping[str, Any]:
        value = raw.get(key)
        if isinstance(value, dict):
            return value
        if value is not None or required:
            self.wrong(key, value if value is not None else "（未填写）", f"一节 [{key}]")
        return {}

    def several(self, raw: Mapping[str, Any], key: str, at: str) -> list[Mapping[str, Any]]:
        value = raw.get(key, [])
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return value
        self.wrong(f"{at}{key}", value, f"若干节 [[{at}{key}]]")
        return []

    def text(self, raw: Mapping[str, Any], key: str, at: str = "") -> Text:
        value = raw.get(key)
        if isinstance(value, dict) and all(
            isinstance(value.get(one), str) and value[one] for one in ("zh", "en")
        ):
            return Text(value["zh"], value["en"])
        self.wrong(f"{at}{key}", "（未填写）" if value is None else value, '{ zh = "中文", en = "English" }')
        return Text("", "")

    def one_of(
        self,
        raw: Mapping[str, Any],
        key: str,
        choices: Iterable[str],
        *,
        default: str | None = None,
        at: str = "",
    ) -> str:
        value, known = raw.get(key, default), list(choices)
        if value in known:
            return str(value)
        self.wrong(f"{at}{key}", "（未填写）" if value is None else value, known)
        return default or ""

    def table(self, raw: Mapping[str, Any], at: str, *, with_geometry: bool = False) -> Table | None:
        tables = {
            name: table
            for name, table in Base.metadata.tables.items()
            if "area_code" in table.columns
            and name not in PERSONAL
            and (not with_geometry or _is_points(table))
        }
        name = self.one_of(raw, "table", tables, at=at)
        return tables.get(name)

    def column(self, name: object, at: str, table: Table | None) -> Any:
        if table is None:
            return None
        names = [one.name for one in table.columns if one.name != "geometry"]
        if name not in names:
            self.wrong(at, name, names)
            return None
        return table.columns[str(name)]

    def conditions(self, raw: Mapping[str, Any], at: str, table: Table | None) -> tuple[Condition, ...]:
        found = []
        for n, one in enumerate(self.several(raw, "where", at)):
            here = f"{at}where[{n}]."
            self.known(one, here, ("column", "is", "least", "most"))
            column = self.column(one.get("column"), f"{here}column", table)
            values = one.get("is", [])
            values = values if isinstance(values, list) else [values]
            if column is not None:
                test, told = _taker(column.type)
                for value in values:
                    if not test(value):
                        self.wrong(f"{here}is", value, told)
            limits = {key: one.get(key) for key in ("least", "most")}
            for key, limit in limits.items():
                if limit is not None and not _is_number(limit):
                    self.wrong(f"{here}{key}", limit, "数字")
            found.append(Condition(str(one.get("column")), tuple(values), **limits))
        return tuple(found)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_points(table: Table) -> bool:
    kind = table.columns["geometry"].type if "geometry" in table.columns else None
    return isinstance(kind, Geometry) and kind.geometry_type == "POINT"


def _taker(kind: Any) -> tuple[Callable[[object], bool], Iterable[object] | str]:
    """Return what tells a value that a column can hold, and how to say which those are."""
    if isinstance(kind, EnumText):
        members = [one.value for one in kind.enum]
        return (lambda value: value in members), members
    if isinstance(kind, Boolean):
        return (lambda value: isinstance(value, bool)), "true、false"
    if isinstance(kind, (Integer, Double)):
        return _is_number, "数字"
    return (lambda value: isinstance(value, str)), "文字"
