"""Search by name, code and pinyin initials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, or_, select
from sqlalchemy.orm import Session

from data.queries import areas
from data.scope import Scope
from models import Area, Compound, Grid, MicroGrid, Organisation, Station

LIMIT = 8
"""Hits shown of each kind."""


@dataclass(frozen=True)
class Hit:
    """Something found: where it is told by the name of the area around it."""

    key: str
    kind: str
    name: str
    code: str
    where: str


def search(session: Session, scope: Scope, words: str) -> list[Hit]:
    """Return what bears `words` in its name, begins with them in its code or in its pinyin initials.

    Names that begin with the words come first. Wildcards in `words` are taken literally.
    """
    words = words.strip()
    if not words:
        return []
    hits: list[tuple[str, str, str, str, str]] = []
    searched: tuple[tuple[str, Any, Any], ...] = (
        ("area", Area, Area.code),
        ("compound", Compound, Compound.code),
        ("organisation", Organisation, None),
        ("grid", Grid, Grid.code),
        ("micro_grid", MicroGrid, MicroGrid.code),
        ("station", Station, None),
    )
    for kind, model, code in searched:
        area_code = model.code if model is Area else model.area_code
        matches = [model.name.icontains(words, autoescape=True)]
        if hasattr(model, "initials") and words.isascii():
            matches.append(model.initials.startswith(words.lower(), autoescape=True))
        if code is not None and words.isalnum():
            matches.append(code.startswith(words.upper(), autoescape=True))
        first = case((model.name.istartswith(words, autoescape=True), 0), else_=1)
        key = model.code if model is Area else model.id
        query = (
            select(key, model.name, code if code is not None else area_code, area_code)
            .where(scope.where(area_code), or_(*matches))
            .order_by(first, area_code, key)
            .limit(LIMIT)
        )
        hits += [(kind, str(row[0]), row[1] or row[2], row[2], row[3]) for row in session.execute(query)]
    places = areas.names(session, [hit[4] for hit in hits])
    return [
        Hit(f"{kind}:{key}", kind, name, code, places.get(area, "")) for kind, key, name, code, area in hits
    ]
