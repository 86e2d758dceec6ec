"""Print sheets of a drawing: the map with codes and households, and the buildings of each micro-grid.

Where the map of the community has no room for all codes, each grid has a page of its own.

Set by Typst in the fonts that the pages ship, like the report (docs/decisions/009-the-report.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import typst
from sqlalchemy.orm import Session

from data.alignment_layers import plane_frame
from data.bulk import geo_frame_of
from data.catalogue import Text
from data.cities import today
from data.drawing_compounds import holders
from data.drawing_files import cells_with_buildings
from data.drawing_ground import Ground, read_ground
from data.drawing_map import (
    COMPOUND,
    FRAME,
    GREEN,
    GRID,
    HOME,
    HOUSE_LINE,
    KERB,
    LINE,
    OTHER,
    WATER,
    Layers,
    Plate,
    along,
    colours,
    drawn,
    named,
    numbered,
)
from data.drawing_publishing import micro_grids
from data.drawings import Sheet
from data.queries import areas
from data.report.typeset import prepare_fonts
from data.scope import Scope
from data.store import Store
from models import Green, Road, Water
from models.enums import PlanStatus

TEMPLATE = Path(__file__).with_name("drawing_print.typ")
Paper = Literal["a4", "a3"]
Language = Literal["zh", "en"]
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u2028\u2029\ufeff]")
_NUMBER = re.compile(r"\d+(?=\D*$)")


class Format(NamedTuple):
    """A landscape page and the frame of its map in millimetres, letters in points, columns of a list."""

    wide: float
    tall: float
    map_wide: float
    map_tall: float
    code: float
    under: float
    small: float
    columns: int


PAPERS: dict[Paper, Format] = {
    "a4": Format(297, 210, 220, 173, 6.5, 5.5, 5.0, 3),
    "a3": Format(420, 297, 340, 260, 8.5, 7.0, 6.0, 4),
}

TEXTS: dict[str, Text] = {
    "map": Text("{area}微网格图", "Micro-grids of {area}"),
    "list": Text("{area}微网格楼栋清单", "Buildings by micro-grid, {area}"),
    "plan": Text("方案 {n}“{title}”", "Plan {n}, {title}"),
    "draft": Text("草稿，未发布", "Draft, not published"),
    "published": Text("已发布", "Published"),
    "dropped": Text("已放弃", "Given up"),
    "printed": Text("{date}打印", "Printed on {date}"),
    "area": Text("所在", "Where"),
    "micro_grids": Text("微网格", "Micro-grids"),
    "count": Text("{n} 个", "{n}"),
    "households": Text("户数", "Households"),
    "homes": Text("{n} 户", "{n} households"),
    "within": Text("{a}–{b} 户内", "With {a}–{b}"),
    "in_area": Text("社区", "Community"),
    "buildings": Text("楼栋", "Buildings"),
    "buildings_n": Text("{n} 栋", "{n} buildings"),
    "scale": Text("比例尺", "Scale"),
    "north": Text("北", "N"),
    "legend": Text("图例", "Legend"),
    "micro_grid": Text("微网格、编号、户数", "Micro-grid, code, households"),
    "grid": Text("网格界", "Grid"),
    "compound": Text("小区界", "Compound"),
    "community": Text("社区界", "Community"),
    "home": Text("住宅楼", "Building with households"),
    "other": Text("其他楼栋", "Other building"),
    "road": Text("道路", "Road"),
    "water": Text("水面", "Water"),
    "green": Text("绿地", "Green"),
    "unplaced": Text("图上放不下的编号：{codes}，见清单。", "No room on the map for {codes}; see the list."),
    "see_parts": Text(
        "{n} 个编号图上放不下，见各网格分图。", "No room here for {n} codes; see the pages of the grids."
    ),
    "short": Text("编号省去了开头的社区代码 {code}。", "Codes are given without the community's, {code}."),
    "survey": Text("界线供网格管理用，不作划界依据。", "For the work in grids; no evidence of boundaries."),
    "in_grid": Text("网格：{name}", "Grid: {name}"),
    "in_compound": Text("小区：{name}", "Compound: {name}"),
    "body": Text("责任单位：{name}", "Responsible: {name}"),
    "no_body": Text("责任单位：未填", "Responsible: not given"),
    "nameless": Text("（无名楼栋）", "(no name)"),
    "part": Text("{name}（{all} 个单元中的 {n} 个）", "{name} ({n} of {all} entrances)"),
    "loose": Text("未划入微网格", "In no micro-grid"),
    "guessed": Text("户数带 * 的为按层数和占地估算。", "* estimated from floors and footprint."),
    "no_buildings": Text("没有楼栋", "No building"),
    "page": Text("第 {n} 页，共 {all} 页", "Page {n} of {all}"),
}


def print_sheets(
    store: Store,
    scope: Scope,
    sheet: Sheet,
    fonts: Path,
    cache: Path,
    paper: Paper = "a4",
    language: Language = "zh",
    on: date | None = None,
) -> bytes:
    """Return the map page and the lists of a drawing as a PDF, landscape.

    Parameters
    ----------
    fonts, cache
        As `data.report.pdf` takes them.
    on
        Day that the page names; today unless given.
    """
    content, svgs = contents(store, scope, sheet, paper, language, on)
    text = _CONTROL.sub(" ", json.dumps(content, ensure_ascii=False, allow_nan=False))
    with TemporaryDirectory(prefix="pingqi-print-") as folder:
        root = Path(folder)
        (root / "print.typ").write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
        (root / "print.json").write_text(text, encoding="utf-8")
        for n, svg in enumerate(svgs):
            (root / f"map{n}.svg").write_text(svg, encoding="utf-8")
        prepare_fonts(text, fonts, cache)
        found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(cache)])
        return bytes(typst.compile(root / "print.typ", root=root, font_paths=found, format="pdf"))


def contents(
    store: Store,
    scope: Scope,
    sheet: Sheet,
    paper: Paper = "a4",
    language: Language = "zh",
    on: date | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Return what stands on the pages as plain data, and the maps as SVG."""

    def say(key: str, **values: object) -> str:
        return TEXTS[key][language].format(**values)

    with store.reading() as session:
        ground = read_ground(session, scope, [sheet.area_code])
        path = [one.name for one in areas.path(session, scope, sheet.area_code)]
        around = [_around(session, ground, *one) for one in _AROUND]
    atlas = _Atlas(sheet, ground, micro_grids(sheet), around, PAPERS[paper], say, " ".join(path[:-1]))
    pages = atlas.pages()
    day = on or today()
    date_text = f"{day.year} 年 {day.month} 月 {day.day} 日" if language == "zh" else f"{day.day} {day:%b %Y}"
    shown = {
        "language": language,
        "format": PAPERS[paper]._asdict(),
        "title": say("map", area=sheet.area_name),
        "list_title": say("list", area=sheet.area_name),
        "plan": say("plan", n=sheet.plan_id, title=sheet.title),
        "status": say(sheet.status.value),
        "is_draft": sheet.status is not PlanStatus.PUBLISHED,
        "date": say("printed", date=date_text),
        "page": say("page", n="{n}", all="{all}"),
        "north": say("north"),
        "scale": say("scale"),
        "legend_title": say("legend"),
        "legend": _legend(ground, around, say),
        "pages": [one for one, _svg in pages],
        "groups": _groups(sheet, ground, atlas.frame, say),
        "guessed": say("guessed") if sheet.cells.estimated.any() else "",
    }
    return shown, [svg for _one, svg in pages]


# --- the map page ---

_AROUND: tuple[tuple[Any, list[str]], ...] = (
    (Road, ["name", "road_class"]),
    (Water, ["name"]),
    (Green, ["name"]),
)


def _around(session: Session, ground: Ground, model: Any, columns: list[str]) -> gpd.GeoDataFrame:
    """Return what may lie in the frame of a map of the community, in metres."""
    shape = ground.communities.geometry.iloc[0]
    west, south, east, north = shape.bounds
    frame = shapely.buffer(shapely.box(west, south, east, north), 2 * max(east - west, north - south))
    (degrees,) = ground.plane.degrees(np.array([frame], dtype=object))
    found = geo_frame_of(session, model, columns)
    inside = np.unique(shapely.STRtree(_shapes(found)).query(degrees, predicate="intersects"))
    return plane_frame(found.iloc[inside].reset_index(drop=True), ground.plane)


def _shapes(frame: gpd.GeoDataFrame) -> Any:
    return np.asarray(frame.geometry.values, dtype=object)


@dataclass
class _Atlas:
    """The map of the community, and those of its grids where it has no room for all codes."""

    sheet: Sheet
    ground: Ground
    frame: gpd.GeoDataFrame
    around: list[gpd.GeoDataFrame]
    form: Format
    say: Callable[..., str]
    above: str

    def pages(self) -> list[tuple[dict[str, Any], str]]:
        """Return what stands on each map page, and its map as SVG."""
        layers, sheet = self._layers(), self.sheet
        shape = self.ground.communities.geometry.iloc[0]
        everything = np.ones(len(self.frame), dtype=bool)
        whole, left, svg = self._page(layers, shape, everything, sheet.area_name, None)
        grids = self.ground.grids[self.ground.grids["id"].isin(set(self.frame["grid"].dropna()))]
        notes = [self.say("short", code=sheet.area_code)]
        found = [(whole, svg)]
        if left and len(grids) > 1:
            notes.append(self.say("see_parts", n=len(left)))
            found += [self._part(layers, row) for row in grids.sort_values("id").itertuples(index=False)]
        elif left:
            notes.append(self.say("unplaced", codes="、".join(sorted(left))))
        whole["notes"] = [*notes, self.say("survey")]
        return found

    def _part(self, layers: Layers, grid: Any) -> tuple[dict[str, Any], str]:
        """Return the page of a grid."""
        mine = (self.frame["grid"] == grid.id).to_numpy()
        name = _text(grid.name) or grid.id
        shape = shapely.union_all(_shapes(self.frame)[mine])
        page, left, svg = self._page(layers, shape, mine, name, shape)
        notes = [self.say("short", code=self.sheet.area_code)]
        if left:
            notes.append(self.say("unplaced", codes="、".join(sorted(left))))
        return page | {"notes": notes}, svg

    def _page(
        self, layers: Layers, shape: Any, mine: Any, name: str, focus: Any
    ) -> tuple[dict[str, Any], list[str], str]:
        form, sheet = self.form, self.sheet
        plate = Plate.around(shape, form.map_wide, form.map_tall)
        some = self.frame[mine]
        texts = [
            (code.removeprefix(sheet.area_code) or code, self.say("homes", n=f"{load:,}"))
            for code, load in zip(some["code"], some["households"], strict=True)
        ]
        codes, left = named(plate, _shapes(some), texts, (form.code, form.under))
        road, built = self.around[0], self.ground.buildings
        streets = along(plate, layers.roads, [_text(one) for one in road["name"]], form.under)
        if focus is not None:
            built = built[shapely.intersects(focus, _shapes(built))]
        numbers = [_number(_text(one)) for one in built["name"]]
        houses = numbered(plate, _shapes(built), numbers, form.small)
        letters = {"codes": codes, "streets": streets, "houses": houses}
        page = {
            "title": self.say("map", area=name),
            "facts": self._facts(some, mine, focus is None),
            "letters": {key: [asdict(one) for one in found] for key, found in letters.items()},
            "scale_text": f"1:{plate.scale:,.0f}",
            "bar_mm": plate.bar_m() / plate.scale * 1000,
            "bar_text": f"{plate.bar_m():g} m",
        }
        return page, left, drawn(plate, layers, focus)

    def _layers(self) -> Layers:
        draft, ground = self.sheet.draft, self.ground
        number = {one: n for n, one in enumerate(self.frame["id"])}
        label = np.array([number.get(one, -1) for one in draft.owner.tolist()], dtype=np.int64)
        load = pd.Series(draft.fabric.households).groupby(draft.fabric.building).sum()
        lived = ground.buildings["id"].map(load).fillna(0).to_numpy() > 0
        built = _shapes(ground.buildings)
        road, water, green = self.around
        return Layers(
            ground.communities.geometry.iloc[0],
            _shapes(self.frame),
            colours(draft.fabric, label, len(self.frame)),
            _shapes(holders(self.sheet, self.sheet.cells.grid)),
            _shapes(ground.compounds),
            built[lived],
            built[~lived],
            _shapes(road),
            [one.value for one in road["road_class"]],
            _shapes(water),
            _shapes(green),
        )

    def _facts(self, some: gpd.GeoDataFrame, mine: Any, whole: bool) -> list[list[str]]:  # noqa: FBT001
        say, draft, band = self.say, self.sheet.draft, self.sheet.draft.band
        lived, within = some["households"] > 0, some["households"].between(band.least, band.most)
        ids = set(self.frame["id"].to_numpy()[mine])
        inside = np.array([whole or one in ids for one in draft.owner.tolist()], dtype=bool)
        buildings = set(draft.fabric.building[inside].tolist()) - {None}
        where = [say("area"), self.above] if whole else [say("in_area"), self.sheet.area_name]
        return [
            where,
            [say("micro_grids"), say("count", n=f"{len(some):,}")],
            [
                say("within", a=f"{band.least:g}", b=f"{band.most:g}"),
                f"{int((within & lived).sum()):,} / {int(lived.sum()):,}",
            ],
            [say("households"), say("homes", n=f"{draft.fabric.households[inside].sum():,.0f}")],
            [say("buildings"), say("buildings_n", n=f"{len(buildings):,}")],
        ]


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(name: str) -> str:
    """Return the last number of a building's name: what is painted on it."""
    found = _NUMBER.search(name)
    return found.group() if found else ""


def _legend(ground: Ground, around: list[gpd.GeoDataFrame], say: Any) -> list[dict[str, Any]]:
    """Return what is on the map, as lines and as fills."""
    road, water, green = around
    entries = [
        (True, "micro_grid", {"stroke": LINE, "width": 0.4, "fill": "#f6e3c5"}),
        (len(ground.grids), "grid", {"stroke": GRID, "width": 0.9}),
        (len(ground.compounds), "compound", {"stroke": COMPOUND, "width": 0.3, "dash": True}),
        (True, "community", {"stroke": FRAME, "width": 0.8, "dash": True}),
        (True, "home", {"stroke": HOUSE_LINE, "width": 0.2, "fill": HOME}),
        (True, "other", {"stroke": HOUSE_LINE, "width": 0.2, "fill": OTHER}),
        (len(road), "road", {"stroke": KERB, "width": 0.3, "fill": "#ffffff"}),
        (len(water), "water", {"stroke": WATER, "width": 0.2, "fill": WATER}),
        (len(green), "green", {"stroke": GREEN, "width": 0.2, "fill": GREEN}),
    ]
    plain = {"fill": None, "dash": False}
    return [plain | style | {"label": say(key)} for there, key, style in entries if there]


# --- the lists ---


def _groups(sheet: Sheet, ground: Ground, frame: gpd.GeoDataFrame, say: Any) -> list[dict[str, Any]]:
    """Return the buildings of each micro-grid with their households, those in none last."""
    grid = dict(zip(ground.grids["id"], ground.grids["name"], strict=True))
    compound = dict(zip(ground.compounds["id"], ground.compounds["name"], strict=True))
    cells = cells_with_buildings(sheet)
    inside = dict(zip(sheet.draft.fabric.building, sheet.compounds(), strict=True))
    cells["place"] = [_text(compound.get(inside[one])) for one in cells["building_id"]]
    entrances = cells["building_id"].value_counts()
    cells["micro_grid_id"] = cells["micro_grid_id"].where(cells["micro_grid_id"].notna(), "")
    held = {str(one): some for one, some in cells.groupby("micro_grid_id", sort=False)}
    groups = []
    for row in frame.itertuples(index=False):
        body = row.responsible_body
        about = [say("body", name=body) if isinstance(body, str) and body else say("no_body")]
        about = [
            *(say(key, name=_text(of.get(one)) or one) for key, of, one in _around_it(row, grid, compound)),
            *about,
        ]
        groups.append(
            {
                "code": row.code.removeprefix(sheet.area_code) or row.code,
                "name": _text(row.name),
                "sum": say("homes", n=f"{row.households:,}"),
                "about": "　".join(about),
                "rows": _rows(held.get(row.id), entrances, say),
                "empty": say("no_buildings"),
            }
        )
    if "" in held:
        load = held[""]["households"].sum()
        rows = _rows(held[""], entrances, say)
        loose = {"code": "—", "name": say("loose"), "sum": say("homes", n=f"{load:,.0f}"), "about": ""}
        groups.append(loose | {"rows": rows, "empty": ""})
    return groups


def _around_it(row: Any, grid: dict[str, str], compound: dict[str, str]) -> list[tuple[str, Any, str]]:
    pairs = (("in_grid", grid, row.grid), ("in_compound", compound, row.compound))
    return [(key, of, one) for key, of, one in pairs if isinstance(one, str)]


def _rows(cells: pd.DataFrame | None, entrances: pd.Series[int], say: Any) -> list[list[str]]:
    """Return what each building is called, and its households here."""
    if cells is None:
        return []
    rows, several = [], len(set(cells["place"])) > 1
    for building, some in cells.groupby("building_id", sort=False):
        name, all_ = str(some["building"].iloc[0]) or say("nameless"), int(entrances[building])
        if several:
            name = f"{some['place'].iloc[0]} {name}".strip()
        if len(some) < all_:
            name = say("part", name=name, all=all_, n=len(some))
        star = "*" if some["estimated"].any() else ""
        rows.append([name, f"{some['households'].sum():,.0f}{star}"])
    return sorted(rows, key=lambda one: _order(one[0]))


def _order(name: str) -> list[tuple[int, int, str]]:
    """Return what sorts 2号楼 before 10号楼."""
    return [
        (1, int(part), "") if part.isdecimal() else (0, 0, part) for part in re.split(r"(\d+)", name) if part
    ]
