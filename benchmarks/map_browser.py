"""A Chromium that is asked the same of every candidate: load, change of metric, hover, click, bytes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlparse

from map_data import HEIGHT, WIDTH, Probe
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, ViewportSize, sync_playwright

HERE = Path(__file__).parent
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
    # For every context Chromium loads the page behind its own address bar: a second of both cores.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]
VIEWPORT: ViewportSize = {"width": WIDTH, "height": HEIGHT}
PATIENCE_MS = 600_000
HOVER_PATIENCE_MS = 20_000
CHANGES = 2
CLASSES = {"js": "scripts", "mjs": "scripts", "woff2": "fonts", "css": "page", "ico": "page"}


@contextmanager
def served(name: str, home: Path, size: int) -> Iterator[str]:
    """Serve a candidate from a process of its own and give its address."""
    command = [sys.executable, str(HERE / "map_apps.py"), name, str(home), str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise SystemExit(f"{name} did not start: exit code {process.wait()}.")
            yield url
        finally:
            process.terminate()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give one browser, its GPU process already started."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        page.evaluate("document.createElement('canvas').getContext('webgl2').finish()")
        page.close()
        yield browser
        browser.close()


@contextmanager
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """Give a context that caches on disk, as a reader's browser does; in memory, ranges are kept badly."""
    with TemporaryDirectory(prefix="pingqi-reader-") as folder:
        context = browser.browser_type.launch_persistent_context(
            folder, executable_path=shutil.which("chromium"), args=FLAGS, viewport=VIEWPORT
        )
        yield context
        context.close()


@dataclass
class Traffic:
    """What went over the wire, as Chromium counted it, and what was asked of hosts other than the page's."""

    host: str
    bytes: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    elsewhere: list[str] = field(default_factory=list)
    _urls: dict[str, str] = field(default_factory=dict)

    def listen(self, session: CDPSession) -> None:
        """Count what a page asks for."""
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _asked(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        parts = urlparse(url)
        if parts.scheme in {"data", "blob"}:
            return
        self._urls[event["requestId"]] = url
        if parts.netloc != self.host:
            self.elsewhere.append(url)

    def _finished(self, event: dict[str, Any]) -> None:
        url = self._urls.get(event["requestId"])
        if url and event["encodedDataLength"]:
            kind = class_of(url)
            self.bytes[kind] += int(event["encodedDataLength"])
            self.requests[kind] += 1


def class_of(url: str) -> str:
    """Return what a request counts as: scripts, fonts, data, or the page itself."""
    path = urlparse(url).path
    if path.endswith("/") and "_dash" not in path:
        return "page"
    return CLASSES.get(path.rpartition(".")[2], "data")


@dataclass
class Result:
    """One run of one candidate; times in ms."""

    first_ms: float = 0.0
    second_ms: float = 0.0
    change_ms: list[float] = field(default_factory=list)
    set_ms: list[float] = field(default_factory=list)
    hover_ms: list[float | None] = field(default_factory=list)
    click_ms: list[float | None] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)
    second: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    elsewhere: list[str] = field(default_factory=list)


def measure(browser: Browser, candidate: str, url: str, probes: list[Probe]) -> Result:
    """Run one candidate with an empty cache, and once more with what it left there."""
    result = Result()
    with browser.new_context(viewport=VIEWPORT) as context:
        page, traffic, result.first_ms = open_page(context, candidate, url)
        page.wait_for_timeout(500)
        result.first, result.requests = dict(traffic.bytes), traffic.requests.total()
        for _ in range(CHANGES):
            changed = page.evaluate("candidate => bench.change(candidate)", candidate)
            result.change_ms.append(changed["idle_ms"])
            if changed["set_ms"] is not None:
                result.set_ms.append(changed["set_ms"])
        for probe in probes:
            result.hover_ms.append(_hover(page, candidate, probe))
        for probe in probes:
            result.click_ms.append(_click(page, probe))
        result.elsewhere = list(traffic.elsewhere)
        page.close()
        page, traffic, result.second_ms = open_page(context, candidate, url)
        page.wait_for_timeout(500)
        result.second = dict(traffic.bytes)
        result.elsewhere += traffic.elsewhere
    return result


def open_page(context: BrowserContext, candidate: str, url: str) -> tuple[Page, Traffic, float]:
    """Open a page and wait for the end point; return it, its traffic, and the ms since it was asked for."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    traffic = Traffic(urlparse(url).netloc)
    traffic.listen(context.new_cdp_session(page))
    page.add_init_script(path=HERE / "map_assets" / "bench.js")
    page.goto(url, wait_until="commit")
    return page, traffic, page.evaluate("candidate => bench.loaded(candidate)", candidate)


def _point(page: Page, probe: Probe) -> None:
    page.mouse.move(probe.x - 1, probe.y)
    page.mouse.move(probe.x, probe.y)


def _hover(page: Page, candidate: str, probe: Probe) -> float | None:
    page.evaluate("() => bench.quiet()")
    arguments = [candidate, probe.code, HOVER_PATIENCE_MS]
    page.evaluate("([candidate, code, patience]) => bench.expectHover(candidate, code, patience)", arguments)
    _point(page, probe)
    answered: float | None = page.evaluate("() => bench.answered()")
    return answered


def _click(page: Page, probe: Probe) -> float | None:
    _point(page, probe)
    page.evaluate("() => bench.quiet()")
    page.evaluate("([id, patience]) => bench.expectClick(id, patience)", [str(probe.id), HOVER_PATIENCE_MS])
    page.mouse.click(probe.x, probe.y)
    answered: float | None = page.evaluate("() => bench.answered()")
    return answered
