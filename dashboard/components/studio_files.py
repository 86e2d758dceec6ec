"""微网格工作台: what hands a draft out as files and takes it back."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.i18n import _

ENCODING, SHAPEFILE = "studio-encoding", "studio-shapefile"
PAPER, PRINT = "studio-paper", "studio-print"
DOWNLOAD = "studio-files-download"
ENCODINGS = ("UTF-8", "GBK")


def controls() -> html.Div:
    """Return the rows beneath the buttons that publish and export."""
    return html.Div([dcc.Download(id=DOWNLOAD), _shapefile(), _print()])


def _button(text: str, component_id: str, **more: Any) -> dmc.Button:
    return dmc.Button(text, id=component_id, size="xs", variant="default", **more)


def _choice(component_id: str, pairs: list[tuple[str, str]], label: str) -> dmc.SegmentedControl:
    data = [{"value": value, "label": text} for value, text in pairs]
    return dmc.SegmentedControl(
        id=component_id, data=data, value=pairs[0][0], size="xs", **{"aria-label": label}
    )


def _shapefile() -> html.Div:
    pairs = [(one, one) for one in ENCODINGS]
    return html.Div(
        [_button("Shapefile", SHAPEFILE), _choice(ENCODING, pairs, _("Shapefile 文字编码"))],
        className="studio-row",
    )


def _print() -> html.Div:
    return html.Div(
        [_button(_("打印图册"), PRINT), _choice(PAPER, [("a4", "A4"), ("a3", "A3")], _("纸张"))],
        className="studio-row",
    )
