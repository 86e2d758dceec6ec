import assert from "node:assert/strict";
import { test } from "node:test";
import { isTiled, route, tileTemplate } from "../src/addresses.ts";
import type { SourceSpec } from "../src/contract.ts";
import { fontFiles } from "../src/fonts.ts";
import { clip, screenBox, svgPath } from "../src/geometry.ts";
import { overlayData } from "../src/overlays.ts";
import { topmost } from "../src/picking.ts";

const absolute = (url: string) => `https://host${url}`;
const SOURCE: SourceSpec = { id: "compound:1", layer: "compound", kind: "polygon", url: "/tiles/a.pmtiles" };

test("a tile of the low zooms comes from the overview, one of the high zooms from the detail", () => {
  const template = tileTemplate({ ...SOURCE, overview_url: "/tiles/b.pmtiles" }, absolute);
  const at = (z: number) => route(template.replace("{z}/{x}/{y}", `${z}/3/4`));
  assert.equal(at(11), "pmtiles://https://host/tiles/b.pmtiles/11/3/4");
  assert.equal(at(12), "pmtiles://https://host/tiles/a.pmtiles/12/3/4");
});

test("without an overview all tiles come from the one archive", () => {
  assert.equal(route(tileTemplate(SOURCE, absolute)), "pmtiles://https://host/tiles/a.pmtiles/{z}/{x}/{y}");
});

test("an archive is told by its name, also with a query", () => {
  assert.ok(isTiled({ ...SOURCE, url: "/a.pmtiles?v=2" }));
  assert.ok(!isTiled({ ...SOURCE, url: "/a.geojson" }));
});

test("the smaller and later drawn is picked; ground is never picked", () => {
  const of = (layer: string, id: number) => ({ layer, source: layer, id });
  assert.equal(topmost([of("county", 1), of("compound", 2), of("community", 3)])?.id, 2);
  assert.equal(topmost([of("building", 1), of("point", 2)])?.id, 2);
  assert.equal(topmost([of("grid", 1), of("grid", 2)])?.id, 1);
  assert.equal(topmost([of("water", 1), of("road", 2)]), undefined);
  assert.equal(topmost([]), undefined);
});

test("the map's font files are those of the page's rules, with absolute addresses", () => {
  const rule = { family: '"Noto Sans SC"', src: 'url("./a.woff2") format("woff2")', range: "U+4e00, U+4e10-4e20", base: "https://host/assets/fonts/fonts.css" };
  assert.deepEqual(fontFiles([rule, { ...rule, family: "Other" }]), [
    { url: "https://host/assets/fonts/a.woff2", "unicode-range": ["U+4e00", "U+4e10-4e20"] },
  ]);
});

test("overlays of one role become one collection, whatever GeoJSON they are", () => {
  const point: GeoJSON.Point = { type: "Point", coordinates: [114, 30] };
  const feature: GeoJSON.Feature = { type: "Feature", properties: {}, geometry: point };
  const data = overlayData(
    [
      { role: "selected", geojson: point },
      { role: "selected", geojson: { type: "FeatureCollection", features: [feature, feature] } },
      { role: "draft", geojson: feature },
    ],
    "selected",
  );
  assert.equal(data.features.length, 3);
});

test("a polygon's outline is closed, a line's is not", () => {
  const project = ([x, y]: [number, number]) => ({ x, y });
  const ring = [[0, 0], [1, 0], [1, 1], [0, 0]];
  assert.match(svgPath([{ type: "Polygon", coordinates: [ring] }], project), /^M0\.0 0\.0L1\.0 0\.0.*Z$/);
  assert.doesNotMatch(svgPath([{ type: "LineString", coordinates: ring }], project), /Z/);
});

test("the box on the screen holds every part", () => {
  const project = ([x, y]: [number, number]) => ({ x, y: -y });
  const part = (x: number): GeoJSON.Polygon => ({ type: "Polygon", coordinates: [[[x, 0], [x + 1, 0], [x, 2], [x, 0]]] });
  assert.deepEqual(screenBox([part(0), part(4)], project), [[0, -2], [5, -0]]);
});

test("a clipped box has whole pixels and a margin, and stays in the map", () => {
  const whole: [[number, number], [number, number]] = [[0, 0], [100, 100]];
  assert.deepEqual(clip([[10.4, 20.6], [30.2, 40.1]], whole, 3), [[7, 17], [34, 44]]);
  assert.deepEqual(clip([[-500, 20], [700, 40]], whole, 3), [[0, 17], [100, 43]]);
  assert.deepEqual(clip([[200, 20], [300, 40]], whole, 3), [[197, 17], [197, 43]]);
});
