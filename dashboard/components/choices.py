"""Choices of a page that follow its address: an answer that comes late takes no later choice back."""

from __future__ import annotations

from collections.abc import Sequence

from dash import ClientsideFunction, Dash, Input, Output, State, dcc

WANTED = "wanted-choices"
"""What the address says of each choice, in their order."""


def memory() -> dcc.Store:
    """Return what holds the answer; every page whose choices follow its address holds one."""
    return dcc.Store(id=WANTED)


def follow_address(app: Dash, url: str, choices: Sequence[str], refresh: str | None = None) -> None:
    """Set choices to the values in ``WANTED``, but not those made since they were asked for.

    A callback that answers a change of the address with the values of all choices would take back what the
    reader has chosen meanwhile (assets/choices.js). Only what differs is set, so nothing is asked for twice.

    Parameters
    ----------
    url
        Id of the ``dcc.Location``.
    choices
        Ids of the components, in the order of the values in ``WANTED``.
    refresh
        Id of the ``dcc.Store`` whose change asks for them too.
    """
    values = [State(one, "value") for one in choices]
    causes = [Input(url, "search"), *([Input(refresh, "data")] if refresh else [])]
    app.clientside_callback(ClientsideFunction("pingqiChoices", "remember"), *causes, *values)
    app.clientside_callback(
        ClientsideFunction("pingqiChoices", "follow"),
        *(Output(one, "value") for one in choices),
        Input(WANTED, "data"),
        *values,
        prevent_initial_call=True,
    )
