"""The wall in a real Chromium: it turns by itself, outlives its server, and follows the store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server

from dashboard import app as app_module
from dashboard.callbacks import wall as callbacks
from dashboard.pages import wall as page
from dashboard.services import Services
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles
from models import Account, Area, Compound, Setting
from models.enums import Role
from tests import town

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

pytestmark = pytest.mark.browser

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
PATIENCE_MS = 30_000
SMALLEST_TEXT = 0.018
"""Share of the screen's height: 19 pixels on a screen of 1080, which can be read from 5 m."""

READABLE = """() => {
  const small = [], cut = [];
  for (const element of document.querySelectorAll(".wall *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest(".pingqi-map") || element.closest("svg") || !element.offsetParent) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < SMALLEST * innerHeight - 0.5) small.push([element.className, size]);
    const box = element.getBoundingClientRect();
    if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1) cut.push(element.textContent);
  }
  const root = document.documentElement;
  return { small, cut, scrolls: root.scrollHeight > innerHeight || root.scrollWidth > innerWidth };
}""".replace("SMALLEST", str(SMALLEST_TEXT))


class Site:
    """The town's server, which can be stopped and started again on its port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start a new server, as after a restart of the machine."""
        settings = Settings(home=self.home)
        self.store = Store.open(settings.database_url)
        flask = app_module.create_app(Services(self.store, Tiles(self.store, settings.tiles), settings))
        self.sockets: dict[Any, Any] = {}
        self.server = create_server(flask, host="127.0.0.1", port=self.port, threads=6, map=self.sockets)
        self.port = int(self.server.effective_port)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.server.run()
        except OSError:  # its sockets are closed under it: that is the loss
            return

    def stop(self) -> None:
        """Take the server away with all its connections."""
        for dispatcher in list(self.sockets.values()):
            dispatcher.close()
        self.server.task_dispatcher.shutdown()
        self.thread.join(5)
        self.store.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    store = town.fill(Store.open(f"sqlite:///{tmp_path / 'city.gpkg'}"))
    with store.writing() as session:
        session.add(Setting(key="demo", value="1"))
        session.add(
            Account(
                username="demo",
                display_name="演示",
                role=Role.PLANNER,
                scope="",
                created_at=datetime.now(UTC),
            )
        )
    store.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app_module.PAGES, "/wall/", (page, callbacks))
        running = Site(tmp_path)
        yield running
        running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium at /usr/bin/chromium")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, headless=True)
        yield running
        running.close()


@pytest.fixture
def screen(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    yield context.new_page()
    context.close()


def named(screen: Any, name: str) -> None:
    screen.wait_for_function(
        "name => document.querySelector('#wall-view-name')?.textContent === name",
        arg=name,
        timeout=PATIENCE_MS,
    )


def test_the_wall_turns_by_itself_reads_from_afar_and_asks_nobody_else(site: Site, screen: Any) -> None:
    hosts = set()
    screen.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    (site.home / "wall.toml").write_text(
        '[[views]]\n[[views]]\ntitle = "群众满意"\nshow = "satisfaction"\n[[views]]\nshow = "claims_per_km2"\n',
        "utf-8",
    )
    screen.goto(f"{site.url}/wall/?seconds=3")
    named(screen, "小区类型")
    assert screen.locator("#wall-place").text_content() == "平城市"
    assert screen.locator("#wall-clock").text_content().count(":") == 1
    assert screen.locator("[data-theme=dark].pingqi-map, .pingqi-map[data-theme=dark]").count() == 1
    named(screen, "群众满意")
    assert "90.0%" in screen.locator("#wall-ranking").text_content()
    for width, height in ((1920, 1080), (3840, 2160), (2560, 1080), (5120, 1440)):
        screen.set_viewport_size({"width": width, "height": height})
        assert screen.evaluate(READABLE) == {"small": [], "cut": [], "scrolls": False}
    screen.set_viewport_size({"width": 1920, "height": 1080})
    named(screen, "小区类型")
    assert screen.locator("button, input, select, textarea, a[href], .maplibregl-ctrl-group").count() == 0
    assert hosts == {f"127.0.0.1:{site.port}"}


def test_the_wall_outlives_its_server_and_follows_the_store(site: Site, screen: Any) -> None:
    screen.goto(f"{site.url}/wall/?seconds=4")
    named(screen, "小区类型")
    screen.evaluate("window.stillTheSamePage = true")
    lost = screen.locator("#wall-lost")
    assert lost.is_hidden()

    site.stop()
    lost.wait_for(state="visible", timeout=PATIENCE_MS)
    name = screen.locator("#wall-view-name").text_content()
    cards = screen.locator(".wall-card").count()
    screen.wait_for_timeout(6000)  # longer than a view stays
    assert screen.locator("#wall-view-name").text_content() == name
    assert screen.locator(".wall-card").count() == cards == 8

    site.start()
    lost.wait_for(state="hidden", timeout=PATIENCE_MS)
    screen.wait_for_function(
        "name => document.querySelector('#wall-view-name').textContent !== name",
        arg=name,
        timeout=PATIENCE_MS,
    )

    with site.store.writing("compound") as session:
        community = session.get(Area, 7)
        session.add(
            Compound(
                code=f"{town.SPRING}X99", name="新小区", area_code=town.SPRING, geometry=community.geometry
            )
        )
    screen.wait_for_function(
        "document.querySelector('.wall-figure').textContent === '13'", timeout=PATIENCE_MS
    )
    assert screen.evaluate("window.stillTheSamePage") is True


def test_a_fixed_view_stays_and_a_wrong_file_is_told_on_the_wall(site: Site, screen: Any) -> None:
    (site.home / "wall.toml").write_text('[[views]]\nshow = "weather"\n', "utf-8")
    screen.goto(f"{site.url}/wall/?view=3&seconds=3&area={town.WEST}")
    named(screen, "群众满意率 · 社区")
    assert "views[1].show = 'weather'" in screen.locator("#wall-problem").text_content()
    assert screen.locator("#wall-place").text_content() == "河西区"
    screen.wait_for_timeout(5000)
    assert screen.locator("#wall-view-name").text_content() == "群众满意率 · 社区"
