"""Plans, their changes, former versions of boundaries, and the files that data came from.

A published boundary is never edited in place: a plan holds changes; publishing one writes the former
geometry to ``boundary_version`` with its dates and puts the new one in its layer.
"""

from __future__ import annotations

from datetime import date, datetime

from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, reference
from models.enums import ChangeAction, Datum, PlanKind, PlanStatus
from models.geometry import Geometry


class Source(Base):
    """A file that data came from, and how it was read."""

    __tablename__ = "source"
    __table_args__ = (one_of("datum", Datum),)

    id: Mapped[Key]
    file_name: Mapped[str]
    sha256: Mapped[str]
    layer: Mapped[str | None]
    encoding: Mapped[str | None]
    datum: Mapped[Datum] = mapped_column(EnumText(Datum))
    crs: Mapped[str | None]
    row_count: Mapped[int]
    imported_at: Mapped[datetime]
    account_id: Mapped[int | None] = reference("account.id")


class Plan(Base):
    """A draft of boundaries for one or more communities.

    Attributes
    ----------
    restores_id
        Of a plan that brings former boundaries back: the plan whose version that is.
    choices
        What an alignment was computed with, as JSON.
    """

    __tablename__ = "plan"
    __table_args__ = (one_of("kind", PlanKind), one_of("status", PlanStatus))

    id: Mapped[Key]
    title: Mapped[str]
    kind: Mapped[PlanKind] = mapped_column(EnumText(PlanKind))
    status: Mapped[PlanStatus] = mapped_column(EnumText(PlanStatus))
    area_code: Mapped[AreaCode]
    base_revision: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = reference("account.id")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = reference("account.id")
    source_id: Mapped[int | None] = reference("source.id")
    restores_id: Mapped[int | None] = reference("plan.id")
    choices: Mapped[str | None]


class Change(Base):
    """One line of a plan's ledger: what happens to one feature, and how much that moves."""

    __tablename__ = "change"
    __table_args__ = (one_of("action", ChangeAction),)

    id: Mapped[Key]
    plan_id: Mapped[int] = reference("plan.id")
    area_code: Mapped[AreaCode]
    layer: Mapped[str]
    code: Mapped[str]
    action: Mapped[ChangeAction] = mapped_column(EnumText(ChangeAction))
    attributes: Mapped[str | None]
    area_m2: Mapped[float | None]
    households: Mapped[int | None]
    displacement_m: Mapped[float | None]
    reason: Mapped[str | None]
    accepted: Mapped[bool] = mapped_column(default=True, server_default="1")
    geometry: Mapped[BaseGeometry | None] = mapped_column(Geometry("GEOMETRY"))


class Drawing(Base):
    """Micro-grids of one community while they are drawn: a plan's cells, and what was done to them.

    Attributes
    ----------
    version
        Rises with each edit; who edits an older one is told.
    cells
        The cells and where each began, as `data.drawings` packs them.
    state
        What there was at the start, the band, history and locks, as JSON.
    """

    __tablename__ = "drawing"

    id: Mapped[Key]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), unique=True)
    area_code: Mapped[AreaCode]
    version: Mapped[int]
    cells: Mapped[bytes]
    state: Mapped[str]


class BoundaryVersion(Base):
    """A boundary that was in force and no longer is."""

    __tablename__ = "boundary_version"
    __table_args__ = (Index(None, "layer", "feature_id"),)

    id: Mapped[Key]
    layer: Mapped[str]
    feature_id: Mapped[int]
    code: Mapped[str]
    area_code: Mapped[AreaCode]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date]
    plan_id: Mapped[int | None] = reference("plan.id")
    geometry: Mapped[MultiPolygon] = mapped_column(Geometry("MULTIPOLYGON"))


class ReferenceBoundary(Base):
    """A boundary known to be true (the demo city's), against which a drawn one is judged."""

    __tablename__ = "reference_boundary"
    __table_args__ = (Index(None, "layer", "feature_id"),)

    id: Mapped[Key]
    layer: Mapped[str]
    feature_id: Mapped[int]
    code: Mapped[str]
    area_code: Mapped[AreaCode]
    geometry: Mapped[MultiPolygon] = mapped_column(Geometry("MULTIPOLYGON"))
