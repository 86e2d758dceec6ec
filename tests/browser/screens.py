"""Chromium, the server behind it, and a desk that looks at a page of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.wsgi import ClosingIterator

from dashboard.app import create_app
from dashboard.services import Services
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles
from tests.browser.served import Served
from tests.parts import missing

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
PATIENCE_S = 60
STILL_S = 0.4
"""So long nothing is asked of the server: the page has nothing more to say."""


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser; where it can't be had, skip, and fail under CI."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ModuleNotFoundError:
        missing("Playwright is not installed")
    if not CHROMIUM.exists():
        missing(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


class OwnTiles(Tiles):
    """Archives written in this process: nobody else is served meanwhile, and no worker has to start."""

    def build(self, progress: Any = None, executor: Executor | None = None) -> int:
        with ThreadPoolExecutor(1) as own:
            return super().build(progress, executor or own)


class Site:
    """A store with its map archives, served over HTTP by a thread."""

    def __init__(self, store: Store, home: Path) -> None:
        settings = Settings(home=home)
        self.store = store
        self.tiles = OwnTiles(store, settings.tiles)
        self.tiles.build()
        self.sent_bytes = 0
        self.sent_paths: list[str] = []
        app = create_app(Services(store, self.tiles, settings))
        app.wsgi_app = self._counted(app.wsgi_app)  # type: ignore[method-assign]
        self.server = Served(app)
        self.host = self.server.host
        self.url = f"http://{self.host}"

    def _counted(self, app: Any) -> Any:
        """Count what is sent, heads and bodies, whoever in the browser asks for it."""

        def counting(environ: Any, start_response: Any) -> Any:
            def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                self.sent_bytes += sum(len(name) + len(value) + 4 for name, value in headers)
                return start_response(status, headers, *more)

            self.sent_paths.append(environ["PATH_INFO"])
            answer = app(environ, start)
            return ClosingIterator(self._passed(answer), getattr(answer, "close", None))

        return counting

    def _passed(self, chunks: Any) -> Iterator[bytes]:
        for chunk in chunks:
            self.sent_bytes += len(chunk)
            yield chunk

    def rows(self, query: Any) -> list[Any]:
        """Return what the store answers with: rows, or the values of their only column."""
        with self.store.reading() as session:
            return [row[0] if len(row) == 1 else tuple(row) for row in session.execute(query)]

    def one(self, query: Any) -> Any:
        """Return the only row of an answer, or its only value."""
        (row,) = self.rows(query)
        return row

    def close(self) -> None:
        """Stop to listen, and let go of the store."""
        self.server.close()
        self.store.close()


class Desk:
    """One page of a browser, with all that it asked for and complained of."""

    def __init__(self, context: Any, site: Site) -> None:
        self.site = site
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._open, self._last = 0, 0.0
        self.page = context.new_page()
        self.page.on("request", self._asked)
        self.page.on("requestfinished", self._answered)
        self.page.on("requestfailed", self._answered)
        self.page.on("response", self._judged)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request: Any) -> None:
        self.requests.append(request.url)
        self._open, self._last = self._open + 1, time.monotonic()

    def _answered(self, _request: Any) -> None:
        self._open, self._last = self._open - 1, time.monotonic()

    def _judged(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def elsewhere(self) -> list[str]:
        """Return the requests that left the host."""
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in {"http", "https", "ws", "wss"}
            and urlsplit(url).netloc != self.site.host
        ]

    def open(self, path: str = "/") -> Desk:
        """Open a page and wait until its map is painted."""
        self.page.goto(self.site.url + path)
        return self.painted()

    def painted(self, times: int = 1) -> Desk:
        self.until("n => Number(document.querySelector('.pingqi-map')?.dataset.painted ?? 0) >= n", times)
        return self.still()

    def still(self) -> Desk:
        """Wait until the page asks for nothing any more."""
        end = time.monotonic() + PATIENCE_S
        while self._open or time.monotonic() - self._last < STILL_S:
            assert time.monotonic() < end, f"{self._open} requests are open after {PATIENCE_S} s"
            self.page.wait_for_timeout(40)
        return self

    def ask(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    def until(self, script: str, argument: Any = None) -> Any:
        """Poll the page until it answers with something true, also over a change of page."""
        from playwright.sync_api import Error  # noqa: PLC0415

        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                answer = self.ask(script, argument)
            except Error as error:
                if "context" not in error.message and "_dash" not in error.message:
                    raise
                answer = None
            if answer:
                return answer
            self.page.wait_for_timeout(40)
        raise AssertionError(f"{script} stayed false for {argument!r} at {self.page.url}")

    def until_url(self, **pairs: str | None) -> None:
        """Wait until the query string holds these values; None: until it does not hold the name."""
        self.until(
            "pairs => Object.entries(pairs).every("
            "([name, value]) => new URLSearchParams(location.search).get(name) === value)",
            pairs,
        )

    def query(self) -> dict[str, str]:
        query = urlsplit(self.page.url).query
        return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}

    def prop(self, component: str, name: str) -> Any:
        """Return a property of a Dash component as it stands in the page."""
        return self.ask(
            "([id, name]) => window.dash_component_api.getLayout(id)?.props?.[name]", [component, name]
        )

    def go(self, search: str) -> None:
        """Go to another view without loading the page again."""
        self.ask("search => dash_clientside.set_props('url', {search})", search)

    def text(self, selector: str) -> str:
        return str(self.ask("one => document.querySelector(one)?.innerText ?? ''", selector))

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.ask(
            "all => [...document.querySelectorAll(all)].map((one) => one.innerText)", selector
        )
        return found

    def until_text(self, selector: str, part: str) -> None:
        self.until("([one, part]) => document.querySelector(one)?.innerText.includes(part)", [selector, part])

    def press_until(self, key: str, script: str, argument: Any = None) -> None:
        """Press a key again and again until the page answers with something true."""
        for _time in range(40):
            if self.ask(script, argument):
                return
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(60)
        raise AssertionError(f"40 times {key} and {script} is false for {argument!r}")

    def choose(self, hit: str, **wanted: str) -> None:
        """Go to a hit of the search by keyboard."""
        self.mark(hit)
        self.page.keyboard.press("Enter")
        self.until_url(**wanted)

    def mark(self, hit: str) -> None:
        """Mark a hit of the search by keyboard."""
        marked = "hit => document.querySelector('[data-combobox-selected]')?.innerText === hit"
        self.press_until("ArrowDown", marked, hit)

    # The map

    def looks_at(self) -> tuple[float, float, float, float]:
        view = "() => window.dash_component_api.getLayout('city-map')?.props?.view_state"
        west, south, east, north = self.until(view)["bounds"]  # a slow page tells it after it has painted
        return west, south, east, north

    def until_fitted(self, bounds: tuple[float, float, float, float]) -> None:
        """Wait until the map shows these bounds whole, and as large as it can (or at its closest zoom)."""
        end = time.monotonic() + PATIENCE_S
        while True:
            state = self.prop("city-map", "view_state")
            if state and _fits(bounds, state["bounds"], closest=state["zoom"] >= 16.99):
                return
            assert time.monotonic() < end, f"{state} does not show {bounds}"
            self.page.wait_for_timeout(40)

    def pixel(self, lng: float, lat: float) -> tuple[float, float]:
        """Return where on the screen a place of the map is."""
        box = self.page.locator(".pingqi-map canvas").bounding_box()
        west, south, east, north = self.looks_at()
        x = (lng - west) / (east - west) * box["width"]
        y = (_mercator(north) - _mercator(lat)) / (_mercator(north) - _mercator(south)) * box["height"]
        return box["x"] + x, box["y"] + y

    def is_free(self, lng: float, lat: float) -> bool:
        """Tell whether a place of the map can be clicked: it is in view, and no legend lies on it."""
        at = self.pixel(lng, lat)
        return bool(self.ask("([x, y]) => document.elementFromPoint(x, y)?.tagName === 'CANVAS'", at))

    def click_map(self, lng: float, lat: float) -> None:
        """Click on a place of the map."""
        assert self.is_free(lng, lat)
        self.page.mouse.click(*self.pixel(lng, lat))


def _mercator(lat: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))


def _fits(bounds: tuple[float, ...], view: tuple[float, ...], *, closest: bool) -> bool:
    inside = bounds[0] >= view[0] and bounds[1] >= view[1] and bounds[2] <= view[2] and bounds[3] <= view[3]
    share = max(
        (bounds[2] - bounds[0]) / (view[2] - view[0]),
        (bounds[3] - bounds[1]) / (view[3] - view[1]),
    )
    return inside and (closest or share > 0.6)
