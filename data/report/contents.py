"""What a report says: its sections, in order, each with the figures that the queries give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import Catalogue, read_catalogue
from data.catalogue.entries import AS_OF
from data.errors import DataError
from data.periods import Window
from data.queries import areas, coverage, people, rates
from data.queries.comparisons import compare
from data.queries.coverage import Walk
from data.queries.records import SHARES, TOO_FEW, Metric, View, first_day, measure
from data.queries.three_rates import weights_of
from data.report.blocks import CLEAR, Bars, Column, Report, Section, Table, day_text, span_text
from data.report.pictures import metric_map, reach_map
from data.report.words import METHODS, METRICS, Language, say
from data.scope import Scope
from data.store import Store
from data.units import Level, units
from geo.suppression import K
from models import Setting
from models.enums import AreaLevel

RANKED = (Metric.SATISFACTION, Metric.RESOLUTION_RATE, Metric.RESPONSE_RATE)
BANDS_MIN = (5.0, 10.0, 15.0)
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_LEVELS = list(Level)
_LONGEST_RANKING, _LONGEST_GAPS, _LONGEST_AREAS = 20, 25, 40
_MOST_MONTHS = 24


def months(first: str, last: str) -> Window:
    """Return the days from the first of one month to the last of another, each as ``YYYY-MM``.

    Raises
    ------
    DataError
        Where one can't be read, or the second lies before the first.
    """
    found = [_MONTH.fullmatch(one.strip()) for one in (first, last)]
    for text, one in zip((first, last), found, strict=True):
        if one is None or int(one[1]) < 1:
            raise DataError(f"月份“{text}”应写成 YYYY-MM，如 2026-03。")
    start, end = (date(int(one[1]), int(one[2]), 1) for one in found if one is not None)
    if end < start:
        raise DataError(f"终止月份 {last} 早于起始月份 {first}；请对调。")
    return Window(start, _moved(end, 1) - timedelta(days=1))


def _moved(first: date, by: int) -> date:
    """Return the first day of the month so many months on."""
    year, month = divmod(first.year * 12 + first.month - 1 + by, 12)
    return date(year, month + 1, 1)


def as_long(window: Window, first: str) -> Window:
    """Return as many months as a window of whole months has, from the one written as ``YYYY-MM`` on.

    Raises
    ------
    DataError
        Where that can't be read, or overlaps the window.
    """
    start = months(first, first).start
    found = Window(start, _moved(start, len(_spans(window))) - timedelta(days=1))
    if found.start <= window.end and window.start <= found.end:
        raise DataError(f"对照期 {found.start} 至 {found.end} 与本期重叠；请另选起始月份。")
    return found


def _spans(window: Window) -> list[Window]:
    """Return the months of a window."""
    count = (window.end.year - window.start.year) * 12 + window.end.month - window.start.month + 1
    starts = [_moved(window.start, n) for n in range(count + 1)]
    return [Window(a, b - timedelta(days=1)) for a, b in pairwise(starts)]


def before(window: Window) -> Window:
    """Return the period of as many months just before a window of whole months."""
    count = len(_spans(window))
    return Window(_moved(window.start, -count), window.start - timedelta(days=1))


def assemble(
    store: Store,
    scope: Scope,
    area_code: str,
    window: Window,
    language: Language = "zh",
    *,
    catalogue: Catalogue | None = None,
    walk: Walk | None = None,
    against: Window | None = None,
) -> Report:
    """Return the report on an area of the scope and a period of whole months.

    Parameters
    ----------
    against
        What the period is compared with, as many months long; those just before where none is given.

    Raises
    ------
    DataError
        Where the scope holds no such area.
    """
    with store.reading() as session:
        area = areas.by_code(session, scope, area_code) if area_code in scope else None
        if area is None:
            raise DataError(f"没有代码为“{area_code}”的区划，或不在可见范围内；请给出 12 位区划代码。")
        path = areas.path(session, scope, area.code)
        as_of = _as_of(session)
    inner = scope.narrowed(area.code)
    one = _Writer(store, inner, area, (against or before(window), window), language, catalogue, walk, as_of)
    title = say("title", language, area=area.name)
    facts = [
        (say("area", language), f"{' · '.join(each.name for each in path)}（{area.code}）"),
        (say("period", language), one.span_text(window)),
        (say("before", language), one.span_text(one.before)),
        (say("as_of", language), day_text(as_of, language) if as_of else say("unknown_date", language)),
    ]
    footer = f"{title} · {one.span_text(window)}"
    sections = [
        one.figures(),
        one.reach(),
        *one.by_area(),
        *one.maps(),
        one.monthly(),
        *one.rankings(),
        one.gaps(),
        one.people(),
        one.method(),
    ]
    return Report(language, title, area, window, one.before, as_of, facts, footer, sections)


def _as_of(session: Session) -> date | None:
    value = session.scalar(select(Setting.value).where(Setting.key == AS_OF))
    return date.fromisoformat(value) if value else None


class _Writer:
    """Writes the sections of one report."""

    def __init__(
        self,
        store: Store,
        scope: Scope,
        area: areas.AreaRef,
        windows: tuple[Window, Window],
        language: Language,
        catalogue: Catalogue | None,
        walk: Walk | None,
        as_of: date | None,
    ) -> None:
        self.store, self.scope, self.area = store, scope, area
        self.before, self.window = windows
        self.language, self.as_of = language, as_of
        self.catalogue, self.walk = catalogue or read_catalogue(), walk or Walk()
        self.level = Level(area.level.value)
        self.below = self._compared()
        self.outlines = self.below.area_level or area.level
        self.least = K
        self.reached = coverage.coverage(store, scope, self.walk, area.level, (*BANDS_MIN, self.walk.minutes))

    def _compared(self) -> Level:
        """Return the next level down of which the area holds several units."""
        for level in _LEVELS[_LEVELS.index(self.level) + 1 : _LEVELS.index(Level.COMPOUND)]:
            if len(units(self.store, self.scope, level)) > 1:
                return level
        return Level.COMPOUND

    def say(self, key: str, **values: object) -> str:
        return say(key, self.language, **values)

    def span_text(self, window: Window) -> str:
        return span_text(window, self.language)

    def level_text(self, level: Level) -> str:
        if level.area_level is not None and self.language == "zh":
            return level.area_level.label
        return {"compound": "小区"}.get(level.value, level.value) if self.language == "zh" else level.value

    # --- key figures ---

    def figures(self) -> Section:
        rows = [*self._covered(), *self._reached()]
        recorded = [self._recorded(metric) for metric in METRICS]
        known = all(one.pop("known") for one in recorded)
        mean = list(METRICS).index(Metric.THREE_RATES)
        if np.isnan(recorded[mean]["value"]):  # of rates that are not all known there is no mean
            del recorded[mean]
        frame = pd.DataFrame([*rows, *recorded])
        columns = [
            Column("label", self.say("rate"), width=3),
            Column("value", self.say("value"), "measure"),
            Column("numerator", self.say("numerator"), "count", "numerator_label", 3.2),
            Column("denominator", self.say("denominator"), "count", "denominator_label", 3.2),
            Column("change", self.say("change"), "change", width=1.4),
            Column("date", self.say("date"), width=3),
        ]
        note = "" if known else self.say("no_before")
        table = Table("figures", self.say("figures"), columns, frame, note)
        return Section(self.say("figures"), self.say("figures_intro"), [table])

    def _row(
        self, label: str, value: Any, counts: tuple[Any, Any], labels: tuple[str, str], when: str
    ) -> dict[str, Any]:
        return {
            "label": label,
            "value": value,
            "unit": "percent",
            "numerator": counts[0],
            "numerator_label": labels[0],
            "denominator": counts[1],
            "denominator_label": labels[1],
            "change": np.nan,
            "clear": "",
            "date": when,
        }

    def _covered(self) -> list[dict[str, Any]]:
        rows = []
        with self.store.reading() as session:
            for entry in self.catalogue.rates.values():
                found = rates.coverage(session, self.scope, entry, self.area.level)
                total = found.total
                labels = (entry.numerator_label[self.language], entry.denominator_label[self.language])
                when = day_text(found.as_of, self.language) if found.as_of else self.say("unknown_date")
                row = self._row(
                    entry.label[self.language],
                    total["value"],
                    (int(total["numerator"]), int(total["denominator"])),
                    labels,
                    when,
                )
                rows.append(row | {"unit": entry.unit})
        return rows

    def _reached(self) -> list[dict[str, Any]]:
        when = day_text(self.as_of, self.language) if self.as_of else self.say("unknown_date")
        row = self.reached[self.reached["band_min"] == self.walk.minutes].iloc[0]
        minutes = f"{self.walk.minutes:g}"
        return [
            self._row(
                self.say(key, minutes=minutes),
                row[f"{what}_rate"],
                (int(row[what]), int(row[f"{what}_total"])),
                (self.say(f"reach_over{more}"), self.say(f"reach_under{more}")),
                when,
            )
            for key, what, more in (
                ("reach_rate", "dwellings", ""),
                ("reach_compounds", "compounds", "_compounds"),
            )
        ]

    def _recorded(self, metric: Metric) -> dict[str, Any]:
        label, over, under, unit = METRICS[metric]
        with self.store.reading() as session:
            weights = weights_of(session)
        view = View(weights=weights)
        found = compare(self.store, self.scope, metric, self.level, (self.before, self.window), view)
        now = found.second.frame.set_index("code").loc[self.area.code]
        both = found.frame.set_index("code").loc[self.area.code]
        with self.store.reading() as session:
            first = first_day(session, Scope(), metric.record)  # of the city: it kept records by then
        known = first is not None and first <= self.before.start
        row = self._row(
            label[self.language],
            now["value"],
            (now["numerator"], now["n"] if unit == "count" else now["denominator"]),
            (over[self.language], under[self.language]),
            self.span_text(self.window),
        )
        if metric is Metric.THREE_RATES:
            named = dict(zip("abc", (f"{one:g}" for one in weights), strict=True))
            row["numerator_label"] = over[self.language].format(**named)
        if known:
            row |= {"change": both["change"], "clear": CLEAR if both["clear"] else ""}
        return row | {"unit": unit, "known": known}

    # --- maps ---

    def reach(self) -> Section:
        picture = reach_map(self.store, self.scope, self.outlines, self.walk, BANDS_MIN, self.language)
        straight = int(self.reached["straight_dwellings"].iloc[-1])
        rows = self.reached.drop_duplicates("band_min")
        columns = [
            Column("band_min", self.say("minutes"), "count"),
            Column("dwellings_rate", self.say("reach"), "percent"),
            Column("dwellings", self.say("reach_over"), "count"),
            Column("dwellings_total", self.say("reach_under"), "count"),
            Column("compounds_rate", self.say("reach"), "percent"),
            Column("compounds", self.say("reach_over_compounds"), "count"),
            Column("compounds_total", self.say("reach_under_compounds"), "count"),
        ]
        note = self.say("straight", n=f"{straight:,}") if straight else ""
        bands = Table("reach", self.say("reach"), columns, rows.reset_index(drop=True), note)
        intro = self.say("reach_intro", speed=f"{self.walk.speed_m_per_min:g}")
        return Section(self.say("reach"), intro, [picture, bands], new_page=True)

    def maps(self) -> list[Section]:
        found = []
        level = Level.COMPOUND if self.below in {Level.COMMUNITY, Level.COMPOUND} else Level.COMMUNITY
        for metric, key in (
            (Metric.SATISFACTION, "satisfaction_map"),
            (Metric.CLAIMS_PER_1000, "claims_map"),
        ):
            measured = measure(self.store, self.scope, metric, level, self.window)
            picture = metric_map(
                self.store, self.scope, self.outlines, measured, self.say(key), self.language
            )
            label, over, under, _ = METRICS[metric]
            intro = f"{label[self.language]} = {over[self.language]} ÷ {under[self.language]}"
            found.append(
                Section(
                    self.say(key),
                    f"{intro} · {self.span_text(self.window)}",
                    [picture],
                )
            )
        return found

    # --- tables ---

    def by_area(self) -> list[Section]:
        level = self.below.area_level
        if level is None:
            return []
        frame, columns = pd.DataFrame(), [Column("name", self.say("name"), width=2.2)]
        with self.store.reading() as session:
            for entry in self.catalogue.rates.values():
                part = rates.coverage(session, self.scope, entry, level).frame.set_index("code")
                frame["code"], frame["name"] = part.index, part["name"].to_numpy()
                for name in ("value", "numerator", "denominator", "unknown"):
                    frame[f"{entry.key}_{name}"] = part[name].to_numpy()
                frame[f"{entry.key}_of"] = [
                    f"{a:,} / {b:,}" for a, b in zip(part["numerator"], part["denominator"], strict=True)
                ]
                label = entry.label[self.language]
                columns.append(Column(f"{entry.key}_value", label, "percent", f"{entry.key}_of", 2))
        title = self.say("by_area", level=self.level_text(self.below))
        table = Table("by_area", title, columns, frame, self.say("by_area_note"), most=_LONGEST_AREAS)
        return [Section(title, "", [table])]

    def rankings(self) -> list[Section]:
        blocks = []
        for metric in RANKED:
            label, over, under, _ = METRICS[metric]
            frame = measure(self.store, self.scope, metric, self.below, self.window).frame
            frame = frame[frame["n"] > 0].assign(last=lambda one: one["rank"] == 0)
            frame = frame.sort_values(["last", "rank", "n", "code"], ascending=[True, True, False, True])
            frame["place"] = frame["rank"].astype("Int64").mask(frame["rank"] == 0)
            columns = [
                Column("place", self.say("rank"), "count"),
                Column("name", self.say("name"), width=3),
                Column("value", label[self.language], "percent"),
                Column("low", self.say("interval"), "interval", width=3.4),
                Column("numerator", over[self.language], "count", width=2),
                Column("n", under[self.language], "count", width=2),
            ]
            title = self.say("ranking", rate=label[self.language])
            blocks.append(
                Table(
                    f"rank_{metric.value}",
                    title,
                    columns,
                    frame.reset_index(drop=True),
                    most=_LONGEST_RANKING,
                )
            )
        intro = self.say("ranking_intro", n=TOO_FEW)
        return [
            Section(
                block.title,
                f"{intro} {self.span_text(self.window)}" if not n else "",
                [block],
            )
            for n, block in enumerate(blocks)
        ]

    def monthly(self) -> Section:
        rows = []
        for span in _spans(self.window)[-_MOST_MONTHS:]:
            row: dict[str, Any] = {"month": f"{span.start:%Y-%m}"}
            for metric in RANKED[::-1]:
                frame = measure(self.store, self.scope, metric, self.level, span).frame.set_index("code")
                for name in ("value", "numerator", "n"):
                    row[f"{metric.value}_{name}"] = frame.loc[self.area.code, name]
            rows.append(row)
        columns = [Column("month", self.say("month"))]
        for metric in RANKED[::-1]:
            label, over, under, _ = METRICS[metric]
            columns += [
                Column(f"{metric.value}_value", label[self.language], "percent"),
                Column(f"{metric.value}_numerator", over[self.language], "count"),
                Column(f"{metric.value}_n", under[self.language], "count"),
            ]
        table = Table("monthly", self.say("monthly"), columns, pd.DataFrame(rows))
        bars = Bars([metric.value for metric in RANKED[::-1]], table)
        return Section(self.say("monthly"), "", [bars], new_page=True)

    def gaps(self) -> Section:
        frame = coverage.uncovered(self.store, self.scope, self.walk)
        minutes = f"{self.walk.minutes:g}"
        with self.store.reading() as session:
            names = areas.names(session, frame["area_code"].tolist())
        frame["place"] = frame["area_code"].map(names)
        far = ~np.isfinite(frame["minutes"])
        frame["minutes"] = frame["minutes"].round(1).astype(object).mask(far, self.say("hour"))
        columns = [
            Column("name", self.say("name"), width=3),
            Column("place", self.say("place"), width=2),
            Column("dwellings", self.say("dwellings"), "count", width=1.4),
            Column("left_out", self.say("left_out"), "count", width=1.6),
            Column("minutes", self.say("minutes"), width=1.6),
        ]
        frame["left_out"] = frame["left_out"].round().astype(int)
        note = "" if len(frame) else self.say("no_gaps")
        table = Table("gaps", self.say("gaps"), columns, frame, note, most=_LONGEST_GAPS)
        return Section(self.say("gaps"), self.say("gaps_intro", minutes=minutes), [table])

    def people(self) -> Section:
        level = self.below.area_level or AreaLevel.COMMUNITY
        with self.store.reading() as session:
            own = people.members(session, self.scope, self.area.level)
            found = people.members(session, self.scope, level)
        self.least = found.least
        frames: Sequence[pd.DataFrame] = [own.frame] if level == self.area.level else [own.frame, found.frame]
        frame = pd.concat(frames, ignore_index=True)
        when = day_text(found.as_of, self.language) if found.as_of else self.say("unknown_date")
        columns = [
            Column("name", self.say("name"), width=3),
            Column("members", self.say("people_count"), "people", width=2),
        ]
        title, intro = self.say("people"), self.say("people_intro", k=found.least)
        table = Table("people", title, columns, frame, f"{self.say('date')}：{when}", most=_LONGEST_AREAS)
        return Section(title, intro, [table])

    def method(self) -> Section:
        texts = [
            (name[self.language], text[self.language].format(few=TOO_FEW, k=self.least))
            for name, text in METHODS
        ]
        for entry in self.catalogue.rates.values():
            over, under = entry.numerator_label[self.language], entry.denominator_label[self.language]
            texts.append((entry.label[self.language], f"{over} ÷ {under}"))
        for metric in SHARES:
            words = [text[self.language] for text in METRICS[metric][:3]]
            texts.append((words[0], f"{words[1]} ÷ {words[2]}"))
        return Section(self.say("method"), "", [], texts)
