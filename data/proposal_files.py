"""What a proposal needs out of any vector file, into metres; proposed micro-grids into one GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from data.boundary_files import in_place_of, listed, plane_of, put_layer, read_layer
from data.errors import DataError
from geo.proposal import Proposal

_LAYER = {"existing": "micro_grid"}
"""Layers that are called otherwise in a file of several."""
_FLAT = {"entrance"}


@dataclass(frozen=True)
class Columns:
    """Which columns hold what; `households` None stands for the column households where there is one."""

    community: str = "id"
    compound: str = "id"
    building: str = "id"
    existing: str = "id"
    households: str | None = None

    def id_of(self, role: str) -> str | None:
        """Return the column of a layer's ids; roads and water need none."""
        if role == "entrance":
            return "building_id"
        return vars(self).get(role)


@dataclass(frozen=True)
class Ground:
    """Layers read from files.

    Attributes
    ----------
    drawn
        As they were read, in `crs`; those that were not given are missing.
    metric
        In metres, with the columns that `geo.proposal.propose` takes.
    crs
        Of the communities; the result is written in it.
    """

    drawn: dict[str, pd.DataFrame]
    metric: dict[str, pd.DataFrame]
    crs: CRS

    def lines(self) -> gpd.GeoDataFrame | None:
        """Return roads and water together."""
        found = [self.metric[role][["geometry"]] for role in ("road", "water") if role in self.metric]
        if not found:
            return None
        return gpd.GeoDataFrame(pd.concat(found, ignore_index=True), crs=found[0].crs)


def read_ground(sources: Mapping[str, str | None], columns: Columns) -> Ground:
    """Read layers and bring them into one coordinate system in metres.

    Parameters
    ----------
    sources
        Files of ``community``, ``building``, and where there are ``compound``, ``road``, ``water``,
        ``entrance`` (a table without geometry will do) and ``existing`` micro-grids.
    columns
        See `Columns`.

    Raises
    ------
    DataError
        Where a file, its layer, its columns or its coordinate system can't be used.
    """
    given = {role: source for role, source in sources.items() if source}
    for role, option in (("community", "--communities"), ("building", "--buildings")):
        if role not in given:
            raise DataError(f"没有给出{'社区' if role == 'community' else '楼栋'}；请用 {option} 给出文件。")
    drawn: dict[str, pd.DataFrame] = {}
    for role, source in given.items():
        option = "building_id 列" if role == "entrance" else f"--{role}-id"
        name = _LAYER.get(role, role)
        frame = read_layer(name, source, columns.id_of(role), option=option, flat=role in _FLAT)
        drawn[role] = frame
    crs = CRS.from_user_input(drawn["community"].crs)
    for role, frame in drawn.items():
        if isinstance(frame, gpd.GeoDataFrame):
            drawn[role] = frame.to_crs(crs)
    plane = plane_of(crs, {role: f for role, f in drawn.items() if isinstance(f, gpd.GeoDataFrame)})
    metric = {role: _for_engine(role, frame, plane, columns) for role, frame in drawn.items()}
    _require_distinct(metric, given)
    return Ground(drawn, metric, crs)


def _require_distinct(metric: Mapping[str, pd.DataFrame], given: Mapping[str, str]) -> None:
    for role in ("community", "building", "existing"):
        if role in metric:
            twice = metric[role]["id"][metric[role]["id"].duplicated()].unique()
            if len(twice):
                raise DataError(f"{given[role]} 的编号有重复：{listed(twice)}；请先改为互不相同。")
    if "entrance" in metric:
        named = metric["entrance"]["building_id"]
        unknown = named[~named.isin(metric["building"]["id"])].unique()
        if len(unknown):
            raise DataError(f"{given['entrance']} 的 building_id 在楼栋中找不到：{listed(unknown)}；请核对。")


def _for_engine(role: str, frame: pd.DataFrame, plane: CRS, columns: Columns) -> pd.DataFrame:
    found: dict[str, Any] = {}
    id_column = columns.id_of(role)
    if id_column is not None:
        found["building_id" if role == "entrance" else "id"] = frame[id_column].map(_text).to_numpy()
    if role in ("building", "entrance"):
        wanted = columns.households or "households"
        if columns.households and role == "building" and wanted not in frame:
            raise DataError(f"楼栋没有列 {wanted}；请用 --households 指定户数列，或去掉它由层数估算。")
        for name, source in (("households", wanted), ("floors", "floors")):
            if source in frame:
                found[name] = _numbers(frame[source], source)
    for role_, name in (("community", "code"), ("existing", "code")):
        if role == role_ and name in frame and frame[name].notna().all():
            found[name] = frame[name].map(_text).to_numpy()
    if not isinstance(frame, gpd.GeoDataFrame):
        return pd.DataFrame(found)
    shapes = shapely.force_2d(np.asarray(frame.geometry.to_crs(plane).values, dtype=object))
    result: pd.DataFrame = gpd.GeoDataFrame(found, geometry=shapes, crs=plane)
    return result


def _text(value: Any) -> str:
    """Return an id as text, whether a file holds it as a whole number, a decimal or a text."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _numbers(column: pd.Series, name: str) -> Any:
    count = pd.to_numeric(column, errors="coerce")
    wrong = column[(count.isna() & column.notna()) | (count < 0)]
    if len(wrong):
        raise DataError(f"列 {name} 应为不小于 0 的数：{listed(wrong.to_numpy())}；请改正。")
    return count.to_numpy(dtype=float, na_value=np.nan)


def locked_ids(path: Path, ground: Ground) -> frozenset[str]:
    """Read which existing micro-grids stay: an id a line; blank lines and what follows ``#`` are skipped.

    Raises
    ------
    DataError
        Where there are no existing micro-grids, or a line names none; all such lines together.
    """
    if "existing" not in ground.metric:
        raise DataError("--lock 要与 --existing 一起用：锁定的是现有微网格。")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    wanted = {text for line in lines if (text := line.partition("#")[0].strip())}
    unknown = sorted(wanted.difference(ground.metric["existing"]["id"]))
    if unknown:
        raise DataError(f"{path} 里没有这些微网格：{listed(unknown)}；每行应为一个编号。")
    return frozenset(wanted)


# --- writing ---


def write_proposal(path: Path, ground: Ground, proposal: Proposal, columns: Columns) -> None:
    """Write a proposal as a GeoPackage: all of it, or nothing.

    Layers ``micro_grid``; ``building`` with every row and column of the input and ``micro_grid_id``
    (empty where its entrances differ), ``households_used``, ``households_estimated``; ``entrance`` where
    entrances were given; ``refusal``. All are in the coordinate system of the communities.
    """
    with in_place_of(path) as fresh:
        whole = proposal.micro_grids.copy()
        for name in ("community_id", "compound_id"):
            whole[name] = _plain_texts(whole[name])
        put_layer(fresh, "micro_grid", whole.to_crs(ground.crs))
        built = ground.drawn["building"].copy()
        if columns.building != "id":
            built["id"] = built[columns.building]
        built["micro_grid_id"] = _plain_texts(proposal.buildings["micro_grid_id"])
        built["households_used"] = proposal.buildings["households"].to_numpy()
        built["households_estimated"] = proposal.buildings["estimated"].to_numpy()
        put_layer(fresh, "building", gpd.GeoDataFrame(built))
        if proposal.entrances is not None:
            _write_entrances(fresh, ground, proposal)
        refusals = proposal.refusals.to_crs(ground.crs)
        for name in ("feature_id", "community_id"):
            refusals[name] = _plain_texts(refusals[name])
        put_layer(fresh, "refusal", refusals, "Unknown")


def _write_entrances(path: Path, ground: Ground, proposal: Proposal) -> None:
    entrances = ground.drawn["entrance"].copy()
    assert proposal.entrances is not None  # noqa: S101  (asked by the caller)
    entrances["micro_grid_id"] = _plain_texts(proposal.entrances["micro_grid_id"])
    if not isinstance(entrances, gpd.GeoDataFrame):
        entrances = gpd.GeoDataFrame(
            entrances, geometry=np.full(len(entrances), None, dtype=object), crs=ground.crs
        )
    put_layer(path, "entrance", entrances, "Unknown")


def _plain_texts(values: pd.Series) -> Any:
    """Return ids as texts with nothing where there is none."""
    texts = [None if pd.isna(one) else _text(one) for one in values.astype(object)]
    return pd.Series(texts, dtype="str").to_numpy()
