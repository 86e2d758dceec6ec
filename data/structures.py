"""The organisation tree as the overlap cases recommend it: what would change, as a draft of its own.

Publishing boundaries never touches the tree. A planner asks for this draft, accepts or refuses its lines and
publishes it; clusters without any organisation, and pairs for review, are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from data import organising, plans
from data.bulk import frame_of, geo_frame_of
from data.errors import DataError
from data.metric import Plane
from data.organising import needs
from data.plans import PlanRef
from data.scope import Scope
from data.store import Store
from geo.relate import relate
from models import Area, Compound, Grid, Organisation, Plan
from models.enums import AreaLevel, ChangeAction, OrganisationLevel, OrganisationRank, OverlapCase, PlanKind

GENERAL, BRANCH = OrganisationRank.GENERAL_BRANCH, OrganisationRank.BRANCH
_RANKS = list(OrganisationRank)
_NAMED = 3
"""So many compounds or grids of a cluster are named in a line's reason."""
_LEDGER = ["area_code", "layer", "code", "action", "attributes", "reason"]


# --- what the recommended structure needs ---


def recommended(session: Session, scope: Scope, community_codes: Iterable[str]) -> pd.DataFrame:
    """Return the lines by which communities would get the recommended structure; none where they have it.

    The boundaries are those in force; compounds and grids are related in metres, community by community.

    Returns
    -------
    pandas.DataFrame
        ``area_code``, ``layer``, ``code``, ``action``, ``attributes`` (JSON, see `data.organising`),
        ``reason`` (JSON: ``case``, ``compounds``, ``grids``: names); those above before those below.
    """
    asked = sorted({code for code in community_codes if code in scope})
    inside = (Area.code.in_(asked), Area.level == AreaLevel.COMMUNITY)
    codes = sorted(session.scalars(select(Area.code).where(*inside)))
    names = ["code", "name", "area_code"]
    compounds = geo_frame_of(session, Compound, names, Compound.area_code.in_(codes))
    grids = geo_frame_of(session, Grid, names, Grid.area_code.in_(codes), Grid.valid_to.is_(None))
    if compounds.empty or grids.empty:
        return pd.DataFrame(columns=_LEDGER)
    plane = Plane.of(session, np.asarray(compounds.geometry.values, dtype=object))
    metric = [_in_metres(frame, plane) for frame in (compounds, grids)]
    present = _present(session, codes)
    rows: list[dict[str, Any]] = []
    here = [dict(list(frame.groupby("area_code", sort=False))) for frame in (*metric, present)]
    for code in codes:
        mine = [frames.get(code) for frames in here]
        if all(one is not None for one in mine):
            rows += _Community(code, *mine).lines()  # type: ignore[arg-type]
    return pd.DataFrame(rows, columns=_LEDGER)


def _in_metres(frame: gpd.GeoDataFrame, plane: Plane) -> gpd.GeoDataFrame:
    metres = plane.metres(np.asarray(frame.geometry.values, dtype=object))
    named = frame.drop(columns="geometry").rename(columns={"code": "id"})
    named["name"] = named["name"].where(named["name"].notna(), named["id"])
    return gpd.GeoDataFrame(named, geometry=metres, crs=plane.crs)


def _present(session: Session, codes: list[str]) -> pd.DataFrame:
    """Return the upper organisations of communities with the codes of their seats."""
    above = aliased(Organisation)
    query = (
        select(
            Organisation.id,
            Organisation.area_code,
            Organisation.name,
            Organisation.rank,
            Organisation.level,
            above.id.label("parent"),
            above.name.label("parent_name"),
            func.coalesce(Compound.code, Grid.code).label("seat"),
        )
        .join(above, above.id == Organisation.parent_id, isouter=True)
        .join(Compound, Compound.id == Organisation.compound_id, isouter=True)
        .join(Grid, Grid.id == Organisation.grid_id, isouter=True)
        .where(Organisation.area_code.in_(codes), Organisation.level.in_(organising.UPPER))
        .order_by(Organisation.id)
    )
    frame = frame_of(session, query)
    frame["parent"] = [None if pd.isna(one) else str(int(one)) for one in frame["parent"]]
    return frame.astype(object)


@dataclass(frozen=True)
class _Node:
    """An organisation that is there."""

    key: str
    name: str
    rank: OrganisationRank
    parent: str | None
    parent_name: str | None


@dataclass
class _Community:
    """The lines of one community, as they come."""

    code: str
    compounds: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    present: pd.DataFrame
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names: dict[str | None, str] = {}
        self.seated: dict[str, list[_Node]] = {}
        self.root: str | None = None
        rows: Any = self.present.itertuples(index=False)
        for one in rows:
            node = _Node(str(one.id), one.name, one.rank, one.parent, one.parent_name)
            self.names[node.key] = node.name
            if one.level is OrganisationLevel.COMMUNITY:
                self.root = self.root or node.key
            else:
                self.seated.setdefault(f"{one.level.value}:{one.seat}", []).append(node)
        for nodes in self.seated.values():
            nodes.sort(key=lambda node: _RANKS.index(node.rank))
        self.places = {
            f"{level}:{code}": name
            for level, frame in (("compound", self.compounds), ("grid", self.grids))
            for code, name in zip(frame["id"], frame["name"], strict=True)
        }

    def lines(self) -> list[dict[str, Any]]:
        """Return what the recommended structure changes here.

        One compound in one grid that are not comparable stay as they are: a branch over a single branch
        leads nobody.
        """
        pairs = relate(self.compounds, self.grids)
        by = {"compound_larger": "compound_id", "grid_larger": "grid_id", "comparable": "compound_id"}
        for case, column in by.items():
            for _one, pair in pairs[pairs["case"] == case].groupby(column, sort=False):
                compounds = [f"compound:{code}" for code in pair["compound_id"].unique()]
                grids = [f"grid:{code}" for code in pair["grid_id"].unique()]
                alone = len(compounds) == len(grids) == 1 and case != "comparable"
                if not alone and any(place in self.seated for place in (*compounds, *grids)):
                    self._cluster(OverlapCase(case), compounds, grids)
        return self.rows

    def _cluster(self, case: OverlapCase, compounds: list[str], grids: list[str]) -> None:
        def named(places: list[str]) -> str:
            more = f"等 {len(places)} 个" if len(places) > _NAMED else ""
            return "、".join(self.places[one] for one in places[:_NAMED]) + more

        reason = {"case": case.value, "compounds": named(compounds), "grids": named(grids)}
        if case is OverlapCase.COMPOUND_LARGER:
            top = self._place(compounds[0], GENERAL, self.root, reason)
            for place in grids:
                self._place(place, BRANCH, top, reason)
        elif case is OverlapCase.GRID_LARGER:
            top = self._place(grids[0], GENERAL, self.root, reason)
            for place in [one for one in compounds if one in self.seated]:
                self._place(place, BRANCH, top, reason)
        else:
            theirs = list(self.seated.get(grids[0], []))
            moved = theirs.pop(0) if compounds[0] not in self.seated else None
            joint = self._place(compounds[0], BRANCH, self.root, reason, moved=moved, moved_from=grids[0])
            for node in theirs:
                self._dissolve(node, joint, reason)

    def _place(
        self,
        place: str,
        rank: OrganisationRank,
        parent: str | None,
        reason: dict[str, str],
        *,
        moved: _Node | None = None,
        moved_from: str | None = None,
    ) -> str:
        """Have an organisation at a place, of a rank, under a parent; return its key."""
        node = moved or next(iter(self.seated.get(place, [])), None)
        above = {"parent": parent, "parent_name": self.names.get(parent)}
        if node is None:
            name = self.names[place] = self.places[place] + rank.label
            new = {"name": name, "rank": rank.value, **above}
            self._line(place, ChangeAction.ADD, reason, {key: (None, one) for key, one in new.items()})
            return place
        was = {"rank": node.rank.value, "parent": node.parent, "seat": moved_from if moved else None}
        new = {"rank": rank.value, "parent": parent, "seat": place if moved else None}
        if was == new:
            return node.key
        name = node.name
        if node.rank is not rank and name.endswith(node.rank.label):
            name = name.removesuffix(node.rank.label) + rank.label
        self.names[node.key] = name
        changes = {key: (was[key], new[key]) for key in was if key != "seat" or moved}
        names = {"name": (node.name, name), "parent_name": (node.parent_name, above["parent_name"])}
        self._line(node.key, ChangeAction.CHANGE, reason, changes | names)
        return node.key

    def _dissolve(self, node: _Node, into: str, reason: dict[str, str]) -> None:
        changes = {"name": (node.name, None), "into": (None, into), "into_name": (None, self.names[into])}
        self._line(node.key, ChangeAction.REMOVE, reason, changes)

    def _line(
        self,
        key: str,
        action: ChangeAction,
        reason: dict[str, str],
        changes: Mapping[str, tuple[str | None, str | None]],
    ) -> None:
        self.rows.append(
            {
                "area_code": self.code,
                "layer": organising.LAYER,
                "code": key,
                "action": action.value,
                "attributes": json.dumps(changes, ensure_ascii=False),
                "reason": json.dumps(reason, ensure_ascii=False),
            }
        )


# --- as a plan ---


def count(store: Store, scope: Scope, community_codes: Sequence[str]) -> int:
    """Return how many lines a draft for these communities would have."""
    with store.reading() as session:
        return len(recommended(session, scope, community_codes))


def draft(
    store: Store, account_id: int | None, community_codes: Sequence[str], *, scope: Scope
) -> plans.Draft:
    """Draft the recommended structure of communities.

    Raises
    ------
    DataError
        Where nothing would change.
    """
    revision = store.revision()
    with store.writing("plan", "change") as session:
        ledger = recommended(session, scope, community_codes)
        if ledger.empty:
            raise DataError("所选社区的组织架构已与建议一致，或尚无可据以调整的党组织，无需调整。")
        areas = list(dict.fromkeys(ledger["area_code"]))
        first = session.scalar(select(Area.name).where(Area.code == areas[0])) or areas[0]
        title = f"{first}等 {len(areas)} 个社区" if len(areas) > 1 else first
        plan = Plan(
            title=f"调整{title}组织架构",
            kind=PlanKind.STRUCTURE,
            area_code=plans.common_area(areas),
            base_revision=revision,
            created_by=account_id,
            choices=json.dumps({"organisations": organising.standing(session, areas)}),
        )
        plans.add(session, plan, ledger)
        return plans.Draft(plan.id, plans.counts_of(ledger))


def listing(session: Session, scope: Scope) -> list[PlanRef]:
    """Return the plans of the organisation tree in a scope, the newest first."""
    return [one for one in plans.listing(session, scope) if one.kind is PlanKind.STRUCTURE]


def set_accepted(
    store: Store, plan_id: int, change_ids: Iterable[int], *, accepted: bool, scope: Scope
) -> list[str]:
    """Accept or refuse lines of a draft, with those that can't stand otherwise.

    Refusing a line refuses what is to come under it or into it; accepting one accepts what it needs.

    Returns
    -------
    list of str
        Names of the organisations whose lines were decided along with those asked for.
    """
    asked = set(change_ids)
    with store.reading() as session:
        ledger = plans.ledger_of(session, scope, plan_id)
    chosen = set(ledger.loc[ledger["id"].isin(asked), "code"])
    above = {
        key: needed
        for key, line in zip(ledger["code"], ledger["attributes"], strict=True)
        if (needed := needs(line)) is not None
    }
    while True:
        further = (
            {above[key] for key in chosen if key in above}
            if accepted
            else {key for key, needed in above.items() if needed in chosen}
        )
        if further <= chosen:
            break
        chosen |= further
    both = ledger[ledger["code"].isin(chosen)]
    plans.set_accepted(store, plan_id, both["id"].tolist(), accepted=accepted, scope=scope)
    along = both[~both["id"].isin(asked) & (both["accepted"].astype(bool) != accepted)]
    return along["name"].tolist()
