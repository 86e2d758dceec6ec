"""What a set of boundaries would change in a layer: one line a feature, with how much and how far."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.bulk import geo_frame_of, table_of
from data.scope import Scope
from geo.crs import STORED_CRS, metric_crs
from models import Base, Setting
from models.enums import ChangeAction

SAME_M = 1e-3
"""A boundary that moved by less than a millimetre has not moved."""
_SAME_DEG = 1e-9
_FEW = 5000
"""So many features are asked for by their codes, more by reading all."""
_ROW_COLUMNS = ("id", "area_code", "plan_id", "source_id", "initials", "geometry", "valid_to")


def attribute_columns(model: type[Base]) -> list[str]:
    """Return the columns of a boundary layer that a ledger speaks of."""
    return [name for name in table_of(model).columns.keys() if name not in {*_ROW_COLUMNS, "code"}]  # noqa: SIM118


def compare(
    session: Session,
    model: type[Base],
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    complete: bool,
    scope: Scope,
    exact: bool = False,
) -> tuple[gpd.GeoDataFrame, int]:
    """Return what `frame` would change in the layer of `model`, and how many features stay as they are.

    Parameters
    ----------
    frame
        ``code``, ``area_code``, ``geometry`` in EPSG:4490 and the `columns`; a missing value says nothing.
    complete
        The frame holds all of the layer in the `scope`: what it does not hold is to be removed.
    exact
        A boundary with another vertex is another one, though it runs where it ran: its neighbours have that
        vertex too.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of ``change`` (without ``plan_id``); ``geometry`` None where it stays or is removed.
        ``attributes`` is JSON: column -> [former, new].
    int
        Features without a change.
    """
    few = not complete and len(frame) <= _FEW
    stored = _stored(session, model, frame["code"].tolist() if few else None)
    mine, theirs = frame["code"].to_numpy(), stored["code"].to_numpy()
    place = pd.Index(theirs).get_indexer(mine)
    known = place >= 0
    project = _projector(session, frame if len(frame) else stored)
    lines = [
        _added(frame[~known], columns, project),
        _changed(frame[known], stored.iloc[place[known]], columns, project, exact=exact),
    ]
    if complete:
        gone = ~np.isin(theirs, mine) & np.array([code in scope for code in stored["area_code"]], dtype=bool)
        lines.append(_removed(stored[gone], attribute_columns(model), project))
    ledger = pd.concat(lines, ignore_index=True)
    ledger["layer"] = model.__tablename__
    ledger = ledger.sort_values(["area_code", "code"], kind="stable", ignore_index=True)
    unchanged = int(known.sum()) - int((ledger["action"] == ChangeAction.CHANGE.value).sum())
    return gpd.GeoDataFrame(ledger, geometry="geometry", crs=STORED_CRS), unchanged


def _stored(session: Session, model: type[Base], codes: list[str] | None) -> gpd.GeoDataFrame:
    table = table_of(model)
    conditions = [table.columns["valid_to"].is_(None)] if "valid_to" in table.columns else []
    if codes is not None:
        conditions.append(table.columns["code"].in_(codes))
    return geo_frame_of(session, model, ["id", "code", "area_code", *attribute_columns(model)], *conditions)


def _projector(session: Session, frame: pd.DataFrame) -> Any:
    epsg = session.scalar(select(Setting.value).where(Setting.key == "metric_epsg"))
    if epsg:
        crs = CRS.from_epsg(int(epsg))
    else:
        west, south, east, north = shapely.total_bounds(np.asarray(frame["geometry"], dtype=object))
        crs = metric_crs((west + east) / 2, (south + north) / 2)
    transformer = Transformer.from_crs(STORED_CRS, crs, always_xy=True)
    return lambda array: shapely.transform(array, transformer.transform, interleaved=False)


def _lines(frame: pd.DataFrame, action: ChangeAction, **columns: Any) -> pd.DataFrame:
    base = {
        "area_code": frame["area_code"].to_numpy(),
        "code": frame["code"].to_numpy(),
        "action": action.value,
    }
    result = pd.DataFrame(base | columns, index=range(len(frame)))
    return result.astype(
        {"attributes": object, "households": object, "displacement_m": object, "geometry": object}
    )


def _added(frame: pd.DataFrame, columns: Sequence[str], project: Any) -> pd.DataFrame:
    geometry = np.asarray(frame["geometry"], dtype=object)
    listed = [
        {c: [None, _plain(v)] for c, v in row.items() if _plain(v) is not None}
        for row in _rows(frame, columns)
    ]
    return _lines(
        frame,
        ChangeAction.ADD,
        attributes=[_json(one) for one in listed],
        area_m2=shapely.area(project(geometry)),
        households=_households(frame, None),
        displacement_m=None,
        geometry=geometry,
    )


def _changed(
    frame: pd.DataFrame, stored: pd.DataFrame, columns: Sequence[str], project: Any, *, exact: bool
) -> pd.DataFrame:
    new, old = np.asarray(frame["geometry"], dtype=object), np.asarray(stored["geometry"], dtype=object)
    moved, area_m2, displacement_m = _movement(old, new, project, exact=exact)
    listed: list[dict[str, list[Any]]] = []
    for before, after in zip(
        _rows(stored, ("area_code", *columns)), _rows(frame, ("area_code", *columns)), strict=True
    ):
        pairs = {name: [_plain(before.get(name)), _plain(value)] for name, value in after.items()}
        listed.append(
            {name: pair for name, pair in pairs.items() if pair[1] is not None and pair[0] != pair[1]}
        )
    lines = _lines(
        frame,
        ChangeAction.CHANGE,
        attributes=[_json(one) for one in listed],
        area_m2=area_m2,
        households=_households(frame, stored),
        displacement_m=displacement_m,
        geometry=_only(new, moved),
    )
    return pd.DataFrame(lines[moved | np.array([bool(one) for one in listed], dtype=bool)])


def _removed(stored: pd.DataFrame, columns: Sequence[str], project: Any) -> pd.DataFrame:
    geometry = np.asarray(stored["geometry"], dtype=object)
    listed = [
        {c: [_plain(v), None] for c, v in row.items() if _plain(v) is not None}
        for row in _rows(stored, columns)
    ]
    return _lines(
        stored,
        ChangeAction.REMOVE,
        attributes=[_json(one) for one in listed],
        area_m2=shapely.area(project(geometry)),
        households=_households(stored, None),
        displacement_m=None,
        geometry=None,
    )


def _movement(
    old: NDArray[Any], new: NDArray[Any], project: Any, *, exact: bool
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Return which boundaries moved, the area between old and new in m², and the largest distance in m."""
    area_m2, displacement_m = np.zeros(len(old)), np.zeros(len(old))
    same = shapely.equals_exact(shapely.normalize(_multi(old)), shapely.normalize(_multi(new)), _SAME_DEG)
    other = np.flatnonzero(~same)
    before, after = project(old[other]), project(new[other])
    displacement_m[other] = shapely.hausdorff_distance(shapely.boundary(before), shapely.boundary(after))
    area_m2[other] = shapely.area(shapely.symmetric_difference(before, after))
    return ~same if exact else displacement_m > SAME_M, area_m2, displacement_m


def _only(values: NDArray[Any], kept: NDArray[np.bool_]) -> NDArray[Any]:
    result = np.full(len(values), None, dtype=object)
    result[kept] = values[kept]
    return result


def _multi(polygons: NDArray[Any]) -> NDArray[Any]:
    result = polygons.copy()
    single = np.flatnonzero(shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON)
    result[single] = shapely.multipolygons(polygons[single], indices=np.arange(len(single)))
    return result


def _rows(frame: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    found = [one for one in dict.fromkeys(columns) if one in frame]
    rows: list[dict[Any, Any]] = frame[found].astype(object).to_dict("records")
    return rows or [{} for _ in range(len(frame))]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; None where it is missing."""
    if value is None or value is pd.NaT or value != value:  # noqa: PLR0124  (NaN)
        return None
    if isinstance(value, date):
        return value.isoformat()
    return value.item() if isinstance(value, np.generic) else value


def _json(attributes: dict[str, list[Any]]) -> str | None:
    return json.dumps(attributes, ensure_ascii=False) if attributes else None


def _households(frame: pd.DataFrame, stored: pd.DataFrame | None) -> list[Any]:
    stated = frame["households"].tolist() if "households" in frame else [None] * len(frame)
    former = stored["households"].tolist() if stored is not None else [None] * len(frame)
    pairs = zip(map(_plain, stated), map(_plain, former), strict=True)
    return [None if (one := new if new is not None else old) is None else int(one) for new, old in pairs]
