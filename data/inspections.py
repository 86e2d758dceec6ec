"""Checking communities for what keeps them from being level; what was found is kept until outdated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from data.alignment_layers import Layers, read_layers
from data.bulk import frame_of, geo_frame_of, insert_frame
from data.jobs import Report
from data.scope import Scope
from data.store import REVISION, Store
from geo.coverage import check
from models import Area, Finding, Inspection, Setting
from models.areas import SIGNIFICANT
from models.enums import AreaLevel, FindingKind

CHECKED = ("area", "compound", "grid", "micro_grid", "building")
"""Tables whose writing outdates what was found."""
MOST_SHOWN = 20_000
_COUNTY = SIGNIFICANT[AreaLevel.COUNTY]


def inspect(
    store: Store, report: Report, *, scope_prefix: str, communities: Sequence[str], tolerance: float
) -> dict[str, Any]:
    """Check communities and keep the findings: the work of a job; ``{"findings": n, "communities": n}``."""
    scope = Scope(scope_prefix)
    counties: dict[str, list[str]] = {}
    for code in communities:
        counties.setdefault(code[:_COUNTY], []).append(code)
    found = 0
    for done, codes in enumerate(counties.values()):
        report.stop_if_cancelled()
        report.progress(done / len(counties))
        layers = read_layers(store, scope, codes)
        found += keep(store, layers, findings_of(layers, tolerance), tolerance)
    return {"findings": found, "communities": len(communities)}


def findings_of(layers: Layers, tolerance: float) -> gpd.GeoDataFrame:
    """Return what keeps communities from being level, as `geo.coverage.check` says, in metres."""
    parts = (layers.communities, layers.compounds, layers.grids, layers.micro_grids, layers.buildings)
    return check(*parts, tolerance=tolerance)


def keep(store: Store, layers: Layers, findings: gpd.GeoDataFrame, tolerance: float) -> int:
    """Replace what was found in communities before by `findings`; return how many there are."""
    codes = sorted(layers.communities["id"])
    rows = pd.DataFrame(
        {
            "area_code": _areas(findings, layers),
            "kind": findings["kind"].to_numpy(),
            "layer": findings["layer"].to_numpy(),
            "codes": findings["ids"].to_numpy(),
            "area_m2": findings["area_m2"].to_numpy(),
            "length_m": findings["length_m"].to_numpy(),
            "geometry": layers.plane.degrees(np.asarray(findings.geometry.values, dtype=object)),
        }
    )
    counts = rows["area_code"].value_counts()
    checked = pd.DataFrame(
        {
            "area_code": codes,
            "revision": layers.revision,
            "tolerance_m": tolerance,
            "finding_count": [int(counts.get(code, 0)) for code in codes],
            "checked_at": datetime.now(UTC),
        }
    )
    with store.writing("finding", "inspection") as session:
        for model in (Finding, Inspection):
            session.execute(delete(model).where(model.area_code.in_(codes)))
        insert_frame(session, Finding, rows)
        insert_frame(session, Inspection, checked)
    return len(rows)


def _areas(findings: gpd.GeoDataFrame, layers: Layers) -> list[str]:
    """Return the community of each finding; where it lies in none, that of the feature named first."""
    home: dict[str, str] = {}
    for frame in (layers.compounds, layers.grids, layers.micro_grids):
        if frame is not None:
            home |= dict(zip(frame["id"].astype(str), frame["area_code"], strict=True))
    known = set(layers.communities["id"])
    first = str(layers.communities["id"].iloc[0])
    return [
        code if code in known else home.get(ids.partition(",")[0], first)
        for code, ids in zip(findings["community_id"], findings["ids"], strict=True)
    ]


# --- reading ---


def communities(session: Session, scope: Scope) -> pd.DataFrame:
    """Return the communities of a scope with what was found in them.

    Returns
    -------
    pandas.DataFrame
        ``code``, ``name``, ``county``, ``subdistrict``, ``finding_count`` and ``checked_at`` (missing where
        never checked), ``outdated``: boundaries or buildings were written since.
    """
    areas = frame_of(
        session,
        select(Area.code, Area.name, Area.level).where(Area.level.in_([*AreaLevel])).order_by(Area.code),
    )
    names = dict(zip(areas["code"], areas["name"], strict=True))
    inside = areas["level"] == AreaLevel.COMMUNITY
    mine = areas[inside & areas["code"].map(lambda code: code in scope)].drop(columns="level")
    found = frame_of(
        session,
        select(
            Inspection.area_code.label("code"),
            Inspection.finding_count,
            Inspection.revision,
            Inspection.checked_at,
        ).where(scope.where(Inspection.area_code)),
    )
    table = mine.merge(found, on="code", how="left")
    for name, level in (("county", AreaLevel.COUNTY), ("subdistrict", AreaLevel.SUBDISTRICT)):
        digits = SIGNIFICANT[level]
        table[name] = [names.get(code[:digits].ljust(len(code), "0"), "") for code in table["code"]]
    table["outdated"] = table["revision"].fillna(0) < written(session)
    return table.drop(columns="revision")


def written(session: Session) -> int:
    """Return the revision at which what is checked was last written."""
    keys = [f"{REVISION}:{name}" for name in CHECKED]
    values = session.scalars(select(Setting.value).where(Setting.key.in_(keys))).all()
    return max((int(one) for one in values), default=0)


def still_valid(session: Session, before: int, changed: Sequence[str]) -> None:
    """After a publication, let findings of communities that it did not touch count as up to date.

    Parameters
    ----------
    before
        What `written` returned before it.
    changed
        Communities that it touched.
    """
    now = written(session)
    fresh = (Inspection.revision >= before, Inspection.area_code.not_in(changed))
    session.execute(update(Inspection).where(*fresh).values(revision=now))


def findings(session: Session, scope: Scope, community_codes: Sequence[str]) -> gpd.GeoDataFrame:
    """Return what was found in communities, EPSG:4490, with the columns of ``finding``."""
    names = ["id", "area_code", "kind", "layer", "codes", "area_m2", "length_m"]
    where = [scope.where(Finding.area_code), Finding.area_code.in_(list(community_codes))]
    return geo_frame_of(session, Finding, names, *where).head(MOST_SHOWN)


def by_kind(session: Session, scope: Scope) -> dict[FindingKind, int]:
    """Return how many findings of each kind there are in a scope."""
    rows = session.execute(
        select(Finding.kind, func.count()).where(scope.where(Finding.area_code)).group_by(Finding.kind)
    )
    return {FindingKind(kind): int(count) for kind, count in rows}
