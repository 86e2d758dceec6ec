"""Where each record lies: by coordinates, building, compound, grid or area; or nowhere, and it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data.assigning import LAYERS, areas_at, features_at, lay_then
from data.bulk import frame_of, geo_frame_of, insert_frame, restart_sequences, table_of
from data.cubes import DAY_OF, LOCAL_S
from data.imports.findings import Findings
from data.imports.options import Options
from data.imports.placing import Placed, place
from data.imports.prepared import UNPLACED, Prepared, Progress
from data.imports.record_targets import PLACE_COLUMNS
from data.scope import Scope
from geo.hexagons import cells
from geo.locate import Points
from models import Building, Compound, FormerPlace, Grid, Request
from models.enums import Datum, PlaceKind

Objects = npt.NDArray[Any]


def place_records(
    session: Session, prepared: Prepared, known: Any, options: Options, scope: Scope, tell: Progress
) -> None:
    """Give the rows of `prepared` their places, areas and links; report what names nothing that is stored."""
    findings, frame = prepared.findings, prepared.frame
    n = len(frame)
    if known.empty:
        findings.note("city_missing")
        return
    tell("转换坐标", 0.6)
    lon, lat = _coordinates(session, prepared, options)
    if {one.code for one in findings.stops} & UNPLACED:
        return
    tell("定位", 0.7)
    kind = np.full(n, None, dtype=object)
    kind[np.isfinite(lon)] = PlaceKind.POINT.value
    building = _known(session, findings, frame, "building_code", Building)
    _at_buildings(session, building, lon, lat, kind)
    points = Points(lon, lat)
    features = features_at(session, points)
    codes = areas_at(session, points)
    astray = (kind != None) & (codes == None)  # noqa: E711  (element by element)
    _by_code(session, findings, frame, kind, astray, features, codes)
    _by_area(findings, frame, kind, astray, codes, known)
    roots = known[known["parent_id"].isna()]["code"]
    lost = np.flatnonzero(codes == None)  # noqa: E711
    kind[lost], codes[lost] = PlaceKind.NOWHERE.value, roots.iloc[0]
    if len(lost):
        findings.note("records_nowhere", count=len(lost))
    outside = np.unique([one for one in codes if one not in scope])
    for position in np.flatnonzero(np.isin(codes, outside)) if len(outside) else ():
        findings.note("out_of_scope", int(position), value=codes[position])
    tell("编号", 0.9)
    frame["area_code"], frame["place"] = codes, kind
    frame["lon"], frame["lat"] = lon, lat
    frame["building_id"] = _nullable(building)
    for layer in LAYERS:
        frame[f"{layer}_id"] = _nullable(features[layer])
    cell = cells(lon, lat).astype(np.int64)
    frame["cell"] = _nullable(np.where(kind == PlaceKind.NOWHERE.value, 0, cell))
    _link_requests(session, prepared)
    _check_times(prepared)
    if len(frame) != n:
        raise AssertionError


def _coordinates(
    session: Session, prepared: Prepared, options: Options
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    n = len(prepared.frame)
    if not prepared.raw.has_geometry:
        prepared.placed = Placed(np.full(n, None, dtype=object), options.datum or Datum.CGCS2000, "unknown")
        return np.full(n, np.nan), np.full(n, np.nan)
    geometries = np.asarray(prepared.geometries, dtype=object)
    placed = place(session, prepared.raw, geometries, prepared.target, options, prepared.findings)
    prepared.placed = placed
    return shapely.get_x(placed.geometries), shapely.get_y(placed.geometries)


def _known(
    session: Session, findings: Findings, frame: pd.DataFrame, column: str, model: Any
) -> npt.NDArray[np.int64]:
    """Return the ids of the features that a column of codes names, 0 where none; unknown codes are told."""
    if column not in frame:
        return np.zeros(len(frame), dtype=np.int64)
    in_force = [model.valid_to.is_(None)] if "valid_to" in table_of(model).columns else []
    stored = frame_of(session, select(model.id, model.code).where(model.code.is_not(None), *in_force))
    ids = dict(zip(stored["code"], stored["id"], strict=True))
    found = frame[column].map(ids).fillna(0).astype(np.int64).to_numpy()
    missing = frame[column].notna().to_numpy() & (found == 0)
    for value, rows in frame[column][missing].groupby(frame[column][missing]):
        findings.note("place_unknown", int(rows.index[0]), column=column, value=value, count=len(rows))
    return np.asarray(found)


def _at_buildings(
    session: Session,
    building: npt.NDArray[np.int64],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    kind: Objects,
) -> None:
    """Put records of known buildings there."""
    named = np.flatnonzero(building)
    if not len(named):
        return
    stored = geo_frame_of(session, Building, ["id"])
    at = pd.Index(stored["id"]).get_indexer(pd.Index(building[named]))
    middle = shapely.point_on_surface(np.asarray(stored.geometry.values, dtype=object)[at])
    lon[named], lat[named], kind[named] = (
        shapely.get_x(middle),
        shapely.get_y(middle),
        PlaceKind.BUILDING.value,
    )


def _by_code(
    session: Session,
    findings: Findings,
    frame: pd.DataFrame,
    kind: Objects,
    astray: npt.NDArray[np.bool_],
    features: dict[str, npt.NDArray[np.int64]],
    codes: Objects,
) -> None:
    """Place rows without a point in the city by the compound or grid that they name."""
    for layer, model, named in (
        ("compound", Compound, PlaceKind.COMPOUND),
        ("grid", Grid, PlaceKind.GRID),
    ):
        ids = _known(session, findings, frame, f"{layer}_code", model)
        mine = np.flatnonzero((ids > 0) & ((kind == None) | astray))  # noqa: E711
        if not len(mine):
            continue
        stored = frame_of(session, select(model.id, model.area_code))
        areas = dict(zip(stored["id"], stored["area_code"], strict=True))
        features[layer][mine] = ids[mine]
        codes[mine] = [areas[one] for one in ids[mine].tolist()]
        kind[mine] = named.value
        astray[mine] = False


def _by_area(
    findings: Findings,
    frame: pd.DataFrame,
    kind: Objects,
    astray: npt.NDArray[np.bool_],
    codes: Objects,
    known: Any,
) -> None:
    if "area_code" not in frame:
        return
    stated = frame["area_code"].to_numpy(dtype=object)
    there = frame["area_code"].isin(set(known["code"])).to_numpy()
    mine = np.flatnonzero(there & ((kind == None) | astray))  # noqa: E711
    codes[mine], kind[mine] = stated[mine], PlaceKind.AREA.value
    wrong = frame["area_code"][frame["area_code"].notna() & ~there]
    for value, rows in wrong.groupby(wrong):
        findings.note("place_unknown", int(rows.index[0]), column="area_code", value=value, count=len(rows))


def _link_requests(session: Session, prepared: Prepared) -> None:
    frame = prepared.frame
    if "request_code" not in frame:
        return
    frame["request_id"] = _nullable(_known(session, prepared.findings, frame, "request_code", Request))


def _check_times(prepared: Prepared) -> None:
    """Report records that were done before they began."""
    frame, findings = prepared.frame, prepared.findings
    first = DAY_OF[prepared.target.name]
    for later in ("responded_at", "done_at", "done_on"):
        if first not in frame or later not in frame:
            continue
        both = frame[first].notna() & frame[later].notna()
        wrong = both & (frame[later] < frame[first]).where(both, other=False)
        label = prepared.target.columns[later].label
        for position in np.flatnonzero(wrong.to_numpy(dtype=bool)):
            findings.note("times_reversed", int(position), column=later, label=label)


def _nullable(ids: npt.NDArray[np.int64]) -> pd.Series[Any]:
    return pd.Series(ids).astype("Int64").mask(pd.Series(ids) == 0)


def write_records(
    session: Session,
    prepared: Prepared,
    good: pd.DataFrame,
    source_id: int,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Write the good rows and return how many: new ones with their places, known ones (by code) updated.

    What is known already keeps its place: a later file tells how it went on.
    """
    table = table_of(prepared.target.model)
    frame = good.drop(columns=[one for one in PLACE_COLUMNS if one in good]).reset_index(drop=True)
    frame["source_id"] = source_id
    ids = pd.Series(None, index=frame.index, dtype=object)
    if "code" in frame:
        stored = frame_of(session, select(table.columns["id"], table.columns["code"]))
        ids = frame["code"].map(dict(zip(stored["code"], stored["id"], strict=True)))
    known = ids.notna().to_numpy()
    first = int(session.scalar(select(func.coalesce(func.max(table.columns["id"]), 0))) or 0) + 1
    new = frame[~known].reset_index(drop=True)
    numbered = new.assign(id=np.arange(first, first + len(new)))
    insert_frame(session, prepared.target.model, numbered, progress)
    restart_sequences(session, [prepared.target.model])
    note_former(session, prepared, new, first)
    given = [one for one in prepared.given if one in frame and one not in {"code", "area_code"}]
    changes = frame.loc[known, [*given, "source_id"]].astype(object)
    there = changes.notna()
    rows = [
        {"id": int(one)} | {name: row[name] for name in changes.columns if has[name]}
        for one, row, has in zip(
            ids[known], changes.to_dict("records"), there.to_dict("records"), strict=True
        )
    ]
    if rows:
        session.execute(update(prepared.target.model), rows)
    return len(frame)


def note_former(session: Session, prepared: Prepared, good: pd.DataFrame, first_id: int) -> None:
    """Note where new records lay by the boundaries of their days, where these were not today's.

    Parameters
    ----------
    good
        The rows just written, in order; their ids count from `first_id`.
    """
    exact = good["lon"].notna().to_numpy() & (good["place"] != PlaceKind.NOWHERE.value).to_numpy()
    rows = np.flatnonzero(exact)
    if not len(rows):
        return
    day = _days(good[DAY_OF[prepared.target.name]])[rows]
    lon, lat = (good[name].to_numpy(dtype=float)[rows] for name in ("lon", "lat"))
    for layer in LAYERS:
        position, codes = lay_then(session, layer, lon, lat, day)
        frame = pd.DataFrame({"record_id": first_id + rows[position], "code": codes})
        if len(frame):
            insert_frame(session, FormerPlace, frame.assign(table_name=prepared.target.table, layer=layer))


def _days(values: pd.Series[Any]) -> npt.NDArray[np.int64]:
    """Return days since 1970 by China's clocks, of dates or times."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        seconds = (
            values.dt.tz_convert("UTC")
            .dt.tz_localize(None)
            .to_numpy()
            .astype("datetime64[s]")
            .astype(np.int64)
        )
        return np.asarray((seconds + LOCAL_S) // 86_400)
    return np.asarray(values.to_numpy().astype("datetime64[D]").astype(np.int64))
