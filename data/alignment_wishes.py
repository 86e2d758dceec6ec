"""What a planner asks of an alignment, and the disputed pieces that he gave to one side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.alignment_layers import Layers
from models.enums import MoveReason


@dataclass(frozen=True)
class Gift:
    """A disputed piece that the planner gave to one side: `piece` is WKB in hex, EPSG:4490."""

    layer: str
    to: str
    piece: str


@dataclass(frozen=True)
class Wishes:
    """What the planner asks of an alignment; kept with the plan.

    Attributes
    ----------
    tolerance, lead, wide
        As `geo.align.Choices` takes them.
    frozen_kinds
        Kinds of compounds whose outlines stay.
    communities
        Codes of the communities that are levelled.
    left_out
        Those of them whose changes the planner refused as a whole.
    gifts
        Disputes that the planner decided.
    """

    tolerance: float = 5.0
    lead: str = "neither"
    wide: str = "refuse"
    frozen_kinds: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    gifts: tuple[Gift, ...] = field(default_factory=tuple)

    def text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of(cls, text: str | None) -> Wishes:
        """Read it from JSON."""
        known = json.loads(text or "{}")
        gifts = tuple(Gift(**one) for one in known.pop("gifts", ()))
        plain: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in known.items()}
        return cls(**plain, gifts=gifts)


def asked(wishes: Wishes, give: Gift | None, taken: gpd.GeoDataFrame) -> Wishes:
    """Return wishes with one more gift, and without those whose moves (of the ledger) are taken back."""
    gifts = list(wishes.gifts)
    for layer, to, piece in zip(taken["layer"], taken["to_code"], taken.geometry, strict=True):
        gifts = [
            one
            for one in gifts
            if (one.layer, one.to) != (layer, to)
            or not shapely.intersects(shapely.point_on_surface(shapely.from_wkb(one.piece)), piece)
        ]
    return replace(wishes, gifts=tuple([*gifts, give] if give else gifts))


def with_gifts(layers: Layers, gifts: Sequence[Gift]) -> tuple[Layers, gpd.GeoDataFrame]:
    """Return drawn layers where disputed pieces belong to whom the planner gave them, and those moves."""
    changed: dict[str, gpd.GeoDataFrame] = {}
    rows: list[dict[str, Any]] = []
    for gift in gifts:
        frame = changed.get(gift.layer, layers.of(gift.layer))
        if frame is None or gift.to not in set(frame["id"]):
            continue
        piece = layers.plane.metres(np.array([shapely.from_wkb(gift.piece)], dtype=object))[0]
        shapes = np.asarray(frame.geometry.values, dtype=object).copy()
        winner = int(np.flatnonzero(frame["id"] == gift.to)[0])
        touched = shapely.STRtree(shapes).query(piece, predicate="intersects")
        losers = [k for k in touched.tolist() if k != winner and _shared(shapes[k], piece) > 1.0]
        shapes[losers] = shapely.difference(shapes[losers], piece)
        shapes[winner] = shapely.union_all([shapes[winner], piece], grid_size=None)
        changed[gift.layer] = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
        rows += _decided(layers, gift, frame, losers, winner, piece)
    columns = ["layer", "from_id", "to_id", "community_id", "area_m2", "households", "displacement_m"]
    moves = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=[*columns, "reason", "geometry"]),
        geometry="geometry",
        crs=layers.plane.crs,
    )
    drawn = replace(
        layers,
        compounds=changed.get("compound", layers.compounds),
        grids=changed.get("grid", layers.grids),
        micro_grids=changed.get("micro_grid", layers.micro_grids),
    )
    return drawn, moves


def _shared(shape: Any, piece: Any) -> float:
    return float(shapely.area(shapely.intersection(shape, piece)))


def _decided(
    layers: Layers, gift: Gift, frame: gpd.GeoDataFrame, losers: list[int], winner: int, piece: Any
) -> list[dict[str, Any]]:
    households = 0.0
    if layers.buildings is not None:
        middle = shapely.point_on_surface(np.asarray(layers.buildings.geometry.values, dtype=object))
        inside = shapely.intersects(middle, piece)
        households = float(pd.to_numeric(layers.buildings["households"])[inside].sum())
    codes = [frame["id"].iloc[k] for k in losers] or [None]
    circle = shapely.maximum_inscribed_circle(piece, 0.1)
    shared = {
        "layer": gift.layer,
        "to_id": gift.to,
        "community_id": frame["area_code"].iloc[winner],
        "area_m2": float(shapely.area(piece)),
        "households": households,
        "displacement_m": 2 * float(shapely.length(circle)),
        "reason": MoveReason.DECIDED.value,
        "geometry": piece,
    }
    return [{"from_id": code, **shared} for code in codes]
