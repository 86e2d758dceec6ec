"""Whole tables in and out, vectorised: frames to rows by executemany or COPY, rows to GeoDataFrames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, Connection, Dialect, Executable, Table, select, text, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import Boolean, Integer, NullType, TypeEngine

from models import Base
from models.geometry import OWN_FLAGS, STORED_SRID, Geometry, from_gpkg, to_gpkg

CRS = f"EPSG:{STORED_SRID}"
_GPKG_HEADER = np.dtype(
    [("magic", "S2"), ("version", "u1"), ("flags", "u1"), ("srid", "<i4"), ("envelope", "<f8", 4)]
)
_AT_ONCE = 50_000
_WITH_GAPS = {Integer: "Int64", Boolean: "boolean"}
"""Dtypes that keep a column with missing values exact: as floats PostgreSQL would refuse it."""


def table_of(model: type[Base]) -> Table:
    """Return the table of a mapped class."""
    return cast("Table", model.__table__)


def _encode(values: np.ndarray, column_type: Geometry, dialect: str) -> list[Any]:
    multi = column_type.geometry_type.startswith("MULTI")
    kinds = shapely.get_type_id(values)
    single = (kinds >= 0) & (kinds < shapely.GeometryType.MULTIPOINT)
    if multi and single.any():
        make = shapely.multipolygons if "POLYGON" in column_type.geometry_type else shapely.multilinestrings
        index = np.flatnonzero(single)
        values = values.copy()
        values[index] = make(values[index], indices=np.arange(len(index)))
    if dialect != "sqlite":
        return list(shapely.to_wkb(shapely.set_srid(values, STORED_SRID), hex=True, include_srid=True))
    if shapely.is_empty(values).any() or shapely.is_missing(values).any():
        return [None if value is None else to_gpkg(value) for value in values]
    header = np.zeros(len(values), dtype=_GPKG_HEADER)
    header["magic"], header["flags"], header["srid"] = b"GP", OWN_FLAGS, STORED_SRID
    header["envelope"] = shapely.bounds(values)[:, [0, 2, 1, 3]]
    wkb = shapely.to_wkb(values, byte_order=1, flavor="iso")
    return [start.tobytes() + body for start, body in zip(header, wkb, strict=True)]


def _plain(values: pd.Series[Any], kind: TypeEngine[Any], dialect: Dialect) -> list[Any]:
    """Return a column as the home's driver takes it, missing values as None."""
    if isinstance(values.dtype, pd.DatetimeTZDtype) and dialect.name == "sqlite":  # whole columns at a time
        moments = values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        texts = np.char.add(np.datetime_as_string(moments), "Z").astype(object)
        texts[np.isnat(moments)] = None
        return list(texts.tolist())
    exact = next((name for family, name in _WITH_GAPS.items() if isinstance(kind, family)), None)
    known = values.astype(exact) if exact else values  # type: ignore[call-overload]
    plain = known.astype(object).where(known.notna(), None).tolist()
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    return plain if bind is None else [bind(value) for value in plain]


def insert_frame(
    session: Session,
    model: type[Base],
    frame: pd.DataFrame,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Insert the rows of `frame` into a model's table, by column names, in the session's transaction.

    Rows become what a driver takes a part at a time: a million of them whole would need as much memory again.

    Parameters
    ----------
    frame
        Columns named like the table's; ``geometry`` in EPSG:4490. Missing values become NULL.
    progress
        Told the share of the rows that are written, from 0 on; what it raises ends the insertion.

    Returns
    -------
    int
        Rows written.
    """
    table = table_of(model)
    unknown = set(frame.columns) - set(table.columns.keys())
    if unknown:
        raise ValueError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    if frame.empty:
        return 0
    connection = session.connection()
    names = list(frame.columns)
    parts = _parts(frame, table, connection.dialect, progress or (lambda _share: None))
    if connection.dialect.name == "postgresql":
        _copy(connection, table, names, chain.from_iterable(parts))
    else:
        quote = connection.dialect.identifier_preparer.quote
        places = ", ".join("?" * len(names))
        statement = f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))}) VALUES ({places})"  # noqa: S608
        for rows in parts:
            connection.exec_driver_sql(statement, rows)
    return len(frame)


def _parts(
    frame: pd.DataFrame, table: Table, dialect: Dialect, progress: Callable[[float], None]
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a frame as the home's driver takes them, some at a time."""
    for start in range(0, len(frame), _AT_ONCE):
        progress(start / len(frame))
        part = frame.iloc[start : start + _AT_ONCE]
        columns: list[list[Any]] = []
        for name in part.columns:
            kind = table.columns[name].type
            if isinstance(kind, Geometry):
                columns.append(_encode(np.asarray(part[name].values), kind, dialect.name))
            else:
                columns.append(_plain(part[name], kind, dialect))
        yield list(zip(*columns, strict=True))


def _copy(connection: Connection, table: Table, names: Sequence[str], rows: Any) -> None:
    quote = connection.dialect.identifier_preparer.quote
    statement = f"COPY {quote(table.name)} ({', '.join(quote(name) for name in names)}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def restart_sequences(session: Session, models: Sequence[type[Base]]) -> None:
    """Let PostgreSQL's sequences go on after ids that were given; SQLite needs nothing."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer.quote
    for table in map(table_of, models):
        if "id" in table.columns:
            name = quote(table.name)
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'),"  # noqa: S608  (our own table names)
                    f" coalesce((SELECT max(id) FROM {name}), 0) + 1, false)"
                )
            )


def frame_of(session: Session, query: Executable) -> pd.DataFrame:
    """Return the rows of a query as a plain frame, columns named as selected."""
    result = session.execute(query)
    return pd.DataFrame.from_records(list(result), columns=list(result.keys()))


def geo_frame_of(
    session: Session, model: type[Base], columns: Sequence[str], *conditions: ColumnElement[bool]
) -> gpd.GeoDataFrame:
    """Return `columns` and the geometry of the rows of a model's table that meet all `conditions`, by id.

    Returns
    -------
    geopandas.GeoDataFrame
        EPSG:4490; geometries are decoded in one vectorised call.
    """
    table = table_of(model)
    geometry = table.columns["geometry"]
    raw = session.connection().dialect.name
    chosen = [table.columns[name] for name in columns]
    query = (
        select(*chosen, type_coerce(geometry, NullType())).where(*conditions).order_by(table.columns["id"])
    )
    rows = session.execute(query).all()
    data: dict[str, Any] = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
    blobs = [row[-1] for row in rows]
    return gpd.GeoDataFrame(data, geometry=_decode(blobs, raw), crs=CRS)


def _decode(blobs: list[Any], dialect: str) -> np.ndarray:
    if dialect != "sqlite":
        return np.asarray(shapely.from_wkb(blobs), dtype=object)
    if all(blob is not None and blob[3] == OWN_FLAGS for blob in blobs):
        return np.asarray(shapely.from_wkb([blob[40:] for blob in blobs]), dtype=object)
    return np.asarray([None if blob is None else from_gpkg(blob) for blob in blobs], dtype=object)
