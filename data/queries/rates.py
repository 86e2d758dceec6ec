"""Coverage rates and point layers, as the catalogue defines them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, Table, and_, exists, func, select, true
from sqlalchemy.orm import Session

from data.bulk import frame_of, geo_frame_of
from data.catalogue import Condition, CoverageRate, Linked, PointLayer
from data.catalogue.entries import AS_OF
from data.errors import DataError
from data.scope import Scope
from geo.statistics import rate
from models import Area, Base, Setting
from models.areas import SIGNIFICANT
from models.base import EnumText
from models.enums import AreaLevel


@dataclass(frozen=True)
class RateTable:
    """A coverage rate by area.

    Attributes
    ----------
    entry
        What is shared by what; its labels go with every figure.
    as_of
        The day that the figures are of; None where the store does not say.
    frame
        One row an area of the level, by code: id, code, name, numerator, denominator, unknown, value (NaN
        where there is nothing to divide by).
    above
        The same counts of what is known only for a larger area: ``numerator``, ``denominator``, ``unknown``.
    total
        The counts and the value of the whole scope.
    """

    entry: CoverageRate
    as_of: date | None
    frame: pd.DataFrame
    above: pd.Series[Any]
    total: pd.Series[Any]


_COUNTS = ["numerator", "denominator", "unknown"]


def coverage(session: Session, scope: Scope, entry: CoverageRate, level: AreaLevel) -> RateTable:
    """Return a coverage rate for every area of a level in the scope."""
    table = _table(entry.table)
    digits = SIGNIFICANT[level]
    key = func.substr(table.columns["area_code"], 1, digits)
    told = _and(table.columns[one.column].is_not(None) for one in entry.has)
    has = and_(
        _and(_holds(table, one) for one in entry.has), _and(_named(table, one) for one in entry.linked)
    )
    counted = frame_of(
        session,
        select(
            key.label("key"),
            func.count().filter(and_(told, has)).label("numerator"),
            func.count().filter(told).label("denominator"),
            func.count().filter(~told).label("unknown"),
        )
        .where(scope.where(table.columns["area_code"]), *_population(table, entry.where))
        .group_by(key),
    )
    areas = frame_of(
        session,
        select(Area.id, Area.code, Area.name, func.substr(Area.code, 1, digits).label("key"))
        .where(Area.level == level, scope.where(Area.code))
        .order_by(Area.code),
    )
    frame = areas.merge(counted, on="key", how="left").drop(columns="key")
    frame[_COUNTS] = frame[_COUNTS].fillna(0).astype(np.int64)
    frame["value"] = rate(frame["numerator"], frame["denominator"], entry.per)
    whole = counted[_COUNTS].sum().astype(np.int64)
    above = whole - frame[_COUNTS].sum()
    total = whole.astype(float)
    total["value"] = float(rate([whole["numerator"]], [whole["denominator"]], entry.per)[0])
    return RateTable(entry, _as_of(session, entry), frame, above, total)


def points(session: Session, scope: Scope, entry: PointLayer) -> pd.DataFrame:
    """Return the points of a layer: id, name, area_code, lon, lat, and the entry's fields, by id."""
    model = next(one.class_ for one in Base.registry.mappers if one.class_.__tablename__ == entry.table)
    table = _table(entry.table)
    columns = list(dict.fromkeys(["id", "name", "area_code", *entry.fields]))
    conditions = [scope.where(table.columns["area_code"]), *_population(table, entry.where)]
    found = geo_frame_of(session, model, columns, *conditions)
    xy = shapely.get_coordinates(np.asarray(found.geometry.values, dtype=object))
    return pd.DataFrame(found.drop(columns="geometry")).assign(lon=xy[:, 0], lat=xy[:, 1])


def number_of(session: Session, scope: Scope, entries: Iterable[PointLayer]) -> int:
    """Return how many points several layers have together.

    Raises
    ------
    DataError
        Where points of two of them may be the same place: their numbers can't be added.
    """
    chosen = list(entries)
    for one in chosen:
        for other in chosen:
            if one is not other and other.key in one.shares_places_with:
                raise DataError(f"“{one.label.zh}”与“{other.label.zh}”可能同在一处，两者的数量不能相加。")
    total = 0
    for one in chosen:
        table = _table(one.table)
        conditions = [scope.where(table.columns["area_code"]), *_population(table, one.where)]
        total += session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
    return total


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _population(table: Table, where: Iterable[Condition]) -> list[ColumnElement[bool]]:
    """Return the conditions of rows that count: those in force, and those of the entry."""
    in_force = [table.columns["valid_to"].is_(None)] if "valid_to" in table.columns else []
    return [*in_force, *(_holds(table, one) for one in where)]


def _holds(table: Table, one: Condition) -> ColumnElement[bool]:
    column = table.columns[one.column]
    if one.among:
        kind = column.type
        values = [kind.enum(value) if isinstance(kind, EnumText) else value for value in one.among]
        found: ColumnElement[bool] = column.in_(values)
    else:
        found = column.is_not(None)
    if one.least is not None:
        found = and_(found, column >= one.least)
    return found if one.most is None else and_(found, column <= one.most)


def _named(table: Table, one: Linked) -> ColumnElement[bool]:
    other = _table(one.table).alias()
    names = other.columns[one.by] == table.columns["id"]
    conditions = [names, *(_holds(other, condition) for condition in one.where)]  # type: ignore[arg-type]
    if one.at_least == 1:
        return exists().where(*conditions).correlate(table)
    count = select(func.count()).select_from(other).where(*conditions).correlate(table).scalar_subquery()
    return count >= one.at_least


def _and(conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[bool]:
    return and_(true(), *conditions)


def _as_of(session: Session, entry: CoverageRate) -> date | None:
    if isinstance(entry.date, date):
        return entry.date
    value = session.scalar(select(Setting.value).where(Setting.key == AS_OF))
    return date.fromisoformat(value) if value else None
