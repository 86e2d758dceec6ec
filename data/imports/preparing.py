"""From a file to rows ready for the store, with everything wrong in them named; nothing is written here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import siting
from data.bulk import geo_frame_of, table_of
from data.imports import checks, mapping
from data.imports.coding import give_codes, give_names
from data.imports.fields import Target
from data.imports.findings import TEXT_CODES, Findings
from data.imports.locating import locate
from data.imports.options import Options, Where
from data.imports.outcome import ColumnUse
from data.imports.placing import metric_of, place, to_metric
from data.imports.prepared import UNPLACED, Prepared, Progress
from data.imports.recording import place_records
from data.imports.values import convert, initials
from data.readers import Limits, RawTable, read
from data.scope import Scope
from data.store import Store
from models import Building, Entrance, Setting

ENTRANCE_REACH_M = 10.0
"""How far an entrance may lie from its building's footprint."""


def prepare(
    store: Store,
    path: Path,
    target: Target,
    options: Options,
    scope: Scope,
    progress: Progress | None = None,
) -> Prepared:
    """Read a file, convert, place and check its rows.

    Raises
    ------
    ReadError
        If the file can't be read at all.
    """
    tell = progress or (lambda _what, _share: None)
    revision = store.revision()
    with store.reading() as session:
        known = siting.areas(session)
        tell("读取文件", 0.05)
        raw = read(
            path,
            options.layer,
            encoding=options.encoding,
            crs=options.crs,
            header_row=options.header_row,
            limits=Limits(problems=sys.maxsize),
            city_bounds=None if known.empty else tuple(float(one) for one in known.total_bounds),  # type: ignore[arg-type]
            geometry_type=target.geometry,
            progress=lambda share: tell("读取文件", 0.05 + 0.35 * share),
        )
        tell("对应字段", 0.4)
        meant = _meant(raw, options.where)
        findings = Findings(raw.file, raw.unit, raw.rows[meant])
        frame = pd.DataFrame(raw.frame[meant]).reset_index(drop=True)
        prepared = Prepared(raw, target, findings, frame, revision=revision)
        prepared.geometries = np.asarray(frame["geometry"], dtype=object) if raw.has_geometry else None
        prepared.first = not session.scalar(select(func.count()).select_from(table_of(target.model)))
        if target.level is not None:
            prepared.first = not (known["level"] == target.level).any()
        _report_file(prepared, options)
        _convert(prepared, options)
        if target.record:
            place_records(session, prepared, known, options, scope, tell)
        elif raw.has_geometry and len(frame):
            _place(
                session, prepared, np.asarray(frame["geometry"], dtype=object), known, options, scope, tell
            )
    return prepared


def _meant(raw: RawTable, where: Where | None) -> NDArray[np.bool_]:
    """Return which rows the user means."""
    if where is None or where.column not in raw.frame.columns:
        return np.ones(len(raw.frame), dtype=bool)
    values = raw.frame[where.column]
    if not where.values:  # noqa: PD011  (a field, not a frame's)
        return np.asarray(values.notna())
    named = values.notna() & values.astype(str).isin(where.values)
    return np.asarray(~named if where.negated else named)


def _report_file(prepared: Prepared, options: Options) -> None:
    """Report what is wrong with the file as a whole."""
    raw, findings = prepared.raw, prepared.findings
    headers = [str(one) for one in raw.frame.columns if one != "geometry"]
    if options.where is not None and options.where.column not in headers:
        findings.note("where_column", value=options.where.column, choices="、".join(headers[:30]))
    if not raw.has_geometry and not prepared.target.record:
        findings.note("no_geometry")
    elif not len(prepared.frame):
        findings.note("no_rows")


def _convert(prepared: Prepared, options: Options) -> None:
    """Replace the file's columns by those of the table, and say what became of each."""
    target, findings = prepared.target, prepared.findings
    personal = [str(one) for one in prepared.frame.columns if mapping.is_personal(str(one))]
    raw = prepared.frame.drop(columns=personal)
    if personal:
        findings.note("columns_personal", value="、".join(personal))
    constants = {column: value for column, value in options.constants.items() if column in target.columns}
    chosen = mapping.decide(raw, target, options.mapping, constants, findings)
    used = {header: column for column, header in chosen.items()}
    findings.take(
        one
        for one in prepared.raw.problems
        if not (one.code in TEXT_CODES and one.column is not None and one.column not in used)
        and not (one.code == "axes_swapped" and options.swap_axes)
        and not (one.code == "geometry_null" and target.record)
    )
    prepared.columns = [ColumnUse(one, None, personal=True) for one in personal] + [
        ColumnUse(str(one), used.get(str(one)), sample=mapping.sample(raw[one]))
        for one in raw.columns
        if one != "geometry"
    ]
    result = pd.DataFrame(index=raw.index)
    for name, one in target.columns.items():
        if name in chosen:
            result[name] = convert(raw[chosen[name]], one, chosen[name], findings)
        elif name in constants:
            result[name] = convert(
                pd.Series(constants[name], index=raw.index, dtype=object), one, one.label, findings
            )
        else:
            continue
        if one.required:
            for position in np.flatnonzero(result[name].isna().to_numpy() & ~findings.bad):
                findings.note("value_missing", int(position), column=chosen.get(name), label=one.label)
    prepared.given = list(result.columns)
    prepared.frame = result


def _place(
    session: Session,
    prepared: Prepared,
    geometries: NDArray[Any],
    known: Any,
    options: Options,
    scope: Scope,
    tell: Progress,
) -> None:
    """Bring the geometries to EPSG:4490, check them, and find areas, codes, names and links."""
    target, findings, frame = prepared.target, prepared.findings, prepared.frame
    tell("转换坐标", 0.5)
    placed = place(session, prepared.raw, geometries, target, options, findings)
    prepared.placed = placed
    if {one.code for one in findings.stops} & UNPLACED:
        return
    typed = checks.check_types(placed.geometries, target.geometry, findings)
    if shapely.is_missing(typed).all():
        checks.check_validity(typed, typed, repair=False, findings=findings)
        return
    epsg = session.scalar(select(Setting.value).where(Setting.key == "metric_epsg"))
    metric_crs = metric_of(epsg, typed)
    prepared.metric = metric_crs
    tell("检查几何", 0.6)
    metric = to_metric(typed, metric_crs)
    geometry = checks.check_validity(typed, metric, repair=options.repair, findings=findings)
    metric = to_metric(geometry, metric_crs)
    tell("定位", 0.7)
    located = locate(known, geometry, metric_crs, frame, target, options, scope, findings)
    prepared.located = located
    frame["geometry"] = geometry
    if target.level is None:
        frame["area_code"] = located.area_codes
    tell("编码", 0.8)
    _identify(session, prepared, metric)
    _link(session, prepared, metric)
    tell("检查重叠", 0.9)
    checks.check_doubles(geometry, findings)
    if target.overlaps:
        metric[findings.bad] = None
        prepared.overlaps = checks.overlaps(metric, frame, findings)


def _identify(session: Session, prepared: Prepared, metric: NDArray[Any]) -> None:
    """Check and complete codes and names."""
    target, findings, frame = prepared.target, prepared.findings, prepared.frame
    table = table_of(target.model)
    if "code" in frame:
        header = next((one.header for one in prepared.columns if one.field == "code"), None)
        checks.check_duplicates(frame["code"], header, findings)
        if "valid_to" in table.columns:
            retired = set(
                session.scalars(select(table.columns["code"]).where(table.columns["valid_to"].is_not(None)))
            )
            for position in np.flatnonzero(frame["code"].isin(retired)):
                findings.note(
                    "code_retired", int(position), column=header, value=frame["code"].iloc[position]
                )
    if "code" in target.columns:
        frame["code"] = give_codes(session, target, frame, metric, prepared.metric, findings)
    unnamed = frame["name"].isna() if "name" in frame else pd.Series(True, index=frame.index)
    frame["name"] = give_names(session, target, frame, findings)
    if "initials" in table.columns:
        frame["initials"] = ""
        frame.loc[~unnamed, "initials"] = initials(frame.loc[~unnamed, "name"])


def _link(session: Session, prepared: Prepared, metric: NDArray[Any]) -> None:
    """Name the compound, grid or building that each row stands in."""
    target, findings, frame = prepared.target, prepared.findings, prepared.frame
    geometries = np.asarray(frame["geometry"], dtype=object)
    for column, ids in siting.links(session, target.model, geometries).items():
        frame[column] = ids
    if target.model is not Entrance:
        return
    ids = _nearest_building(session, metric, prepared.metric)
    if "building_code" in frame:
        by_code = {code: one for one, code in session.execute(select(Building.id, Building.code))}
        stated = frame["building_code"].notna().to_numpy()
        ids[stated] = (
            frame["building_code"].map(by_code).astype(object).where(lambda one: one.notna(), None)[stated]
        )
    frame["building_id"] = ids
    for position in np.flatnonzero([one is None for one in ids] & ~findings.bad):
        findings.note("building_unknown", int(position))


def _nearest_building(session: Session, metric: NDArray[Any], crs: CRS | None) -> NDArray[Any]:
    ids = np.full(len(metric), None, dtype=object)
    stored = geo_frame_of(session, Building, ["id"])
    if crs is None or stored.empty:
        return ids
    present = np.flatnonzero(~shapely.is_missing(metric))
    tree = shapely.STRtree(to_metric(np.asarray(stored.geometry.values, dtype=object), crs))
    mine, theirs = tree.query_nearest(metric[present], max_distance=ENTRANCE_REACH_M, all_matches=False)
    ids[present[mine]] = stored["id"].to_numpy()[theirs].astype(object)
    return ids
