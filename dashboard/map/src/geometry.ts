// Boxes and paths on the screen.

export type Bounds = [west: number, south: number, east: number, north: number];

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
