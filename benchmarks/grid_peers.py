"""Other tools that divide a graph of cells: each gets one community's cells and how many parts to make.

METIS and KaHIP balance parts and keep borders short, GerryChain draws random spanning trees and cuts them,
spopt joins neighbours by Ward's criterion. Each runs where it is installed (METIS by the extra ``bench``, the
others by `pip install kahip gerrychain spopt`).
"""

from __future__ import annotations

import warnings
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo.fabric import Fabric
    from geo.partition import Band

ATTEMPTS = 50
"""Spanning trees that GerryChain draws for one cut before a compound is left whole."""


def metis(fabric: Fabric, count: int, _band: Band) -> np.ndarray:
    """Multilevel recursive bisection."""
    import pymetis

    start, other, length = _lists(fabric)
    graph = pymetis.CSRAdjacency(start, other)
    load = fabric.households.astype(int).tolist()
    _, part = pymetis.part_graph(count, graph, vweights=load, eweights=length, recursive=True)
    return np.array(part)


def kahip(fabric: Fabric, count: int, band: Band) -> np.ndarray:
    """KaFFPa in its eco mode, allowed the imbalance of the band."""
    import kahip as library

    start, other, length = _lists(fabric)
    load = fabric.households.astype(int).tolist()
    spread = (band.most - band.least) / (band.most + band.least)
    _, part = library.kaffpa(load, start, length, other, count, spread, True, 1, library.ECO)
    return np.array(part)


def gerrychain(fabric: Fabric, _count: int, band: Band) -> np.ndarray:
    """Recursive cuts of random spanning trees, compound by compound; one that can't be cut stays whole."""
    import networkx as nx
    from gerrychain import Graph
    from gerrychain.partition import recursive_tree_part
    from gerrychain.tree import bipartition_tree

    middle, spread = (band.most + band.least) / 2, (band.most - band.least) / (band.most + band.least)
    whole = nx.Graph()
    for cell, load in enumerate(fabric.households.tolist()):
        whole.add_node(cell, load=load)
        inside = (o for o in fabric.near[cell] if o > cell and fabric.compound[o] == fabric.compound[cell])
        whole.add_edges_from((cell, o) for o in inside)
    cut = partial(bipartition_tree, max_attempts=ATTEMPTS)
    part, used = np.zeros(len(fabric.polygon), dtype=int), 0
    for cells in nx.connected_components(whole):
        load = fabric.households[list(cells)].sum()
        count = round(load / middle)
        if 1 < count < len(cells):
            graph = Graph.from_networkx(whole.subgraph(cells))
            try:
                with warnings.catch_warnings(action="ignore"):
                    found = recursive_tree_part(
                        graph, range(count), load / count, "load", spread, bipartition_tree_fn=cut, rng=1
                    )
                named = {graph.original_nx_node_id_for_internal_node_id(n): p for n, p in found.items()}
                part[list(named)] = used + np.array(list(named.values()))
                used += count
                continue
            except RuntimeError:
                pass  # what it says where no tree can be cut
        part[list(cells)] = used
        used += 1
    return part


def ward(fabric: Fabric, count: int, _band: Band) -> np.ndarray:
    """Ward's criterion in spopt, on places: compact parts, whatever their load."""
    import geopandas as gpd
    from libpysal.graph import Graph
    from spopt.region import WardSpatial

    pairs = [(a, b) for a, of_cell in enumerate(fabric.near) for b in of_cell]
    weights = Graph.from_arrays(*np.array(pairs).T, np.ones(len(pairs))).to_W()
    frame = gpd.GeoDataFrame({"x": fabric.place[:, 0], "y": fabric.place[:, 1]}, geometry=fabric.polygon)
    with warnings.catch_warnings(action="ignore"):
        model = WardSpatial(frame, weights, ["x", "y"], n_clusters=count)
        model.solve()
    return np.asarray(model.labels_)


def _lists(fabric: Fabric) -> tuple[list[int], list[int], list[int]]:
    """Return neighbours as compressed rows: starts, neighbours, lengths of borders."""
    start = np.cumsum([0, *(len(one) for one in fabric.near)]).tolist()
    other = [o for one in fabric.near for o in one]
    return start, other, [max(1, round(w)) for one in fabric.near for w in one.values()]


PEERS: dict[str, tuple[str, Callable[[Fabric, int, Band], np.ndarray]]] = {
    "METIS": ("pymetis", metis),
    "KaHIP": ("kahip", kahip),
    "GerryChain": ("gerrychain", gerrychain),
    "spopt Ward": ("spopt", ward),
}
"""Module that a tool needs, and how it divides cells."""


def installed() -> dict[str, Callable[[Fabric, int, Band], np.ndarray]]:
    """Return the tools that can run here."""
    return {name: run for name, (module, run) in PEERS.items() if find_spec(module)}
