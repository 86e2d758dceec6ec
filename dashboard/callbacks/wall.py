"""What 大屏 does. The browser asks for a view (``assets/wall.js``); one callback answers with all that it shows."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
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
from dashboard.components.shell import URL
from dashboard.figures import wall as figures
from dashboard.figures.trend import trend
from dashboard.i18n import _
from dashboard.map_sources import sources
from dashboard.pages import wall as page
from dashboard.services import Services
from dashboard.theme import DARK
from dashboard.view import ALL_KINDS
from dashboard.wall_views import Plan, WallView, Wanted
from data.queries import areas, compounds, kpis, overlays
from data.queries.areas import AreaRef
from data.queries.overlays import Measure, Overlay, Unit, Window
from data.scope import Scope
from models.areas import SIGNIFICANT
from models.enums import AreaLevel, CompoundKind

log = logging.getLogger(__name__)

LETTERS = 0.0195
"""Height of the charts' letters, as a share of the screen's."""
ROWS, ROWS_ULTRA_WIDE = 7, 13
ULTRA_WIDE = 3.0
"""From this ratio of width to height upwards, the two ends of a ranking stand side by side."""
GROUND = ("water", "green", "road", "building", "city", "county", "subdistrict", "community", "label")
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
        inputs={"asked": Input(page.ASKED, "data"), "search": State(URL, "search")},
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
        ``number`` and ``turn`` are handed back; ``index`` of the view; ``width`` and ``height`` of the screen in
        pixels; ``sources`` as the last answer had it.
    """
    revision = services.store.revision()
    with services.store.reading() as session:
        plan = wall_views.laid_out(
            session, scope, wall_views.read(services.settings.home / wall_views.FILE_NAME), wanted
        )
        if plan.problem:
            log.error("%s", plan.problem)
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
            "steps": parts.steps(len(plan.views), index, seconds, asked["turn"], turning=turning),
            "problem": plan.problem,
            "sources": no_update if same_map else found,
            **_Screen(services, session, scope, view, asked).shown(),
        }


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
        self.span = overlays.span(session, scope)
        self.table = compounds.kinds(session, self.inner)
        self.figures = kpis.kpis(session, self.inner, self.span)
        self.unit = view.unit or Unit.COMPOUND
        self.measure = view.measure if self.span else None
        height, width = _pixels(asked.get("height"), 1080), _pixels(asked.get("width"), 1920)
        self.letters = height * LETTERS
        self.rows = ROWS_ULTRA_WIDE if width / height >= ULTRA_WIDE else ROWS
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
            "chart": self._kinds_chart() if found is None else self._trend(found.measure, found.window),
            "legend": coloured.legend,
            "ranking": self._beside(found),
            "values": coloured.values,
            **self._map(found),
        }

    def _name(self) -> str:
        if self.measure is None:
            return _("小区类型")
        return f"{_(legend.MEASURE_LABELS[self.measure])} · {_(legend.UNIT_LABELS[self.unit])}"

    def _overlay(self, measure: Measure, unit: Unit) -> Overlay:
        if self.span is None:
            raise AssertionError
        return overlays.measure(self.services.store, self.inner, measure, unit, self.span)

    def _coloured(self, found: Overlay | None) -> legend.Coloured:
        if found is None:
            return legend.kinds(self.table, ALL_KINDS, DARK)
        if found.unit is Unit.COMPOUND:
            codes = self.table.set_index("id")["area_code"].reindex(found.frame["id"])
            counties = codes.str[: legend.COUNTY_DIGITS].reset_index(drop=True)
        else:
            counties = found.frame["code"].map(lambda _code: "city")
        return legend.overlay(found, counties, np.zeros(len(found.frame), dtype=bool), DARK)

    def _kinds_chart(self) -> list[Any]:
        rows = parts.kind_rows(self.figures.kinds, DARK)
        return parts.chart(_("小区类型"), figures.kinds(rows, DARK, self.letters))

    def _trend(self, measure: Measure, window: Window) -> list[Any]:
        monthly = overlays.monthly(self.session, self.inner, measure, window)
        title = _("每月满意率") if measure is Measure.SATISFACTION else _("每月认领件数")
        drawn = trend(monthly, measure, DARK, title, round(self.letters))
        return parts.chart(title, figures.enlarged(drawn, DARK, self.letters))

    def _beside(self, found: Overlay | None) -> list[Any]:
        """Return the right column: a ranking or the composition; what room is left holds the kinds."""
        below = self._level_below()
        if found is None and below is not None:
            areas_below = self.table["area_code"].str[: SIGNIFICANT[below]].str.ljust(12, "0")
            table = pd.DataFrame({"area": areas_below, "kind": self.table["kind"]})
            names = areas.names(self.session, table["area"].unique().tolist())
            if len(table):
                return [parts.composition(table, names, Unit(below.value), 2 * self.rows, DARK)]
        if found is None:
            if self.span is None:
                return []
            return parts.ranked(self._overlay(Measure.CLAIMS_PER_1000, Unit.COMPOUND), {}, self.rows, DARK)
        panels: list[Any] = parts.ranked(found, self._around(found), self.rows, DARK)
        if found.frame["value"].notna().sum() <= self.rows:
            panels.append(html.Section(self._kinds_chart(), className="wall-panel wall-chart-panel"))
        return panels

    def _level_below(self) -> AreaLevel | None:
        """Return the level of the areas that this one is made of, None for a community."""
        place = _LEVELS.index(self.area.level) + 1
        return _LEVELS[place] if place < len(_LEVELS) else None

    def _around(self, found: Overlay) -> dict[int, str]:
        """Return the name of the area around each unit, where that is not the one on the screen."""
        if found.unit is Unit.COMPOUND:
            level, codes = AreaLevel.COMMUNITY, self.table.set_index("id")["area_code"]
            codes = codes.reindex(found.frame["id"])
        else:
            level = _LEVELS[_LEVELS.index(AreaLevel(found.unit.value)) - 1]
            codes = found.frame.set_index("id")["code"]
        if _LEVELS.index(level) <= _LEVELS.index(self.area.level):
            return {}
        around = codes.str[: SIGNIFICANT[level]].str.ljust(12, "0")
        names = areas.names(self.session, around.dropna().unique().tolist())
        return {int(key): names.get(code, "") for key, code in around.items()}

    def _map(self, found: Overlay | None) -> dict[str, Any]:
        below = self._level_below()
        labelled = below.value if below else Unit.COMPOUND.value
        by_area = found is not None and found.unit is not Unit.COMPOUND
        if by_area and found:
            labelled = found.unit.value
        outline = areas.geometry(self.session, self.scope, self.area.code)
        if outline is None:
            raise AssertionError
        return {
            "visible": [*GROUND, *([] if by_area else ["compound"])],
            "zooms": {f"label.{labelled}": ANY_ZOOM, **({labelled: ANY_ZOOM} if by_area else {})},
            "overlays": _outlined(self.area, self.path, outline),
            "view": {
                "key": self.area.code,
                "bounds": list(outline.bounds),
                "padding": self.padding,
                "animate": self.animate,
            },
        }


def _outlined(area: AreaRef, path: Iterable[AreaRef], outline: Any) -> list[dict[str, Any]]:
    """Return the outline of an area inside another; the whole needs none."""
    if area is next(iter(path)):
        return []
    line = shapely.geometry.mapping(shapely.boundary(outline))
    return [{"role": "related", "geojson": {"type": "Feature", "properties": {}, "geometry": line}}]


def _pixels(value: Any, usual: int) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else usual
