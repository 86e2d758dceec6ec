// The map's style as a pure function of the props: a change of props is a difference of two styles.
import type {
  ExpressionSpecification as Expression,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from "maplibre-gl";
import { isTiled, tileTemplate } from "./addresses.ts";
import type { Kind, Overlay, SourceSpec } from "./contract.ts";
import { FONT, type FontFile } from "./fonts.ts";
import { overlayLayers, overlaySources } from "./overlays.ts";
import type { Palette } from "./theme.ts";
import { isVisible, LABELS, POINTS, type Zooms, zoomRange } from "./zooms.ts";

export interface StyleInput {
  sources: SourceSpec[];
  colors: Palette;
  visible?: string[];
  zooms?: Zooms;
  valued: string;
  hatched: boolean;
  overlays: Overlay[];
  labelScale: number;
  fonts: Record<string, FontFile[]>;
  address: (url: string) => string;
}

/** Layers whose areas can be pointed at and coloured, the largest first. */
const AREAS = ["county", "subdistrict", "community", "compound", "grid", "micro_grid", "cell"];

/** Width of a boundary at zooms 9, 13 and 17. */
const BOUNDARIES: Record<string, [number, number, number]> = {
  cell: [0.1, 0.2, 0.8],
  compound: [0.2, 0.6, 1.6],
  drawn: [0.5, 1.2, 2.6],
  micro_grid: [0.2, 0.5, 1.2],
  grid: [0.4, 0.9, 2],
  community: [0.4, 1, 2.4],
  subdistrict: [0.6, 1.5, 3],
  county: [1.2, 2.4, 4],
  city: [1.8, 3, 5],
};

/** Below these zooms thousands of them are some pixels each, and a line around every one is noise. */
const LINE_ZOOM: Record<string, number> = { compound: 12.5, micro_grid: 12.5, cell: 14.5 };

/** Up to this width, in pixels, a round corner looks like a sharp one and costs twice its triangles. */
const ROUND_FROM_PX = 2.4;

/** Below this zoom the hatch's stripes are wider than what they lie on: the colour alone says too few. */
const HATCH_ZOOM: Record<string, number> = { compound: 11, grid: 11, micro_grid: 12 };

type Part = (source: SourceSpec, input: StyleInput) => LayerSpecification[];

function widths(low: number, middle: number, high: number): Expression {
  return ["interpolate", ["exponential", 1.4], ["zoom"], 9, low, 13, middle, 17, high];
}

function base(source: SourceSpec, part: string, input: StyleInput, name = source.layer) {
  const [minzoom, maxzoom] = zoomRange(input.zooms, name);
  return {
    id: `${source.id}/${part}`,
    source: source.id,
    ...(isTiled(source) ? { "source-layer": source.layer } : {}),
    minzoom,
    maxzoom,
  };
}

function shown(input: StyleInput, name: string): "visible" | "none" {
  return isVisible(input.visible, name) ? "visible" : "none";
}

const waterPart: Part = (source, input) => [
  source.kind === "polygon"
    ? {
        ...base(source, "fill", input),
        type: "fill",
        layout: { visibility: shown(input, "water") },
        paint: { "fill-color": input.colors.water! },
      }
    : {
        ...base(source, "line", input),
        type: "line",
        layout: { visibility: shown(input, "water"), "line-cap": "round", "line-join": "round" },
        paint: { "line-color": input.colors.water!, "line-width": widths(1, 4, 22) },
      },
];

const greenPart: Part = (source, input) => [
  {
    ...base(source, "fill", input),
    type: "fill",
    layout: { visibility: shown(input, "green") },
    paint: { "fill-color": input.colors.green!, "fill-antialias": false },
  },
];

const areaPart: Part = (source, input) => {
  const { layer } = source;
  const layout = { visibility: shown(input, layer) };
  const valued = layer === input.valued;
  const resting = layer === "compound" ? input.colors.area! : "rgba(0,0,0,0)";
  const fill: LayerSpecification = {
    ...base(source, "fill", input),
    type: "fill",
    layout,
    paint: {
      "fill-antialias": false,
      "fill-color": valued ? ["coalesce", ["feature-state", "c"], resting] : resting,
      "fill-opacity": valued || layer === "compound" ? ["interpolate", ["linear"], ["zoom"], 13, 0.9, 16, 0.62] : 0,
    },
  };
  if (!valued || !input.hatched) return [fill];
  return [
    fill,
    {
      ...base(source, "hatch", input),
      minzoom: Math.max(HATCH_ZOOM[layer] ?? 0, zoomRange(input.zooms, layer)[0]),
      type: "fill",
      layout,
      paint: {
        "fill-antialias": false,
        "fill-pattern": "hatch",
        "fill-opacity": ["case", ["==", ["feature-state", "h"], 1], 1, 0],
      },
    },
  ];
};

const ROAD_CLASS: Expression = ["get", "class"];

function roadWidth(extra: number): Expression {
  const at = (big: number, ring: number, arterial: number, collector: number, local: number): Expression => [
    "match",
    ROAD_CLASS,
    "expressway",
    big + extra,
    "ring",
    ring + extra,
    "arterial",
    arterial + extra,
    "collector",
    collector + extra,
    local + extra,
  ];
  return [
    "interpolate",
    ["exponential", 1.5],
    ["zoom"],
    9,
    at(1.5, 1.3, 0.7, 0.2, 0),
    13,
    at(3.4, 3, 2.2, 1.2, 0.6),
    17,
    at(17, 15, 13, 9, 6),
  ];
}

const roadPart: Part = (source, input) => {
  const visibility = shown(input, "road");
  const isRail: Expression = ["==", ROAD_CLASS, "rail"];
  const enough: Expression = ["step", ["zoom"], 3, 10, 2, 12, 1, 13, 0];
  const importance: Expression = ["match", ROAD_CLASS, ["expressway", "ring"], 3, "arterial", 2, "collector", 1, 0];
  const layout = { visibility, "line-cap": "round", "line-join": "round", "line-sort-key": importance } as const;
  const filter: Expression = ["all", ["!", isRail], [">=", importance, enough]];
  const { colors } = input;
  return [
    {
      ...base(source, "casing", input),
      type: "line",
      minzoom: Math.max(12, zoomRange(input.zooms, "road")[0]),
      filter,
      layout,
      paint: { "line-color": colors.road_casing!, "line-width": roadWidth(1.6) },
    },
    {
      ...base(source, "line", input),
      type: "line",
      filter,
      layout,
      paint: {
        "line-color": ["match", ROAD_CLASS, ["expressway", "ring"], colors.road_major!, colors.road!],
        "line-width": roadWidth(0),
      },
    },
    {
      ...base(source, "rail", input),
      type: "line",
      minzoom: Math.max(10, zoomRange(input.zooms, "road")[0]),
      filter: isRail,
      layout: { visibility },
      paint: { "line-color": colors.rail!, "line-width": widths(0.6, 1.4, 3), "line-dasharray": [4, 3] },
    },
  ];
};

const buildingPart: Part = (source, input) => [
  {
    ...base(source, "fill", input),
    type: "fill",
    layout: { visibility: shown(input, "building") },
    paint: { "fill-color": input.colors.building!, "fill-outline-color": input.colors.building_line! },
  },
];

const boundaryPart: Part = (source, input) => {
  const { layer } = source;
  const own = base(source, "line", input);
  const round = BOUNDARIES[layer]![2] >= ROUND_FROM_PX;
  return [
    {
      ...own,
      type: "line",
      minzoom: Math.max(own.minzoom, LINE_ZOOM[layer] ?? 0),
      layout: { visibility: shown(input, layer), "line-join": round ? "round" : "miter" },
      paint: { "line-color": input.colors[layer]!, "line-width": widths(...BOUNDARIES[layer]!) },
    },
  ];
};

const pointPart: Part = (source, input) =>
  POINTS.map((point) => {
    const [layer, tier] = point.split(".");
    const isLayer: Expression = ["==", ["get", "layer"], layer!];
    return {
      ...base(source, `point.${point}`, input, `point.${point}`),
      type: "symbol",
      filter: tier ? ["all", isLayer, ["==", ["get", "tier"], tier]] : isLayer,
      layout: {
        visibility: shown(input, `point.${point}`),
        "icon-image": point,
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "icon-size": ["interpolate", ["linear"], ["zoom"], 9, 0.35 * input.labelScale, 12, 0.7 * input.labelScale, 14.5, input.labelScale],
      },
    } as LayerSpecification;
  });

/** Size at the first and the last zoom, spacing of letters, strong or quiet. */
const LABEL_STYLES: Record<string, [number, number, number, boolean]> = {
  county: [15, 19, 0.18, true],
  subdistrict: [12.5, 16, 0.08, true],
  community: [12, 15, 0.02, false],
  compound: [11, 14, 0, false],
  grid: [10.5, 13, 0, false],
};

const labelPart: Part = (source, input) =>
  [...LABELS[source.layer]!].reverse().map((kind) => {
    const [small, large, spacing, strong] = LABEL_STYLES[kind]!;
    const own = base(source, `label.${kind}`, input, `label.${kind}`);
    const scale = input.labelScale;
    return {
      ...own,
      type: "symbol",
      filter: ["==", ["get", "kind"], kind],
      layout: {
        visibility: shown(input, `label.${kind}`),
        "symbol-sort-key": ["get", "rank"],
        "text-field": ["get", "name"],
        "text-font": [FONT],
        "text-size": [
          "interpolate",
          ["linear"],
          ["zoom"],
          own.minzoom,
          small * scale,
          Math.min(own.maxzoom, own.minzoom + 4),
          large * scale,
        ],
        "text-letter-spacing": spacing,
        "text-max-width": 8,
        "text-padding": 4,
      },
      paint: {
        "text-color": strong ? input.colors.label! : input.colors.label_minor!,
        "text-halo-color": input.colors.label_halo!,
        "text-halo-width": 1.4 * scale,
      },
    } as LayerSpecification;
  });

/** What is drawn, from the bottom to the top: the ground, areas, streets and houses, boundaries. */
const STACK: [layer: string, part: Part, kinds: Kind[]][] = [
  ["green", greenPart, ["polygon"]],
  ["water", waterPart, ["polygon", "line"]],
  ...AREAS.map((layer): [string, Part, Kind[]] => [layer, areaPart, ["polygon"]]),
  ["road", roadPart, ["line"]],
  ["building", buildingPart, ["polygon"]],
  ...Object.keys(BOUNDARIES).map((layer): [string, Part, Kind[]] => [layer, boundaryPart, ["polygon", "line"]]),
];

const TOP: [layer: string, part: Part, kinds: Kind[]][] = [
  ["point", pointPart, ["point"]],
  ...Object.keys(LABELS)
    .reverse()
    .map((layer): [string, Part, Kind[]] => [layer, labelPart, ["point"]]),
];

function stacked(stack: typeof STACK, input: StyleInput): LayerSpecification[] {
  return stack.flatMap(([layer, part, kinds]) =>
    input.sources
      .filter((source) => source.layer === layer && kinds.includes(source.kind))
      .flatMap((source) => part(source, input)),
  );
}

function sourceSpecification(source: SourceSpec, address: StyleInput["address"]): SourceSpecification {
  if (!isTiled(source)) return { type: "geojson", data: address(source.url), promoteId: "id" };
  return {
    type: "vector",
    tiles: [tileTemplate(source, address)],
    minzoom: source.minzoom ?? 9,
    maxzoom: source.maxzoom ?? 14,
    promoteId: "id",
    ...(source.bounds ? { bounds: source.bounds } : {}),
  };
}

export function buildStyle(input: StyleInput): StyleSpecification {
  return {
    version: 8,
    ...(Object.keys(input.fonts).length ? { "font-faces": input.fonts } : {}),
    sources: {
      ...Object.fromEntries(
        input.sources.map((source) => [source.id, sourceSpecification(source, input.address)]),
      ),
      ...overlaySources(input.overlays),
    },
    layers: [
      { id: "background", type: "background", paint: { "background-color": input.colors.background! } },
      ...stacked(STACK, input),
      ...overlayLayers(input.overlays, input.colors, input.labelScale),
      ...stacked(TOP, input),
    ],
  };
}
