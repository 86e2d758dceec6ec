"""Service points: stations, assist points, canteens."""

from __future__ import annotations

from datetime import date

from shapely import Point
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, reference, spatial_index
from models.enums import StationOrigin, StationTier
from models.geometry import Geometry


class Station(Base):
    """A service station of one of three tiers."""

    __tablename__ = "station"
    __table_args__ = (one_of("tier", StationTier), one_of("origin", StationOrigin), spatial_index("station"))

    id: Mapped[Key]
    name: Mapped[str]
    initials: Mapped[str] = mapped_column(default="", server_default="")
    area_code: Mapped[AreaCode]
    compound_id: Mapped[int | None] = reference("compound.id")
    tier: Mapped[StationTier] = mapped_column(EnumText(StationTier))
    origin: Mapped[StationOrigin | None] = mapped_column(EnumText(StationOrigin))
    floor_area_m2: Mapped[float | None]
    opened_on: Mapped[date | None]
    geometry: Mapped[Point] = mapped_column(Geometry("POINT"))


class AssistPoint(Base):
    """A point where a proxy team handles items for residents."""

    __tablename__ = "assist_point"
    __table_args__ = (spatial_index("assist_point"),)

    id: Mapped[Key]
    name: Mapped[str]
    area_code: Mapped[AreaCode]
    items_handled: Mapped[int | None]
    person_times: Mapped[int | None]
    geometry: Mapped[Point] = mapped_column(Geometry("POINT"))


class Canteen(Base):
    """A community canteen."""

    __tablename__ = "canteen"
    __table_args__ = (spatial_index("canteen"),)

    id: Mapped[Key]
    name: Mapped[str]
    area_code: Mapped[AreaCode]
    daily_diners: Mapped[int | None]
    diners_served: Mapped[int | None]
    geometry: Mapped[Point] = mapped_column(Geometry("POINT"))
