"""An alignment as files for others: layers and ledger in a GeoPackage, the ledger as a workbook."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from sqlalchemy.orm import Session

from data.bulk import geo_frame_of, table_of
from data.plans import LAYERS
from data.queries import alignments
from data.scope import Scope
from data.spreadsheets import write_tables
from models import Base, Move, Refusal
from models.enums import Labelled, MoveReason, OverlapCase, RefusalReason, RefusalStep, Structure

_LABELS: dict[str, type[Labelled]] = {
    "step": RefusalStep,
    "overlap_case": OverlapCase,
    "structure": Structure,
}
HEADERS = {
    "area_code": "社区代码",
    "layer": "图层",
    "from_code": "原属",
    "to_code": "现属",
    "code": "编码",
    "area_m2": "面积（平方米）",
    "households": "户数",
    "displacement_m": "最大位移（米）",
    "reason": "原因",
    "accepted": "采纳",
    "step": "处理",
    "needed_m": "所需容差（米）",
    "detail": "说明",
    "compound_code": "小区",
    "grid_code": "网格",
    "overlap_case": "情形",
    "share_of_compound": "占小区比例",
    "share_of_grid": "占网格比例",
    "structure": "建议组织架构",
}
SHEETS = {"change": "变更", "refusal": "未能拉平", "relation": "小区与网格"}
LAYER_NAMES = {"compound": "小区", "grid": "网格", "micro_grid": "微网格"}


def write_geopackage(session: Session, scope: Scope, plan_id: int, path: Path) -> None:
    """Write the layers as the plan makes them, and its change, refusal and relation, EPSG:4490."""
    plan = alignments.plans_of(session, scope, plan_id)[0]
    sides = [
        alignments.outlines(session, scope, plan_id, code, alignments.AFTER)
        for code in plan.wishes.communities
        if code in scope
    ]
    whole = gpd.GeoDataFrame(pd.concat(sides, ignore_index=True), geometry="geometry", crs=sides[0].crs)
    for layer in LAYERS:
        _write(whole[whole["layer"] == layer][["code", "name", "geometry"]], path, layer)
    names = ["area_code", "layer", "from_code", "to_code", "area_m2", "households", "displacement_m"]
    _write(_of(session, scope, Move, plan_id, [*names, "reason", "accepted"]), path, "change")
    names = ["area_code", "layer", "code", "step", "reason", "needed_m", "detail"]
    _write(_of(session, scope, Refusal, plan_id, names), path, "refusal")
    relation = alignments.relations(session, scope, plan_id).drop(columns="id")
    pyogrio.write_dataframe(_texts(relation), path, layer="relation", append=path.exists())


def _of(
    session: Session, scope: Scope, model: type[Base], plan_id: int, names: list[str]
) -> gpd.GeoDataFrame:
    columns = table_of(model).columns
    return geo_frame_of(
        session, model, names, columns["plan_id"] == plan_id, scope.where(columns["area_code"])
    )


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return enums as their values: GDAL and openpyxl want plain text."""
    frame = frame.copy()
    for name in ("reason", *_LABELS):
        if name in frame:
            frame[name] = [None if one is None else str(one) for one in frame[name].astype(object)]
    return frame


def _write(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    pyogrio.write_dataframe(
        _texts(frame),
        path,
        layer=layer,
        append=path.exists(),
        geometry_type="Unknown",
        layer_options={"FID": "fid"},
    )


def write_workbook(session: Session, scope: Scope, plan_id: int, path: Path) -> None:
    """Write the ledger, the refusals, the relations and the figures by community as a workbook in Chinese."""
    tables = {
        "change": alignments.moves(session, scope, plan_id),
        "refusal": alignments.refusals(session, scope, plan_id),
        "relation": alignments.relations(session, scope, plan_id),
    }
    reasons: dict[str, type[Labelled]] = {"change": MoveReason, "refusal": RefusalReason}
    sheets = {}
    for name, table in tables.items():
        frame = table.drop(columns="id")
        labels = _LABELS | ({"reason": reasons[name]} if name in reasons else {})
        for column, kind in labels.items():
            if column in frame:
                frame[column] = [None if not one else kind(str(one)).label for one in frame[column]]
        if "layer" in frame:
            frame["layer"] = frame["layer"].map(LAYER_NAMES)
        numbers = frame.select_dtypes(include=[np.floating]).columns
        frame[numbers] = frame[numbers].round(3)
        sheets[SHEETS[name]] = frame.rename(columns=HEADERS)
    sums = alignments.summary(session, scope, plan_id)
    kinds = [*OverlapCase, *RefusalReason]
    headers = {one.value: one.label for one in kinds} | {
        "area_code": "社区代码",
        "name": "社区",
        "county": "县（市、区）",
        "compounds": "小区",
        "levelled": "已拉平小区",
        "households": "涉及户数",
        "moves": "变更",
    }
    write_tables(path, sheets | {"统计": sums.rename(columns=headers)}, keys=1)
