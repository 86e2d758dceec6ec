"""The organisation tree as data for `dmc.Tree`; branches are read when they are opened."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from dashboard.i18n import _
from data.queries import areas, organisations
from data.queries.organisations import Node
from data.scope import Scope


def nodes(session: Session, scope: Scope, expanded: list[str]) -> list[dict[str, Any]]:
    """Return the tree with the branches in `expanded` filled in.

    A closed branch holds one unnamed child, so that its arrow is drawn.
    """
    opened = set(expanded)
    return [_branch(session, scope, node, opened) for node in organisations.roots(session, scope)]


def _branch(session: Session, scope: Scope, node: Node, opened: set[str]) -> dict[str, Any]:
    item: dict[str, Any] = {"value": node.key, "label": node.name, "nodeProps": _marks(node)}
    if not node.has_children:
        return item
    if node.key in opened:
        item["children"] = [
            _branch(session, scope, child, opened)
            for child in organisations.children(session, scope, node.key)
        ]
    else:
        item["children"] = [{"value": f"{node.key}/", "label": "…"}]
    return item


def _marks(node: Node) -> dict[str, str]:
    """Return what the node bears beside its name; the browser draws it (assets/functions.js)."""
    marks = {}
    if node.rank is not None:
        marks["data-rank"] = _(node.rank.label)
    if node.secretary_filled is False:
        marks["data-vacant"] = _("书记空缺")
    return marks


def path_to(session: Session, scope: Scope, key: str | None) -> list[str]:
    """Return the keys from the top of the tree to `key`, a node or a feature whose organisation is a node."""
    if key is None:
        return []
    kind, _sep, value = key.partition(":")
    if kind == "area":
        return _area_path(session, scope, value)
    if kind == "organisation":
        return organisations.path(session, scope, int(value))
    seat = organisations.seated_at(session, scope, kind, int(value))
    return organisations.path(session, scope, seat.id) if seat else []


def _area_path(session: Session, scope: Scope, code: str) -> list[str]:
    seat = organisations.of_community(session, scope, code)
    if seat is not None:
        return organisations.path(session, scope, seat.id)
    return [f"area:{area.code}" for area in areas.path(session, scope, code)]
