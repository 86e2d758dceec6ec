"""Links to what a page shows: a press is told by itself, so that it outlives the link."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

PRESSED = "pressed-link"
"""Key of the link that was pressed last, and which press it was."""
CLOSE = "none"
"""Key of a link that leads away from what is chosen."""


def link(key: str, text: str, look: str = "link", **more: Any) -> html.Button:
    """Return a link to a node of the tree, by its key: ``area:…``, ``compound:…`` and so on."""
    return html.Button(text, id={"type": "goto", "key": key}, className=look, n_clicks=0, **more)


def closing(label: str) -> html.Button:
    """Return the cross that closes a card."""
    return link(CLOSE, "×", "close", **{"aria-label": label})


def memory() -> dcc.Store:
    """Return what remembers the press; every page with links holds one."""
    return dcc.Store(id=PRESSED)
