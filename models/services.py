"""Service points, and the claims and ratings that the overlays count. No record here carries a person."""

from __future__ import annotations

from datetime import date

from shapely import Point
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, reference, spatial_index
from models.enums import ClaimBody, ItemSource, StationOrigin, StationTier
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


class Claim(Base):
    """An item taken on for a compound (or, where the compound is not known, a community)."""

    __tablename__ = "claim"
    __table_args__ = (
        one_of("source", ItemSource),
        one_of("body", ClaimBody),
        CheckConstraint("done_on IS NULL OR done_on >= claimed_on", name="dates_in_order"),
    )

    id: Mapped[Key]
    area_code: Mapped[AreaCode]
    compound_id: Mapped[int | None] = reference("compound.id")
    item: Mapped[str]
    source: Mapped[ItemSource] = mapped_column(EnumText(ItemSource))
    body: Mapped[ClaimBody] = mapped_column(EnumText(ClaimBody))
    claimed_on: Mapped[date] = mapped_column(index=True)
    done_on: Mapped[date | None]


class Rating(Base):
    """A resident's mark of a finished item, 1 to 5; who gave it is not recorded."""

    __tablename__ = "rating"
    __table_args__ = (CheckConstraint("score BETWEEN 1 AND 5", name="score_range"),)

    id: Mapped[Key]
    area_code: Mapped[AreaCode]
    compound_id: Mapped[int | None] = reference("compound.id")
    claim_id: Mapped[int | None] = reference("claim.id")
    score: Mapped[int]
    rated_on: Mapped[date] = mapped_column(index=True)
