import assert from "node:assert/strict";
import { test } from "node:test";
import { validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import type { SourceSpec } from "../src/contract.ts";
import { buildStyle, type StyleInput } from "../src/style.ts";
import { palette } from "../src/theme.ts";

const source = (layer: string, kind: SourceSpec["kind"], county = "420102"): SourceSpec => ({
  id: `${layer}:${county}`,
  layer,
  kind,
  url: `/tiles/${layer}.pmtiles`,
});

const SOURCES = [
  source("water", "polygon"),
  source("green", "polygon"),
  source("road", "line"),
  source("building", "polygon"),
  ...["compound", "grid", "micro_grid", "community", "subdistrict", "county"].map((layer) => source(layer, "polygon")),
  source("city", "line"),
  { ...source("point", "point"), url: "/points.geojson" },
  ...["area_label", "compound_label", "grid_label"].map((layer) => source(layer, "point")),
];

const input = (more: Partial<StyleInput> = {}): StyleInput => ({
  sources: SOURCES,
  colors: palette("light"),
  valued: "compound",
  hatched: false,
  overlays: [],
  labelScale: 1,
  fonts: {},
  address: (url) => `https://host${url}`,
  ...more,
});

const ids = (more?: Partial<StyleInput>) => buildStyle(input(more)).layers.map((layer) => layer.id);
const layer = (id: string, more?: Partial<StyleInput>) =>
  buildStyle(input(more)).layers.find((one) => one.id === id) as any;

test("the style is valid, with values on any area and every overlay", () => {
  const point: GeoJSON.Point = { type: "Point", coordinates: [114, 30] };
  for (const valued of ["compound", "grid", "micro_grid", "community", "subdistrict", "county"]) {
    const overlays = (["service", "related", "selected", "draft"] as const).map((role) => ({ role, geojson: point }));
    const style = buildStyle(input({ valued, hatched: true, overlays }));
    assert.deepEqual(validateStyleMin(style as never), []);
  }
});

test("layer ids are unique", () => {
  assert.equal(new Set(ids()).size, ids().length);
});

test("ground below areas, areas below roads and buildings, boundaries above them, names on top", () => {
  const order = ids({ hatched: true });
  const places = [
    "green:420102/fill",
    "water:420102/fill",
    "compound:420102/fill",
    "compound:420102/hatch",
    "road:420102/line",
    "building:420102/fill",
    "compound:420102/line",
    "community:420102/line",
    "county:420102/line",
    "point:420102/point.station.micro",
    "compound_label:420102/label.compound",
    "area_label:420102/label.community",
    "area_label:420102/label.county",
  ].map((id) => order.indexOf(id));
  assert.ok(!places.includes(-1));
  assert.deepEqual(places, [...places].sort((a, b) => a - b));
});

test("only the layer with values reads feature state", () => {
  const reading = buildStyle(input({ valued: "community", hatched: true }))
    .layers.filter((one) => JSON.stringify(one).includes("feature-state"))
    .map((one) => one.id);
  assert.deepEqual(reading, ["community:420102/fill", "community:420102/hatch"]);
});

test("what is not listed as visible is hidden, part by part", () => {
  const visible = ["compound", "point.canteen", "label"];
  assert.equal(layer("compound:420102/fill", { visible }).layout.visibility, "visible");
  assert.equal(layer("grid:420102/line", { visible }).layout.visibility, "none");
  assert.equal(layer("point:420102/point.canteen", { visible }).layout.visibility, "visible");
  assert.equal(layer("point:420102/point.station.micro", { visible }).layout.visibility, "none");
  assert.equal(layer("area_label:420102/label.county", { visible }).layout.visibility, "visible");
});

test("zooms from Python replace the defaults", () => {
  assert.equal(layer("grid:420102/fill").minzoom, 13);
  assert.equal(layer("grid:420102/fill", { zooms: { grid: [11, 20] } }).minzoom, 11);
});

test("compounds and micro-grids of some pixels have no line around them, whatever Python says", () => {
  const zooms = { compound: [0, 24], micro_grid: [0, 24], grid: [0, 24] } as StyleInput["zooms"] & {};
  const from = (name: string) => layer(`${name}:420102/line`, { zooms }).minzoom;
  assert.deepEqual(["compound", "micro_grid", "grid"].map(from), [12.5, 12.5, 0]);
});

test("an empty overlay asks the worker for nothing", () => {
  const style = buildStyle(input({ overlays: [{ role: "selected", geojson: { type: "FeatureCollection", features: [] } }] }));
  assert.deepEqual(Object.keys(style.sources).filter((id) => id.startsWith("overlay")), ["overlay.selected"]);
  assert.deepEqual(Object.keys(buildStyle(input()).sources).filter((id) => id.startsWith("overlay")), []);
});

test("several counties are several sources of one layer", () => {
  const two = ids({ sources: [source("compound", "polygon", "420102"), source("compound", "polygon", "420103")] });
  assert.ok(two.includes("compound:420102/fill") && two.includes("compound:420103/fill"));
});
