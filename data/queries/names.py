"""Names of the features of one map layer, for the tooltip in the browser."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.scope import Scope
from models import Area, Building, Compound, Grid, MicroGrid
from models.enums import AreaLevel

LAYERS = (*AreaLevel, "compound", "grid", "micro_grid", "building")
"""Layers whose features have names."""


def names(session: Session, scope: Scope, layer: str) -> tuple[list[int], list[str]]:
    """Return ids and names of the features of a layer in the scope, in order of id."""
    if layer in set(AreaLevel):
        query = (
            select(Area.id, Area.name)
            .where(Area.level == AreaLevel(layer), scope.where(Area.code))
            .order_by(Area.id)
        )
    elif layer == "building":
        name = func.coalesce(Compound.name, "") + func.coalesce(Building.name, "")
        query = (
            select(Building.id, name)
            .outerjoin(Compound, Building.compound_id == Compound.id)
            .where(scope.where(Building.area_code))
            .order_by(Building.id)
        )
    else:
        models: dict[str, type[Compound | Grid | MicroGrid]] = {
            "compound": Compound,
            "grid": Grid,
            "micro_grid": MicroGrid,
        }
        model = models[layer]
        label = model.name if model is Compound else func.coalesce(model.name, model.code)
        query = select(model.id, label).where(scope.where(model.area_code)).order_by(model.id)
    rows = session.execute(query).all()
    return [row[0] for row in rows], [row[1] for row in rows]
