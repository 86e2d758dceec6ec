"""Claims and ratings over two years: seasons, places that do more, places with hardly any ratings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.demo.city import City, centres, smooth_field
from data.demo.figures import CLAIMS
from data.demo.places import nullable
from data.demo.programme import exact
from data.demo.words import ITEMS

if TYPE_CHECKING:
    import geopandas as gpd

FIRST, LAST = date(2024, 11, 1), date(2026, 10, 31)
SEASON = np.array([0.75, 0.55, 1.15, 1.1, 1.15, 1.2, 1.45, 0.95, 1.15, 1.05, 1.1, 1.0])
"""Claims by month, January first: little around Spring Festival, much around 1 July."""
ACTIVITY = {"residential": 1.15, "transitional": 0.6, "aged": 0.95, "work_unit": 1.1}
SATISFACTION = {"residential": 1.65, "transitional": 0.55, "aged": 1.05, "work_unit": 1.5}
WITHOUT_COMPOUND = 0.055
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
