// The tooltip and the outline of what the pointer is on. Both are drawn beside the map's canvas: to repaint
// 37,000 polygons for one outline would make every hover as slow as a change of metric.
import type { Map as GlMap, MapGeoJSONFeature } from "maplibre-gl";
import { type Box, clip, screenBox, svgPath } from "./geometry.ts";

/** Half the width of the line, and a pixel. */
const MARGIN_PX = 3;
const SVG = "http://www.w3.org/2000/svg";
let masks = 0;

export interface Line {
  name: string;
  value: string | null;
}

function svgElement(name: string, attributes: Record<string, string>, parent: Element): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

/** A feature comes in pieces, one per tile: the mask hides the seams, which lie inside their union. */
class Outline {
  private readonly svg: SVGElement;
  private readonly paths: SVGElement[];

  constructor(container: HTMLElement) {
    const id = `pingqi-hover-${++masks}`;
    this.svg = svgElement("svg", { class: "pingqi-map-outline", "aria-hidden": "true" }, container);
    const mask = svgElement("mask", { id, maskUnits: "userSpaceOnUse" }, this.svg);
    for (const [key, value] of [["x", "0"], ["y", "0"], ["width", "100%"], ["height", "100%"]] as const) {
      mask.setAttribute(key, value);
    }
    svgElement("rect", { width: "100%", height: "100%", fill: "#fff" }, mask);
    this.paths = [
      svgElement("path", { fill: "#000" }, mask),
      svgElement("path", { class: "pingqi-map-outline-fill" }, this.svg),
      svgElement("path", { class: "pingqi-map-outline-line", mask: `url(#${id})` }, this.svg),
    ];
    this.hide();
  }

  /** Draw in a box around the feature: a mask as large as the map would be painted over all of it. */
  show(map: GlMap, pieces: MapGeoJSONFeature[]): void {
    const geometries = pieces.map((piece) => piece.geometry);
    const { clientWidth, clientHeight } = map.getContainer();
    const whole: Box = [[-MARGIN_PX, -MARGIN_PX], [clientWidth + MARGIN_PX, clientHeight + MARGIN_PX]];
    const box = screenBox(geometries, (position) => map.project(position));
    const [[left, top], [right, bottom]] = clip(box, whole, MARGIN_PX);
    const path = svgPath(geometries, (position) => {
      const { x, y } = map.project(position);
      return { x: x - left, y: y - top };
    });
    for (const element of this.paths) element.setAttribute("d", path);
    this.svg.setAttribute("width", String(right - left));
    this.svg.setAttribute("height", String(bottom - top));
    this.svg.style.transform = `translate(${left}px, ${top}px)`;
    this.svg.style.display = "";
  }

  hide(): void {
    this.svg.style.display = "none";
  }
}

export class Hover {
  private readonly outline: Outline;
  private readonly tip: HTMLElement;
  private readonly container: HTMLElement;

  constructor(container: HTMLElement) {
    this.container = container;
    this.outline = new Outline(container);
    this.tip = document.createElement("div");
    this.tip.className = "pingqi-map-tip";
    this.tip.setAttribute("role", "tooltip");
    container.append(this.tip);
    this.hide();
  }

  highlight(map: GlMap, pieces: MapGeoJSONFeature[]): void {
    if (pieces.length) this.outline.show(map, pieces);
    else this.outline.hide(); // a point has no outline, and a box around nothing no width
  }

  write(lines: Line[], label: string | undefined): void {
    const rows = lines.flatMap(({ name, value }) => {
      const row: HTMLElement[] = [];
      if (name) row.push(textElement("strong", name));
      if (value) row.push(textElement("span", label ? `${label} ${value}` : value));
      return row;
    });
    this.tip.replaceChildren(...rows);
    this.tip.hidden = rows.length === 0;
  }

  place(x: number, y: number): void {
    const { clientWidth, clientHeight } = this.container;
    const { offsetWidth, offsetHeight } = this.tip;
    const left = x + 16 + offsetWidth > clientWidth ? x - 12 - offsetWidth : x + 16;
    const top = y + 18 + offsetHeight > clientHeight ? y - 12 - offsetHeight : y + 18;
    this.tip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
  }

  hide(): void {
    this.outline.hide();
    this.tip.hidden = true;
  }
}

/** Text never becomes markup, whatever a name in a file holds. */
function textElement(tag: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
