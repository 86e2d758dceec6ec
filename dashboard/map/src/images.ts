// Images made in the browser: the hatch for "too few", and one shape per kind of point.
import type { Map as GlMap } from "maplibre-gl";
import type { Palette } from "./theme.ts";

const RATIO = 2;

function canvas(width: number): CanvasRenderingContext2D {
  const element = document.createElement("canvas");
  element.width = element.height = width * RATIO;
  const context = element.getContext("2d", { willReadFrequently: true })!;
  context.scale(RATIO, RATIO);
  return context;
}

function hatch(color: string): ImageData {
  const size = 8;
  const context = canvas(size);
  context.strokeStyle = color;
  context.lineWidth = 1.6;
  context.beginPath();
  for (const start of [-size, 0, size]) {
    context.moveTo(start - 1, size + 1);
    context.lineTo(start + size + 1, -1);
  }
  context.stroke();
  return context.getImageData(0, 0, size * RATIO, size * RATIO);
}

type Shape = "circle" | "diamond" | "square";

function marker(shape: Shape, fill: string, stroke: string, size: number): ImageData {
  const context = canvas(size);
  const middle = size / 2;
  const reach = middle - 1.5;
  context.beginPath();
  if (shape === "circle") context.arc(middle, middle, reach, 0, 2 * Math.PI);
  else if (shape === "square") context.roundRect(2.5, 2.5, size - 5, size - 5, 2.5);
  else {
    context.moveTo(middle, middle - reach);
    context.lineTo(middle + reach, middle);
    context.lineTo(middle, middle + reach);
    context.lineTo(middle - reach, middle);
    context.closePath();
  }
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = stroke;
  context.stroke();
  return context.getImageData(0, 0, size * RATIO, size * RATIO);
}

/** Kinds of point with their shape and width in pixels: told apart without colour, too. */
export const MARKERS: Record<string, [Shape, number]> = {
  "station.subdistrict": ["circle", 22],
  "station.community": ["circle", 17],
  "station.micro": ["circle", 12],
  assist_point: ["diamond", 15],
  canteen: ["square", 15],
};

export function addImages(map: GlMap, colors: Palette): void {
  const put = (name: string, image: ImageData) => {
    if (map.hasImage(name)) map.updateImage(name, image);
    else map.addImage(name, image, { pixelRatio: RATIO });
  };
  put("hatch", hatch(colors.too_few!));
  for (const [name, [shape, size]] of Object.entries(MARKERS)) {
    put(name, marker(shape, colors[name]!, colors.point_stroke!, size));
  }
}
