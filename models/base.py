"""The declarative base and the column types that several tables share."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import CheckConstraint, DateTime, Dialect, Double, ForeignKey, Index, Integer, MetaData, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A point in time in UTC; ISO 8601 with Z in a GeoPackage, as GDAL wants it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the text form on SQLite, ``timestamptz`` elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(
                sqlite.DATETIME(  # type: ignore[no-untyped-call]
                    storage_format="%(year)04d-%(month)02d-%(day)02dT%(hour)02d:%(minute)02d:%(second)02dZ",
                    regexp=r"(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(?:\.\d+)?Z?",
                )
            )
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Take an aware time only, and hand on UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}; give it in UTC")
        return value.astimezone(UTC).replace(microsecond=0)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A ``StrEnum`` kept as its value in a TEXT column, in both homes."""

    impl = Text
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Accept a member or its value; anything else is an error here, not in the store."""
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        """Give back the member."""
        return None if value is None else self.enum(value)


class Base(DeclarativeBase):
    """Base of every table; Python types decide column types that GeoPackage and PostgreSQL both know."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        float: Double,
        datetime: Moment,
    }


def one_of(column: str, enum: type[StrEnum]) -> CheckConstraint:
    """Return a CHECK that holds `column` to the values of `enum`, so that QGIS can't write others."""
    values = ", ".join(f"'{member.value}'" for member in enum)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_known")


def spatial_index(table: str) -> Index:
    """Return the GiST index of a table's geometry; PostGIS only (GeoPackage has its own R-trees)."""
    return Index(f"ix_{table}_geometry", "geometry", postgresql_using="gist").ddl_if(dialect="postgresql")


Key = Annotated[int, mapped_column(Integer, primary_key=True)]
AreaCode = Annotated[str, mapped_column(Text, index=True)]
"""Code of the smallest known area (12 digits); what a scope filters by."""


def reference(target: str, **kwargs: Any) -> Any:
    """Return an indexed foreign key column to ``target`` (``table.column``)."""
    return mapped_column(ForeignKey(target), index=True, **kwargs)
