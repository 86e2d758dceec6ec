// Boxes and paths on the screen.

export type Bounds = [west: number, south: number, east: number, north: number];

/** Left top and right bottom, in pixels. */
export type Box = [[number, number], [number, number]];

type Project = (position: [number, number]) => { x: number; y: number };

/** Every ring or line of a geometry. */
export function lines(geometry: GeoJSON.Geometry): GeoJSON.Position[][] {
  switch (geometry.type) {
    case "Polygon":
    case "MultiLineString":
      return geometry.coordinates;
    case "MultiPolygon":
      return geometry.coordinates.flat();
    case "LineString":
      return [geometry.coordinates];
    default:
      return [];
  }
}

/** An SVG path of all rings and lines of the geometries, in pixels with one decimal. */
export function svgPath(geometries: GeoJSON.Geometry[], project: Project): string {
  let path = "";
  for (const geometry of geometries) {
    const close = geometry.type.endsWith("Polygon") ? "Z" : "";
    for (const line of lines(geometry)) {
      path += line
        .map(([lng = 0, lat = 0], i) => {
          const { x, y } = project([lng, lat]);
          return `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
        })
        .join("");
      path += close;
    }
  }
  return path;
}

/** The box on the screen that holds all geometries. */
export function screenBox(geometries: GeoJSON.Geometry[], project: Project): Box {
  const [low, high]: Box = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (const [lng = 0, lat = 0] of geometries.flatMap(lines).flat()) {
    const { x, y } = project([lng, lat]);
    low[0] = Math.min(low[0], x);
    low[1] = Math.min(low[1], y);
    high[0] = Math.max(high[0], x);
    high[1] = Math.max(high[1], y);
  }
  return [low, high];
}

/** A box in whole pixels with a margin around it, as far as it lies in another. */
export function clip([low, high]: Box, [from, to]: Box, margin: number): Box {
  const [left, top] = low.map((at, axis) => Math.max(Math.floor(at) - margin, from[axis]!)) as Box[0];
  const [right, bottom] = high.map((at, axis) => Math.min(Math.ceil(at) + margin, to[axis]!)) as Box[0];
  return [[left, top], [Math.max(left, right), Math.max(top, bottom)]];
}
