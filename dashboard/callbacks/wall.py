"""What 大屏 does: the browser asks for a view (``assets/wall.js``), one callback answers with all of it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import shapely
from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update
from dash.exceptions import PreventUpdate
from sqlalchemy.orm import Session

from dashboard import auth, wall_views
from dashboard.components import kpi, legend
from dashboard.components import wall as parts
from dashboard.figures import wall as figures
from dashboard.figures.trend import trend
from dashboard.i18n import _
from dashboard.map_sources import sources
from dashboard.pages import wall as page
from dashboard.services import Services
from dashboard.theme import DARK
from dashboard.view import ALL_KINDS
from dashboard.wall_views import Plan, WallView, Wanted
from data.periods import Window
from data.queries import areas, compounds, kpis, records
from data.queries.areas import AreaRef
from data.queries.records import Measured, Metric
from data.scope import Scope
from data.units import Level
from models.areas import CODE_LENGTH, SIGNIFICANT
from models.enums import AreaLevel

log = logging.getLogger(__name__)

LETTERS = 0.0195
"""Height of the charts' letters, as a share of the screen's."""
ROWS, ROWS_ULTRA_WIDE = 7, 13
ULTRA_WIDE = 3.0
"""From this ratio of width to height upwards, the two ends of a ranking stand side by side."""
GROUND = ("water", "green", "road", "city", "county", "subdistrict", "community")
ANY_ZOOM = [0, 24]
_LEVELS = list(AreaLevel)

OUTPUTS = {
    "shown": Output(page.SHOWN, "data"),
    "path": Output(page.PATH, "children"),
    "place": Output(page.PLACE, "children"),
    "name": Output(page.VIEW_NAME, "children"),
    "steps": Output(page.STEPS, "children"),
    "as_of": Output(page.AS_OF, "children"),
    "figures": Output(page.FIGURES, "children"),
    "chart": Output(page.CHART, "children"),
    "legend": Output(page.LEGEND, "children"),
    "ranking": Output(page.RANKING, "children"),
    "problem": Output(page.PROBLEM, "children"),
    "sources": Output(page.MAP, "sources"),
    "values": Output(page.MAP, "values"),
    "visible": Output(page.MAP, "visible"),
    "zooms": Output(page.MAP, "zooms"),
    "overlays": Output(page.MAP, "overlays"),
    "view": Output(page.MAP, "view"),
}


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the page."""
    app.clientside_callback(
        ClientsideFunction("wall", "tick"),
        Output(page.CLOCK, "children"),
        Output(page.TODAY, "children"),
        Output(page.LOST, "hidden"),
        Output(page.AS_OF, "hidden"),
        Output(page.MAP, "label_scale"),
        Output(page.ASKED, "data"),
        Input(page.TICK, "n_intervals"),
        State(page.SHOWN, "data"),
    )

    @app.callback(
        output=OUTPUTS,
        inputs={"asked": Input(page.ASKED, "data"), "search": State(page.URL, "search")},
        prevent_initial_call=True,
    )
    def show(asked: dict[str, Any] | None, search: str) -> dict[str, Any]:
        if not asked:
            raise PreventUpdate
        return answer(services, auth.scope(), asked, Wanted.of(search))


def answer(services: Services, scope: Scope, asked: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Return what the wall shows, by the names of `OUTPUTS`.

    Parameters
    ----------
    asked
        ``number`` and ``turn`` are handed back; ``index`` of the view; ``width`` and ``height`` of the screen
        in pixels; ``sources`` as the last answer had it.
    """
    revision = services.store.revision()
    with services.store.reading() as session:
        plan = wall_views.laid_out(
            session, scope, wall_views.read(services.settings.home / wall_views.FILE_NAME), wanted
        )
        _log_once(plan.problem)
        if not plan.views:
            return _nothing(asked, revision, plan)
        index = (wanted.view - 1 if wanted.view else int(asked.get("index") or 0)) % len(plan.views)
        view = plan.views[index]
        turning = wanted.view is None and len(plan.views) > 1
        seconds = wanted.seconds or view.seconds or plan.seconds
        found = sources(services, scope)
        digest = hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]
        same_map = digest == asked.get("sources")
        return {
            "shown": {
                "number": asked["number"],
                "turn": asked["turn"],
                "index": index,
                "seconds": seconds,
                "turning": turning,
                "revision": revision,
                "sources": digest,
            },
            "steps": parts.steps(len(plan.views), index, seconds, asked["turn"]) if turning else [],
            "problem": plan.problem,
            "sources": no_update if same_map else found,
            **_Screen(services, session, scope, view, asked).shown(),
        }


@lru_cache(maxsize=8)
def _log_once(problem: str) -> None:
    """Log what is wrong with the configured views, not at every turn."""
    if problem:
        log.error("%s", problem)


def _nothing(asked: dict[str, Any], revision: int, plan: Plan) -> dict[str, Any]:
    """Return the answer of an empty store."""
    shown = {"number": asked["number"], "turn": asked["turn"], "index": 0, "seconds": plan.seconds}
    empty = html.P(_("还没有数据。请在“数据导入”中导入小区、网格等数据。"), className="wall-empty")
    return dict.fromkeys(OUTPUTS, no_update) | {
        "shown": {**shown, "turning": False, "revision": revision, "sources": ""},
        "problem": plan.problem,
        "legend": empty,
    }


class _Screen:
    """Makes one view's screen."""

    def __init__(
        self, services: Services, session: Session, scope: Scope, view: WallView, asked: dict[str, Any]
    ) -> None:
        self.services, self.session, self.scope, self.view = services, session, scope, view
        code = str(view.area)
        self.path = areas.path(session, scope, code)
        self.area = self.path[-1]
        self.inner = scope.narrowed(code)
        self.span = records.span(session, scope)
        self.table = compounds.kinds(session, self.inner)
        self.figures = kpis.kpis(session, self.inner, self.span)
        self.unit = view.unit or Level.COMPOUND
        self.measure = view.measure if self.span else None
        height, width = _pixels(asked.get("height"), 1080), _pixels(asked.get("width"), 1920)
        self.letters = height * LETTERS
        self.rows = ROWS_ULTRA_WIDE if width / height >= ULTRA_WIDE else ROWS
        self.screen = f"{width}x{height}"
        self.padding = round(height * 0.03)
        self.animate = bool(asked["turn"])

    def shown(self) -> dict[str, Any]:
        """Return all that depends on the view."""
        found = self._overlay(self.measure, self.unit) if self.measure and self.span else None
        coloured = self._coloured(found)
        return {
            "path": " › ".join(area.name for area in self.path[:-1]),
            "place": self.area.name,
            "name": self.view.title or self._name(),
            "as_of": kpi.as_of(self.figures),
            "figures": parts.cards(self.figures, self.span),
            "chart": self._kinds_chart() if found is None else self._trend(found.metric, found.window),
            "legend": coloured.legend,
            "ranking": self._beside(found),
            "values": coloured.values,  # noqa: PD011  (no frame)
            **self._map(found),
        }

    def _name(self) -> str:
        if self.measure is None:
            return _("小区类型")
        return f"{_(legend.MEASURE_LABELS[self.measure])} · {_(legend.UNIT_LABELS[self.unit])}"

    def _overlay(self, measure: Metric, unit: Level) -> Measured:
        if self.span is None:
            raise AssertionError
        return records.measure(self.services.store, self.inner, measure, unit, self.span)

    def _coloured(self, found: Measured | None) -> legend.Coloured:
        if found is None:
            return legend.kinds(self.table, ALL_KINDS, DARK)
        if found.level is Level.COMPOUND:
            codes = self.table.set_index("id")["area_code"].reindex(found.frame["id"])
            counties = codes.str[: legend.COUNTY_DIGITS].reset_index(drop=True)
        else:
            counties = found.frame["code"].map(lambda _code: "city")
        return legend.overlay(found, counties, np.zeros(len(found.frame), dtype=bool), DARK)

    def _kinds_chart(self) -> list[Any]:
        rows = parts.kind_rows(self.figures.kinds, DARK)
        return parts.chart(_("小区类型"), _("小区数、占比"), figures.kinds(rows, DARK, self.letters))

    def _trend(self, measure: Metric, window: Window) -> list[Any]:
        monthly = records.monthly(self.session, self.inner, measure, window)
        title, note = _("每月认领"), _("件")
        if measure is Metric.SATISFACTION:
            title, note = _("每月满意率"), _("%，阴影为 95% 区间")
        drawn = figures.enlarged(trend(monthly, measure, DARK, "", round(self.letters)), DARK, self.letters)
        return parts.chart(title, note, drawn)

    def _beside(self, found: Measured | None) -> list[Any]:
        """Return the right column: a ranking or the composition; what room is left holds the kinds."""
        if found is None and self.area.level is not AreaLevel.COMMUNITY and len(self.table):
            return self._composition()
        if found is None:
            if self.span is None:
                return []
            found = self._overlay(Metric.CLAIMS_PER_1000, Level.COMPOUND)
        panels: list[Any] = parts.ranked(found, self._around_units(found), self.rows, DARK)
        if found.frame["value"].notna().sum() <= self.rows and self.measure:
            panels.append(html.Section(self._kinds_chart(), className="wall-panel wall-chart-panel"))
        return panels

    def _composition(self) -> list[html.Section]:
        """Return the kinds by area, at the finest level with room for them, and claims where room is left."""
        place = _LEVELS.index(self.area.level) + 1
        codes = {level: _codes_at(self.table["area_code"], level) for level in _LEVELS[place:]}
        fitting = [level for level in codes if codes[level].nunique() <= 2 * self.rows]
        level = fitting[-1] if fitting else _LEVELS[place]
        table = pd.DataFrame({"area": codes[level], "kind": self.table["kind"]})
        found = pd.Series(table["area"].unique(), dtype=str)
        names = areas.names(self.session, found.tolist())
        around = dict(zip(found, self._names_around(found, _LEVELS[_LEVELS.index(level) - 1]), strict=True))
        shown = parts.composition(
            table, names, around, unit=Level(level.value), rows=2 * self.rows, theme=DARK
        )
        if len(found) > self.rows or self.span is None:
            return [shown]
        trend_chart = self._trend(Metric.CLAIMS_PER_1000, self.span)
        return [shown, html.Section(trend_chart, className="wall-panel wall-chart-panel")]

    def _around_units(self, found: Measured) -> dict[int, str]:
        """Return the name of the area around each unit, by the unit's id."""
        if found.level is Level.COMPOUND:
            level = AreaLevel.COMMUNITY
            codes = self.table.set_index("id")["area_code"].reindex(found.frame["id"])
        else:
            level = _LEVELS[_LEVELS.index(AreaLevel(found.level.value)) - 1]
            codes = found.frame["code"]
        return dict(zip(found.frame["id"], self._names_around(codes, level), strict=True))

    def _names_around(self, codes: pd.Series[str], level: AreaLevel) -> list[str]:
        """Return the names of the areas around some codes; empty where that is the one on the screen."""
        if _LEVELS.index(level) <= _LEVELS.index(self.area.level):
            return [""] * len(codes)
        around = _codes_at(codes, level)
        different = around.unique().tolist()
        names = areas.names(self.session, different) if len(different) > 1 else {}
        return [names.get(code, "") for code in around]

    def _map(self, found: Measured | None) -> dict[str, Any]:
        """Return layers, outline and camera; one level of names only, so that they can be large."""
        by_area = found is not None and found.level is not Level.COMPOUND
        unit = self.unit if by_area else wall_views.usual_unit(self.session, self.scope, self.area)
        labelled = unit.value
        layers = [] if by_area else ["compound"]
        if self.area.level is AreaLevel.COMMUNITY:
            layers.append("building")
        outline = areas.geometry(self.session, self.scope, self.area.code)
        if outline is None:
            raise AssertionError
        return {
            "visible": [*GROUND, *layers, f"label.{labelled}"],
            "zooms": {f"label.{labelled}": ANY_ZOOM, **({labelled: ANY_ZOOM} if by_area else {})},
            "overlays": _outlined(self.area, self.path, outline),
            "view": {
                "key": f"{self.area.code}:{self.screen}",
                "bounds": list(outline.bounds),
                "padding": self.padding,
                "animate": self.animate,
            },
        }


def _codes_at(codes: pd.Series[str], level: AreaLevel) -> pd.Series[str]:
    """Return the codes of the areas of a level that hold the areas with these codes."""
    return codes.str[: SIGNIFICANT[level]].str.ljust(CODE_LENGTH, "0")


def _outlined(area: AreaRef, path: Iterable[AreaRef], outline: Any) -> list[dict[str, Any]]:
    """Return the outline of an area inside another; the whole needs none."""
    if area is next(iter(path)):
        return []
    line = shapely.geometry.mapping(shapely.boundary(outline))
    return [{"role": "related", "geojson": {"type": "Feature", "properties": {}, "geometry": line}}]


def _pixels(value: Any, usual: int) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else usual
