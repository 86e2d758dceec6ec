// Drawing a box, a polygon or a line with the mouse. It is drawn beside the map's canvas, like the hover: each
// movement of the pointer would repaint the map otherwise. What was drawn is snapped by the server.
import type { Map as GlMap, MapMouseEvent } from "maplibre-gl";
import type { Drawn, DrawMode } from "./contract.ts";

type Position = [number, number];
const SVG = "http://www.w3.org/2000/svg";
/** A box smaller than this is a slip of the mouse. */
const LEAST_PX = 4;
export type SketchMode = Exclude<DrawMode, "vertex">;
const FEWEST: Record<SketchMode, number> = { box: 4, polygon: 3, line: 2 };

export class Sketch {
  private readonly map: GlMap;
  private readonly svg: SVGElement;
  private readonly path: SVGElement;
  private readonly done: (drawn: Drawn) => void;
  private mode: SketchMode | null = null;
  private vertices: Position[] = [];
  private pointer: Position | null = null;

  constructor(map: GlMap, container: HTMLElement, done: (drawn: Drawn) => void) {
    this.map = map;
    this.done = done;
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("class", "pingqi-map-sketch");
    this.svg.setAttribute("aria-hidden", "true");
    this.path = document.createElementNS(SVG, "path");
    this.svg.append(this.path);
    container.append(this.svg);
    map.on("mousedown", (event) => this.press(event));
    map.on("mousemove", (event) => this.move(event));
    map.on("mouseup", (event) => this.release(event));
    map.on("click", (event) => this.add(event));
    map.on("dblclick", (event) => this.mode && this.mode !== "box" && (event.preventDefault(), this.finish()));
    map.on("move", () => this.show());
    document.addEventListener("keydown", this.key);
  }

  get active(): boolean {
    return this.mode !== null;
  }

  use(mode: SketchMode | null): void {
    if (mode === this.mode) return;
    this.mode = mode;
    this.clear();
    const { map } = this;
    if (mode) map.doubleClickZoom.disable();
    else map.doubleClickZoom.enable();
    if (mode === "box") map.dragPan.disable();
    else map.dragPan.enable();
    map.getCanvas().style.cursor = mode ? "crosshair" : "";
  }

  remove(): void {
    document.removeEventListener("keydown", this.key);
    this.svg.remove();
  }

  private press(event: MapMouseEvent): void {
    if (this.mode !== "box" || event.originalEvent.button !== 0) return;
    event.preventDefault();
    this.vertices = [event.lngLat.toArray() as Position];
  }

  private move(event: MapMouseEvent): void {
    if (!this.mode) return;
    this.pointer = event.lngLat.toArray() as Position;
    this.show();
  }

  private release(event: MapMouseEvent): void {
    const [start] = this.vertices;
    if (this.mode !== "box" || !start) return;
    const from = this.map.project(start);
    if (Math.abs(from.x - event.point.x) < LEAST_PX || Math.abs(from.y - event.point.y) < LEAST_PX) {
      this.clear();
      return;
    }
    this.vertices = this.box(start, event.lngLat.toArray() as Position);
    this.finish();
  }

  private add(event: MapMouseEvent): void {
    if (!this.mode || this.mode === "box") return;
    const last = this.vertices.at(-1);
    const at = last && this.map.project(last);
    // the second click of a double click is where the first one was
    if (at && Math.hypot(at.x - event.point.x, at.y - event.point.y) < LEAST_PX) return;
    this.vertices.push(event.lngLat.toArray() as Position);
    this.show();
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (!this.mode || !this.vertices.length) return;
    if (event.key === "Enter") this.finish();
    else if (event.key === "Escape") this.clear();
    else if (event.key === "Backspace") this.vertices.pop();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.show();
  };

  private finish(): void {
    const { mode, vertices } = this;
    if (!mode || vertices.length < FEWEST[mode]) return;
    this.clear();
    this.done({ mode, coordinates: vertices, at: Date.now() });
  }

  private clear(): void {
    this.vertices = [];
    this.show();
  }

  /** The corners of a box on the screen, whose sides are not meridians where the map is not Mercator's. */
  private box(start: Position, end: Position): Position[] {
    const [a, b] = [this.map.project(start), this.map.project(end)];
    const corners: Position[] = [[a.x, a.y], [b.x, a.y], [b.x, b.y], [a.x, b.y]];
    return corners.map((corner) => this.map.unproject(corner).toArray() as Position);
  }

  private show(): void {
    const { mode, pointer, vertices } = this;
    const [start] = vertices;
    let drawn = vertices;
    if (start && pointer) drawn = mode === "box" ? this.box(start, pointer) : [...vertices, pointer];
    const dots = mode === "box" ? [] : vertices;
    const at = (position: Position) => this.map.project(position);
    const line = drawn.map((one, i) => `${i ? "L" : "M"}${at(one).x.toFixed(1)} ${at(one).y.toFixed(1)}`).join("");
    const knots = dots.map((one) => `M${(at(one).x - 3).toFixed(1)} ${at(one).y.toFixed(1)}h6m-3-3v6`).join("");
    this.path.setAttribute("d", start ? line + (mode === "line" ? "" : "Z") + knots : "");
    this.path.setAttribute("fill-opacity", mode === "line" ? "0" : "0.12");
  }
}
