"""How long the demo city takes: generated, written, and its map archives drawn; peak memory of all processes.

python benchmarks/demo_city.py [--scale city] [--runs 3]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import psutil

from data.cities import write_demo
from data.demo import build
from data.store import Store
from data.tiles import Tiles


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--scale", default="city")
    options.add_argument("--runs", type=int, default=3)
    args = options.parse_args()
    print(f"{psutil.cpu_count()} cores, {args.runs} runs, scale {args.scale}")
    rows = [run(args.scale) for _ in range(args.runs)]
    if len({row["hash"] for row in rows}) != 1:
        raise SystemExit("the same seed gave different cities")
    for name in ("generate_s", "write_s", "tiles_s", "peak_mb"):
        values = [float(row[name]) for row in rows]
        middle = statistics.median(values)
        print(f"{name:12} min {min(values):8.1f}  median {middle:8.1f}  max {max(values):8.1f}")


def run(scale: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, Peak() as peak:
        start = time.perf_counter()
        city = build(scale)
        generated = time.perf_counter()
        store = Store.open(f"sqlite:///{folder}/city.gpkg")
        write_demo(store, city)
        written = time.perf_counter()
        peak_mb = peak.mb
        Tiles(store, Path(folder)).build()
        drawn = time.perf_counter()
        store.close()
        return {
            "generate_s": generated - start,
            "write_s": written - generated,
            "tiles_s": drawn - written,
            "peak_mb": peak_mb,
            "hash": city.content_hash(),
        }


class Peak:
    """Samples the memory of this process and its children."""

    mb = 0.0

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.05):
            total = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.mb = max(self.mb, total / 1e6)


if __name__ == "__main__":
    main()
