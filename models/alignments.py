"""What checking finds by community, and of an alignment's plan what moves, relates and was refused."""

from __future__ import annotations

from datetime import datetime

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, reference
from models.enums import FindingKind, MoveReason, OverlapCase, RefusalReason, RefusalStep, Structure
from models.geometry import Geometry


class Inspection(Base):
    """When a community was last checked, and against which revision of the store."""

    __tablename__ = "inspection"

    id: Mapped[Key]
    area_code: Mapped[str] = mapped_column(unique=True, index=True)
    revision: Mapped[int]
    tolerance_m: Mapped[float]
    finding_count: Mapped[int]
    checked_at: Mapped[datetime]


class Finding(Base):
    """A place where a layer is not what it is meant to be; `codes` are joined by commas."""

    __tablename__ = "finding"
    __table_args__ = (one_of("kind", FindingKind),)

    id: Mapped[Key]
    area_code: Mapped[AreaCode]
    kind: Mapped[FindingKind] = mapped_column(EnumText(FindingKind))
    layer: Mapped[str]
    codes: Mapped[str]
    area_m2: Mapped[float | None]
    length_m: Mapped[float | None]
    geometry: Mapped[BaseGeometry | None] = mapped_column(Geometry("GEOMETRY"))


class Move(Base):
    """A piece of land that a plan moves from one feature to another; no code: none of that layer."""

    __tablename__ = "move"
    __table_args__ = (one_of("reason", MoveReason),)

    id: Mapped[Key]
    plan_id: Mapped[int] = reference("plan.id")
    area_code: Mapped[AreaCode]
    layer: Mapped[str]
    from_code: Mapped[str | None]
    to_code: Mapped[str | None]
    area_m2: Mapped[float]
    households: Mapped[float | None]
    displacement_m: Mapped[float | None]
    reason: Mapped[MoveReason] = mapped_column(EnumText(MoveReason))
    accepted: Mapped[bool] = mapped_column(default=True, server_default="1")
    geometry: Mapped[BaseGeometry | None] = mapped_column(Geometry("GEOMETRY"))


class Refusal(Base):
    """A feature that could not be levelled within the tolerance: how far it was brought, why, and where."""

    __tablename__ = "refusal"
    __table_args__ = (one_of("step", RefusalStep), one_of("reason", RefusalReason))

    id: Mapped[Key]
    plan_id: Mapped[int] = reference("plan.id")
    area_code: Mapped[AreaCode]
    layer: Mapped[str]
    code: Mapped[str]
    step: Mapped[RefusalStep] = mapped_column(EnumText(RefusalStep))
    reason: Mapped[RefusalReason] = mapped_column(EnumText(RefusalReason))
    needed_m: Mapped[float | None]
    detail: Mapped[str | None]
    geometry: Mapped[BaseGeometry | None] = mapped_column(Geometry("GEOMETRY"))


class Relation(Base):
    """A compound and a grid that meet once a plan is in force: the case, and what it recommends."""

    __tablename__ = "relation"
    __table_args__ = (one_of("overlap_case", OverlapCase), one_of("structure", Structure))

    id: Mapped[Key]
    plan_id: Mapped[int] = reference("plan.id")
    area_code: Mapped[AreaCode]
    compound_code: Mapped[str]
    grid_code: Mapped[str]
    overlap_case: Mapped[OverlapCase] = mapped_column(EnumText(OverlapCase))
    share_of_compound: Mapped[float]
    share_of_grid: Mapped[float]
    households: Mapped[float | None]
    structure: Mapped[Structure | None] = mapped_column(EnumText(Structure))
