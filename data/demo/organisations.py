"""The three-level organisation tree, as the three overlap cases recommend it, and the grid workers.

``member_count`` counts the members registered directly in an organisation, so that the sum over all of them
is the city's; what is registered below must be added for a branch's whole. A community's own is unknown.
Groups of entrances stand below groups of buildings and are not among their number.
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
from data.demo.places import nullable, top
from data.demo.programme import exact

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMMITTEE_FROM = 2_600
POSTS_FILLED = {"cadre": 0.97, "secretary": 0.94, "police": 0.86}
"""Share of grids in which each of the three is in post: our own assumption."""
LARGE_BUILDING = 72
LARGE_SHARE = 0.4
"""Households from which a share of buildings have groups of their entrances too."""
VACANT = 0.032


@dataclass
class Tree:
    """Organisations in the order of their ids, column by column; seats and parents are ids, 0 for none."""

    columns: dict[str, list[Any]] = field(
        default_factory=lambda: {
            key: []
            for key in (
                "name",
                "area_code",
                "parent_id",
                "level",
                "rank",
                "area_id",
                "compound_id",
                "grid_id",
                "load",
            )
        }
    )

    def add(self, name: str, code: str, parent: int, level: str, rank: str, load: int, **seat: int) -> int:
        """Add an organisation and return its id."""
        row = {
            "name": name,
            "area_code": code,
            "parent_id": parent,
            "level": level,
            "rank": rank,
            "load": load,
        }
        row |= {"area_id": 0, "compound_id": 0, "grid_id": 0} | seat
        for key, value in row.items():
            self.columns[key].append(value)
        return len(self.columns["name"])


def organisations(city: City, tables: dict[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """Return the tree; sets ``organisation_id`` of buildings and entrances in `tables`."""
    tree = Tree()
    area = tables["area"]
    community = area[area["level"] == "community"]
    root = {}
    for i, code, name, load in zip(
        community["id"], community["code"], community["name"], community["households"], strict=True
    ):
        rank = "committee" if load >= COMMITTEE_FROM else "general_branch"
        title = "党委" if rank == "committee" else "党总支"
        root[code] = tree.add(f"{name}{title}", code, 0, "community", rank, int(load), area_id=int(i))
    seats = _middle(tree, city, tables, root, rng)
    _groups(tree, city, tables, seats, rng)
    return _table(tree, city, rng)


def _middle(
    tree: Tree, city: City, tables: dict[str, Any], root: dict[str, int], rng: np.random.Generator
) -> dict[tuple[int, int], int]:
    """Seat the middle level by the overlap cases; return who leads the housing of each (compound, grid)."""
    compound, grid, micro = tables["compound"], tables["grid"], tables["micro_grid"]
    held = micro.loc[micro["compound_id"].notna(), ["compound_id", "grid_id"]]
    pairs = np.unique(held.astype(int).to_numpy(), axis=0)
    grids_of = np.bincount(pairs[:, 0], minlength=len(compound) + 1)
    compounds_in = np.bincount(pairs[:, 1], minlength=len(grid) + 1)
    weight = compound["households"].to_numpy() * np.where(compound["pilot"], 1e6, 1.0) + 1.0
    chosen = top(weight.astype(np.float64), city.scaled(COMPOUND_ORGANISATIONS), rng)
    names, codes = compound["name"].tolist(), compound["area_code"].tolist()
    loads, grid_names, grid_loads = (
        t.tolist() for t in (compound["households"], grid["name"], grid["households"])
    )
    leads: dict[tuple[int, int], int] = {}
    over_grid: dict[int, int] = {}
    own: dict[int, int] = {}
    for c, g in pairs.tolist():
        if not chosen[c - 1]:
            continue
        code, several = codes[c - 1], grids_of[c] > 1
        if c not in own:
            parent = root[code]
            if not several and compounds_in[g] > 1:
                if g not in over_grid:
                    title = grid_names[g - 1] + "党总支"
                    over_grid[g] = tree.add(title, code, parent, "grid", "general_branch", 0, grid_id=g)
                parent = over_grid[g]
            rank, title = ("general_branch", "党总支") if several else ("branch", "党支部")
            name = names[c - 1] + title
            own[c] = tree.add(name, code, parent, "compound", rank, loads[c - 1], compound_id=c)
        leads[c, g] = own[c]
        if several:
            title = grid_names[g - 1] + "党支部"
            leads[c, g] = tree.add(title, code, own[c], "grid", "branch", grid_loads[g - 1], grid_id=g)
    return leads


def _groups(
    tree: Tree,
    city: City,
    tables: dict[str, Any],
    leads: dict[tuple[int, int], int],
    rng: np.random.Generator,
) -> None:
    """Form the building groups: runs of neighbouring buildings of one compound in one grid."""
    building, names = tables["building"], tables["compound"]["name"].tolist()
    housing = building[(building["use"] == "housing") & building["compound_id"].notna()]
    runs = {
        k: found for k, found in housing.groupby(["compound_id", "grid_id"]).indices.items() if k in leads
    }
    keys = sorted(runs)
    ids, households = housing["id"].to_numpy(), housing["households"].to_numpy()
    serial, codes = housing["code"].str[-4:].astype(int).to_numpy(), housing["area_code"].tolist()
    load = np.array([households[runs[key]].sum() for key in keys])
    most = np.array([len(runs[key]) for key in keys])
    count = _shared_out(load, most, city.scaled(BUILDING_GROUPS))
    group = np.zeros(len(building), np.int64)
    for key, n in zip(keys, count.tolist(), strict=True):
        members = runs[key][np.argsort(serial[runs[key]])]
        for mine in np.array_split(members, n) if n else ():
            title = names[int(key[0]) - 1] + _range(serial[mine].tolist()) + "党小组"
            load_here = int(households[mine].sum())
            here = tree.add(title, codes[mine[0]], leads[key], "building", "group", load_here)
            group[ids[mine] - 1] = here
    _entrance_groups(tree, tables, group, rng)
    building["organisation_id"] = nullable(group)


def _shared_out(load: NDArray[np.int64], most: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Return how many groups each gets: by load, `total` in all, no more than it has buildings."""
    count = np.minimum(exact(load.astype(np.float64), total), most)
    while (missing := total - int(count.sum())) > 0:
        room = np.where(count < most, -load / (count + 1), np.inf)
        count[np.argsort(room, kind="stable")[: min(missing, int((count < most).sum()))]] += 1
    return count


def _entrance_groups(
    tree: Tree, tables: dict[str, Any], group: NDArray[np.int64], rng: np.random.Generator
) -> None:
    """Give each entrance of some very large buildings a group under the building's."""
    building, entrance = tables["building"], tables["entrance"]
    large = (building["households"].to_numpy() >= LARGE_BUILDING) & (group > 0)
    large &= rng.random(len(building)) < LARGE_SHARE
    of = entrance["building_id"].to_numpy() - 1
    chosen = np.flatnonzero(large[of])
    names = tables["compound"]["name"].to_numpy()[
        building["compound_id"].fillna(1).to_numpy().astype(int) - 1
    ]
    titles = names[of] + building["name"].to_numpy()[of] + entrance["name"].to_numpy() + "党小组"
    codes, loads = entrance["area_code"].tolist(), entrance["households"].tolist()
    own = np.zeros(len(entrance), np.int64)
    for n in chosen.tolist():
        own[n] = tree.add(titles[n], codes[n], int(group[of[n]]), "entrance", "group", loads[n])
    entrance["organisation_id"] = nullable(own)


def _range(serials: list[int]) -> str:
    """Return the name of a run of buildings, like ``3—5栋``."""
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
    table = pd.DataFrame(
        {"id": np.arange(1, n + 1), "name": columns["name"], "initials": initials(columns["name"])}
    )
    table["area_code"] = columns["area_code"]
    for key in ("parent_id", "level", "rank", "area_id", "compound_id", "grid_id"):
        table[key] = nullable(np.array(columns[key])) if key.endswith("_id") else columns[key]
    table["secretary_filled"] = rng.random(n) >= np.where(level == "building", VACANT * 1.8, VACANT)
    table["member_count"] = pd.Series(members).astype("Int64").mask(~known)
    households = np.round(members * rng.uniform(0.05, 0.12, n)).astype(np.int64)
    table["member_household_count"] = pd.Series(households).astype("Int64").mask(~known)
    return table


def grid_workers(city: City, tables: dict[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """Return the posts: a full-time worker per grid as far as they go, others by load."""
    grid = tables["grid"]
    load = grid["households"].to_numpy().astype(np.float64)
    full = city.scaled(FULL_TIME_WORKERS)
    order = np.argsort(-load, kind="stable")
    held = np.concatenate([order[: min(full, len(order))], order[: max(0, full - len(order))]])
    posts = [("full_time", held)]
    for name, total in (("part_time", PART_TIME_WORKERS), ("auxiliary", AUXILIARY_WORKERS)):
        count = exact((load + 12) * rng.uniform(0.8, 1.2, len(load)), city.scaled(total))
        posts.append((name, np.repeat(np.arange(len(load)), count)))
    at = np.concatenate([where for _, where in posts])
    role = np.repeat([post for post, _ in posts], [len(where) for _, where in posts])
    return pd.DataFrame(
        {
            "id": np.arange(1, len(at) + 1),
            "area_code": grid["area_code"].to_numpy()[at],
            "grid_id": at + 1,
            "role": role.astype(object),
        }
    )


def grid_posts(tables: dict[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """Return the posts of the "3+×" force: most grids have their three, and some members and volunteers."""
    grid = tables["grid"]
    n = len(grid)
    held = {post: rng.random(n) < share for post, share in POSTS_FILLED.items()}
    count = {post: there.astype(int) for post, there in held.items()}
    count["member"], count["volunteer"] = rng.poisson(3.0, n), rng.poisson(4.5, n)
    at = np.concatenate([np.repeat(np.arange(n), each) for each in count.values()])
    post = np.repeat(list(count), [int(each.sum()) for each in count.values()])
    return pd.DataFrame(
        {
            "id": np.arange(1, len(at) + 1),
            "area_code": grid["area_code"].to_numpy()[at],
            "grid_id": at + 1,
            "post": post.astype(object),
        }
    )
