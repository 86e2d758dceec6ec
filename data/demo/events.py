"""Requests, claims and ratings over two years: seasons, places that do more, places with hardly any."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj

from data.demo.city import City, centres, smooth_field
from data.demo.figures import CLAIMS, METRIC_EPSG, REQUESTS, STORED_EPSG
from data.demo.places import nothing, nullable
from data.demo.programme import exact
from data.demo.words import ITEMS, REQUEST_BODIES, REQUEST_KINDS
from geo.hexagons import cells
from geo.locate import Points

if TYPE_CHECKING:
    from typing import Any

    import geopandas as gpd
    from numpy.typing import NDArray

FIRST, LAST = date(2024, 11, 1), date(2026, 10, 31)
SEASON = np.array([0.75, 0.55, 1.15, 1.1, 1.15, 1.2, 1.45, 0.95, 1.15, 1.05, 1.1, 1.0])
"""Claims by month, January first: little around Spring Festival, much around 1 July."""
ACTIVITY = {"residential": 1.15, "transitional": 0.6, "aged": 0.95, "work_unit": 1.1}
SATISFACTION = {"residential": 1.65, "transitional": 0.55, "aged": 1.05, "work_unit": 1.5}
WITHOUT_COMPOUND = 0.055
PLACE = ["place", "building_id", "compound_id", "grid_id", "micro_grid_id", "lon", "lat", "cell"]
LONGEST_WAIT = 20
"""Days within which a claim may answer a request."""
OPEN_LAND = 0.08
"""Share of requests about a place near a building, in a street or a park."""
ITEM_TASTE = {"required": 1.25, "elective": 1.0, "recommended": 0.8}


def claims(city: City, tables: dict[str, gpd.GeoDataFrame], rng: np.random.Generator) -> pd.DataFrame:
    """Return the claims, in the order of their dates."""
    compound = tables["compound"]
    n = len(compound)
    kind = compound["kind"].to_numpy()
    taste = np.array([ACTIVITY[k] for k in kind]) * np.exp(
        0.55 * smooth_field(centres(compound.geometry.to_numpy()), rng)
    )
    weight = (compound["households"].to_numpy() + 60) * taste * rng.lognormal(0, 0.7, n)
    weight *= np.where(compound["pilot"].to_numpy(), 1.7, 1.0)
    of = np.repeat(np.arange(n), exact(weight, city.scaled(CLAIMS)))
    total = len(of)
    days = np.arange((LAST - FIRST).days + 1)
    calendar = [FIRST + timedelta(days=int(d)) for d in days]
    pull = np.array([SEASON[d.month - 1] * (0.45 if d.weekday() > 4 else 1.0) for d in calendar])
    pull *= np.linspace(0.85, 1.15, len(days))
    day = rng.choice(days, total, p=pull / pull.sum())
    order = np.lexsort((of, day))
    of, day = of[order], day[order]
    lag = np.round(rng.gamma(1.6, 9.0, total)).astype(int) + 1
    never = rng.random(total) < 0.045
    done = np.where(never | (day + lag > days[-1]), -1, day + lag)
    catalogue = [(source, title) for source, titles in ITEMS.items() for title in titles]
    pull_item = np.array([ITEM_TASTE[source] for source, _ in catalogue]) * rng.lognormal(
        0, 0.45, len(catalogue)
    )
    item = rng.choice(len(catalogue), total, p=pull_item / pull_item.sum())
    known = rng.random(total) >= WITHOUT_COMPOUND
    when = np.array([*calendar, None], dtype=object)
    return pd.DataFrame(
        {
            "id": np.arange(1, total + 1),
            "area_code": compound["area_code"].to_numpy()[of],
            "compound_id": nullable(np.where(known, of + 1, 0)),
            "item": np.array([title for _, title in catalogue], dtype=object)[item],
            "source": np.array([source for source, _ in catalogue], dtype=object)[item],
            "body": np.array(["unit", "organisation", "member"], dtype=object)[
                rng.choice(3, total, p=(0.34, 0.29, 0.37))
            ],
            "claimed_on": when[day],
            "done_on": when[done],
        }
    )


def requests(city: City, tables: dict[str, gpd.GeoDataFrame], rng: np.random.Generator) -> pd.DataFrame:
    """Return what residents asked for: most at a building, some on open land."""
    building = tables["building"]
    homes = building["households"].fillna(0).to_numpy().astype(np.float64)
    n = city.scaled(REQUESTS)
    of = rng.choice(len(building), n, p=homes / homes.sum())
    start = np.datetime64(FIRST, "s").astype(np.int64)
    asked = np.sort(start + rng.integers(0, (LAST - FIRST).days * 86_400, n))
    slow = np.exp(0.5 * smooth_field(centres(building.geometry.to_numpy()), rng))[of]
    responded = asked + (rng.gamma(0.9, 2_400.0, n) * slow).astype(np.int64) + 60
    done = np.maximum(responded, asked + (rng.gamma(1.3, 110_000.0, n) * slow).astype(np.int64))
    due = asked + rng.choice([1, 3, 7, 15], n, p=(0.2, 0.3, 0.35, 0.15)) * 86_400
    end = int(np.datetime64(LAST, "s").astype(np.int64)) + 86_400
    kind = rng.choice(len(REQUEST_KINDS), n, p=(0.24, 0.2, 0.2, 0.14, 0.12, 0.1))
    open_land = rng.random(n) < OPEN_LAND
    xy = centres(building.geometry.to_numpy())[of] + np.where(
        open_land[:, None], rng.normal(0, 60, (n, 2)), 0
    )
    frame = pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "code": [f"SQ{number:08d}" for number in range(1, n + 1)],
            "kind": np.array(REQUEST_KINDS, dtype=object)[kind],
            "responsible_body": np.array(REQUEST_BODIES, dtype=object)[kind],
            "area_code": building["area_code"].to_numpy()[of],
            "place": np.where(open_land, "point", "building").astype(object),
            "building_id": nullable(np.where(open_land, 0, of + 1)),
            "asked_at": _moments(asked, end),
            "due_at": _moments(due, int(np.iinfo(np.int64).max)),
            "responded_at": _moments(np.where(rng.random(n) < 0.03, end, responded), end),
            "done_at": _moments(np.where(rng.random(n) < 0.05, end, done), end),
            "source_id": nothing(n),
        }
    )
    return _located(frame, xy, tables)


def located(
    records: pd.DataFrame, tables: dict[str, gpd.GeoDataFrame], rng: np.random.Generator
) -> pd.DataFrame:
    """Return claims with a building of their compound each; what is known for a community only stays so."""
    building = tables["building"]
    owner = building["compound_id"].fillna(0).to_numpy().astype(int)
    order = np.argsort(owner, kind="stable")
    wanted = records["compound_id"].fillna(0).to_numpy().astype(int)
    first = np.searchsorted(owner[order], wanted)
    count = np.searchsorted(owner[order], wanted, side="right") - first
    known = (wanted > 0) & (count > 0)
    pick = order[np.where(known, first + (rng.random(len(records)) * count).astype(int), 0)]
    frame = records.assign(
        place=np.where(known, "building", "area").astype(object),
        building_id=nullable(np.where(known, pick + 1, 0)),
    )
    xy = centres(building.geometry.to_numpy())[pick]
    xy[~known] = np.nan
    return _located(frame, xy, tables)


def answered(claim: pd.DataFrame, request: pd.DataFrame) -> pd.Series[int]:
    """Return for each claim the request that it answers, if any: of its community, asked shortly before."""
    _, area = np.unique(np.concatenate([claim["area_code"], request["area_code"]]), return_inverse=True)
    taken, asked = area[: len(claim)], area[len(claim) :]
    day = (pd.to_datetime(claim["claimed_on"]) - pd.Timestamp(FIRST)).dt.days.to_numpy()
    when = (request["asked_at"].dt.tz_localize(None) - pd.Timestamp(FIRST)).dt.days.to_numpy() + 1
    span = (LAST - FIRST).days + 60
    key, wanted = taken * span + day, asked * span + when
    order = np.argsort(key, kind="stable")
    at = np.minimum(np.searchsorted(key[order], wanted), len(order) - 1)
    wait = key[order[at]] - wanted
    near = np.flatnonzero((wait >= 0) & (wait <= LONGEST_WAIT))
    chosen, first = np.unique(order[at[near]], return_index=True)
    found = np.zeros(len(claim), dtype=np.int64)
    found[chosen] = request["id"].to_numpy()[near[first]]
    return nullable(found)


def _located(
    frame: pd.DataFrame, xy: NDArray[np.float64], tables: dict[str, gpd.GeoDataFrame]
) -> pd.DataFrame:
    """Return records with their coordinates in degrees and what lies around them as the city is drawn."""
    back = pyproj.Transformer.from_crs(METRIC_EPSG, STORED_EPSG, always_xy=True)
    known = np.isfinite(xy[:, 0])
    lon, lat = np.full(len(xy), np.nan), np.full(len(xy), np.nan)
    lon[known], lat[known] = back.transform(xy[known, 0], xy[known, 1])
    points = Points(xy[:, 0], xy[:, 1])
    links = {}
    for layer in ("compound", "grid", "micro_grid"):
        found = points.holder(tables[layer].geometry.to_numpy())
        links[f"{layer}_id"] = nullable(np.where(known, found + 1, 0))
    if "compound_id" in frame:
        given = frame["compound_id"].reset_index(drop=True)
        links["compound_id"] = links["compound_id"].fillna(given)
    return frame.assign(lon=lon, lat=lat, cell=nullable(cells(lon, lat).astype(np.int64)), **links)


def _moments(seconds: NDArray[np.int64], end: int) -> pd.Series[Any]:
    """Return times in UTC; what would be after the end has not happened."""
    times = pd.Series(seconds.astype("datetime64[s]")).mask(seconds >= end)
    return times.dt.tz_localize("UTC")


def ratings(
    tables: dict[str, gpd.GeoDataFrame], claim: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the ratings of finished claims; satisfaction changes with place and kind, and rises slowly."""
    compound = tables["compound"]
    xy = centres(compound.geometry.to_numpy())
    level = np.array([SATISFACTION[k] for k in compound["kind"]]) + 0.75 * smooth_field(xy, rng)
    level += rng.normal(0, 0.35, len(compound))
    done = claim[claim["done_on"].notna()]
    eager = rng.gamma(1.1, 4.3, len(done))
    count = rng.poisson(eager)
    of = np.repeat(np.arange(len(done)), count)
    where = done["compound_id"].fillna(0).to_numpy().astype(int)[of]
    base = np.where(where > 0, level[where - 1], level.mean())
    start = np.array([(d - FIRST).days for d in done["done_on"]])[of]
    odds = base + 0.35 * (start / 730 - 0.5)
    good = rng.random(len(of)) < 1 / (1 + np.exp(-odds))
    score = np.where(good, 4 + (rng.random(len(of)) < 0.55), 3 - rng.binomial(2, 0.32, len(of)))
    day = np.minimum(start + rng.geometric(0.25, len(of)), (LAST - FIRST).days)
    order = np.lexsort((of, day))
    calendar = np.array([FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)], dtype=object)
    claim_id = done["id"].to_numpy()[of]
    return pd.DataFrame(
        {
            "id": np.arange(1, len(of) + 1),
            "area_code": done["area_code"].to_numpy()[of][order],
            "compound_id": nullable(where[order]),
            "claim_id": claim_id[order],
            "score": score[order].astype(int),
            "rated_on": calendar[day[order]],
        }
    )
