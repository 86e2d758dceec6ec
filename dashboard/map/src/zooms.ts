// From which zoom to which each layer is drawn, unless Python says otherwise.

export type Zooms = Record<string, [number, number]>;

export const ZOOMS: Zooms = {
  water: [0, 24],
  green: [9, 24],
  road: [8, 24],
  building: [14.5, 24],
  compound: [9, 24],
  grid: [13, 24],
  micro_grid: [14, 24],
  cell: [12, 24],
  drawn: [12, 24],
  community: [11.5, 24],
  subdistrict: [10, 24],
  county: [0, 24],
  city: [0, 24],
  "point.station.subdistrict": [10, 24],
  "point.station.community": [12.5, 24],
  "point.station.micro": [13, 24],
  "point.assist_point": [13, 24],
  "point.canteen": [12.5, 24],
  "label.county": [7, 12.8],
  "label.subdistrict": [10.5, 14],
  "label.community": [12.5, 17],
  "label.compound": [14.5, 24],
  "label.grid": [15.5, 24],
};

export const POINTS = Object.keys(ZOOMS)
  .filter((name) => name.startsWith("point."))
  .map((name) => name.slice("point.".length));

/** What the names of a source belong to, the most important first. */
export const LABELS: Record<string, string[]> = {
  area_label: ["county", "subdistrict", "community"],
  compound_label: ["compound"],
  grid_label: ["grid"],
};

export function zoomRange(zooms: Zooms | undefined, name: string): [number, number] {
  return zooms?.[name] ?? ZOOMS[name] ?? [0, 24];
}

/** A part such as point.canteen shows when it, or its whole layer, is listed; no list shows all. */
export function isVisible(visible: string[] | undefined, name: string): boolean {
  if (!visible) return true;
  return visible.includes(name) || visible.includes(name.split(".")[0]!);
}
