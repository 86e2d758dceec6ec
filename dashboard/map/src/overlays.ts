// Selected, related, drafted and served: few geometries, at full precision, above the tiles.
import type { GeoJSONSourceSpecification, LayerSpecification } from "maplibre-gl";
import type { Overlay, Role } from "./contract.ts";
import type { Palette } from "./theme.ts";

/** From the bottom to the top. */
export const ROLES: Role[] = ["service", "related", "selected", "draft"];

interface Look {
  width: number;
  casing: number;
  fill: number;
  dash?: [number, number];
}

const LOOKS: Record<Role, Look> = {
  service: { width: 1.4, casing: 0, fill: 0.22 },
  related: { width: 2, casing: 4, fill: 0.06 },
  selected: { width: 3.2, casing: 7, fill: 0 },
  draft: { width: 2.2, casing: 0, fill: 0.12, dash: [2.5, 1.8] },
};

export function sourceId(role: Role): string {
  return `overlay.${role}`;
}

/** All geometry of one role as one collection. */
export function overlayData(overlays: Overlay[], role: Role): GeoJSON.FeatureCollection {
  const features = overlays
    .filter((overlay) => overlay.role === role)
    .flatMap(({ geojson }): GeoJSON.Feature[] => {
      if (geojson.type === "FeatureCollection") return geojson.features;
      if (geojson.type === "Feature") return [geojson];
      return [{ type: "Feature", properties: {}, geometry: geojson }];
    });
  return { type: "FeatureCollection", features };
}

/** Roles that hold something: an empty source would still ask the worker for every tile in view. */
function used(overlays: Overlay[]): Role[] {
  return ROLES.filter((role) => overlays.some((overlay) => overlay.role === role));
}

export function overlaySources(overlays: Overlay[]): Record<string, GeoJSONSourceSpecification> {
  return Object.fromEntries(
    used(overlays).map((role) => [sourceId(role), { type: "geojson", data: overlayData(overlays, role) }]),
  );
}

function roleLayers(role: Role, colors: Palette, scale: number): LayerSpecification[] {
  const look = LOOKS[role];
  const source = sourceId(role);
  const color = colors[role]!;
  const casing = colors.selected_casing!;
  const round = { "line-cap": look.dash ? "butt" : "round", "line-join": "round" } as const;
  const layers: LayerSpecification[] = [];
  if (look.fill) {
    layers.push({
      id: `${source}/fill`,
      type: "fill",
      source,
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": color, "fill-opacity": look.fill, "fill-antialias": false },
    });
  }
  if (look.casing) {
    layers.push({
      id: `${source}/casing`,
      type: "line",
      source,
      layout: round,
      paint: { "line-color": casing, "line-width": look.casing * scale, "line-opacity": 0.75 },
    });
  }
  layers.push(
    {
      id: `${source}/line`,
      type: "line",
      source,
      layout: round,
      paint: {
        "line-color": color,
        "line-width": look.width * scale,
        ...(look.dash ? { "line-dasharray": look.dash } : {}),
      },
    },
    {
      id: `${source}/point`,
      type: "circle",
      source,
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": (5 + look.width) * scale,
        "circle-color": color,
        "circle-opacity": role === "selected" ? 0.25 : 0.6,
        "circle-stroke-color": color,
        "circle-stroke-width": look.width * scale,
      },
    },
  );
  return layers;
}

export function overlayLayers(overlays: Overlay[], colors: Palette, scale: number): LayerSpecification[] {
  return used(overlays).flatMap((role) => roleLayers(role, colors, scale));
}
