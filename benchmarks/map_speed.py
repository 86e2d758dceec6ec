"""The map against Plotly's Choroplethmap and dash-leaflet: one run, one browser, one end point for all.

    python benchmarks/map_speed.py [--runs 3] [--only 5743|37000] [--home DIR] [--json]

Each candidate is a small Dash app in a server process of its own, with the same polygons of the demo city,
the same five classes and the same view in a window of 1920 × 1080, and no basemap. Polygons have no lines
around them: at this zoom they are some pixels each, where Pingqi draws none. Candidates
take turns, and who begins changes from run to run. A first view begins with an empty cache; a second view
follows in the same browser context.

**The end point** is the same for all and looks at the page, not at the library: after the candidate's own
word that it has drawn (Pingqi's `painted`; Plotly's `plotly_afterplot` with its inner map loaded and no
frame due; the last of Leaflet's features added and no redraw due), a pixel of every canvas is read back,
which blocks until the GPU is done, and a frame is awaited, again and again, until for 200 ms none of these
rounds has taken more than 50 ms and nothing has been drawn anew. The time is that of the last such event,
so the 200 ms are not in it. It counts from the navigation, or from the press of the button that asks the
server for another metric.

Hovers and clicks are real input at ten features from west to east, each once the page is quiet. A hover is
answered when the tooltip holds the feature's code, a click when Python's answer holds its id; both count
from the browser's receipt of the input to the frame after. Bytes are Chromium's `encodedDataLength`: what
went over the wire, headers included. The product's first screen is read with a cache on disk, as a reader's
browser has it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from map_apps import CANDIDATES
from map_browser import Result, Traffic, chromium, measure, open_page, reader, served
from map_data import LAYERS, Case, city_home, open_home
from playwright.sync_api import Browser

PROBES = 10
OURS, PLOTLY, PLOTLY_URL, LEAFLET = CANDIDATES
SMALL, LARGE = LAYERS
SLOW = {(PLOTLY, LARGE), (PLOTLY_URL, LARGE)}
"""These take minutes a run, so one has to do."""
FONTS = Path(__file__).parents[1] / "dashboard" / "assets" / "fonts"
MB, KB = 1e6, 1e3

Runs = dict[str, list[Result]]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--only", type=int, choices=list(LAYERS))
    options.add_argument("--home", type=Path, help="a folder with the demo city, instead of making one")
    options.add_argument("--json", action="store_true", help="one object on standard output")
    args = options.parse_args()
    out = sys.stderr if args.json else sys.stdout
    with city_home(args.home) as home, chromium() as browser:
        machine = (
            f"{os.cpu_count()} cores, Chromium {browser.version}, software GL (SwiftShader), {args.runs} runs"
        )
        print(machine, file=out, flush=True)
        sizes = [args.only] if args.only else list(LAYERS)
        results = {size: compare(browser, home, size, args.runs, out) for size in sizes}
        product = first_screen(browser, home)
    for size, runs in results.items():
        print("\n".join(["", f"{size:,} polygons", *table(runs)]), file=out)
    print("\n".join(["", "The product's first screen, /", *screen_lines(product)]), file=out)
    found = findings(results, product)
    print("\n".join(["", *(str(finding) for finding in found)]), file=out)
    if args.json:
        plain = {
            size: {name: list(map(dataclasses.asdict, one)) for name, one in runs.items()}
            for size, runs in results.items()
        }
        rows = [dataclasses.asdict(finding) | {"met": finding.met} for finding in found]
        print(json.dumps({"machine": machine, "runs": plain, "product": product, "findings": rows}))


def compare(browser: Browser, home: Path, size: int, runs: int, out: Any) -> Runs:
    """Measure all candidates at one size, taking turns."""
    store, _ = open_home(home)
    probes = Case.read(store, size).probes(PROBES)
    store.close()
    results: Runs = {name: [] for name in CANDIDATES}
    names = list(CANDIDATES)
    with ExitStack() as stack:
        urls = {name: stack.enter_context(served(name, home, size)) for name in names}
        for run in range(runs):
            for name in names[run % len(names) :] + names[: run % len(names)]:
                if (name, size) in SLOW and results[name]:
                    continue
                load = os.getloadavg()[0]
                result = measure(browser, name, urls[name], probes)
                results[name].append(result)
                line = f"  {size:6} run {run + 1} {name:10} load {load:4.1f}  first {result.first_ms:8.0f} ms"
                print(f"{line}  change {statistics.median(result.change_ms):7.0f} ms", file=out, flush=True)
    return results


def first_screen(browser: Browser, home: Path) -> dict[str, Any]:
    """Return time and bytes by class of the product's own first page, with an empty cache and a full one."""
    views: dict[str, Any] = {}
    with served("product", home, SMALL) as url, reader(browser) as context:
        for view in ("first", "second"):
            page, traffic, ms = open_page(context, OURS, url)
            page.wait_for_timeout(3000)
            views[view] = {"ms": ms, "bytes": dict(traffic.bytes), "requests": dict(traffic.requests)}
            views[view]["elsewhere"] = elsewhere(traffic)
            page.close()
    return views


def elsewhere(traffic: Traffic) -> list[str]:
    return sorted(set(traffic.elsewhere))


def values_of(runs: list[Result], name: str) -> list[float]:
    """Return one kind of time over all runs, without what was not answered."""
    flat: list[float] = []
    for run in runs:
        value = getattr(run, name)
        flat += [one for one in value if one is not None] if isinstance(value, list) else [value]
    return flat


def median(runs: list[Result], name: str) -> float:
    found = values_of(runs, name)
    return statistics.median(found) if found else float("nan")


def table(runs: Runs) -> list[str]:
    """Return the figures of one size: their spread, and the ratio to Pingqi's, of medians and run by run."""
    lines = [f"  {'ms: min / median / max':24}{'':12}{'÷ Pingqi':>11}  run by run"]
    for label, name in (
        ("first view", "first_ms"),
        ("second view", "second_ms"),
        ("change of metric", "change_ms"),
        ("hover", "hover_ms"),
        ("click", "click_ms"),
        ("answer to state set", "set_ms"),
    ):
        for candidate, results in runs.items():
            found = values_of(results, name)
            if not found:
                continue
            own = median(runs[OURS], name)
            pairs = [median([a], name) / median([b], name) for a, b in zip(results, runs[OURS], strict=False)]
            spread = f"{min(found):8.0f} {statistics.median(found):8.0f} {max(found):8.0f}"
            each = "" if candidate == OURS else " ".join(f"{pair:.1f}" for pair in pairs)
            lines.append(f"  {label:20}{candidate:11}{spread}{statistics.median(found) / own:8.1f}×  {each}")
    for candidate, results in runs.items():
        answered = {
            kind: [one is not None for run in results for one in getattr(run, f"{kind}_ms")]
            for kind in ("hover", "click")
        }
        told = ", ".join(f"{kind}s answered {sum(one)} of {len(one)}" for kind, one in answered.items())
        away = sum(len(run.elsewhere) for run in results)
        lines.append(f"  {candidate:11} {len(results)} runs, {told}, {away} requests to other hosts")
        lines += [
            f"  {'':11} {view} view: {sizes(getattr(results[0], view))}" for view in ("first", "second")
        ]
    return lines


def sizes(by_class: dict[str, int]) -> str:
    parts = [
        f"{kind} {by_class[kind] / KB:,.0f} kB"
        for kind in ("data", "scripts", "fonts", "page")
        if kind in by_class
    ]
    return ", ".join([*parts, f"total {sum(by_class.values()) / KB:,.0f} kB"])


def screen_lines(product: dict[str, Any]) -> list[str]:
    slices = len(list(FONTS.glob("*.woff2")))
    return [
        f"  {view}: {one['ms']:,.0f} ms, {sizes(one['bytes'])}; {sum(one['requests'].values())} requests,"
        f" {one['requests'].get('fonts', 0)} of {slices} font slices, {len(one['elsewhere'])} to other hosts"
        for view, one in product.items()
    ]


@dataclasses.dataclass(frozen=True)
class Finding:
    """One figure of the row in docs/benchmarks.md, and what came out."""

    what: str
    unit: str
    target: float
    measured: float
    least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of its target."""
        return self.measured >= self.target if self.least else self.measured <= self.target

    def __str__(self) -> str:
        sign = "≥" if self.least else "≤"
        verdict = "met"
        if not self.met:
            verdict = "MISSED"
            if self.target:
                ratio = self.target / self.measured if self.least else self.measured / self.target
                verdict += f" by a factor of {ratio:.2f}"
        return (
            f"  {self.what:62} {sign} {self.target:6g} {self.unit:4} measured {self.measured:8.2f}  {verdict}"
        )


def findings(results: dict[int, Runs], product: dict[str, Any]) -> list[Finding]:
    """Hold every figure of the row against what was measured."""
    found = []
    for size, runs in results.items():
        ours = median(runs[OURS], "first_ms")
        own_change = median(runs[OURS], "change_ms")
        for name, what in ((PLOTLY, "Plotly"), (PLOTLY_URL, "Plotly by address")):
            first = median(runs[name], "first_ms") / ours
            target = 5 if size == SMALL else 15
            found.append(Finding(f"first view at {size:,}: {what} ÷ Pingqi", "×", target, first, least=True))
            if size == LARGE:
                change = median(runs[name], "change_ms") / own_change
                what_changes = f"change of metric at {size:,}: {what} ÷ Pingqi"
                found.append(Finding(what_changes, "×", 6, change, least=True))
        peer = ours / median(runs[LEAFLET], "first_ms")
        found.append(Finding(f"first view at {size:,}: Pingqi ÷ dash-leaflet", "×", 1.5, peer))
        if size == LARGE:
            what_is_set = f"server's answer to state set at {size:,}, median"
            found.append(Finding(what_is_set, "ms", 100, median(runs[OURS], "set_ms")))
        for kind in ("hover", "click"):
            lost = sum(one is None for run in runs[OURS] for one in getattr(run, f"{kind}_ms"))
            found.append(Finding(f"{kind}s not answered at {size:,}", "", 0, lost))
    first, second = product["first"], product["second"]
    hosts = len(first["elsewhere"]) + len(second["elsewhere"])
    hosts += sum(len(run.elsewhere) for runs in results.values() for run in runs[OURS])
    return [
        *found,
        Finding("first screen: data", "MB", 3, first["bytes"].get("data", 0) / MB),
        Finding("first screen: scripts", "MB", 3, first["bytes"].get("scripts", 0) / MB),
        Finding("second view of the first screen: everything", "kB", 100, sum(second["bytes"].values()) / KB),
        Finding("requests that left the host", "", 0, hosts),
    ]


if __name__ == "__main__":
    main()
