"""The three-level organisation tree, as the three overlap cases recommend it, and the grid workers.

``member_count`` counts the members registered directly in an organisation, so that the sum over all of them is the
city's; what is registered below must be added for a branch's whole. Groups of entrances stand beside the groups of
buildings and are not among their number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.demo.city import City
from data.demo.figures import (
    AUXILIARY_WORKERS,
    BUILDING_GROUPS,
    COMPOUND_ORGANISATIONS,
    FULL_TIME_WORKERS,
    MEMBERS,
    PART_TIME_WORKERS,
)
from data.demo.names import initials
from data.demo.places import top
from data.demo.programme import exact

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

COMMITTEE_FROM = 2_600
LARGE_BUILDING = 90
"""Households from which a building's entrances have groups of their own."""
VACANT = 0.032


@dataclass
class Tree:
    """Organisations in the order of their ids, column by column; seats and parents are ids, 0 for none."""

    columns: dict[str, list[Any]] = field(
        default_factory=lambda: {
            key: []
            for key in ("name", "area_code", "parent_id", "level", "rank", "area_id", "compound_id", "grid_id", "load")
        }
    )

    def add(self, name: str, code: str, parent: int, level: str, rank: str, load: int, **seat: int) -> int:
        """Add an organisation and return its id."""
        row = {"name": name, "area_code": code, "parent_id": parent, "level": level, "rank": rank, "load": load}
        row |= {"area_id": 0, "compound_id": 0, "grid_id": 0} | seat
        for key, value in row.items():
            self.columns[key].append(value)
        return len(self.columns["name"])


def organisations(city: City, tables: dict[str, gpd.GeoDataFrame], rng: np.random.Generator) -> pd.DataFrame:
    """Return the tree; sets ``organisation_id`` of buildings and entrances in `tables`."""
    tree = Tree()
    area = tables["area"]
    community = area[area["level"] == "community"]
    root = {}
    for i, code, name, load in zip(community["id"], community["code"], community["name"], community["households"], strict=True):
        rank = "committee" if load >= COMMITTEE_FROM else "general_branch"
        title = "党委" if rank == "committee" else "党总支"
        root[code] = tree.add(f"{name}{title}", code, 0, "community", rank, int(load), area_id=int(i))
    seats = _middle(tree, city, tables, root, rng)
    _groups(tree, city, tables, seats, rng)
    return _table(tree, city, rng)


def _middle(
    tree: Tree, city: City, tables: dict[str, gpd.GeoDataFrame], root: dict[str, int], rng: np.random.Generator
) -> dict[tuple[int, int], int]:
    """Seat the middle level by the overlap cases; return who leads the housing of each (compound, grid)."""
    compound, grid, micro = tables["compound"], tables["grid"], tables["micro_grid"]
    pairs = np.unique(micro.loc[micro["compound_id"].notna(), ["compound_id", "grid_id"]].astype(int).to_numpy(), axis=0)
    grids_of = np.bincount(pairs[:, 0], minlength=len(compound) + 1)
    compounds_in = np.bincount(pairs[:, 1], minlength=len(grid) + 1)
    weight = compound["households"].to_numpy() * np.where(compound["pilot"], 1e6, 1.0) + 1.0
    chosen = top(weight.astype(np.float64), city.scaled(COMPOUND_ORGANISATIONS), rng)
    names, codes, loads = compound["name"].tolist(), compound["area_code"].tolist(), compound["households"].tolist()
    leads: dict[tuple[int, int], int] = {}
    over_grid: dict[int, int] = {}
    own: dict[int, int] = {}
    for c, g in pairs.tolist():
        if not chosen[c - 1]:
            continue
        name, code, load = names[c - 1], codes[c - 1], loads[c - 1]
        if c not in own:
            parent = root[code]
            if grids_of[c] == 1 and compounds_in[g] > 1:
                if g not in over_grid:
                    title = grid["name"].iat[g - 1] + "党总支"
                    over_grid[g] = tree.add(title, code, parent, "grid", "general_branch", 0, grid_id=g)
                parent = over_grid[g]
            several = grids_of[c] > 1
            title = "党总支" if several else "党支部"
            own[c] = tree.add(name + title, code, parent, "compound", "general_branch" if several else "branch", load, compound_id=c)
        leads[c, g] = own[c]
        if grids_of[c] > 1:
            title = grid["name"].iat[g - 1] + "党支部"
            leads[c, g] = tree.add(title, code, own[c], "grid", "branch", int(grid["households"].iat[g - 1]), grid_id=g)
    return leads


def _groups(
    tree: Tree, city: City, tables: dict[str, gpd.GeoDataFrame], leads: dict[tuple[int, int], int], rng: np.random.Generator
) -> None:
    """Form the building groups: runs of neighbouring buildings of one compound in one grid."""
    building, entrance, compound = tables["building"], tables["entrance"], tables["compound"]
    housing = building[(building["use"] == "housing") & building["compound_id"].notna()]
    runs = {key: members for key, members in housing.groupby(["compound_id", "grid_id"]).indices.items() if key in leads}
    keys = sorted(runs)
    load = np.array([housing["households"].to_numpy()[runs[key]].sum() for key in keys])
    most = np.array([len(runs[key]) for key in keys])
    count = np.minimum(exact(load.astype(np.float64), city.scaled(BUILDING_GROUPS)), most)
    while (missing := city.scaled(BUILDING_GROUPS) - int(count.sum())) > 0:
        count[np.argsort(np.where(count < most, -load / (count + 1), np.inf), kind="stable")[:missing]] += 1
    ids, serial = housing["id"].to_numpy(), housing["code"].str[-4:].astype(int).to_numpy()
    codes, households = housing["area_code"].to_numpy(), housing["households"].to_numpy()
    group = np.zeros(len(building), np.int64)
    for key, n in zip(keys, count, strict=True):
        if not n:
            continue
        members = runs[key][np.argsort(serial[runs[key]])]
        cut = np.linspace(0, len(members), int(n) + 1).astype(int)
        name = compound["name"].iat[int(key[0]) - 1]
        for a, b in zip(cut[:-1], cut[1:], strict=True):
            mine = members[a:b]
            title = _range(serial[mine].tolist()) + "党小组"
            here = tree.add(name + title, codes[mine[0]], leads[key], "building", "group", int(households[mine].sum()))
            group[ids[mine] - 1] = here
    _entrance_groups(tree, building, entrance, compound, group, rng)
    building["organisation_id"] = pd.Series(group, index=building.index).astype("Int64").mask(group == 0)


def _entrance_groups(
    tree: Tree, building: gpd.GeoDataFrame, entrance: gpd.GeoDataFrame, compound: gpd.GeoDataFrame,
    group: NDArray[np.int64], rng: np.random.Generator,
) -> None:  # fmt: skip
    """Give each entrance of a very large building a group under the building's."""
    large = building["households"].to_numpy() >= LARGE_BUILDING
    own = np.zeros(len(entrance), np.int64)
    of = entrance["building_id"].to_numpy() - 1
    wanted = large[of] & (group[of] > 0) & (rng.random(len(building)) < 0.25)[of]
    for n in np.flatnonzero(wanted):
        b = int(of[n])
        name = compound["name"].iat[int(building["compound_id"].iat[b]) - 1]
        title = f"{name}{building['name'].iat[b]}{entrance['name'].iat[n]}党小组"
        load = int(entrance["households"].iat[n])
        own[n] = tree.add(title, building["area_code"].iat[b], int(group[b]), "entrance", "group", load)
    entrance["organisation_id"] = pd.Series(own, index=entrance.index).astype("Int64").mask(own == 0)


def _range(serials: list[int]) -> str:
    """Return ``3—5栋``, or ``3、5、9栋`` where the numbers do not run on."""
    if len(serials) == 1:
        return f"{serials[0]}栋"
    return f"{serials[0]}—{serials[-1]}栋"


def _table(tree: Tree, city: City, rng: np.random.Generator) -> pd.DataFrame:
    columns = tree.columns
    n = len(columns["name"])
    level = np.array(columns["level"], dtype=object)
    load = np.array(columns["load"], dtype=np.float64)
    weight = load * np.array([{"building": 0.6, "entrance": 0.3}.get(value, 0.22) for value in level])
    weight = np.where(level == "community", 0.0, (weight + 4) * rng.lognormal(0, 0.3, n))
    members = exact(weight, city.scaled(MEMBERS))
    known = level != "community"
    table = pd.DataFrame({"id": np.arange(1, n + 1), "name": columns["name"], "initials": initials(columns["name"])})
    table["area_code"] = columns["area_code"]
    for key in ("parent_id", "level", "rank", "area_id", "compound_id", "grid_id"):
        table[key] = columns[key]
        if key.endswith("_id"):
            table[key] = table[key].astype("Int64").mask(table[key] == 0)
    table["secretary_filled"] = rng.random(n) >= np.where(level == "building", VACANT * 1.8, VACANT)
    table["member_count"] = pd.Series(members).astype("Int64").mask(~known)
    households = np.round(members * rng.uniform(0.05, 0.12, n)).astype(np.int64)
    table["member_household_count"] = pd.Series(households).astype("Int64").mask(~known)
    return table


def grid_workers(city: City, tables: dict[str, gpd.GeoDataFrame], rng: np.random.Generator) -> pd.DataFrame:
    """Return the posts: a full-time worker per grid as far as they go, part-time and auxiliary ones by load."""
    grid = tables["grid"]
    load = grid["households"].to_numpy().astype(np.float64)
    full = city.scaled(FULL_TIME_WORKERS)
    order = np.argsort(-load, kind="stable")
    held = np.concatenate([order[: min(full, len(order))], order[: max(0, full - len(order))]])
    posts = [("full_time", held)]
    for role, total in (("part_time", PART_TIME_WORKERS), ("auxiliary", AUXILIARY_WORKERS)):
        count = exact((load + 12) * rng.uniform(0.8, 1.2, len(load)), city.scaled(total))
        posts.append((role, np.repeat(np.arange(len(load)), count)))
    at = np.concatenate([where for _, where in posts])
    role = np.repeat([name for name, _ in posts], [len(where) for _, where in posts])
    return pd.DataFrame(
        {
            "id": np.arange(1, len(at) + 1),
            "area_code": grid["area_code"].to_numpy()[at],
            "grid_id": at + 1,
            "role": role.astype(object),
        }
    )
