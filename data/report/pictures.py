"""The maps of a report: how far a walk is, and one figure of every place."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from data.bulk import geo_frame_of
from data.ground import metres
from data.metric import Plane
from data.queries import coverage
from data.queries.coverage import Walk
from data.queries.records import TOO_FEW, Measured, Metric
from data.report.blocks import Column, Map, Table
from data.report.maps import DIVERGING, LOW, RAMP, UNKNOWN, draw
from data.report.maps import TOO_FEW as TOO_FEW_COLOUR
from data.report.words import METRICS, Language, say
from data.scope import Scope
from data.store import Store
from data.units import Level
from geo.classes import MISSING, class_breaks
from geo.statistics import class_codes
from models import Area, Compound, Station
from models.enums import AreaLevel

_REACH = ("#1f6f8b", "#63b0b4", "#c5e0c0", "#e8a26b")


def reach_map(
    store: Store,
    scope: Scope,
    around: AreaLevel,
    walk: Walk,
    bands_min: tuple[float, ...],
    language: Language,
) -> Map:
    """Return a map of the compounds by the minutes within which half of their dwellings reach a facility.

    The outlines of the areas of level `around` are drawn above.
    """
    frame = coverage.compounds(store, scope, walk)
    band = np.searchsorted(bands_min, frame["minutes"].to_numpy(dtype=float))
    colours = [_REACH[at] for at in band]
    shapes, outlines, names, points = _ground(store, scope, around, frame["id"], Level.COMPOUND)
    count = np.bincount(band, minlength=len(bands_min) + 1)
    texts = [say("within", language, minutes=f"{one:g}") for one in bands_min]
    texts.append(say("beyond", language, minutes=f"{bands_min[-1]:g}"))
    legend = list(zip(_REACH, texts, count.tolist(), strict=True))
    far = ~np.isfinite(frame["minutes"])
    rows = frame.assign(minutes=frame["minutes"].astype(object).mask(far, say("hour", language)))
    columns = [
        Column("code", say("code", language)),
        Column("name", say("name", language)),
        Column("dwellings", say("dwellings", language), "count"),
        Column("minutes", say("minutes", language)),
    ]
    title = f"{say('reach', language)} · {say('area', language)}"
    return Map(
        draw(shapes, colours, outlines, names, points), legend, Table("reach_map", title, columns, rows)
    )


def metric_map(
    store: Store, scope: Scope, around: AreaLevel, measured: Measured, title: str, language: Language
) -> Map:
    """Return a map of a figure by place, in fifths; places with too few records are grey."""
    frame = measured.frame
    label, over, under, unit = METRICS[measured.metric]
    ramp: tuple[str, ...] = DIVERGING if measured.metric is Metric.SATISFACTION else RAMP
    breaks = class_breaks(frame["value"], classes=len(ramp))
    code = class_codes(frame["value"], breaks)
    ramp = _spread(ramp, len(breaks) + 1)
    few = frame["too_few"].to_numpy(dtype=bool)
    colours = [
        TOO_FEW_COLOUR if one else UNKNOWN if at == MISSING else ramp[at]
        for at, one in zip(code.tolist(), few.tolist(), strict=True)
    ]
    shapes, outlines, names, _ = _ground(store, scope, around, frame["id"], measured.level)
    text = "%" if unit == "percent" else ""
    ends = ["", *(f"{one:g}{text}" for one in breaks), ""]
    labels = [
        f"{low} – {high}" if low and high else f"< {high}" if high else f"≥ {low}" if low else label[language]
        for low, high in pairwise(ends)
    ]
    legend = [(ramp[n], labels[n], int((code == n).sum())) for n in range(len(breaks) + 1)]
    if few.any():
        legend.append((TOO_FEW_COLOUR, say("too_few", language, n=TOO_FEW), int(few.sum())))
    if ((code == MISSING) & ~few).any():
        legend.append((UNKNOWN, say("no_value", language), int(((code == MISSING) & ~few).sum())))
    columns = [
        Column("code", say("code", language)),
        Column("name", say("name", language)),
        Column("value", label[language], "percent" if text else "number"),
        Column("numerator", over[language], "count"),
        Column("denominator", under[language], "count"),
        Column("n", say("n", language), "count"),
    ]
    level = measured.level.area_level
    where = (level.label if level else "小区") if language == "zh" else measured.level.value
    note = say("map_note", language, n=f"{measured.total:,}", above=f"{measured.above:,}", level=where)
    table = Table(f"map_{measured.metric.value}", title, columns, frame, note)
    return Map(
        draw(shapes, colours, outlines, names, tallest=LOW),
        legend,
        table,
        f"{note}{say('classes', language)}",
    )


def _spread(ramp: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return as many colours of a ramp, its ends among them."""
    return tuple(ramp[round(at)] for at in np.linspace(0, len(ramp) - 1, count)) if count > 1 else ramp[2:3]


def _ground(
    store: Store, scope: Scope, around: AreaLevel, ids: pd.Series[Any], level: Level
) -> tuple[Any, Any, list[str], Any]:
    """Return in metres the units with these ids, the areas' outlines with their names, the stations."""
    with store.reading() as session:
        if level.area_level is not None:
            frame = geo_frame_of(session, Area, ["id"], Area.level == level.area_level)
        else:
            frame = geo_frame_of(session, Compound, ["id"])
        outline = geo_frame_of(session, Area, ["name"], Area.level == around, scope.where(Area.code))
        station = geo_frame_of(session, Station, ["id"], scope.where(Station.area_code))
        crs = Plane.of(session, np.asarray(outline.geometry.values, dtype=object)).crs
    at = pd.Index(frame["id"]).get_indexer(pd.Index(ids))
    shapes = np.asarray(frame.geometry.values, dtype=object)[at]
    lines, points = (np.asarray(one.geometry.values, dtype=object) for one in (outline, station))
    named = outline["name"].fillna("").tolist() if len(outline) > 1 else []
    return metres(crs, shapes), metres(crs, lines), named, metres(crs, points) if len(points) else points
