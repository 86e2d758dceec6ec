"""Stations of three tiers, assist points and canteens."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from data.demo.city import City, centres
from data.demo.figures import (
    ASSIST_POINTS,
    CANTEENS,
    DAILY_DINERS,
    DINERS_SERVED,
    ITEMS_HANDLED,
    MICRO_STATIONS,
    PERSON_TIMES,
    PILOT_STATION_M2,
)
from data.demo.names import initials
from data.demo.places import frame, nullable, top
from data.demo.programme import exact

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

ORIGINS = np.array(["new_built", "shared", "converted"], dtype=object)


def stations(city: City, tables: dict[str, gpd.GeoDataFrame], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the stations: one per subdistrict and community, micro ones in every pilot and elsewhere."""
    area, compound = tables["area"], tables["compound"]
    upper = area[area["level"].isin(["subdistrict", "community"])]
    tier = upper["level"].to_numpy()
    label = np.where(tier == "subdistrict", "党群服务中心", "党群服务站")
    place = _near_buildings(centres(upper.geometry.to_numpy()), tables["building"], rng)
    pilot = compound["pilot"].to_numpy()
    total = max(city.scaled(MICRO_STATIONS), int(pilot.sum()))
    weight = np.sqrt(compound["households"].to_numpy().astype(np.float64))
    more = top(np.where(pilot, 1e-12, weight), total - int(pilot.sum()), rng)
    at = np.concatenate([np.flatnonzero(pilot), np.flatnonzero(more)])
    micro_m2: NDArray[np.float64] = np.clip(rng.lognormal(3.5, 0.35, len(at)), 15.0, 120.0).round(1)
    micro_m2[: int(pilot.sum())] = _with_mean(micro_m2[: int(pilot.sum())], PILOT_STATION_M2)
    name = [*(upper["name"] + label), *(compound["name"].to_numpy()[at] + "党群服务微站")]
    n, upper_n = len(name), len(upper)
    opened = [date(2022, 1, 10) + timedelta(days=int(d)) for d in rng.integers(0, 350, n)]
    opened[:upper_n] = [
        date(int(y), int(m), 1)
        for y, m in zip(rng.integers(2016, 2022, upper_n), rng.integers(1, 13, upper_n), strict=True)
    ]
    area_m2 = np.where(
        tier == "subdistrict", rng.uniform(900, 2_600, upper_n), rng.uniform(260, 900, upper_n)
    ).round(0)
    return frame(
        {
            "name": name,
            "initials": initials(name),
            "area_code": [*upper["code"], *compound["area_code"].to_numpy()[at]],
            "compound_id": nullable(np.concatenate([np.zeros(upper_n, int), at + 1])),
            "tier": [*tier, *np.full(len(at), "micro", dtype=object)],
            "origin": ORIGINS[rng.choice(3, n, p=(0.38, 0.34, 0.28))],
            "floor_area_m2": np.concatenate([area_m2, micro_m2]),
            "opened_on": opened,
        },
        np.concatenate([shapely.points(place), shapely.points(_gates(tables, at, rng))]),
    )


def _with_mean(values: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """Shift tenths so that the mean is `mean` to the last tenth of the sum."""
    tenths = np.round(values * 10).astype(np.int64)
    missing = round(mean * 10 * len(values)) - int(tenths.sum())
    tenths += missing // len(values)
    tenths[: missing % len(values)] += 1
    result: NDArray[np.float64] = tenths / 10
    return result


def _near_buildings(
    xy: NDArray[np.float64], building: gpd.GeoDataFrame, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Move each point to the middle of the nearest shop, office or public building, or else of any."""
    fit = building[building["use"].isin(["shop", "public", "office"])]
    middle = centres((fit if len(fit) else building).geometry.to_numpy())
    tree = shapely.STRtree(shapely.points(middle))
    nearest = tree.nearest(shapely.points(xy + rng.normal(0, 30, xy.shape)))
    result: NDArray[np.float64] = middle[nearest]
    return result


def _gates(
    tables: dict[str, gpd.GeoDataFrame], at: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return a place in each compound: the middle of one of its buildings."""
    building = tables["building"]
    owner = building["compound_id"].fillna(0).to_numpy().astype(int)
    order = np.argsort(owner, kind="stable")
    start = np.searchsorted(owner[order], at + 1)
    stop = np.searchsorted(owner[order], at + 1, side="right")
    pick = order[start + (rng.random(len(at)) * (stop - start)).astype(int)]
    return centres(building.geometry.to_numpy()[pick])


def assist_points(
    city: City, tables: dict[str, gpd.GeoDataFrame], rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Return the assist points: in community stations as far as they go, then in compounds."""
    station = tables["station"]
    total = city.scaled(ASSIST_POINTS)
    order = np.argsort(
        station["tier"].map({"community": 0, "micro": 1, "subdistrict": 2}).to_numpy(), kind="stable"
    )
    chosen = station.iloc[order[:total]]
    name = chosen["name"].str.replace(r"党群服务(站|微站|中心)$", "帮办代办点", regex=True).tolist()
    weight = rng.lognormal(0, 0.7, len(chosen))
    items = exact(weight, city.scaled(ITEMS_HANDLED))
    extra = city.scaled(PERSON_TIMES) - int(items.sum())
    xy = shapely.get_coordinates(chosen.geometry.to_numpy()) + rng.uniform(-4, 4, (len(chosen), 2))
    return frame(
        {
            "name": name,
            "area_code": chosen["area_code"].to_numpy(),
            "items_handled": items,
            "person_times": items + exact(items * rng.uniform(0.4, 1.9, len(chosen)) + 0.01, extra),
        },
        shapely.points(xy),
    )


def canteens(city: City, tables: dict[str, gpd.GeoDataFrame], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the canteens, in communities where many live."""
    area = tables["area"]
    community = area[area["level"] == "community"]
    load = community["households"].to_numpy().astype(np.float64)
    total = city.scaled(CANTEENS)
    chosen = community[top(load + 1, min(total, len(community)), rng)]
    daily = exact(rng.lognormal(0, 0.45, len(chosen)), city.scaled(DAILY_DINERS))
    served = exact(daily * rng.uniform(0.6, 1.5, len(chosen)), city.scaled(DINERS_SERVED))
    xy = centres(chosen.geometry.to_numpy()) + rng.normal(0, 90, (len(chosen), 2))
    return frame(
        {
            "name": [f"{name}食堂" for name in chosen["name"]],
            "area_code": chosen["code"].to_numpy(),
            "daily_diners": daily,
            "diners_served": served,
        },
        shapely.points(_near_buildings(xy, tables["building"], rng)),
    )


def figures(city: City, reported: dict[str, int], on: date) -> pd.DataFrame:
    """Return what is only reported, for the area that the demo covers."""
    code = city.places[0].code
    return pd.DataFrame(
        {
            "id": np.arange(1, len(reported) + 1),
            "area_code": code,
            "key": list(reported),
            "value": [float(city.scaled(value)) for value in reported.values()],
            "as_of": [on] * len(reported),
        }
    )
