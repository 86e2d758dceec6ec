"""What 全市覆盖 does: choices change the URL, and map, table and charts follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import shapely
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import auth, coverage_files
from dashboard.callbacks.months import chosen_months, month_choices
from dashboard.callbacks.places import (
    GROUND,
    LINES,
    crumbs,
    drawn,
    entered,
    follow_links,
    gone_to,
    moves_map,
    triggers,
)
from dashboard.components import choices, people, rates
from dashboard.components import coverage as parts
from dashboard.components.kpi import span_text
from dashboard.components.legend import Coloured
from dashboard.components.links import PRESSED
from dashboard.components.shell import theme
from dashboard.coverage_address import YEAR, Address, levels_below
from dashboard.figures.coverage import Panel, multiples
from dashboard.i18n import _, language
from dashboard.map import below_bar
from dashboard.pages import coverage as page
from dashboard.report_files import assembled, file_name, pdf_bytes, workbook_bytes
from dashboard.services import Services
from dashboard.theme import Theme
from data.catalogue import Catalogue, read_catalogue
from data.periods import Period, Window, comparable, periods, usual
from data.periods import shown as period_shown
from data.queries import areas, records
from data.queries.people import Members, members
from data.queries.standing import Standing, by_key, standings
from data.scope import Scope
from models.areas import level_of
from models.enums import AreaLevel

BEFORE = "before"
"""Choice of the period before, whichever period is shown."""
CATALOGUE_FOLDER = "catalogue"
"""Below the installation's home: entries of the city's own."""


@dataclass(frozen=True)
class Shown:
    """What an address shows.

    Attributes
    ----------
    scope
        Of the area that is looked at.
    top
        That area; None where the store has none.
    members
        People by area, small counts hidden; None where none are known.
    own_members
        The same of the area that is looked at.
    """

    address: Address
    scope: Scope
    top: areas.AreaRef | None
    level: AreaLevel
    whole: Window | None
    found: list[Standing]
    members: Members | None = None
    own_members: Members | None = None

    @property
    def whole_name(self) -> str:
        """What the figures of all areas together are called."""
        return _("{name}合计", name=self.top.name) if self.top else _("合计")

    @property
    def chosen(self) -> Standing | None:
        """The rate on the map; None where people are on it."""
        return None if self.shows_people else by_key(self.found, self.address.show)

    @property
    def shows_people(self) -> bool:
        """Whether the map shows counts of people."""
        return self.members is not None and self.address.show == people.KEY

    def on_map(self, colours: Theme) -> Coloured | None:
        """Return what colours the map, with its legend."""
        if self.shows_people and self.members is not None:
            return people.coloured(self.members, self.level, colours)
        return parts.coloured(self.chosen, self.level, colours) if self.chosen else None


CONTROLS = (page.SHOW, page.LEVEL, page.PERIOD, page.AGAINST, page.FIRST, page.LAST)


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the page."""
    catalogue = read_catalogue(services.settings.home / CATALOGUE_FOLDER)

    follow_links(app)
    choices.follow_address(app, page.URL, CONTROLS)

    # Apart from the choices: these wait for the answer that fills them, a click need not.
    @app.callback(
        Output(page.URL, "search"),
        Output(page.FIT, "data"),
        Input(page.MAP, "clicked"),
        Input(page.TABLE, "cellClicked"),
        Input(PRESSED, "data"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def go(
        clicked: dict[str, Any] | None,
        cell: dict[str, Any] | None,
        pressed: dict[str, Any] | None,
        search: str,
    ) -> tuple[Any, Any]:
        address, scope = Address.of(search), auth.scope()
        caused = triggers()
        if PRESSED in caused and pressed:
            return gone_to(
                drilled(services, scope, address, pressed["key"].partition(":")[2]), address, "choice"
            )
        if page.TABLE in caused and cell:
            return gone_to(on_cell(services, scope, address, cell), address, "choice")
        if page.MAP in caused and clicked and clicked.get("id") is not None:
            return gone_to(on_map(services, scope, address, clicked), address, "map")
        raise PreventUpdate

    @app.callback(
        Output(page.URL, "search", allow_duplicate=True),
        Output(page.FIT, "data", allow_duplicate=True),
        *(Input(one, "value") for one in CONTROLS),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def choose(*chosen: str | None) -> tuple[Any, Any]:
        *values, search = chosen
        show, level, period, against, first, last = values
        address, scope = Address.of(search or ""), auth.scope()
        caused = triggers()
        if caused & {page.FIRST, page.LAST}:
            period = chosen_months(first, last, page.FIRST in caused)
        wish = urlencode({"show": show, "level": level, "period": period, "against": against})
        return gone_to(controls(services, scope, address, Address.of(wish)), address, "controls")

    @app.callback(
        Output(choices.WANTED, "data"),
        *(Output(one, "data") for one in CONTROLS),
        Output(page.CRUMBS, "children"),
        Output(page.MAP, "values"),
        Output(page.MAP, "visible"),
        Output(page.MAP, "zooms"),
        Output(page.LEGEND, "children"),
        Output(page.TABLE, "columnDefs"),
        Output(page.TABLE, "rowData"),
        Output(page.TABLE, "dashGridOptions"),
        Output(page.NOTE, "children"),
        Output(page.CHARTS, "figure"),
        Input(page.URL, "search"),
        State(page.TABLE, "dashGridOptions"),
    )
    def show_all(search: str, options: dict[str, Any]) -> tuple[Any, ...]:
        shown, colours = look(services, auth.scope(), catalogue, Address.of(search)), theme()
        on_map = shown.on_map(colours)
        columns, lines, total = table_of(shown, colours)
        with services.store.reading() as session:
            path = crumbs(session, auth.scope(), shown.address.area)
        options_of, wanted = control_values(shown)
        return (
            wanted,
            *options_of,
            path,
            on_map.values if on_map else None,
            [*GROUND, *LINES],
            {shown.level.value: [0, 24]},
            on_map.legend if on_map else None,
            columns,
            lines,
            {**options, "pinnedTopRowData": [total]},
            note(shown),
            charts(shown, colours),
        )

    @app.callback(
        Output(page.MAP, "overlays"),
        Output(page.MAP, "view"),
        Input(page.URL, "search"),
        Input(page.FIT, "data"),
    )
    def show_place(search: str, fit: dict[str, Any]) -> tuple[Any, Any]:
        address = Address.of(search)
        return place(services, auth.scope(), address, moves=moves_map(address, fit))

    @app.callback(
        Output(page.DOWNLOAD, "data"),
        Input(page.EXCEL, "n_clicks"),
        Input(page.CSV, "n_clicks"),
        State(page.URL, "search"),
        prevent_initial_call=True,
    )
    def export(excel: int | None, csv: int | None, search: str) -> Any:
        if not (excel or csv):
            raise PreventUpdate
        shown = look(services, auth.scope(), catalogue, Address.of(search))
        return exported(shown, "csv" if ctx.triggered_id == page.CSV else "xlsx")

    @app.callback(
        Output(page.DOWNLOAD, "data", allow_duplicate=True),
        Input(page.REPORT_PDF, "n_clicks"),
        Input(page.REPORT_XLSX, "n_clicks"),
        State(page.URL, "search"),
        prevent_initial_call=True,
        running=[
            (Output(page.REPORT_PDF, "loading"), True, False),
            (Output(page.REPORT_XLSX, "loading"), True, False),
        ],
    )
    def download_report(pdf: int | None, xlsx: int | None, search: str) -> Any:
        if not (pdf or xlsx):
            raise PreventUpdate
        shown = look(services, auth.scope(), catalogue, Address.of(search))
        return reported(services, shown, ".pdf" if ctx.triggered_id == page.REPORT_PDF else ".xlsx")


def look(services: Services, scope: Scope, catalogue: Catalogue, address: Address) -> Shown:
    """Return what an address shows; an area, level or period that can't be shown there is as usual."""
    with services.store.reading() as session:
        whole = records.span(session, scope)
        top = areas.by_code(session, scope, address.area) if address.area else None
        inner = scope.narrowed(top.code) if top else scope
        top = top or areas.top(session, scope)
    below = levels_below(top.level if top else AreaLevel.CITY)
    level = address.level if address.level in below else below[0]
    period = period_shown(address.period, whole) if whole else None
    former = against_of(address.but(period=period), whole)
    found = standings(services.store, inner, catalogue, level, period, whole, former)
    with services.store.reading() as session:
        below_ = members(session, inner, level)
        own = members(session, Scope.of_area(top.code), top.level) if top else None
    return Shown(
        address.but(period=period),
        inner,
        top,
        level,
        whole,
        found,
        below_ if below_.recorded else None,
        own,
    )


def table_of(shown: Shown, colours: Theme) -> tuple[list[Any], list[dict[str, Any]], dict[str, Any]]:
    """Return columns, rows and the first line of the table: all rates, then people."""
    columns = parts.columns(shown.found, shown.level)
    lines, total = parts.rows(shown.found, colours, shown.whole_name)
    if shown.members is None or shown.own_members is None:
        return columns, lines, total
    by_code = people.cells(shown.members)
    rows = [line | by_code.get(line["code"], {}) for line in lines]
    return [*columns, people.column(shown.members)], rows, total | people.whole(shown.own_members)


def control_values(shown: Shown) -> tuple[list[Any], list[str | None]]:
    """Return the options of the choices of rate, level and period, and their values."""
    groups: dict[str, list[dict[str, str]]] = {}
    for one in shown.found:
        kind = _("现状") if one.window is None else _("办理")
        groups.setdefault(kind, []).append({"value": one.key, "label": rates.words(one).label})
    if shown.members is not None:
        groups[_("人数")] = [{"value": people.KEY, "label": people.label()}]
    below = levels_below(shown.top.level if shown.top else AreaLevel.CITY)
    options, values = period_values(shown.address, shown.whole)
    show = people.KEY if shown.shows_people else shown.chosen.key if shown.chosen else None
    return [
        [{"group": kind, "items": items} for kind, items in groups.items()],
        [{"value": one.value, "label": _(one.label)} for one in below],
        *options,
    ], [show, shown.level.value, *values]


def period_values(address: Address, whole: Window | None) -> tuple[list[Any], list[str | None]]:
    """Return the options of the choices of period, comparison, first and last month, and their values."""
    period = address.period
    if whole is None or period is None:
        return [[]] * 4, [None] * 4
    spans = list(dict.fromkeys([*periods(whole), period]))
    former = against_of(address, whole)
    others = [one for one in comparable(period, whole) if one != period.before]
    others_named = [(BEFORE, _("上期（{period}）", period=rates.period_label(period.before)))]
    yearly = period.year_before if period.year_before in others else None
    if yearly is not None:
        others_named.append((YEAR, _("上年同期（{period}）", period=rates.period_label(yearly))))
    others_named += [(one.key, rates.period_label(one)) for one in others if one != yearly]
    months = month_choices(period, whole)
    return [
        [{"value": one.key, "label": rates.period_label(one)} for one in spans],
        [{"value": value, "label": label} for value, label in others_named],
        *months,
    ], [
        period.key,
        BEFORE if former is None else YEAR if former == yearly else former.key,
        f"{period.start:%Y-%m}",
        f"{period.window.end:%Y-%m}",
    ]


def against_of(address: Address, whole: Window | None) -> Period | None:
    """Return what the period of an address is compared with; None for the one before it."""
    period = address.period
    if whole is None or period is None:
        return None
    wish = period.year_before if address.against == YEAR else address.against
    return wish if wish != period.before and wish in comparable(period, whole) else None


def controls(services: Services, scope: Scope, address: Address, asked: Address) -> Address:
    """Return the address that the controls ask for; what is usual is left out of it."""
    with services.store.reading() as session:
        whole = records.span(session, scope)
        top = areas.by_code(session, scope, address.area) if address.area else areas.top(session, scope)
    below = levels_below(top.level if top else AreaLevel.CITY)
    level = asked.level if asked.level in below and asked.level != below[0] else None
    period = asked.period if whole and asked.period != usual(whole) else None
    first = asked.show if asked.show and asked.show != usual_rate(services) else None
    new = address.but(show=first, level=level, period=period, against=asked.against)
    if asked.against != YEAR and whole and against_of(new.but(period=period or usual(whole)), whole) is None:
        new = new.but(against=None)
    return new


def usual_rate(services: Services) -> str | None:
    """Return the rate that is shown where none is chosen: the first of the catalogue."""
    return next(iter(read_catalogue(services.settings.home / CATALOGUE_FOLDER).rates), None)


def drilled(services: Services, scope: Scope, address: Address, code: str) -> Address:
    """Return the address after going to an area; a community is marked, as nothing lies below it here."""
    new = entered(services, scope, address, code, level=None, chosen=None)
    if new is address:
        return address
    level = level_of(code)
    if level is AreaLevel.COMMUNITY and new.area == code:
        return address.but(chosen=code)
    return new.but(level=address.level if address.level in levels_below(level)[1:] else None)


def on_cell(services: Services, scope: Scope, address: Address, cell: dict[str, Any]) -> Address:
    """Return the address after a click in the table: a name drills down, a figure goes on the map."""
    column, code = str(cell.get("colId")), str(cell.get("rowId") or "")
    if column != parts.NAME:
        new = address.but(show=None if column == usual_rate(services) else column)
        return Address.of(new.search())
    return drilled(services, scope, address, code)


def on_map(services: Services, scope: Scope, address: Address, clicked: dict[str, Any]) -> Address:
    """Return the address after a click on the map: the area is marked, there and in the table."""
    if clicked.get("layer") not in set(AreaLevel):
        return address
    with services.store.reading() as session:
        area = areas.by_id(session, scope, int(clicked["id"]))
    if area is None:
        return address
    return address.but(chosen=None) if area.code == address.chosen else address.but(chosen=area.code)


def place(services: Services, scope: Scope, address: Address, *, moves: bool) -> tuple[Any, Any]:
    """Return the map's overlays and its view."""
    with services.store.reading() as session:
        top = areas.by_code(session, scope, address.area) if address.area else areas.top(session, scope)
        lines = []
        for role, code in (("related", address.area), ("selected", address.chosen)):
            shape = areas.geometry(session, scope, code) if code else None
            if shape is not None:
                lines.append(drawn(role, shapely.boundary(shape)))
        bounds = areas.bounds(session, scope, top.code) if top else None
    if not moves or bounds is None:
        return lines, no_update
    return lines, {"key": address.area or "all", "bounds": list(bounds), "padding": below_bar(12)}


def note(shown: Shown) -> list[Any]:
    """Return what a reader must know of the table."""
    told = [
        _("点名称看下级，点数字换地图指标。"),
        _("每个数字停留可见分子、分母和日期。现状为全数统计，系统未存以往各期，不列变化。"),
    ]
    if any(one.before for one in shown.found):
        told.append(_("▲▼ 表示变化的 95% 区间不含 0；+− 表示区间含 0，不能说有变化。"))
    if shown.members is not None and shown.members.frame["hidden"].any():
        told.append(people.reason(shown.members))
    return [html.Span(" ".join(told))]


def charts(shown: Shown, colours: Theme) -> Any:
    """Return the small multiples of all rates."""
    panels = []
    chosen = shown.chosen
    for one in shown.found:
        text, total = rates.words(one), one.total
        frame = one.frame[["name", "value", "low", "high", "was"]].copy()
        frame["told"] = [
            f"<b>{record['name']}</b><br>" + rates.told(one, record).replace("\n", "<br>")
            for record in one.frame.to_dict("records")
        ]
        panels.append(
            Panel(
                text.label,
                f"{rates.value_text(total['value'], text.unit)}　{parts.beside(one)}",
                frame,
                float(total["value"]),
                text.unit == "%",
                chosen is not None and one.key == chosen.key,
            )
        )
    former = next((one.before for one in shown.found if one.before is not None), None)
    return multiples(panels, colours, span_text(former))


def reported(services: Services, shown: Shown, suffix: str) -> dict[str, Any]:
    """Return the report on the area and the period that are looked at, as a file to download."""
    recorded = next((one for one in shown.found if one.window is not None), None)
    if shown.top is None or recorded is None or recorded.window is None:
        raise PreventUpdate
    window = recorded.window
    lang: Literal["zh", "en"] = "en" if language() == "en" else "zh"
    found = assembled(
        services.store, services.settings, shown.scope, shown.top.code, window, lang, recorded.before
    )
    content = pdf_bytes(services.settings, found) if suffix == ".pdf" else workbook_bytes(found)
    download: dict[str, Any] = dcc.send_bytes(lambda file: file.write(content), file_name(found, suffix))
    return download


def exported(shown: Shown, kind: str) -> dict[str, Any]:
    """Return the figures as a file to download."""
    where = shown.top.name if shown.top else ""
    name = _("全市覆盖-{where}-{level}.{kind}", where=where, level=_(shown.level.label), kind=kind)
    if kind == "csv":
        content = coverage_files.csv(shown.found, shown.level, shown.whole_name)
    else:
        counts = people.table(shown.members, _(shown.level.label)) if shown.members else None
        content = coverage_files.workbook(shown.found, shown.level, shown.whole_name, counts)
    download: dict[str, Any] = dcc.send_bytes(lambda file: file.write(content), name)
    return download
