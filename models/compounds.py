"""Residential compounds, their buildings and the buildings' entrances."""

from __future__ import annotations

from datetime import date

from shapely import MultiPolygon, Point
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, reference, spatial_index
from models.enums import BuildingUse, CompoundKind
from models.geometry import Geometry


class Compound(Base):
    """A residential compound (小区). What is not known is NULL, never a guess."""

    __tablename__ = "compound"
    __table_args__ = (
        one_of("kind", CompoundKind),
        CheckConstraint("households >= 0", name="households_not_negative"),
        spatial_index("compound"),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    initials: Mapped[str] = mapped_column(default="", server_default="")
    area_code: Mapped[AreaCode]
    kind: Mapped[CompoundKind | None] = mapped_column(EnumText(CompoundKind))
    walled: Mapped[bool | None]
    households: Mapped[int | None]
    households_estimated: Mapped[bool] = mapped_column(default=False, server_default="0")
    built_year: Mapped[int | None]
    property_service: Mapped[bool | None]
    property_firm: Mapped[str | None]
    committee_eligible: Mapped[bool | None]
    owners_committee: Mapped[bool | None]
    pilot: Mapped[bool | None]
    valid_from: Mapped[date | None]
    plan_id: Mapped[int | None] = reference("plan.id")
    source_id: Mapped[int | None] = reference("source.id")
    geometry: Mapped[MultiPolygon] = mapped_column(Geometry("MULTIPOLYGON"))


class Building(Base):
    """A building's footprint. Its group is the building-level organisation that it belongs to."""

    __tablename__ = "building"
    __table_args__ = (one_of("use", BuildingUse), spatial_index("building"))

    id: Mapped[Key]
    code: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str | None]
    area_code: Mapped[AreaCode]
    compound_id: Mapped[int | None] = reference("compound.id")
    grid_id: Mapped[int | None] = reference("grid.id")
    micro_grid_id: Mapped[int | None] = reference("micro_grid.id")
    organisation_id: Mapped[int | None] = reference("organisation.id")
    use: Mapped[BuildingUse | None] = mapped_column(EnumText(BuildingUse))
    floors: Mapped[int | None]
    households: Mapped[int | None]
    source_id: Mapped[int | None] = reference("source.id")
    geometry: Mapped[MultiPolygon] = mapped_column(Geometry("MULTIPOLYGON"))


class Entrance(Base):
    """An entrance (单元): the atom that is never divided, where it is known."""

    __tablename__ = "entrance"
    __table_args__ = (spatial_index("entrance"),)

    id: Mapped[Key]
    name: Mapped[str]
    area_code: Mapped[AreaCode]
    building_id: Mapped[int] = reference("building.id")
    micro_grid_id: Mapped[int | None] = reference("micro_grid.id")
    organisation_id: Mapped[int | None] = reference("organisation.id")
    households: Mapped[int | None]
    geometry: Mapped[Point] = mapped_column(Geometry("POINT"))
