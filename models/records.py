"""What happens in the city: requests, claims, ratings. No record here carries a person.

Each record has a place, known as exactly as its `place` says, and is assigned to the areas around it when it
is written and whenever boundaries are published. Where it lay by the boundaries of its own day, if that was
elsewhere, is kept in `former_place`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, reference
from models.enums import ClaimBody, ItemSource, PlaceKind
from models.plans import Plan

Cell = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits in both homes: GeoPackage's INTEGER is one already."""


class Placed:
    """Columns of a record that has a place.

    Attributes
    ----------
    area_code
        The smallest known area; that of the whole city where the record lies nowhere.
    place
        How the place is known. A record known only for a compound is in no grid, and the reverse.
    lon, lat
        EPSG:4490; of the building where that is known; NULL where only an area is.
    cell
        H3 cell of the coordinates, resolution 10.
    """

    area_code: Mapped[AreaCode]
    place: Mapped[PlaceKind] = mapped_column(
        EnumText(PlaceKind), default=PlaceKind.AREA, server_default="area"
    )
    compound_id: Mapped[int | None] = reference("compound.id")
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id"))
    micro_grid_id: Mapped[int | None] = mapped_column(ForeignKey("micro_grid.id"))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"))
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    cell: Mapped[int | None] = mapped_column(Cell)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))


class Request(Placed, Base):
    """What a resident asks for; who asked is not recorded.

    Attributes
    ----------
    code
        Its number in the system that it comes from.
    kind
        What it is about, in the words of that system.
    responsible_body
        Who is to deal with it.
    due_at
        When it is to be done.
    responded_at, done_at
        When it was first answered, and settled.
    """

    __tablename__ = "request"
    __table_args__ = (
        one_of("place", PlaceKind),
        CheckConstraint("done_at IS NULL OR done_at >= asked_at", name="done_after_asked"),
        CheckConstraint("responded_at IS NULL OR responded_at >= asked_at", name="responded_after_asked"),
    )

    id: Mapped[Key]
    code: Mapped[str | None] = mapped_column(index=True)
    kind: Mapped[str | None]
    responsible_body: Mapped[str | None]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None]
    responded_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class Claim(Placed, Base):
    """An item or a request taken on, by a unit, an organisation or a member."""

    __tablename__ = "claim"
    __table_args__ = (
        one_of("place", PlaceKind),
        one_of("source", ItemSource),
        one_of("body", ClaimBody),
        CheckConstraint("done_on IS NULL OR done_on >= claimed_on", name="dates_in_order"),
    )

    id: Mapped[Key]
    code: Mapped[str | None] = mapped_column(index=True)
    request_id: Mapped[int | None] = reference("request.id")
    item: Mapped[str]
    source: Mapped[ItemSource] = mapped_column(EnumText(ItemSource))
    body: Mapped[ClaimBody] = mapped_column(EnumText(ClaimBody))
    claimed_on: Mapped[date] = mapped_column(index=True)
    done_on: Mapped[date | None]


class Rating(Placed, Base):
    """A resident's mark of a finished item, 1 to 5; who gave it is not recorded."""

    __tablename__ = "rating"
    __table_args__ = (
        one_of("place", PlaceKind),
        CheckConstraint("score BETWEEN 1 AND 5", name="score_range"),
    )

    id: Mapped[Key]
    request_id: Mapped[int | None] = reference("request.id")
    claim_id: Mapped[int | None] = reference("claim.id")
    score: Mapped[int]
    rated_on: Mapped[date] = mapped_column(index=True)


class FormerPlace(Base):
    """Where a record lay by the boundaries of its own day, written when it came to lie elsewhere.

    Attributes
    ----------
    table_name, record_id
        The record.
    layer, code
        ``compound``, ``grid`` or ``micro_grid``; the code of its feature, NULL where it lay in none.
    plan_id
        The plan whose publication moved it; NULL where it was written after the boundaries had changed.
    """

    __tablename__ = "former_place"
    __table_args__ = (UniqueConstraint("table_name", "layer", "record_id"), Index(None, "plan_id"))

    id: Mapped[Key]
    table_name: Mapped[str]
    record_id: Mapped[int]
    layer: Mapped[str]
    code: Mapped[str | None]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey(Plan.id))
