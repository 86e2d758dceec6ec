"""The three-level organisation tree, and the geometry that each of its nodes is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from data.queries import areas
from data.scope import Scope
from models import Area, Building, Compound, Entrance, Grid, Organisation
from models.enums import AreaLevel, OrganisationLevel, OrganisationRank


@dataclass(frozen=True)
class Node:
    """A node of the tree: an area down to the subdistrict, an organisation below.

    Attributes
    ----------
    key
        ``area:<code>`` or ``organisation:<id>``.
    """

    key: str
    name: str
    level: AreaLevel | OrganisationLevel
    rank: OrganisationRank | None
    secretary_filled: bool | None
    has_children: bool


def _organisations(session: Session, scope: Scope, *conditions: ColumnElement[bool]) -> list[Node]:
    child = aliased(Organisation)
    has_children = exists().where(child.parent_id == Organisation.id)
    rows = session.execute(
        select(Organisation, has_children)
        .where(scope.where(Organisation.area_code), *conditions)
        .order_by(Organisation.area_code, Organisation.id)
    )
    return [
        Node(
            f"organisation:{node.id}",
            node.name,
            node.level,
            node.rank,
            node.secretary_filled,
            has_children=bool(some),
        )
        for node, some in rows
    ]


def _area_node(area: areas.AreaRef, *, has_children: bool = True) -> Node:
    return Node(f"area:{area.code}", area.name, area.level, None, None, has_children=has_children)


def roots(session: Session, scope: Scope) -> list[Node]:
    """Return the top of the tree: the area that the scope is about."""
    top = areas.top(session, scope)
    if top is None:
        return []
    if top.level == AreaLevel.COMMUNITY:
        return _of_communities(session, scope, [top])
    return [_area_node(top)]


def children(session: Session, scope: Scope, key: str) -> list[Node]:
    """Return the nodes directly below `key`; none where the scope does not hold it."""
    kind, _, value = key.partition(":")
    if kind == "organisation":
        below_it = Organisation.parent_id == int(value)
        node = get(session, scope, int(value))
        if node is not None and node.area_id is not None:
            below_it = or_(below_it, and_(*_orphans(scope), Organisation.area_code == node.area_code))
        return _organisations(session, scope, below_it)
    area = areas.by_code(session, scope, value)
    if area is None:
        return []
    if area.level == AreaLevel.COMMUNITY:
        return _organisations(session, scope, *_orphans(scope), Organisation.area_code == area.code)
    below = areas.children(session, scope, area.id)
    if area.level == AreaLevel.SUBDISTRICT:
        return _of_communities(session, scope, below)
    return [_area_node(child) for child in below]


def _of_communities(session: Session, scope: Scope, communities: list[areas.AreaRef]) -> list[Node]:
    """Return each community's own organisation, or the community itself where it has none."""
    ids = [area.id for area in communities]
    nodes = dict(
        zip(
            session.scalars(
                select(Organisation.area_id)
                .where(Organisation.area_id.in_(ids), scope.where(Organisation.area_code))
                .order_by(Organisation.area_code, Organisation.id)
            ),
            _organisations(session, scope, Organisation.area_id.in_(ids)),
            strict=True,
        )
    )
    orphaned = set(
        session.scalars(
            select(Organisation.area_code)
            .where(scope.where(Organisation.area_code), *_orphans(scope))
            .distinct()
        )
    )
    found = []
    for area in communities:
        node, has_orphans = nodes.get(area.id), area.code in orphaned
        if node is None:
            found.append(_area_node(area, has_children=has_orphans))
        else:
            found.append(replace(node, has_children=node.has_children or has_orphans))
    return found


def _orphans(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """Below the community level, without a parent that the scope holds: they stand in their community."""
    parent = aliased(Organisation)
    seen = exists().where(parent.id == Organisation.parent_id, scope.where(parent.area_code))
    return Organisation.area_id.is_(None), ~seen


def get(session: Session, scope: Scope, organisation_id: int) -> Organisation | None:
    """Return an organisation, None where the scope does not hold it."""
    return session.scalar(
        select(Organisation).where(Organisation.id == organisation_id, scope.where(Organisation.area_code))
    )


def path(session: Session, scope: Scope, organisation_id: int) -> list[str]:
    """Return the keys from the top of the tree down to an organisation, inclusive."""
    node = get(session, scope, organisation_id)
    if node is None:
        return []
    chain = [f"organisation:{node.id}"]
    while node.parent_id is not None:
        parent = get(session, scope, node.parent_id)
        if parent is None:
            break
        node = parent
        chain.append(f"organisation:{node.id}")
    own = None
    if node.area_id is None:
        seated = (Organisation.area_id.is_not(None), Organisation.area_code == node.area_code)
        own = session.scalar(
            select(Organisation.id).where(scope.where(Organisation.area_code), *seated).limit(1)
        )
        if own is not None:
            chain.append(f"organisation:{own}")
    is_orphan = node.area_id is None and own is None
    above = [
        f"area:{area.code}"
        for area in areas.path(session, scope, node.area_code)
        if area.level != AreaLevel.COMMUNITY or is_orphan
    ]
    return [*above, *reversed(chain)]


def seated_at(session: Session, scope: Scope, kind: str, feature_id: int) -> Organisation | None:
    """Return the organisation whose seat is, or holds, a feature of the map.

    A building answers with its group, else its compound's organisation; a compound or grid without one of
    its own with the community's.
    """
    inside = scope.where(Organisation.area_code)
    if kind == "building":
        building = session.get(Building, feature_id)
        if building is None or building.area_code not in scope:
            return None
        if building.organisation_id is not None:
            return get(session, scope, building.organisation_id)
        if building.compound_id is None:
            return of_community(session, scope, building.area_code)
        return seated_at(session, scope, "compound", building.compound_id)
    if kind in {"compound", "grid"}:
        column = Organisation.compound_id if kind == "compound" else Organisation.grid_id
        found = session.scalar(
            select(Organisation).where(column == feature_id, inside).order_by(Organisation.id)
        )
        if found is not None:
            return found
        model = Compound if kind == "compound" else Grid
        code = session.scalar(select(model.area_code).where(model.id == feature_id))
        return of_community(session, scope, code) if code else None
    return None


def of_community(session: Session, scope: Scope, code: str) -> Organisation | None:
    """Return the organisation of the community with this code."""
    return session.scalar(
        select(Organisation)
        .join(Area, Organisation.area_id == Area.id)
        .where(Area.code == code, scope.where(Organisation.area_code))
    )


def geometry(session: Session, scope: Scope, organisation_id: int) -> BaseGeometry | None:
    """Return what an organisation is on the map: its community, compound or grid, or its group's buildings.

    Returns
    -------
    shapely geometry or None
        EPSG:4490; None where the scope does not hold it.
    """
    node = get(session, scope, organisation_id)
    if node is None:
        return None
    if node.area_id is not None:
        return session.scalar(select(Area.geometry).where(Area.id == node.area_id))
    if node.compound_id is not None:
        return session.scalar(select(Compound.geometry).where(Compound.id == node.compound_id))
    if node.grid_id is not None:
        return session.scalar(select(Grid.geometry).where(Grid.id == node.grid_id))
    model = Entrance if node.level == OrganisationLevel.ENTRANCE else Building
    parts = session.scalars(select(model.geometry).where(model.organisation_id == node.id)).all()
    return shapely.union_all(parts) if parts else None


def building_ids(session: Session, scope: Scope, organisation_id: int) -> list[int]:
    """Return the buildings that belong to a group."""
    return list(
        session.scalars(
            select(Building.id).where(
                Building.organisation_id == organisation_id, scope.where(Building.area_code)
            )
        )
    )


def counts(session: Session, scope: Scope) -> dict[OrganisationLevel, int]:
    """Return how many organisations there are at each level."""
    rows = session.execute(
        select(Organisation.level, func.count())
        .where(scope.where(Organisation.area_code))
        .group_by(Organisation.level)
    )
    return dict(rows.all())
