"""The wall in a real Chromium: it turns by itself, outlives its server, and follows the store."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from data.settings import Settings
from data.store import Store
from models import Account, Area, Compound, Setting
from models.enums import Role
from tests import town

ROOT = Path(__file__).parents[2]
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


SERVER = """
import sys
from pathlib import Path
from waitress import serve
from dashboard.app import create_app
from dashboard.services import Services
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles

settings = Settings(home=Path(sys.argv[1]))
store = Store.open(settings.database_url)
app = create_app(Services(store, Tiles(store, settings.tiles), settings))
serve(app, host="127.0.0.1", port=int(sys.argv[2]))
"""


class Site:
    """The town's server in a process of its own, which can be killed and started again on its port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start a new server and wait until it answers."""
        self.process = subprocess.Popen(  # noqa: S603  (our own text)
            [sys.executable, "-c", SERVER, str(self.home), str(self.port)], cwd=ROOT
        )
        for _ in range(600):
            try:
                with urlopen(f"{self.url}/sign-in", timeout=5):  # noqa: S310  (http, this machine)
                    return
            except HTTPError:
                return
            except URLError:
                time.sleep(0.1)
        pytest.fail("the server does not start")

    def stop(self) -> None:
        """Kill the server: whoever asks is refused."""
        self.process.kill()
        self.process.wait()

    def store(self) -> Store:
        """Open the store beside the server, as an import in another process does."""
        return Store.open(Settings(home=self.home).database_url)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("wall")
    store = town.fill(Store.open(Settings(home=home).database_url))
    with store.writing() as session:
        now = datetime.now(UTC)
        session.add(Setting(key="demo", value="1"))
        session.add(
            Account(username="demo", display_name="演示", role=Role.PLANNER, scope="", created_at=now)
        )
    store.close()
    site = Site(home)
    yield site
    site.stop()


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    yield running
    (running.home / "wall.toml").unlink(missing_ok=True)


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
        '[[views]]\n[[views]]\ntitle = "群众满意"\nshow = "satisfaction"\n', "utf-8"
    )
    screen.goto(f"{site.url}/wall/?seconds=3")
    named(screen, "小区类型")
    assert screen.locator("#wall-place").text_content() == "平城市"
    assert screen.locator("#wall-clock").text_content().count(":") == 1
    assert screen.locator("[data-theme=dark].pingqi-map, .pingqi-map[data-theme=dark]").count() == 1
    named(screen, "群众满意")
    assert "90.0%" in screen.locator("#wall-ranking").text_content()
    for width, height in ((1920, 1080), (3840, 2160), (3840, 1080)):
        screen.set_viewport_size({"width": width, "height": height})
        assert screen.evaluate(READABLE) == {"small": [], "cut": [], "scrolls": False}
    screen.set_viewport_size({"width": 1920, "height": 1080})
    named(screen, "小区类型")
    assert screen.locator("button, input, select, textarea, a[href], .maplibregl-ctrl-group").count() == 0
    assert hosts == {f"127.0.0.1:{site.port}"}


def test_a_fixed_view_stays_and_a_wrong_file_is_told_on_the_wall(site: Site, screen: Any) -> None:
    (site.home / "wall.toml").write_text('[[views]]\nshow = "weather"\n', "utf-8")
    screen.goto(f"{site.url}/wall/?view=3&seconds=3&area={town.WEST}")
    named(screen, "群众满意率 · 社区")
    assert "views[1].show = 'weather'" in screen.locator("#wall-problem").text_content()
    assert screen.locator("#wall-place").text_content() == "河西区"
    screen.wait_for_timeout(5000)
    assert screen.locator("#wall-view-name").text_content() == "群众满意率 · 社区"


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

    store = site.store()
    with store.writing("compound") as session:
        community = session.get(Area, 7)
        session.add(
            Compound(
                code=f"{town.SPRING}X99", name="新小区", area_code=town.SPRING, geometry=community.geometry
            )
        )
    store.close()
    screen.wait_for_function(
        "document.querySelector('.wall-figure').textContent === '13'", timeout=PATIENCE_MS
    )
    assert screen.evaluate("window.stillTheSamePage") is True
