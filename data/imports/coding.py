"""Codes and names for rows that have none: taken over from the stored feature at the place, or issued."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.bulk import geo_frame_of, table_of
from data.imports.fields import Target
from data.imports.findings import Findings
from data.imports.placing import to_metric
from models import BoundaryVersion, Change

Geometries = NDArray[Any]
_SAME_IOU = 0.5
"""Two polygons of a layer without overlaps can't both share more than this with a third."""


def give_codes(
    session: Session,
    target: Target,
    frame: pd.DataFrame,
    metric: Geometries,
    crs: Any,
    findings: Findings,
) -> pd.Series[Any]:
    """Return a code for every good row: its own, that of the stored feature at its place, or a new one.

    New codes count on from the highest ever given in the area, from west to east and north to south, so that
    none is used twice.

    Parameters
    ----------
    frame
        Columns ``area_code`` and, where the file has them, ``code``.
    metric
        Shape (n,): the rows' geometries in the metric coordinate system `crs`.
    """
    codes = frame["code"].copy() if "code" in frame else pd.Series(None, index=frame.index, dtype=object)
    placed = frame["area_code"].notna().to_numpy() if "area_code" in frame else False
    needed = np.flatnonzero(codes.isna().to_numpy() & ~findings.bad & placed)
    if target.code_format is None or not len(needed):
        return codes
    matched = _at_place(session, target, metric[needed], crs, set(codes.dropna()))
    codes.iloc[needed] = matched
    taken_over = sum(one is not None for one in matched)
    if taken_over:
        findings.note("codes_matched", count=taken_over)
    needed = needed[[one is None for one in matched]]
    if len(needed):
        places = shapely.get_coordinates(shapely.centroid(metric[needed]))
        needed = needed[np.lexsort((-places[:, 1], places[:, 0]))]
        _issue(session, target, codes, frame["area_code"], needed)
        findings.note("codes_given", count=len(needed), value=codes.iloc[needed[0]])
    return codes


def _at_place(
    session: Session, target: Target, metric: Geometries, crs: Any, used: set[str]
) -> list[str | None]:
    """Return the code of the stored polygon that is mostly the same as each of these, where there is one."""
    table = table_of(target.model)
    conditions = [table.columns["valid_to"].is_(None)] if "valid_to" in table.columns else []
    stored = geo_frame_of(session, target.model, ["code"], *conditions)
    result: list[str | None] = [None] * len(metric)
    if stored.empty:
        return result
    theirs = to_metric(np.asarray(stored.geometry.values, dtype=object), crs)
    mine, other = shapely.STRtree(theirs).query(metric, predicate="intersects")
    common = shapely.area(shapely.intersection(metric[mine], theirs[other]))
    iou = common / (shapely.area(metric[mine]) + shapely.area(theirs[other]) - common)
    taken = set(used)
    for pair in np.argsort(-iou, kind="stable"):
        code = stored["code"].iloc[other[pair]]
        if iou[pair] > _SAME_IOU and result[mine[pair]] is None and code not in taken:
            result[mine[pair]] = code
            taken.add(code)
    return result


def _issue(
    session: Session,
    target: Target,
    codes: pd.Series[Any],
    area_codes: pd.Series[Any],
    needed: NDArray[np.intp],
) -> None:
    form = target.code_format or ""
    used = set(codes.dropna())
    used |= set(session.scalars(select(table_of(target.model).columns["code"])))
    used |= set(session.scalars(select(BoundaryVersion.code).where(BoundaryVersion.layer == target.table)))
    used |= set(session.scalars(select(Change.code).where(Change.layer == target.table)))
    serials: dict[str, int] = {}
    for position in needed:
        area = str(area_codes.iloc[position])
        serial = serials.get(area, 0) + 1
        while form.format(area=area, serial=serial) in used:
            serial += 1
        serials[area] = serial
        codes.iloc[position] = form.format(area=area, serial=serial)


def give_names(session: Session, target: Target, frame: pd.DataFrame, findings: Findings) -> pd.Series[Any]:
    """Return a name for every new good row of a table that needs one, made from its code if it has none."""
    names = frame["name"].copy() if "name" in frame else pd.Series(None, index=frame.index, dtype=object)
    if table_of(target.model).columns["name"].nullable or "code" not in frame:
        return names
    stored = set(session.scalars(select(table_of(target.model).columns["code"])))
    needed = names.isna() & ~findings.bad & ~frame["code"].isin(stored)
    if needed.any():
        names[needed] = [nameless(code) for code in frame.loc[needed, "code"]]
        findings.note("names_given", count=int(needed.sum()), value=names[needed].iloc[0])
    return names


def nameless(code: str) -> str:
    """Return what a feature without a name is called."""
    return f"未命名（{code}）"
