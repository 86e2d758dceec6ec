"""Make the pictures of the docs: starts a server on a demo city and drives Chromium.

python docs/screenshots.py [--home DIR] [--out DIR] [--scale city|district|small] [--only NAME …]

A home without buildings is taken for the import of docs/import.md, whose page needs an account: make one
called `pictures` with `pingqi account`, its password in the environment as PINGQI_PICTURES.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
PINGQI = Path(sys.executable).with_name("pingqi")
CHROMIUM = (
    "--headless=new --no-sandbox --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --use-angle=swiftshader --enable-unsafe-swiftshader"
    " --ignore-gpu-blocklist"
).split()
DESK, WIDE = (1920, 1080), (3840, 2160)
IMPORTED = "hangzhou"


def main() -> None:
    """Make the pictures that are asked for."""
    options = argparse.ArgumentParser()
    options.add_argument("--home", type=Path, default=HERE.parent / "var" / "screenshots")
    options.add_argument("--out", type=Path, default=HERE / "images")
    options.add_argument("--scale", default="city")
    options.add_argument("--only", nargs="*")
    args = options.parse_args()
    port = free_port()
    env = {**os.environ, "PINGQI_HOME": str(args.home), "PINGQI_PORT": str(port)}
    args.out.mkdir(exist_ok=True)
    server = subprocess.Popen([PINGQI, "serve", "--demo-if-empty", "--scale", args.scale], env=env)  # noqa: S603
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            found = pictures(args.home / "city.gpkg")
            of_import = [name for name, *_rest in found] == [IMPORTED]
            for name, path, theme, size in found:
                if not args.only or name in args.only:
                    shoot(browser, f"http://127.0.0.1:{port}{path}", args.out / f"{name}.png", theme, size)
            if not (args.only or of_import) or any(name.startswith("align") for name in args.only or ()):
                alignment(browser, f"http://127.0.0.1:{port}", args.out)
            if not (args.only or of_import) or any(name.startswith("grids") for name in args.only or ()):
                grids(browser, f"http://127.0.0.1:{port}", args.out)
            browser.close()
    finally:
        server.send_signal(signal.SIGINT)  # it ends its own processes too
        server.wait()


def pictures(store: Path) -> list[tuple[str, str, str, tuple[int, int]]]:
    """Return name, path, theme and size of every picture; places are looked up in the store."""
    with sqlite3.connect(store) as db:
        if not db.execute("SELECT count(*) FROM building").fetchone()[0]:
            return [(IMPORTED, "/", "light", DESK)]  # the import that docs/import.md walks through
        (community,) = db.execute(
            "SELECT area_code FROM compound GROUP BY area_code ORDER BY count(*) DESC, area_code LIMIT 1"
        ).fetchone()
        county = f"{community[:6]}000000"
        (group,) = db.execute(
            "SELECT organisation_id FROM building WHERE organisation_id IS NOT NULL AND area_code = ?"
            " GROUP BY organisation_id ORDER BY count(*) DESC, organisation_id LIMIT 1",
            (community,),
        ).fetchone()
        (compound,) = db.execute(
            "SELECT compound_id FROM building WHERE area_code = ? AND compound_id IS NOT NULL"
            " GROUP BY compound_id ORDER BY count(*) DESC, compound_id LIMIT 1",
            (community,),
        ).fetchone()
    return [
        ("city", "/", "dark", DESK),
        ("city-light", "/", "light", DESK),
        ("city-4k", "/", "dark", WIDE),
        ("community", f"/?area={community}", "light", DESK),
        ("compound", f"/?area={community}&chosen=compound:{compound}", "light", DESK),
        ("branch", f"/?area={community}&chosen=organisation:{group}", "dark", DESK),
        ("claims", f"/?area={county}&show=claims_per_1000", "dark", DESK),
        ("satisfaction", f"/?area={county}&show=satisfaction", "light", DESK),
        ("satisfaction-communities", "/?show=satisfaction&unit=community", "dark", DESK),
        ("wall", "/wall/", "dark", DESK),
        ("wall-4k", "/wall/?view=2", "dark", WIDE),
        ("city-english", "/?show=claims_per_km2&unit=subdistrict", "light", DESK),
        ("import", "/import/", "light", DESK),
        ("coverage", "/coverage/?show=satisfaction", "light", DESK),
        ("coverage-4k", "/coverage/?level=subdistrict", "dark", WIDE),
        ("overlays", "/overlays/?mode=pair&level=subdistrict", "dark", DESK),
        ("reach", "/reach/?minutes=5", "light", DESK),
        ("members", "/coverage/?level=community&show=members", "light", DESK),
        ("cells", "/overlays/?metric=claims_per_1000&level=cell", "dark", DESK),
        ("two-periods", "/overlays/?mode=change&level=subdistrict&metric=resolution_rate", "light", DESK),
    ]


def shoot(browser: Browser, url: str, path: Path, theme: str, size: tuple[int, int]) -> None:
    """Open a page, wait until its map is painted, and take its picture."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    language = "en" if path.stem.endswith("-english") else "zh"
    cookies = {"pingqi_theme": theme, "pingqi_language": language}
    here = {"domain": "127.0.0.1", "path": "/"}
    context.add_cookies([{"name": name, "value": value, **here} for name, value in cookies.items()])
    page = context.new_page()
    page.goto(url)
    if "/sign-in" in page.url:
        page.fill("input[name=username]", "pictures")
        page.fill("input[name=password]", os.environ["PINGQI_PICTURES"])
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda now: "/sign-in" not in now)
        page.goto(url)
    settle(page)
    page.screenshot(path=path)
    context.close()
    sys.stdout.write(f"{path}\n")


def alignment(browser: Browser, url: str, out: Path) -> None:
    """Walk a planner's round through 拉平对齐, a picture of each step; what it published it takes back."""
    page = browser.new_page(viewport={"width": DESK[0], "height": DESK[1]})
    page.context.add_cookies([{"name": "pingqi_theme", "value": "light", "url": url}])

    def picture(name: str) -> None:
        page.wait_for_timeout(2500)
        page.screenshot(path=out / f"align-{name}.png")
        sys.stdout.write(f"{out / f'align-{name}.png'}\n")

    def job(button: str) -> None:
        page.click(button)
        page.wait_for_function("location.search.includes('job=')")
        page.wait_for_function("!location.search.includes('job=')", timeout=600_000)
        page.wait_for_timeout(1500)

    def cell(table: str, row: int, column: str) -> str:
        return f"#{table} .ag-row[row-index='{row}'] .ag-cell[col-id='{column}']"

    page.goto(f"{url}/align/")
    settle(page)
    for row in range(3):
        page.click(f"#align-communities .ag-row[row-index='{row}'] .ag-selection-checkbox input")
    job("#align-check")
    page.click(cell("align-communities", 0, "name"))
    picture("findings")
    job("#align-run")
    picture("changes")
    page.click(cell("align-moves", 2, "start"))
    picture("change")
    page.click("#align-tab-refusals")
    page.wait_for_timeout(800)
    if page.locator("#align-refusals .ag-row").count():
        page.click(cell("align-refusals", 0, "name"))
    picture("refusal")
    page.click("#align-tab-moves")
    page.wait_for_timeout(800)
    page.click("#align-moves .ag-row[row-index='2'] .ag-selection-checkbox input")
    job("#align-refuse")
    picture("refused")
    page.click("#align-tab-relations")
    page.wait_for_timeout(800)
    page.click(cell("align-relations", 0, "compound"))
    picture("relations")
    page.click("#align-tab-summary")
    picture("figures")
    page.click("#align-publish")
    page.wait_for_selector("#align-message .good")
    page.click("#align-tab-versions")
    picture("published")
    page.click("#align-restore-whole")
    page.click(".align-version:last-child button")
    page.wait_for_function("document.querySelectorAll('.align-version').length === 3")
    picture("restored")
    page.close()


def grids(browser: Browser, url: str, out: Path) -> None:
    """Walk a planner's round through 微网格工作台 in the fullest community, a picture of each step."""
    page = browser.new_page(viewport={"width": DESK[0], "height": DESK[1]})
    page.context.add_cookies([{"name": "pingqi_theme", "value": "light", "url": url}])

    def picture(name: str) -> None:
        page.wait_for_timeout(2500)
        page.screenshot(path=out / f"grids-{name}.png")
        sys.stdout.write(f"{out / f'grids-{name}.png'}\n")

    page.goto(f"{url}/grids/")
    settle(page)
    page.click("#studio-area")
    page.click("[role=option] >> nth=1")
    page.wait_for_function("location.search.includes('area=')")
    settle(page)
    picture("community")
    page.click("#studio-new")
    page.wait_for_function("location.search.includes('plan=')", timeout=600_000)
    settle(page)
    picture("proposed")
    grid_edits(page, picture)
    compared(page, picture)
    station(page, picture)
    estate(page, picture)
    page.click("#studio-check")
    page.wait_for_selector("#studio-broken .ag-row")
    picture("rules")
    page.keyboard.press("?")
    picture("keys")
    page.keyboard.press("Escape")
    page.click("#studio-publish")
    page.wait_for_function("document.querySelector('#studio-message').innerText.includes('发布')")
    picture("published")
    page.context.add_cookies([{"name": "pingqi_language", "value": "en", "url": url}])
    page.reload()
    settle(page)
    picture("english")
    page.close()


def grid_edits(page: Page, picture: Callable[[str], None]) -> None:
    """Move a building, split by a line, lock; take back what was split."""

    def row(number: int) -> None:
        page.click(f"#studio-table .ag-row[row-index='{number}'] .ag-cell[col-id='code']")
        page.wait_for_timeout(2500)

    row(9)
    box = page.locator("#studio-map canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x + 8, y + 8)
    picture("chosen")
    page.keyboard.press("m")
    picture("moved")
    page.keyboard.press("z")
    page.wait_for_timeout(1500)
    row(12)
    page.keyboard.press("4")
    page.wait_for_timeout(800)
    page.mouse.click(x - 190, y - 30)
    page.mouse.move(x + 150, y + 40)
    picture("line")
    page.mouse.dblclick(x + 190, y + 48)
    picture("split")
    page.keyboard.press("1")
    page.wait_for_timeout(800)
    page.keyboard.press("l")
    picture("locked")
    page.keyboard.press("u")
    page.wait_for_timeout(1000)
    page.keyboard.press("z")
    page.wait_for_timeout(1000)


def compared(page: Page, picture: Callable[[str], None]) -> None:
    """Put what is in force beside the draft, and take it away again."""
    choose = "value => dash_clientside.set_props('studio-compare', { value })"
    page.evaluate(choose, "now")
    page.wait_for_function("document.querySelector('#studio-other-map')?.dataset.painted")
    picture("compared")
    page.evaluate(choose, "")
    page.wait_for_function("!document.querySelector('#studio-other-map')")


def station(page: Page, picture: Callable[[str], None]) -> None:
    """Try the first station of the list elsewhere, and undo it."""
    page.keyboard.press("7")
    page.click("#studio-station")
    page.click("[role=option]:visible >> nth=0")
    page.wait_for_selector(".pingqi-map-handle")
    page.wait_for_function("document.querySelector('#studio-station-card').innerText.includes('分钟内')")
    page.wait_for_timeout(2500)
    box = page.locator(".pingqi-map-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 60, steps=5)
    page.mouse.up()
    picture("station")
    page.keyboard.press("z")
    page.keyboard.press("1")
    page.wait_for_timeout(1500)


def estate(page: Page, picture: Callable[[str], None]) -> None:
    """Try a compound without the building in the middle of the map, and undo it."""
    page.click("#studio-table .ag-row[row-index='9'] .ag-cell[col-id='code']")
    page.wait_for_timeout(2500)
    box = page.locator("#studio-map canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + 8, box["y"] + box["height"] / 2 + 8)
    page.wait_for_timeout(1500)
    page.click("#studio-estate")
    page.click("[role=option]:visible >> nth=-1")
    page.click("#studio-enclose")
    page.wait_for_function("document.querySelector('#studio-compounds').style.display !== 'none'")
    picture("compound")
    page.click("#studio-undo")
    page.wait_for_timeout(1500)


def settle(page: Page, quiet_ms: int = 1500, limit_s: float = 120) -> None:
    """Wait until the map is painted, the server owes no answer, and nothing has been asked for a while."""
    asked, open_ = [time.monotonic()], [0]

    def counted(by: int) -> Callable[[object], None]:
        def note(_request: object) -> None:
            asked[0] = time.monotonic()
            open_[0] = max(0, open_[0] + by)

        return note

    page.on("request", counted(1))
    page.on("requestfinished", counted(-1))
    page.on("requestfailed", counted(-1))
    end = time.monotonic() + limit_s
    page.wait_for_timeout(3000)
    unpainted = "[...document.querySelectorAll('.pingqi-map')].some(one => !one.dataset.painted)"
    waits = "[...document.querySelectorAll('.ag-overlay-loading-center')].some(one => one.offsetParent)"
    while time.monotonic() < end and (page.evaluate(unpainted) or page.evaluate(waits)):
        page.wait_for_timeout(200)
    while time.monotonic() < end and (open_[0] or time.monotonic() - asked[0] < quiet_ms / 1000):
        page.wait_for_timeout(200)
    page.wait_for_timeout(2500)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes], limit_s: float = 600) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if server.poll() is not None:
            raise SystemExit("the server has ended")
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit(f"no answer from {url}")


if __name__ == "__main__":
    main()
