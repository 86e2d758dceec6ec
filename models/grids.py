"""Management grids, micro-grids and the workers who hold them."""

from __future__ import annotations

from datetime import date

from shapely import MultiPolygon
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AreaCode, Base, EnumText, Key, one_of, reference, spatial_index
from models.enums import GridWorkerRole, PostKind
from models.geometry import Geometry

_DATES = "valid_to IS NULL OR valid_to >= valid_from"


class Grid(Base):
    """A management grid inside one community. Its code is kept for life and never reused."""

    __tablename__ = "grid"
    __table_args__ = (CheckConstraint(_DATES, name="dates_in_order"), spatial_index("grid"))

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    area_code: Mapped[AreaCode]
    households: Mapped[int | None]
    responsible_body: Mapped[str | None]
    duties: Mapped[str | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    plan_id: Mapped[int | None] = reference("plan.id")
    source_id: Mapped[int | None] = reference("source.id")
    geometry: Mapped[MultiPolygon] = mapped_column(Geometry("MULTIPOLYGON"))


class MicroGrid(Base):
    """A micro-grid; its truth is which atoms belong to it."""

    __tablename__ = "micro_grid"
    __table_args__ = (CheckConstraint(_DATES, name="dates_in_order"), spatial_index("micro_grid"))

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    area_code: Mapped[AreaCode]
    grid_id: Mapped[int | None] = reference("grid.id")
    compound_id: Mapped[int | None] = reference("compound.id")
    households: Mapped[int | None]
    responsible_body: Mapped[str | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    plan_id: Mapped[int | None] = reference("plan.id")
    source_id: Mapped[int | None] = reference("source.id")
    geometry: Mapped[MultiPolygon] = mapped_column(Geometry("MULTIPOLYGON"))


class GridWorker(Base):
    """A post held in a grid, by role: no name and no phone."""

    __tablename__ = "grid_worker"
    __table_args__ = (one_of("role", GridWorkerRole),)

    id: Mapped[Key]
    area_code: Mapped[AreaCode]
    grid_id: Mapped[int | None] = reference("grid.id")
    role: Mapped[GridWorkerRole] = mapped_column(EnumText(GridWorkerRole))


class GridPost(Base):
    """A post of the "3+×" force that is held in a grid: no name and no phone."""

    __tablename__ = "grid_post"
    __table_args__ = (one_of("post", PostKind),)

    id: Mapped[Key]
    area_code: Mapped[AreaCode]
    grid_id: Mapped[int] = reference("grid.id")
    post: Mapped[PostKind] = mapped_column(EnumText(PostKind))
