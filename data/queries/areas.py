"""Administrative areas: one, its path, its children, its extent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapely import MultiPolygon
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.scope import Scope
from models import Area
from models.areas import CODE_LENGTH, SIGNIFICANT
from models.enums import AreaLevel

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

_ORDER = list(AreaLevel)


@dataclass(frozen=True)
class AreaRef:
    """An area by code, without its geometry."""

    id: int
    code: str
    level: AreaLevel
    name: str


def _ref(area: Area) -> AreaRef:
    return AreaRef(area.id, area.code, area.level, area.name)


def top(session: Session, scope: Scope) -> AreaRef | None:
    """Return the area that the scope is about, None where the store has none."""
    rows = session.scalars(
        select(Area)
        .where(Area.code.startswith(scope.prefix))
        .order_by(func.length(func.rtrim(Area.code, "0")))
    )
    found = [_ref(area) for area in rows.fetchmany(20)]
    return min(found, key=lambda area: (_ORDER.index(area.level), area.code)) if found else None


def by_code(session: Session, scope: Scope, code: str) -> AreaRef | None:
    """Return the area with this code, None where the scope does not hold it."""
    area = session.scalar(select(Area).where(Area.code == code, scope.where(Area.code)))
    return _ref(area) if area else None


def by_id(session: Session, scope: Scope, area_id: int) -> AreaRef | None:
    """Return the area with this id, None where the scope does not hold it."""
    area = session.scalar(select(Area).where(Area.id == area_id, scope.where(Area.code)))
    return _ref(area) if area else None


def path(session: Session, scope: Scope, code: str) -> list[AreaRef]:
    """Return the areas from the top of the scope down to `code`, inclusive; none where it lies outside."""
    codes = {code[: SIGNIFICANT[level]].ljust(CODE_LENGTH, "0") for level in AreaLevel}
    rows = session.scalars(select(Area).where(Area.code.in_(codes), scope.where(Area.code)))
    return sorted((_ref(area) for area in rows), key=lambda area: _ORDER.index(area.level))


def children(session: Session, scope: Scope, parent_id: int) -> list[AreaRef]:
    """Return the areas directly below another, in order of code."""
    rows = session.scalars(
        select(Area).where(Area.parent_id == parent_id, scope.where(Area.code)).order_by(Area.code)
    )
    return [_ref(area) for area in rows]


def geometry(session: Session, scope: Scope, code: str) -> MultiPolygon | None:
    """Return an area's geometry in EPSG:4490, None where the scope does not hold it."""
    return session.scalar(select(Area.geometry).where(Area.code == code, scope.where(Area.code)))


def bounds(session: Session, scope: Scope, code: str) -> Bounds | None:
    """Return the extent of an area in degrees."""
    found = geometry(session, scope, code)
    return found.bounds if found is not None else None


def names(session: Session, codes: Sequence[str]) -> dict[str, str]:
    """Return the names of the areas with these codes."""
    rows = session.execute(select(Area.code, Area.name).where(Area.code.in_(set(codes))))
    return dict(rows.all())
