"""How fast an edit of micro-grids is answered and seen, in a community of 3,000 buildings.

    python benchmarks/grid_edits.py [--buildings 3000] [--edits 100] [--no-browser]

Communities of the demo city are joined until they hold so many buildings, and divided into micro-grids of
30–50 households. On the server: the draft is loaded, a building moved to a neighbouring micro-grid, the draft
saved and the answer made; then all that the page shows of it, and the outlines and labels that the map reads.
In the browser (Chromium on software GL): from the button that moves a chosen building until all is painted.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from flask import Flask
from sqlalchemy import select, text, update

from dashboard import studio_layers
from dashboard.app import create_app
from dashboard.callbacks import studio, studio_edits
from dashboard.pages import studio as page
from dashboard.services import Services
from dashboard.studio_address import Address
from data import drawings
from data.cities import write_demo
from data.demo import build
from data.drawing_begin import begin
from data.jobs import Report
from data.scope import Scope
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles
from models import Area, Building
from models.enums import AreaLevel

JOINED = ("building", "entrance", "compound", "grid", "micro_grid", "grid_worker")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="district")
    parser.add_argument("--buildings", type=int, default=3_000)
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        store = Store.open(f"sqlite:///{home / 'city.gpkg'}")
        write_demo(store, build(given.scale))
        code = joined(store, given.buildings)
        plan = drawn(store, code, home)
        services = Services(store, Tiles(store, Settings(home=home).tiles), Settings(home=home))
        sheet = drawings.load(store, Scope(), plan)
        print(
            f"{platform.machine()}; {len(set(sheet.draft.fabric.building)) - 1:,} buildings,"
            f" {len(sheet.draft.owner):,} cells, {len(sheet.draft.grids):,} micro-grids, {given.edits} edits"
        )
        on_server(services, plan, given.edits)
        if not given.no_browser:
            in_browser(services, plan, code, given.edits // 4)
        store.close()


def joined(store: Store, count: int) -> str:
    """Join the community of most buildings with those around it until they hold so many; return its code."""
    with store.writing("area", *JOINED) as session:
        rows = session.execute(select(Area).where(Area.level == AreaLevel.COMMUNITY)).scalars().all()
        held = {one.code: 0 for one in rows}
        for (code,) in session.execute(select(Building.area_code)):
            held[code] += 1
        whole = max(rows, key=lambda one: held[one.code])
        rest, total, shape = [one for one in rows if one is not whole], held[whole.code], whole.geometry
        while total < count and rest:
            near = min(rest, key=lambda one: (shapely.distance(one.geometry, shape), -held[one.code]))
            rest.remove(near)
            total, shape = total + held[near.code], shapely.union(shape, near.geometry)
            for table in JOINED:
                query = text(f"UPDATE {table} SET area_code = :whole WHERE area_code = :code")  # noqa: S608
                session.execute(query, {"whole": whole.code, "code": near.code})
        for table in ("building", "entrance"):  # fewer than a thousand micro-grids: three digits number them
            session.execute(text(f"UPDATE {table} SET households = (households + 1) / 2"))  # noqa: S608
        session.execute(update(Area).where(Area.id == whole.id).values(geometry=shape))
        return str(whole.code)


def drawn(store: Store, code: str, home: Path) -> int:
    """Divide the community and return the draft."""
    (home / "job").mkdir()
    wishes: dict[str, Any] = {"scope_prefix": "", "account_id": 1, "communities": [code], "band": (30, 50)}
    return int(begin(store, Report(home / "job", "draft"), **wishes, proposing=True)["plan"])


def on_server(services: Services, plan: int, count: int) -> None:
    """Time every part of an answer."""
    store, scope = services.store, Scope()
    took: dict[str, list[tuple[float, float]]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        started, cpu = time.perf_counter(), time.process_time()
        found = work()
        took.setdefault(name, []).append((time.perf_counter() - started, time.process_time() - cpu))
        return found

    draw = np.random.default_rng(2)
    address = Address(area=drawings.load(store, scope, plan).area_code, plan=plan)
    app = Flask("edits")
    with app.test_request_context():
        while len(took.get("answer", [])) < count:
            before = drawings.load(store, scope, plan)
            cell, to = some_move(before, draw)

            def answer(before: Any = before, cell: int = cell, to: str = to) -> Any:
                sheet = drawings.load(store, scope, plan)
                work = studio_edits.by_button(
                    sheet,
                    page.MOVE,
                    studio_edits.Wish([cell], None, [], to),
                    count=2,
                    name="",
                    code="",
                    keep=True,
                )
                after = drawings.edit(store, scope, plan, before.version, work)
                return studio_edits.told(sheet, after, page.MOVE)

            timed("answer", answer)
            timed(
                "page", lambda: json.dumps(studio.whole(services, scope, address, (30, 50)), default=_plain)
            )
            sheet = drawings.load(store, scope, plan)
            timed("outlines", lambda sheet=sheet: studio_layers.drawn(sheet))
            timed("labels", lambda sheet=sheet: studio_layers.labels(sheet))
    for name, seconds in took.items():
        clock, cpu = np.array(seconds).T * 1e3
        print(
            f"server, {name:9s} p50 {np.median(clock):6.1f} ms  p95 {np.percentile(clock, 95):6.1f} ms"
            f"  (CPU {np.median(cpu):.1f}, {np.percentile(cpu, 95):.1f})"
        )


def _plain(one: Any) -> Any:
    return one.to_plotly_json()


def some_move(sheet: Any, draw: np.random.Generator) -> tuple[int, str]:
    """Return a cell at random, and a micro-grid beside it."""
    draft = sheet.draft
    while True:
        cell = int(draw.integers(len(draft.owner)))
        near = [draft.owner[other] for other in draft.fabric.near[cell]]
        found = [one for one in near if one is not None and one != draft.owner[cell]]
        if found and draft.fabric.building[cell] is not None:
            return cell, str(found[0])


def in_browser(services: Services, plan: int, code: str, count: int) -> None:
    """Time from a key to the map painted anew."""
    from threading import Thread  # noqa: PLC0415

    from playwright.sync_api import sync_playwright  # noqa: PLC0415
    from waitress.server import create_server  # noqa: PLC0415

    services.tiles.build()
    server = create_server(create_app(services), host="127.0.0.1", port=0, threads=8)
    Thread(target=server.run, daemon=True).start()
    flags = ["--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    flags += ["--ignore-gpu-blocklist", "--disable-background-networking", "--no-first-run"]
    draw, took = np.random.default_rng(3), []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        desk = browser.new_page(viewport={"width": 1920, "height": 1080})
        desk.goto(f"http://127.0.0.1:{server.effective_port}/grids/?area={code}&plan={plan}")
        desk.wait_for_function(
            "Number(document.querySelector('#studio-map')?.dataset.painted) > 0", timeout=120_000
        )
        desk.wait_for_timeout(8_000)
        while len(took) < count:
            sheet = drawings.load(services.store, Scope(), plan)
            cell, to = some_move(sheet, draw)
            view = studio.zoomed(sheet, to, [cell])
            desk.evaluate("one => dash_clientside.set_props('studio-chosen', { data: one })", view)
            desk.wait_for_timeout(3_000)
            desk.evaluate("value => dash_clientside.set_props('studio-target', { value })", to)
            desk.wait_for_timeout(300)
            took.append(desk.evaluate(_PRESS))
            desk.wait_for_timeout(500)
        browser.close()
    server.close()
    print(f"browser, key to painted: p50 {np.median(took):.0f} ms  p95 {np.percentile(took, 95):.0f} ms")


_PRESS = """() => new Promise((resolve) => {
  const map = document.querySelector('#studio-map');
  const [before, start] = [map.dataset.painted, performance.now()];
  document.querySelector('#studio-move').click();
  const look = () =>
    map.dataset.painted === before ? requestAnimationFrame(look) : resolve(performance.now() - start);
  look();
})"""


if __name__ == "__main__":
    main()
