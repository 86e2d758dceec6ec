"""What 数据导入 does: check a file, import it, publish or drop a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import shapely
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import auth
from dashboard.callbacks import import_jobs, import_plans
from dashboard.callbacks.import_plans import build_in_background
from dashboard.components import import_report as tables
from dashboard.components.shell import theme
from dashboard.i18n import _
from dashboard.pages import imports as page
from dashboard.services import Services
from dashboard.uploads import PAGE, Uploads
from data import imports
from data.errors import DataError, ReadError
from data.imports.csv_report import rows_as_csv
from data.imports.options import City, Options, Where
from data.imports.outcome import Outcome, Preview, Report
from data.imports.targets import TARGETS
from models.enums import Datum


@dataclass(frozen=True)
class Form:
    """The settings as they stand on the page."""

    target: str
    layer: str | None
    encoding: str | None
    header_row: int | None
    datum: str | None
    crs: str | None
    where: str | None
    city_name: str | None
    city_code: str | None
    switches: Sequence[str]
    constant_field: str | None
    constant_value: str | None

    @property
    def reading(self) -> list[Any]:
        """What a mapping belongs to: another file layout needs another mapping."""
        return [self.target, self.layer, self.encoding, self.header_row]

    def checked(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """Return what was checked, to be compared with what is to be imported."""
        return {"reading": self.reading, "form": [*astuple(self)], "fields": dict(fields)}

    def options(self, fields: Mapping[str, str]) -> Options:
        """Return the options of an import.

        Parameters
        ----------
        fields
            Header -> field, as chosen on the page (empty: not imported); no headers: let them be guessed.
        """
        city = None
        if self.city_name and self.city_code:
            city = City.parse(f"{self.city_name}:{self.city_code}")
        constants = {}
        if self.constant_field in TARGETS[self.target].columns and self.constant_value:
            constants[self.constant_field] = self.constant_value
        return Options(
            layer=self.layer or None,
            encoding=self.encoding or None,
            crs=self.crs or None,
            header_row=int(self.header_row) if self.header_row else None,
            datum=Datum(self.datum) if self.datum else None,
            mapping=wishes(self.target, fields),
            constants=constants,
            where=Where.parse(self.where) if self.where else None,
            city=city,
            **{name: name in self.switches for name in page.SWITCH_LABELS},
        )


def wishes(target: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Turn header -> field into field -> header; a field that no header has is not imported."""
    if not fields:
        return {}
    chosen = {field: header for header, field in fields.items() if field}
    return {column: chosen.get(column, "") for column in TARGETS[target].columns}


_FORM = (
    State(page.TARGET, "value"),
    State(page.LAYER, "value"),
    State(page.ENCODING, "value"),
    State(page.HEADER_ROW, "value"),
    State(page.DATUM, "value"),
    State(page.CRS, "value"),
    State(page.WHERE, "value"),
    State(page.CITY_NAME, "value"),
    State(page.CITY_CODE, "value"),
    State(page.SWITCHES, "value"),
    State(page.CONSTANT_FIELD, "value"),
    State(page.CONSTANT_VALUE, "value"),
)


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the page."""
    import_plans.register(app, services)
    import_jobs.register(app, services)
    uploads = Uploads(services.settings.uploads)

    @app.callback(Output(page.BODY, "children"), Input(page.URL, "search"))
    def body(search: str) -> Any:
        path = uploads.path(_token(search), auth.user_id()) if auth.may_plan() else None
        return page.upload_box() if path is None else page.review(services, path.name)

    @app.callback(
        Output(page.FACTS, "children"),
        Output(page.MAPPING, "children"),
        Output(page.MAPPED, "data"),
        Output(page.RESULT, "children"),
        Output(page.MAP, "overlays"),
        Output(page.MAP, "view"),
        Output(page.LAYER, "data"),
        Output(page.CONSTANT_FIELD, "data"),
        Output(page.CONFIRM, "disabled"),
        Output(page.STEPPER, "active"),
        Output(page.MESSAGE, "children"),
        Output(page.TASK, "data"),
        Input(page.CHECKED, "data"),
        Input(page.CHECK, "n_clicks"),
        Input(page.TARGET, "value"),
        Input(page.LAYER, "value"),
        Input(page.ENCODING, "value"),
        Input(page.DATUM, "value"),
        Input(page.SWITCHES, "value"),
        State(page.URL, "search"),
        State(page.TASK, "data"),
        State(page.MAPPED, "data"),
        State({"type": "import-map", "header": ALL}, "id"),
        State({"type": "import-map", "header": ALL}, "value"),
        *_FORM,
        running=[
            (Output(page.CHECK, "loading"), True, False),
            (Output(page.CONFIRM, "disabled"), True, True),
        ],
    )
    def check(
        checked: dict[str, Any] | None,
        _clicks: int | None,
        _target: str,
        _layer: str | None,
        _encoding: str | None,
        _datum: str | None,
        _switches: list[str],
        search: str,
        task: dict[str, Any] | None,
        mapped: dict[str, Any] | None,
        headers: list[dict[str, str]],
        values: list[str],
        *form_values: Any,
    ) -> tuple[Any, ...]:
        path = _path(uploads, search)
        if import_jobs.runs(services, task, import_jobs.STORE):
            raise PreventUpdate  # a page that was loaded again: the file is being stored
        if ctx.triggered_id == page.CHECKED and checked:
            return *found_by(services, checked), no_update
        import_jobs.let_go(services, task)
        form = Form(*form_values)
        fields = _fields(headers, values) if (mapped or {}).get("reading") == form.reading else {}
        try:
            options = form.options(fields)
            if import_jobs.is_large(path):
                values_ = [*astuple(form)]
                begun = import_jobs.started(services, path, import_jobs.CHECK, form.target, options, values_)
                return (*[no_update] * 8, True, 1, None, begun)
            preview = imports.preview(services.store, path, form.target, options, scope=auth.scope())
        except ReadError as error:
            unread = Outcome(path.name, form.target, problems=[error.problem], stopped=True)
            return *_unread(form, unread), None
        except DataError as error:
            return (*[no_update] * 8, True, 1, html.P(str(error), className="import-verdict bad"), None)
        return *shown(preview, form), None

    @app.callback(
        Output(page.RESULT, "children", allow_duplicate=True),
        Output(page.CONFIRM, "disabled", allow_duplicate=True),
        Output(page.STEPPER, "active", allow_duplicate=True),
        Output(page.PLANS_CHANGED, "data"),
        Output(page.CHOSEN_PLAN, "data"),
        Output(page.MESSAGE, "children", allow_duplicate=True),
        Output(page.TASK, "data", allow_duplicate=True),
        Input(page.CONFIRM, "n_clicks"),
        Input(page.STORED, "data"),
        State(page.URL, "search"),
        State(page.PLANS_CHANGED, "data"),
        State(page.MAPPED, "data"),
        State({"type": "import-map", "header": ALL}, "id"),
        State({"type": "import-map", "header": ALL}, "value"),
        *_FORM,
        prevent_initial_call=True,
        running=[
            (Output(page.CONFIRM, "loading"), True, False),
            (Output(page.CHECK, "disabled"), True, False),
        ],
    )
    def confirm(
        clicks: int | None,
        stored: dict[str, Any] | None,
        search: str,
        changed: int,
        mapped: dict[str, Any] | None,
        headers: list[dict[str, str]],
        values: list[str],
        *form_values: Any,
    ) -> tuple[Any, ...]:
        if ctx.triggered_id == page.STORED and stored:
            try:
                report = import_jobs.outcome(services, stored)
            except DataError as error:
                said = import_jobs.stopped(services, stored, error)
                return no_update, False, *[no_update] * 3, said, no_update
            return *stored_as(services, uploads, stored["upload"], report, changed), no_update
        if not clicks:
            raise PreventUpdate
        path = _path(uploads, search)
        form = Form(*form_values)
        fields = _fields(headers, values)
        if form.checked(fields) != mapped:
            said = html.P(_("设置有改动，请先重新检查。"), className="import-verdict bad")
            return *[no_update] * 5, said, no_update
        try:
            options = form.options(fields)
            if import_jobs.is_large(path):
                begun = import_jobs.started(
                    services, path, import_jobs.STORE, form.target, options, [*astuple(form)]
                )
                return no_update, True, *[no_update] * 3, None, begun
            report = imports.run(
                services.store,
                path,
                form.target,
                options,
                account_id=auth.user_id(),
                scope=auth.scope(),
            )
        except DataError as error:
            return *[no_update] * 5, html.P(str(error), className="import-verdict bad"), no_update
        return *stored_as(services, uploads, path.parent.name, report, changed), no_update

    @app.callback(
        Output(page.URL, "href"),
        Output(page.TASK, "data", allow_duplicate=True),
        Input(page.GIVE_UP, "n_clicks"),
        State(page.URL, "search"),
        State(page.TASK, "data"),
        prevent_initial_call=True,
    )
    def give_up(clicks: int | None, search: str, task: dict[str, Any] | None) -> tuple[str, None]:
        if not clicks:
            raise PreventUpdate
        import_jobs.let_go(services, task)
        path = uploads.path(_token(search), auth.user_id())
        if path:
            uploads.remove(path.parent.name)
        return PAGE, None

    @app.callback(
        Output(page.DOWNLOAD, "data"),
        Input(page.DOWNLOAD_PROBLEMS, "n_clicks"),
        State(page.PROBLEMS, "rowData"),
        prevent_initial_call=True,
    )
    def download(clicks: int | None, rows: list[dict[str, Any]]) -> dict[str, Any]:
        if not clicks:
            raise PreventUpdate
        names = {
            "level": _("级别"),
            "file": _("文件"),
            "row": _("行"),
            "column": _("列"),
            "message": _("问题"),
        }
        text = rows_as_csv(list(names.values()), [[row.get(key) for key in names] for row in rows])
        return {"content": text, "filename": _("导入问题") + ".csv", "type": "text/csv"}


def found_by(services: Services, task: dict[str, Any]) -> tuple[Any, ...]:
    """Return what the page shows of a file that a job has checked, by the settings of then."""
    form = Form(*task["form"])
    try:
        preview = import_jobs.outcome(services, task)
    except DataError as error:
        said = import_jobs.stopped(services, task, error)
        return (*[no_update] * 3, [said], *[no_update] * 4, True, 1, None)
    return shown(preview, form)  # type: ignore[arg-type]


def stored_as(services: Services, uploads: Uploads, token: str, report: Any, changed: int) -> tuple[Any, ...]:
    """Return what the page shows of an import that is over, and let go of the file where all is stored."""
    if report.stopped:
        return result(report), True, 2, no_update, no_update, None
    if uploads.path(token, auth.user_id()):  # the token came from the page
        uploads.remove(token)
    if report.stored:
        build_in_background(services.tiles)
    return result(report), True, 4, changed + 1, report.plan_id, _done(report)


def _token(search: str | None) -> str | None:
    return (parse_qs((search or "").lstrip("?")).get("upload") or [None])[0]


def _path(uploads: Uploads, search: str) -> Path:
    """Return the uploaded file of this page; only its owner, and only who may import."""
    auth.only_planners()
    path = uploads.path(_token(search), auth.user_id())
    if path is None:
        raise PreventUpdate
    return path


def _fields(headers: list[dict[str, str]], values: list[str]) -> dict[str, str]:
    return {one["header"]: value or "" for one, value in zip(headers, values, strict=True)}


def _unread(form: Form, outcome: Outcome) -> tuple[Any, ...]:
    """Return the page for a file that can't be read at all."""
    return None, None, form.checked({}), result(outcome), [], no_update, no_update, no_update, True, 1, None


def shown(preview: Preview, form: Form) -> tuple[Any, ...]:
    """Return what the page shows of a preview."""
    target = TARGETS[form.target]
    fields = [{"value": one.column, "label": _(one.label)} for one in target.fields]
    found = html.Div([tables.facts(preview), tables.encodings(preview)])
    overlays, view = _on_map(preview)
    layers = list(preview.layers)
    step = 1 if preview.stopped else 2
    return (
        found,
        tables.mapping(preview, target),
        form.checked({one.header: one.field or "" for one in preview.columns if not one.personal}),
        result(preview),
        overlays,
        view,
        layers,
        fields,
        preview.stopped,
        step,
        None,
    )


def _on_map(preview: Preview) -> tuple[list[dict[str, Any]], Any]:
    if preview.geometries is None:
        return [], no_update
    features = [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(one)}
        for one in shapely.simplify(preview.geometries, 1e-6)
    ]
    bounds = [float(one) for one in shapely.total_bounds(np.asarray(preview.geometries, dtype=object))]
    key = f"{preview.file}:{preview.target}:{bounds}"
    overlay = {"role": "draft", "geojson": {"type": "FeatureCollection", "features": features}}
    return [overlay], {"key": key, "bounds": bounds, "padding": 30}


def result(outcome: Outcome) -> list[Any]:
    """Return the report: counts, what can be done, first rows, problems, overlaps."""
    colours = theme()
    children: list[Any] = [
        html.Div(html.H2(_("报告")), className="panel-head"),
        tables.verdict(outcome),
        tables.summary(outcome),
    ]
    if outcome.problems:
        button = html.Button(_("下载 CSV"), id=page.DOWNLOAD_PROBLEMS, className="switch")
        children += [
            html.Div([html.H3(_("问题")), button], className="import-head"),
            tables.problems(outcome, colours, page.PROBLEMS),
        ]
    if isinstance(outcome, Preview) and outcome.rows:
        children += [
            html.H3(_("将要导入的前 {n} 行", n=len(outcome.rows))),
            tables.first_rows(outcome, colours),
        ]
    pairs = tables.overlaps(outcome, colours)
    if pairs is not None:
        children += [html.H3(_("重叠的图形")), pairs]
    return children


def _done(report: Report) -> html.Div:
    links = [] if report.plan_id else [html.A(_("到地图查看"), href="/", className="button")]
    return html.Div([html.P(tables.done(report), className="import-verdict good"), *links])
