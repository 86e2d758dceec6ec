// The props that Python gives and the outputs that it gets: the one description both sides keep to.
import type { Bounds } from "./geometry.ts";

export type Kind = "polygon" | "line" | "point";
export type Theme = "dark" | "light";
export type Lang = "zh" | "en";

/** Geometry of one layer and one county: an archive of tiles, or a GeoJSON document. */
export interface SourceSpec {
  id: string;
  layer: string;
  kind: Kind;
  url: string;
  overview_url?: string;
  overview_maxzoom?: number;
  whole?: boolean;
  names_url?: string;
  minzoom?: number;
  maxzoom?: number;
  bounds?: Bounds;
}

/** The values of one source, by feature id; see values.ts for the encodings. */
export interface ValueGroup {
  source: string;
  ids: string;
  codes: string;
  numbers?: string;
  counts?: string;
}

export interface Values {
  layer: string;
  groups: ValueGroup[];
  colors: string[];
  hatched?: number[];
  label?: string;
  unit?: string;
  decimals?: number;
  too_few?: string;
}

export type Role = "service" | "related" | "selected" | "draft";

export interface Overlay {
  role: Role;
  geojson: GeoJSON.GeoJSON;
}

/** Where to look; obeyed once for each new key. */
export interface View {
  key: string | number;
  bounds?: Bounds;
  center?: [number, number];
  zoom?: number;
  padding?: number | Required<Record<"top" | "right" | "bottom" | "left", number>>;
  max_zoom?: number;
  animate?: boolean;
}

export type DrawMode = "box" | "polygon" | "line" | "vertex";

/** Where the vertices are that a boundary is dragged by: `[lng, lat, lng, lat, …]`, and positions in it. */
export interface KnotsSpec {
  vertices_url: string;
  handles_url: string;
}

/** What was drawn, as longitude and latitude; of a polygon the first vertex is not said again; of a vertex
 * that was dragged, from where to where. */
export interface Drawn {
  mode: DrawMode;
  coordinates: [number, number][];
  at: number;
}

/** Where the handle stands, and what is read to those who can't see it. */
export interface Place {
  lng: number;
  lat: number;
  label?: string;
}

/** Where the handle was moved to; `done` when it was let go. */
export interface Moved {
  lng: number;
  lat: number;
  done: boolean;
  at: number;
}

export interface Outputs {
  clicked?: {
    layer: string | null;
    id?: number;
    source?: string;
    point?: string;
    lng: number;
    lat: number;
    at: number;
  };
  drawn?: Drawn;
  moved?: Moved;
  view_state?: { center: [number, number]; zoom: number; bounds: Bounds };
  painted?: { at: number; ms: number; set_ms: number; why: "load" | "values" };
  failed?: { message: string; at: number } | null;
}

export interface Props {
  id?: string;
  className?: string;
  style?: Record<string, string | number>;
  theme?: Theme;
  colors?: Record<string, string>;
  sources?: SourceSpec[];
  visible?: string[];
  zooms?: Record<string, [number, number]>;
  values?: Values | null;
  overlays?: Overlay[];
  draw?: DrawMode | null;
  handle?: Place | null;
  knots?: KnotsSpec | null;
  group?: string;
  view?: View | null;
  interactive?: boolean;
  attribution?: string;
  label_scale?: number;
  lang?: Lang;
  setProps?: (outputs: Outputs) => void;
}
